"""Try-ons and their jobs over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Blueprint, Response, g, request

from features.tryon.addresses import job_links, shown
from features.tryon.answers import AcceptedAnswer, JobAnswer
from features.tryon.request import TryOnRequest
from features.tryon.schemas import (
    MULTI_IMAGES,
    TRYON_IMAGES,
    FavoriteRequest,
    HistoryQuery,
    JobView,
    MultiForm,
    RatingRequest,
    TryOnForm,
)
from features.tryon.service import TryOnService
from features.tryon.submission import Submission, SubmitService
from features.tryon.wait_request import preferred_wait
from features.tryon.waiting import JobWaiting
from shared.answers import PageMeta
from shared.bodies import forget_body, is_form, read_body, read_fields
from shared.errors import (
    BudgetExhaustedError,
    ConflictError,
    ContentBlockedError,
    IdempotencyMismatchError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    TooManyJobsError,
)
from shared.frame import takes_body
from shared.hang_up import has_hung_up
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.outer_frame import WAITED
from shared.response import success_response
from shared.uploads import UploadRoom, read_images
from shared.validators import parse_model

tryon_bp = Blueprint("tryon", __name__, url_prefix="/api")
REFUSED = (ConflictError, ContentBlockedError, IdempotencyMismatchError, RateLimitedError, TooManyJobsError,
           BudgetExhaustedError, QueueFullError)  # fmt: skip
starts_job = partial(
    documented, "Try-on", AcceptedAnswer, status=202, also={200: JobAnswer}, gives=("Location", "Preference-Applied"),
    takes=("Idempotency-Key", "X-Deadline-Seconds", "Prefer"), errors=REFUSED,
)  # fmt: skip


@tryon_bp.post("/tryon")
@starts_job(body=TryOnForm, pictures=TRYON_IMAGES, errors=(*REFUSED, NotFoundError))
@require_auth
@takes_body("pictures")
def create_tryon_job() -> Response:
    parse = partial(TryOnRequest.from_parts, from_form=is_form())
    return _accepted(_submitted(parse, TRYON_IMAGES, repeated=("item_urls",)))


@tryon_bp.post("/tryon/multi")
@starts_job(body=MultiForm, pictures=MULTI_IMAGES)
@require_auth
@takes_body("pictures")
def create_multi_tryon_job() -> Response:
    return _accepted(_submitted(TryOnRequest.multi_from_parts, MULTI_IMAGES))


@tryon_bp.get("/tryon/history")
@documented("Try-on", list[JobAnswer], meta=PageMeta, query=HistoryQuery)
@require_auth
def get_history() -> Response:
    wanted = parse_model(HistoryQuery, request.args.to_dict(), from_form=True).to_filter()
    views, cursor = _service().history(g.user_id, wanted)
    return success_response([shown(view) for view in views], meta={"next_cursor": cursor})


@tryon_bp.patch("/tryon/<job_id>/favorite")
@documented("Try-on", JobAnswer, body=FavoriteRequest)
@require_auth
def set_favorite(job_id: str) -> Response:
    wanted = read_body(FavoriteRequest)
    return success_response(shown(_service().set_favorite(g.user_id, job_id, wanted.favorite)))


@tryon_bp.patch("/tryon/<job_id>/rating")
@documented("Try-on", JobAnswer, body=RatingRequest)
@require_auth
def set_rating(job_id: str) -> Response:
    wanted = read_body(RatingRequest)
    return success_response(shown(_service().set_rating(g.user_id, job_id, wanted.rating)))


def _service() -> TryOnService:
    return resolve(TryOnService)


def _images(names: tuple[str, ...]) -> dict[str, bytes]:
    return read_images(request, names, max_bytes=resolve(ImageLimits).max_bytes)


def _submitted(
    parse: Callable[[dict[str, Any], dict[str, bytes]], TryOnRequest],
    names: tuple[str, ...],
    repeated: Sequence[str] = (),
) -> JobView:
    """Makes the job, and lets go of the pictures: the client may wait for long."""
    fields = read_fields(repeated)
    with resolve(UploadRoom).entered():
        images = _images(names)
        wanted = parse(fields, images)
        submission = Submission.from_parts(request.path, dict(request.headers), wanted.fields, images)
        view = resolve(SubmitService).submit(g.user_id, wanted, submission)
        forget_body()
        return view


def _accepted(view: JobView) -> Response:
    """202, or 200 with the job when the client preferred to wait and it ended in time."""
    links = job_links(view.job.job_id)
    seconds = preferred_wait(request.headers.get("Prefer"))
    response = success_response(view.accepted(links), 202) if seconds is None else _awaited(view, links, seconds)
    response.headers["Location"] = links["status_url"] or ""
    return response


def _awaited(view: JobView, links: dict[str, str | None], seconds: int) -> Response:
    found = resolve(JobWaiting).for_end(view, seconds, partial(has_hung_up, request.environ))
    request.environ[WAITED] = found.seconds
    ended = found.view.job.ended
    response = success_response(shown(found.view)) if ended else success_response(found.view.accepted(links), 202)
    if found.had_place:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response
