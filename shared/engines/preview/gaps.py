"""Slits of plain ground that the network takes for the person: between arm and trunk, between legs, beside the neck.

Only for a studio ground, where the colour of the ground is known: a piece that has this colour, is bordered by other
colours, and of which the network is not quite sure, is no cloth.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import Floats, Ground, Mask, disk

GROUND_SD = 2.5  # ground colour: this many standard deviations of the ground,
GROUND_FLOOR_LAB = 1.8  # at least JPEG noise
MIN_AREA = 2e-5  # of the picture
OPENING = 0.002  # of the longer side: thinner slits are left to the matte
RING = (0.005, 0.012)  # of the longer side: where the surroundings of a piece are looked at
QUARTER_CONTRAST, MEDIAN_CONTRAST = 1.2, 2.5  # the ring's distance by the limit; patches of a pale shirt: 1.25 and 2.2
UNSURE = 0.985  # of a slit, the network gives some pixels less (measured .5 .. .97); of cloth more (.99)
SHADE = 2.2  # around a slit the arm's shadow may be this many limits away from the ground
SHADE_REACH = 0.02  # of the longer side
SHADE_PROBABILITY = 0.35  # GrabCut decides there


def without_gaps(foreground: Floats, ground: Ground) -> Floats:
    """`foreground` (H, W probability) with the slits lowered to 0 and their shaded rims to undecided."""
    limit = max(GROUND_FLOOR_LAB, GROUND_SD * ground.sd)
    gaps = _find(foreground, ground, limit)
    if not gaps.any():
        return foreground
    result = np.where(gaps, np.float32(0.0), foreground)
    reach = cv2.dilate(gaps.astype(np.uint8), disk(SHADE_REACH * max(gaps.shape))) > 0
    shade = reach & (ground.distance < SHADE * limit) & (result > SHADE_PROBABILITY) & (foreground < UNSURE)
    result[shade] = SHADE_PROBABILITY
    return np.asarray(result, dtype=np.float32)


def _find(foreground: Floats, ground: Ground, limit: float) -> Mask:
    candidates = ((ground.distance < limit) & (foreground > 0.5)).astype(np.uint8)
    opened = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, disk(OPENING * max(foreground.shape)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    gaps = np.zeros(foreground.shape, dtype=np.bool_)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < MIN_AREA * foreground.size:
            continue
        window = _window(stats[label], foreground.shape)
        piece = np.asarray(labels[window] == label, dtype=np.bool_)
        if _is_gap(piece, foreground[window], ground.distance[window], limit, max(foreground.shape)):
            gaps[window] |= piece
    return gaps


def _window(stat: NDArray[np.int32], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The piece's box and the room for its ring."""
    reach = round(RING[1] * max(shape)) + 1
    x, y, width, height = (int(value) for value in stat[:4])
    return slice(max(0, y - reach), y + height + reach), slice(max(0, x - reach), x + width + reach)


def _is_gap(piece: Mask, probability: Floats, distance: Floats, limit: float, side: int) -> bool:
    mask = piece.astype(np.uint8)
    near = cv2.dilate(mask, disk(RING[0] * side)) > 0
    ring = (cv2.dilate(mask, disk(RING[1] * side)) > 0) & ~near & (probability > 0.5)
    if not ring.any() or np.percentile(probability[piece], 5) >= UNSURE:
        return False
    quarter, median = np.percentile(distance[ring], [25, 50])
    return bool(quarter > QUARTER_CONTRAST * limit and median > MEDIAN_CONTRAST * limit)
