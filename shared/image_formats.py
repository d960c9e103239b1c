"""Which pictures are taken, and how one is opened without trusting it: by its bytes, not its name, header first."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from shared.errors import (
    ImageRejectedError,
    PayloadTooLargeError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from shared.image_guards import check_jpeg, check_png
from shared.image_heic import check_brand, decode_heic, heic_size

MAX_UPLOAD_BYTES = 15 * 1024 * 1024
MAX_IMAGE_PIXELS = 60_000_000
"""Lets 48-megapixel phone photos in."""

MIN_SIDE = 64
"""Pixels. Below it neither a person nor a garment can be made out."""

MAX_ASPECT = 20
"""Longest side by shortest. Anything longer is no photo, and would shrink to a line."""

NEAR_ENOUGH = 0.9
"""A codec's size from this share of the wanted one on is taken as it is: 16 px more are not worth a pass."""

DECODER_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    UserWarning,  # both warnings only where they are turned into errors
    Image.DecompressionBombWarning,
)
"""What Pillow and its codecs were seen to raise, or may raise, for damaged files."""

_PILLOW_FILES: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    # The classes and not Image.open: that would take an ordinary phone photo with a gain map for a series (MPO).
    "image/jpeg": JpegImageFile,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
}


class PictureFormat(StrEnum):
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"


EXTENSIONS = {
    "jpg": PictureFormat.JPEG,
    "jpeg": PictureFormat.JPEG,
    "png": PictureFormat.PNG,
    "webp": PictureFormat.WEBP,
    "heic": PictureFormat.HEIC,
    "heif": PictureFormat.HEIC,
}


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The settings MAX_UPLOAD_SIZE (bytes of one picture), MAX_IMAGE_PIXELS and ALLOWED_EXTENSIONS."""

    max_bytes: int = MAX_UPLOAD_BYTES
    max_pixels: int = MAX_IMAGE_PIXELS
    kinds: frozenset[PictureFormat] = frozenset(PictureFormat)


@dataclass(frozen=True, slots=True)
class OpenPicture:
    """A header that passed. `width` and `height`: pixels as stored, before any rotation.

    `decode(longest side wanted)`: once, inside the CPU gate and `typed_decoder_errors`. It shrinks as far as the codec
    can; Pillow's `info` holds the profile and what is left to turn.
    """

    kind: PictureFormat
    width: int
    height: int
    decode: Callable[[int], Image.Image]


@contextmanager
def typed_decoder_errors() -> Iterator[None]:
    """Whatever a decoder throws at a damaged picture leaves as a typed error, without the decoder's words."""
    try:
        yield
    except MemoryError as error:
        raise ServiceUnavailableError("There is not enough memory for this picture right now.") from error
    except DECODER_ERRORS as error:
        raise ImageRejectedError("damaged") from error


def sniff(data: bytes) -> PictureFormat:
    """The format that the first bytes tell. Raises ValidationError (empty), UnsupportedMediaTypeError."""
    if not data:
        raise ValidationError("The picture is empty.")
    if data.startswith(b"\xff\xd8\xff"):
        return PictureFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureFormat.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PictureFormat.WEBP
    if data[4:8] == b"ftyp":
        check_brand(data)
        return PictureFormat.HEIC
    raise UnsupportedMediaTypeError("This is not a picture that can be used. Send a JPEG, PNG, WebP or HEIC picture.")


def open_picture(data: bytes, limits: ImageLimits) -> OpenPicture:
    """Read the header only; every limit is checked here, so that what comes back may be decoded.

    Raises ValidationError, UnsupportedMediaTypeError, PayloadTooLargeError, ImageRejectedError.
    """
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(limits)
    kind = sniff(data)
    if kind not in limits.kinds:
        allowed = ", ".join(sorted(item.name for item in limits.kinds))
        raise UnsupportedMediaTypeError(f"This kind of picture is not taken here. Send one of {allowed}.")
    with typed_decoder_errors():
        if kind is PictureFormat.HEIC:
            size, decode = heic_size(data), partial(decode_heic, data, limits.max_pixels)
        else:
            file = _open_with_pillow(kind, data, limits)
            size, decode = file.size, partial(_decode_with_pillow, file)
    _check_pixels(size, limits)
    _check_shape(size)
    return OpenPicture(kind, *size, decode)


def _open_with_pillow(kind: PictureFormat, data: bytes, limits: ImageLimits) -> ImageFile:
    if kind is PictureFormat.WEBP:  # its decoder allocates the canvas while it opens the file
        _check_pixels(_webp_size(data), limits)
    elif kind is PictureFormat.PNG:
        check_png(data)
    else:
        check_jpeg(data)
    file = _PILLOW_FILES[kind](io.BytesIO(data))
    if getattr(file, "is_animated", False):
        raise ImageRejectedError("animated")
    return file


def _decode_with_pillow(file: ImageFile, max_side: int) -> Image.Image:
    """JPEGs can be shrunk by their codec: by the largest scale whose result is not (much) smaller than wanted."""
    for scale in (8, 4, 2):
        if max(file.size) / scale >= NEAR_ENOUGH * max_side:
            file.draft(None, (file.width // scale, file.height // scale))
            break
    file.decodermaxblock = MAX_UPLOAD_BYTES  # it is in memory: read in one go, the decoder is left once and not often
    file.load()
    return file


def _webp_size(data: bytes) -> tuple[int, int]:
    """Canvas width and height by the WebP container specification (RFC 9649)."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _too_many_bytes(limits: ImageLimits) -> PayloadTooLargeError:
    megabytes = limits.max_bytes / 1024 / 1024
    return PayloadTooLargeError(
        f"The picture is too large: at most {megabytes:.3g} MB are taken.", details={"max_bytes": limits.max_bytes}
    )


def _check_pixels(size: tuple[int, int], limits: ImageLimits) -> None:
    if size[0] * size[1] > limits.max_pixels:
        raise PayloadTooLargeError(
            f"The picture has too many pixels: at most {limits.max_pixels / 1e6:.3g} million are taken.",
            details={"max_pixels": limits.max_pixels},
        )


def _check_shape(size: tuple[int, int]) -> None:
    if min(size) < MIN_SIDE:
        raise ImageRejectedError("too_small")
    if max(size) > MAX_ASPECT * min(size):
        raise ImageRejectedError(
            "too_small", f"The picture is too narrow: one side is more than {MAX_ASPECT} times the other."
        )
