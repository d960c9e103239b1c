"""What a request asks for, as jobs without pictures: every refusal that needs neither a worker nor a decoder, and the
search for a picture that is there already."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from features.tryon.closet import Closet
from features.tryon.content import Worn, content_key
from features.tryon.model import TryOnJob
from features.tryon.modesty import refuse_underwear_and_swimwear
from features.tryon.person import PersonPhotos
from features.tryon.request import GarmentWish, TryOnRequest, naming_item
from features.tryon.result_cache import ResultCache
from shared.errors import ValidationError, naming_field
from shared.image_processing import PreparedImage

STEP = timedelta(microseconds=1)
"""Between the jobs of a batch, so that they keep their order."""


@dataclass(frozen=True)
class DraftSettings:
    """`version`: of the engine that is asked first."""

    version: str = ""
    only_preview: bool = False
    allow_underwear_and_swimwear: bool = False


@dataclass(frozen=True)
class Start:
    """What the jobs of one request have in common."""

    user_id: str
    now: datetime
    deadline_seconds: float | None = None
    batch_id: str | None = None

    def job(self, wanted: TryOnRequest, key: str | None) -> TryOnJob:
        """`key` stands in the row as well, unless the client wants a new picture: that one is neither given an earlier
        picture nor waits for one, but its own will be given to later requests."""
        wait = self.deadline_seconds
        return TryOnJob(
            job_id=str(uuid.uuid4()),
            user_id=self.user_id,
            created_at=self.now + STEP * (wanted.item or 0),
            request=_stored_request(wanted, key),
            start_before=self.now + timedelta(seconds=wait) if wait else None,
            content_key=None if wanted.options.force_refresh else key,
            batch_id=self.batch_id,
        )


@dataclass(frozen=True)
class Draft:
    """`job` as it would be added, but for its pictures. `source`: a finished job whose picture answers it."""

    job: TryOnJob
    wanted: TryOnRequest
    source: TryOnJob | None


class Drafts:
    def __init__(self, closet: Closet, cache: ResultCache, settings: DraftSettings) -> None:
        self._closet = closet
        self._cache = cache
        self._settings = settings

    def make(self, start: Start, wanted: TryOnRequest, person: PersonPhotos) -> Draft:
        """Raises ValidationError, NotFoundError, ContentBlockedError."""
        with naming_item(wanted.item):
            self._refuse_impossible(wanted)
            with naming_field(wanted.garments[0].field):
                wanted = replace(wanted, garments=self._closet.brought(start.user_id, wanted.garments))
            self._refuse_immodest(wanted)
        job = start.job(wanted, self._content_key(wanted, person))
        if job.content_key is None:
            return Draft(job, wanted, None)
        allow_preview = wanted.options.allow_preview
        return Draft(job, wanted, self._cache.find(job.user_id, job.content_key, allow_preview=allow_preview))

    def _refuse_impossible(self, wanted: TryOnRequest) -> None:
        if self._settings.only_preview and not wanted.options.allow_preview:
            raise ValidationError(
                "This server makes previews only, and allow_preview is false.",
                fields={"options.allow_preview": "must be true on this server"},
            )

    def _refuse_immodest(self, wanted: TryOnRequest) -> None:
        """By what the request and the wardrobe say; pages are judged by the worker that reads them."""
        if self._settings.allow_underwear_and_swimwear:
            return
        refuse_underwear_and_swimwear(wanted.options.garment_details.known())
        for garment in wanted.garments:
            with naming_field(garment.field):
                refuse_underwear_and_swimwear(garment.details or {})

    def _content_key(self, wanted: TryOnRequest, person: PersonPhotos) -> str | None:
        """By the bytes as they came, so that nothing is decoded for it. None where a page is still to be read."""
        background = wanted.options.background
        photo = person.source(background)
        garments = [_worn(item, wanted) for item in wanted.garments]
        pictured = [garment for garment in garments if garment is not None]
        if len(pictured) < len(garments):
            return None
        options = {**_options(wanted), "background": _ground(wanted, photo.cut_out)}
        return content_key(self._settings.version, person.digest(background), pictured, options)


def _stored_request(wanted: TryOnRequest, key: str | None) -> dict[str, Any]:
    garments = [
        {"key": None, "url": item.url, "type": item.garment_type.value, "details": _details(item, wanted)}
        for item in wanted.garments
    ]
    return {"garments": garments, "options": _options(wanted), "content_key": key}


def _worn(item: GarmentWish, wanted: TryOnRequest) -> Worn | None:
    picture = item.image.data if isinstance(item.image, PreparedImage) else item.image
    return None if picture is None else Worn(picture, item.garment_type.value, _details(item, wanted))


def _details(item: GarmentWish, wanted: TryOnRequest) -> dict[str, str]:
    return {**(item.details or {}), **wanted.options.garment_details.known()}


def _options(wanted: TryOnRequest) -> dict[str, Any]:
    options = wanted.options.model_dump(exclude={"garment_details"})
    if wanted.person is None:  # the avatar came with its ground already
        options["background"] = None
    return options


def _ground(wanted: TryOnRequest, cut_out: bool) -> str | None:
    if wanted.person is None:
        return "avatar" if cut_out else None
    return wanted.options.background
