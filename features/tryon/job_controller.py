"""One job over HTTP: look, fetch the result, cancel or delete."""

from __future__ import annotations

from flask import Blueprint, Response, g

from features.tryon.addresses import shown
from features.tryon.answers import JobAnswer, RemovedAnswer, ResultAnswer, UnfinishedAnswer
from features.tryon.service import TryOnService
from shared.errors import JobCancelledError, JobFailedError, ResultExpiredError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.url_utils import image_url

jobs_bp = Blueprint("jobs", __name__, url_prefix="/api")


@jobs_bp.get("/job/<job_id>")
@documented("Jobs", JobAnswer)
@require_auth
def get_job_status(job_id: str) -> Response:
    return success_response(shown(_service().get(g.user_id, job_id)))


@jobs_bp.get("/job/<job_id>/result")
@documented(
    "Jobs", ResultAnswer, also={202: UnfinishedAnswer}, errors=(JobFailedError, JobCancelledError, ResultExpiredError)
)
@require_auth
def get_job_result(job_id: str) -> Response:
    view, key = _service().finished_result(g.user_id, job_id)
    return success_response({"result_url": image_url(key)}) if key else success_response(view.unfinished(), 202)


@jobs_bp.delete("/job/<job_id>")
@documented("Jobs", RemovedAnswer)
@require_auth
def delete_job(job_id: str) -> Response:
    return success_response({"outcome": _service().remove(g.user_id, job_id)})


def _service() -> TryOnService:
    return resolve(TryOnService)
