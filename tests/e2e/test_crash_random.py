"""Ten kills at random moments under load; `benchmarks/crash.py` does the same two hundred times."""

from __future__ import annotations

from pathlib import Path

from benchmarks.crash import run

KILLS = 10


def test_ten_kills_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    story = run(tmp_path, KILLS, longest_life=1.5)
    assert story.passed, story.table()
    assert story.kills == KILLS
    assert sum(len(told.accepted) for told in story.told) > KILLS, "there was load"
