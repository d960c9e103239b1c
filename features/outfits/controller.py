"""Outfits over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.outfits.schemas import (
    REPEATED,
    OutfitAnswer,
    OutfitChange,
    OutfitQuery,
    OutfitRequest,
    OutfitView,
)
from features.outfits.service import OutfitService
from features.wardrobe.wear_schemas import WornFields
from shared.answers import PageMeta
from shared.bodies import is_form, read_body, read_fields
from shared.errors import ConflictError, NotFoundError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.url_utils import image_url, to_absolute_url
from shared.validators import parse_model

outfits_bp = Blueprint("outfits", __name__, url_prefix="/api/outfits")


@outfits_bp.post("")
@documented(
    "Outfits", OutfitAnswer, status=201, body=OutfitRequest, gives=("Location",), errors=(NotFoundError,)
)  # fmt: skip
@require_auth
def add_outfit() -> Response:
    """One of the items is not in the own wardrobe: 404, and nothing is made."""
    wanted = parse_model(OutfitRequest, read_fields(repeated=REPEATED), from_form=is_form())
    return _created(_service().add(g.user_id, wanted.values(), wanted.item_ids))


@outfits_bp.get("")
@documented("Outfits", list[OutfitAnswer], meta=PageMeta, query=OutfitQuery)
@require_auth
def get_outfits() -> Response:
    """Newest first."""
    wanted = parse_model(OutfitQuery, request.args.to_dict(), from_form=True).to_filter()
    views, cursor = _service().page(g.user_id, wanted)
    return success_response([_shown(view) for view in views], meta={"next_cursor": cursor})


@outfits_bp.get("/<int:outfit_id>")
@documented("Outfits", OutfitAnswer)
@require_auth
def get_outfit(outfit_id: int) -> Response:
    return success_response(_shown(_service().get(g.user_id, outfit_id)))


@outfits_bp.put("/<int:outfit_id>")
@documented("Outfits", OutfitAnswer, body=OutfitChange)
@require_auth
def update_outfit(outfit_id: int) -> Response:
    """`item_ids` replaces all of its items, or, when one is not in the own wardrobe, none."""
    wanted = parse_model(OutfitChange, read_fields(repeated=REPEATED), from_form=is_form())
    return success_response(_shown(_service().update(g.user_id, outfit_id, wanted.values(), wanted.items())))


@outfits_bp.delete("/<int:outfit_id>")
@documented("Outfits")
@require_auth
def delete_outfit(outfit_id: int) -> Response:
    _service().delete(g.user_id, outfit_id)
    return success_response(message="The outfit was deleted. Its items stay in the wardrobe.")


@outfits_bp.post("/<int:outfit_id>/clone")
@documented("Outfits", OutfitAnswer, status=201, gives=("Location",))
@require_auth
def clone_outfit(outfit_id: int) -> Response:
    """The same garments, tags and notes as "<name> (copy)"; the copy has not been worn yet."""
    return _created(_service().clone(g.user_id, outfit_id))


@outfits_bp.post("/<int:outfit_id>/worn")
@documented("Outfits", OutfitAnswer, body=WornFields, errors=(ConflictError,))
@require_auth
def add_outfit_wear(outfit_id: int) -> Response:
    """All of its items, or none, were worn on a day; a day counts once. 409 without items, or with one of the
    wishlist."""
    wanted = read_body(WornFields)
    return success_response(_shown(_service().worn(g.user_id, outfit_id, wanted.date)))


def _service() -> OutfitService:
    return resolve(OutfitService)


def _shown(view: OutfitView) -> dict[str, object]:
    return view.to_dict(image_url)


def _created(view: OutfitView) -> Response:
    response = success_response(_shown(view), 201)
    response.headers["Location"] = to_absolute_url(f"/api/outfits/{view.outfit.id}")
    return response
