"""Who is dead, who is silent: marks of processes and the watch over leases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.job_owners import Held, LeaseWatch, Life, ProcessMark

LEASE = 30.0


class Monotonic:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def marks(tmp_path: Path) -> Iterator[dict[str, ProcessMark]]:
    """`me`, another process that lives, and one that is gone: its file is there, and nobody holds its lock."""
    made = {name: ProcessMark(tmp_path) for name in ("me", "living", "dead")}
    made["dead"].close()
    yield made
    for mark in made.values():
        mark.close()


@pytest.fixture
def watch(marks: dict[str, ProcessMark], clock: Monotonic) -> LeaseWatch:
    return LeaseWatch(marks["me"], LEASE, clock)


def row(marks: dict[str, ProcessMark], owner: str, beat: str = "1") -> Held:
    return Held("job", marks[owner].owner if owner in marks else owner, beat)


def test_what_is_known_of_a_process(marks: dict[str, ProcessMark]) -> None:
    me = marks["me"]
    lives = {name: me.life(row(marks, name).owner) for name in ("me", "living", "dead", "stranger")}
    assert lives == {"me": Life.ALIVE, "living": Life.ALIVE, "dead": Life.DEAD, "stranger": Life.UNKNOWN}


def test_only_the_dead_are_buried(marks: dict[str, ProcessMark], tmp_path: Path) -> None:
    marks["me"].bury_all_dead()
    assert {path.name for path in tmp_path.iterdir()} == {marks["me"].owner, marks["living"].owner}


@pytest.mark.parametrize(
    ("owner", "runs_here", "at_once", "after_a_lease"),
    [
        ("dead", False, True, True),
        ("living", False, False, False),
        ("me", True, False, False),
        ("me", False, False, True),
        ("stranger", False, False, True),
    ],
)
def test_whose_rows_are_taken_back_and_when(
    watch: LeaseWatch,
    marks: dict[str, ProcessMark],
    clock: Monotonic,
    owner: str,
    runs_here: bool,
    at_once: bool,
    after_a_lease: bool,
) -> None:
    held = row(marks, owner)
    running = {"job"} if runs_here else set()
    assert (watch.orphans([held], running) == [held]) is at_once
    clock.now += LEASE - 1
    assert (watch.orphans([held], running) == [held]) is at_once
    clock.now += 1
    assert (watch.orphans([held], running) == [held]) is after_a_lease


@pytest.mark.parametrize("seen_between", [True, False], ids=["renewed", "gone and back"])
def test_silence_is_counted_anew_after_a_sign_of_life(
    watch: LeaseWatch, marks: dict[str, ProcessMark], clock: Monotonic, seen_between: bool
) -> None:
    watch.orphans([row(marks, "stranger", "1")], set())
    clock.now += LEASE - 1
    watch.orphans([row(marks, "stranger", "2")] if seen_between else [], set())
    clock.now += 1
    again = row(marks, "stranger", "2" if seen_between else "1")
    assert watch.orphans([again], set()) == []
    clock.now += LEASE
    assert watch.orphans([again], set()) == [again]


@pytest.mark.parametrize("beat", ["1970-01-01T00:00:00.000000Z", "9999-01-01T00:00:00.000000Z"])
def test_the_time_of_day_decides_nothing(
    watch: LeaseWatch, marks: dict[str, ProcessMark], clock: Monotonic, beat: str
) -> None:
    """However long ago or far ahead a lease ends by the wall clock: it may have jumped."""
    living, stranger, dead = (row(marks, name, beat) for name in ("living", "stranger", "dead"))
    assert watch.orphans([living, stranger, dead], set()) == [dead]
    clock.now += LEASE
    assert watch.orphans([living, stranger, dead], set()) == [stranger, dead]
