"""Pictures that were stored before and come back (an import): what holds pixels and nothing else is kept byte for byte,
so that no picture loses by being moved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.image_formats import ImageLimits, PictureFormat, open_picture
from shared.image_processing import MAX_SIDE, PreparedImage

_JFIF, _FRAME, _SCAN = 0xE0, 0xC0, 0xDA
_TABLES = {0xDB, 0xC4, 0xDD}
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_END = b"\xff\xd9"
_COLOURS = 3
_RGBA_8_BIT = (8, 6, 0, 0, 0)
"""Bit depth, colour type, compression, filter and interlace of a PNG's header."""


def as_stored(data: bytes, limits: ImageLimits) -> PreparedImage | None:
    """The picture as it is, when it has the form that `prepare_photo` gives to pictures; None: prepare it.

    Only the header is judged: who decodes it finds damage behind. Raises what `open_picture` raises.
    """
    picture = open_picture(data, limits)
    if max(picture.width, picture.height) > MAX_SIDE:
        return None
    if picture.kind is PictureFormat.JPEG and _is_bare_jpeg(data):
        return PreparedImage(data, picture.kind.value, picture.width, picture.height, has_alpha=False)
    if picture.kind is PictureFormat.PNG and _is_bare_png(data):
        return PreparedImage(data, picture.kind.value, picture.width, picture.height, has_alpha=True)
    return None


def _is_bare_jpeg(data: bytes) -> bool:
    """One scan of a baseline picture in three colours behind its tables; no metadata, no thumbnail, nothing after."""
    for marker, content, end in _segments(data):
        if marker == _SCAN:
            found = _MARKER_IN_SCAN.search(data, end)
            return found is not None and data[found.start() :] == _END
        known = marker in _TABLES or (marker == _JFIF and content[:5] == b"JFIF\0" and len(content) == 14)
        if not known and not (marker == _FRAME and content[5:6] == bytes([_COLOURS])):
            return False
    return False


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, content, and where the segment ends; up to where the chain breaks."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], data[at + 4 : end], end
        at = end


def _is_bare_png(data: bytes) -> bool:
    """The header, pixels and the end: 8 bits each of red, green, blue and alpha."""
    at, names = 8, []
    while at < len(data):
        names.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    bare = at == len(data) and names[:1] == [b"IHDR"] and names[-1:] == [b"IEND"] and set(names[1:-1]) == {b"IDAT"}
    return bare and tuple(data[24:29]) == _RGBA_8_BIT
