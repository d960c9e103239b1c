"""Try-ons and their jobs over HTTP."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, g, request

from features.tryon.addresses import job_links, shown
from features.tryon.answers import AcceptedAnswer, JobAnswer
from features.tryon.idempotency import IdempotencyKey, input_hash
from features.tryon.request import TryOnRequest, parse_deadline, parse_idempotency_key
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
from shared.answers import PageMeta
from shared.bodies import is_form, read_body, read_fields
from shared.errors import (
    ConflictError,
    ContentBlockedError,
    IdempotencyMismatchError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
)
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_images
from shared.validators import parse_model

tryon_bp = Blueprint("tryon", __name__, url_prefix="/api")
REFUSED = (ConflictError, ContentBlockedError, IdempotencyMismatchError, RateLimitedError, QueueFullError)
starts_job = partial(
    documented, "Try-on", AcceptedAnswer, status=202, gives=("Location",),
    takes=("Idempotency-Key", "X-Deadline-Seconds"), errors=REFUSED,
)  # fmt: skip


@tryon_bp.post("/tryon")
@starts_job(body=TryOnForm, pictures=TRYON_IMAGES, errors=(*REFUSED, NotFoundError))
@require_auth
@takes_body("pictures")
def create_tryon_job() -> Response:
    fields, images = read_fields(repeated=("item_urls",)), _images(TRYON_IMAGES)
    wanted = TryOnRequest.from_parts(fields, images, from_form=is_form())
    return _accepted(resolve(SubmitService).submit(g.user_id, wanted, _submission(wanted, images)))


@tryon_bp.post("/tryon/multi")
@starts_job(body=MultiForm, pictures=MULTI_IMAGES)
@require_auth
@takes_body("pictures")
def create_multi_tryon_job() -> Response:
    fields, images = read_fields(), _images(MULTI_IMAGES)
    wanted = TryOnRequest.multi_from_parts(fields, images)
    return _accepted(resolve(SubmitService).submit(g.user_id, wanted, _submission(wanted, images)))


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


def _submission(wanted: TryOnRequest, images: dict[str, bytes]) -> Submission:
    key = parse_idempotency_key(request.headers.get("Idempotency-Key"))
    deadline = parse_deadline(request.headers.get("X-Deadline-Seconds"))
    fields = {**wanted.fields, "path": request.path}
    return Submission(IdempotencyKey(key, input_hash(fields, images)) if key else None, deadline)


def _accepted(view: JobView) -> Response:
    links = job_links(view.job.job_id)
    response = success_response(view.accepted(links), 202)
    response.headers["Location"] = links["status_url"] or ""
    return response
