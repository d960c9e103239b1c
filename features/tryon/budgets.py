"""What may be spent: caps on paid calls and on US dollars, by day, for each user and for the whole service.

A day is a UTC day by the wall clock; at midnight everything is free again. A clock that is set back counts the earlier
day's calls once more, never too few of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from features.tryon.usage import ProviderCallTable, Spent
from shared.clock import Clock, to_text, utc_now
from shared.errors import BudgetExhaustedError

CENT_FRACTION = 1e-9
"""Sums of dollars are binary fractions: two of 0.1 and one of 0.3 must not differ by the last bit."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Of one UTC day. 0: no limit. `call_usd`: what a job's first call may cost at least; with less left it is not
    made."""

    user_calls: int = 0
    user_usd: float = 0.0
    service_calls: int = 0
    service_usd: float = 0.0
    call_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class CapState:
    """One cap that is switched on. `step`: what the next call takes of it at least."""

    cap: str
    limit: float
    used: float
    step: float
    resets_at: datetime

    @property
    def left(self) -> float:
        return max(0.0, self.limit - self.used)

    @property
    def exhausted(self) -> bool:
        return self.left <= CENT_FRACTION or self.used + self.step > self.limit + CENT_FRACTION

    @property
    def is_own(self) -> bool:
        """Of one user: the figures of the whole service are nobody's business."""
        return self.cap.startswith("user_")


class Budgets:
    """Thread-safe. Raises what the database raises."""

    def __init__(self, calls: ProviderCallTable, caps: Caps, clock: Clock = utc_now) -> None:
        self._calls = calls
        self._caps = caps
        self._clock = clock

    def check(self, user_id: str, reserve_usd: float | None = None) -> None:
        """Raises BudgetExhaustedError when this user's next call would go beyond a cap.

        `reserve_usd`: what the call may cost; None: as a job's first. Only inside of the transaction that adds the call
        is the answer more than a forecast.
        """
        for state in self._states(user_id, self._caps.call_usd if reserve_usd is None else reserve_usd):
            if state.exhausted:
                raise self._refusal(state)

    def left(self, user_id: str) -> list[CapState]:
        """Every cap that is switched on, the user's own ones first."""
        return list(self._states(user_id, self._caps.call_usd))

    def left_of_service(self) -> list[CapState]:
        day, resets_at = self._today()
        return list(self._of_service(day, resets_at, self._caps.call_usd))

    def _states(self, user_id: str, call_usd: float) -> Iterator[CapState]:
        day, resets_at = self._today()
        caps = self._caps
        if caps.user_calls or caps.user_usd:
            spent = self._calls.spent_by(user_id, day, resets_at)
            yield from _switched_on("user", caps.user_calls, caps.user_usd, spent, call_usd, resets_at)
        yield from self._of_service(day, resets_at, call_usd)

    def _of_service(self, day: datetime, resets_at: datetime, call_usd: float) -> Iterator[CapState]:
        caps = self._caps
        if caps.service_calls or caps.service_usd:
            spent = self._calls.spent_by_all(day.date())
            yield from _switched_on("service", caps.service_calls, caps.service_usd, spent, call_usd, resets_at)

    def _today(self) -> tuple[datetime, datetime]:
        day = self._clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day, day + timedelta(days=1)

    def _refusal(self, state: CapState) -> BudgetExhaustedError:
        details: dict[str, object] = {"cap": state.cap, "resets_at": to_text(state.resets_at)}
        if state.is_own:
            details |= {"limit": state.limit, "used": round(state.used, 6)}
        whose = "Your allowance" if state.is_own else "This server's allowance"
        return BudgetExhaustedError(
            f"{whose} of paid calls is used up for today. It starts anew at 00:00 UTC.",
            details=details,
            retry_after_seconds=max(1.0, (state.resets_at - self._clock()).total_seconds()),
        )


def _switched_on(
    whose: str, calls: int, usd: float, spent: Spent, call_usd: float, resets_at: datetime
) -> Iterator[CapState]:
    if calls:
        yield CapState(f"{whose}_calls_per_day", calls, spent.calls, 1, resets_at)
    if usd:
        yield CapState(f"{whose}_usd_per_day", usd, spent.usd, call_usd, resets_at)
