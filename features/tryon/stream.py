"""A job's events as a stream (server-sent events, WHATWG HTML 9.2): each row once, in order, until the job ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from features.tryon.events import JobEvent, JobEventTable
from features.tryon.model import TryOnJob, TryOnJobTable
from features.tryon.waiting import LOOK_SECONDS, Gone, JobChanges, Place, WaitRoom, Watch
from shared.errors import (
    AuthenticationError,
    DatabaseBusyError,
    DatabaseError,
    NotFoundError,
    ServiceUnavailableError,
)
from shared.logger import get_logger

log = get_logger(__name__)
RETRY_MS = 2000
HEARTBEAT_SECONDS = 15.0
"""Proxies close what is silent for long, usually after 60 s."""
LONGEST_SECONDS = 600.0
FULL_SECONDS = 5
HEARTBEAT = b": still here\n\n"


@dataclass(frozen=True)
class Listener:
    """Who listens. `result_url` works after the request too. `welcome` raises AuthenticationError once the token does
    not count any more."""

    user_id: str
    gone: Gone
    welcome: Callable[[], object]
    result_url: Callable[[TryOnJob], str | None]


@dataclass(frozen=True)
class JobStreams:
    """`longest_seconds`: then a stream ends, and its client comes back with what it saw last."""

    jobs: TryOnJobTable
    events: JobEventTable
    changes: JobChanges
    room: WaitRoom
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    longest_seconds: float = LONGEST_SECONDS

    def open(self, listener: Listener, job_id: str, after: int) -> JobStream | None:
        """None when the job has ended and nothing came after event `after`; one that is still to come counts as the
        latest. Raises NotFoundError, and ServiceUnavailableError when all places are taken. Whoever gets a stream has
        to close it."""
        job = self.jobs.get_for_user(job_id, listener.user_id)
        if job is None:
            raise NotFoundError("There is no such job.")
        if job.ended and job.event_id <= after:
            return None
        place = None if self.changes.closed else self.room.enter()
        if place is None:
            sentence = "Too many clients wait for jobs just now. Ask for the job's status instead, or try again."
            raise ServiceUnavailableError(sentence, retry_after_seconds=FULL_SECONDS)
        return JobStream(self, listener, job_id, min(after, job.event_id), place)


class JobStream:
    """Iterate once, then `close`, whether or not it was iterated to its end."""

    def __init__(self, shared: JobStreams, listener: Listener, job_id: str, after: int, place: Place) -> None:
        self._shared = shared
        self._listener = listener
        self._job_id = job_id
        self._seen = after
        self._place = place
        self._over = False
        self._beat_at = 0.0
        self._pieces = self._written()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        try:
            self._pieces.close()
        finally:
            self._place.leave()

    def _written(self) -> Generator[bytes, None, None]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        try:
            with self._shared.changes.watch(self._job_id) as watch:
                yield from self._until_over(watch)
        except AuthenticationError:
            return  # the client hears why when it comes back
        except (DatabaseError, DatabaseBusyError) as error:
            log.warning("a stream of events was cut off: %s", error.error_code)

    def _until_over(self, watch: Watch) -> Iterator[bytes]:
        ends_at = time.monotonic() + self._shared.longest_seconds
        self._beat_at = time.monotonic() + self._shared.heartbeat_seconds
        while not self._over:
            yield from self._news()
            if self._shared.changes.closed or time.monotonic() >= ends_at or self._listener.gone():
                return
            if not self._over:
                yield from self._pause(watch, ends_at)

    def _news(self) -> Iterator[bytes]:
        found = self._shared.events.since(self._job_id, self._listener.user_id, self._seen)
        if found is None:  # deleted, or its owner was
            self._over = True
            return
        for event in found:
            text = self._text(event, is_latest=event is found[-1])
            self._seen = event.event_id
            yield text
        if found:
            self._beat_at = time.monotonic() + self._shared.heartbeat_seconds

    def _text(self, event: JobEvent, *, is_latest: bool) -> bytes:
        data = event.to_dict()
        if event.ended and is_latest:
            data |= self._end(event)
        return b"id: %d\nevent: status\ndata: %s\n\n" % (event.event_id, orjson.dumps(data))

    def _end(self, event: JobEvent) -> dict[str, Any]:
        """What the last event tells besides; nothing when an operator just put the job back into the queue."""
        job = self._shared.jobs.get_for_user(self._job_id, self._listener.user_id)
        self._over = job is None or job.event_id == event.event_id
        if job is None or not self._over:
            return {}
        error = job.error.to_dict() if job.error else None
        return {"result_url": self._listener.result_url(job), "error": error}

    def _pause(self, watch: Watch, ends_at: float) -> Iterator[bytes]:
        due = min(self._beat_at, ends_at) - time.monotonic()
        watch.wait(min(LOOK_SECONDS, due))
        if time.monotonic() >= self._beat_at:
            self._listener.welcome()
            self._beat_at = time.monotonic() + self._shared.heartbeat_seconds
            yield HEARTBEAT
