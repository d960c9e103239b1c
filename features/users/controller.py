"""The own account over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g

from features.users.schemas import (
    AccountDeletion,
    DeletionAnswer,
    PasswordChange,
    ProfileChange,
    TokenAnswer,
    UserAnswer,
)
from features.users.service import UserService
from shared.bodies import read_body
from shared.errors import ConflictError, EmailExistsError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response

users_bp = Blueprint("users", __name__, url_prefix="/api/users/profile")


@users_bp.get("")
@documented("Profile", UserAnswer)
@require_auth
def get_profile() -> Response:
    return success_response(_service().get(g.user_id).to_dict())


@users_bp.put("")
@documented("Profile", UserAnswer, body=ProfileChange, errors=(EmailExistsError,))
@require_auth
def update_profile() -> Response:
    changes = read_body(ProfileChange).sent()
    return success_response(_service().update(g.user_id, changes).to_dict())


@users_bp.delete("")
@documented("Profile", DeletionAnswer, body=AccountDeletion)
@require_auth
def delete_account() -> Response:
    """The answer counts what is gone by kind: measurements, jobs, files, ..."""
    counts = _service().delete(g.user_id, read_body(AccountDeletion).password)
    return success_response(counts, message="The account and everything in it was deleted.")


@users_bp.post("/change-password")
@documented("Profile", TokenAnswer, body=PasswordChange, errors=(ConflictError,))
@require_auth
def change_password() -> Response:
    wanted = read_body(PasswordChange)
    token = _service().change_password(g.user_id, wanted.current_password, wanted.new_password)
    return success_response({"token": token}, message="The password was changed; all older tokens have ended.")


def _service() -> UserService:
    return resolve(UserService)
