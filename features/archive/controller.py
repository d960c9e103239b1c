"""Exporting and importing a wardrobe over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.archive.export import WardrobeExport
from features.archive.reader import FIELD
from features.archive.schemas import ExportQuery, ImportAnswer
from features.archive.service import WardrobeImport
from shared.clock import utc_now
from shared.errors import ConflictError, ImageRejectedError, RateLimitedError
from shared.frame import takes_body
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import open_upload
from shared.url_utils import to_absolute_url
from shared.validators import parse_model

archive_bp = Blueprint("archive", __name__, url_prefix="/api/wardrobe")
ZIP = "application/zip"


@archive_bp.get("/export")
@documented("Wardrobe", media=ZIP, query=ExportQuery, gives=("Content-Disposition",), errors=(RateLimitedError,))
@require_auth
def export_wardrobe() -> Response:
    """The whole wardrobe as one ZIP: `wardrobe.json` (items, outfits, own sections and categories, days worn) and the
    pictures. With `after` in parts, for wardrobes that are too large for one import."""
    wanted = parse_model(ExportQuery, request.args.to_dict(), from_form=True)
    export = resolve(WardrobeExport)
    part = export.part(g.user_id, wanted.after)
    answer = Response(export.stream(part), mimetype=ZIP)
    number = f"-{part.after}" if wanted.after is not None else ""
    answer.headers["Content-Disposition"] = f'attachment; filename="wardrobe-{utc_now():%Y-%m-%d}{number}.zip"'
    if part.last is not None:
        answer.headers["Link"] = f'<{to_absolute_url(f"/api/wardrobe/export?after={part.last}")}>; rel="next"'
    return answer


@archive_bp.post("/import")
@documented(
    "Wardrobe", ImportAnswer, files={FIELD: 1}, required=(FIELD,),
    errors=(ConflictError, ImageRejectedError, RateLimitedError),
)  # fmt: skip
@require_auth
@takes_body("pictures")
def import_wardrobe() -> Response:
    """The ZIP of an export, of this account or of another, here or elsewhere: all of it or, when something in it is
    wrong, nothing. What is there already stays as it is, so that importing it twice adds nothing twice."""
    return success_response(resolve(WardrobeImport).load(g.user_id, open_upload(request, FIELD)).to_dict())
