"""Where the key points of a sleeve come to lie: from the seam down the arm to where the sleeve ends."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import SEAM_SHARES, STRETCH_TO_COVER, Fit
from shared.engines.preview.sleeves import SHARES, Sleeve

SLEEVE_TIGHTEST = 1.05  # by the arm's half width under it
SLEEVE_LOOSENESS = (1.08, 1.35)  # at the shoulder and from half the upper arm on
ARM_HALF = ((0.0, 0.14), (0.55, 0.11), (1.0, 0.075))  # usual half width along the arm, by shoulder width
FULL_SLEEVE = 0.80  # a sleeve that reaches so far down the arm is meant to end at the wrist
SLANT = 0.08  # a sleeve's end may be cut so far from square, by shoulder width

Points = NDArray[np.float64]


def sleeve_points(
    sleeve: Sleeve, side: int, figure: Figure, fit: Fit, shoulder: Points, armpit: Points
) -> tuple[Points, Points]:
    """The seam stays; the outer edge follows the arm from the shoulder, the inner edge from the armpit.

    On an arm that hangs the inner edge is the shorter one, in a packshot both are alike: so each has its own measure.
    """
    arm = figure.arms[side]
    outer, inner = _sleeve_spans(sleeve, side, figure, fit, shoulder, armpit)
    source, target = [], []
    for share in SEAM_SHARES:
        source.append((1 - share) * sleeve.outer[0] + share * sleeve.inner[0])
        target.append((1 - share) * shoulder + share * armpit)
    for index, share in enumerate(SHARES, start=1):
        half = float(np.hypot(*(sleeve.outer[index] - sleeve.inner[index]))) / 2 * fit.across
        source += [sleeve.outer[index], sleeve.inner[index]]
        at = outer[0] + share * (outer[1] - outer[0])
        target.append(arm.point_at(at) + arm.outer_normal(at) * _sleeve_half(figure, side, at, 1.0, half))
        at = inner[0] + share * (inner[1] - inner[0])
        target.append(_inner_target(side, at, (at - inner[0]) / (0.25 * figure.width), armpit, half, figure))
    return np.array(source), np.array(target)


def _inner_target(side: int, at: float, freed: float, armpit: Points, half: float, figure: Figure) -> Points:
    """A point of a sleeve's inner edge: from the armpit it comes gradually (`freed` 0..1) to the arm's own edge.

    Beside a trunk it ends at the trunk.
    """
    arm = figure.arms[side]
    start = -float((armpit - arm.point_at(arm.along(armpit))) @ arm.outer_normal(arm.along(armpit)))
    share = float(np.clip(freed, 0.0, 1.0))
    reach = (1 - share) * start + share * _sleeve_half(figure, side, at, -1.0, half)
    point = arm.point_at(at) - arm.outer_normal(at) * reach
    sign = 1.0 if side else -1.0
    if sign * (arm.point_at(at)[0] - armpit[0]) < 0.05 * figure.width:
        return np.asarray(point, dtype=np.float64)
    edge = sign * armpit[0] - 0.01 * figure.width
    if not figure.daylight(int(point[1]), armpit[0], float(arm.point_at(at)[0])):
        return np.array([sign * edge, point[1]])
    return np.array([sign * max(sign * point[0], edge), point[1]])


def around(points: Points, width: float) -> Points:
    """Convex hull of a sleeve's points with a little room for its end and its puff."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0, :].astype(np.float64)
    away = hull - hull.mean(axis=0)
    lengths = np.maximum(1e-6, np.hypot(away[:, 0], away[:, 1]))[:, None]
    return np.asarray(hull + away / lengths * 0.07 * width, dtype=np.float64)


def _sleeve_spans(
    sleeve: Sleeve, side: int, figure: Figure, fit: Fit, shoulder: Points, armpit: Points
) -> tuple[tuple[float, float], tuple[float, float]]:
    """From where to where (px along the arm from the shoulder joint) the outer and the inner edge run."""
    arm = figure.arms[side]
    begins = float(arm.along(shoulder)), float(arm.along(armpit))
    end = _sleeve_end(begins[0] + fit.along * sleeve.outer_length, side, figure)
    cut = fit.along * (sleeve.outer_length - sleeve.inner_length) - (begins[1] - begins[0])
    inner = float(np.clip(end - cut, end - SLANT * figure.width, end + SLANT * figure.width))
    return (begins[0], end), (begins[1], max(inner, begins[1] + 0.06 * figure.width))


def _sleeve_end(natural: float, side: int, figure: Figure) -> float:
    """Natural, but at the wrist for full sleeves, and a little longer where the worn sleeve would look out."""
    arm = figure.arms[side]
    if natural > FULL_SLEEVE * arm.length:
        return float(np.clip(natural, 0.95 * arm.length, 1.02 * arm.length))
    old = figure.old_sleeve_end(side)
    wanted = old + 0.04 * arm.upper
    return wanted if natural < wanted < STRETCH_TO_COVER * natural + 0.1 * arm.upper else natural


def _sleeve_half(figure: Figure, side: int, at: float, direction: float, natural: float) -> float:
    """Half width of a sleeve: natural, over the arm's silhouette, close-fitting at the shoulder."""
    arm = figure.arms[side]
    shares, halves = zip(*ARM_HALF, strict=True)
    usual = float(np.interp(at / arm.length, shares, halves)) * figure.width
    reach = arm.reach_across(figure.scene.alpha, at, direction, 0.24 * figure.width)
    body = reach if 0.5 * usual < reach < 1.75 * usual else usual
    loosest = float(np.interp(at / figure.width, (0.1, 0.5), SLEEVE_LOOSENESS))
    return float(np.clip(natural, SLEEVE_TIGHTEST * body + 1.0, loosest * body + 1.0))
