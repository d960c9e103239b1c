"""What the try-on routes answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from features.tryon.model import JobStatus, Stage
from shared.answers import AnswerModel, ErrorCode, Moment, NoticeAnswer, WebAddress

Percent = Annotated[int, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0)]
Place = Annotated[int, Field(ge=1)]
Milliseconds = Annotated[int, Field(ge=500, le=2000)]


class AcceptedAnswer(AnswerModel):
    """`estimated_time`: seconds, by what recent jobs took. `queue_position` 1 is next."""

    job_id: str
    status: JobStatus
    estimated_time: Seconds | None
    queue_position: Place | None
    poll_interval_ms: Milliseconds
    status_url: WebAddress
    result_url: WebAddress
    cancel_url: WebAddress
    events_url: WebAddress | None


class BatchAnswer(AnswerModel):
    """`jobs`: in the order of the items. The history can be asked for the jobs of a `batch_id`."""

    batch_id: str
    jobs: list[AcceptedAnswer]


class JobErrorAnswer(AnswerModel):
    code: ErrorCode  # type: ignore[valid-type]
    message: str
    retryable: bool
    details: dict[str, Any] = Field(default_factory=dict)


class JobAnswer(AnswerModel):
    """`result_url` is there once the job is done and until `expires_at`; favourites do not expire.

    `event_id` counts the changes of status and stage; give it back as `since` to wait for the next one. `cached`: the
    picture of an earlier equal request, at no cost.
    """

    job_id: str
    status: JobStatus
    stage: Stage | None
    progress: Percent
    result_url: WebAddress | None
    error: JobErrorAnswer | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    expires_at: Moment | None
    queue_position: Place | None
    estimated_time: Seconds | None
    engine: str | None
    model: str | None
    preview: bool | None
    cached: bool
    cost_usd: Annotated[float, Field(ge=0)]
    checks: dict[str, Any]
    warnings: list[NoticeAnswer]
    garment_details: dict[str, str]
    favorite: bool
    rating: Literal[-1, 0, 1]
    batch_id: str | None
    event_id: Annotated[int, Field(ge=0)]


class ResultAnswer(AnswerModel):
    result_url: WebAddress


class UnfinishedAnswer(AnswerModel):
    """Ask again after `retry_after_ms`."""

    job_id: str
    status: JobStatus
    progress: Percent
    retry_after_ms: Milliseconds


class RemovedAnswer(AnswerModel):
    """cancelled: it had not begun. cancelling: it stops at its next step. deleted: it had ended, and is gone."""

    outcome: Literal["cancelled", "cancelling", "deleted"]
