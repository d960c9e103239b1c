"""Waiting for a job without asking again and again: wake-ups, a room with few places, and the waits themselves.

The rows tell what happened; a wake-up only says that it is time to look. One that is lost costs a second, no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from features.tryon.events import JobEventTable
from features.tryon.model import TryOnJob, TryOnJobTable
from features.tryon.schemas import JobView
from features.tryon.views import JobViews
from shared.errors import DatabaseBusyError, DatabaseError, NotFoundError
from shared.logger import get_logger

log = get_logger(__name__)
LOOK_SECONDS = 1.0
"""Another process may have changed the row, and nobody here was told; the caller may have hung up."""


class Watch:
    """Wake-ups of one waiter."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def wait(self, seconds: float) -> bool:
        """Until something changed, at most `seconds`; whether it did."""
        woken = self._woken.wait(max(0.0, seconds))
        self._woken.clear()
        return woken


class JobChanges:
    """Tells those who wait for a job that its row has changed. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = {}
        self.closed = False

    def changed(self, job_id: str) -> None:
        """Call it once the change is committed."""
        with self._lock:
            for watch in self._watches.get(job_id, ()):
                watch.wake()

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Begin to watch before the first look at the row: then no change falls between look and wait."""
        watch = Watch()
        with self._lock:
            self._watches.setdefault(job_id, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                watches = self._watches[job_id]
                watches.discard(watch)
                if not watches:
                    del self._watches[job_id]

    def close(self) -> None:
        """The server stops: everybody is woken, and nobody waits any more."""
        with self._lock:
            self.closed = True
            for watches in self._watches.values():
                for watch in watches:
                    watch.wake()


class Place:
    """A place in the room, until it is left; leaving twice is leaving once."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave

    def leave(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class WaitRoom:
    """At most `places` requests wait at a time, so that the server's other threads stay free. Thread-safe."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()

    def enter(self) -> Place | None:
        """None when all places are taken."""
        with self._lock:
            if self._free < 1:
                return None
            self._free -= 1
        return Place(self._leave)

    def _leave(self) -> None:
        with self._lock:
            self._free += 1

    @property
    def free(self) -> int:
        return self._free


@dataclass(frozen=True)
class Waited:
    """The job as it is now. `seconds`: how long that took. `had_place`: False when the room was full, or the wait was
    cut off."""

    view: JobView
    seconds: float = 0.0
    had_place: bool = True


Gone = Callable[[], bool]
"""Whether the one who asked has hung up: then nobody needs the answer, and the place goes to another."""


class JobWaiting:
    """Waits of requests that end in one answer."""

    def __init__(
        self, jobs: TryOnJobTable, events: JobEventTable, views: JobViews, changes: JobChanges, room: WaitRoom
    ) -> None:
        self._jobs = jobs
        self._events = events
        self._views = views
        self._changes = changes
        self._room = room

    def for_change(self, user_id: str, job_id: str, since: int | None, seconds: float, gone: Gone) -> Waited:
        """Until the job has an event after `since` (None, or one that is still to come: after now) or has ended. Raises
        NotFoundError, also when the job is deleted meanwhile."""
        with self._changes.watch(job_id) as watch:
            job = self._own(user_id, job_id)
            seen = job.event_id if since is None else min(since, job.event_id)
            if job.ended or job.event_id > seen:
                return Waited(self._views.of(job))
            spent, had_place = self._wait(watch, job, seconds, gone, lambda event_id: event_id > seen)
            return Waited(self._views.of(self._own(user_id, job_id)), spent, had_place)

    def for_end(self, view: JobView, seconds: float, gone: Gone) -> Waited:
        """Until the job has ended. One that is deleted meanwhile, or whose row cannot be read, is answered as it was:
        whoever made a job hears of it."""
        try:
            return self._for_end(view, seconds, gone)
        except (DatabaseError, DatabaseBusyError) as error:
            log.warning("a wait was cut off: %s", error.error_code)
            return Waited(view, had_place=False)

    def _for_end(self, view: JobView, seconds: float, gone: Gone) -> Waited:
        job = view.job
        spent, had_place = 0.0, True
        with self._changes.watch(job.job_id) as watch:
            if not self._has_ended(job):
                spent, had_place = self._wait(watch, job, seconds, gone, lambda _: self._has_ended(job))
        found = self._jobs.get_for_user(job.job_id, job.user_id)
        return Waited(self._views.of(found) if found else view, spent, had_place)

    def _own(self, user_id: str, job_id: str) -> TryOnJob:
        job = self._jobs.get_for_user(job_id, user_id)
        if job is None:
            raise NotFoundError("There is no such job.")
        return job

    def _has_ended(self, job: TryOnJob) -> bool:
        found = self._jobs.get_for_user(job.job_id, job.user_id)
        return found is None or found.ended

    def _wait(
        self, watch: Watch, job: TryOnJob, seconds: float, gone: Gone, enough: Callable[[int], bool]
    ) -> tuple[float, bool]:
        """Seconds spent, and whether there was a place. `enough` gets the number of the job's latest event."""
        place = self._room.enter()
        if place is None:
            return 0.0, False
        began = time.monotonic()
        with place:
            while not self._is_over(job, began + seconds, gone, enough):
                watch.wait(min(LOOK_SECONDS, began + seconds - time.monotonic()))
        return time.monotonic() - began, True

    def _is_over(self, job: TryOnJob, ends_at: float, gone: Gone, enough: Callable[[int], bool]) -> bool:
        if self._changes.closed or time.monotonic() >= ends_at:
            return True
        latest = self._events.latest(job.job_id, job.user_id)
        return latest is None or enough(latest) or gone()
