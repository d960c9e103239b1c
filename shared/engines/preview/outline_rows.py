"""The outline of a garment read row by row: runs, gaps, the middle axis."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Outline:
    """A garment's mask (H, W) with its box; answers per row and column, all in px of the picture."""

    def __init__(self, mask: Mask) -> None:
        rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
        self.mask = mask
        self.top, self.bottom = float(rows[0]), float(rows[-1])
        self.left, self.right = float(columns[0]), float(columns[-1])
        self._runs: dict[int, list[tuple[int, int]]] = {}

    @property
    def height(self) -> float:
        return self.bottom - self.top + 1

    @property
    def width(self) -> float:
        return self.right - self.left + 1

    @cached_property
    def axis_x(self) -> float:
        """The line of symmetry: median middle of the lower rows from outer edge to outer edge of the trunk."""
        middle = (self.left + self.right) / 2
        found = []
        for y in range(int(self.top + 0.35 * self.height), int(self.top + 0.95 * self.height), 3):
            runs = self.runs(y)
            if runs:
                start, end = min(runs, key=lambda run: max(run[0] - middle, middle - run[1]))
                found.append((start + end) / 2 if start <= middle <= end else middle)
        return float(np.median(found)) if found else middle

    @cached_property
    def tops(self) -> NDArray[np.float64]:
        """Highest row of every column; the box's bottom where there is none."""
        return np.where(self.mask.any(axis=0), self.mask.argmax(axis=0), self.bottom).astype(np.float64)

    def top_at(self, x: float) -> float:
        return float(self.tops[int(np.clip(round(x), self.left, self.right))])

    def bottom_at(self, x: float) -> float:
        column = self.mask[:, int(np.clip(round(x), self.left, self.right))]
        return float(len(column) - 1 - int(column[::-1].argmax())) if column.any() else self.bottom

    def runs(self, y: int) -> list[tuple[int, int]]:
        """Stretches (first, last px) of the garment in row `y`."""
        y = int(np.clip(y, 0, self.mask.shape[0] - 1))
        if y not in self._runs:
            steps = np.flatnonzero(np.diff(np.concatenate([[0], self.mask[y].astype(np.int8), [0]])))
            self._runs[y] = [(int(a), int(b) - 1) for a, b in zip(steps[::2], steps[1::2], strict=True)]
        return self._runs[y]

    def extent_at(self, y: int) -> tuple[float, float]:
        """From the first to the last pixel of row `y`."""
        runs = self.runs(y)
        return (float(runs[0][0]), float(runs[-1][1])) if runs else (self.axis_x, self.axis_x)

    def run_at(self, y: int) -> tuple[float, float]:
        """The run over the axis; where the axis is open (neck, between legs) from the widest run's start on its right
        to the end of the widest on its left: straps and body, not sleeves or specks of lace."""
        runs = self.runs(y)
        for start, end in runs:
            if start <= self.axis_x <= end:
                return float(start), float(end)
        before = [run for run in runs if run[1] < self.axis_x]
        after = [run for run in runs if run[0] > self.axis_x]
        if not runs:
            return self.axis_x, self.axis_x
        return float(max(before or after, key=_length)[0]), float(max(after or before, key=_length)[1])

    def gap_at(self, y: int) -> tuple[float, float] | None:
        """Daylight near the axis between two runs of similar width: between trouser legs."""
        runs = self.runs(y)
        reach = 0.12 * self.width
        for before, after in pairwise(runs):
            near = before[1] - reach < self.axis_x < after[0] + reach
            widths = sorted((before[1] - before[0] + 1, after[1] - after[0] + 1))
            if near and widths[0] > 0.45 * widths[1] and widths[0] > 0.08 * self.width:
                return float(before[1]), float(after[0])
        return None

    def legs_at(self, y: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """(outer, inner) edges of both legs in row `y`, wearer's right first, as (x left in picture, x right)."""
        runs = self.runs(y)
        first, last = (float(runs[0][0]), float(runs[-1][1])) if runs else (self.axis_x, self.axis_x)
        gap = self.gap_at(y) or (self.axis_x, self.axis_x + 1)
        return (first, gap[0]), (gap[1], last)


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]
