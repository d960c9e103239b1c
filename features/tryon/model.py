"""A try-on job and its table: what clients see and what services write. What workers do with rows is in `leases`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row
from shared.engines.base import EngineResult
from shared.errors import ValidationError

KIND = "tryon"


class JobStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class Stage(StrEnum):
    FETCHING_PRODUCT = "fetching_product"
    PREPARING_IMAGES = "preparing_images"
    GENERATING = "generating"
    CHECKING = "checking"
    STORING = "storing"


@dataclass(frozen=True)
class JobError:
    code: str
    message: str
    retryable: bool
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"code": self.code, "message": self.message, "retryable": self.retryable}
        return {**shown, "details": dict(self.details)} if self.details else shown


@dataclass(frozen=True)
class ResultFacts:
    """What is known of a finished picture; it travels in the file as well, so that a stored picture can be adopted."""

    engine: str
    model: str | None
    preview: bool
    warnings: Sequence[Mapping[str, str]]
    checks: Mapping[str, Any]

    @classmethod
    def of(cls, result: EngineResult) -> ResultFacts:
        warnings = [{"code": item.code, "message": item.message} for item in result.warnings]
        return cls(result.engine, result.model, result.preview, warnings, dict(result.checks))


@dataclass(frozen=True)
class TryOnJob:
    """`request`: garments (key, type, details), options; what a worker needs besides the stored pictures."""

    job_id: str
    user_id: str
    created_at: datetime
    request: Mapping[str, Any]
    person_image_path: str | None = None
    garment_image_path: str | None = None
    status: JobStatus = JobStatus.QUEUED
    stage: Stage | None = None
    progress: int = 0
    result_image_path: str | None = None
    error: JobError | None = None
    engine: str | None = None
    model: str | None = None
    preview: bool | None = None
    warnings: Sequence[Mapping[str, str]] = ()
    checks: Mapping[str, Any] = field(default_factory=dict)
    favorite: bool = False
    attempts: int = 0
    cancel_requested: bool = False
    start_before: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    content_key: str | None = None
    cached: bool = False
    picture_of: str | None = None
    rating: int = 0
    batch_id: str | None = None
    event_id: int = 0
    """Number of its latest event; 0 when it was not read along."""
    cost_usd: float = 0.0
    """Of its paid calls, as far as known; 0 when it was not read along."""

    def kept_for(self, usual: timedelta) -> timedelta:
        """How long its picture is kept: as the client asked, but no longer than usual."""
        hours = self.request["options"].get("retention_hours")
        return min(timedelta(hours=hours), usual) if hours else usual

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class HistoryFilter:
    """`cursor`: where the page before ended, as it was given out. `limit`: 1 to 200."""

    status: JobStatus | None = None
    favorite: bool | None = None
    batch_id: str | None = None
    limit: int = 50
    cursor: str | None = None


_WITH_EVENT = (
    "SELECT *, (SELECT max(event_id) FROM job_events WHERE job_events.job_id = tryon_jobs.job_id) AS event_id,"
    " (SELECT sum(cost_usd) FROM provider_calls WHERE provider_calls.job_id = tryon_jobs.job_id) AS cost_usd"
    " FROM tryon_jobs"
)


# After the user's own jobs; for one who has none, the turn that is being served, or the next one when this user had it
# already: else those who come back at once would hold up the second job of another for ever.
_SERVED = (
    "SELECT coalesce((SELECT max(turn) FROM tryon_jobs WHERE status = 'processing'),"
    " (SELECT min(turn) FROM tryon_jobs WHERE status = 'queued'), 0) AS turn"
)
_LATEST = "SELECT turn FROM tryon_jobs WHERE user_id = ? ORDER BY created_at DESC, job_id DESC LIMIT 1"
_TURN = (
    "(SELECT max(turn) FROM"
    " (SELECT max(turn) + 1 AS turn FROM tryon_jobs WHERE user_id = ? AND status = 'queued'"
    " UNION ALL SELECT max(turn) + 1 FROM tryon_jobs WHERE user_id = ? AND status = 'processing'"
    f" UNION ALL SELECT served.turn + CASE WHEN ({_LATEST}) >= served.turn THEN 1 ELSE 0 END"
    f" FROM ({_SERVED}) AS served) AS turns)"
)


class TryOnJobTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def add(self, job: TryOnJob) -> None:
        self._db.execute(
            "INSERT INTO tryon_jobs (job_id, user_id, status, request, person_image_path, garment_image_path,"
            " start_before, content_key, batch_id, created_at, updated_at, turn)"
            f" VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, {_TURN})",
            (
                job.job_id,
                job.user_id,
                _json(job.request),
                job.person_image_path,
                job.garment_image_path,
                _time(job.start_before),
                job.content_key,
                job.batch_id,
                to_text(job.created_at),
                to_text(job.created_at),
                *[job.user_id] * 3,
            ),
        )

    def get(self, job_id: str) -> TryOnJob | None:
        """For workers only: whose job it is was settled when it was made. Without event and cost."""
        return _job(self._db.fetch_one("SELECT * FROM tryon_jobs WHERE job_id = ?", (job_id,)))

    def get_for_user(self, job_id: str, user_id: str) -> TryOnJob | None:
        return _job(self._db.fetch_one(f"{_WITH_EVENT} WHERE job_id = ? AND user_id = ?", (job_id, user_id)))

    def history(self, user_id: str, wanted: HistoryFilter) -> tuple[list[TryOnJob], str | None]:
        """Newest first, and the cursor of the next page. Raises ValidationError for a cursor that is not ours."""
        sql, params = f"{_WITH_EVENT} WHERE user_id = ?", [user_id]
        if wanted.status:
            sql, params = sql + " AND status = ?", [*params, wanted.status]
        if wanted.favorite is not None:
            sql += " AND favorite" if wanted.favorite else " AND NOT favorite"
        if wanted.batch_id:
            sql, params = sql + " AND batch_id = ?", [*params, wanted.batch_id]
        if wanted.cursor:
            sql, params = sql + " AND (created_at, job_id) < (?, ?)", [*params, *_place(wanted.cursor)]
        sql += f" ORDER BY created_at DESC, job_id DESC LIMIT {wanted.limit + 1:d}"
        jobs = [job_of_row(row) for row in self._db.fetch_all(sql, params)]
        page = jobs[: wanted.limit]
        return page, _cursor(page[-1]) if len(jobs) > wanted.limit else None

    def unfinished(self, user_id: str) -> int:
        """How many of a user's jobs wait or run."""
        row = self._db.fetch_one(
            "SELECT (SELECT count(*) FROM tryon_jobs WHERE user_id = ? AND status = 'queued')"
            " + (SELECT count(*) FROM tryon_jobs WHERE user_id = ? AND status = 'processing') AS unfinished",
            (user_id, user_id),
        )
        return int(row["unfinished"]) if row else 0

    def waiting(self) -> int:
        row = self._db.fetch_one("SELECT count(*) AS waiting FROM tryon_jobs WHERE status = 'queued'")
        return int(row["waiting"]) if row else 0

    def cancel_waiting(self, job_id: str, user_id: str, now: datetime) -> bool:
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET status = 'cancelled', finished_at = ?, updated_at = ?"
                " WHERE job_id = ? AND user_id = ? AND status = 'queued'",
                (to_text(now), to_text(now), job_id, user_id),
            )
        )

    def request_cancel(self, job_id: str, user_id: str, now: datetime) -> bool:
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET cancel_requested = TRUE, updated_at = ?"
                " WHERE job_id = ? AND user_id = ? AND status = 'processing'",
                (to_text(now), job_id, user_id),
            )
        )

    def delete_ended(self, job_id: str, user_id: str) -> TryOnJob | None:
        """The job as it was when it went."""
        return _job(
            self._db.fetch_one(
                "DELETE FROM tryon_jobs WHERE job_id = ? AND user_id = ?"
                " AND status IN ('done', 'failed', 'cancelled') RETURNING *",
                (job_id, user_id),
            )
        )

    def set_favorite(self, job_id: str, user_id: str) -> bool:
        """Favourites do not expire."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET favorite = TRUE, expires_at = NULL WHERE job_id = ? AND user_id = ?",
                (job_id, user_id),
            )
        )

    def set_rating(self, job_id: str, user_id: str, rating: int) -> bool:
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET rating = ? WHERE job_id = ? AND user_id = ?", (rating, job_id, user_id)
            )
        )

    def unset_favorite(self, job_id: str, user_id: str, expires_at: datetime) -> bool:
        """A job that has not ended gets its time when it ends; one that was no favourite keeps the time it has."""
        return bool(
            self._db.execute(
                "UPDATE tryon_jobs SET favorite = FALSE, expires_at ="
                " CASE WHEN favorite AND status = 'done' THEN ? ELSE expires_at END WHERE job_id = ? AND user_id = ?",
                (to_text(expires_at), job_id, user_id),
            )
        )

    def count(self, user_id: str) -> int:
        row = self._db.fetch_one("SELECT count(*) AS jobs FROM tryon_jobs WHERE user_id = ?", (user_id,))
        return int(row["jobs"]) if row else 0

    def running_ids(self, user_id: str) -> list[str]:
        rows = self._db.fetch_all(
            "SELECT job_id FROM tryon_jobs WHERE user_id = ? AND status = 'processing'", (user_id,)
        )
        return [row["job_id"] for row in rows]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _time(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _job(row: Row | None) -> TryOnJob | None:
    return job_of_row(row) if row else None


def job_of_row(row: Row) -> TryOnJob:
    return TryOnJob(
        job_id=row["job_id"],
        user_id=row["user_id"],
        created_at=from_text(row["created_at"]),
        request=orjson.loads(row["request"]),
        person_image_path=row["person_image_path"],
        garment_image_path=row["garment_image_path"],
        status=JobStatus(row["status"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        progress=row["progress"],
        result_image_path=row["result_image_path"],
        error=_error(row),
        engine=row["engine"],
        model=row["model"],
        preview=None if row["preview"] is None else bool(row["preview"]),
        warnings=orjson.loads(row["warnings"]),
        checks=orjson.loads(row["checks"]),
        favorite=bool(row["favorite"]),
        attempts=row["attempts"],
        cancel_requested=bool(row["cancel_requested"]),
        start_before=_moment(row["start_before"]),
        started_at=_moment(row["started_at"]),
        finished_at=_moment(row["finished_at"]),
        expires_at=_moment(row["expires_at"]),
        content_key=row["content_key"],
        cached=bool(row["cached"]),
        picture_of=row["picture_of"],
        rating=row["rating"],
        batch_id=row["batch_id"],
        event_id=row.get("event_id") or 0,
        cost_usd=row.get("cost_usd") or 0.0,
    )


def _error(row: Row) -> JobError | None:
    if row["error_code"] is None:
        return None
    details = orjson.loads(row["error_details"]) if row["error_details"] else {}
    return JobError(row["error_code"], row["error_message"], bool(row["error_retryable"]), details)


def _cursor(job: TryOnJob) -> str:
    return base64.urlsafe_b64encode(f"{to_text(job.created_at)}|{job.job_id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> list[str]:
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
    except (binascii.Error, ValueError):
        place = []
    if len(place) != 2:
        raise ValidationError("The cursor is not one that was given out.", fields={"cursor": "is not valid"})
    return place
