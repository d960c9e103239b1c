"""An arm or a leg as a bent line with a width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Floats = NDArray[np.float32]


class Limb:
    """A line of three joints. `outwards`: +1 when the outer side is to the right in the picture, else -1."""

    def __init__(self, joints: Points, outwards: float) -> None:
        self.joints, self.outwards = joints, outwards
        parts = np.diff(joints, axis=0)
        self._lengths = np.maximum(1e-3, np.hypot(parts[:, 0], parts[:, 1]))
        self.upper = float(self._lengths[0])
        self.length = float(self._lengths.sum())

    def point_at(self, distance: float) -> Points:
        """The point `distance` px from the first joint along the line (continued straight beyond its ends)."""
        index = 0 if distance < self.upper else 1
        start = self.joints[index]
        along = (self.joints[index + 1] - start) / self._lengths[index]
        return np.asarray(start + along * (distance - index * self.upper), dtype=np.float64)

    def along(self, point: Points) -> float:
        """How far down the limb (px from its first joint) a point lies."""
        on_upper = float((point - self.joints[0]) @ (self.joints[1] - self.joints[0])) / self.upper
        lower = self.joints[2] - self.joints[1]
        on_lower = float((point - self.joints[1]) @ lower) / max(1e-6, self.length - self.upper)
        return self.upper + on_lower if on_upper > self.upper and on_lower > 0 else on_upper

    def outer_normal(self, distance: float) -> Points:
        """Unit vector across the limb, to its outer side; turned smoothly around the middle joint."""
        reach = 0.25 * self.upper
        along = self.point_at(distance + reach) - self.point_at(distance - reach)
        along /= max(1e-6, float(np.hypot(*along)))
        return np.array([along[1], -along[0]]) * self.outwards

    def box(self, end: float, margin: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns that the limb down to `end`, and `margin` px around it, reach in a picture of `shape`."""
        points = np.array([self.point_at(share * end) for share in (0.0, 0.5, 1.0)])
        low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
        left, top = (int(np.clip(value, 0, limit - 1)) for value, limit in zip(low, shape[1::-1], strict=True))
        right, bottom = (int(np.clip(value, 1, limit)) for value, limit in zip(high, shape[1::-1], strict=True))
        return np.s_[top : max(bottom, top + 1), left : max(right, left + 1)]

    def x_at(self, y: float) -> float | None:
        """Where the line crosses row `y`, None above or below it."""
        ys = self.joints[:, 1]
        for index in (0, 1):
            low, high = sorted((ys[index], ys[index + 1]))
            if low <= y <= high and high > low:
                share = (y - ys[index]) / (ys[index + 1] - ys[index])
                return float(self.joints[index, 0] + share * (self.joints[index + 1, 0] - self.joints[index, 0]))
        return None

    def reach_across(self, alpha: Floats, distance: float, direction: float, most: float) -> float:
        """How far the silhouette goes across the limb (direction +1 outer, -1 inner), at most `most` px."""
        start, normal = self.point_at(distance), self.outer_normal(distance) * direction
        steps = np.arange(0.0, most, 1.0)
        xs = np.clip(np.rint(start[0] + normal[0] * steps), 0, alpha.shape[1] - 1).astype(np.intp)
        ys = np.clip(np.rint(start[1] + normal[1] * steps), 0, alpha.shape[0] - 1).astype(np.intp)
        outside = alpha[ys, xs] < 0.5
        return float(np.argmax(outside)) if outside.any() else float(most)

    def coordinates(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        """For every pixel: distance along the limb from its first joint, and signed px across (positive outer)."""
        best_gap = np.full(xs.shape, np.inf, dtype=np.float32)
        along = np.zeros(xs.shape, dtype=np.float32)
        across = np.zeros(xs.shape, dtype=np.float32)
        for index in (0, 1):
            start = self.joints[index].astype(np.float32)
            unit = ((self.joints[index + 1] - self.joints[index]) / self._lengths[index]).astype(np.float32)
            t = (xs - start[0]) * unit[0] + (ys - start[1]) * unit[1]
            n = ((xs - start[0]) * unit[1] - (ys - start[1]) * unit[0]) * np.float32(self.outwards)
            length = np.float32(self._lengths[index])
            past = np.maximum(0, t - length) if index == 0 else np.maximum(0, -t)
            gap = np.hypot(n, past)
            nearer = gap < best_gap
            best_gap[nearer] = gap[nearer]
            along[nearer] = (t + np.float32(index * self.upper))[nearer]
            across[nearer] = n[nearer]
        return along, across
