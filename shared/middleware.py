"""What stands before a view: who asks, how often, and where the parts are that answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import orjson
from flask import Flask, Response, after_this_request, current_app, g, request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from shared.errors import AuthenticationError, AuthRequiredError, RateLimitedError
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
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return False
    claims: Claims = resolve(TokenService).authenticate(token.strip())
    own = g._get_current_object()  # each use of the proxy looks it up again
    own.user_id, own.claims = claims.user_id, claims
    CONTEXT.set({**(CONTEXT.get() or {}), "user_id": claims.user_id})
    return True


def get_remote_address() -> str:
    return request.remote_addr or ""


@dataclass(frozen=True)
class RateLimit:
    """`limit` as the limits package writes it ("10 per minute"); None: off. `key` tells who is counted."""

    endpoint: str
    limit: str | None
    key: Callable[[], str] = get_remote_address
    counts: tuple[int, ...] = ()
    """Answers that count, by status; empty: every request does."""
    only_with: tuple[str, ...] = ()
    """Fields of query or body: only requests that carry one of them count; empty: every request does."""
    counted_as: str = ""
    """Routes with the same name here are counted together; empty: the route by itself."""
    cost: Callable[[], int] | None = None
    """For how many a request counts; None: one. No more than the limit, so that each request fits into a new window."""


def login_key() -> str:
    """One e-mail address from one network address."""
    body = _body()
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


def listed_items() -> int:
    """How many `items` the body lists, a list or the JSON text of one; 1 where there is none, so that nothing is free.

    The body of somebody without a valid token is not read.
    """
    if user_key() == get_remote_address():
        return 1
    body = _body()
    items = body.get("items") if isinstance(body, Mapping) else None
    if isinstance(items, str):
        with suppress(orjson.JSONDecodeError):
            items = orjson.loads(items)
    return max(1, len(items)) if isinstance(items, list) else 1


def _body() -> Any:
    return request.get_json(silent=True) if request.is_json else request.form


def _carries_none(fields: tuple[str, ...]) -> bool:
    body = _body()
    return set(fields).isdisjoint({*request.args, *(body if isinstance(body, Mapping) else ())})


def install_rate_limits(app: Flask, limits: list[RateLimit]) -> None:
    """Around the views that have one, so that all others pay nothing. A window is fixed: it begins with its first
    request."""
    windows = FixedWindowRateLimiter(MemoryStorage())
    for item in limits:
        if item.limit is not None:
            view = app.view_functions[item.endpoint]
            app.view_functions[item.endpoint] = _limited(view, item, parse(item.limit), windows)


def _limited(
    view: Callable[..., Any], item: RateLimit, limit: RateLimitItem, windows: FixedWindowRateLimiter
) -> Callable[..., Any]:
    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        if not (item.only_with and _carries_none(item.only_with)):
            key = (item.key(), item.counted_as or item.endpoint)
            if not _may_go_on(item, limit, windows, key):
                raise _too_many(windows.get_window_stats(limit, *key).reset_time)
            if item.counts:
                after_this_request(lambda response: _count(response, item, limit, windows, key))
        return view(*args, **kwargs)

    return counted


def _may_go_on(item: RateLimit, limit: RateLimitItem, windows: FixedWindowRateLimiter, key: tuple[str, str]) -> bool:
    if item.counts:  # once the answer is known
        return windows.test(limit, *key)
    if item.cost is None:
        return windows.hit(limit, *key)
    cost = min(item.cost(), limit.amount) if windows.test(limit, *key) else 1
    return windows.test(limit, *key, cost=cost) and windows.hit(limit, *key, cost=cost)  # a refusal leaves what is left


def _count(
    response: Response, item: RateLimit, limit: RateLimitItem, windows: FixedWindowRateLimiter, key: tuple[str, str]
) -> Response:
    if response.status_code in item.counts:
        windows.hit(limit, *key)
    return response


def _too_many(resets_at: float) -> RateLimitedError:
    wait = max(1, int(resets_at - time.time()))
    return RateLimitedError(f"Too many requests. Try again in {wait} seconds.", retry_after_seconds=wait)
