"""The same thing at the same time is done once; everybody gets its result or its typed error."""

from __future__ import annotations

import threading

import pytest

from shared.errors import ExtractionError, InternalError
from shared.single_flight import SingleFlight


def outcomes(error: Exception | None) -> tuple[list[object], int]:
    """What a leader and a follower get, and how often the work was done."""
    flight: SingleFlight[str] = SingleFlight()
    begun, go = threading.Event(), threading.Event()
    found: list[object] = []
    done: list[int] = []

    def work() -> str:
        done.append(1)
        begun.set()
        go.wait(5)
        if error:
            raise error
        return "page"

    def ask() -> None:
        try:
            found.append(flight.do("key", work))
        except Exception as caught:
            found.append(type(caught))

    leader, follower = threading.Thread(target=ask), threading.Thread(target=ask)
    leader.start()
    assert begun.wait(5)
    follower.start()
    threading.Event().wait(0.1)
    go.set()
    leader.join(5)
    follower.join(5)
    return found, len(done)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, ["page", "page"]),
        (ExtractionError("no"), [ExtractionError, ExtractionError]),
        (KeyError("unforeseen"), [InternalError, KeyError]),
    ],
)
def test_leader_and_follower(error: Exception | None, expected: list[object]) -> None:
    found, count = outcomes(error)
    assert count == 1 and sorted(found, key=str) == sorted(expected, key=str)


def test_the_next_one_does_the_work_again() -> None:
    flight: SingleFlight[int] = SingleFlight()
    assert [flight.do("key", lambda number=number: number) for number in (1, 2)] == [1, 2]
