"""What an answer of the Gemini API says about the model, for its circuit: alive, failing, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence

from shared.engines.base import Deadline
from shared.engines.breaker import CircuitBreaker, Permit
from shared.engines.gemini_answers import Answer, Kind
from shared.errors import ExternalServiceError

FAILURES = (Kind.BUSY, Kind.RATE, Kind.TIMEOUT)
BAD_REQUEST_STATUSES = frozenset((400, 413, 422))
"""About one request, unless they are about the key or the bill: the next job's may well be taken."""
ACCOUNT_STATUSES = frozenset((401, 402, 403))
OWN_TIME_SECONDS = 1.0
"""With less left to the job after a time-out, its own time was up: no fault of the model."""
REST_MESSAGE = "The image provider has failed too often and is left alone for a moment. Try again later."


def tell(breaker: CircuitBreaker, permit: Permit, answer: Answer, models: Sequence[str], deadline: Deadline) -> None:
    """`models`: all of this provider. A key or a bill that one model refuses is refused by all of them."""
    pause = answer.retry_after_seconds
    if answer.kind is Kind.TIMEOUT and deadline.remaining_seconds() < OWN_TIME_SECONDS:
        permit.abandoned()
    elif answer.kind in FAILURES:
        permit.failed(pause_seconds=pause)
    elif answer.kind is Kind.REFUSED and _is_of_the_account(answer):
        permit.failed(at_once=True, pause_seconds=pause)
        breaker.trip(models, pause)
    elif answer.kind is Kind.GONE or (answer.kind is Kind.REFUSED and answer.http_status == 429):
        permit.failed(at_once=True, pause_seconds=pause)
    elif answer.kind is Kind.REFUSED and answer.http_status not in BAD_REQUEST_STATUSES:
        permit.failed()
    else:
        permit.succeeded()


def _is_of_the_account(answer: Answer) -> bool:
    return answer.account_refused or answer.http_status in ACCOUNT_STATUSES


def all_resting(breaker: CircuitBreaker, models: Sequence[str]) -> ExternalServiceError:
    """What a job ends with when no model may be called."""
    return ExternalServiceError(
        REST_MESSAGE,
        details={"provider_code": "circuit_open"},
        retry_after_seconds=max(1.0, breaker.pause_seconds(models)),
    )
