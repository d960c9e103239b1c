"""The parts that waits are made of: places, wake-ups, whether a client is there, and what it prefers."""

from __future__ import annotations

import socket

import pytest

from features.tryon.wait_request import preferred_wait
from features.tryon.waiting import JobChanges, WaitRoom
from shared.hang_up import has_hung_up


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=7", 7),
        ("WAIT = 7", 7),
        ('wait="7"', 7),
        ("respond-async, wait=7; foo=bar", 7),
        ("wait=7, wait=50", 7),
        ("wait=600", 60),
        ("wait=0", 0),
        ('return=minimal; note="a, wait=9", wait=7', 7),
        (r'note="\", wait=9", wait=7', 7),
        ("wait", None),
        ("wait=", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=soon, wait=7", None),
        ("wait=99999999999999999999", None),
        ("wait=٧", None),
        ("awaiting=7", None),
        (',,;=,"', None),
        ('note="open, wait=7', None),
        pytest.param('wait=7, note="' + 4000 * '\\"', 7, id="long"),
    ],
)
def test_preferences_are_read_as_their_standard_says(header: str | None, seconds: int | None) -> None:
    assert preferred_wait(header) == seconds


def test_a_place_is_left_once() -> None:
    room = WaitRoom(1)
    place = room.enter()
    assert place is not None and room.enter() is None
    place.leave()
    place.leave()
    assert room.free == 1
    with pytest.raises(KeyError), room.enter():  # type: ignore[union-attr]
        raise KeyError
    assert room.free == 1


def test_only_those_who_wait_for_the_job_are_woken() -> None:
    changes = JobChanges()
    with changes.watch("a") as first, changes.watch("a") as second, changes.watch("b") as other:
        changes.changed("a")
        changes.changed("nobody waits for this one")
        assert [watch.wait(0) for watch in (first, second, other)] == [True, True, False]
        changes.close()
        assert changes.closed and [watch.wait(0) for watch in (first, second, other)] == [True, True, True]


def test_a_wake_up_before_the_wait_counts() -> None:
    changes = JobChanges()
    with changes.watch("a") as watch:
        changes.changed("a")
        assert watch.wait(600) and not watch.wait(0)


def test_whether_a_client_is_still_there() -> None:
    ours, theirs = socket.socketpair()
    environ = {"gunicorn.socket": ours}
    assert not has_hung_up(environ)
    theirs.send(b"GET /next")
    assert not has_hung_up(environ) and ours.recv(20) == b"GET /next"
    theirs.close()
    assert has_hung_up(environ)
    ours.close()
    assert has_hung_up(environ)


@pytest.mark.parametrize("told", [True, False])
def test_waitress_tells_by_itself(told: bool) -> None:
    assert has_hung_up({"waitress.client_disconnected": lambda: told}) is told
    assert has_hung_up({}) is False
