"""A picture that was paid for is not thrown away because the disk is full for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shared.engines.base import Deadline
from shared.errors import ServiceUnavailableError
from shared.logger import get_logger

log = get_logger(__name__)
AGAIN_SECONDS = 3.0
Result = TypeVar("Result")


def patiently(store: Callable[[], Result], deadline: Deadline) -> Result:
    """What `store` returns; while it raises ServiceUnavailableError it is called again until the deadline is near.

    Raises what `store` raised last, and JobCancelledError.
    """
    while True:
        try:
            return store()
        except ServiceUnavailableError as error:
            if deadline.remaining_seconds() <= AGAIN_SECONDS:
                raise
            log.warning("a finished picture could not be stored, trying again: %s", error.message)
        deadline.sleep(AGAIN_SECONDS)
