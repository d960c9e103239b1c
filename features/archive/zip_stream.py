"""A ZIP that leaves piece by piece while it is made: never more of it in memory than one entry."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, cast

_OWNER_MAY = 0o600 << 16


class ZipStream:
    """Every call gives the bytes that are ready. `made_at`: the time of all entries, in UTC."""

    def __init__(self, made_at: datetime) -> None:
        self._pipe = _Pipe()
        self._archive = zipfile.ZipFile(cast("IO[bytes]", self._pipe), "w")
        self._made_at = made_at.timetuple()[:6]

    def picture(self, name: str, data: bytes) -> bytes:
        """Stored as it is: pictures are packed already."""
        self._archive.writestr(self._entry(name, zipfile.ZIP_STORED), data)
        return self._pipe.taken()

    def text(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        with self._archive.open(self._entry(name, zipfile.ZIP_DEFLATED), "w") as entry:
            for piece in pieces:
                entry.write(piece)
                yield self._pipe.taken()
        yield self._pipe.taken()

    def end(self) -> bytes:
        """The list of entries: an archive without it did not arrive as a whole."""
        self._archive.close()
        return self._pipe.taken()

    def _entry(self, name: str, packing: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._made_at)
        entry.compress_type, entry.external_attr = packing, _OWNER_MAY
        return entry


class _Pipe:
    """A file that can only be written to."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing between this and the reader."""

    def taken(self) -> bytes:
        data, self._pieces = b"".join(self._pieces), []
        return data
