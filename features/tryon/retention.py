"""What is kept, and until when: a job's photos for a day after its end, results for their keeping time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from features.tryon.kept_answers import is_answer
from features.tryon.model import TryOnJob, TryOnJobTable
from features.tryon.pictures import JobPictures, job_of_input, job_of_result
from shared.clock import Clock, to_text, utc_now
from shared.database import DatabaseManager
from shared.logger import get_logger

log = get_logger(__name__)
AT_ONCE = 200  # rows of one sweep, so that it never holds up the jobs
JUMP_SECONDS = 60.0
"""How far the wall clock may run ahead of the monotonic one between two sweeps; adjustments are smaller."""
CALM_SECONDS = 3600.0
"""How long nothing is deleted after a jump."""


class RetentionTable:
    """The part of tryon_jobs' SQL that only the sweep needs."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def with_old_inputs(self, ended_before: datetime) -> list[str]:
        return self._ids("inputs_deleted_at IS NULL AND finished_at < ?", ended_before)

    def expired(self, now: datetime) -> list[str]:
        return self._ids("result_image_path IS NOT NULL AND expires_at <= ?", now)

    def keeps_inputs(self, job_id: str) -> bool:
        row = self._db.fetch_one("SELECT inputs_deleted_at FROM tryon_jobs WHERE job_id = ?", (job_id,))
        return row is not None and row["inputs_deleted_at"] is None

    def inputs_deleted(self, job_id: str, now: datetime) -> bool:
        """False when an operator put the job back into the queue in the meantime: then it needs them."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET inputs_deleted_at = ? WHERE job_id = ? AND finished_at IS NOT NULL",
                (to_text(now), job_id),
            )
        )

    def result_deleted(self, job_id: str, now: datetime) -> bool:
        """False when the picture became a favourite in the meantime: then it stays."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET result_image_path = NULL WHERE job_id = ? AND expires_at <= ?",
                (job_id, to_text(now)),
            )
        )

    def _ids(self, condition: str, moment: datetime) -> list[str]:
        rows = self._db.fetch_all(
            f"SELECT job_id FROM tryon_jobs WHERE {condition} LIMIT {AT_ONCE}", (to_text(moment),)
        )
        return [row["job_id"] for row in rows]


class JumpWatch:
    """A wall clock that jumps ahead makes everything old. What is deleted does not come back, so the sweep waits: until
    the clock was put right, or for an hour."""

    def __init__(self, clock: Clock, ticks: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ticks = ticks
        self._seen = clock(), ticks()
        self._jumped_at: tuple[datetime, float] | None = None

    def is_calm(self) -> bool:
        """Call it before each sweep: what it saw before counts."""
        (before, ticks_before), (now, ticks) = self._seen, (self._clock(), self._ticks())
        self._seen = now, ticks
        if (now - before).total_seconds() - (ticks - ticks_before) > JUMP_SECONDS:
            log.warning("the clock jumped ahead: nothing is deleted for an hour")
            self._jumped_at = before, ticks
        if self._jumped_at is None:
            return True
        right, since = self._jumped_at
        is_put_right = (now - right).total_seconds() - (ticks - since) <= JUMP_SECONDS
        if is_put_right or ticks - since >= CALM_SECONDS:
            self._jumped_at = None
        return self._jumped_at is None


class Retention:
    def __init__(
        self,
        table: RetentionTable,
        jobs: TryOnJobTable,
        pictures: JobPictures,
        *,
        inputs_kept: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self.also: list[Callable[[datetime], object]] = []
        """Other sweeps that are due with this one."""
        self._table = table
        self._jobs = jobs
        self._pictures = pictures
        self._inputs_kept = inputs_kept
        self._clock = clock
        self._jumps = JumpWatch(clock)

    def sweep(self) -> None:
        if not self._jumps.is_calm():
            return
        now = self._clock()
        for job_id in self._table.with_old_inputs(now - self._inputs_kept):
            self._drop_inputs(job_id, now)
        for job_id in self._table.expired(now):
            self._drop_result(job_id, now)
        for sweep in self.also:
            sweep(now)

    def input_belongs(self, key: str) -> bool:
        """What a provider answered belongs to its job only until that ends."""
        if not is_answer(key):
            return self._table.keeps_inputs(job_of_input(key))
        job = self._jobs.get(job_of_input(key))
        return job is not None and not job.ended

    def result_belongs(self, key: str) -> bool:
        job = self._jobs.get(job_of_result(key))
        return job is not None and (not job.ended or job.result_image_path == key)

    def _drop_inputs(self, job_id: str, now: datetime) -> None:
        job = self._jobs.get(job_id)
        if job and self._table.inputs_deleted(job_id, now):
            self._pictures.delete_inputs(job.user_id, job_id)

    def _drop_result(self, job_id: str, now: datetime) -> None:
        job: TryOnJob | None = self._jobs.get(job_id)
        if job and self._table.result_deleted(job_id, now):
            self._pictures.delete_results(job)
