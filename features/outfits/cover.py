"""The cover of an outfit: its garments freed from their grounds and laid out together on a plain light one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from features.outfits.layout import Box, Role, Shape, lay_out
from shared.engines.preview.garment import cut_out_garment
from shared.engines.preview.outline import clean_edges
from shared.errors import ImageRejectedError
from shared.image_encoding import encode_jpeg
from shared.image_formats import typed_decoder_errors

SIZE = (768, 1024)
GROUND = (241, 239, 235)
"""A warm light grey: white clothes still stand out from it."""

QUALITY = 88
SIDES = (480, 960)
"""Pixels: pieces are worked on in a size that many of them need least and one alone needs most."""

SHARP = (0.4, 0.85)
"""Of a soft outline: what is below goes, what is above stays whole. It was made to be laid over a photo; on a plain
ground its faint rim would be seen as a halo."""

VISIBLE = 24
"""Of 255: what is fainter does not count as part of a piece."""

CORNER = 0.04
"""Radius of a photo's corners, by its shorter side."""

SHADOW_OPACITY, SHADOW_BLUR, SHADOW_SHIFT = 0.26, 11, (3, 9)


@dataclass(frozen=True, slots=True)
class Piece:
    """`picture`: a stored picture of one garment, cut out (PNG with alpha) or as it was taken."""

    picture: bytes
    role: Role


def make_cover(pieces: Sequence[Piece]) -> bytes | None:
    """A JPEG of SIZE; None when no picture could be read. Heavy: call it inside the CPU gate."""
    side = min(SIDES[1], max(SIDES[0], round(1500 / len(pieces) ** 0.5))) if pieces else 0
    freed = [(found, piece.role) for piece in pieces if (found := _freed(piece.picture, side)) is not None]
    if not freed:
        return None
    boxes = lay_out([Shape(role, image.width / image.height) for image, role in freed], SIZE)
    canvas = Image.new("RGB", SIZE, GROUND)
    for (image, _), box in zip(freed, boxes, strict=True):
        _lay(canvas, image, box)
    return encode_jpeg(canvas, QUALITY)


def _freed(picture: bytes, side: int) -> Image.Image | None:
    """RGBA, as large as the garment itself. A garment that cannot be freed stays in its photo, with round corners."""
    try:
        small = _read(picture, side)
    except ImageRejectedError:
        return None
    alone = small if small.mode == "RGBA" else _cut_out(small)
    bounds = alone.getchannel("A").point(lambda alpha: 255 if alpha >= VISIBLE else 0).getbbox() if alone else None
    return alone.crop(bounds) if alone and bounds else _card(small.convert("RGB"))


def _read(picture: bytes, side: int) -> Image.Image:
    """RGBA when some of it is transparent, else RGB. Raises ImageRejectedError."""
    with typed_decoder_errors(), Image.open(io.BytesIO(picture)) as opened:
        opened.draft("RGB", (side, side))
        image = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def _cut_out(photo: Image.Image) -> Image.Image | None:
    file = io.BytesIO()
    photo.save(file, "BMP")  # the quickest way there and back
    try:
        garment = cut_out_garment(file.getvalue())
    except ImageRejectedError:
        return None
    if garment.warnings:
        return None  # pale on pale: what is found then is torn
    low, high = SHARP
    alpha = np.clip((garment.alpha - low) / (high - low) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    bgr = np.ascontiguousarray(np.asarray(photo, dtype=np.uint8)[..., ::-1])
    return Image.fromarray(np.dstack([clean_edges(bgr, garment.alpha)[..., ::-1], alpha]))


def _card(photo: Image.Image) -> Image.Image:
    """With corners rounded at four times the size, so that they are smooth."""
    large = Image.new("L", (photo.width * 4, photo.height * 4), 0)
    edge = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(edge, round(CORNER * min(large.size)), 255)
    card = photo.convert("RGBA")
    card.putalpha(large.resize(photo.size, Image.Resampling.BOX))
    return card


def _lay(canvas: Image.Image, image: Image.Image, box: Box) -> None:
    """Onto the canvas, with a soft shadow under it."""
    piece = _premultiplied_resize(image, (max(1, box.width), max(1, box.height)))
    around = 3 * SHADOW_BLUR
    shadow = Image.new("L", (piece.width + 2 * around, piece.height + 2 * around), 0)
    shadow.paste(piece.getchannel("A").point(lambda alpha: round(alpha * SHADOW_OPACITY)), (around, around))
    shadow = shadow.filter(ImageFilter.GaussianBlur(SHADOW_BLUR))
    corner = (box.left - around + SHADOW_SHIFT[0], box.top - around + SHADOW_SHIFT[1])
    canvas.paste((30, 26, 22), (*corner, corner[0] + shadow.width, corner[1] + shadow.height), shadow)
    canvas.paste(piece, (box.left, box.top), piece)


def _premultiplied_resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By way of premultiplied alpha: the colour behind what is transparent must not bleed into the rim."""
    return image.convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0).convert("RGBA")
