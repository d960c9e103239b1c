"""Requests for the same thing at the same time do the work once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from shared.errors import BecauseFutureError, InternalError

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Within this process. Whoever comes while the work is under way gets its result, or its typed error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[T]] = {}

    def do(self, key: str, work: Callable[[], T]) -> T:
        mine: Future[T] = Future()
        with self._lock:
            running = self._running.setdefault(key, mine)
        return running.result() if running is not mine else self._lead(key, mine, work)

    def _lead(self, key: str, mine: Future[T], work: Callable[[], T]) -> T:
        try:
            result = work()
            mine.set_result(result)
            return result
        except BecauseFutureError as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[key]
            if not mine.done():  # something unforeseen, which the leader raises: the others only learn that much
                mine.set_exception(InternalError("Something went wrong on our side. Try again."))
