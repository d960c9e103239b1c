"""How the content of one picture lies in another: sizes and shifts per axis, found by corners that both show.

Clothes are exchanged between the two, so most points may disagree; the largest set that agrees on one transform wins.
Everything is seeded: the same pictures give the same figures in every process.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_CORNERS = 900
CORNER_THRESHOLD = 6  # of FAST; studio photos are calm, street photos fill MAX_CORNERS at any threshold
PYRAMID_STEP, PYRAMID_LEVELS = 1.15, 6
MAX_HAMMING = 60  # of 256 bits; same corners after JPEG differ by less than 40, strangers by 70 and more
TRIALS = 500
AGREE_PX = 2.5  # at the working size, while searching; REFINED_PX after tracking
REFINED_PX = 2.0
REFINED_SHARE = 0.008  # of the shorter side: on a narrow strip 2 px are a stretch
MIN_AGREEING = 8
MIN_BASE = 0.08  # of the picture's longer side: two points closer together say nothing about scale
SCALE_RANGE = (0.6, 1.6)
TRACKED = 250
NOISE_PX2, USUAL_SCALE2 = 0.5, 0.03**2  # variances: of a tracked corner (px), and of the scale before anything was seen
SURE_SHARE = 0.2  # of the tracked corners, of which clothes hide half: so many agree only when they are right
UNMOVED = np.array([1.0, 0.0, 1.0, 0.0])
SEED = 20261121

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A point (x, y) of the first picture lies at (scale_x * x + shift_x, scale_y * y + shift_y) in the second.

    `shift_*` in shares of the width and height. `agreeing`: how many corners say so.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    agreeing: int = 0

    def matrix(self, width: int, height: int) -> NDArray[np.float64]:
        """First to second, in pixels of pictures of this size."""
        # Pixel centres lie at half numbers: a change of scale moves the origin by half a pixel's worth.
        x = self.shift_x * width + 0.5 * (self.scale_x - 1.0)
        y = self.shift_y * height + 0.5 * (self.scale_y - 1.0)
        return np.array([[self.scale_x, 0.0, x], [0.0, self.scale_y, y]])

    def centre_shift(self) -> tuple[float, float]:
        """How far the middle of the picture moved, in shares of width and height."""
        return self.shift_x + 0.5 * (self.scale_x - 1.0), self.shift_y + 0.5 * (self.scale_y - 1.0)


@dataclass(frozen=True, slots=True)
class Corners:
    """What is remembered of the first picture: those of its corners that are easily followed."""

    grey: Grey
    tracked: Points


def find_corners(grey: Grey) -> Corners:
    found = cv2.goodFeaturesToTrack(grey, TRACKED, 0.004, 5)
    tracked = np.zeros((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)
    return Corners(grey, tracked)


def align(first: Corners, grey: Grey) -> Alignment | None:
    """None when too little of the first picture is found again. `grey`: of the same size as the first."""
    refined = _refined(first, grey, UNMOVED)
    if refined is None or refined[1] < SURE_SHARE * len(first.tracked):  # else all is where it was
        coarse = _coarse(first.grey, grey)
        refined = refined if coarse is None else _refined(first, grey, coarse)
    if refined is None:
        return None
    (scale_x, x, scale_y, y), agreeing = refined
    height, width = grey.shape
    x, y = x - 0.5 * (scale_x - 1.0), y - 0.5 * (scale_y - 1.0)
    return Alignment(float(scale_x), float(scale_y), float(x / width), float(y / height), agreeing)


def _described(grey: Grey) -> tuple[Points, NDArray[np.uint8]]:
    finder = cv2.ORB.create(
        MAX_CORNERS, PYRAMID_STEP, PYRAMID_LEVELS, edgeThreshold=12, patchSize=25, fastThreshold=CORNER_THRESHOLD
    )
    corners, descriptors = finder.detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
    return np.array([corner.pt for corner in corners], dtype=np.float32), np.asarray(descriptors, dtype=np.uint8)


def _coarse(first: Grey, grey: Grey) -> NDArray[np.float64] | None:
    """For what moved further than can be followed."""
    (known, signs), (points, descriptors) = _described(first), _described(grey)
    if len(points) < MIN_AGREEING or len(known) < MIN_AGREEING:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(signs, descriptors)
    pairs = [(match.queryIdx, match.trainIdx) for match in matches if match.distance <= MAX_HAMMING]
    if len(pairs) < MIN_AGREEING:
        return None
    here, there = known[[pair[0] for pair in pairs]], points[[pair[1] for pair in pairs]]
    found = _agreement(here, there, AGREE_PX, grey.shape)
    return found[0] if found is not None else None


def _refined(first: Corners, grey: Grey, guess: NDArray[np.float64]) -> tuple[NDArray[np.float64], int] | None:
    """Track the first picture's best corners from where the guess puts them, and let them vote again."""
    if len(first.tracked) < MIN_AGREEING:
        return None
    start = (first.tracked * guess[[0, 2]] + guess[[1, 3]]).astype(np.float32)
    flags = cv2.OPTFLOW_USE_INITIAL_FLOW
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        first.grey, grey, first.tracked[:, None], start[:, None].copy(), winSize=(13, 13), maxLevel=2, flags=flags
    )
    kept = seen.ravel() == 1
    if np.count_nonzero(kept) < MIN_AGREEING:
        return None
    tolerance = min(REFINED_PX, REFINED_SHARE * min(grey.shape))
    return _agreement(first.tracked[kept], there.reshape(-1, 2)[kept], tolerance, grey.shape)


def _agreement(
    here: Points, there: Points, tolerance: float, shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], int] | None:
    """The transform (scale x, shift x, scale y, shift y) that most pairs agree on, and how many do."""
    models = _proposals(here, there, MIN_BASE * max(shape))
    if len(models) == 0:
        return None
    errors_x = np.abs(models[:, 0:1] * here[:, 0] + models[:, 1:2] - there[:, 0])
    errors_y = np.abs(models[:, 2:3] * here[:, 1] + models[:, 3:4] - there[:, 1])
    agree = (errors_x < tolerance) & (errors_y < tolerance)
    best = agree[int(agree.sum(axis=1).argmax())]
    for _ in range(3):
        if np.count_nonzero(best) < MIN_AGREEING:
            return None
        model = np.concatenate([_line(here[best, axis], there[best, axis]) for axis in (0, 1)])
        gap = np.abs(here * model[[0, 2]] + model[[1, 3]] - there).max(axis=1)
        best = gap < tolerance
    count = int(np.count_nonzero(best))
    return (model, count) if count >= MIN_AGREEING else None


def _proposals(here: Points, there: Points, base: float) -> NDArray[np.float64]:
    """Transforms of random pairs of corners."""
    pairs = np.random.default_rng(SEED).integers(0, len(here), (TRIALS, 2))
    spread = (here[pairs[:, 1]] - here[pairs[:, 0]]).astype(np.float64)
    moved = (there[pairs[:, 1]] - there[pairs[:, 0]]).astype(np.float64)
    usable = (np.abs(spread) > base / 2).all(axis=1)
    scale = moved[usable] / spread[usable]
    shift = there[pairs[usable, 0]] - scale * here[pairs[usable, 0]]
    models = np.column_stack([scale[:, 0], shift[:, 0], scale[:, 1], shift[:, 1]])
    return np.asarray(models[((scale > SCALE_RANGE[0]) & (scale < SCALE_RANGE[1])).all(axis=1)])


def _line(here: Points, there: Points) -> NDArray[np.float64]:
    """Least squares of there = scale * here + shift; few points close together leave the scale near 1."""
    middle, deviation = float(here.mean()), here - here.mean()
    scale = 1.0 + float((deviation * (there - here)).sum()) / (float((deviation**2).sum()) + NOISE_PX2 / USUAL_SCALE2)
    return np.array([scale, float(there.mean()) - scale * middle])
