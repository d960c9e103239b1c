"""What clients send for a try-on, and what they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, StringConstraints

from features.tryon.model import HistoryFilter, JobStatus, TryOnJob
from shared.clock import to_text
from shared.engines.base import GarmentType
from shared.errors import ValidationError
from shared.validators import InputModel, parse_model

PERSON_FIELDS = ("selfie", "person_image")
TRYON_IMAGES = (*PERSON_FIELDS, "garment_image")
MULTI_IMAGES = (*PERSON_FIELDS, "top_garment_image", "bottom_garment_image")
GARMENT_FIELDS = ("outfit_id", "wardrobe_item_id", "item_id", "garment_image", "item_urls", "garment_url")
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1")
LONGEST_DEADLINE_SECONDS = 7 * 86400
LONGEST_RETENTION_HOURS = 24 * 36500
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


class TryOnFields(InputModel):
    garment_type: Literal[tuple(item.value for item in GarmentType)] = "auto"  # type: ignore[valid-type]
    options: TryOnOptions = TryOnOptions()


class FavoriteRequest(InputModel):
    favorite: bool


class HistoryQuery(InputModel):
    status: Literal[tuple(item.value for item in JobStatus)] | None = None  # type: ignore[valid-type]
    favorite: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None

    def to_filter(self) -> HistoryFilter:
        status = JobStatus(self.status) if self.status else None
        return HistoryFilter(status, self.favorite, self.limit, self.cursor)


@dataclass(frozen=True)
class GarmentUpload:
    image: bytes
    garment_type: GarmentType
    field: str


@dataclass(frozen=True)
class TryOnRequest:
    """A request whose form is right. `person` None: the saved avatar. `garments`: in order of dressing."""

    person: bytes | None
    garments: tuple[GarmentUpload, ...]
    options: TryOnOptions
    fields: Mapping[str, Any] = field(default_factory=dict)
    person_field: str = PERSON_FIELDS[0]

    @classmethod
    def from_parts(cls, fields: Mapping[str, Any], images: Mapping[str, bytes]) -> TryOnRequest:
        """`fields`: of a form or a JSON object; `images`: the bytes of those that are pictures."""
        source = next((name for name in GARMENT_FIELDS if images.get(name) or fields.get(name)), None)
        if source is None:
            raise _missing("garment_image", "Send a garment: garment_image with its picture.")
        _refuse_text_for_pictures(fields, images, TRYON_IMAGES)
        if source not in images:
            raise _not_available(source)
        parsed = _parse(fields)
        garment = GarmentUpload(images[source], GarmentType(parsed.garment_type), source)
        return cls(_person(images), (garment,), parsed.options, _plain(fields, images), _person_field(images))

    @classmethod
    def multi_from_parts(cls, fields: Mapping[str, Any], images: Mapping[str, bytes]) -> TryOnRequest:
        """A top and a bottom: trousers or skirt go on first, the top goes over them."""
        _refuse_text_for_pictures(fields, images, MULTI_IMAGES)
        for part in ("top", "bottom"):
            if f"{part}_garment_image" not in images and fields.get(f"{part}_garment_url"):
                raise _not_available(f"{part}_garment_url", f"{part}_garment_image")
            if f"{part}_garment_image" not in images:
                raise _missing(f"{part}_garment_image", f"Send {part}_garment_image with the {part}'s picture.")
        lower = GarmentUpload(images["bottom_garment_image"], GarmentType.LOWER, "bottom_garment_image")
        upper = GarmentUpload(images["top_garment_image"], GarmentType.UPPER, "top_garment_image")
        options = _parse(fields).options
        return cls(_person(images), (lower, upper), options, _plain(fields, images), _person_field(images))


def _parse(fields: Mapping[str, Any]) -> TryOnFields:
    """`options` comes as an object, or as its JSON text in a form."""
    found = {name: fields[name] for name in ("garment_type", "options") if fields.get(name) not in (None, "")}
    if isinstance(found.get("options"), str):
        try:
            found["options"] = orjson.loads(found["options"])
        except orjson.JSONDecodeError:
            raise ValidationError("options is not valid JSON.", fields={"options": "is not valid JSON"}) from None
    return parse_model(TryOnFields, found)


def _person_field(images: Mapping[str, bytes]) -> str:
    return next((name for name in PERSON_FIELDS if name in images), PERSON_FIELDS[0])


def _person(images: Mapping[str, bytes]) -> bytes | None:
    return next((images[name] for name in PERSON_FIELDS if name in images), None)


def _plain(fields: Mapping[str, Any], images: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in images}


def _missing(name: str, sentence: str) -> ValidationError:
    return ValidationError(sentence, fields={name: "is required"})


def _refuse_text_for_pictures(fields: Mapping[str, Any], images: Mapping[str, bytes], names: Sequence[str]) -> None:
    """A form's text where a file belongs would else be overlooked, and another picture used."""
    wrong = [name for name in names if fields.get(name) and name not in images]
    if wrong:
        sentence = "must be a picture: a file in a form, base64 in JSON"
        raise ValidationError(f"{wrong[0]} {sentence}.", fields=dict.fromkeys(wrong, sentence))


def _not_available(name: str, instead: str = "garment_image") -> ValidationError:
    return ValidationError(
        f"{name} is not available on this server yet. Send {instead} with the garment's picture instead.",
        fields={name: "is not available on this server yet"},
    )


def parse_deadline(text: str | None) -> float | None:
    """X-Deadline-Seconds: how long the job may wait for its start."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST_DEADLINE_SECONDS:
        sentence = f"must be a number of seconds, more than 0 and at most {LONGEST_DEADLINE_SECONDS}"
        raise ValidationError(f"X-Deadline-Seconds {sentence}.", fields={"X-Deadline-Seconds": sentence})
    return seconds


def parse_idempotency_key(text: str | None) -> str | None:
    if text is not None and not (1 <= len(text) <= 255 and all("!" <= letter <= "~" for letter in text)):
        sentence = "must be 1 to 255 visible ASCII characters"
        raise ValidationError(f"Idempotency-Key {sentence}.", fields={"Idempotency-Key": sentence})
    return text


@dataclass(frozen=True)
class JobView:
    """A job with what does not stand in its row."""

    job: TryOnJob
    queue_position: int | None
    estimated_seconds: float | None
    cost_usd: float

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
            "cached": False,
            "cost_usd": round(self.cost_usd, 6),
            "checks": dict(job.checks),
            "warnings": list(job.warnings),
            "garment_details": _details(job.request.get("garments", ())),
            "favorite": job.favorite,
        }


def _shown(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _details(garments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return dict(garments[0].get("details", {})) if garments else {}


def poll_interval_ms(estimated_seconds: float | None) -> int:
    """Often for quick jobs, calmer for long ones: a tenth of the time that is left, between half a second and two."""
    return int(min(2000, max(500, (estimated_seconds or 0) * 100)))
