"""Try-ons and their jobs over HTTP."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, g, request

from features.tryon.answers import AcceptedAnswer, JobAnswer, RemovedAnswer, ResultAnswer, UnfinishedAnswer
from features.tryon.idempotency import IdempotencyKey, input_hash
from features.tryon.request import TryOnRequest, parse_deadline, parse_idempotency_key
from features.tryon.schemas import (
    MULTI_IMAGES,
    TRYON_IMAGES,
    FavoriteRequest,
    HistoryQuery,
    JobView,
    MultiForm,
    TryOnForm,
)
from features.tryon.service import Submission, TryOnService
from shared.answers import PageMeta
from shared.bodies import is_form, read_body, read_fields
from shared.errors import (
    ConflictError,
    ContentBlockedError,
    IdempotencyMismatchError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ResultExpiredError,
)
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_images
from shared.url_utils import image_url, to_absolute_url
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
    return _accepted(_service().submit(g.user_id, wanted, _submission(wanted, images)))


@tryon_bp.post("/tryon/multi")
@starts_job(body=MultiForm, pictures=MULTI_IMAGES)
@require_auth
@takes_body("pictures")
def create_multi_tryon_job() -> Response:
    fields, images = read_fields(), _images(MULTI_IMAGES)
    wanted = TryOnRequest.multi_from_parts(fields, images)
    return _accepted(_service().submit(g.user_id, wanted, _submission(wanted, images)))


@tryon_bp.get("/job/<job_id>")
@documented("Jobs", JobAnswer)
@require_auth
def get_job_status(job_id: str) -> Response:
    return success_response(_shown(_service().get(g.user_id, job_id)))


@tryon_bp.get("/job/<job_id>/result")
@documented(
    "Jobs", ResultAnswer, also={202: UnfinishedAnswer}, errors=(JobFailedError, JobCancelledError, ResultExpiredError)
)
@require_auth
def get_job_result(job_id: str) -> Response:
    view, key = _service().finished_result(g.user_id, job_id)
    return success_response({"result_url": image_url(key)}) if key else success_response(view.unfinished(), 202)


@tryon_bp.delete("/job/<job_id>")
@documented("Jobs", RemovedAnswer)
@require_auth
def delete_job(job_id: str) -> Response:
    return success_response({"outcome": _service().remove(g.user_id, job_id)})


@tryon_bp.get("/tryon/history")
@documented("Try-on", list[JobAnswer], meta=PageMeta, query=HistoryQuery)
@require_auth
def get_history() -> Response:
    wanted = parse_model(HistoryQuery, request.args.to_dict(), from_form=True).to_filter()
    views, cursor = _service().history(g.user_id, wanted)
    return success_response([_shown(view) for view in views], meta={"next_cursor": cursor})


@tryon_bp.patch("/tryon/<job_id>/favorite")
@documented("Try-on", JobAnswer, body=FavoriteRequest)
@require_auth
def set_favorite(job_id: str) -> Response:
    wanted = read_body(FavoriteRequest)
    return success_response(_shown(_service().set_favorite(g.user_id, job_id, wanted.favorite)))


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
    job_id = view.job.job_id
    status_url = to_absolute_url(f"/api/job/{job_id}")
    links = {
        "status_url": status_url,
        "result_url": status_url + "/result",
        "cancel_url": status_url,
        "events_url": None,
    }
    response = success_response(view.accepted(links), 202)
    response.headers["Location"] = status_url
    return response


def _shown(view: JobView) -> dict[str, object]:
    key = _service().result_key(view.job)
    return view.to_dict(image_url(key) if key else None)
