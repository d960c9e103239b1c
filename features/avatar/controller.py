"""The avatar and remove-bg over HTTP."""

from __future__ import annotations

import base64

from flask import Blueprint, Response, g, request

from features.avatar.model import Avatar
from features.avatar.schemas import AvatarAnswer, CutOutAnswer, SavedAvatarAnswer
from features.avatar.service import AvatarService, CutOutPicture
from shared.errors import NotFoundError, RateLimitedError, ValidationError
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_images
from shared.url_utils import image_url

avatar_bp = Blueprint("avatar", __name__, url_prefix="/api")


@avatar_bp.post("/save-avatar")
@documented("Avatar", SavedAvatarAnswer, pictures=("avatar",), required=("avatar",))
@require_auth
@takes_body("pictures")
def save_avatar() -> Response:
    return _answer(_service().save(g.user_id, _picture("avatar")), "The avatar was saved.")


@avatar_bp.get("/get-avatar")
@documented("Avatar", AvatarAnswer, errors=(NotFoundError,))
@require_auth
def get_avatar() -> Response:
    return success_response(_shown(_service().get(g.user_id)))


@avatar_bp.put("/update-avatar")
@documented("Avatar", SavedAvatarAnswer, pictures=("avatar_data",), required=("avatar_data",))
@require_auth
@takes_body("pictures")
def update_avatar() -> Response:
    """Always the caller's own: a `user_id` in the body counts for nothing."""
    return _answer(_service().save(g.user_id, _picture("avatar_data")), "The avatar was updated.")


@avatar_bp.delete("/avatar")
@documented("Avatar", errors=(NotFoundError,))
@require_auth
def delete_avatar() -> Response:
    _service().delete(g.user_id)
    return success_response(message="The avatar was deleted.")


@avatar_bp.post("/avatar/undo-cutout")
@documented("Avatar", SavedAvatarAnswer, errors=(NotFoundError,))
@require_auth
def undo_cutout() -> Response:
    return _answer(_service().undo_cutout(g.user_id), "The original photo is the avatar again.")


@avatar_bp.post("/remove-bg")
@documented("Avatar", CutOutAnswer, media="image/png", pictures=("file", "image"), errors=(RateLimitedError,))
@takes_body("pictures")
def remove_bg() -> Response:
    """A PNG with alpha; as a data URL in JSON when Accept prefers that. Nothing is stored."""
    found = _service().remove_background(_picture("file", "image"))
    wanted = request.accept_mimetypes.best_match(("image/png", "application/json"))
    return success_response(_as_json(found)) if wanted == "application/json" else _as_picture(found)


def _service() -> AvatarService:
    return resolve(AvatarService)


def _picture(*fields: str) -> bytes:
    """The first of these fields that the request brings, as a multipart part or as base64 in JSON."""
    pictures = read_images(request, fields, max_bytes=resolve(ImageLimits).max_bytes)
    found = next(iter(pictures.values()), None)
    if found is None:
        raise ValidationError("There is no picture in the request.", fields={fields[0]: "is required"})
    return found


def _shown(avatar: Avatar) -> dict[str, object]:
    return {
        "avatar_url": image_url(avatar.shown_key),
        "background_removed": avatar.cutout_key is not None,
        "warnings": list(avatar.warnings),
    }


def _answer(avatar: Avatar, message: str) -> Response:
    return success_response({"message": message, **_shown(avatar)})


def _as_picture(found: CutOutPicture) -> Response:
    return Response(found.png, mimetype="image/png")


def _as_json(found: CutOutPicture) -> dict[str, object]:
    image = "data:image/png;base64," + base64.b64encode(found.png).decode()
    return {"image": image, "warnings": [{"code": item.code, "message": item.message} for item in found.warnings]}
