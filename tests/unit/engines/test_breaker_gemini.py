"""The circuit breaker in the Gemini engine, against the protocol fake: what opens it, and who goes where then."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest

from shared.engines.base import Deadline
from shared.engines.breaker import CircuitBreaker, CircuitState
from shared.engines.fake_gemini import FakeGemini, Rule
from shared.engines.gemini import GeminiEngine
from shared.engines.models import DEFAULT_MODELS
from shared.errors import BecauseFutureError, ContentBlockedError, ExternalServiceError, JobCancelledError
from tests.unit.engines.engine_parts import CappedLedger, SteppedDeadline, gemini, wanted

FIRST, SECOND, THIRD = DEFAULT_MODELS
CLOSED, HALF_OPEN, OPEN = CircuitState.CLOSED, CircuitState.HALF_OPEN, CircuitState.OPEN


class Hand:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def engine(fake: FakeGemini, failures: int = 1, clock: Any = None, **changes: Any) -> GeminiEngine:
    return gemini(fake, breaker=CircuitBreaker(failures, 30.0, clock=clock or Hand()), **changes)


def failed(made: GeminiEngine, error: type[BecauseFutureError] = BecauseFutureError) -> BecauseFutureError:
    with pytest.raises(error) as caught:
        made.try_on(wanted(CappedLedger(3)), SteppedDeadline())
    return caught.value


@pytest.mark.parametrize(
    ("step", "states"),
    [
        ("http:503", [OPEN, OPEN, OPEN]),
        ("closed", [OPEN, OPEN, OPEN]),
        ("garbage", [OPEN, OPEN, OPEN]),
        ("rate:17", [OPEN, OPEN, OPEN]),
        ("http:404", [OPEN, OPEN, OPEN]),
        ("rate_day", [OPEN, CLOSED, CLOSED]),
        ("http:401", [OPEN, OPEN, OPEN]),
        ("http:403", [OPEN, OPEN, OPEN]),
        ("http:402", [OPEN, OPEN, OPEN]),
        ("key_invalid", [OPEN, OPEN, OPEN]),
        ("http:400", [CLOSED, CLOSED, CLOSED]),
        ("http:413", [CLOSED, CLOSED, CLOSED]),
        ("text", [CLOSED, CLOSED, CLOSED]),
        ("unchanged", [CLOSED, CLOSED, CLOSED]),
        ("finish:IMAGE_SAFETY", [CLOSED, CLOSED, CLOSED]),
        ("block:PROHIBITED_CONTENT", [CLOSED, CLOSED, CLOSED]),
        ("picture", [CLOSED, CLOSED, CLOSED]),
    ],
)
def test_which_answers_open_a_circuit(step: str, states: list[CircuitState]) -> None:
    with FakeGemini(default=step) as fake:
        made = engine(fake)
        with suppress(BecauseFutureError):
            made.try_on(wanted(), SteppedDeadline())
    assert dict(made.model_states()) == dict(zip(DEFAULT_MODELS, states, strict=True))


@pytest.mark.parametrize(("step", "calls"), [("http:404", 1), ("rate_day", 1), ("http:503", 5), ("http:418", 5)])
def test_some_failures_are_enough_at_once_and_others_in_a_row(step: str, calls: int) -> None:
    """Of a 503: two calls of each of two jobs, and one of the third job, which moves on instead of repeating."""
    with FakeGemini(rules=[Rule(step, model=FIRST)]) as fake:
        made = engine(fake, failures=5)
        for _ in range(5):
            with suppress(ExternalServiceError):
                made.try_on(wanted(), SteppedDeadline())
        assert made.model_states()[FIRST] is OPEN
        assert len([call for call in fake.calls if call.model == FIRST]) == calls


def test_a_model_at_rest_is_passed_over_without_a_call_or_a_row() -> None:
    ledger = CappedLedger(3)
    with FakeGemini(rules=[Rule("http:404", model=FIRST)]) as fake:
        made = engine(fake)
        made.try_on(wanted(), SteppedDeadline())
        result = made.try_on(wanted(ledger), SteppedDeadline())
    assert (result.model, ledger.models) == (SECOND, [SECOND])
    assert [call.model for call in fake.calls] == [FIRST, SECOND, SECOND]


def test_when_all_rest_it_says_for_how_long_and_calls_nobody() -> None:
    ledger = CappedLedger(3)
    clock = Hand()
    with FakeGemini(default="http:403") as fake:
        made = engine(fake, clock=clock)
        failed(made, ExternalServiceError)
        clock.now += 12
        with pytest.raises(ExternalServiceError) as caught:
            made.try_on(wanted(ledger), SteppedDeadline())
    assert (caught.value.retry_after_seconds, caught.value.details) == (18.0, {"provider_code": "circuit_open"})
    assert (fake.count, ledger.calls) == (1, [])


def test_a_probe_that_works_brings_the_model_back() -> None:
    clock = Hand()
    with FakeGemini(["http:404"]) as fake:
        made = engine(fake, clock=clock)
        assert made.try_on(wanted(), SteppedDeadline()).model == SECOND
        clock.now += 30
        assert made.model_states()[FIRST] is HALF_OPEN
        assert made.try_on(wanted(), SteppedDeadline()).model == FIRST
    assert made.model_states()[FIRST] is CLOSED


def test_a_job_that_fails_by_itself_ends_with_its_own_failure() -> None:
    """Its repeat is not made any more, and there is no other model: the first answer says why."""
    with FakeGemini(default="rate:17") as fake:
        error = failed(engine(fake, models=(FIRST,)), ExternalServiceError)
    assert (fake.count, error.details, error.retry_after_seconds) == (1, {"provider_code": "http_429"}, 17.0)


def test_a_content_refusal_never_moves_on_to_another_model() -> None:
    with FakeGemini(["finish:IMAGE_SAFETY", "http:503"]) as fake:
        failed(engine(fake), ContentBlockedError)
    assert [call.model for call in fake.calls] == [FIRST, FIRST]


def test_a_cancelled_probe_frees_its_place() -> None:
    clock, cancelled = Hand(), threading.Event()
    with FakeGemini(["http:404", "hang"]) as fake:
        made = engine(fake, models=(FIRST,), clock=clock)
        failed(made, ExternalServiceError)
        clock.now += 30

        def cancel_when_called() -> None:
            while fake.count < 2:
                cancelled.wait(0.01)
            cancelled.set()

        threading.Thread(target=cancel_when_called, daemon=True).start()
        with pytest.raises(JobCancelledError):
            made.try_on(wanted(), Deadline(60, cancelled=cancelled))
        assert made.try_on(wanted(), SteppedDeadline()).model == FIRST


def test_a_call_that_was_not_allowed_frees_its_place() -> None:
    clock = Hand()
    with FakeGemini(["http:404"]) as fake:
        made = engine(fake, models=(FIRST,), clock=clock)
        failed(made)
        clock.now += 30
        with pytest.raises(BecauseFutureError):
            made.try_on(wanted(CappedLedger(0)), SteppedDeadline())
        assert made.try_on(wanted(), SteppedDeadline()).model == FIRST


@pytest.mark.parametrize(("seconds", "read_timeout", "state"), [(0.3, 150.0, CLOSED), (60.0, 0.2, OPEN)])
def test_a_time_out_counts_unless_the_jobs_own_time_was_up(
    seconds: float, read_timeout: float, state: CircuitState
) -> None:
    with FakeGemini(default="hang") as fake:
        made = engine(fake, models=(FIRST,), read_timeout_seconds=read_timeout)
        with pytest.raises(BecauseFutureError):
            made.try_on(wanted(), Deadline(seconds))
    assert made.model_states() == {FIRST: state}
