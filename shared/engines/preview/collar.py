"""The front neckline of a top. A packshot also shows the inside of the back collar; on a person the neck is there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import to_lab
from shared.engines.preview.garment import Garment
from shared.engines.preview.outline_rows import Outline

CURVE_POINTS = 33
TRIM = 3  # points at both ends, where the edge meets the outline, prove nothing
WIDTHS = (0.7, 0.8, 0.9, 1.0, 1.12, 1.25, 1.4)  # of the neckline by the distance of the collar's highest points
# Exponent of the curve (1 is a V, 2 a round neck, more is a boat neck), and how far under the outline its ends lie.
ENDS = ((1.0, 0.0), (1.4, 0.0), (2.0, 0.0), (2.0, 0.1), (2.8, 0.0), (2.8, 0.1), (4.0, 0.05))
BELOW = 24  # px around all curves
MAX_DEPTH = 0.75  # by the distance of the collar peaks
OPEN_NECK = 0.22  # an outline that dips so far between the peaks is itself the neckline (straps, V of a camisole)
MIN_STEP_LAB = 4.0  # weaker edges are folds of the cloth, not the border between inside and front
STEP_CEILING_LAB = 25.0  # more contrast proves no more
MOTTLED = 0.2  # a curve that runs along an edge has fewer colours under it than one that crosses stripes
BAND_LAB = 3.3  # under a front's edge is a band of one colour (varying by less than this), or the chest's colours;
MIXED, STRANGE = 3.0, 1.2  # what is neither, as the shaded inside of a striped collar, counts so much against a curve,
STRANGE_CEILING = 8.0  # and at most so much
INSIDE, INSIDE_CEILING = 0.7, 10.0  # above it are other colours than the chest's: along a stripe there are not
CHEST = (0.25, 0.55)  # rows of the chest, by the garment's height; its columns reach to half the shoulders
COLOUR_STEP_LAB, COLOUR_SHARE = 10.0, 0.01  # the chest's colours: so coarse, and each with this share of it
REFINE_REACH = 0.07  # how far, by the neckline's width, single points may move to the true edge
REFINE_PENALTY = 0.5  # Lab per px of that move

Points = NDArray[np.float64]
Lab = NDArray[np.float32]


def front_neckline(garment: Garment, outline: Outline, peaks: Points, shoulder_half: float) -> Points:
    """(n, 2) points along the upper edge of the front, from side to side.

    The curve of a family (width, depth, roundness) under which the colour changes most evenly; the outline itself
    between the collar's `peaks` where no inside is visible. `shoulder_half`: px from axis to shoulder, the bound.
    """
    upper = _upper_edge(outline, peaks)
    span = float(peaks[1, 0] - peaks[0, 0])
    chord = peaks[0, 1] + np.linspace(0.0, 1.0, CURVE_POINTS) * (peaks[1, 1] - peaks[0, 1])
    if garment.worn or span < 0.04 * outline.width or float((upper[:, 1] - chord).max()) > OPEN_NECK * span:
        return upper
    lab = np.asarray(
        cv2.GaussianBlur(to_lab(np.ascontiguousarray(garment.rgb[..., ::-1])), (3, 3), 0), dtype=np.float32
    )
    curves = _family(outline, peaks, shoulder_half)
    strange = _strangeness(lab, outline, curves, shoulder_half)
    scores = _scores(lab, strange, outline, curves, reach=max(2.0, 0.02 * span))
    best = int(np.argmax(scores))
    if scores[best] <= MIN_STEP_LAB:
        return upper
    refined = _refined(lab, curves[best], span)
    contour = np.array([outline.top_at(x) for x in refined[:, 0]])
    return np.stack([refined[:, 0], np.maximum(refined[:, 1], contour)], axis=1)


def _upper_edge(outline: Outline, peaks: Points) -> Points:
    xs = np.linspace(peaks[0, 0], peaks[1, 0], CURVE_POINTS)
    return np.stack([xs, [outline.top_at(x) for x in xs]], axis=1).astype(np.float64)


def _family(outline: Outline, peaks: Points, shoulder_half: float) -> Points:
    """(N, CURVE_POINTS, 2): the curves that come into question."""
    t = np.linspace(-1.0, 1.0, CURVE_POINTS)
    middle = float(peaks[:, 0].mean())
    found = []
    for width in WIDTHS:
        half = min(width * float(peaks[1, 0] - peaks[0, 0]) / 2, 0.85 * shoulder_half)
        ends = [outline.top_at(middle - half), outline.top_at(middle + half)]
        chord = ends[0] + (t + 1) / 2 * (ends[1] - ends[0])
        for depth in np.arange(0.06, MAX_DEPTH, 0.025) * 2 * half:
            for shape, drop in ENDS:
                ys = chord + drop * half + depth * (1 - np.abs(t) ** shape)
                found.append(np.stack([middle + t * half, ys], axis=1))
    return np.array(found)


def _strangeness(lab: Lab, outline: Outline, curves: Points, shoulder_half: float) -> Lab:
    """(H, W) distance (Lab) of every pixel around the curves to the nearest colour of the chest; 0 elsewhere."""
    low, high = (int(outline.top + share * outline.height) for share in CHEST)
    middle = float(curves[..., 0].mean())
    columns = slice(max(0, round(middle - shoulder_half / 2)), round(middle + shoulder_half / 2))
    chest = lab[low:high, columns][outline.mask[low:high, columns]]
    found = np.zeros(lab.shape[:2], dtype=np.float32)
    if len(chest) == 0:
        return found
    colours = _main_colours(chest[:: 1 + len(chest) // 4000])
    left, top, right, bottom = (int(edge) for edge in (*curves.min(axis=(0, 1)), *curves.max(axis=(0, 1))))
    box = np.s_[max(0, top - BELOW) : bottom + BELOW, max(0, left - BELOW) : right + BELOW]
    nearest = np.min([np.square(lab[box] - colour).sum(axis=2) for colour in colours], axis=0)
    found[box] = np.sqrt(nearest)
    return found


def _main_colours(pixels: Lab) -> list[Lab]:
    """Mean colours of the well-filled cells of a coarse grid."""
    _, cells = np.unique(np.rint(pixels / COLOUR_STEP_LAB), axis=0, return_inverse=True)
    groups = [pixels[cells.ravel() == cell] for cell in range(int(cells.max()) + 1)]
    return [group.mean(axis=0) for group in groups if len(group) >= COLOUR_SHARE * len(pixels)]


def _scores(lab: Lab, strange: Lab, outline: Outline, curves: Points, reach: float) -> Points:
    """How evenly the colour changes across every curve (Lab); 0 for one that leaves the garment or is lit inside."""
    normal = _normals(curves)[:, TRIM:-TRIM]
    inner = curves[:, TRIM:-TRIM]
    above, below = _pixels(inner - reach * normal, lab), _pixels(inner + reach * normal, lab)
    inside = (outline.mask[above].mean(axis=1) > 0.8) & (outline.mask[below].mean(axis=1) > 0.97)
    step = np.minimum(np.linalg.norm(lab[above] - lab[below], axis=2), STEP_CEILING_LAB)
    shaded = (lab[below][..., 0] - lab[above][..., 0]).mean(axis=1) > -4.0
    further = _pixels(inner + 3.0 * reach * normal, lab)
    mottled = np.minimum(np.linalg.norm(lab[below].std(axis=1), axis=1), STEP_CEILING_LAB)
    odd = STRANGE * 0.5 * (strange[below].mean(axis=1) + strange[further].mean(axis=1))
    neither = np.minimum(np.minimum(MIXED * np.maximum(mottled - BAND_LAB, 0.0), odd), STRANGE_CEILING)
    other = INSIDE * (np.minimum(strange[above], INSIDE_CEILING) - INSIDE_CEILING).mean(axis=1)
    clear = 0.5 * step.mean(axis=1) + 0.5 * np.quantile(step, 0.2, axis=1) - MOTTLED * mottled - neither + other
    return np.asarray(clear * inside * shaded)


def _refined(lab: Lab, curve: Points, span: float) -> Points:
    """Every point moved across the curve to the strongest edge nearby, neighbours moving alike."""
    reach = max(2, round(REFINE_REACH * span))
    normal = _normals(curve[None])[0]
    offsets = np.arange(-reach, reach + 1)
    steps = []
    for offset in offsets:
        centre = curve + offset * normal
        above, below = _pixels(centre - 1.5 * normal, lab), _pixels(centre + 1.5 * normal, lab)
        steps.append(np.linalg.norm(lab[above] - lab[below], axis=1) - REFINE_PENALTY * abs(int(offset)))
    along = cv2.GaussianBlur(np.array(steps, dtype=np.float32), (7, 1), 1.5, borderType=cv2.BORDER_REPLICATE)
    moved = offsets[np.argmax(along, axis=0)].astype(np.float32)
    calm = cv2.GaussianBlur(cv2.medianBlur(moved[None, :], 5), (7, 1), 1.5, borderType=cv2.BORDER_REPLICATE)[0]
    return np.asarray(curve + calm[:, None] * normal, dtype=np.float64)


def _normals(curves: Points) -> Points:
    """Unit vectors across the curves (N, n, 2), pointing down the garment."""
    tangent = np.gradient(curves, axis=1)
    normal = np.stack([-tangent[..., 1], tangent[..., 0]], axis=-1)
    return np.asarray(normal / np.maximum(1e-6, np.linalg.norm(normal, axis=-1, keepdims=True)), dtype=np.float64)


def _pixels(points: Points, lab: Lab) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    xs = np.clip(np.rint(points[..., 0]), 0, lab.shape[1] - 1).astype(np.intp)
    ys = np.clip(np.rint(points[..., 1]), 0, lab.shape[0] - 1).astype(np.intp)
    return ys, xs
