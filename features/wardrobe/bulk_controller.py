"""Adding many items over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.wardrobe.bulk import BulkService
from features.wardrobe.bulk_schemas import MOST_IMAGES, BulkFields, BulkMeta, BulkOutcomeAnswer
from features.wardrobe.bulk_views import counts, outcome_views
from features.wardrobe.schemas import REPEATED
from shared.bodies import is_form, read_fields
from shared.errors import RateLimitedError
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_pictures
from shared.url_utils import image_path, image_url
from shared.validators import parse_model

bulk_bp = Blueprint("wardrobe_bulk", __name__, url_prefix="/api/wardrobe")
IMAGES = "images"


@bulk_bp.post("/items/bulk")
@documented(
    "Wardrobe", list[BulkOutcomeAnswer], meta=BulkMeta, body=BulkFields,
    files={IMAGES: MOST_IMAGES}, required=(IMAGES,), errors=(RateLimitedError,),
)  # fmt: skip
@require_auth
@takes_body("pictures")
def add_items() -> Response:
    """Up to 50 pictures, each with its own outcome: one that cannot be used does not stop the others."""
    wanted = parse_model(BulkFields, read_fields(repeated=REPEATED), from_form=is_form())
    pictures = read_pictures(request, IMAGES, most=MOST_IMAGES, max_bytes=resolve(ImageLimits).max_bytes)
    outcomes = resolve(BulkService).add(g.user_id, pictures, wanted)
    return success_response(outcome_views(outcomes, image_url, image_path), meta=counts(outcomes))
