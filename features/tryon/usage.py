"""The cost ledger: one row for each call to a paid provider, committed before the call is made.

What a call cost is known when it was settled with a price. Until then, and for ever where the provider never says, it
counts as what it may cost (`reserved_usd`). Rows outlive their jobs; those of a deleted account go, but stay in the
sums by day, so that deleting an account gives the service no new allowance.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shared.clock import to_text
from shared.database import DatabaseManager, Row
from shared.engines.base import Usage


@dataclass(frozen=True, slots=True)
class NewCall:
    """`reserved_usd`: what it may cost, by the price table."""

    job_id: str
    user_id: str
    attempt: int
    provider: str
    model: str
    reserved_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class MadeCall:
    """`outcome`: None while nobody knows how it ended."""

    call_id: str
    user_id: str
    attempt: int
    outcome: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """`usd`: costs as far as they are known, else what was reserved."""

    calls: int
    usd: float


@dataclass(frozen=True, slots=True)
class DayUsage:
    """Of one model on one day (UTC), by the start of the calls. `outcomes`: how many calls ended how.

    `uncertain_usd`: what calls of unknown price may have cost at most by our estimate; not part of `cost_usd`.
    """

    day: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    thinking_tokens: int
    cost_usd: float
    uncertain_usd: float
    outcomes: Mapping[str, int] = field(default_factory=dict)


class ProviderCallTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def add(self, call: NewCall, now: datetime) -> str:
        """A row `started`; its id."""
        call_id = secrets.token_hex(12)
        self._db.execute(
            "INSERT INTO provider_calls"
            " (call_id, job_id, user_id, attempt, provider, model, reserved_usd, started_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                call_id,
                call.job_id,
                call.user_id,
                call.attempt,
                call.provider,
                call.model,
                call.reserved_usd,
                to_text(now),
            ),
        )
        return call_id

    def settle(self, call_id: str, outcome: str, usage: Usage, now: datetime) -> str | None:
        """Record how the call ended; the first word stands. The model that was called, None when it was settled."""
        row = self._db.fetch_one(
            "UPDATE provider_calls SET outcome = ?, input_tokens = ?, output_tokens = ?, thinking_tokens = ?,"
            " cost_usd = ?, price_version = ?, settled_at = ? WHERE call_id = ? AND outcome IN ('started', 'unknown')"
            " RETURNING model",
            (outcome, *_figures(usage), to_text(now), call_id),
        )
        return row["model"] if row else None

    def of_job(self, job_id: str) -> list[MadeCall]:
        """In the order in which they were begun."""
        rows = self._db.fetch_all(
            "SELECT call_id, user_id, attempt, outcome FROM provider_calls WHERE job_id = ? ORDER BY rowid", (job_id,)
        )
        return [_made(row) for row in rows]

    def give_up(self, call_id: str, usage: Usage, now: datetime) -> None:
        """A call whose attempt never reported back. Whether it cost anything cannot be known, unless its picture came
        and was kept; nobody has judged that."""
        self._db.execute(
            "UPDATE provider_calls SET outcome = 'unknown', input_tokens = ?, output_tokens = ?, thinking_tokens = ?,"
            " cost_usd = ?, price_version = ?, settled_at = ? WHERE call_id = ? AND outcome = 'started'",
            (*_figures(usage), to_text(now), call_id),
        )

    def give_up_forgotten(self, now: datetime) -> None:
        """Calls whose attempt has ended, but whose end could not be written down."""
        self._db.execute(
            "UPDATE provider_calls SET outcome = 'unknown', settled_at = ? WHERE outcome = 'started' AND NOT EXISTS"
            " (SELECT 1 FROM tryon_jobs AS j WHERE j.job_id = provider_calls.job_id"
            " AND j.attempts = provider_calls.attempt AND j.status = 'processing')",
            (to_text(now),),
        )

    # --- sums ------------------------------------------------------------------------------------------------------

    def made_beyond_grants(self, job_id: str, attempt: int) -> int | None:
        """Calls of the job, those of earlier attempts included, less the extra ones that an operator granted. None when
        this attempt may make none: another one runs, or the job was cancelled or deleted."""
        row = self._db.fetch_one(
            "SELECT (SELECT count(*) FROM provider_calls AS c WHERE c.job_id = j.job_id) - extra_calls AS calls"
            " FROM tryon_jobs AS j WHERE job_id = ? AND attempts = ? AND status = 'processing'"
            " AND NOT cancel_requested",
            (job_id, attempt),
        )
        return int(row["calls"]) if row else None

    def spent_by(self, user_id: str, since: datetime, until: datetime) -> Spent:
        return _spent(
            self._db.fetch_one(
                "SELECT count(*) AS calls, coalesce(sum(coalesce(cost_usd, reserved_usd)), 0.0) AS usd"
                " FROM provider_calls WHERE user_id = ? AND started_at >= ? AND started_at < ?",
                (user_id, to_text(since), to_text(until)),
            )
        )

    def spent_by_all(self, day: date) -> Spent:
        """On a UTC day; what deleted accounts spent included."""
        return _spent(self._db.fetch_one("SELECT calls, usd FROM provider_days WHERE day = ?", (day.isoformat(),)))

    def by_day(self, user_id: str, first: date, last: date) -> list[DayUsage]:
        """Newest day first, both days included; models in alphabetical order. Days without calls are left out."""
        rows = self._db.fetch_all(
            "SELECT substr(started_at, 1, 10) AS day, model, outcome, count(*) AS calls,"
            " coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,"
            " coalesce(sum(thinking_tokens), 0) AS thinking_tokens, coalesce(sum(cost_usd), 0.0) AS cost_usd,"
            " coalesce(sum(CASE WHEN cost_usd IS NULL THEN reserved_usd END), 0.0) AS uncertain_usd"
            " FROM provider_calls WHERE user_id = ? AND started_at >= ? AND substr(started_at, 1, 10) <= ?"
            " GROUP BY day, model, outcome ORDER BY day DESC, model, outcome",
            (user_id, first.isoformat(), last.isoformat()),
        )
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row["day"], row["model"]), []).append(row)
        return [_day_usage(group) for group in groups.values()]


SUMMED = ("calls", "input_tokens", "output_tokens", "thinking_tokens", "cost_usd", "uncertain_usd")


def _day_usage(rows: Sequence[Row]) -> DayUsage:
    sums: dict[str, Any] = {name: sum(row[name] for row in rows) for name in SUMMED}
    outcomes = {row["outcome"]: row["calls"] for row in rows}
    return DayUsage(rows[0]["day"], rows[0]["model"], **sums, outcomes=outcomes)


def _figures(usage: Usage) -> tuple[int | float | str | None, ...]:
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.thinking_tokens,
        usage.cost_usd,
        usage.price_version,
    )


def _made(row: Row) -> MadeCall:
    outcome = None if row["outcome"] in ("started", "unknown") else row["outcome"]
    return MadeCall(row["call_id"], row["user_id"], row["attempt"], outcome, row["outcome"] == "started")


def _spent(row: Row | None) -> Spent:
    return Spent(int(row["calls"]), float(row["usd"])) if row else Spent(0, 0.0)
