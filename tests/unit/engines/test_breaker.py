"""The circuit breaker by itself, on a clock that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from shared.engines.breaker import LONGEST_ASKED_SECONDS, LONGEST_PAUSE_SECONDS, CircuitBreaker, CircuitState, Permit

MODEL, OTHER = "painter-1", "painter-2"
CLOSED, HALF_OPEN, OPEN = CircuitState.CLOSED, CircuitState.HALF_OPEN, CircuitState.OPEN


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(3, 30.0, clock=clock)


def admitted(breaker: CircuitBreaker, model: str = MODEL) -> Permit:
    permit = breaker.admit(model)
    assert permit is not None
    return permit


def state(breaker: CircuitBreaker, model: str = MODEL) -> CircuitState:
    return breaker.states([model])[model]


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        admitted(breaker).failed()


def test_failures_in_a_row_open_it_and_no_others(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    admitted(breaker).succeeded()
    fail(breaker, 2)
    assert state(breaker) is CLOSED
    fail(breaker)
    assert (state(breaker), breaker.admit(MODEL)) == (OPEN, None)
    assert state(breaker, OTHER) is CLOSED and breaker.admit(OTHER) is not None


def test_one_is_enough_for_some_failures(breaker: CircuitBreaker) -> None:
    admitted(breaker).failed(at_once=True)
    assert state(breaker) is OPEN


def test_after_the_pause_one_probe_passes_and_its_success_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 29.9
    assert breaker.admit(MODEL) is None
    clock.now += 0.2
    assert state(breaker) is HALF_OPEN
    probe = admitted(breaker)
    assert [breaker.admit(MODEL) for _ in range(3)] == [None, None, None]
    assert state(breaker) is HALF_OPEN
    probe.succeeded()
    assert state(breaker) is CLOSED
    fail(breaker, 2)
    assert state(breaker) is CLOSED, "it counts from the start again"


def test_pauses_double_up_to_ten_minutes_and_begin_anew_after_a_success(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    pauses = []
    for _ in range(8):
        pauses.append(breaker.pause_seconds([MODEL]))
        clock.now += pauses[-1]
        admitted(breaker).failed()
    assert pauses == [30, 60, 120, 240, 480, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
    clock.now += LONGEST_PAUSE_SECONDS
    admitted(breaker).succeeded()
    fail(breaker, 3)
    assert breaker.pause_seconds([MODEL]) == 30


@pytest.mark.parametrize(("asked", "pause"), [(None, 30), (4.0, 30), (90.0, 90), (36000.0, LONGEST_ASKED_SECONDS)])
def test_a_provider_can_ask_for_a_longer_pause_only(breaker: CircuitBreaker, asked: float | None, pause: float) -> None:
    admitted(breaker).failed(at_once=True, pause_seconds=asked)
    assert breaker.pause_seconds([MODEL]) == pause


@pytest.mark.parametrize("leave", [lambda permit: permit.abandoned(), lambda permit: permit.__exit__(None, None, None)])
def test_a_probe_without_a_verdict_frees_its_place(
    breaker: CircuitBreaker, clock: Clock, leave: Callable[[Permit], None]
) -> None:
    fail(breaker, 3)
    clock.now += 30
    leave(admitted(breaker))
    assert state(breaker) is HALF_OPEN
    admitted(breaker).succeeded()
    assert state(breaker) is CLOSED


def test_an_error_in_the_block_frees_the_place_and_a_verdict_stays(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    with pytest.raises(RuntimeError), admitted(breaker):
        raise RuntimeError("unforeseen")
    with admitted(breaker) as probe:
        probe.succeeded()
        probe.failed(at_once=True)
    assert state(breaker) is CLOSED


@pytest.mark.parametrize("late", ["succeeded", "failed", "abandoned"])
def test_reports_from_before_it_opened_count_for_nothing(breaker: CircuitBreaker, clock: Clock, late: str) -> None:
    stragglers = [admitted(breaker) for _ in range(5)]
    fail(breaker, 3)
    clock.now += 30
    probe = admitted(breaker)
    for permit in stragglers:
        getattr(permit, late)()
    assert (state(breaker), breaker.admit(MODEL)) == (HALF_OPEN, None), "the probe keeps its place"
    assert breaker.pause_seconds([MODEL]) == 0
    probe.failed()
    assert breaker.pause_seconds([MODEL]) == 60


def test_what_concerns_all_models_opens_the_others_as_well(breaker: CircuitBreaker, clock: Clock) -> None:
    admitted(breaker).failed(at_once=True, pause_seconds=90)
    clock.now += 10
    breaker.trip([MODEL, OTHER])
    assert list(breaker.states([MODEL, OTHER]).values()) == [OPEN, OPEN]
    assert (breaker.pause_seconds([MODEL]), breaker.pause_seconds([MODEL, OTHER])) == (80, 30)


def test_switched_off_it_never_opens(clock: Clock) -> None:
    breaker = CircuitBreaker(0, 30.0, clock=clock)
    for _ in range(20):
        admitted(breaker).failed(at_once=True)
    breaker.trip([MODEL])
    assert state(breaker) is CLOSED


def test_of_many_threads_one_gets_the_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    start, got = threading.Barrier(16), []

    def ask() -> None:
        start.wait()
        got.append(breaker.admit(MODEL))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([permit for permit in got if permit]) == 1
