"""From a request to jobs in the queue: every refusal that needs no worker, and the writing of inputs and rows.

A request is one job or a batch of them; all of its jobs are made, or none.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from features.avatar.service import AvatarService
from features.tryon.admission import Admission
from features.tryon.drafts import Draft, Drafts, Start
from features.tryon.idempotency import IdempotencyKey, IdempotencyTable, input_hash
from features.tryon.job_queue import JobQueue
from features.tryon.model import HistoryFilter, TryOnJob, TryOnJobTable
from features.tryon.person import PersonPhotos
from features.tryon.pictures import JobPictures
from features.tryon.request import GarmentWish, TryOnRequest, naming_item, parse_deadline, parse_idempotency_key
from features.tryon.result_cache import ResultCache
from features.tryon.schemas import JobView
from features.tryon.views import JobViews
from shared.clock import Clock, utc_now
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.errors import ConflictError, naming_field
from shared.image_formats import ImageLimits
from shared.image_processing import PreparedImage, prepare_photo
from shared.metrics import JOBS


@dataclass(frozen=True)
class Submission:
    """What comes with a request besides its pictures."""

    idempotency: IdempotencyKey | None = None
    deadline_seconds: float | None = None

    @classmethod
    def from_parts(
        cls, path: str, headers: Mapping[str, str], fields: Mapping[str, Any], images: Mapping[str, bytes]
    ) -> Submission:
        key = parse_idempotency_key(headers.get("Idempotency-Key"))
        deadline = parse_deadline(headers.get("X-Deadline-Seconds"))
        return cls(IdempotencyKey(key, input_hash({**fields, "path": path}, images)) if key else None, deadline)


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
        drafts: Drafts,
        cache: ResultCache,
        admission: Admission,
        limits: ImageLimits,
        gate: CpuGate,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._keys = keys
        self._views = views
        self._pictures = pictures
        self._queue = queue
        self._avatars = avatars
        self._drafts = drafts
        self._cache = cache
        self._admission = admission
        self._limits = limits
        self._gate = gate
        self._clock = clock

    def submit(self, user_id: str, wanted: TryOnRequest, submission: Submission = PLAIN) -> JobView:
        """A job that waits; or one that is done at once, when an equal request has a picture already."""
        return self._submit(user_id, [wanted], submission, None)[0]

    def submit_batch(
        self, user_id: str, wanted: Sequence[TryOnRequest], submission: Submission = PLAIN
    ) -> tuple[str, list[JobView]]:
        """The batch's id, and its jobs in the order of the requests, which share their person. Errors name the item."""
        views = self._submit(user_id, wanted, submission, str(uuid.uuid4()))
        return views[0].job.batch_id or "", views

    def _submit(
        self, user_id: str, wanted: Sequence[TryOnRequest], submission: Submission, batch_id: str | None
    ) -> list[JobView]:
        """Save inputs, add the rows, wake the workers, in that order; on any failure nothing is left behind."""
        known = self._known(user_id, submission.idempotency, len(wanted))
        if known:
            return self._views.of_many(known)
        person = PersonPhotos(user_id, wanted[0], self._avatars, self._prepared)
        start = Start(user_id, self._clock(), submission.deadline_seconds, batch_id)
        drafts = [self._drafts.make(start, item, person) for item in wanted]
        self._refuse_without_room(user_id, drafts)
        return self._write(user_id, drafts, person, submission.idempotency)

    def _known(self, user_id: str, key: IdempotencyKey | None, count: int) -> list[TryOnJob]:
        """What this key made before; nothing when it is new."""
        found = key and self._keys.find(user_id, key, self._clock())
        if not found:
            return []
        first = self._jobs.get_for_user(found, user_id)
        jobs = self._batch_of(first) if first else []
        if len(jobs) < count:
            raise ConflictError("The job that this Idempotency-Key made was deleted. Use a new key for a new job.")
        return jobs

    def _batch_of(self, job: TryOnJob) -> list[TryOnJob]:
        if job.batch_id is None:
            return [job]
        newest_first, _ = self._jobs.history(job.user_id, HistoryFilter(batch_id=job.batch_id))
        return newest_first[::-1]

    def _refuse_without_room(self, user_id: str, drafts: Sequence[Draft]) -> None:
        """Before anything is decoded; what is answered at once needs no room and costs nothing."""
        new = [draft for draft in drafts if draft.source is None]
        self._admission.check_room(user_id, len(new))
        for draft in new:
            with naming_item(draft.wanted.item):
                self._admission.check_budget(user_id, allow_preview=draft.wanted.options.allow_preview)

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(
        self, user_id: str, drafts: Sequence[Draft], person: PersonPhotos, idempotency: IdempotencyKey | None
    ) -> list[JobView]:
        """The jobs as they came, or those that the same request made a moment ago in another thread."""
        with ExitStack() as undo:
            jobs = [self._stored(draft, person, undo) for draft in drafts]
            with self._db.transaction():
                if known := self._known(user_id, idempotency, len(jobs)):
                    return self._views.of_many(known)
                self._add(user_id, jobs, idempotency)
                views = self._views.of_many(jobs)  # here: once a job is there, nothing may keep its client from it
            undo.pop_all()
        for job in jobs:
            self._announce(job)
        return views

    def _stored(self, draft: Draft, person: PersonPhotos, undo: ExitStack) -> TryOnJob:
        """The job with its pictures in the store: copies of what is there already, or its inputs."""
        job, wanted = draft.job, draft.wanted
        undo.callback(self._pictures.delete_inputs, job.user_id, job.job_id)
        if draft.source is not None:
            undo.callback(self._pictures.delete_results, job)
            answered = self._cache.answered(job, draft.source)
            if answered is not None:
                return answered
        photo = person.prepared(wanted.options.background)
        with naming_item(wanted.item):
            garments = [self._garment(item) for item in wanted.garments]
        person_key, keys = self._pictures.store_inputs(job.user_id, job.job_id, photo, garments)
        stored = [{**item, "key": key} for item, key in zip(job.request["garments"], keys, strict=True)]
        request = {**job.request, "garments": stored}
        return replace(job, request=request, person_image_path=person_key, garment_image_path=keys[0])

    def _garment(self, wish: GarmentWish) -> PreparedImage | None:
        """None for a link: its page is fetched by the worker."""
        if wish.image is None or isinstance(wish.image, PreparedImage):
            return wish.image
        with naming_field(wish.field):
            return self._prepared(wish.image)

    def _prepared(self, image: bytes) -> PreparedImage:
        return prepare_photo(image, self._limits, self._gate)

    def _add(self, user_id: str, jobs: Sequence[TryOnJob], idempotency: IdempotencyKey | None) -> None:
        """Within the unit of work."""
        self._admission.check_room(user_id, sum(not job.ended for job in jobs))
        for job in jobs:
            if job.ended:
                self._cache.add(job)
            else:
                self._jobs.add(job)
        if idempotency:
            self._keys.add(user_id, idempotency, jobs[0].job_id, self._clock())

    def _announce(self, job: TryOnJob) -> None:
        if job.ended:
            JOBS.labels("done", "cache").inc()
        else:
            self._queue.create_job(job.job_id)
