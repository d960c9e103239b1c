"""The C library's allocator, told to give back what pictures leave behind: it would keep it, once for each thread."""

from __future__ import annotations

import ctypes
import sys

ARENAS = 2
"""Heaps; glibc makes up to eight a core, and threads that each decode one photo leave holes in all of them."""

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


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None) if sys.platform == "linux" else None
    except OSError:
        return None
