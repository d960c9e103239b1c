"""Pictures into bytes: no metadata of the source goes along; results carry a record that proves them whole."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from shared.image_formats import DECODER_ERRORS
from shared.image_marks import marked, read_record, recorded

PHOTO_QUALITY = 90
RESULT_QUALITY = 92
RENDITION_QUALITY = 85
WEBP_QUALITY = 82
_ORIENTATION = 0x0112
_PNG_LEVEL = 1
"""On cut-outs of 3 megapixels level 6 takes four times as long and saves a sixth of the bytes."""


def encode_jpeg(image: Image.Image, quality: int = PHOTO_QUALITY) -> bytes:
    """`image`: RGB. Chroma is halved (4:2:0)."""
    return _saved(image, "JPEG", quality=quality)


def encode_png(image: Image.Image) -> bytes:
    """`image`: RGBA or RGB. What is fully transparent loses its colour: a cut-out must not carry the room along."""
    return _saved(_without_hidden_colours(image), "PNG", compress_level=_PNG_LEVEL)


def encode_rendition(image: Image.Image, mark: bytes | None, *, webp: bool) -> bytes:
    """A smaller copy for a screen: WebP, else JPEG, or PNG for RGBA. `mark`: the original's XMP; PNG goes without."""
    if webp:
        return _saved(image, "WEBP", quality=WEBP_QUALITY, xmp=mark or b"")
    if image.mode == "RGBA":
        return encode_png(image)
    return _saved(image, "JPEG", quality=RENDITION_QUALITY, optimize=True, **({"xmp": mark} if mark else {}))


def encode_result(image: Image.Image, metadata: Mapping[str, Any]) -> bytes:
    """A JPEG that says of itself what it is, for people's tools (XMP) and for `read_result_metadata`.

    `image`: RGB. `metadata`: JSON values, at most 65 kB; with `preview` true the mark is that of a composite, else
    that of a picture made by a trained model (IPTC digital source types). Heavy: call it inside the CPU gate.
    """
    # Halved chroma saves a fifth of the bytes and doubles the error along the edges of coloured clothes.
    jpeg = _saved(image, "JPEG", quality=RESULT_QUALITY, subsampling="4:4:4")
    return recorded(marked(jpeg, preview=bool(metadata.get("preview"))), metadata)


def keep_result(picture: bytes, metadata: Mapping[str, Any]) -> bytes | None:
    """A provider's JPEG as it came, with the same mark and record put into its head: nothing is encoded anew.

    None for any other format, a damaged head, and a picture that viewers would turn: `encode_result` has to do then.
    """
    try:
        if _is_turned(picture):
            return None
        jpeg = marked(picture, preview=bool(metadata.get("preview")))
    except DECODER_ERRORS:
        return None
    return recorded(jpeg, metadata)


def read_result_metadata(data: bytes) -> dict[str, Any] | None:
    """What `encode_result` or `keep_result` was given; None when there is no such record or the file is not whole."""
    return read_record(data)


def _is_turned(jpeg: bytes) -> bool:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
        return bool(opened.getexif().get(_ORIENTATION, 1) != 1)


def _saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """Pillow writes some of `image.info` into the file unasked; a copy without it keeps it out."""
    bare = image.copy() if image.info else image
    bare.info = {}
    file = io.BytesIO()
    bare.save(file, file_format, **options)
    return file.getvalue()


def _without_hidden_colours(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    visible = Image.new("RGBA", image.size)
    visible.paste(image, mask=image.getchannel("A").point(lambda alpha: 255 if alpha else 0))
    return visible
