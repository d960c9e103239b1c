"""Wardrobe items over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.garments.schemas import ProductAnswer, UrlRequest
from features.garments.service import GarmentService
from features.wardrobe.answers import AddedItemAnswer, ItemAnswer, ItemsMeta, OptionsAnswer
from features.wardrobe.model import WardrobeItem
from features.wardrobe.options import options
from features.wardrobe.schemas import PICTURE, REPEATED, ItemChange, ItemQuery, NewItemFields
from features.wardrobe.service import NewItem, WardrobeService
from features.wardrobe.views import added_view, item_view
from shared.bodies import is_form, read_body, read_fields
from shared.errors import (
    ConflictError,
    ExtractionError,
    ImageRejectedError,
    NotFoundError,
    RateLimitedError,
    ResultExpiredError,
)
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_images
from shared.url_utils import image_path, image_url, to_absolute_url
from shared.validators import parse_model

wardrobe_bp = Blueprint("wardrobe", __name__, url_prefix="/api/wardrobe")


@wardrobe_bp.get("/options")
@documented("Wardrobe", OptionsAnswer)
@require_auth
def get_options() -> Response:
    return success_response(options())


@wardrobe_bp.post("/extract-from-url")
@documented("Wardrobe", ProductAnswer, body=UrlRequest, errors=(ExtractionError, RateLimitedError))
@require_auth
def extract_from_url() -> Response:
    """What a product page says; nothing is saved."""
    return success_response(resolve(GarmentService).scrape(read_body(UrlRequest).url).to_dict())


@wardrobe_bp.post("/items")
@documented(
    "Wardrobe", AddedItemAnswer, status=201, body=NewItemFields, pictures=(PICTURE,), required=("category_section",),
    also={200: AddedItemAnswer}, gives=("Location",),
    errors=(ConflictError, ExtractionError, NotFoundError, RateLimitedError, ResultExpiredError),
)  # fmt: skip
@require_auth
@takes_body("pictures")
def add_item() -> Response:
    """With a picture, a finished try-on, or a link to a product page or a picture. What the try-on or the page knows
    fills what is not said. With an `upload_key` that was used before: 200 and that item, as it is now."""
    wanted = parse_model(NewItemFields, read_fields(repeated=REPEATED), from_form=is_form())
    new = NewItem(wanted.sent(), _picture(), wanted.upload_key, wanted.job_id, wanted.garment_index)
    added = _service().add(g.user_id, new)
    answer = success_response(added_view(added, image_url, image_path), 200 if added.existed else 201)
    answer.headers["Location"] = to_absolute_url(f"/api/wardrobe/items/{added.item.id}")
    return answer


@wardrobe_bp.get("/items")
@documented("Wardrobe", list[ItemAnswer], meta=ItemsMeta, query=ItemQuery)
@require_auth
def get_items() -> Response:
    asked = {**request.args.to_dict(), "tag": request.args.getlist("tag")}
    wanted = parse_model(ItemQuery, asked, from_form=True).to_filter()
    items, cursor = _service().page(g.user_id, wanted)
    total = _service().total(g.user_id, wanted)
    meta = {"next_cursor": cursor, **({"total": total} if total is not None else {})}
    return success_response([_shown(item) for item in items], meta=meta)


@wardrobe_bp.get("/items/<int:item_id>")
@documented("Wardrobe", ItemAnswer)
@require_auth
def get_item(item_id: int) -> Response:
    return success_response(_shown(_service().get(g.user_id, item_id)))


@wardrobe_bp.put("/items/<int:item_id>")
@documented("Wardrobe", ItemAnswer, body=ItemChange, pictures=(PICTURE,), errors=(ConflictError,))
@require_auth
@takes_body("pictures")
def update_item(item_id: int) -> Response:
    wanted = parse_model(ItemChange, read_fields(repeated=REPEATED), from_form=is_form())
    return success_response(_shown(_service().update(g.user_id, item_id, wanted.sent(), _picture())))


@wardrobe_bp.delete("/items/<int:item_id>")
@documented("Wardrobe")
@require_auth
def delete_item(item_id: int) -> Response:
    _service().delete(g.user_id, item_id)
    return success_response(message="The item and its pictures were deleted.")


@wardrobe_bp.post("/items/<int:item_id>/remove-background")
@documented("Wardrobe", ItemAnswer, errors=(ConflictError, ImageRejectedError, RateLimitedError))
@require_auth
def remove_item_background(item_id: int) -> Response:
    """The garment alone, with alpha; the original is kept."""
    return success_response(_shown(_service().remove_background(g.user_id, item_id)))


@wardrobe_bp.post("/items/<int:item_id>/remove-background/undo")
@documented("Wardrobe", ItemAnswer, errors=(ConflictError,))
@require_auth
def undo_item_background(item_id: int) -> Response:
    """The original picture again."""
    return success_response(_shown(_service().undo_background(g.user_id, item_id)))


@wardrobe_bp.post("/items/<int:item_id>/undo")
@documented("Wardrobe", ItemAnswer, errors=(ConflictError,))
@require_auth
def undo_item(item_id: int) -> Response:
    """The same under its short address."""
    return success_response(_shown(_service().undo_background(g.user_id, item_id)))


def _service() -> WardrobeService:
    return resolve(WardrobeService)


def _picture() -> bytes | None:
    return read_images(request, (PICTURE,), max_bytes=resolve(ImageLimits).max_bytes).get(PICTURE)


def _shown(item: WardrobeItem) -> dict[str, object]:
    return item_view(item, image_url, image_path)
