"""What an operator may do with jobs that failed: look at them and put them back into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import to_text
from shared.database import DatabaseManager, Row

_SHOWN = (
    "job_id, user_id, status, attempts, releases, error_code, error_message, created_at, started_at, finished_at,"
    " inputs_deleted_at, extra_calls"
)


@dataclass(frozen=True)
class Chosen:
    """Which jobs a list shows; None: any."""

    status: str | None = None
    code: str | None = None
    limit: int = 50


class OperatorTable:
    """Jobs of all users: for scripts on the server, never for clients."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def list(self, chosen: Chosen) -> list[Row]:
        """Latest first."""
        conditions, params = ["TRUE"], []
        for column, value in (("status", chosen.status), ("error_code", chosen.code)):
            if value is not None:
                conditions.append(f"{column} = ?")
                params.append(value)
        return self._db.fetch_all(
            f"SELECT {_SHOWN} FROM tryon_jobs WHERE {' AND '.join(conditions)}"
            " ORDER BY coalesce(finished_at, created_at) DESC, job_id LIMIT ?",
            [*params, chosen.limit],
        )

    def get(self, job_id: str) -> dict[str, Any] | None:
        """With `calls` and `cost_usd` of the calls to paid providers."""
        row = self._db.fetch_one(
            f"SELECT {_SHOWN}, (SELECT count(*) FROM provider_calls AS c WHERE c.job_id = j.job_id) AS calls,"
            " (SELECT coalesce(sum(cost_usd), 0) FROM provider_calls AS c WHERE c.job_id = j.job_id) AS cost_usd"
            " FROM tryon_jobs AS j WHERE job_id = ?",
            (job_id,),
        )
        return dict(row) if row else None

    def failed_with(self, code: str) -> Sequence[str]:
        """Ids of the jobs that can be put back, oldest first."""
        rows = self._db.fetch_all(
            "SELECT job_id FROM tryon_jobs WHERE status = 'failed' AND error_code = ? AND inputs_deleted_at IS NULL"
            " ORDER BY created_at, job_id",
            (code,),
        )
        return [row["job_id"] for row in rows]

    def requeue(self, job_id: str, now: datetime) -> bool:
        """As if it had just been sent: new tries, as many paid calls as a new job has, and a place behind all who wait.
        The numbers of its attempts go on, for they are fences. Its start deadline counts no more. False when it is not
        failed, or its photos were deleted."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'queued', stage = NULL, progress = 0, releases = attempts,"
                " extra_calls = (SELECT count(*) FROM provider_calls AS c WHERE c.job_id = tryon_jobs.job_id),"
                " turn = (SELECT coalesce(max(line.turn) + 1, 0) FROM tryon_jobs AS line WHERE line.status = 'queued'),"
                " error_code = NULL, error_message = NULL, error_retryable = NULL, error_details = NULL,"
                " start_before = NULL, started_at = NULL, finished_at = NULL, cancel_requested = FALSE, updated_at = ?"
                " WHERE job_id = ? AND status = 'failed' AND inputs_deleted_at IS NULL",
                (to_text(now), job_id),
            )
        )
