"""Frames: a provider paints only certain ratios, a person's photo has its own. Nothing of the person is ever cut off.

The photo is padded to the nearest ratio before it is sent, and the padding is cut off the answer again. All boxes are
in pixels of the person's photo, so the answer is first brought to the size of what was sent.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from shared.errors import ImageRejectedError

# A provider's own sizes miss the nominal ratio by up to 3 % (3:4 comes as 864 x 1184); beyond this it chose another.
RATIO_TOLERANCE = 0.06
MAX_DELIVERED_SIDE = 2016
JPEG_QUALITY = 90
_EDGE_SHARE = 0.02
_FORMATS = ("JPEG", "PNG", "WEBP")

# What Pillow's readers raise for damaged bytes.
_BROKEN_IMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, OverflowError, LookupError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
Size = tuple[int, int]

# Down to this share of the sides a slight blur and cubic interpolation lose no more than Lanczos (within .5 dB there
# and back again) in an eighth of its time.
_MILD_SHRINK = 0.65
_ANTIALIAS = 0.45  # px of blur by sqrt(1 / scale^2 - 1)


@dataclass(frozen=True, slots=True)
class Box:
    left: int
    top: int
    width: int
    height: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.width, self.top + self.height


@dataclass(frozen=True, slots=True)
class Frame:
    """`ratio`, `sent`: what the provider is asked to paint. `person`, `delivered`: boxes inside `sent`."""

    ratio: str
    sent: Size
    person: Box
    delivered: Box

    @property
    def padded(self) -> bool:
        return (self.person.width, self.person.height) != self.sent


def ratio_value(ratio: str) -> float:
    """`"3:4"` -> 0.75. Raises ValueError for anything but two positive whole numbers."""
    width, _, height = ratio.partition(":")
    if int(width) <= 0 or int(height) <= 0:
        raise ValueError("a ratio has two positive numbers")
    return int(width) / int(height)


def plan_frame(person: Size, allowed: Sequence[str], wanted_ratio: str | None = None) -> Frame:
    """The smallest padding that reaches one of the `allowed` ratios around the person, or around `wanted_ratio`."""
    delivered = _grown(person, ratio_value(wanted_ratio)) if wanted_ratio else person
    ratio = _nearest(delivered[0] / delivered[1], allowed)
    sent = _grown(delivered, ratio_value(ratio))
    return Frame(ratio, sent, _centred(person, sent), _centred(delivered, sent))


def pad_person(image: Image.Image, frame: Frame) -> Image.Image:
    """The photo on a canvas of the sent size; the margins continue its edges calmly."""
    if not frame.padded:
        return image
    left, top, right, bottom = frame.person.corners
    width, height = frame.sent
    canvas = Image.new("RGB", frame.sent)
    # Sides keep the run from wall to floor (8 samples); above and below fewer samples, so that no limb is drawn out.
    _fill(canvas, image, (0, top, left, bottom), "left")
    _fill(canvas, image, (right, top, width, bottom), "right")
    _fill(canvas, image, (0, 0, width, top), "top")
    _fill(canvas, image, (0, bottom, width, height), "bottom")
    canvas.paste(image, (left, top))
    return canvas


def deliver(answer: Image.Image, frame: Frame) -> Image.Image:
    """The answer in the frame that was asked for: padding cut off, size exact."""
    size = delivered_size(frame)
    if _apart(answer.width / answer.height, frame.sent[0] / frame.sent[1]) <= RATIO_TOLERANCE:
        scale_x, scale_y = answer.width / frame.sent[0], answer.height / frame.sent[1]
        left, top, right, bottom = frame.delivered.corners
        if size == (right - left, bottom - top):
            return _cropped(resized(answer, frame.sent), frame.delivered)
        box = (left * scale_x, top * scale_y, min(right * scale_x, answer.width), min(bottom * scale_y, answer.height))
        return answer.resize(size, Image.Resampling.LANCZOS, box=box)
    # The provider chose a ratio of its own, perhaps without our padding: all of its picture is kept.
    whole = plan_frame(answer.size, [f"{size[0]}:{size[1]}"])
    return pad_person(answer, whole).resize(size, Image.Resampling.LANCZOS)


def delivered_size(frame: Frame) -> Size:
    """The person's own size exactly, or an asked-for ratio with at most MAX_DELIVERED_SIDE pixels a side."""
    size = frame.delivered.width, frame.delivered.height
    if size == (frame.person.width, frame.person.height):
        return size
    shrink = min(1.0, MAX_DELIVERED_SIDE / max(size))
    return round(size[0] * shrink), round(size[1] * shrink)


def person_box(frame: Frame) -> Box:
    """Where the person's photo lies in what `deliver` gives."""
    width, height = delivered_size(frame)
    scale_x, scale_y = width / frame.delivered.width, height / frame.delivered.height
    left, right = (round((x - frame.delivered.left) * scale_x) for x in frame.person.corners[::2])
    top, bottom = (round((y - frame.delivered.top) * scale_y) for y in frame.person.corners[1::2])
    return Box(left, top, right - left, bottom - top)


def decode(data: bytes, *, max_pixels: int) -> Image.Image:
    """RGB, alpha laid on white. Judged by content, not by a declared type. Raises ImageRejectedError("damaged")."""
    return decode_small(data, None, max_pixels=max_pixels)


def decode_small(data: bytes, side: int | None, *, max_pixels: int) -> Image.Image:
    """As `decode`; a JPEG may come at a half, a quarter or an eighth of its size, but not below `side`."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > max_pixels:
                raise ImageRejectedError("damaged", "The picture has too many pixels.")
            if side is not None:
                opened.draft("RGB", (side, side))
            return _flattened(opened)
    except _BROKEN_IMAGE as error:
        raise ImageRejectedError("damaged") from error


def is_plain_jpeg(data: bytes) -> bool:
    """Whether every reader shows these bytes as `decode` does: RGB, and no turn to be applied."""
    if not data.startswith(b"\xff\xd8\xff"):
        return False
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            return opened.mode == "RGB" and opened.getexif().get(ExifTags.Base.Orientation, 1) == 1
    except _BROKEN_IMAGE:
        return False


def to_bgr(image: Image.Image) -> NDArray[np.uint8]:
    """`image`: RGB."""
    return np.asarray(cv2.cvtColor(np.asarray(image, dtype=np.uint8), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def to_rgb_image(bgr: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def resized(image: Image.Image, size: Size) -> Image.Image:
    """RGB at another size, both sides by about the same factor: without stairs, and as sharp as can be."""
    if image.size == size:
        return image
    scale = min(size[0] / image.width, size[1] / image.height)
    if scale < _MILD_SHRINK:
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    pixels = np.asarray(image)
    if scale < 1.0:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (3, 3), _ANTIALIAS * math.sqrt(1.0 / scale**2 - 1.0)))
    return Image.fromarray(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8))


def quickly_shrunk(bgr: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """BGR at another size, to be looked at by programs: in a quarter of the time of the exact mean, and within 45 dB of
    it; 55 dB where both sides shrink to less than half."""
    times = 1
    while bgr.shape[1] >= 2 * times * size[0] and bgr.shape[0] >= 2 * times * size[1]:
        times *= 2
    # Means of whole pixels are quick, others slower than the exact mean: odd sides are evened out first.
    even = cv2.resize(bgr, (times * size[0], times * size[1]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encode_jpeg(image: Image.Image, max_side: int) -> bytes:
    """JPEG without metadata, longest side at most `max_side`."""
    shrink = min(1.0, max_side / max(image.size))
    if shrink < 1.0:
        size = max(1, round(image.width * shrink)), max(1, round(image.height * shrink))
        image = resized(image, size)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()


def as_jpeg(data: bytes, max_side: int, *, max_pixels: int) -> bytes:
    """The picture as it can be sent: as it is when it is a JPEG that is small enough, else made so.

    Raises ImageRejectedError("damaged").
    """
    if data.startswith(b"\xff\xd8\xff") and max(size_of(data)) <= max_side:
        return data
    return encode_jpeg(decode(data, max_pixels=max_pixels), max_side)


def size_of(data: bytes) -> Size:
    """By the header alone. Raises ImageRejectedError("damaged")."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            return opened.size
    except _BROKEN_IMAGE as error:
        raise ImageRejectedError("damaged") from error


def _flattened(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        image.load()  # a picture that is RGB already needs no copy
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _cropped(image: Image.Image, box: Box) -> Image.Image:
    return image if image.size == (box.width, box.height) else image.crop(box.corners)


def _apart(one: float, other: float) -> float:
    return abs(one / other - 1.0)


def _nearest(value: float, allowed: Sequence[str]) -> str:
    return min(allowed, key=lambda ratio: abs(math.log(ratio_value(ratio) / value)))


def _grown(size: Size, ratio: float) -> Size:
    width, height = size
    return max(width, round(height * ratio)), max(height, round(width / ratio))


def _centred(inner: Size, outer: Size) -> Box:
    return Box((outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2, *inner)


def _fill(canvas: Image.Image, image: Image.Image, target: tuple[int, int, int, int], edge: str) -> None:
    width, height = target[2] - target[0], target[3] - target[1]
    if width <= 0 or height <= 0:
        return
    deep_x, deep_y = max(1, round(image.width * _EDGE_SHARE)), max(1, round(image.height * _EDGE_SHARE))
    strip, samples = {
        "left": ((0, 0, deep_x, image.height), (1, 8)),
        "right": ((image.width - deep_x, 0, image.width, image.height), (1, 8)),
        "top": ((0, 0, image.width, deep_y), (3, 1)),
        "bottom": ((0, image.height - deep_y, image.width, image.height), (3, 1)),
    }[edge]
    calm = image.crop(strip).resize(samples, Image.Resampling.BOX)
    canvas.paste(calm.resize((width, height), Image.Resampling.BILINEAR), target[:2])
