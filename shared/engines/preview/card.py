"""The side-by-side card: person and garment next to each other, when the one cannot be put on the other."""

from __future__ import annotations

import textwrap

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from shared.engines.preview.background import Image
from shared.engines.preview.cut_out import PLAIN_LIGHT_RGB

Floats = NDArray[np.float32]

PERSON_WIDTH = 0.56  # of the card; the garments share the rest
TEXT_HEIGHT = 0.13  # of the card, at its foot
MARGIN = 0.03  # of the card's width
LETTER = 0.030  # of the card's width: height of the letters
INK_RGB = (60, 60, 64)
MIN_LETTER_PX = 11
LETTER_WIDTH = 0.52  # by its height, on average

Cut = tuple[Image, Floats]
"""Colours (h, w, 3) and alpha (h, w) of something cut out."""


def side_by_side(person: Cut, garments: list[Cut], size: tuple[int, int], reason: str) -> Image:
    """RGB (height, width, 3): the person on the left, the garments below each other on the right, the reason below.

    `size`: width and height. Nothing is cropped, everything keeps its proportions.
    """
    width, height = size
    card = np.full((height, width, 3), PLAIN_LIGHT_RGB, dtype=np.float32)
    margin = round(MARGIN * width)
    low, middle = round((1.0 - TEXT_HEIGHT) * height), round(PERSON_WIDTH * width)
    _paste(card, person, (margin, margin, middle, low))
    slot = (low - margin) / max(1, len(garments))
    for index, garment in enumerate(garments):
        top = margin + round(index * slot)
        _paste(card, garment, (middle + margin, top, width - margin, round(top + slot) - margin // 2))
    return _with_text(np.clip(card + 0.5, 0, 255).astype(np.uint8), reason, low)


def _paste(card: Floats, cut: Cut, box: tuple[int, int, int, int]) -> None:
    """The visible part of the cut-out, as large as the box (left, top, right, bottom) allows, in its middle."""
    rgb, alpha = _visible(cut)
    left, top, right, bottom = box
    scale = min((right - left) / alpha.shape[1], (bottom - top) / alpha.shape[0])
    size = (max(1, int(alpha.shape[1] * scale)), max(1, int(alpha.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    weight = cv2.resize(alpha, size, interpolation=how)[..., None]
    colours = cv2.resize(rgb, size, interpolation=how).astype(np.float32)
    x, y = left + (right - left - size[0]) // 2, top + (bottom - top - size[1]) // 2
    spot = card[y : y + size[1], x : x + size[0]]
    spot += weight * (colours - spot)


def _visible(cut: Cut) -> Cut:
    rgb, alpha = cut
    left, top, width, height = cv2.boundingRect((alpha > 0.02).astype(np.uint8))
    if not width or not height:
        return cut
    box = np.s_[top : top + height, left : left + width]
    return rgb[box], alpha[box]


def _with_text(card: Image, text: str, top: int) -> Image:
    height, width = card.shape[:2]
    letter = max(MIN_LETTER_PX, round(LETTER * width))
    lines = textwrap.wrap(text, max(10, int(0.92 * width / (LETTER_WIDTH * letter))))
    picture = Pictures.fromarray(card)
    ImageDraw.Draw(picture).multiline_text(
        (width / 2, (top + height) / 2),
        "\n".join(lines),
        fill=INK_RGB,
        font=ImageFont.load_default(letter),
        anchor="mm",
        align="center",
    )
    return np.asarray(picture, dtype=np.uint8)
