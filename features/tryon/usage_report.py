"""What a user's try-ons used and cost, straight from the ledger, and what is left of each cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from features.tryon.budgets import Budgets, CapState
from features.tryon.usage import SUMMED, DayUsage, ProviderCallTable
from features.tryon.usage_schemas import UsageQuery
from shared.clock import Clock, to_text, utc_now
from shared.errors import ValidationError

USUAL_DAYS = 30
MOST_DAYS = 366


class UsageService:
    def __init__(self, calls: ProviderCallTable, budgets: Budgets, clock: Clock = utc_now) -> None:
        self._calls = calls
        self._budgets = budgets
        self._clock = clock

    def report(self, user_id: str, wanted: UsageQuery) -> dict[str, Any]:
        """As `UsageAnswer` describes it. Raises ValidationError for an impossible period."""
        days = self._calls.by_day(user_id, *self._period(wanted))
        return {
            "days": [_rounded(asdict(day)) for day in days],
            "totals": _rounded(_totals(days)),
            "caps": [_shown(cap) for cap in self._budgets.left(user_id)],
        }

    def _period(self, wanted: UsageQuery) -> tuple[date, date]:
        today = self._clock().date()
        last = wanted.last or max(today, wanted.first or today)
        first = wanted.first or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
        if first > last:
            raise ValidationError("The period ends before it begins.", fields={"to": "must not be before from"})
        if (last - first).days >= MOST_DAYS:
            sentence = f"at most {MOST_DAYS} days can be asked for at once"
            raise ValidationError(f"The period is too long: {sentence}.", fields={"from": sentence})
        return first, last


def _totals(days: Sequence[DayUsage]) -> dict[str, Any]:
    outcomes: Counter[str] = Counter()
    for day in days:
        outcomes.update(day.outcomes)
    return {**{name: sum(getattr(day, name) for day in days) for name in SUMMED}, "outcomes": dict(outcomes)}


def _rounded(sums: Mapping[str, Any]) -> dict[str, Any]:
    """To millionths of a dollar, as prices are; sums of binary fractions have more digits."""
    return {**sums, "cost_usd": round(sums["cost_usd"], 6), "uncertain_usd": round(sums["uncertain_usd"], 6)}


def _shown(cap: CapState) -> dict[str, Any]:
    figures = {"limit": cap.limit, "used": round(cap.used, 6), "left": round(cap.left, 6)}
    return {
        "cap": cap.cap,
        **(figures if cap.is_own else dict.fromkeys(figures)),
        "exhausted": cap.exhausted,
        "resets_at": to_text(cap.resets_at),
    }
