"""From a request to a job in the queue: every refusal that needs no worker, and the writing of inputs and row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from features.avatar.service import AvatarService
from features.tryon.closet import Closet
from features.tryon.idempotency import IdempotencyKey, IdempotencyTable
from features.tryon.job_queue import JobQueue
from features.tryon.model import TryOnJob, TryOnJobTable
from features.tryon.modesty import refuse_underwear_and_swimwear
from features.tryon.pictures import JobPictures
from features.tryon.request import GarmentWish, TryOnRequest
from features.tryon.schemas import JobView
from features.tryon.views import JobViews
from shared.clock import Clock, utc_now
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.errors import ConflictError, QueueFullError, ValidationError, naming_field
from shared.image_formats import ImageLimits
from shared.image_processing import PreparedImage, prepare_photo


@dataclass(frozen=True)
class SubmitSettings:
    """`max_jobs_per_user`: unfinished ones, waiting and running."""

    max_queue_size: int = 50
    max_jobs_per_user: int = 50
    only_preview: bool = False
    allow_underwear_and_swimwear: bool = False


@dataclass(frozen=True)
class Submission:
    """What comes with a request besides its pictures."""

    idempotency: IdempotencyKey | None = None
    deadline_seconds: float | None = None


PLAIN = Submission()


class SubmitService:
    def __init__(
        self,
        db: DatabaseManager,
        jobs: TryOnJobTable,
        keys: IdempotencyTable,
        views: JobViews,
        pictures: JobPictures,
        queue: JobQueue,
        avatars: AvatarService,
        closet: Closet,
        limits: ImageLimits,
        gate: CpuGate,
        settings: SubmitSettings,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._keys = keys
        self._views = views
        self._pictures = pictures
        self._queue = queue
        self._avatars = avatars
        self._closet = closet
        self._limits = limits
        self._gate = gate
        self._settings = settings
        self._clock = clock

    def submit(self, user_id: str, wanted: TryOnRequest, submission: Submission = PLAIN) -> JobView:
        """Save inputs, add the row, wake the workers, in that order; on any failure nothing is left behind."""
        known = self._known(user_id, submission)
        if known is not None:
            return self._views.of(known)
        self._refuse_when_full()
        self._refuse_impossible(wanted)
        wanted = replace(wanted, garments=self._closet.brought(user_id, wanted.garments))
        self._refuse_immodest(wanted)
        person = self._person(user_id, wanted)
        garments = [self._garment(item) for item in wanted.garments]
        job = self._write(user_id, wanted, submission, person, garments)
        self._queue.create_job(job.job_id)
        return self._views.of(job)

    def _known(self, user_id: str, submission: Submission) -> TryOnJob | None:
        if submission.idempotency is None:
            return None
        job_id = self._keys.find(user_id, submission.idempotency, self._clock())
        if job_id is None:
            return None
        job = self._jobs.get_for_user(job_id, user_id)
        if job is None:
            raise ConflictError("The job that this Idempotency-Key made was deleted. Use a new key for a new job.")
        return job

    def _refuse_when_full(self) -> None:
        if self._jobs.waiting() >= self._settings.max_queue_size:
            wait = self._views.typical_seconds()
            raise QueueFullError("Too many try-ons are waiting. Nothing was created.", retry_after_seconds=wait)

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

    def _garment(self, wish: GarmentWish) -> PreparedImage | None:
        """None for a link: its page is fetched by the worker."""
        if wish.image is None or isinstance(wish.image, PreparedImage):
            return wish.image
        return self._prepared(wish.image, wish.field)

    def _prepared(self, image: bytes, field: str) -> PreparedImage:
        with naming_field(field):
            return prepare_photo(image, self._limits, self._gate)

    def _person(self, user_id: str, wanted: TryOnRequest) -> PreparedImage:
        if wanted.person is not None:
            return self._prepared(wanted.person, wanted.person_field)
        photo = self._avatars.person_photo(user_id, wanted.options.background)
        if photo is None:
            ways = "Send a photo as selfie or person_image, or save an avatar first."
            raise ValidationError(f"There is no photo of a person. {ways}", fields={"selfie": "is required"})
        return prepare_photo(photo, self._limits, self._gate)

    def _write(
        self,
        user_id: str,
        wanted: TryOnRequest,
        submission: Submission,
        person: PreparedImage,
        garments: Sequence[PreparedImage | None],
    ) -> TryOnJob:
        job_id = str(uuid.uuid4())
        with ExitStack() as undo:
            undo.callback(self._pictures.delete_inputs, user_id, job_id)
            person_key, garment_keys = self._pictures.store_inputs(user_id, job_id, person, garments)
            job = self._new_job(job_id, user_id, wanted, submission, person_key, garment_keys)
            added = self._add(job, submission.idempotency)
            if added is job:
                undo.pop_all()
        return added

    def _new_job(
        self,
        job_id: str,
        user_id: str,
        wanted: TryOnRequest,
        submission: Submission,
        person_key: str,
        garment_keys: Sequence[str | None],
    ) -> TryOnJob:
        now = self._clock()
        wait = submission.deadline_seconds
        return TryOnJob(
            job_id=job_id,
            user_id=user_id,
            created_at=now,
            request=_stored_request(wanted, garment_keys),
            person_image_path=person_key,
            garment_image_path=garment_keys[0],
            start_before=now + timedelta(seconds=wait) if wait else None,
        )

    def _add(self, job: TryOnJob, idempotency: IdempotencyKey | None) -> TryOnJob:
        """The job, or the one that the same request made a moment ago in another thread."""
        with self._db.transaction():
            if idempotency and (known := self._known(job.user_id, Submission(idempotency))):
                return known
            self._refuse_when_full()
            self._jobs.add(job)
            if idempotency:
                self._keys.add(job.user_id, idempotency, job.job_id, job.created_at)
        return job


def _stored_request(wanted: TryOnRequest, garment_keys: Sequence[str | None]) -> Mapping[str, Any]:
    said = wanted.options.garment_details.known()
    garments = [
        {"key": key, "url": item.url, "type": item.garment_type.value, "details": {**(item.details or {}), **said}}
        for key, item in zip(garment_keys, wanted.garments, strict=True)
    ]
    options = wanted.options.model_dump(exclude={"garment_details"})
    if wanted.person is None:  # the avatar came with its ground already
        options["background"] = None
    return {"garments": garments, "options": options}
