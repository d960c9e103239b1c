"""The line of writers: order, what is done along, and who gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from shared.write_line import Place, WriteLine


class Scripted(Place):
    """Waits by doing something instead of sleeping."""

    def __init__(self, while_waiting: Callable[[], bool], *, joins: bool = False) -> None:
        super().__init__(joins=joins)
        self.while_waiting = while_waiting

    def wait(self, seconds: float = -1) -> bool:
        return self.while_waiting() if seconds >= 0 else super().wait()


@pytest.fixture
def line() -> WriteLine[Place]:
    """Somebody has the turn."""
    made: WriteLine[Place] = WriteLine()
    assert made.enter(Place(joins=False), 1)
    return made


def is_free(line: WriteLine[Place]) -> bool:
    return not line._taken


def waiting(line: WriteLine[Place], place: Place) -> threading.Thread:
    """A thread that waits for its turn, leaves at once, and notes that on the place."""
    before = len(line._waiting)

    def wait() -> None:
        if line.enter(place, 10):
            line.leave()

    thread = threading.Thread(target=wait)
    thread.start()
    while len(line._waiting) == before:
        time.sleep(0.001)
    return thread


def test_turns_go_by_the_time_of_coming(line: WriteLine[Place]) -> None:
    places = [Place(joins=False) for _ in range(3)]
    threads = [waiting(line, place) for place in places]
    assert list(line._waiting) == places
    line.leave()
    for thread in threads:
        thread.join(5)
    assert all(place.has_turn for place in places) and is_free(line)


def test_what_joins_is_taken_along_in_its_order_and_gets_no_turn(line: WriteLine[Place]) -> None:
    places = [Place(joins=joins) for joins in (True, False, True)]
    threads = [waiting(line, place) for place in places]
    assert line.take_along() == [places[0], places[2]]
    assert line.take_along() == []
    line.done([places[0], places[2]])
    line.leave()
    for thread in threads:
        thread.join(5)
    assert [place.has_turn for place in places] == [False, True, False] and is_free(line)


def test_who_waits_too_long_leaves_the_line(line: WriteLine[Place]) -> None:
    with pytest.raises(TimeoutError):
        line.enter(Place(joins=True), 0.01)
    assert line.take_along() == []
    line.leave()
    assert is_free(line)


def test_a_turn_at_the_last_moment_is_taken(line: WriteLine[Place]) -> None:
    def comes_too_late() -> bool:
        line.leave()
        return False

    assert line.enter(Scripted(comes_too_late), 1)
    line.leave()
    assert is_free(line)


def test_what_is_done_at_the_last_moment_counts_as_done(line: WriteLine[Place]) -> None:
    def is_done_too_late() -> bool:
        line.done(line.take_along())
        return False

    assert not line.enter(Scripted(is_done_too_late, joins=True), 1)


@pytest.mark.parametrize("has_turn", [False, True])
def test_an_interrupt_keeps_no_turn(line: WriteLine[Place], has_turn: bool) -> None:
    def interrupted() -> bool:
        if has_turn:
            line.leave()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line.enter(Scripted(interrupted), 1)
    if not has_turn:
        line.leave()
    assert is_free(line)


def test_an_interrupt_at_the_last_moment_keeps_no_turn(line: WriteLine[Place]) -> None:
    class Interrupted(Place):
        def wait(self, seconds: float = -1) -> bool:
            if seconds < 0:
                raise KeyboardInterrupt
            line.leave()
            return False

    with pytest.raises(KeyboardInterrupt):
        line.enter(Interrupted(joins=False), 1)
    assert is_free(line)
