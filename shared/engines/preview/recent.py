"""What was worked out about the pictures of the last requests: the same person or garment comes again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A least-recently-used memory bounded by bytes. Thread-safe; what two threads ask for at once is made twice.

    `size_bytes`: how much memory a value holds. Values are shared: nobody may change one.
    """

    def __init__(self, limit_bytes: int, size_bytes: Callable[[T], int]) -> None:
        self._limit, self._size = limit_bytes, size_bytes
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The kept value, or a new one, which is kept when it fits. Raises what `make` raises."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = make()
        self._keep(key, value)
        return value

    def _keep(self, key: Hashable, value: T) -> None:
        size = self._size(value)
        with self._lock:
            if size > self._limit or key in self._kept:
                return
            self._kept[key] = (value, size)
            self._held += size
            while self._held > self._limit:
                self._held -= self._kept.popitem(last=False)[1][1]

    @property
    def held_bytes(self) -> int:
        with self._lock:
            return self._held
