"""Whose turn it is to write: first come, first served, and whoever has the turn may write along for those who wait.

It knows no database. A commit costs more than the small write before it, and one commit does for many.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar


class Place:
    """In the line. `joins`: another thread may do for it what it waits for."""

    __slots__ = ("_woken", "has_turn", "joins")

    def __init__(self, *, joins: bool) -> None:
        self.joins = joins
        self.has_turn = False
        self._woken: threading.Lock | None = None

    def prepare_to_wait(self) -> None:
        """With a lock of its own to sleep on: then each wake-up wakes the right thread, and no other."""
        self._woken = threading.Lock()
        self._woken.acquire()

    def wait(self, seconds: float = -1) -> bool:
        """Whether it was woken; without `seconds`: until it is."""
        return self._woken is None or self._woken.acquire(timeout=seconds)

    def wake(self) -> None:
        if self._woken is not None:
            self._woken.release()


P = TypeVar("P", bound=Place)


class WriteLine(Generic[P]):
    """Thread-safe. Whoever has the turn must not ask for another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # for moments only
        self._taken = False
        self._waiting: deque[P] = deque()

    def enter(self, place: P, patience_seconds: float) -> bool:
        """True: it is our turn, and `leave` must follow. False: another thread has done it for us.

        Raises TimeoutError when neither came about.
        """
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            place.prepare_to_wait()
            self._waiting.append(place)
        try:
            if not place.wait(patience_seconds):
                if self._withdrew(place):
                    raise TimeoutError
                place.wait()  # it came at the last moment
        except BaseException:  # an interrupt; a turn that comes now would be nobody's
            if not self._withdrew(place) and place.has_turn:
                self.leave()
            raise
        return place.has_turn

    def _withdrew(self, place: P) -> bool:
        """False: too late, it has the turn or is being done."""
        with self._lock:
            if place not in self._waiting:
                return False
            self._waiting.remove(place)
            return True

    def take_along(self) -> list[P]:
        """All that wait and may be done by whoever has the turn, in their order; `done` must follow."""
        with self._lock:
            taken = [place for place in self._waiting if place.joins]
            if taken:
                self._waiting = deque(place for place in self._waiting if not place.joins)
            return taken

    def done(self, taken: Sequence[P]) -> None:
        for place in taken:
            place.wake()

    def leave(self) -> None:
        """Pass the turn on to the first who waits."""
        with self._lock:
            if not self._waiting:
                self._taken = False
                return
            place = self._waiting.popleft()
            place.has_turn = True
        place.wake()
