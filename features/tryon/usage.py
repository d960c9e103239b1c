"""The cost ledger: one row for each call to a paid provider, committed before the call is made."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from shared.clock import Clock, to_text
from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.errors import BudgetExhaustedError, DatabaseBusyError, DatabaseError
from shared.logger import get_logger
from shared.metrics import PROVIDER_CALLS, PROVIDER_COST

NO_USAGE = Usage()
log = get_logger(__name__)


class ProviderCallTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def start(
        self, job_id: str, user_id: str, attempt: int, provider: str, model: str, now: datetime, max_calls: int
    ) -> str | None:
        """The id of a committed row; None when the job has made all its calls, those of earlier attempts included."""
        call_id = secrets.token_hex(12)
        added = self._db.execute(
            "INSERT INTO provider_calls (call_id, job_id, user_id, attempt, provider, model, started_at)"
            " SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM provider_calls WHERE job_id = ?) < ?",
            (call_id, job_id, user_id, attempt, provider, model, to_text(now), job_id, max_calls),
        )
        return call_id if added else None

    def settle(self, call_id: str, outcome: str, usage: Usage, now: datetime) -> str | None:
        """Record how the call ended; the first word stands. The model that was called, None when it was settled."""
        row = self._db.fetch_one(
            "UPDATE provider_calls SET outcome = ?, input_tokens = ?, output_tokens = ?, thinking_tokens = ?,"
            " cost_usd = ?, price_version = ?, settled_at = ? WHERE call_id = ? AND outcome IN ('started', 'unknown')"
            " RETURNING model",
            (
                outcome,
                usage.input_tokens,
                usage.output_tokens,
                usage.thinking_tokens,
                usage.cost_usd,
                usage.price_version,
                to_text(now),
                call_id,
            ),
        )
        return row["model"] if row else None

    def give_up(self, job_id: str, now: datetime) -> None:
        """Calls of earlier attempts that never reported back: whether they cost anything cannot be known."""
        self._db.execute(
            "UPDATE provider_calls SET outcome = 'unknown', settled_at = ? WHERE job_id = ? AND outcome = 'started'",
            (to_text(now), job_id),
        )

    def costs(self, job_ids: Sequence[str]) -> dict[str, float]:
        """US dollars by job, as far as known; a job without paid calls is left out."""
        places = ",".join("?" * len(job_ids))
        rows = self._db.fetch_all(
            "SELECT job_id, coalesce(sum(cost_usd), 0.0) AS cost FROM provider_calls"
            f" WHERE job_id IN ({places}) GROUP BY job_id",
            job_ids,
        )
        return {row["job_id"]: float(row["cost"]) for row in rows}


class JobLedger:
    """A CallLedger for one attempt at one job."""

    def __init__(
        self, table: ProviderCallTable, job_id: str, user_id: str, attempt: int, *, max_calls: int, clock: Clock
    ) -> None:
        self._table = table
        self._job = (job_id, user_id, attempt)
        self._max_calls = max_calls
        self._clock = clock

    def start(self, provider: str, model: str) -> str:
        call_id = self._table.start(*self._job, provider, model, self._clock(), self._max_calls)
        if call_id is None:
            raise BudgetExhaustedError(f"This try-on has used its {self._max_calls} calls to the provider.")
        return call_id

    def settle(self, call_id: str, outcome: str, usage: Usage = NO_USAGE) -> None:
        """A database that is busy now must not cost the picture that was just paid for: the call stays `started`."""
        try:
            model = self._table.settle(call_id, outcome, usage, self._clock())
        except (DatabaseError, DatabaseBusyError) as error:
            log.warning("a call could not be settled: %s", error.error_code, extra={"outcome": outcome})
            return
        if model:
            PROVIDER_CALLS.labels(model, outcome).inc()
            PROVIDER_COST.labels(model).inc(usage.cost_usd or 0.0)
