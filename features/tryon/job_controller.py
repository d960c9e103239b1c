"""One job over HTTP: look, wait, listen, fetch the result, cancel or delete."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, g, request

from features.tryon.addresses import result_addresses, shown
from features.tryon.answers import JobAnswer, RemovedAnswer, ResultAnswer, UnfinishedAnswer
from features.tryon.service import TryOnService
from features.tryon.stream import JobStreams, Listener
from features.tryon.wait_request import EventsQuery, WaitQuery, last_event
from features.tryon.waiting import JobWaiting
from shared.errors import JobCancelledError, JobFailedError, ResultExpiredError
from shared.hang_up import has_hung_up
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.outer_frame import WAITED
from shared.response import success_response
from shared.tokens import TokenService
from shared.url_utils import image_url

jobs_bp = Blueprint("jobs", __name__, url_prefix="/api")


@jobs_bp.get("/job/<job_id>")
@documented("Jobs", JobAnswer, query=WaitQuery)
@require_auth
def get_job_status(job_id: str) -> Response:
    """With `wait` the answer comes once the job has an event after `since` (left out: after now), has ended, or the
    time is over; at once when too many clients wait already."""
    asked = WaitQuery.of(request.args)
    if not asked.wait:
        return success_response(shown(_service().get(g.user_id, job_id)))
    gone = partial(has_hung_up, request.environ)
    found = resolve(JobWaiting).for_change(g.user_id, job_id, asked.since, asked.seconds, gone)
    request.environ[WAITED] = found.seconds
    return success_response(shown(found.view))


@jobs_bp.get("/job/<job_id>/events")
@documented("Jobs", media="text/event-stream", also={204: None}, query=EventsQuery, takes=("Last-Event-ID",))
@require_auth
def get_job_events(job_id: str) -> Response:
    """Server-sent events: one `status` event for each change, `data` a JSON object `{event_id, job_id, status, stage,
    progress, at}`. The last one has `result_url` and `error` too, then the stream ends. Come back with Last-Event-ID
    after a break: nothing is left out or repeated. 204: the job has ended and everything was seen."""
    after = last_event(request.args, request.headers.get("Last-Event-ID"))
    stream = resolve(JobStreams).open(_listener(), job_id, after)
    if stream is None:
        return Response(status=204)
    response = Response(stream, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx passes each event on at once
    return response


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


def _listener() -> Listener:
    token = request.headers["Authorization"].partition(" ")[2].strip()
    return Listener(
        user_id=g.user_id,
        gone=partial(has_hung_up, request.environ),
        welcome=partial(resolve(TokenService).authenticate, token),
        result_url=result_addresses(),
    )
