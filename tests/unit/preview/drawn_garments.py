"""Garments drawn as polygons, so that their outline and their key points are known exactly."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SCALE = 4  # drawn larger and shrunk: a soft outline with a known place
WIDTH, HEIGHT = 800, 1000

Pixels = NDArray[np.uint8]
Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """`rgb` on its ground, `alpha` exact (0..1)."""

    rgb: Pixels
    alpha: NDArray[np.float64]


def draw(outline: list[Point], colour: tuple[int, int, int], ground: tuple[int, int, int] = (250, 250, 250)) -> Drawn:
    large = np.zeros((HEIGHT * SCALE, WIDTH * SCALE), dtype=np.uint8)
    cv2.fillPoly(large, [np.rint(np.array(outline) * SCALE).astype(np.int32)], (255,))
    alpha = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float64) / 255.0
    grain = np.random.default_rng(7).normal(0.0, 1.5, (HEIGHT, WIDTH, 3))
    cloth = np.array(colour, dtype=np.float64)
    rgb = alpha[..., None] * cloth + (1 - alpha[..., None]) * np.array(ground, dtype=np.float64) + grain
    return Drawn(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), alpha)


def mirrored(half: list[Point]) -> list[Point]:
    """The right half of an outline (from the top middle down to the bottom middle) and its mirror image."""
    return half + [(WIDTH - x, y) for x, y in reversed(half)]


TSHIRT_HALF = [(400, 200), (460, 170), (580, 215), (700, 400), (620, 445), (555, 360), (555, 800), (400, 805)]
TSHIRT_ARMPIT, TSHIRT_PEAK, TSHIRT_HEM_Y = (555.0, 360.0), (460.0, 170.0), 800.0
LONG_HALF = [(400, 190), (455, 165), (560, 205), (740, 620), (680, 650), (545, 380), (545, 760), (400, 765)]
DRESS_HALF = [(400, 110), (455, 80), (500, 95), (492, 230), (470, 360), (610, 900), (400, 910)]
SKIRT_HALF = [(400, 200), (500, 200), (620, 800), (400, 810)]
TROUSERS_HALF = [(400, 100), (510, 100), (540, 300), (530, 900), (425, 900), (409, 330)]
TROUSERS_CROTCH_Y = 330.0

OUTLINES = {
    "tshirt": mirrored(TSHIRT_HALF),
    "long": mirrored(LONG_HALF),
    "dress": mirrored(DRESS_HALF),
    "skirt": mirrored(SKIRT_HALF),
    "trousers": mirrored(TROUSERS_HALF),
}
COLOURS = {
    "tshirt": (190, 40, 60),
    "long": (40, 90, 150),
    "dress": (30, 120, 110),
    "skirt": (120, 60, 130),
    "trousers": (60, 70, 95),
}


def drawn(name: str, ground: tuple[int, int, int] = (250, 250, 250)) -> Drawn:
    return draw(OUTLINES[name], COLOURS[name], ground)


def png(rgb: Pixels, alpha: NDArray[np.float64] | None = None) -> bytes:
    file = io.BytesIO()
    if alpha is None:
        Image.fromarray(rgb).save(file, "PNG")
    else:
        channel = np.clip(alpha * 255 + 0.5, 0, 255).astype(np.uint8)
        Image.fromarray(np.dstack([rgb, channel])).save(file, "PNG")
    return file.getvalue()
