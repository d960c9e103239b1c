"""Where the network errs inside a person: slits of ground that it fills, and patches of cloth that it leaves out.

Before a studio ground, whose colour is known, both are read off the colour. A slit (between arm and trunk, between
legs, beside the neck) has the ground's colour, is bordered by other colours, and the network is not quite sure of it.
A patch has quite another colour and person on nearly all sides. Before a street only holes are closed that are as
small as a flaw and have the colour of what surrounds them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import Floats, Ground, Image, Mask, disk, to_lab

GROUND_SD = 2.5  # ground colour: this many standard deviations of the ground,
GROUND_FLOOR_LAB = 1.8  # at least JPEG noise
MIN_AREA = 2e-5  # of the picture
OPENING = 0.002  # of the longer side: thinner slits are left to the matte
RING = (0.005, 0.012)  # of the longer side: where the surroundings of a piece are looked at
QUARTER_CONTRAST, MEDIAN_CONTRAST = 1.2, 2.5  # the ring's distance by the limit; patches of a pale shirt: 1.25 and 2.2
DOUBT = 0.2  # from here on a slit is taken whole: its rim is the arm then, and not the rest of the slit
UNSURE = 0.985  # of a slit, the network gives some pixels less (measured .5 .. .97); of cloth more (.99)
SHADE = 2.2  # around a slit the arm's shadow may be this many limits away from the ground
SHADE_REACH = 0.02  # of the longer side
SHADE_PROBABILITY = 0.35  # GrabCut decides there
PATCH_CONTRAST = 6.0  # a patch's distance to the ground by the limit: no shadow on a wall is so far
PATCH_SHARE = 0.75  # of a patch's ring is person
PATCH_PROBABILITY = 0.9  # what a patch is raised to
FLAW_AREA = 2e-3  # of the picture: larger holes are what is seen between limbs
FLAW_CONTRAST_LAB = 6.0  # hole against its rim; holes between limbs: 7 .. 75, flaws: 0 .. 5 (79 street photos)


def settled(foreground: Floats, ground: Ground) -> Floats:
    """`foreground` (H, W probability) with slits lowered, their shaded rims undecided, and patches raised."""
    limit = max(GROUND_FLOOR_LAB, GROUND_SD * ground.sd)
    patches = _patches(foreground, ground.distance, limit)
    result = np.where(patches, np.maximum(foreground, np.float32(PATCH_PROBABILITY)), foreground)
    gaps = _gaps(result, ground, limit)
    result[gaps] = 0.0
    if gaps.any():
        reach = cv2.dilate(gaps.astype(np.uint8), disk(SHADE_REACH * max(gaps.shape))) > 0
        shade = reach & (ground.distance < SHADE * limit) & (result > SHADE_PROBABILITY) & (foreground < UNSURE)
        result[shade] = SHADE_PROBABILITY
    return np.asarray(result, dtype=np.float32)


def without_flaws(bgr: Image, inside: Mask) -> Mask:
    """`inside` with specks closed, and small holes of the colour of what surrounds them."""
    contours, tree = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    result = inside.copy()
    for contour, relatives in zip(contours, tree[0] if len(contours) else (), strict=True):
        if relatives[3] < 0 or cv2.contourArea(contour) > 2 * FLAW_AREA * inside.size:  # no hole, or a wide one
            continue
        window, filled = _filled(contour, inside.shape)
        hole = filled & ~inside[window]
        area = np.count_nonzero(hole)
        if area < MIN_AREA * inside.size or (area < FLAW_AREA * inside.size and _looks_alike(bgr[window], hole)):
            result[window] |= hole
    return result


def _filled(contour: NDArray[Any], shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Mask]:
    """A window around the contour with room for rings, and all that lies in the contour (the contour too) there."""
    reach = round(RING[1] * max(shape)) + 1
    x, y, width, height = cv2.boundingRect(contour)
    top, left = max(0, y - reach), max(0, x - reach)
    window = slice(top, min(shape[0], y + height + reach)), slice(left, min(shape[1], x + width + reach))
    mask = np.zeros((window[0].stop - top, window[1].stop - left), dtype=np.uint8)
    cv2.drawContours(mask, [contour], 0, 1, cv2.FILLED, offset=(-left, -top))
    return window, np.asarray(mask > 0, dtype=np.bool_)


def _pieces(mask: Image) -> list[tuple[tuple[slice, slice], Mask]]:
    """The connected pieces of a mask (0 and 1), each in its window."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    boxes = [_filled(contour, mask.shape) for contour in contours]
    return [(window, np.asarray(filled & (mask[window] > 0), dtype=np.bool_)) for window, filled in boxes]


def _looks_alike(bgr: Image, hole: Mask) -> bool:
    """The hole and a rim of two pixels, one away from it: an outline is never drawn to the pixel."""
    mask, lab = hole.astype(np.uint8), to_lab(bgr)
    rim = (cv2.dilate(mask, disk(3)) > 0) & ~(cv2.dilate(mask, disk(1)) > 0)
    return bool(np.linalg.norm(lab[hole].mean(axis=0) - lab[rim].mean(axis=0)) < FLAW_CONTRAST_LAB)


def _patches(foreground: Floats, distance: Floats, limit: float) -> Mask:
    side = max(foreground.shape)
    missed = ((distance > PATCH_CONTRAST * limit) & (foreground <= 0.5)).astype(np.uint8)
    opened = cv2.morphologyEx(missed, cv2.MORPH_OPEN, disk(OPENING * side))
    patches = np.zeros(foreground.shape, dtype=np.bool_)
    for window, piece in _pieces(np.asarray(opened, dtype=np.uint8)):
        mask = piece.astype(np.uint8)
        ring = (cv2.dilate(mask, disk(RING[0] * side)) > 0) & (mask == 0)
        if np.mean(foreground[window][ring] > 0.5) > PATCH_SHARE:
            patches[window] |= (cv2.dilate(mask, disk(OPENING * side)) > 0) & (missed[window] > 0)
    return patches


def _gaps(foreground: Floats, ground: Ground, limit: float) -> Mask:
    candidates = ((ground.distance < limit) & (foreground > DOUBT)).astype(np.uint8)
    opened = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, disk(OPENING * max(foreground.shape)))
    gaps = np.zeros(foreground.shape, dtype=np.bool_)
    for window, piece in _pieces(np.asarray(opened, dtype=np.uint8)):
        filled = np.count_nonzero(piece & (foreground[window] > 0.5))
        if filled >= MIN_AREA * foreground.size and _is_gap(
            piece, foreground[window], ground.distance[window], limit, max(foreground.shape)
        ):
            gaps[window] |= piece
    return gaps


def _is_gap(piece: Mask, probability: Floats, distance: Floats, limit: float, side: int) -> bool:
    mask = piece.astype(np.uint8)
    near = cv2.dilate(mask, disk(RING[0] * side)) > 0
    ring = (cv2.dilate(mask, disk(RING[1] * side)) > 0) & ~near & (probability > 0.5)
    if not ring.any() or np.percentile(probability[piece], 5) >= UNSURE:
        return False
    quarter, median = np.percentile(distance[ring], [25, 50])
    return bool(quarter > QUARTER_CONTRAST * limit and median > MEDIAN_CONTRAST * limit)
