"""Equal requests of one user share one picture: a finished one is copied, one that is being made is waited for.

Jobs do not point to each other: each has its own files and row, so that each can be deleted, rated and kept alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from features.tryon.content import Worn, content_key, digest
from features.tryon.model import JobStatus, TryOnJob, TryOnJobTable
from features.tryon.pictures import JobPictures
from shared.clock import Clock, to_text, utc_now
from shared.database import DatabaseManager
from shared.engines.chain import FALLBACK_NOTICE
from shared.engines.checks.report import NEVER_DELIVERED, Fault

_FAULTS = {fault.value for fault in Fault if fault not in NEVER_DELIVERED}
_LOOKED_AT = 5  # of the finished jobs with one key; more than one is looked at when a file is gone or has a fault
_SAME = "user_id = ? AND content_key = ?"


class ResultTable:
    """The part of tryon_jobs' SQL that only the cache needs."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def finished(self, user_id: str, key: str, now: datetime) -> list[str]:
        """Jobs whose picture is kept, newest first. A picture that its owner marked as bad is left out, also where
        another job has it."""
        rows = self._db.fetch_all(
            f"SELECT job_id FROM tryon_jobs WHERE {_SAME} AND status = 'done' AND result_image_path IS NOT NULL"
            " AND (expires_at IS NULL OR expires_at > ?) AND coalesce(picture_of, job_id) NOT IN"
            f" (SELECT coalesce(picture_of, job_id) FROM tryon_jobs WHERE {_SAME} AND rating < 0)"
            f" ORDER BY finished_at DESC, job_id LIMIT {_LOOKED_AT:d}",
            (user_id, key, to_text(now), user_id, key),
        )
        return [row["job_id"] for row in rows]

    def ended_while_waiting(self, job: TryOnJob) -> str | None:
        """The equal job that had run and ended last since this one came, or came back, into the queue."""
        row = self._db.fetch_one(
            f"SELECT job_id FROM tryon_jobs WHERE {_SAME} AND job_id <> ? AND status IN ('done', 'failed')"
            " AND started_at IS NOT NULL AND finished_at >="
            " (SELECT max(created_at) FROM job_events WHERE job_id = ? AND status = 'queued')"
            " ORDER BY finished_at DESC, job_id LIMIT 1",
            (job.user_id, job.content_key, job.job_id, job.job_id),
        )
        return row["job_id"] if row else None

    def is_being_made(self, job: TryOnJob) -> bool:
        row = self._db.fetch_one(
            f"SELECT job_id FROM tryon_jobs WHERE {_SAME} AND job_id <> ? AND status = 'processing' LIMIT 1",
            (job.user_id, job.content_key, job.job_id),
        )
        return row is not None

    def add(self, job: TryOnJob) -> None:
        """A job that is done when it comes."""
        created, ended = to_text(job.created_at), to_text(job.finished_at or job.created_at)
        row: dict[str, Any] = {
            "job_id": job.job_id,
            "user_id": job.user_id,
            "status": job.status,
            "progress": job.progress,
            "request": orjson.dumps(job.request).decode(),
            "person_image_path": job.person_image_path,
            "garment_image_path": job.garment_image_path,
            "result_image_path": job.result_image_path,
            "engine": job.engine,
            "model": job.model,
            "preview": job.preview,
            "warnings": orjson.dumps(list(job.warnings)).decode(),
            "checks": orjson.dumps(dict(job.checks)).decode(),
            "created_at": created,
            "updated_at": created,
            "started_at": created,
            "finished_at": ended,
            "expires_at": to_text(job.expires_at) if job.expires_at else None,
            "content_key": job.content_key,
            "cached": job.cached,
            "picture_of": job.picture_of,
            "batch_id": job.batch_id,
        }
        places = ", ".join(f":{name}" for name in row)
        self._db.execute(f"INSERT INTO tryon_jobs ({', '.join(row)}) VALUES ({places})", row)


class ResultCache:
    def __init__(
        self,
        table: ResultTable,
        jobs: TryOnJobTable,
        pictures: JobPictures,
        *,
        engine: str,
        version: str,
        retention: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        """`engine`, `version`: of the one that is asked first. Pictures of another one are a makeshift and no answer
        to others."""
        self._table = table
        self._jobs = jobs
        self._pictures = pictures
        self._engine = engine
        self._version = version
        self._retention = retention
        self._clock = clock

    def find(self, user_id: str, key: str, *, allow_preview: bool) -> TryOnJob | None:
        """A finished job whose picture answers a request with this key."""
        for job_id in self._table.finished(user_id, key, self._clock()):
            job = self._jobs.get(job_id)
            if job and self._is_good(job) and _may_serve(job, allow_preview) and self._pictures.is_kept(job):
                return job
        return None

    def key_of(self, person: str | None, request: Mapping[str, Any]) -> str:
        """For a job whose pictures are all stored, made from these. Raises NotFoundError when one is gone."""
        photo, pictures = self._pictures.inputs(person, request["garments"])
        garments = [
            Worn(picture, item["type"], item["details"])
            for picture, item in zip(pictures, request["garments"], strict=True)
        ]
        return content_key(self._version, digest(photo), garments, request["options"])

    def answer_for(self, job: TryOnJob) -> TryOnJob | None:
        """For a worker that begins with `job`: a finished job with the same content, or the one that this one waited
        for, whose outcome it shares: a picture, or a failure that is this one's too. None: make the picture."""
        if job.content_key is None:
            return None
        allow_preview = _allows_preview(job)
        found = self.find(job.user_id, job.content_key, allow_preview=allow_preview)
        return found or self._waited_for(job, allow_preview)

    def _waited_for(self, job: TryOnJob, allow_preview: bool) -> TryOnJob | None:
        job_id = self._table.ended_while_waiting(job)
        other = self._jobs.get(job_id) if job_id else None
        if other is None:
            return None
        if other.status == JobStatus.FAILED:  # with the preview it might have gone well
            return other if _allows_preview(other) or not allow_preview else None
        shared = other.rating >= 0 and _may_serve(other, allow_preview) and self._pictures.is_kept(other)
        return other if shared else None

    def is_being_made(self, job: TryOnJob) -> bool:
        """Whether another job with the same content runs now."""
        return job.content_key is not None and self._table.is_being_made(job)

    def answered(self, job: TryOnJob, source: TryOnJob) -> TryOnJob | None:
        """`job`, which is in no table yet, as done with copies of `source`'s pictures; None when they went meanwhile.

        The inputs are copied as far as they are kept, so that the garment can still go into the wardrobe.
        """
        result = self._pictures.copy_result(source, job, 0)
        if result is None:
            return None
        person, keys = self._pictures.copy_inputs(source, job)
        garments = [{**item, "key": key} for item, key in zip(job.request["garments"], keys, strict=True)]
        return replace(
            job,
            status=JobStatus.DONE,
            progress=100,
            request={**job.request, "garments": garments},
            person_image_path=person,
            garment_image_path=keys[0],
            result_image_path=result,
            engine=source.engine,
            model=source.model,
            preview=source.preview,
            warnings=source.warnings,
            checks=source.checks,
            started_at=job.created_at,
            finished_at=job.created_at,
            expires_at=job.created_at + job.kept_for(self._retention),
            cached=True,
            picture_of=picture_of(source),
        )

    def add(self, job: TryOnJob) -> None:
        """Within the unit of work that adds the request's jobs."""
        self._table.add(job)

    def _is_good(self, job: TryOnJob) -> bool:
        """A preview has warnings by its nature; what a provider made must have none of a fault."""
        codes = {warning["code"] for warning in job.warnings}
        faulty = FALLBACK_NOTICE.code in codes or (not job.preview and bool(codes & _FAULTS))
        return job.engine == self._engine and not faulty


def picture_of(job: TryOnJob) -> str:
    """The job that made the picture."""
    return job.picture_of or job.job_id


def _allows_preview(job: TryOnJob) -> bool:
    options: Mapping[str, Any] = job.request["options"]
    return bool(options.get("allow_preview", True))


def _may_serve(source: TryOnJob, allow_preview: bool) -> bool:
    return allow_preview or not source.preview
