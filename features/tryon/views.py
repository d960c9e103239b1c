"""A job as a client sees it: its row, its place in the queue, what it cost, and how long it may still take."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from features.tryon.model import JobStatus, TryOnJob, TryOnJobTable
from features.tryon.schemas import JobView
from features.tryon.usage import ProviderCallTable
from shared.clock import Clock, utc_now

USUAL_SECONDS = {"gemini": 25.0, "preview": 3.0}
"""Until something was measured on this server: the provider's usual 15 to 40 s, and the preview's own time."""
MEASURED_JOBS = 20


class JobViews:
    def __init__(
        self,
        jobs: TryOnJobTable,
        calls: ProviderCallTable,
        *,
        workers: int,
        first_engine: str,
        clock: Clock = utc_now,
    ) -> None:
        self._jobs = jobs
        self._calls = calls
        self._workers = workers
        self._first_engine = first_engine
        self._clock = clock

    def of(self, job: TryOnJob) -> JobView:
        return self.of_many([job])[0]

    def of_many(self, jobs: Sequence[TryOnJob]) -> list[JobView]:
        costs = self._calls.costs([job.job_id for job in jobs])
        return [self._view(job, costs.get(job.job_id, 0.0)) for job in jobs]

    def _view(self, job: TryOnJob, cost_usd: float) -> JobView:
        position = self._jobs.position(job) if job.status == JobStatus.QUEUED else None
        return JobView(job, position, self._estimate(job, position), cost_usd)

    def typical_seconds(self) -> float:
        """What recent jobs took from start to end (median)."""
        measured = self._jobs.recent_seconds(MEASURED_JOBS)
        return statistics.median(measured) if measured else USUAL_SECONDS.get(self._first_engine, 3.0)

    def _estimate(self, job: TryOnJob, position: int | None) -> float | None:
        """Seconds until the end: rounds of waiting and one run."""
        if job.ended:
            return None
        ahead = (position or 1) - 1 + (self._jobs.running() if position else 0)
        rounds = ahead // self._workers
        ran = (self._clock() - job.started_at).total_seconds() if job.started_at else 0.0
        return round(max(1.0, self.typical_seconds() * (rounds + 1) - ran), 1)
