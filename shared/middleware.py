"""What stands before a view: who asks, how often, and where the parts are that answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

from shared.errors import AuthenticationError, AuthRequiredError
from shared.logger import CONTEXT
from shared.tokens import Claims, TokenService

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
_PARTS = "because_future_parts"


def provide(app: Flask, *parts: object) -> None:
    """Put the wired parts where `resolve` finds them. Called once, by the composition root."""
    app.extensions.setdefault(_PARTS, {}).update({type(part): part for part in parts})


def resolve(kind: type[T]) -> T:
    """The wired part of this type."""
    return cast(T, current_app.extensions[_PARTS][kind])


def require_auth(view: Callable[P, R]) -> Callable[P, R]:
    """Only with a valid token; `g.user_id` and `g.claims` are set then."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _identify():
            raise AuthRequiredError("Sign in first: send the header 'Authorization: Bearer <token>'.")
        return view(*args, **kwargs)

    guarded.requires_auth = True  # type: ignore[attr-defined]
    return guarded


def optional_auth(view: Callable[P, R]) -> Callable[P, R]:
    """`g.user_id` is set when a token came; a token that is not valid is still refused."""

    @wraps(view)
    def open_view(*args: P.args, **kwargs: P.kwargs) -> R:
        _identify()
        return view(*args, **kwargs)

    return open_view


def _identify() -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return False
    claims: Claims = resolve(TokenService).authenticate(token.strip())
    g.user_id, g.claims = claims.user_id, claims
    CONTEXT.set({**(CONTEXT.get() or {}), "user_id": claims.user_id})
    return True


@dataclass(frozen=True)
class RateLimit:
    """`limit` as flask-limiter writes it ("10 per minute"); None: off. `key` tells who is counted."""

    endpoint: str
    limit: str | None
    key: Callable[[], str] = get_remote_address
    counts: tuple[int, ...] = ()
    """Answers that count, by status; empty: every request does."""
    only_with: tuple[str, ...] = ()
    """Fields of query or body: only requests that carry one of them count; empty: every request does."""


def login_key() -> str:
    """One e-mail address from one network address."""
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    email = body.get("email") if hasattr(body, "get") else None
    return f"{get_remote_address()}|{str(email).strip().lower()[:254]}"


def user_key() -> str:
    """The user of the token, read without asking the database; without a token the network address.

    A forged token gets its sender nowhere: it is refused right after.
    """
    token = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        return resolve(TokenService).verify_token(token.strip()).user_id
    except AuthenticationError:
        return get_remote_address()


def _carries_none(fields: tuple[str, ...]) -> bool:
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    return set(fields).isdisjoint({*request.args, *(body if isinstance(body, Mapping) else ())})


def _counts(statuses: tuple[int, ...], response: Response) -> bool:
    return response.status_code in statuses


def _remember_reset(breached: RequestLimit) -> None:
    """For the Retry-After header."""
    g.retry_after_seconds = max(1, int(breached.reset_at - time.time()))


def install_rate_limits(app: Flask, limits: list[RateLimit]) -> None:
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=False)
    for item in limits:
        if item.limit is not None:
            view = app.view_functions[item.endpoint]
            app.view_functions[item.endpoint] = cast(
                Any,
                limiter.limit(
                    item.limit,
                    key_func=item.key,
                    exempt_when=partial(_carries_none, item.only_with) if item.only_with else None,
                    on_breach=_remember_reset,
                    deduct_when=partial(_counts, item.counts) if item.counts else None,
                )(view),
            )
