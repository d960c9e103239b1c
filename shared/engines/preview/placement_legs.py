"""Where the key points of trousers and skirts come to lie on a person: from the waist over the seat down the legs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import COVER, LOOSEST_SKIRT, STRETCH_TO_COVER, Placed
from shared.engines.preview.garment import Garment
from shared.engines.preview.keypoints import BottomPoints
from shared.engines.preview.placement_sleeves import around
from shared.engines.preview.warp import Layer

TIGHT_SEAT, LOOSEST_SEAT = 1.012, 1.06  # natural width of the seat by the silhouette's
LOOSEST_LEG = 1.9
TAPER = 0.9  # a leg may curve in by so much against a straight line from its widest row to its end
DRAPE = 0.75  # exponent: cloth that lies wide on a table falls narrower around a leg
LONG_LEG = 0.84  # legs of natural length over this share of crotch to ankle are meant to end at the ankle
SCALE_BY_LENGTH = (0.8, 1.06)  # how much wider or narrower than long trousers may become
UNDER_TOP = 0.06  # the waist goes so far under a top that hangs over it, by shoulder width
WAISTBAND = 0.25  # by shoulder width, below the top's hem
MIDDLE_OVERLAP_PX = 3.0

Points = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Hang:
    """How a bottom hangs: scale and rows of waist, crotch (or hips) and end."""

    scale: float
    waist_y: float
    crotch_y: float
    end_y: float


def place_bottom(garment: Garment, points: BottomPoints, figure: Figure) -> Placed:
    """Trousers or a skirt on the figure."""
    if points.legs is None or points.crotch is None:
        return _place_skirt(garment, points, figure)
    hang = _hang(points, points.crotch[1], points.legs, figure)
    layers = tuple(_leg_layer(side, garment, points, points.legs[side], hang, figure) for side in (0, 1))
    return Placed(layers, hang.scale, None, hang.end_y)


def _hang(points: BottomPoints, crotch_y: float, legs: tuple[Points, Points], figure: Figure) -> _Hang:
    crotch = figure.crotch_y + 0.015 * figure.width
    ankle = (figure.ankle_y(0) + figure.ankle_y(1)) / 2
    leg_length = float(legs[0][-1, 0]) - crotch_y
    scale = _seat_scale(points, figure)
    end = _leg_end(crotch + scale * leg_length, crotch, ankle, figure)
    by_length = (end - crotch) / max(1.0, leg_length)
    scale = float(np.clip(scale, SCALE_BY_LENGTH[0] * by_length, SCALE_BY_LENGTH[1] * by_length))
    return _Hang(scale, _waist_row(figure, crotch - scale * (crotch_y - float(points.seat[0, 0]))), crotch, end)


def _seat_scale(points: BottomPoints, figure: Figure) -> float:
    seat = points.seat[-2]
    row = figure.hip_y + 0.75 * (figure.crotch_y - figure.hip_y)
    body = figure.seat_half(1, row) + figure.seat_half(0, row)
    return COVER * body / max(1.0, float(seat[2] - seat[1]))


def _leg_end(natural: float, crotch: float, ankle: float, figure: Figure) -> float:
    """Long trousers end at the ankle and over the old hem; shorter ones where they end, or a little later."""
    old = figure.lower_bottom()
    if natural - crotch > LONG_LEG * (ankle - crotch):
        return float(max(ankle - 0.02 * figure.width, min(old or 0.0, ankle + 0.2 * figure.width)) + 2)
    if old is not None and natural < old < crotch + STRETCH_TO_COVER * (natural - crotch):
        return old + 0.02 * figure.width
    return natural


def _waist_row(figure: Figure, natural: float) -> float:
    """Row of the waistband: natural, under a top that hangs over it, and not below the old waistband."""
    low, high = figure.shoulder_y + 0.5 * figure.torso, figure.hip_y + 0.05 * figure.width
    row = float(np.clip(natural, low, high))
    old = figure.lower_top()
    return float(np.clip(min(row, old - UNDER_TOP * figure.width), low, high)) if old is not None else row


def _leg_layer(side: int, garment: Garment, points: BottomPoints, leg: Points, hang: _Hang, figure: Figure) -> Layer:
    """One half of the trousers: outer edge from waist to end, inner edge along the middle and down the leg."""
    seat = _seat_points(side, points, hang, figure)
    first = float(points.crotch[1]) if points.crotch else float(leg[0, 0])
    last = float(leg[-1, 0])
    source, target = list(seat[0]), list(seat[1])
    outer, inner = (1, 2) if side == 0 else (2, 1)
    levels = hang.crotch_y + (leg[:, 0] - first) / max(1.0, last - first) * (hang.end_y - hang.crotch_y)
    widths = np.abs(leg[:, 2] - leg[:, 1]) * hang.scale
    edges = np.array([_leg_target(side, y, width, hang, figure) for y, width in zip(levels, widths, strict=True)])
    edges = without_bulge(edges, levels, np.array([figure.leg_x(side, y) for y in levels]))
    for index, (row, y, edge) in enumerate(zip(leg, levels, edges, strict=True)):
        source.append((row[outer], row[0]))
        target.append((edge[0], y))
        if index:  # the first row's inner edge is the crotch, which the seat brings
            source.append((row[inner], row[0]))
            target.append((edge[1], y))
    alpha, targets = _half_alpha(garment.alpha, points.axis_x, side), np.array(target)
    return Layer(f"leg_{side}", alpha, np.array(source), targets, within=around(targets, figure.width))


def without_bulge(edges: Points, levels: Points, axis: Points) -> Points:
    """Edges (n, 2) whose distance from the leg's `axis` falls evenly below its widest row: over wide shorts trousers
    would blow up at the thigh and shrink again."""
    offset = edges - axis[:, None]
    for column in (0, 1):
        away = np.abs(offset[:, column])
        peak = int(np.argmax(away))
        line = TAPER * np.interp(levels, [levels[peak], levels[-1]], [away[peak], away[-1]])
        wider = np.maximum(1.0, line / np.maximum(1.0, away))
        offset[peak + 1 :, column] *= wider[peak + 1 :]
    return np.asarray(axis[:, None] + offset, dtype=np.float64)


def _seat_points(
    side: int, points: BottomPoints, hang: _Hang, figure: Figure
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Rows from waist to crotch: this side's edge and the middle."""
    source: list[tuple[float, float]] = []
    target: list[tuple[float, float]] = []
    first, last = float(points.seat[0, 0]), float(points.seat[-1, 0])
    for y, *edges in points.seat:
        row = hang.waist_y + (y - first) / max(1.0, last - first) * (hang.crotch_y - hang.waist_y)
        centre = figure.centre_x(row)
        half = _seat_half(side, row, abs(edges[side] - points.axis_x) * hang.scale, figure)
        source += [(edges[side], y), (points.axis_x, y)]
        target += [(centre + (half if side else -half), row), (centre, row)]
    return source, target


def _seat_half(side: int, row: float, natural: float, figure: Figure) -> float:
    body = figure.seat_half(side, row)
    top = figure.lower_top()
    below = 1.0 if top is None else float(np.clip((row - top) / (WAISTBAND * figure.width), 0.0, 1.0))
    if below < 1.0:  # where a top ends over it, the waist is no wider than the body
        body = min(body, figure.body_half(side, row))
    tightest = TIGHT_SEAT * body + 1.0
    return float(np.clip(natural, tightest, max(tightest, (1.0 + below * (LOOSEST_SEAT - 1.0)) * body + 1.0)))


def _leg_target(side: int, y: float, natural: float, hang: _Hang, figure: Figure) -> tuple[float, float]:
    """(outer, inner) x of one leg: over the silhouette, natural beyond it, without closing the gap between the legs."""
    left, right = figure.leg_edges(side, y)
    body = right - left
    tight = COVER * body + 2.0
    width = tight * float(np.clip(natural / tight, 1.0, LOOSEST_LEG)) ** DRAPE
    spare = (width - body) / 2
    middle = figure.centre_x(y)
    fade = float(np.clip((y - hang.crotch_y) / (0.25 * figure.width), 0.0, 1.0))
    gap = 0.012 * figure.width * fade
    if side == 0:
        return left - spare, min(right + spare, middle - gap)
    return right + spare, max(left - spare, middle + gap)


def _half_alpha(alpha: Floats, axis_x: float, side: int) -> Floats:
    """This leg's half of the garment, a few px over the middle so that the halves join without a slit."""
    xs = np.arange(alpha.shape[1], dtype=np.float32)[None, :]
    beyond = (xs - axis_x) * (1.0 if side else -1.0)
    return np.asarray(alpha * np.clip((beyond + MIDDLE_OVERLAP_PX) / 2.0, 0.0, 1.0), dtype=np.float32)


def _place_skirt(garment: Garment, points: BottomPoints, figure: Figure) -> Placed:
    """A skirt keeps its own length and flare below the hips."""
    waist = points.seat[0]
    row = _waist_row(figure, figure.waist_y + 0.1 * figure.width)
    body = figure.edge(1, row) - figure.edge(0, row)
    scale = COVER * 1.02 * body / max(1.0, float(waist[2] - waist[1]))
    first, last = float(waist[0]), float(points.seat[-1, 0])
    ankle = min(figure.ankle_y(0), figure.ankle_y(1))
    end = float(np.clip(row + scale * (last - first), figure.crotch_y + 0.1 * figure.width, ankle))
    source, target = [], []
    for y, *edges in points.seat:
        at = row + (y - first) / max(1.0, last - first) * (end - row)
        centre = figure.centre_x(at)
        halves = [_skirt_half(side, at, abs(edges[side] - points.axis_x) * scale, figure) for side in (0, 1)]
        source += [(edges[0], y), (points.axis_x, y), (edges[1], y)]
        target += [(centre - halves[0], at), (centre, at), (centre + halves[1], at)]
    return Placed((Layer("skirt", garment.alpha, np.array(source), np.array(target)),), scale, None, end)


def _skirt_half(side: int, row: float, natural: float, figure: Figure) -> float:
    centre = figure.centre_x(row)
    body = abs(figure.edge(side, row) - centre)
    if row > figure.hip_y:
        body = abs(figure.leg_edges(side, row)[side] - centre)
    return float(np.clip(natural, COVER * body + 1.0, LOOSEST_SKIRT * body))
