"""Untouched head and background of the photo back into the answer, so that who somebody is does not drift.

Only where the pose was kept: the answer is laid onto the photo first, and what is new (clothes, their shadows, a hat)
stays the answer's. In the core of the kept places every pixel is the photo's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.answer import NEW_PIXEL, Answer
from shared.engines.checks.heads import head_mask
from shared.engines.checks.inspection import Inspection
from shared.engines.checks.reference import Image, Mask, Reference
from shared.engines.checks.registration import Alignment
from shared.engines.preview.parsing import Part

MIN_LIKENESS = 0.80  # below it the head may be turned: pasted back it would not sit on its neck
MAX_SEAM = 14.0  # grey levels that photo and answer may differ by along the rim of the head
SAME = 2.0  # grey levels, mean over a place: less is compression
HATTED_PIXEL = 40.0  # grey levels: what differs by more on a head is a hat or a hood, and meant
NECK_BELOW = 0.75  # end of the kept head below the middle of the face, by its side
HEAD_RIM = 0.22  # of the face's side: background that comes back with the hair
GROUND_GAP = 0.016  # of the longer side, kept from the person: soft edges and contact shadows
FEATHER = 0.014  # of the longer side
STILL_PX = 0.3  # a shift that nobody sees, and that another interpolation would cost more sharpness than it mends
MAX_TONE = 0.1  # of the light: a larger change is the answer's own idea and stays
MIN_GROUND = 0.03  # of the picture: with less of it light is not compared
TILE = 128  # px: where the photo, or the answer, stands alone nothing is mixed
MIN_KEPT_GROUND = 0.6  # of the background: an answer that drew the rest anew keeps its own, all of it

CLOTHES = (Part.UPPER, Part.LOWER, Part.DRESS, Part.OTHER)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Blend:
    """What is to be brought back, and how. `weight`: 1 where the photo counts alone; at the working size."""

    weight: Floats
    alignment: Alignment
    tone: tuple[float, float, float]
    head: bool

    @property
    def share(self) -> float:
        return float(self.weight.mean())


def plan_blend(reference: Reference, inspection: Inspection, *, margins: bool = False) -> Blend | None:
    """None when the pose changed, or nothing of the photo may come back.

    `margins`: there is more picture around the photo's frame. Then nothing may be moved, and the frame is an edge too.
    """
    answer = inspection.answer
    if answer.alignment is None:
        return None
    ground, head = _ground(reference, answer), _head(reference, inspection)
    kept = ground | head
    if not kept.any() or (margins and not _is_still(answer.alignment, kept.shape[1], kept.shape[0])):
        return None
    return Blend(
        _feathered(kept, margins), answer.alignment, _tone(reference.bgr, answer.bgr, ground), bool(head.any())
    )


def kept_everything(reference: Reference, inspection: Inspection) -> bool:
    """Head and background lie and look as on the photo, but for compression: nothing needs to be brought back."""
    answer = inspection.answer
    height, width = reference.person.shape
    if answer.alignment is None or not _is_still(answer.alignment, width, height):
        return False
    places = [place for place in (~_grown(reference.person, GROUND_GAP), reference.head_mask) if place.any()]
    return all(_is_same(reference, answer, place) for place in places)


def blend(photo: Image, picture: Image, plan: Blend) -> Image:
    """`photo`, `picture`: BGR of the same size; the second is the answer. The result lies in the photo's frame."""
    height, width = photo.shape[:2]
    large = cv2.resize(plan.weight, (width, height), interpolation=cv2.INTER_LINEAR)
    weight = np.asarray(np.clip(large, 0.0, 1.0), dtype=np.float32)
    matrix = None if _is_still(plan.alignment, width, height) else plan.alignment.matrix(width, height)
    light = _light(plan.tone)
    mixed = photo.copy()
    for rows, columns in _tiles(height, width):
        share = weight[rows, columns]
        if share.min() < 1.0:  # else the photo alone is there
            piece = cv2.LUT(_moved(picture, matrix, rows, columns), light)
            mixed[rows, columns] = _mixed(photo[rows, columns], np.asarray(piece, dtype=np.uint8), share)
    return mixed


def _mixed(photo: Image, picture: Image, weight: Floats) -> Image:
    if weight.max() <= 0.0:
        return picture
    mixed = np.asarray(cv2.blendLinear(photo, picture, weight, 1.0 - weight), dtype=np.uint8)
    core = (weight >= 1.0).astype(np.uint8)  # exact, whatever the blending rounds
    return np.asarray(cv2.copyTo(photo, core, mixed), dtype=np.uint8)


def _moved(picture: Image, matrix: NDArray[np.float64] | None, rows: slice, columns: slice) -> Image:
    """This tile of the picture, laid onto the photo by `matrix`."""
    if matrix is None:
        return np.ascontiguousarray(picture[rows, columns])
    here = matrix.copy()
    here[:, 2] += matrix[:, :2] @ (columns.start, rows.start)
    size, flags = (columns.stop - columns.start, rows.stop - rows.start), cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, here, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))


def _ground(reference: Reference, answer: Answer) -> Mask:
    """Background in both, away from both silhouettes, and as it was."""
    free = ~_grown(reference.person | (answer.parts != Part.BACKGROUND), GROUND_GAP)
    kept = free & ~_grown(answer.change > NEW_PIXEL, GROUND_GAP / 2)
    redrawn = np.count_nonzero(kept) < MIN_KEPT_GROUND * np.count_nonzero(free)
    return np.zeros_like(kept) if redrawn else np.asarray(kept, dtype=np.bool_)


def _head(reference: Reference, inspection: Inspection) -> Mask:
    """Face and hair with a rim of background; nothing where it would not fit onto the answer's neck."""
    nothing = np.zeros(reference.person.shape, dtype=np.bool_)
    face = inspection.report.value("face_likeness")
    if reference.head is None or face is None or face < MIN_LIKENESS:
        return nothing
    answer = inspection.answer
    head = head_mask(reference.parts, reference.head, NECK_BELOW)
    size = reference.head.size
    whole = _grown_px(head, HEAD_RIM * size)
    whole &= np.arange(len(head))[:, None] <= reference.head.y + NECK_BELOW * size
    dressed = np.isin(answer.parts, CLOTHES) & (answer.change > NEW_PIXEL)
    whole &= ~_grown_px(dressed | (answer.change > HATTED_PIXEL), 0.08 * size)
    rim = whole & ~_shrunk_px(whole, 0.1 * size)
    fits = rim.any() and float(answer.change[rim].mean()) <= MAX_SEAM
    return np.asarray(whole, dtype=np.bool_) if fits else nothing


def _is_same(reference: Reference, answer: Answer, kept: Mask) -> bool:
    gap = cv2.mean(cv2.absdiff(reference.bgr, answer.bgr), kept.astype(np.uint8))
    return sum(gap[:3]) / 3 < SAME


def _is_still(alignment: Alignment, width: int, height: int) -> bool:
    corners = np.array([[0.0, width, 0.0, width], [0.0, 0.0, height, height], [1.0, 1.0, 1.0, 1.0]])
    return float(np.abs(alignment.matrix(width, height) @ corners - corners[:2]).max()) < STILL_PX


def _tone(photo: Image, answer: Image, ground: Mask) -> tuple[float, float, float]:
    """Factors per channel that give the answer the photo's light."""
    if ground.mean() < MIN_GROUND:
        return 1.0, 1.0, 1.0
    where = ground.astype(np.uint8)
    gain = np.array(cv2.mean(photo, where)[:3]) / np.maximum(cv2.mean(answer, where)[:3], 1.0)
    if np.abs(gain - 1.0).max() > MAX_TONE:
        return 1.0, 1.0, 1.0
    return float(gain[0]), float(gain[1]), float(gain[2])


def _light(tone: tuple[float, float, float]) -> Image:
    """As a table for each level of each channel."""
    steps = np.arange(256, dtype=np.float32)[:, None] * np.array(tone, dtype=np.float32)
    return np.asarray(np.clip(steps + 0.5, 0, 255)[:, None], dtype=np.uint8)


def _feathered(mask: Mask, margins: bool) -> Floats:
    """0 outside, 1 deep inside, smooth between; the picture's own border is an edge only where it has margins."""
    border = cv2.BORDER_CONSTANT if margins else cv2.BORDER_REPLICATE
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, border)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1] / (FEATHER * max(mask.shape))
    ramp = np.clip(depth, 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), dtype=np.float32)


def _grown(mask: Mask, share: float) -> Mask:
    return _grown_px(mask, share * max(mask.shape))


def _grown_px(mask: Mask, reach: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disk(reach)) > 0, dtype=np.bool_)


def _shrunk_px(mask: Mask, reach: float) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disk(reach)) > 0, dtype=np.bool_)


def _disk(reach: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(reach)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
