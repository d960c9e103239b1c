"""Does the answer show the garment's colours? Palettes of the packshots against what is new on the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.base import GarmentType

SIDE = 96  # px of the packshot's longer side
COLOURS = 4
GROUND_DISTANCE = 9.0  # Lab, from the border's colour: more is garment
MIN_GARMENT_SHARE = 0.04  # of the packshot; with less the middle is taken
NEAR = 20.0  # Lab, light counted half: folds and lamps change light more than hue
LIGHT_WEIGHT = 0.5
MIN_WEIGHT = 0.12  # of a palette colour: smaller ones are buttons, prints and errors of the outline
SEED = 7

# How much of the picture a garment covers, to share out among several.
_USUAL_AREA = {GarmentType.SHOES: 0.1, GarmentType.ACCESSORY: 0.05}

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Palette:
    """`colours` (n, 3): Lab, light halved. `area`: usual area among garments, whole ones have 1."""

    colours: Floats
    area: float


def to_lab(bgr: Image) -> Floats:
    """(H, W, 3): half of L (0 to 50), a, b."""
    lab = cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return np.asarray(lab * np.array([LIGHT_WEIGHT, 1.0, 1.0], dtype=np.float32), dtype=np.float32)


def palette(bgr: Image, kind: GarmentType) -> Palette:
    """Of a packshot on any plain ground."""
    scale = min(1.0, SIDE / max(bgr.shape[:2]))
    size = (max(8, round(bgr.shape[1] * scale)), max(8, round(bgr.shape[0] * scale)))
    lab = to_lab(np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    pixels = _garment_pixels(lab)
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(COLOURS, len(pixels))
    _, labels, centres = cv2.kmeans(pixels, count, np.empty(0), stop, 2, cv2.KMEANS_PP_CENTERS)
    weights = np.bincount(labels.ravel(), minlength=count) / len(pixels)
    return Palette(np.asarray(centres[weights >= MIN_WEIGHT], dtype=np.float32), _USUAL_AREA.get(kind, 1.0))


def presence(lab: Floats, palettes: Sequence[Palette]) -> float | None:
    """Of the garment that is there least: the share of the given pixels (n, 3) in its colours, by its fair share.

    None when there is nothing to look at.
    """
    if len(lab) == 0 or not palettes:
        return None
    whole = sum(each.area for each in palettes)
    return min(_share(lab, each.colours) * whole / each.area for each in palettes)


def _share(lab: Floats, colours: Floats) -> float:
    squares = (lab**2).sum(axis=1)[:, None] + (colours**2).sum(axis=1) - 2.0 * (lab @ colours.T)
    return float(np.mean(squares.min(axis=1) < NEAR**2))


def _garment_pixels(lab: Floats) -> Floats:
    border = np.concatenate(
        [lab[:2].reshape(-1, 3), lab[-2:].reshape(-1, 3), lab[:, :2].reshape(-1, 3), lab[:, -2:].reshape(-1, 3)]
    )
    off_ground = np.linalg.norm(lab - np.median(border, axis=0), axis=2) > GROUND_DISTANCE
    if off_ground.mean() >= MIN_GARMENT_SHARE:
        return np.ascontiguousarray(lab[off_ground])
    height, width = lab.shape[:2]
    return np.ascontiguousarray(lab[height // 5 : -(height // 5), width // 5 : -(width // 5)].reshape(-1, 3))
