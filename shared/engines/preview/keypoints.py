"""Where a garment has its collar, shoulders, armpits, sleeves, waist, crotch and hem, read from its outline.

Sides are those of the wearer, as the person's joints: index 0 is the wearer's right (left in the picture), 1 the left.
All points are (x, y) in px of the garment picture; lengths are compared as fractions of the garment's box.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.collar import front_neckline
from shared.engines.preview.garment import Garment
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.sleeves import Sleeve, find_sleeves

TRUNK_ROWS = 7
LEG_ROWS = 7
SYMMETRY_FRACTION = 0.08  # left and right that differ by less (of the box width) are meant to be mirror images
DRESS_RATIO = 2.2  # height by trunk width at CHEST_LEVEL: shirts measured 1.3 to 2.0, dresses 2.4 to 4
CHEST_LEVEL = 0.42
MIN_GAP_ROWS = 0.12  # share of the lower rows that must show daylight between two trouser legs
ARMPIT_SLOPE = 1.0  # an outline that runs outwards faster than it rises belongs to a sleeve

Points = NDArray[np.float64]


class Kind(StrEnum):
    """What a garment is to the placement."""

    TOP = "top"
    DRESS = "dress"
    SKIRT = "skirt"
    TROUSERS = "trousers"


@dataclass(frozen=True, slots=True)
class TopPoints:
    """Key points of a top or dress. `trunk`: (n, 3) rows (y, x right side, x left side) from armpit to hem.

    `neckline`: (m, 2) upper edge of the front, from peak to peak. Arrays of two are (wearer's right, left).
    """

    axis_x: float
    peaks: Points
    neckline: Points
    shoulders: Points
    armpits: Points
    trunk: Points
    sleeves: tuple[Sleeve, Sleeve] | None
    waist_y: float


@dataclass(frozen=True, slots=True)
class BottomPoints:
    """Key points of trousers or a skirt. `waist`, `seat`: rows (y, x right, x left); `legs`: rows of each leg."""

    axis_x: float
    seat: Points
    crotch: tuple[float, float] | None
    legs: tuple[Points, Points] | None


def find_kind(outline: Outline) -> Kind:
    """Judge by the outline alone."""
    if leg_gap_share(outline) > MIN_GAP_ROWS:
        return Kind.TROUSERS
    if _is_skirt(outline):
        return Kind.SKIRT
    left, right = outline.run_at(int(outline.top + CHEST_LEVEL * outline.height))
    return Kind.DRESS if outline.height > DRESS_RATIO * max(1.0, right - left) else Kind.TOP


def leg_gap_share(outline: Outline) -> float:
    """Share of the lower half's rows where the middle shows daylight between two legs."""
    first, last = int(outline.top + 0.5 * outline.height), int(outline.bottom - 0.02 * outline.height)
    rows = [outline.gap_at(y) is not None for y in range(first, last, 2)]
    return float(np.mean(rows)) if rows else 0.0


def _is_skirt(outline: Outline) -> bool:
    """A straight waist as wide as what follows, and wider below: no neck, no straps, no sleeves."""
    widths = [np.subtract(*outline.run_at(int(outline.top + f * outline.height))[::-1]) for f in (0.03, 0.1, 0.3, 0.9)]
    spread = outline.mask[int(outline.top + 0.03 * outline.height)].sum()
    flat = widths[0] > 0.85 * widths[1] and 0.9 < spread / max(1.0, widths[0]) < 1.1
    return bool(flat and widths[3] > 1.08 * widths[0] and widths[2] > 1.03 * widths[0])


def top_points(garment: Garment, outline: Outline) -> TopPoints:
    """Key points of a top or dress."""
    found = [_armpit(outline, side) for side in (0, 1)]
    sleeved = any(point is not None for point in found)
    armpits = _armpits(outline, found)
    shoulders = _paired([_above(outline, armpits[side], side) for side in (0, 1)], outline)
    sleeves = find_sleeves(outline, shoulders, armpits) if sleeved else None
    if sleeves is None:
        shoulders = _paired([_outer_corner(outline, armpits[side], side) for side in (0, 1)], outline)
    peaks = _paired([_collar_peak(outline, shoulders[side], side) for side in (0, 1)], outline)
    neckline = front_neckline(garment, outline, peaks, float(np.abs(shoulders[:, 0] - outline.axis_x).mean()))
    trunk = _trunk_rows(outline, float(armpits[:, 1].mean()))
    return TopPoints(outline.axis_x, neckline[[0, -1]], neckline, shoulders, armpits, trunk, sleeves, _waist(trunk))


def bottom_points(outline: Outline, kind: Kind) -> BottomPoints:
    """Key points of trousers or a skirt."""
    if kind is Kind.SKIRT:
        seat = _extents(outline, np.linspace(outline.top + 0.02 * outline.height, outline.bottom - 2, TRUNK_ROWS))
        return BottomPoints(outline.axis_x, seat, None, None)
    crotch_y = _crotch(outline)
    seat = _extents(outline, np.linspace(outline.top + 0.02 * outline.height, crotch_y, 5))
    levels = np.linspace(crotch_y + 0.02 * outline.height, outline.bottom - 0.025 * outline.height, LEG_ROWS)
    legs = [outline.legs_at(int(y)) for y in levels]
    sides = [np.array([(y, *leg[side]) for y, leg in zip(levels, legs, strict=True)]) for side in (0, 1)]
    return BottomPoints(outline.axis_x, seat, (outline.axis_x, crotch_y), (sides[0], sides[1]))


def _crotch(outline: Outline) -> float:
    """Row where daylight between the legs begins; a third of the height where the legs hide it."""
    rows = [y for y in range(int(outline.top + 0.15 * outline.height), int(outline.bottom)) if outline.gap_at(y)]
    lowest = outline.top + 0.62 * outline.height
    return float(min(rows)) if rows and min(rows) < lowest else float(outline.top + 0.33 * outline.height)


def _armpits(outline: Outline, found: list[tuple[float, float] | None]) -> Points:
    """Both armpits; what one side lacks is taken from the other's mirror image."""
    if found[0] is None and found[1] is None:
        bare = [_bare_armpit(outline, side) for side in (0, 1)]
        y = max(point[1] for point in bare)
        return _paired([(outline.extent_at(int(y))[side], y) for side in (0, 1)], outline)
    right, left = found
    right = right or (2 * outline.axis_x - left[0], left[1]) if left else right
    left = left or (2 * outline.axis_x - right[0], right[1]) if right else left
    return np.array([right, left], dtype=np.float64)


def _armpit(outline: Outline, side: int) -> tuple[float, float] | None:
    """Going up the side of the trunk: where the outline suddenly runs outwards, a sleeve begins."""
    step = max(2, round(0.012 * outline.height))
    edges = {y: outline.run_at(y)[side] for y in range(int(outline.top), int(outline.bottom), 1)}
    sign = 1.0 if side else -1.0
    first = int(outline.top + 0.62 * min(outline.height, 1.6 * outline.width))
    for y in range(first, int(outline.top + 0.08 * outline.height), -1):
        outwards = sign * (edges[max(int(outline.top), y - step)] - edges[y])
        beside = sign * (edges[y] - outline.axis_x) > 0.15 * outline.width
        if beside and outwards > ARMPIT_SLOPE * step and _runs_on(edges, y, sign, step, outline):
            return _top_of_slit(outline, edges[y], y, sign)
    return None


def _top_of_slit(outline: Outline, edge: float, y: int, sign: float) -> tuple[float, float]:
    """The armpit proper: as far up as daylight reaches between sleeve and trunk."""
    best = (edge, float(y))
    for step in range(1, max(2, round(0.04 * outline.width))):
        x = int(np.clip(edge + sign * step, 0, outline.mask.shape[1] - 1))
        column = outline.mask[: y + 1, x][::-1]
        free = int(column.argmax()) if column.any() else 0
        if y - free < best[1]:
            best = (float(x), float(y - free))
    return best


def _runs_on(edges: dict[int, float], y: int, sign: float, step: int, outline: Outline) -> bool:
    """A sleeve leaves the trunk by a real distance, not by a crease."""
    above = [sign * (edges[v] - edges[y]) for v in range(max(int(outline.top), y - 4 * step), y)]
    return max(above, default=0.0) > 0.05 * outline.width


def _bare_armpit(outline: Outline, side: int) -> tuple[float, float]:
    """Without sleeves: where the side edge, going up, turns in to the armhole; else a quarter down."""
    step = max(2, round(0.015 * outline.height))
    sign = 1.0 if side else -1.0
    left, right = outline.run_at(int(outline.top + 0.35 * outline.height))
    reach = min(outline.height, 2.2 * (right - left))
    for y in range(int(outline.top + 0.32 * reach), int(outline.top + 0.08 * reach), -1):
        inwards = sign * (outline.extent_at(y)[side] - outline.extent_at(y - step)[side])
        if inwards > 0.55 * step:
            return float(outline.extent_at(y)[side]), float(y)
    y = int(outline.top + 0.24 * reach)
    return float(outline.extent_at(y)[side]), float(y)


def _above(outline: Outline, armpit: Points, side: int) -> tuple[float, float]:
    """The shoulder point of a sleeved top: on the upper outline, a little inside of the armpit."""
    x = armpit[0] + (0.015 if side == 0 else -0.015) * outline.width
    return float(x), outline.top_at(x)


def _outer_corner(outline: Outline, armpit: Points, side: int) -> tuple[float, float]:
    """The shoulder point of a sleeveless top: the outer upper corner above the armpit."""
    ys, xs = np.nonzero(outline.mask[: int(armpit[1])])
    outwards = (xs - outline.axis_x) * (1.0 if side else -1.0)
    best = int(np.argmax(0.7 * outwards - ys - 1e3 * (outwards < 0)))
    return float(xs[best]), float(ys[best])


def _collar_peak(outline: Outline, shoulder: Points, side: int) -> tuple[float, float]:
    """Highest point of the upper outline between axis and shoulder."""
    near, far = outline.axis_x + 0.1 * (shoulder[0] - outline.axis_x), shoulder[0]
    xs = np.linspace(near, near + 0.97 * (far - near), 60)
    ys = np.array([outline.top_at(x) for x in xs])
    highest = ys <= ys.min() + 0.006 * outline.height
    best = int(np.nonzero(highest)[0][-1])
    return float(xs[best]), float(ys[best])


def _paired(points: list[tuple[float, float]], outline: Outline) -> Points:
    """Both sides as an array; nearly mirrored ones are mirrored exactly, which hides the noise of the outline."""
    pair = np.array(points, dtype=np.float64)
    out = np.abs(pair[:, 0] - outline.axis_x)
    limit = SYMMETRY_FRACTION * outline.width
    if abs(out[0] - out[1]) < limit and abs(pair[0, 1] - pair[1, 1]) < limit:
        pair[:, 0] = outline.axis_x + np.array([-1.0, 1.0]) * out.mean()
        pair[:, 1] = pair[:, 1].mean()
    return pair


def _rows(outline: Outline, levels: Points) -> Points:
    return np.array([(y, *outline.run_at(int(y))) for y in levels], dtype=np.float64)


def _extents(outline: Outline, levels: Points) -> Points:
    return np.array([(y, *outline.extent_at(int(y))) for y in levels], dtype=np.float64)


def _trunk_rows(outline: Outline, armpit_y: float) -> Points:
    left, right = outline.run_at(int(outline.top + 0.9 * outline.height))
    corners = [outline.bottom_at(x) for x in (left + 0.06 * (right - left), right - 0.06 * (right - left))]
    hem = max(min(corners) - 0.012 * outline.height, armpit_y + 0.1 * outline.height)
    return _rows(outline, np.linspace(armpit_y + 0.01 * outline.height, hem, TRUNK_ROWS))


def _waist(trunk: Points) -> float:
    """Narrowest of the upper trunk rows."""
    upper = trunk[: max(2, len(trunk) * 2 // 3)]
    return float(upper[int(np.argmin(upper[:, 2] - upper[:, 1])), 0])
