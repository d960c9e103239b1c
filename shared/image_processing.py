"""Pictures in: any photo that people send becomes a small, upright sRGB picture without metadata, or a typed error.

JPEGs are decoded at 1/2, 1/4 or 1/8 of their size by the codec itself: a fraction of the cost of a resampling pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PIL import Image

from shared.cpu import CpuGate
from shared.errors import ValidationError
from shared.image_color import to_eight_bits, to_srgb, without_needless_alpha
from shared.image_encoding import encode_jpeg, encode_png, encode_result, read_result_metadata
from shared.image_formats import (
    DECODER_ERRORS,
    ImageLimits,
    OpenPicture,
    PictureFormat,
    open_picture,
    typed_decoder_errors,
)

__all__ = [
    "ImageInfo",
    "ImageLimits",
    "PictureFormat",
    "PreparedImage",
    "encode_jpeg",
    "encode_png",
    "encode_result",
    "normalize_image",
    "prepare_photo",
    "preprocess_image",
    "read_result_metadata",
    "resize_image",
    "thumbnail",
    "validate_image",
]

MAX_SIDE = 2016
"""Pixels. Half of 4032 and a quarter of 8064, the long sides of phone photos: the JPEG codec scales there by itself."""

THUMBNAIL_SIDE = 320

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the header says: `width` and `height` in pixels as stored, before any rotation."""

    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """`data`: JPEG, or PNG when some pixel is really transparent. Upright, sRGB, without any metadata."""

    data: bytes
    mime: str
    width: int
    height: int
    has_alpha: bool


def prepare_photo(data: bytes, limits: ImageLimits, gate: CpuGate, *, max_side: int = MAX_SIDE) -> PreparedImage:
    """Judge the header; inside the gate, decode, shrink to `max_side` pixels, turn upright and encode anew.

    A worker that calls it holds `gate.background()` already; anybody else is served before the workers.
    Raises ValidationError (empty), UnsupportedMediaTypeError, PayloadTooLargeError (bytes, pixels),
    ImageRejectedError (damaged, animated, too_small), ServiceUnavailableError (out of memory).
    """
    picture = open_picture(data, limits)
    with gate.interactive():
        image = _decode(picture, max_side)
        return _encoded(image)


def thumbnail(data: bytes, limits: ImageLimits, gate: CpuGate, *, max_side: int = THUMBNAIL_SIDE) -> PreparedImage:
    """A small copy for lists; transparent pictures stay transparent. Raises what `prepare_photo` raises."""
    return prepare_photo(data, limits, gate, max_side=max_side)


def validate_image(image_data: bytes, filename: str | None = None, *, limits: ImageLimits | None = None) -> ImageInfo:
    """Judge a picture by its header alone; `filename` is what the client calls it and proves nothing.

    Raises what `prepare_photo` raises; damage behind the header is only found by decoding.
    """
    picture = open_picture(image_data, limits or ImageLimits())
    return ImageInfo(picture.kind.value, picture.width, picture.height)


def resize_image(image_data: bytes, max_dimension: int, *, gate: CpuGate | None = None) -> bytes:
    """At most `max_dimension` pixels wide and high, never enlarged; cleaned like `prepare_photo`."""
    return preprocess_image(image_data, None, max_dimension, gate=gate).data


def normalize_image(image_data: bytes, target_format: str, *, gate: CpuGate | None = None) -> bytes:
    """As JPEG (transparent parts on white) or PNG, at most 2016 px a side. `target_format`: "JPEG" or "PNG"."""
    encode = {"JPEG": encode_jpeg, "JPG": encode_jpeg, "PNG": encode_png}.get(target_format.upper())
    if encode is None:
        raise ValidationError("Pictures can be converted to JPEG or PNG only.")
    picture = open_picture(image_data, ImageLimits())
    with (gate or _own_gate()).interactive():
        image = _decode(picture, MAX_SIDE)
        return encode(_on_white(image) if encode is encode_jpeg else image)


def preprocess_image(
    image_data: bytes, filename: str | None = None, max_dimension: int = MAX_SIDE, *, gate: CpuGate | None = None
) -> PreparedImage:
    """`prepare_photo` with the default limits. Inside the server pass its gate, so that all share the cores."""
    return prepare_photo(image_data, ImageLimits(), gate or _own_gate(), max_side=max_dimension)


@cache
def _own_gate() -> CpuGate:
    """For scripts, which have no server whose gate they could share."""
    return CpuGate()


def _decode(picture: OpenPicture, max_side: int) -> Image.Image:
    with typed_decoder_errors():
        image = picture.decode(max_side)
        turn, profile = _UPRIGHT.get(_orientation(image)), image.info.get("icc_profile")
        image = _shrunk(to_eight_bits(image), max_side)
        image = to_srgb(without_needless_alpha(image), profile)
        image = image.transpose(turn) if turn is not None else image
        image.info = {}
        return image


def _orientation(image: Image.Image) -> int:
    """By EXIF alone, like browsers: editors turn a photo and leave the XMP as it was. Damaged EXIF counts as none."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        found = exif.get(_ORIENTATION)
    except DECODER_ERRORS:
        return 1
    return found if isinstance(found, int) else 1


def _shrunk(image: Image.Image, max_side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= max_side:
        return image
    width, height = (max(1, round(side * max_side / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encoded(image: Image.Image) -> PreparedImage:
    has_alpha = image.mode == "RGBA"
    data = encode_png(image) if has_alpha else encode_jpeg(image)
    mime = PictureFormat.PNG if has_alpha else PictureFormat.JPEG
    return PreparedImage(data, mime.value, image.width, image.height, has_alpha)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground
