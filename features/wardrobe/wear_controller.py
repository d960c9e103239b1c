"""Wearing and the figures of a wardrobe over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.wardrobe.filters import LARGEST_ID
from features.wardrobe.wear_schemas import StatsAnswer, WearAnswer, WornFields
from features.wardrobe.wear_service import WearService
from features.wardrobe.wear_views import stats_view, wear_view
from shared.bodies import read_body
from shared.errors import ConflictError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.url_utils import image_url
from shared.validators import parse_model

wear_bp = Blueprint("wardrobe_wear", __name__, url_prefix="/api/wardrobe")
WORN = f"/items/<int(max={LARGEST_ID}):item_id>/worn"


@wear_bp.post(WORN)
@documented("Wardrobe", WearAnswer, body=WornFields, errors=(ConflictError,))
@require_auth
def add_item_wear(item_id: int) -> Response:
    """A day counts once, however often it is sent. What is on the wishlist cannot be worn: 409."""
    wanted = read_body(WornFields)
    return success_response(wear_view(_service().worn(g.user_id, item_id, wanted.date)))


@wear_bp.delete(WORN)
@documented("Wardrobe", WearAnswer, query=WornFields)
@require_auth
def remove_item_wear(item_id: int) -> Response:
    """Takes a day back; 404 when it is not noted."""
    wanted = parse_model(WornFields, request.args.to_dict(), from_form=True)
    return success_response(wear_view(_service().unworn(g.user_id, item_id, wanted.date)))


@wear_bp.get("/stats")
@documented("Wardrobe", StatsAnswer)
@require_auth
def get_wardrobe_stats() -> Response:
    return success_response(stats_view(_service().stats(g.user_id), image_url))


def _service() -> WearService:
    return resolve(WearService)
