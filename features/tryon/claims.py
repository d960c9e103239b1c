"""Who is next: the statement that gives a worker its job, fair between users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from features.tryon.model import TryOnJob, job_of_row
from shared.clock import to_text
from shared.database import DatabaseManager

# A job that must not start: its own start deadline has passed (the sweep ends it), or one of the same user with the
# same content runs or waits before it; then its answer comes from that one.
_SAME = "SELECT 1 FROM tryon_jobs AS same WHERE same.user_id = q.user_id AND same.content_key = q.content_key"
_CLAIMABLE = (
    "q.status = 'queued' AND (q.start_before IS NULL OR q.start_before >= :now OR q.started_at IS NOT NULL)"
    f" AND (q.content_key IS NULL OR NOT (EXISTS ({_SAME} AND same.status = 'processing')"
    f" OR EXISTS ({_SAME} AND same.status = 'queued'"
    " AND (same.turn, same.created_at, same.job_id) < (q.turn, q.created_at, q.job_id))))"
)
_ANY = "SELECT 1 FROM tryon_jobs WHERE status = 'queued' LIMIT 1"
_RUNNING_HERE = "(SELECT count(*) FROM tryon_jobs WHERE status = 'processing' AND lease_owner = :owner)"
_NEWCOMER = (
    f"SELECT q.job_id FROM tryon_jobs AS q WHERE {_CLAIMABLE}"
    " AND NOT EXISTS (SELECT 1 FROM tryon_jobs AS own WHERE own.status = 'processing' AND own.user_id = q.user_id)"
    f" AND {_RUNNING_HERE} < :all ORDER BY q.turn, q.created_at, q.job_id LIMIT 1"
)
_ONE_MORE = (
    "SELECT head.job_id FROM (SELECT user_id, count(*) AS running FROM tryon_jobs WHERE status = 'processing'"
    " GROUP BY user_id HAVING count(*) < :per_user) AS busy"
    " JOIN tryon_jobs AS head ON head.job_id = (SELECT q.job_id FROM tryon_jobs AS q WHERE q.user_id = busy.user_id"
    f" AND {_CLAIMABLE} ORDER BY q.turn, q.created_at, q.job_id LIMIT 1)"
    f" WHERE {_RUNNING_HERE} < :workers ORDER BY busy.running, head.turn, head.created_at, head.job_id LIMIT 1"
)
_CLAIM = (
    "UPDATE tryon_jobs SET status = 'processing', stage = 'preparing_images', progress = 5,"
    " attempts = attempts + 1, lease_owner = :owner, lease_until = :until, updated_at = :now,"
    " started_at = coalesce(started_at, :now)"
    f" WHERE job_id = coalesce(({_NEWCOMER}), ({_ONE_MORE})) AND status = 'queued' RETURNING *"
)


@dataclass(frozen=True)
class Shares:
    """`workers`: jobs that run at once in a process. `express`: as many more, only for users who have none running.
    `per_user`: jobs of one user that run at once, in all processes."""

    workers: int = 50
    express: int = 10
    per_user: int = 50

    @property
    def threads(self) -> int:
        return self.workers + self.express


class ClaimTable:
    def __init__(self, db: DatabaseManager, shares: Shares) -> None:
        self._db = db
        self._shares = shares

    def claim(self, owner: str, now: datetime, lease: timedelta) -> TryOnJob | None:
        """The job, whose attempts number from 1, of a user with the fewest running jobs; among these users they take
        turns. None when nobody waits who may have a worker now. Start deadlines go by the wall clock."""
        if self._db.fetch_one(_ANY) is None:  # each worker asks after each job; a write would make others wait
            return None
        row = self._db.fetch_one(
            _CLAIM,
            {
                "owner": owner,
                "now": to_text(now),
                "until": to_text(now + lease),
                "workers": self._shares.workers,
                "all": self._shares.threads,
                "per_user": self._shares.per_user,
            },
        )
        return job_of_row(row) if row else None
