"""Files built to keep a parser busy: small to send, slow to read. They are refused before any parser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.errors import ImageRejectedError

MAX_JPEG_SCANS = 200
"""Encoders write about ten. Each further one, even an empty one, makes the codec walk over the whole picture."""

MAX_JPEG_SEGMENTS = 2_000
MAX_PNG_CHUNKS = 20_000
"""Pillow reads both in Python. Phones write a dozen segments; PNG encoders cut 15 MB into some thousand chunks."""

_MOST_JUNK_BYTES = 1_000
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE_FRAMES = {0xC2, 0xC6, 0xCA, 0xCE}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


def check_jpeg(data: bytes) -> None:
    """Raises ImageRejectedError. Ordinary photos hold all their colours in one scan and are done at its head."""
    components, progressive, scans = b"", False, 0
    for count, (marker, at) in enumerate(_jpeg_segments(data)):
        if marker in _FRAMES:
            components, progressive = data[at + 7 : at + 8], marker in _PROGRESSIVE_FRAMES
        elif marker == _START_OF_SCAN:
            scans += 1
            if not progressive and data[at + 2 : at + 3] == components:
                return
        if count > MAX_JPEG_SEGMENTS or scans > MAX_JPEG_SCANS:
            raise ImageRejectedError("damaged")


def check_png(data: bytes) -> None:
    """Raises ImageRejectedError."""
    at = 8
    for _ in range(MAX_PNG_CHUNKS):
        if at >= len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    raise ImageRejectedError("damaged")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Markers and where their contents begin, up to the end of the first picture in the file."""
    at = 2
    while found := _MARKER.search(data, at):
        marker, start = data[found.start() + 1], found.end()
        if found.start() - at > _MOST_JUNK_BYTES:
            raise ImageRejectedError("damaged")
        if marker == _END_OF_IMAGE:
            return
        yield marker, start
        at = start if marker in _WITHOUT_LENGTH else start + int.from_bytes(data[start : start + 2], "big")
        if marker == _START_OF_SCAN:
            scan_end = _MARKER_IN_SCAN.search(data, at)
            at = scan_end.start() if scan_end else len(data)
