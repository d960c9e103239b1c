"""The C library's allocator, told to give back what pictures leave behind: it would keep it, once for each thread."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable

CALM_SECONDS = 0.5
ARENAS = 1
"""Heaps; glibc makes up to eight a core, and threads that each decode one photo leave holes in all of them. Of another
heap than the first one, what is free at its end would not go back either: up to 64 MB."""

_ARENA_MAX = -8  # malloc.h


def share_heaps() -> bool:
    """For this process, from now on. False where the C library has no such setting (musl, macOS, Windows).

    Blocks of a fixed size that go back at once (M_MMAP_THRESHOLD) would hold still less, for a fifth more CPU.
    """
    libc = _libc()
    return libc is not None and hasattr(libc, "mallopt") and libc.mallopt(_ARENA_MAX, ARENAS) == 1


def give_memory_back(*_: object) -> bool:
    """What is free now, also between blocks in use. False where the C library cannot, or had nothing."""
    libc = _libc()
    return libc is not None and hasattr(libc, "malloc_trim") and libc.malloc_trim(0) == 1


class CalmReturn:
    """Gives memory back when nobody has asked for it for a while.

    What one request leaves is what the next one needs: given back after each of fifty uploads, the same pages had to be
    handed out and cleared again, for some 15 ms of each, and the highest use was no lower.
    """

    def __init__(
        self,
        give: Callable[[], object] = give_memory_back,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._give = give
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._due = 0.0
        self._waits = False

    def soon(self) -> None:
        """CALM_SECONDS after the last call of this."""
        with self._lock:
            self._due = self._clock() + CALM_SECONDS
            if self._waits:
                return
            self._waits = True
        threading.Thread(target=self._when_calm, name="memory", daemon=True).start()

    def _when_calm(self) -> None:
        while (left := self._left()) > 0:
            self._pause(left)
        self._give()

    def _left(self) -> float:
        with self._lock:
            left = self._due - self._clock()
            self._waits = left > 0
            return left


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None) if sys.platform == "linux" else None
    except OSError:
        return None
