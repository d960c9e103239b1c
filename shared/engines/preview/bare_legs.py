"""Bare legs under a skirt, a dress or shorts where trousers were, before a ground that can be drawn behind them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.figure import Figure
from shared.engines.preview.scene import Scene
from shared.engines.preview.skin import BINS, BareLimb, round_profile, skin_colour

# Half width by the distance hip to ankle, at shares of that distance: measured on the sample woman in leggings, less
# the cloth. The silhouette bounds it: wide trousers become legs of this shape, tight ones keep their own.
LEG_SHAPE = (
    (0.1, 0.112), (0.2, 0.097), (0.3, 0.083), (0.4, 0.073), (0.5, 0.068),
    (0.6, 0.069), (0.7, 0.064), (0.8, 0.051), (0.9, 0.042), (1.0, 0.039),
)  # fmt: skip
CALM_ROWS = 0.06  # the legs' middles are smoothed over so much of their length
KNEE_LIGHT = 0.05  # knees and shins catch a little more light

Floats = NDArray[np.float32]
Points = NDArray[np.float64]


def bare_legs(scene: Scene, figure: Figure, first_row: float) -> BareLimb:
    """Both legs from `first_row` down, in the colour of the visible skin; alpha 0 elsewhere."""
    profile = round_profile(skin_colour(scene))
    rgb = np.zeros(scene.rgb.shape, dtype=np.uint8)
    alpha = np.zeros_like(scene.alpha)
    for side in (0, 1):
        last = min(figure.ankle_y(side) + 0.12 * figure.width, figure.shape[0] - 1.0)
        rows = np.arange(int(max(first_row, figure.hip_y)), int(last))
        if rows.size:
            _paint_leg(rgb, alpha, rows, _leg(figure, side, rows), profile, _light(figure, side, rows))
    return BareLimb(rgb, alpha, alpha > 0, np.zeros(alpha.shape, dtype=np.bool_))


def _leg(figure: Figure, side: int, rows: NDArray[np.intp]) -> Points:
    """(n, 2) middle and half width in every row."""
    edges = np.array([figure.leg_edges(side, float(row)) for row in rows])
    length = figure.ankle_y(side) - figure.hip_y
    size = 2 * max(1, round(CALM_ROWS * length)) + 1
    middles = cv2.GaussianBlur(edges.mean(axis=1).astype(np.float32)[:, None], (1, size), 0)[:, 0]
    shares, halves = zip(*LEG_SHAPE, strict=True)
    shape = np.interp((rows - figure.hip_y) / max(1.0, length), shares, halves) * length
    own = cv2.GaussianBlur((np.diff(edges, axis=1)[:, 0] / 2).astype(np.float32)[:, None], (1, size), 0)[:, 0]
    return np.stack([middles, np.minimum(shape, 0.97 * own)], axis=1)


def _light(figure: Figure, side: int, rows: NDArray[np.intp]) -> Points:
    share = (rows - figure.hip_y) / max(1.0, figure.ankle_y(side) - figure.hip_y)
    return np.asarray(
        1.0 + KNEE_LIGHT * np.exp(-(((share - 0.52) / 0.06) ** 2)) - 0.06 * np.clip(share - 0.75, 0, 1) * 4
    )


def _paint_leg(
    rgb: NDArray[np.uint8], alpha: Floats, rows: NDArray[np.intp], leg: Points, profile: Floats, light: Points
) -> None:
    middle, half = leg[:, :1].astype(np.float32), np.maximum(leg[:, 1:].astype(np.float32), 1.0)
    first, last = (int(np.clip(x, 0, rgb.shape[1])) for x in ((middle - half).min() - 2, (middle + half).max() + 3))
    spot = np.s_[rows[0] : rows[-1] + 1, first:last]
    offset = (np.arange(first, last, dtype=np.float32)[None, :] - middle) / half
    cover = np.clip((1.0 - np.abs(offset)) * half / 1.5 + 0.5, 0.0, 1.0)
    position = np.clip((offset + 1.0) / 2.0 * (BINS - 1), 0, BINS - 1)
    colours = np.stack([np.interp(position, np.arange(BINS), profile[:, c]) for c in range(3)], axis=-1)
    lit = np.clip(colours * light[:, None, None], 0.0, 255.0)
    rgb[spot] = np.where((cover > alpha[spot])[..., None], lit, rgb[spot])
    alpha[spot] = np.maximum(alpha[spot], cover)
