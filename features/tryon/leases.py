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
from shared.job_owners import Held
from shared.jobs import Claim

HELD = "job_id = ? AND lease_owner = ? AND attempts = ? AND status = 'processing'"
ORPHANED = "job_id = ? AND lease_owner = ? AND lease_until = ? AND status = 'processing'"
_LOST = AttemptsExhaustedError("The job was interrupted too often. Start it again.")
_LATE = DeadlineExceededError("The job could not start before the deadline that was asked for. Nothing was spent.")


def fence(claim: Claim) -> tuple[str, str, int]:
    return (claim.job_id, claim.owner, claim.attempt)


class LeaseTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

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

    def held(self) -> list[Held]:
        rows = self._db.fetch_all("SELECT job_id, lease_owner, lease_until FROM tryon_jobs WHERE status = 'processing'")
        return [Held(row["job_id"], row["lease_owner"], row["lease_until"]) for row in rows]

    def take_back(self, row: Held, now: datetime, max_attempts: int, has_result: Callable[[str], bool]) -> str | None:
        """The status that a row which nobody works on has now: 'queued', 'cancelled' or 'failed'. None when its owner
        gave a sign of life after all.

        A row that was tried too often still goes back when its picture is stored already (`has_result`): all that is
        left to do is to finish it.
        """
        held = (row.job_id, row.owner, row.beat)
        if self._end(f"{ORPHANED} AND cancel_requested", held, now, None):
            return "cancelled"
        tired = (f"{ORPHANED} AND attempts - releases >= ?", (*held, max_attempts))
        if self._any(*tired) and not has_result(row.job_id) and self._end(*tired, now, _LOST):
            return "failed"
        queued = self._db.execute(
            "UPDATE tryon_jobs SET status = 'queued', stage = NULL, progress = 0, lease_owner = NULL,"
            f" lease_until = NULL, updated_at = ? WHERE {ORPHANED}",
            (to_text(now), *held),
        )
        return "queued" if queued else None

    def end_late(self, now: datetime) -> list[str]:
        """End waiting rows whose start deadline has passed; their ids."""
        return self._end("status = 'queued' AND started_at IS NULL AND start_before < ?", (to_text(now),), now, _LATE)

    def _any(self, condition: str, params: Sequence[str | int]) -> bool:
        return self._db.fetch_one(f"SELECT 1 FROM tryon_jobs WHERE {condition}", params) is not None

    def _end(
        self, condition: str, params: Sequence[str | int], now: datetime, error: BecauseFutureError | None
    ) -> list[str]:
        status = "failed" if error else "cancelled"
        code, message, retryable = (error.error_code, error.message, error.retryable) if error else (None, None, None)
        rows = self._db.fetch_all(
            "UPDATE tryon_jobs SET status = ?, stage = NULL, error_code = ?, error_message = ?, error_retryable = ?,"
            " lease_owner = NULL, lease_until = NULL, finished_at = ?, updated_at = ?"
            f" WHERE {condition} RETURNING job_id",
            [status, code, message, retryable, to_text(now), to_text(now), *params],
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

    def update_request(self, claim: Claim, request: Mapping[str, Any], content_key: str | None, now: datetime) -> bool:
        """What was found out about the garments, so that another attempt need not find it out again."""
        first = next((item["key"] for item in request["garments"]), None)
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET request = ?, garment_image_path = ?, content_key = ?, updated_at = ?"
                f" WHERE {HELD}",
                (orjson.dumps(request).decode(), first, content_key, to_text(now), *fence(claim)),
            )
        )

    def finish_done(
        self,
        claim: Claim,
        result_key: str,
        facts: ResultFacts,
        now: datetime,
        expires_at: datetime,
        content_key: str | None = None,
        picture_of: str | None = None,
    ) -> bool:
        """False: the row is another's now, or was cancelled meanwhile; then the picture must go.

        `picture_of`: the job that made the picture, when it was not this one.
        """
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'done', stage = NULL, progress = 100, result_image_path = ?,"
                " engine = ?, model = ?, preview = ?, warnings = ?, checks = ?, lease_owner = NULL,"
                " lease_until = NULL, finished_at = ?, updated_at = ?,"
                " expires_at = CASE WHEN favorite THEN NULL ELSE ? END, content_key = ?, picture_of = ?, cached = ?"
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
                    content_key,
                    picture_of,
                    picture_of is not None,
                    *fence(claim),
                ),
            )
        )

    def finish_failed(self, claim: Claim, error: JobError, now: datetime) -> bool:
        """False as for `finish_done`: a job that was cancelled meanwhile ends as cancelled, whatever went wrong."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'failed', stage = NULL, error_code = ?, error_message = ?,"
                " error_retryable = ?, error_details = ?, lease_owner = NULL, lease_until = NULL, finished_at = ?,"
                f" updated_at = ? WHERE {HELD} AND NOT cancel_requested",
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
