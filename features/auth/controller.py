"""Sign-up, sign-in and tokens over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g

from features.auth.schemas import CreateAccountRequest, LoginRequest, SignedInAnswer
from features.auth.service import AuthService
from features.users.schemas import TokenAnswer
from shared.bodies import read_body
from shared.errors import AuthenticationError, EmailExistsError, RateLimitedError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response

auth_bp = Blueprint("auth", __name__, url_prefix="/api")


@auth_bp.post("/create-account")
@documented(
    "Accounts", SignedInAnswer, status=201, body=CreateAccountRequest, errors=(EmailExistsError, RateLimitedError)
)
def create_account() -> Response:
    signed_up = _service().create_account(read_body(CreateAccountRequest))
    return success_response(signed_up.to_dict(), 201)


@auth_bp.post("/login")
@documented("Accounts", SignedInAnswer, body=LoginRequest, errors=(AuthenticationError, RateLimitedError))
def login() -> Response:
    wanted = read_body(LoginRequest)
    return success_response(_service().login(wanted.email, wanted.password).to_dict())


@auth_bp.post("/logout")
@documented("Accounts")
@require_auth
def logout() -> Response:
    _service().logout(g.claims)
    return success_response(message="Signed out.")


@auth_bp.post("/token/refresh")
@documented("Accounts", TokenAnswer)
@require_auth
def refresh_token() -> Response:
    """The old token stays valid until it runs out or is logged out."""
    return success_response({"token": _service().refresh(g.claims)})


def _service() -> AuthService:
    return resolve(AuthService)
