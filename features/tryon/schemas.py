"""What clients send for a try-on, and what they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from features.tryon.model import HistoryFilter, JobStatus, TryOnJob
from shared.clock import to_text
from shared.engines.base import GarmentType
from shared.validators import InputModel

PERSON_FIELDS = ("selfie", "person_image")
TRYON_IMAGES = (*PERSON_FIELDS, "garment_image")
MULTI_IMAGES = (*PERSON_FIELDS, "top_garment_image", "bottom_garment_image")
WARDROBE_FIELDS = ("outfit_id", "wardrobe_item_id", "item_id")
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1")
MOST_ITEMS = 20
LONGEST_RETENTION_HOURS = 24 * 36500
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Detail = Annotated[str, StringConstraints(max_length=200)]


class GarmentDetails(InputModel):
    brand: Detail | None = None
    category: Detail | None = None
    color: Detail | None = None
    style: Detail | None = None
    material: Detail | None = None

    def known(self) -> dict[str, str]:
        return {name: value for name, value in self.model_dump().items() if value}


class TryOnOptions(InputModel):
    """The `options` of a try-on; unknown names are ignored."""

    garment_index: Annotated[int, Field(ge=0)] | None = None
    garment_details: GarmentDetails = GarmentDetails()
    quality: Literal["fast", "standard", "high"] = "standard"
    aspect_ratio: Literal[RATIOS] | None = None  # type: ignore[valid-type]
    background: Literal["original", "plain"] | None = None
    allow_preview: bool = True
    retention_hours: Annotated[int, Field(ge=1, le=LONGEST_RETENTION_HOURS)] | None = None
    force_refresh: bool = False


WornAs = Literal[tuple(item.value for item in GarmentType)]  # type: ignore[valid-type]


class TryOnFields(InputModel):
    garment_type: WornAs = "auto"  # type: ignore[valid-type]
    options: TryOnOptions = TryOnOptions()


class WardrobeIds(InputModel):
    """`item_id` is another name of `wardrobe_item_id`."""

    outfit_id: Id | None = None
    wardrobe_item_id: Id | None = None
    item_id: Id | None = None


class TryOnForm(TryOnFields, WardrobeIds):
    """For the description: what may come beside the pictures. `item_urls`: a list, or its JSON text."""

    item_urls: list[str] | str | None = None
    garment_url: str | None = None


class MultiForm(TryOnFields):
    top_garment_url: str | None = None
    bottom_garment_url: str | None = None


class BatchItem(InputModel):
    """One garment of a batch. `image`: name of the part, or of the field of a JSON body, that has its picture. What
    `options` and `garment_type` leave out is taken from those of the batch."""

    garment_url: str | None = None
    wardrobe_item_id: Id | None = None
    item_id: Id | None = None
    image: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    garment_type: WornAs | None = None  # type: ignore[valid-type]
    options: dict[str, Any] | None = None


class BatchForm(TryOnFields):
    """For the description: 1 to 20 items, as a list or as its JSON text. Pictures come under the names that the items
    give them."""

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=MOST_ITEMS)] | str


class FavoriteRequest(InputModel):
    favorite: bool


class RatingRequest(InputModel):
    """-1: not good. 1: good. 0: no opinion any more."""

    rating: Literal[-1, 0, 1]


class HistoryQuery(InputModel):
    status: Literal[tuple(item.value for item in JobStatus)] | None = None  # type: ignore[valid-type]
    favorite: bool | None = None
    batch_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None

    def to_filter(self) -> HistoryFilter:
        status = JobStatus(self.status) if self.status else None
        return HistoryFilter(status, self.favorite, self.batch_id, self.limit, self.cursor)


@dataclass(frozen=True)
class JobView:
    """A job with what does not stand in its row."""

    job: TryOnJob
    queue_position: int | None
    estimated_seconds: float | None

    def accepted(self, links: Mapping[str, str | None]) -> dict[str, Any]:
        return {
            "job_id": self.job.job_id,
            "status": self.job.status,
            "estimated_time": self.estimated_seconds,
            "queue_position": self.queue_position,
            "poll_interval_ms": poll_interval_ms(self.estimated_seconds),
            **links,
        }

    def unfinished(self) -> dict[str, Any]:
        return {
            "job_id": self.job.job_id,
            "status": self.job.status,
            "progress": self.job.progress,
            "retry_after_ms": poll_interval_ms(self.estimated_seconds),
        }

    def to_dict(self, result_url: str | None) -> dict[str, Any]:
        job = self.job
        return {
            "job_id": job.job_id,
            "status": job.status,
            "stage": job.stage,
            "progress": job.progress,
            "result_url": result_url,
            "error": job.error.to_dict() if job.error else None,
            "created_at": _shown(job.created_at),
            "started_at": _shown(job.started_at),
            "finished_at": _shown(job.finished_at),
            "expires_at": _shown(job.expires_at),
            "queue_position": self.queue_position,
            "estimated_time": self.estimated_seconds,
            "engine": job.engine,
            "model": job.model,
            "preview": job.preview,
            "cached": job.cached,
            "cost_usd": round(job.cost_usd, 6),
            "checks": dict(job.checks),
            "warnings": list(job.warnings),
            "garment_details": _details(job.request.get("garments", ())),
            "favorite": job.favorite,
            "rating": job.rating,
            "batch_id": job.batch_id,
            "event_id": job.event_id,
        }


def _shown(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _details(garments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return dict(garments[0].get("details", {})) if garments else {}


def poll_interval_ms(estimated_seconds: float | None) -> int:
    """Often for quick jobs, calmer for long ones: a tenth of the time that is left, between half a second and two."""
    return int(min(2000, max(500, (estimated_seconds or 0) * 100)))
