"""Where every key point of a top or dress comes to lie on a person. Trousers and skirts: `placement_legs`.

The garment keeps its own proportions as far as the body allows; its outline is drawn out to the silhouette where the
old clothes would show otherwise. All factors are by shoulder width, torso length or the garment's own size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.figure import SEAM_OUTWARDS, Figure
from shared.engines.preview.fit import COVER, LOOSEST_SKIRT, SEAM_SHARES, STRETCH_TO_COVER, Fit, Placed
from shared.engines.preview.garment import Garment
from shared.engines.preview.keypoints import Kind, TopPoints
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.placement_sleeves import around, sleeve_points
from shared.engines.preview.sleeves import seam_distance, sleeve_mask
from shared.engines.preview.warp import Layer

NECK_ROOM = 1.03  # a collar is at least that much wider than the neck
DEEP_NECK = 0.5  # by the height from armpit to shoulder
LOOSEST_TRUNK = 1.30  # a top's natural width is taken up to this much over the silhouette
TOP_LENGTH = (0.72, 1.22)  # of a top, shoulders to hem by shoulders to hips
COAT_LENGTH = (0.72, 2.6)
SEAM_OVERLAP_PX, SEAM_FEATHER_PX = 4.0, 3.0
SLEEVELESS_OUTWARDS = 0.14  # cap sleeves reach out at most so far from the joint, by shoulder width

Points = NDArray[np.float64]
Floats = NDArray[np.float32]


def place_top(
    garment: Garment, outline: Outline, points: TopPoints, figure: Figure, kind: Kind, *, over: bool = False
) -> Placed:
    """A top or a dress on the figure. `over`: a coat, which may reach down to the calves."""
    shoulders = _shoulder_targets(points, figure)
    fit = _fit(points, figure, shoulders, kind, COAT_LENGTH if over else TOP_LENGTH)
    neckline = _neckline_target(points, figure, shoulders, fit)
    trunk_source, trunk_target = _trunk_points(points, figure, fit, kind)
    top_source, top_target = _upper_points(outline, points, figure, shoulders, neckline)
    armpits = _armpit_targets(points, figure, fit, kind)
    seams = _seam_points(points, shoulders, armpits)
    source = np.vstack([trunk_source, top_source, seams[0]])
    target = np.vstack([trunk_target, top_target, seams[1]])
    trunk_alpha, sleeve_alphas = _split(garment, outline, points)
    layers = [Layer("trunk", trunk_alpha, source, target)]
    ends: list[float] = []
    if points.sleeves is not None:
        for side, sleeve in enumerate(points.sleeves):
            pair = sleeve_points(sleeve, side, figure, fit, shoulders[side], armpits[side])
            ends.append(float(figure.arms[side].along((pair[1][-1] + pair[1][-2]) / 2)))
            layers.append(
                Layer(
                    f"sleeve_{side}", sleeve_alphas[side], *pair, over_arms=True, within=around(pair[1], figure.width)
                )
            )
    return Placed(
        tuple(layers), fit.across, neckline, float(fit.photo_levels[-1]), (ends[0], ends[1]) if ends else None
    )


def _shoulder_targets(points: TopPoints, figure: Figure) -> Points:
    """Seams a little outside of the joints; without sleeves as far out as the cut says."""
    middle = figure.centre_x(figure.shoulder_y)
    reach = np.abs(figure.shoulders[:, 0] - middle)
    out = reach + SEAM_OUTWARDS * figure.width
    if points.sleeves is None:
        chest = np.array([abs(figure.edge(side, figure.armpits[side, 1]) - middle) for side in (0, 1)])
        cut = np.abs(points.shoulders[:, 0] - points.axis_x) / np.maximum(1.0, _half_at_armpit(points))
        out = np.clip(cut * chest, 0.45 * reach, reach + SLEEVELESS_OUTWARDS * figure.width)
    xs = middle + out * np.array([-1.0, 1.0])
    ys = [figure.shoulder_top(x) - 0.012 * figure.width for x in xs]
    return np.stack([xs, ys], axis=1)


def _half_at_armpit(points: TopPoints) -> Points:
    return np.abs(points.trunk[0, 1:] - points.axis_x)


def _fit(points: TopPoints, figure: Figure, shoulders: Points, kind: Kind, lengths: tuple[float, float]) -> Fit:
    chest_y = float(figure.armpits[:, 1].mean())
    chest = figure.edge(1, chest_y) - figure.edge(0, chest_y)
    by_chest = COVER * 1.03 * chest / max(1.0, float(points.trunk[0, 2] - points.trunk[0, 1]))
    by_seam = float(shoulders[1, 0] - shoulders[0, 0]) / max(
        1.0, float(points.shoulders[1, 0] - points.shoulders[0, 0])
    )
    scale = 0.5 * (by_chest + by_seam) if points.sleeves is not None else by_chest
    garment_levels = [float(points.shoulders[:, 1].mean()), float(points.armpits[:, 1].mean())]
    armpit_y = garment_levels[1] - garment_levels[0]
    top = float(shoulders[:, 1].mean())
    photo_levels = [
        top,
        float(np.clip(top + scale * armpit_y, chest_y - 0.03 * figure.width, chest_y + 0.1 * figure.width)),
    ]
    if kind is Kind.DRESS:
        garment_levels.append(max(points.waist_y, garment_levels[1] + 2))
        photo_levels.append(max(figure.waist_y, photo_levels[1] + 0.15 * figure.width))
    garment_levels.append(float(points.trunk[-1, 0]))
    natural = photo_levels[-1] + scale * (float(points.trunk[-1, 0]) - garment_levels[-2])
    photo_levels.append(_hem(figure, kind, natural, photo_levels[0], lengths))
    return Fit(
        by_chest, scale, _skirt_scale(points, figure, by_chest), np.array(garment_levels), np.array(photo_levels)
    )


def _skirt_scale(points: TopPoints, figure: Figure, by_chest: float) -> float:
    """A skirt hangs from the waist: it flares by its own cut from the width that the waist needs."""
    row = int(np.argmin(np.abs(points.trunk[:, 0] - points.waist_y)))
    body = figure.edge(1, figure.waist_y) - figure.edge(0, figure.waist_y)
    return max(by_chest, COVER * body / max(1.0, float(points.trunk[row, 2] - points.trunk[row, 1])))


def _hem(figure: Figure, kind: Kind, natural: float, shoulder: float, lengths: tuple[float, float]) -> float:
    """Photo row of the hem: natural length within what suits the body, drawn out a little to hide the old hem."""
    if kind is Kind.DRESS:
        ankle = min(figure.ankle_y(0), figure.ankle_y(1))
        return float(np.clip(natural, figure.crotch_y + 0.12 * figure.width, ankle))
    low, high = (shoulder + share * figure.torso for share in lengths)
    hem = float(np.clip(natural, low, high))
    old = figure.lower_top()
    if old is not None and hem < old + 0.03 * figure.width:
        wanted = old + 0.03 * figure.width
        hem = wanted if wanted - shoulder < STRETCH_TO_COVER * (hem - shoulder) else hem
    return hem


def _neckline_target(points: TopPoints, figure: Figure, shoulders: Points, fit: Fit) -> Points:
    """The collar around this neck: never narrower than it, its ends on the shoulder line."""
    middle = figure.centre_x(figure.shoulder_y)
    natural = fit.across * float(points.peaks[1, 0] - points.peaks[0, 0]) / 2
    reach = abs(shoulders[1, 0] - middle)
    if points.sleeves is None:  # straps: the neckline ends where the shoulders' width says
        natural = (
            reach
            * float(points.peaks[1, 0] - points.peaks[0, 0])
            / float(points.shoulders[1, 0] - points.shoulders[0, 0])
        )
    half = float(np.clip(natural, NECK_ROOM * figure.neck_half, (0.86 if points.sleeves else 0.97) * reach))
    t = np.linspace(-1.0, 1.0, len(points.neckline))
    ends = [max(figure.shoulder_top(middle + sign * half), figure.neck_y) - 0.012 * figure.width for sign in (-1, 1)]
    chord = points.peaks[0, 1] + (t + 1) / 2 * (points.peaks[1, 1] - points.peaks[0, 1])
    source_half = max(1.0, float(points.peaks[1, 0] - points.peaks[0, 0]) / 2)
    depth = (points.neckline[:, 1] - chord) * 0.5 * (fit.along + half / source_half)
    if points.sleeves is None and float(depth.max()) > DEEP_NECK * (fit.photo_levels[1] - fit.photo_levels[0]):
        rows = np.array([fit.row(float(y)) for y in points.neckline[:, 1]])  # an open neck goes down with the trunk
        depth = np.maximum(rows - fit.row(float(chord.mean())), 0.0)
    return np.stack([middle + t * half, ends[0] + (t + 1) / 2 * (ends[1] - ends[0]) + depth], axis=1)


def _trunk_points(points: TopPoints, figure: Figure, fit: Fit, kind: Kind) -> tuple[Points, Points]:
    """Edges and middle of the trunk rows; the first row's edges are the armpits, which come with the seams."""
    source, target = [], []
    for index, (y, right, left) in enumerate(points.trunk):
        row = fit.row(y)
        halves = [
            _trunk_half(side, row, abs(x - points.axis_x), figure, fit, kind) for side, x in ((0, right), (1, left))
        ]
        centre = figure.centre_x(row)
        source.append((points.axis_x, y))
        target.append((centre + (halves[1] - halves[0]) / 2, row))
        if index:
            source += [(right, y), (left, y)]
            target += [(centre - halves[0], row), (centre + halves[1], row)]
    return np.array(source), np.array(target)


def _trunk_half(side: int, row: float, garment_half: float, figure: Figure, fit: Fit, kind: Kind) -> float:
    """Half width of the cloth in a photo row: natural, but over the silhouette and not beyond what looks worn."""
    centre = figure.centre_x(row)
    body = abs(figure.edge(side, row) - centre)
    skirt = kind is Kind.DRESS and row > figure.waist_y + 0.02 * figure.width
    across = fit.skirt if skirt else fit.across
    if skirt and row > figure.hip_y:
        body = max(body if row < figure.crotch_y else 0.0, _leg_half(figure, side, row))
    loosest = LOOSEST_SKIRT if skirt else LOOSEST_TRUNK
    return float(np.clip(across * garment_half, COVER * body + 1.0, loosest * body + 2.0))


def _leg_half(figure: Figure, side: int, row: float) -> float:
    edges = figure.leg_edges(side, row)
    return abs(edges[side] - figure.centre_x(row))


def _upper_points(
    outline: Outline, points: TopPoints, figure: Figure, shoulders: Points, neckline: Points
) -> tuple[Points, Points]:
    """Collar and the shoulder edges between collar and seam."""
    picks = np.linspace(0, len(neckline) - 1, 9).round().astype(int)
    source, target = [points.neckline[picks]], [neckline[picks]]
    for side in (0, 1):
        for share in (0.1, 0.33, 0.66):
            x = points.peaks[side, 0] + share * (points.shoulders[side, 0] - points.peaks[side, 0])
            end = neckline[-1 if side else 0]
            to_x = end[0] + share * (shoulders[side, 0] - end[0])
            source.append(np.array([[x, outline.top_at(x)]]))
            line = figure.shoulder_top(to_x) - 0.012 * figure.width
            target.append(np.array([[to_x, max(line, end[1])]]))  # hair on the shoulders must not lift the cloth
    return np.vstack(source), np.vstack(target)


def _armpit_targets(points: TopPoints, figure: Figure, fit: Fit, kind: Kind) -> Points:
    found = []
    for side, (x, y) in enumerate(points.armpits):
        row = fit.row(float(y))
        half = _trunk_half(side, row, abs(x - points.axis_x), figure, fit, kind)
        found.append((figure.centre_x(row) + (half if side else -half), row))
    return np.array(found, dtype=np.float64)


def _seam_points(points: TopPoints, shoulders: Points, armpits: Points) -> tuple[Points, Points]:
    """Shoulder, armpit and two points of the seam between them on both sides: shared by trunk and sleeves."""
    source, target = [], []
    for side in (0, 1):
        for share in SEAM_SHARES:
            source.append((1 - share) * points.shoulders[side] + share * points.armpits[side])
            target.append((1 - share) * shoulders[side] + share * armpits[side])
    return np.array(source), np.array(target)


def _split(garment: Garment, outline: Outline, points: TopPoints) -> tuple[Floats, list[Floats]]:
    """Soft masks of trunk and sleeves that overlap a little at the seams; the inside of the back collar cut away."""
    alpha = garment.alpha * _front_only(garment.alpha.shape, points.neckline)
    if points.sleeves is None:
        return alpha, []
    ys, xs = np.mgrid[0 : alpha.shape[0], 0 : alpha.shape[1]]
    trunk, sleeves = alpha.copy(), []
    for side in (0, 1):
        shoulder, armpit = points.shoulders[side], points.armpits[side]
        beyond = seam_distance(xs, ys, shoulder, armpit, side)
        own = _near(sleeve_mask(outline, shoulder, armpit, side))
        trunk *= np.where(own, np.clip((SEAM_OVERLAP_PX - beyond) / SEAM_FEATHER_PX + 1.0, 0.0, 1.0), 1.0).astype(
            np.float32
        )
        ramp = np.clip((beyond + SEAM_OVERLAP_PX) / SEAM_FEATHER_PX, 0.0, 1.0)
        sleeves.append(np.where(own, alpha * ramp, 0.0).astype(np.float32))
    return trunk, sleeves


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and some px around it: a soft outline lies outside of a hard one."""
    size = int(2 * SEAM_OVERLAP_PX + 3)
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((size, size), dtype=np.uint8))
    return np.asarray(grown > 0, dtype=np.bool_)


def _front_only(shape: tuple[int, ...], neckline: Points) -> Floats:
    """0 above the front's upper edge between the collar peaks, 1 elsewhere, soft over 2 px."""
    xs = np.arange(shape[1], dtype=np.float64)
    span = 0.3 * float(neckline[-1, 0] - neckline[0, 0])
    rise = np.array([span, 0.9 * span])  # beyond its ends the cut runs up and out of the collar
    corner = np.array([0.15 * span, 0.0])  # the inside's corners reach a little further out than the curve
    ends = [neckline[0] - corner, neckline[-1] + corner]
    line = np.vstack([ends[0] - rise, ends[0], neckline[1:-1], ends[1], ends[1] + rise * [1.0, -1.0]])
    edge = np.interp(xs, line[:, 0], line[:, 1], left=-1e6, right=-1e6)
    ys = np.arange(shape[0], dtype=np.float64)[:, None]
    return np.asarray(np.clip((ys - edge[None, :]) / 2.0 + 0.5, 0.0, 1.0), dtype=np.float32)
