"""One gate for all heavy CPU work (decoding, rendering, encoding): at most as many at once as there are cores.

Fifty worker threads mostly wait for a provider; without the gate they would all decode at once and starve the polls.
"""

from __future__ import annotations

import os
import threading
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
    """A semaphore with two queues: `interactive` callers (somebody waits for an answer) go before `background` ones,
    but after IN_A_ROW of them one of the others has its turn.

    Entering again in the same thread is free, so a function that uses the gate may call another that does.
    """

    def __init__(self, cores: int | None = None) -> None:
        self._free = cores or available_cores()
        self._changed = threading.Condition()
        self._interactive_waiting = 0
        self._background_waiting = 0
        self._in_a_row = 0
        self._held = threading.local()

    @contextmanager
    def interactive(self) -> Iterator[None]:
        yield from self._pass(interactive=True)

    @contextmanager
    def background(self) -> Iterator[None]:
        yield from self._pass(interactive=False)

    def _pass(self, *, interactive: bool) -> Iterator[None]:
        if getattr(self._held, "depth", 0):
            yield
            return
        self._enter(interactive)
        self._held.depth = 1
        try:
            yield
        finally:
            self._held.depth = 0
            self._leave()

    def _enter(self, interactive: bool) -> None:
        with self._changed:
            if interactive:
                self._interactive_waiting += 1
                self._changed.wait_for(lambda: self._free > 0 and not self._background_is_due())
                self._interactive_waiting -= 1
                self._in_a_row += 1
            else:
                self._background_waiting += 1
                self._changed.wait_for(self._background_may)
                self._background_waiting -= 1
                self._in_a_row = 0
            self._free -= 1
            self._changed.notify_all()

    def _background_is_due(self) -> bool:
        return self._background_waiting > 0 and self._in_a_row >= IN_A_ROW

    def _background_may(self) -> bool:
        return self._free > 0 and (self._interactive_waiting == 0 or self._background_is_due())

    def _leave(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
