"""Nothing is deleted because the wall clock is wrong for a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from features.tryon.retention import JumpWatch

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86400.0


@pytest.mark.parametrize(
    ("steps", "calm"),
    [
        ("60:60 60:60", "yes yes"),
        ("60:60 60:61 60:59", "yes yes yes"),
        ("60:DAY 60:60 60:60", "no no no"),
        ("60:DAY 3540:3540 60:60 60:60", "no no yes yes"),
        ("60:DAY 60:-DAY 60:60", "no yes yes"),
        ("60:DAY 60:60 60:DAY 3540:3540 60:60", "no no no no yes"),
        ("60:-DAY 60:60", "yes yes"),
        ("DAY:DAY 60:60", "yes yes"),
    ],
)
def test_after_a_jump_ahead_the_sweep_waits(steps: str, calm: str) -> None:
    """Each step: seconds that pass, and by how many the wall clock is moved on meanwhile."""
    passed, wall = 0.0, START
    watch = JumpWatch(lambda: wall, lambda: passed)
    seen = []
    for step in steps.replace("DAY", str(DAY)).split():
        real, shown = map(float, step.split(":"))
        passed, wall = passed + real, wall + timedelta(seconds=shown)
        seen.append("yes" if watch.is_calm() else "no")
    assert " ".join(seen) == calm
