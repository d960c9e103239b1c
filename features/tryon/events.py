"""The changes of a job, one row each. The database writes them itself; here they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.tryon.model import ENDED, JobStatus
from shared.database import DatabaseManager, Row


@dataclass(frozen=True)
class JobEvent:
    """`event_id`: 1, 2, 3 and so on within the job. `at`: as times are written in answers."""

    event_id: int
    job_id: str
    status: JobStatus
    stage: str | None
    progress: int
    at: str

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def to_dict(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "job_id": self.job_id,
            "status": self.status,
            "stage": self.stage,
            "progress": self.progress,
            "at": self.at,
        }


class JobEventTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def since(self, job_id: str, user_id: str, event_id: int) -> list[JobEvent] | None:
        """What came after `event_id`, in order; None when the user has no such job."""
        rows = self._db.fetch_all(
            "SELECT job_events.event_id, tryon_jobs.job_id, job_events.status, job_events.stage, job_events.progress,"
            " job_events.created_at FROM tryon_jobs"
            " LEFT JOIN job_events ON job_events.job_id = tryon_jobs.job_id AND job_events.event_id > ?"
            " WHERE tryon_jobs.job_id = ? AND tryon_jobs.user_id = ? ORDER BY job_events.event_id",
            (event_id, job_id, user_id),
        )
        return [_event(row) for row in rows if row["event_id"] is not None] if rows else None

    def latest(self, job_id: str, user_id: str) -> int | None:
        """The number of the latest event; None when the user has no such job."""
        row = self._db.fetch_one(
            "SELECT (SELECT max(event_id) FROM job_events WHERE job_events.job_id = tryon_jobs.job_id) AS event_id"
            " FROM tryon_jobs WHERE job_id = ? AND user_id = ?",
            (job_id, user_id),
        )
        return (row["event_id"] or 0) if row else None


def _event(row: Row) -> JobEvent:
    return JobEvent(
        event_id=row["event_id"],
        job_id=row["job_id"],
        status=JobStatus(row["status"]),
        stage=row["stage"],
        progress=row["progress"],
        at=row["created_at"],
    )
