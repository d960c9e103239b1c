"""One gate for all heavy CPU work (decoding, rendering, encoding): at most as many at once as there are cores.

Fifty worker threads mostly wait for a provider; without the gate they would all decode at once and starve the polls.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

IN_A_ROW = 8


def available_cores() -> int:
    """Cores this process may use (container and affinity limits included where the platform tells)."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class CpuGate:
    """A semaphore with three lines: `interactive` callers (somebody waits for an answer) go before jobs, but after
    IN_A_ROW of them a job has its turn. Of the jobs those that are `continued` go first: fifty that all did their first
    step before any did its second would all be late. Within a line the first to come is the first to pass.

    Entering again in the same thread is free, so a function that uses the gate may call another that does.
    """

    def __init__(self, cores: int | None = None) -> None:
        self._free = cores or available_cores()
        self._lock = threading.Lock()
        self._interactive: deque[threading.Lock] = deque()
        self._continued: deque[threading.Lock] = deque()
        self._background: deque[threading.Lock] = deque()
        self._in_a_row = 0
        self._held = threading.local()

    @contextmanager
    def interactive(self) -> Iterator[None]:
        yield from self._pass(self._interactive)

    @contextmanager
    def continued(self) -> Iterator[None]:
        """For the later steps of a job."""
        yield from self._pass(self._continued)

    @contextmanager
    def background(self) -> Iterator[None]:
        yield from self._pass(self._background)

    def _pass(self, line: deque[threading.Lock]) -> Iterator[None]:
        if getattr(self._held, "depth", 0):
            yield
            return
        self._enter(line)
        self._held.depth = 1
        try:
            yield
        finally:
            self._held.depth = 0
            self._leave()

    def _enter(self, line: deque[threading.Lock]) -> None:
        turn = threading.Lock()
        with self._lock:
            if self._free > 0:  # then nobody waits: whoever leaves hands the core on
                self._free -= 1
                self._count(line)
                return
            turn.acquire()
            line.append(turn)
        turn.acquire()  # until it is handed over; waking everybody each time would cost more than the work

    def _leave(self) -> None:
        with self._lock:
            line = self._next_line()
            if line is None:
                self._free += 1
                return
            self._count(line)
            line.popleft().release()

    def _next_line(self) -> deque[threading.Lock] | None:
        jobs = self._continued or self._background
        if self._interactive and not (jobs and self._in_a_row >= IN_A_ROW):
            return self._interactive
        return jobs or None

    def _count(self, line: deque[threading.Lock]) -> None:
        self._in_a_row = self._in_a_row + 1 if line is self._interactive else 0
