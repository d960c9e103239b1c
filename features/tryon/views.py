"""A job as a client sees it: its row, its place in the queue, what it cost, and how long it may still take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from features.tryon.claims import Shares
from features.tryon.line import LineTable, Place, RunningJob
from features.tryon.model import JobStatus, TryOnJob
from features.tryon.schemas import JobView
from shared.clock import Clock, utc_now

USUAL_SECONDS = {"gemini": 25.0, "preview": 3.0}
"""Until something was measured on this server: the provider's usual 15 to 40 s, and the preview's own time."""
MEASURED_JOBS = 20
MEASURED_FOR_SECONDS = 1.0
"""How long a measurement is used again: many clients ask, and the answer changes slowly."""
SOONEST_SECONDS = 1.0
JUST_TAKEN = Place(1, 0)
"""Of a job that a worker took since its row was read."""


class JobViews:
    def __init__(
        self,
        line: LineTable,
        shares: Shares,
        *,
        first_engine: str,
        clock: Clock = utc_now,
    ) -> None:
        """`shares`: of this process; others on the same database only make the estimates too careful."""
        self._line = line
        self._shares = shares
        self._first_engine = first_engine
        self._clock = clock
        self._typical = (0.0, 0.0)  # seconds, and until when they are used

    def of(self, job: TryOnJob) -> JobView:
        return self.of_many([job])[0]

    def of_many(self, jobs: Sequence[TryOnJob]) -> list[JobView]:
        waiting = [job.job_id for job in jobs if job.status == JobStatus.QUEUED]
        places = {job_id: JUST_TAKEN for job_id in waiting} | self._line.places(waiting)
        running = self._line.running() if waiting else []
        return [self._view(job, places.get(job.job_id), running) for job in jobs]

    def typical_seconds(self) -> float:
        """What recent jobs of the engine that is asked first took from start to end (median)."""
        seconds, until = self._typical
        if time.monotonic() >= until:
            measured = self._line.recent_seconds(self._first_engine, MEASURED_JOBS)
            seconds = statistics.median(measured) if measured else USUAL_SECONDS.get(self._first_engine, 3.0)
            self._typical = (seconds, time.monotonic() + MEASURED_FOR_SECONDS)
        return seconds

    def _view(self, job: TryOnJob, place: Place | None, running: Sequence[RunningJob]) -> JobView:
        seconds = None if job.ended else self._seconds_left(job, place, running)
        return JobView(job, place.position if place else None, seconds)

    def _seconds_left(self, job: TryOnJob, place: Place | None, running: Sequence[RunningJob]) -> float:
        """Until the end: the wait for a worker, and one run."""
        typical = self.typical_seconds()
        wait = self._wait(job, place, running, typical) if place else 0.0
        ran = self._ran(job) if job.status == JobStatus.PROCESSING else 0.0
        return round(max(SOONEST_SECONDS, wait + typical - ran), 1)

    def _wait(self, job: TryOnJob, place: Place, running: Sequence[RunningJob], typical: float) -> float:
        """For a worker, and for the end of enough of the user's own jobs: the longer of the two."""
        own = [one for one in running if one.user_id == job.user_id]
        slots = self._shares.workers if own or place.own_ahead else self._shares.threads
        everybody, himself = self._left(running, typical), self._left(own, typical)
        by_workers = seconds_until_start(place.position - 1, slots, everybody, typical)
        return max(by_workers, seconds_until_start(place.own_ahead, self._shares.per_user, himself, typical))

    def _left(self, running: Sequence[RunningJob | TryOnJob], typical: float) -> list[float]:
        return sorted(max(0.0, typical - self._ran(job)) for job in running)

    def _ran(self, job: RunningJob | TryOnJob) -> float:
        """Never negative, also after the wall clock was set back."""
        return max(0.0, (self._clock() - job.started_at).total_seconds()) if job.started_at else 0.0


def seconds_until_start(ahead: int, slots: int, left: Sequence[float], typical: float) -> float:
    """When a job starts that has `ahead` waiting before it, where `slots` run at once.

    `left`: seconds that the running ones still need, rising; there may be more of them than slots.
    """
    rounds, index = divmod(ahead, slots)
    nth_end = index - (slots - len(left))
    return rounds * typical + (left[nth_end] if nth_end >= 0 else 0.0)
