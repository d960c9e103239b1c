"""What workers do with rows of tryon_jobs. Every write of a worker is fenced by owner and attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from features.tryon.model import JobError, ResultFacts, Stage
from shared.clock import to_text
from shared.database import DatabaseManager
from shared.errors import AttemptsExhaustedError, BecauseFutureError, DeadlineExceededError
from shared.jobs import Claim

HELD = "job_id = ? AND lease_owner = ? AND attempts = ? AND status = 'processing'"
_LOST = AttemptsExhaustedError("The job was interrupted too often. Start it again.")
_LATE = DeadlineExceededError("The job could not start before the deadline that was asked for. Nothing was spent.")


def fence(claim: Claim) -> tuple[str, str, int]:
    return (claim.job_id, claim.owner, claim.attempt)


class LeaseTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def claim(self, owner: str, now: datetime, lease: timedelta) -> tuple[str, int] | None:
        """The job that has waited longest, with its attempt number from 1."""
        moment = to_text(now)
        row = self._db.fetch_one(
            "UPDATE tryon_jobs SET status = 'processing', stage = 'preparing_images', progress = 5,"
            " attempts = attempts + 1, lease_owner = ?, lease_until = ?, updated_at = ?,"
            " started_at = coalesce(started_at, ?)"
            " WHERE job_id = (SELECT job_id FROM tryon_jobs WHERE status = 'queued'"
            " AND (start_before IS NULL OR start_before >= ? OR started_at IS NOT NULL)"
            " ORDER BY created_at, job_id LIMIT 1)"
            " AND status = 'queued' RETURNING job_id, attempts",
            (owner, to_text(now + lease), moment, moment, moment),
        )
        return (row["job_id"], row["attempts"]) if row else None

    def renew(self, owner: str, job_ids: Sequence[str], now: datetime, lease: timedelta) -> set[str]:
        places = ",".join("?" * len(job_ids))
        rows = self._db.fetch_all(
            "UPDATE tryon_jobs SET lease_until = ? WHERE lease_owner = ? AND status = 'processing'"
            f" AND job_id IN ({places}) RETURNING job_id, cancel_requested",
            (to_text(now + lease), owner, *job_ids),
        )
        return {row["job_id"] for row in rows if not row["cancel_requested"]}

    def release(self, claim: Claim, now: datetime) -> None:
        """Back to the queue. The attempt's number is used up, for it is a fence; it does not count as a try."""
        self._db.execute(
            "UPDATE tryon_jobs SET status = 'queued', stage = NULL, progress = 0, releases = releases + 1,"
            f" lease_owner = NULL, lease_until = NULL, updated_at = ? WHERE {HELD}",
            (to_text(now), *fence(claim)),
        )

    def owners(self) -> set[str]:
        rows = self._db.fetch_all("SELECT DISTINCT lease_owner AS owner FROM tryon_jobs WHERE status = 'processing'")
        return {row["owner"] for row in rows}

    def recover(
        self, dead_owners: Sequence[str], now: datetime, max_attempts: int, has_result: Callable[[str], bool]
    ) -> list[str]:
        """Rows of the dead go back to the queue, or end; waiting rows that are late end. Returns ids of the ended.

        A row that was tried too often still goes back when its picture is stored already (`has_result`): all that is
        left to do is to finish it.
        """
        moment = to_text(now)
        places = ",".join("?" * len(dead_owners))
        orphaned = f"status = 'processing' AND (lease_until < ? OR lease_owner IN ({places}))"
        ended = self._end(f"{orphaned} AND cancel_requested", [moment, *dead_owners], moment, None)
        tired = f"{orphaned} AND attempts - releases >= ?"
        for job_id in self._ids(tired, [moment, *dead_owners, max_attempts]):
            if not has_result(job_id):
                ended += self._end(
                    f"{tired} AND job_id = ?", [moment, *dead_owners, max_attempts, job_id], moment, _LOST
                )
        ended += self._end("status = 'queued' AND started_at IS NULL AND start_before < ?", [moment], moment, _LATE)
        self._db.execute(
            "UPDATE tryon_jobs SET status = 'queued', stage = NULL, progress = 0, lease_owner = NULL,"
            f" lease_until = NULL, updated_at = ? WHERE {orphaned}",
            [moment, moment, *dead_owners],
        )
        return ended

    def _ids(self, condition: str, params: Sequence[str | int]) -> list[str]:
        return [row["job_id"] for row in self._db.fetch_all(f"SELECT job_id FROM tryon_jobs WHERE {condition}", params)]

    def _end(
        self, condition: str, params: Sequence[str | int], moment: str, error: BecauseFutureError | None
    ) -> list[str]:
        status = "failed" if error else "cancelled"
        code, message, retryable = (error.error_code, error.message, error.retryable) if error else (None, None, None)
        rows = self._db.fetch_all(
            "UPDATE tryon_jobs SET status = ?, stage = NULL, error_code = ?, error_message = ?, error_retryable = ?,"
            " lease_owner = NULL, lease_until = NULL, finished_at = ?, updated_at = ?"
            f" WHERE {condition} RETURNING job_id",
            [status, code, message, retryable, moment, moment, *params],
        )
        return [row["job_id"] for row in rows]

    # --- a running job ---------------------------------------------------------------------------------------------

    def report(self, claim: Claim, stage: Stage, progress: int, now: datetime) -> bool:
        """Tell the stage; False when the job is not held any more or was cancelled."""
        return bool(
            self._db.execute(
                f"UPDATE tryon_jobs SET stage = ?, progress = ?, updated_at = ? WHERE {HELD} AND NOT cancel_requested",
                (stage, progress, to_text(now), *fence(claim)),
            )
        )

    def update_request(self, claim: Claim, request: Mapping[str, Any], now: datetime) -> bool:
        """What was found out about the garments, so that another attempt need not find it out again."""
        first = next((item["key"] for item in request["garments"]), None)
        return bool(
            self._db.execute(
                f"UPDATE tryon_jobs SET request = ?, garment_image_path = ?, updated_at = ? WHERE {HELD}",
                (orjson.dumps(request).decode(), first, to_text(now), *fence(claim)),
            )
        )

    def finish_done(
        self, claim: Claim, result_key: str, facts: ResultFacts, now: datetime, expires_at: datetime
    ) -> bool:
        """False: the row is another's now, or was cancelled meanwhile; then the picture must go."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'done', stage = NULL, progress = 100, result_image_path = ?,"
                " engine = ?, model = ?, preview = ?, warnings = ?, checks = ?, lease_owner = NULL,"
                " lease_until = NULL, finished_at = ?, updated_at = ?,"
                " expires_at = CASE WHEN favorite THEN NULL ELSE ? END"
                f" WHERE {HELD} AND NOT cancel_requested",
                (
                    result_key,
                    facts.engine,
                    facts.model,
                    facts.preview,
                    orjson.dumps(list(facts.warnings)).decode(),
                    orjson.dumps(dict(facts.checks)).decode(),
                    to_text(now),
                    to_text(now),
                    to_text(expires_at),
                    *fence(claim),
                ),
            )
        )

    def finish_failed(self, claim: Claim, error: JobError, now: datetime) -> bool:
        """A job that was cancelled meanwhile ends as cancelled, whatever went wrong."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END,"
                " stage = NULL, error_code = ?, error_message = ?, error_retryable = ?, error_details = ?,"
                f" lease_owner = NULL, lease_until = NULL, finished_at = ?, updated_at = ? WHERE {HELD}",
                (
                    error.code,
                    error.message,
                    error.retryable,
                    orjson.dumps(dict(error.details)).decode(),
                    to_text(now),
                    to_text(now),
                    *fence(claim),
                ),
            )
        )

    def finish_cancelled(self, claim: Claim, now: datetime) -> bool:
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'cancelled', stage = NULL, lease_owner = NULL, lease_until = NULL,"
                f" finished_at = ?, updated_at = ? WHERE {HELD} AND cancel_requested",
                (to_text(now), to_text(now), *fence(claim)),
            )
        )
