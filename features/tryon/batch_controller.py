"""Many try-ons at once over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.tryon.addresses import job_links
from features.tryon.answers import BatchAnswer
from features.tryon.batch import BatchRequest
from features.tryon.controller import REFUSED
from features.tryon.schemas import PERSON_FIELDS, BatchForm
from features.tryon.submission import Submission, SubmitService
from shared.bodies import read_fields
from shared.errors import NotFoundError
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import UploadRoom, read_images
from shared.url_utils import to_absolute_url

batch_bp = Blueprint("batch", __name__, url_prefix="/api")


@batch_bp.post("/tryon/batch")
@documented(
    "Try-on", BatchAnswer, status=202, body=BatchForm, pictures=PERSON_FIELDS, required=("items",), gives=("Location",),
    takes=("Idempotency-Key", "X-Deadline-Seconds"), errors=(*REFUSED, NotFoundError),
)  # fmt: skip
@require_auth
@takes_body("pictures")
def create_batch_tryon_jobs() -> Response:
    """One person and up to 20 garments: a job each, all or none. The garments' pictures come as further parts of the
    form, or fields of the JSON body, under the names that `image` of the items gives them."""
    batch = BatchRequest.from_fields(read_fields())
    with resolve(UploadRoom).entered():
        images = read_images(request, batch.picture_names, max_bytes=resolve(ImageLimits).max_bytes)
        submission = Submission.from_parts(request.path, dict(request.headers), batch.plain(images), images)
        batch_id, views = resolve(SubmitService).submit_batch(g.user_id, batch.requests(images), submission)
    jobs = [view.accepted(job_links(view.job.job_id)) for view in views]
    response = success_response({"batch_id": batch_id, "jobs": jobs}, 202)
    response.headers["Location"] = to_absolute_url(f"/api/tryon/history?batch_id={batch_id}")
    return response
