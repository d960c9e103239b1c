"""The checkerboard by which image editors show "transparent", when it was saved as part of the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import Image, border_ring

BORDER = 0.06  # of the shorter side: the board shows at the border, around the object
MAX_CHROMA = 12  # the board is grey: largest difference of the channels (JPEG noise included)
TONE_GAP = (8, 110)  # grey levels between its two tones (usual: 255/204, 255/239, 153/102)
TONE_WIDTH = 7  # levels around a tone that JPEG noise fills
MIN_SHARE = 0.8  # of the border has one of the two tones
BALANCE = 0.3  # each tone has at least this share of the two
CELLS_PX = range(4, 65)
MIN_MATCH = 0.86  # of the border's pixels alternate as a board with that cell size does


def has_checkerboard(rgb: Image) -> bool:
    """True when the border of the picture (H, W, 3 uint8) is a board of two alternating greys."""
    ring = border_ring(rgb.shape[0], rgb.shape[1], BORDER)
    pixels = rgb[ring].astype(np.int16)
    if np.mean(pixels.max(axis=1) - pixels.min(axis=1) <= MAX_CHROMA) < MIN_SHARE:
        return False
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    tones = _two_tones(grey[ring])
    if tones is None:
        return False
    light = (grey > sum(tones) / 2).astype(np.int8) * 2 - 1
    return any(_alternates(light, ring, cell) for cell in CELLS_PX)


def _two_tones(grey: NDArray[np.uint8]) -> tuple[int, int] | None:
    """The two commonest greys of the border, when they make up nearly all of it and both are common."""
    counts = np.bincount(grey, minlength=256).astype(np.float64)
    near = np.convolve(counts, np.ones(TONE_WIDTH), mode="same")
    first = int(np.argmax(near))
    rest = near.copy()
    rest[max(0, first - TONE_WIDTH) : first + TONE_WIDTH + 1] = 0
    second = int(np.argmax(rest))
    both = near[first] + near[second]
    if both < MIN_SHARE * counts.sum() or near[second] < BALANCE * both:
        return None
    return (first, second) if TONE_GAP[0] <= abs(first - second) <= TONE_GAP[1] else None


def _alternates(light: NDArray[np.int8], ring: NDArray[np.bool_], cell: int) -> bool:
    """Pixels one cell to the right and one cell down have the other tone, those of both have the same."""
    if min(light.shape) < 4 * cell:
        return False
    matches = []
    for rows, columns, same in ((0, cell, -1), (cell, 0, -1), (cell, cell, 1)):
        here = light[: light.shape[0] - rows, : light.shape[1] - columns]
        there = light[rows:, columns:]
        both = ring[: light.shape[0] - rows, : light.shape[1] - columns] & ring[rows:, columns:]
        matches.append(float(np.mean((here * there)[both] == same)) if both.any() else 0.0)
    return min(matches) >= MIN_MATCH
