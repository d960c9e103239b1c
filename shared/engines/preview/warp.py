"""Smooth warps: a thin plate spline through pairs of points, evaluated backwards on a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GRID_PX = 6  # the spline is smooth: between grid points linear interpolation errs by far less than a pixel
STIFFNESS = 1e-4  # ridge of the spline by its scale: keeps nearly equal points from tearing the cloth

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """One piece of cloth. `alpha`: its soft mask in the garment picture; `source[i]` comes to lie on `target[i]`.

    `over_arms`: drawn over the bare arms (a sleeve), not under them (a trunk). `within`: polygon in the photo that the
    layer does not leave: beyond its points a spline may fold back and draw a part of the cloth twice.
    """

    name: str
    alpha: Floats
    source: Points
    target: Points
    over_arms: bool = False
    within: Points | None = None


@dataclass(frozen=True, slots=True)
class Cloth:
    """A warped layer in the frame of the photo: `rgb` (H, W, 3) uint8 and `alpha` (H, W) float32 0..1."""

    name: str
    rgb: Image
    alpha: Floats
    over_arms: bool


class Spline:
    """A thin plate spline from plane to plane, exact (but for STIFFNESS) at the given points."""

    def __init__(self, start: Points, end: Points) -> None:
        self._middle = start.mean(axis=0)
        self._scale = max(1e-6, float(np.abs(start - self._middle).max()))
        self._start = (start - self._middle) / self._scale
        count = len(start)
        bending = _bending(self._start, self._start) + STIFFNESS * np.eye(count)
        plane = np.hstack([np.ones((count, 1)), self._start])
        system = np.block([[bending, plane], [plane.T, np.zeros((3, 3))]])
        self._weights = np.linalg.lstsq(system, np.vstack([end, np.zeros((3, 2))]), rcond=None)[0]

    def __call__(self, points: Points) -> Points:
        """(n, 2) -> (n, 2)."""
        there = (points - self._middle) / self._scale
        plane = np.hstack([np.ones((len(there), 1)), there])
        basis = np.hstack([_bending(there, self._start), plane])
        return np.asarray(basis @ self._weights, dtype=np.float64)


def _bending(points: Points, centres: Points) -> Points:
    squared = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(squared * np.log(np.maximum(squared, 1e-12)) * 0.5, dtype=np.float64)


def warp(layer: Layer, rgb: Image, shape: tuple[int, int]) -> Cloth:
    """The layer as it lies on the person, in a frame of `shape` (height, width)."""
    left, top, right, bottom = _window(layer, shape)
    xs, ys = np.arange(left, right + GRID_PX, GRID_PX), np.arange(top, bottom + GRID_PX, GRID_PX)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).astype(np.float64)
    back = Spline(layer.target, layer.source)(grid.reshape(-1, 2)).reshape(*grid.shape).astype(np.float32)
    maps = _fine(back, right - left, bottom - top)
    colours = cv2.remap(rgb, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    covered = cv2.remap(layer.alpha, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    full_rgb = np.zeros((*shape, 3), dtype=np.uint8)
    full_alpha = np.zeros(shape, dtype=np.float32)
    full_rgb[top:bottom, left:right] = colours
    full_alpha[top:bottom, left:right] = covered
    if layer.within is not None:
        full_alpha *= _filled(layer.within, shape)
    return Cloth(layer.name, full_rgb, full_alpha, layer.over_arms)


def _filled(polygon: Points, shape: tuple[int, int]) -> Floats:
    """1 inside the polygon, 0 outside, soft over about 2 px."""
    canvas = np.zeros(shape, dtype=np.float32)
    cv2.fillPoly(canvas, [np.rint(polygon).astype(np.int32)], (1.0,))
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.2), dtype=np.float32)


def _fine(back: Floats, width: int, height: int) -> Floats:
    """The coarse backward map at every pixel: grid point i lies at pixel i * GRID_PX."""
    columns = np.arange(width, dtype=np.float32) / np.float32(GRID_PX)
    rows = np.arange(height, dtype=np.float32) / np.float32(GRID_PX)
    map_x = np.ascontiguousarray(np.broadcast_to(columns[None, :], (height, width)))
    map_y = np.ascontiguousarray(np.broadcast_to(rows[:, None], (height, width)))
    return np.asarray(cv2.remap(back, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _window(layer: Layer, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Box (left, top, right, bottom) that the layer can reach: its points and a fifth of their extent more."""
    low, high = layer.target.min(axis=0), layer.target.max(axis=0)
    margin = 0.2 * float((high - low).max()) + 4
    left, top = (int(max(0, value)) for value in low - margin)
    right, bottom = (int(min(limit, value)) for value, limit in zip(high + margin, (shape[1], shape[0]), strict=True))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def fitted(rgb: Image, scale: float) -> Image:
    """Blurred as much as shrinking by `scale` needs, so that stripes do not flicker in the warp."""
    if scale >= 0.85:
        return rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.42 * (1.0 / scale - 0.6)), dtype=np.uint8)
