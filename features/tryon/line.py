"""The line of waiting jobs as claims take it, and what else an estimate needs: what runs, what recent jobs took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import from_text
from shared.database import DatabaseManager

# Each claim takes the next job of a user with the fewest running ones. So it stands where the number of those puts it,
# the one after it one step further back; within a step turns decide.
_RANKED = (
    "SELECT q.job_id, q.turn, q.created_at, coalesce(busy.running, 0) + row_number() OVER own AS step,"
    " row_number() OVER own - 1 AS own_ahead FROM tryon_jobs AS q LEFT JOIN"
    " (SELECT user_id, count(*) AS running FROM tryon_jobs WHERE status = 'processing' GROUP BY user_id) AS busy"
    " ON busy.user_id = q.user_id WHERE q.status = 'queued'"
    " WINDOW own AS (PARTITION BY q.user_id ORDER BY q.turn, q.created_at, q.job_id)"
)
_PLACED = (
    f"SELECT job_id, own_ahead, row_number() OVER (ORDER BY step, turn, created_at, job_id) AS place FROM ({_RANKED})"
)


@dataclass(frozen=True)
class Place:
    """`position`: 1 is next. `own_ahead`: how many jobs of the same user wait before it."""

    position: int
    own_ahead: int


@dataclass(frozen=True)
class RunningJob:
    user_id: str
    started_at: datetime


class LineTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def places(self, job_ids: Sequence[str]) -> dict[str, Place]:
        """Of those that wait; others are left out."""
        if not job_ids:
            return {}
        rows = self._db.fetch_all(
            f"SELECT job_id, own_ahead, place FROM ({_PLACED}) WHERE job_id IN ({','.join('?' * len(job_ids))})",
            job_ids,
        )
        return {row["job_id"]: Place(row["place"], row["own_ahead"]) for row in rows}

    def running(self) -> list[RunningJob]:
        rows = self._db.fetch_all("SELECT user_id, started_at FROM tryon_jobs WHERE status = 'processing'")
        return [RunningJob(row["user_id"], from_text(row["started_at"])) for row in rows]

    def recent_seconds(self, engine: str, count: int) -> list[float]:
        """How long the latest jobs of this engine ran; pictures that were only copied do not count."""
        rows = self._db.fetch_all(
            "SELECT started_at, finished_at FROM tryon_jobs WHERE status = 'done' AND cached = FALSE AND engine = ?"
            " AND started_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?",
            (engine, count),
        )
        spans = [from_text(row["finished_at"]) - from_text(row["started_at"]) for row in rows]
        return [max(0.0, span.total_seconds()) for span in spans]
