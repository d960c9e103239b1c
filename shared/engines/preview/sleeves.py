"""The sleeves of a garment: which part of its outline they are, and their outer and inner edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.outline_rows import Outline

SHARES = (0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)  # of an edge's length, where key points are set
CAP_LENGTH = 0.32  # by the distance of the armpits: shorter ones are wide straps, drawn with the trunk
END_TURN = 0.8  # how far a corner of the sleeve's end lies to the side, against how far out

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sleeve:
    """`outer`, `inner`: (n, 2), the edges from the seam (shoulder, armpit) to the end, at 0 and SHARES of their length.

    `outer_length`, `inner_length`: of those edges, in px of the garment picture.
    """

    outer: Points
    inner: Points
    outer_length: float
    inner_length: float


def find_sleeves(outline: Outline, shoulders: Points, armpits: Points) -> tuple[Sleeve, Sleeve] | None:
    """Both sleeves (wearer's right first), None for a cut without sleeves or with caps only."""
    masks = [sleeve_mask(outline, shoulders[side], armpits[side], side) for side in (0, 1)]
    found = [_sleeve(mask, shoulders[side], armpits[side]) for side, mask in enumerate(masks)]
    right, left = found
    if right is None or left is None:
        return None
    chest = float(armpits[1, 0] - armpits[0, 0])
    reach = min(_reach(sleeve) for sleeve in (right, left))
    return None if reach < CAP_LENGTH * chest else (right, left)


def _reach(sleeve: Sleeve) -> float:
    start, end = ((sleeve.outer[i] + sleeve.inner[i]) / 2 for i in (0, -1))
    return float(np.hypot(*(end - start)))


def sleeve_mask(outline: Outline, shoulder: Points, armpit: Points, side: int) -> Mask:
    """The part of the outline beyond the seam line: the piece at the seam, without the trunk below the armpit."""
    ys, xs = np.mgrid[0 : outline.mask.shape[0], 0 : outline.mask.shape[1]]
    beyond = outline.mask & (seam_distance(xs, ys, shoulder, armpit, side) > 0)
    for y in range(int(armpit[1]) + 2, int(outline.bottom) + 1):
        first, last = outline.run_at(y)
        beyond[y, int(first) : int(last) + 1] = False
    _, labels = cv2.connectedComponents(beyond.astype(np.uint8))
    middle = (shoulder + armpit) / 2
    x = int(np.clip(middle[0] + (4 if side else -4), 0, beyond.shape[1] - 1))
    label = labels[int(np.clip(middle[1], 0, beyond.shape[0] - 1)), x]
    return np.asarray((labels == label) & (label > 0), dtype=np.bool_)


def seam_distance(xs: NDArray[np.int64], ys: NDArray[np.int64], shoulder: Points, armpit: Points, side: int) -> Points:
    """Signed px distance from the seam line, positive on the sleeve's side."""
    along = (armpit - shoulder) / max(1e-6, float(np.hypot(*(armpit - shoulder))))
    normal = np.array([-along[1], along[0]]) * (-1.0 if side else 1.0)
    return np.asarray((xs - shoulder[0]) * normal[0] + (ys - shoulder[1]) * normal[1], dtype=np.float64)


def _sleeve(mask: Mask, shoulder: Points, armpit: Points) -> Sleeve | None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=len)[:, 0, :].astype(np.float64)
    if len(contour) < 40:
        return None
    outer_end, inner_end = _end_corners(contour, shoulder, armpit)
    outer, outer_length = _edge(contour, shoulder, outer_end, avoid=inner_end)
    inner, inner_length = _edge(contour, armpit, inner_end, avoid=outer_end)
    return Sleeve(np.vstack([shoulder, outer]), np.vstack([armpit, inner]), outer_length, inner_length)


def _end_corners(contour: Points, shoulder: Points, armpit: Points) -> tuple[int, int]:
    """Indices of the end's outer and inner corner: furthest out and to the one or the other side."""
    start = (shoulder + armpit) / 2
    distance = (contour - start) @ _unit(contour.mean(axis=0) - start)
    direction = _unit(contour[distance > np.quantile(distance, 0.85)].mean(axis=0) - start)
    normal = np.array([-direction[1], direction[0]])
    normal = normal if float(normal @ (shoulder - armpit)) > 0 else -normal
    along, across = (contour - start) @ direction, (contour - start) @ normal
    return int(np.argmax(along + END_TURN * across)), int(np.argmax(along - END_TURN * across))


def _edge(contour: Points, start: Points, end: int, avoid: int) -> tuple[Points, float]:
    """Points at SHARES along the contour from near `start` to index `end`, the way that does not pass `avoid`."""
    count = len(contour)
    begin = int(np.argmin(np.hypot(*(contour - start).T)))
    forward = (np.arange(0, (end - begin) % count + 1) + begin) % count
    backward = (begin - np.arange(0, (begin - end) % count + 1)) % count
    path = contour[backward if avoid in forward[:-1] else forward]
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    wanted = np.array(SHARES) * steps[-1]
    points = np.stack([np.interp(wanted, steps, path[:, axis]) for axis in (0, 1)], axis=1)
    return points, float(steps[-1])


def _unit(vector: Points) -> Points:
    return np.asarray(vector / max(1e-6, float(np.hypot(*vector))), dtype=np.float64)
