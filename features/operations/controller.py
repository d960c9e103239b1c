"""For operators and clients: health, readiness, metrics, capabilities; and the pictures themselves."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

from flask import Blueprint, Response, request, send_file
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from features.operations.schemas import CapabilitiesAnswer, HealthAnswer, LinkQuery, ReadyAnswer
from features.operations.service import OperationsService
from shared.clock import utc_now
from shared.errors import LinkExpiredError, LinkInvalidError, UnhealthyError, ValidationError
from shared.image_links import ImageLinks
from shared.middleware import resolve
from shared.openapi import documented
from shared.renditions import Renditions, StoreWithRenditions, width_of
from shared.response import success_response

operations_bp = Blueprint("operations", __name__)
images_bp = Blueprint("images", __name__)


@operations_bp.get("/health")
@documented("Operations", HealthAnswer, errors=(UnhealthyError,))
def health() -> Response:
    return success_response(_service().health())


@operations_bp.get("/ready")
@documented("Operations", ReadyAnswer, errors=(UnhealthyError,))
def ready() -> Response:
    return success_response(_service().ready())


@operations_bp.get("/metrics")
@documented("Operations", media="text/plain")
def metrics() -> Response:
    _service().observe()
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@operations_bp.get("/api/capabilities")
@documented("Operations", CapabilitiesAnswer)
def capabilities() -> Response:
    return success_response(_service().capabilities())


@images_bp.get("/<path:key>")
@documented(
    "Images",
    media="image/*",
    query=LinkQuery,
    also={206: None, 304: None},
    errors=(LinkExpiredError, LinkInvalidError, ValidationError),
)
def get_image(key: str) -> Response:
    """Open to whoever holds a valid link: an <img> sends no token.

    Add `&w=` to any such link for a copy of that width in pixels, never enlarged: WebP when Accept prefers it, else
    JPEG, or PNG for pictures with transparency. The signature does not cover `w`.
    """
    now = utc_now()
    resolve(ImageLinks).verify(key, request.args.get("exp"), request.args.get("sig"), now)
    width = width_of(request.args.get("w"))
    return _for_browsers(_original(key) if width is None else _copy(key, width), now)


def _original(key: str) -> Response:
    return send_file(resolve(StoreWithRenditions).get_image_path(key), etag=True, conditional=True, max_age=None)


def _copy(key: str, width: int) -> Response:
    wanted = request.accept_mimetypes.best_match(("image/jpeg", "image/png", "image/webp"))
    found = resolve(Renditions).get(key, width, webp=wanted == "image/webp")
    etag = hashlib.sha256(found.data).hexdigest()[:32]
    response = send_file(io.BytesIO(found.data), found.mime, etag=etag, conditional=True, max_age=None)
    response.vary.add("Accept")
    return response


def _for_browsers(response: Response, now: datetime) -> Response:
    """As long as the link works a browser need not ask again; pages of other origins may show the picture."""
    seconds_left = max(0, int(request.args["exp"]) - int(now.timestamp()))
    response.headers["Cache-Control"] = f"private, max-age={seconds_left}, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _service() -> OperationsService:
    return resolve(OperationsService)
