"""The ground behind a person or a garment: a smooth colour fitted to the border of the picture.

A studio wall is rarely one colour: light falls off to the sides and a floor reflects. A quadratic in x and y for each
Lab channel follows that, while people, garments and street scenes stay far from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

RING_FRACTION = 0.025  # width of the border ring by the shorter side: narrow enough to miss a centred object
MAX_SAMPLES = 6000  # pixels that the fit looks at: three least-squares rounds take about 3 ms
ROUNDS = 4
START_LIMIT_LAB = 14.0  # first round: distance to the median colour that still counts as ground
INLIER_SD = 2.5  # later rounds: this many standard deviations,
INLIER_FLOOR_LAB = 4.0  # but never less than the noise and blocks of a JPEG,
INLIER_CEILING_LAB = 16.0  # and never so much that a street scene passes for a wall

PLAIN_ENOUGH = 0.72  # `Ground.plain` of a studio ground (measured: studio > .84, streets < .74,
PLAIN_SD_LAB = 3.0  # and those near .73 have a spread over 4.6)

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is behind the object.

    `plain`: share (0..1) of the border that the smooth ground explains; over about 0.72 it is a studio ground.
    `sd`: spread of those pixels around it in Lab units (clean studio < 3, street > 9).
    `distance`: (H, W) float32, Lab distance of every pixel to the ground.
    `plane`: (6, 3) coefficients of 1, x, y, x*x, x*y, y*y for L, a, b, where x and y run from -1 to 1.
    """

    plain: float
    sd: float
    distance: Floats
    plane: NDArray[np.float64]

    @property
    def is_plain(self) -> bool:
        """A studio ground: its colour may be used as knowledge."""
        return self.plain >= PLAIN_ENOUGH and self.sd <= PLAIN_SD_LAB

    def render(self) -> Image:
        """The ground alone, (H, W, 3) BGR uint8, as if nothing stood before it."""
        height, width = self.distance.shape
        bgr = cv2.cvtColor(_plane_colours(self.plane, height, width), cv2.COLOR_LAB2BGR)
        return np.asarray(np.clip(bgr * 255.0 + 0.5, 0, 255), dtype=np.uint8)

    def resized(self, height: int, width: int) -> Ground:
        """The same ground for the picture at another size."""
        if self.distance.shape == (height, width):
            return self
        distance = cv2.resize(self.distance, (width, height), interpolation=cv2.INTER_LINEAR)
        return replace(self, distance=np.asarray(distance, dtype=np.float32))


def fit_ground(bgr: Image, known_background: Mask | None = None) -> Ground:
    """Fit the ground to the border ring of `bgr` (H, W, 3 uint8), or to `known_background` (H, W) where given.

    Never fails: with no usable pixel the ring is taken, and a busy border gives a low `plain` and a high `sd`.
    """
    lab = to_lab(bgr)
    terms, colours = _samples(lab, known_background)
    plane, inliers, sd = _robust_plane(terms, colours)
    distance = _distance(lab, plane)
    return Ground(plain=float(np.mean(inliers)), sd=sd, distance=distance, plane=plane)


def to_lab(bgr: Image) -> Floats:
    """(H, W, 3) float32 CIE Lab: L 0..100, a and b about -127..127."""
    return np.asarray(cv2.cvtColor(bgr.astype(np.float32) / np.float32(255.0), cv2.COLOR_BGR2LAB), dtype=np.float32)


def disk(radius: float) -> Image:
    """A round structuring element; radius in px, at least 1."""
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


def border_ring(height: int, width: int, fraction: float = RING_FRACTION) -> Mask:
    """True on the frame of the picture, `fraction` of the shorter side wide, at least 2 px."""
    thickness = max(2, round(fraction * min(height, width)))
    ring = np.ones((height, width), dtype=np.bool_)
    ring[thickness : height - thickness, thickness : width - thickness] = False
    return ring


def _samples(lab: Floats, known: Mask | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Terms (N, 6) and colours (N, 3) of evenly chosen pixels."""
    height, width = lab.shape[:2]
    chosen = border_ring(height, width) if known is None or not known.any() else known
    ys, xs = np.nonzero(chosen)
    step = max(1, len(ys) // MAX_SAMPLES)
    ys, xs = ys[::step], xs[::step]
    terms = _terms(_axis(xs, width), _axis(ys, height))
    return terms, lab[ys, xs].astype(np.float64)


def _axis(positions: NDArray[np.intp], length: int) -> NDArray[np.float64]:
    return np.asarray(positions * (2.0 / max(1, length - 1)) - 1.0, dtype=np.float64)


def _terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1), dtype=np.float64)


def _robust_plane(terms: NDArray[np.float64], colours: NDArray[np.float64]) -> tuple[NDArray[np.float64], Mask, float]:
    """Least squares over the inliers, again and again: plane, inliers of the last round, their spread."""
    plane = np.zeros((6, 3))
    plane[0] = np.median(colours, axis=0)
    inliers = _residual(terms, colours, plane) <= START_LIMIT_LAB
    sd = START_LIMIT_LAB
    for _ in range(ROUNDS):
        if np.count_nonzero(inliers) < terms.shape[1] * 4:
            break
        plane = _least_squares(terms[inliers], colours[inliers])
        residual = _residual(terms, colours, plane)
        sd = float(np.sqrt(np.mean(residual[inliers] ** 2)))
        inliers = residual <= np.clip(INLIER_SD * sd, INLIER_FLOOR_LAB, INLIER_CEILING_LAB)
    return plane, inliers, sd


def _least_squares(terms: NDArray[np.float64], colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """By the normal equations: ten times as fast as `lstsq`, and good enough for six terms between -1 and 1."""
    ridge = 1e-9 * len(terms) * np.eye(terms.shape[1])  # samples in one row of pixels leave terms open
    return np.asarray(np.linalg.solve(terms.T @ terms + ridge, terms.T @ colours), dtype=np.float64)


def _residual(
    terms: NDArray[np.float64], colours: NDArray[np.float64], plane: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(colours - terms @ plane, axis=1), dtype=np.float64)


def _plane_colours(plane: NDArray[np.float64], height: int, width: int) -> Floats:
    """The plane over the whole picture, (H, W, 3) float32 Lab."""
    x = _axis(np.arange(width), width).astype(np.float32)[None, :]
    y = _axis(np.arange(height), height).astype(np.float32)[:, None]
    out = np.empty((height, width, 3), dtype=np.float32)
    for channel in range(3):
        one, in_x, in_y, in_xx, in_xy, in_yy = plane[:, channel].astype(np.float32)
        out[..., channel] = (one + in_x * x + in_xx * x * x) + (in_y * y + in_yy * y * y) + in_xy * (y * x)
    return out


def _distance(lab: Floats, plane: NDArray[np.float64]) -> Floats:
    height, width = lab.shape[:2]
    difference = lab - _plane_colours(plane, height, width)
    return np.asarray(np.sqrt(np.einsum("hwc,hwc->hw", difference, difference)), dtype=np.float32)
