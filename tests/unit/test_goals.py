"""When a row of the benchmarks' table has reached its goal."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.common import Spread, percentile
from benchmarks.goals import AT_LEAST, Row


def row(ours: float, anchor: float | None = None, **wanted: Any) -> Row:
    return Row("P1", "a thing", "ms", Spread.of([ours]), "pool", Spread.of([anchor]) if anchor else None, **wanted)


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (row(20, 10, goal=3, stretch=2, limit=25, limit_stretch=15), "goal"),
        (row(14, 10, goal=3, stretch=2, limit=25, limit_stretch=15), "stretch"),
        (row(26, 10, goal=3, limit=25), "MISSED"),  # the ratio is good, the figure is not
        (row(24, 5, goal=3, limit=25), "MISSED"),  # the other way round
        (row(24, limit=25), "goal"),
        (row(10, 8, goal=1, sense=AT_LEAST), "goal"),
        (row(7, 8, goal=1, sense=AT_LEAST), "MISSED"),
        (row(12, 8, goal=1, stretch=1.5, sense=AT_LEAST), "stretch"),
        (row(12, 8), "-"),
        (row(12, goal=1), "-"),  # its anchor is not installed
    ],
)
def test_verdicts(measured: Row, verdict: str) -> None:
    assert measured.verdict == verdict
    assert verdict in measured.line()


def test_percentiles() -> None:
    assert percentile(list(range(100)), 0.95) == 95
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([1], 0.95) == 1
