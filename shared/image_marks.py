"""What a finished picture says of itself, in segments put into a JPEG's head: no pixel, no other segment is touched.

A mark for people's tools: XMP with a label, a description and the IPTC digital source type. A record for this server:
what is known of the picture, with a digest that proves the file whole. Claims of the provider that are in the file
(C2PA) stay in it; since they sign the file byte by byte, a verifier then reports them as changed afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

_RECORD = b"because-future/1 "
_MAX_CONTENT_BYTES = 65_000
"""A JPEG segment holds at most 65 533 bytes."""

_MAX_SEGMENTS = 2_000
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_HEAD = b"Exif\0\0"
_JFIF, _APP1, _COMMENT, _START_OF_SCAN = 0xE0, 0xE1, 0xFE, 0xDA

_BY_MODEL = b"rainedAlgorithmicMedia"
"""Ends `trainedAlgorithmicMedia` and `compositeWithTrainedAlgorithmicMedia`: either says that a model painted."""

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmp:CreatorTool="Because Future" xmp:Label="{label}" Iptc4xmpExt:DigitalSourceType="{source_type}">'
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt></dc:description>'
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def marked(jpeg: bytes, *, preview: bool) -> bytes:
    """With the mark of a composite (`preview`) or of a picture made by a trained model.

    A packet that came in the file and says that a model made it is kept; any other one is replaced. Raises ValueError
    for what is not a JPEG, or one with a damaged head.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("this is not a JPEG")
    packets = [part for part in _segments(jpeg) if _is_xmp(jpeg, part)]
    if not preview and any(_BY_MODEL in jpeg[start:end] for _, start, end in packets):
        return jpeg
    for _, start, end in reversed(packets):
        jpeg = jpeg[:start] + jpeg[end:]
    return _inserted(jpeg, _APP1, _XMP_HEAD + _packet(preview=preview))


def recorded(jpeg: bytes, metadata: Mapping[str, Any]) -> bytes:
    """With the record, to be put in last. Raises ValueError for what is not JSON or exceeds 65 kB."""
    text = json.dumps(dict(metadata), allow_nan=False, separators=(",", ":"), sort_keys=True).encode()
    return _inserted(jpeg, _COMMENT, _RECORD + _digest(jpeg, text) + b" " + text)


def read_record(data: bytes) -> dict[str, Any] | None:
    """What `recorded` was given; None when it is not ours, or a byte of the file is missing or changed.

    The check finds damage, not forgery: anybody can write such a record.
    """
    at = _place(data)
    end = _end_of_segment(data, at)
    record, rest = data[at + 4 : end], data[:at] + data[end:]
    if data[at : at + 2] != bytes((0xFF, _COMMENT)) or not record.startswith(_RECORD):
        return None
    digest, _, text = record.removeprefix(_RECORD).partition(b" ")
    if digest != _digest(rest, text):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _packet(*, preview: bool) -> bytes:
    label, source_type = ("Preview", "compositeCapture") if preview else ("AI generated", "trainedAlgorithmicMedia")
    description = f"{label}: virtual try-on"
    return _XMP.format(label=label, source_type=_SOURCE_TYPES + source_type, description=description).encode()


def _inserted(jpeg: bytes, marker: int, content: bytes) -> bytes:
    if len(content) > _MAX_CONTENT_BYTES:
        raise ValueError("result metadata does not fit into a JPEG segment")
    at = _place(jpeg)
    return jpeg[:at] + bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content + jpeg[at:]


def _place(jpeg: bytes) -> int:
    """Behind JFIF and Exif, which readers expect at the very start."""
    at = 2
    while jpeg[at : at + 2] == bytes((0xFF, _JFIF)) or _is_exif(jpeg, at):
        at = _end_of_segment(jpeg, at)
    return at


def _is_exif(jpeg: bytes, at: int) -> bool:
    return jpeg[at : at + 2] == bytes((0xFF, _APP1)) and jpeg[at + 4 : at + 4 + len(_EXIF_HEAD)] == _EXIF_HEAD


def _is_xmp(jpeg: bytes, segment: tuple[int, int, int]) -> bool:
    marker, start, _ = segment
    return marker == _APP1 and jpeg[start + 4 : start + 4 + len(_XMP_HEAD)] == _XMP_HEAD


def _end_of_segment(jpeg: bytes, at: int) -> int:
    """At least four further on: a length that lies cannot hold anybody up."""
    return at + 2 + max(2, int.from_bytes(jpeg[at + 2 : at + 4], "big"))


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the pixels. Raises ValueError when the head is damaged."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if at + 4 > len(jpeg) or jpeg[at] != 0xFF or jpeg[at + 1] in (0x00, 0xFF):
            break
        if jpeg[at + 1] == _START_OF_SCAN:
            return
        end = _end_of_segment(jpeg, at)
        yield jpeg[at + 1], at, end
        at = end
    raise ValueError("the head of this JPEG is damaged")


def _digest(jpeg: bytes, text: bytes) -> bytes:
    return hashlib.sha256(jpeg + text).hexdigest().encode()
