"""Pictures that belong to nothing: what a crash between a file and its row leaves behind. They show people: they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from shared.logger import get_logger
from shared.storage import StorageService

log = get_logger(__name__)
EVERY = timedelta(hours=1)
SPARED = timedelta(hours=1)
"""A younger file may be waiting for its row: rows come after files."""


class OrphanSweep:
    """`rooms`: folder of the store -> whether a key in it belongs to something. Runs at most once an hour."""

    def __init__(self, storage: StorageService, rooms: Mapping[str, Callable[[str], bool]]) -> None:
        self._storage = storage
        self._rooms = rooms
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> int:
        """How many pictures were removed."""
        if self._next is not None and now < self._next:
            return 0
        self._next = now + EVERY
        return sum(self._sweep(room, belongs, now) for room, belongs in self._rooms.items())

    def _sweep(self, room: str, belongs: Callable[[str], bool], now: datetime) -> int:
        orphans = [key for key in self._storage.keys(room) if self._is_old(key, now) and not belongs(key)]
        removed = sum(self._storage.delete_image(key) for key in orphans)
        if removed:
            log.warning("pictures without an owner were removed", extra={"room": room, "pictures": removed})
        return removed

    def _is_old(self, key: str, now: datetime) -> bool:
        return self._storage.exists(key) and self._storage.written_at(key) < now - SPARED
