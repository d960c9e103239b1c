"""The frame around every request: size limits, proxies, CORS, errors; `outer_frame` has what all answers carry."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, Response, g, request
from flask_cors import CORS
from flask_cors.core import CorsOptionsInput, get_cors_headers, get_cors_options
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import errors
from shared.errors import BecauseFutureError, InternalError, PayloadTooLargeError
from shared.logger import get_logger
from shared.outer_frame import REQUEST_ID, ROUTE, OuterFrame
from shared.response import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., object])
PUBLIC_ENDPOINTS = frozenset(
    {
        "auth.create_account",
        "auth.login",
        "avatar.remove_bg",
        "docs.get_docs",
        "docs.get_docs_asset",
        "docs.get_docs_start",
        "docs.get_openapi",
        "garments.categorize_garment",
        "garments.extract_images",
        "garments.parse_product",
        "garments.refresh_product",
        "garments.scrape_product",
        "images.get_image",  # its links are signed
        "operations.capabilities",
        "operations.health",
        "operations.metrics",
        "operations.ready",
    }
)
"""The only routes that answer without a token. A new route is closed, or a test asks why."""

EXPOSED = ["X-Request-ID", "Retry-After", "Location", "Preference-Applied"]
ALLOWED = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", "X-Deadline-Seconds",
           "X-Request-ID"]  # fmt: skip
PREFLIGHT_SECONDS = 600
ORIGINS_KEPT = 256
"""Origins whose CORS headers are remembered: a page asks again and again."""
MEGABYTE = 1024 * 1024
log = get_logger(__name__)


@dataclass(frozen=True)
class FrameOptions:
    """`origins`: exact, but for a `*` as port. `body_limits`: name -> bytes; `plain` is what views get by default."""

    origins: Sequence[str]
    trusted_proxies: Sequence[str]
    body_limits: dict[str, int]


def takes_body(limit: str) -> Callable[[View], View]:
    """Mark a view that takes more than a plain body: `limit` is a name of FrameOptions.body_limits."""

    def mark(view: View) -> View:
        view.body_limit = limit  # type: ignore[attr-defined]
        return view

    return mark


def install_frame(app: Flask, options: FrameOptions) -> None:
    app.before_request(lambda: _begin(app, options.body_limits))
    app.register_error_handler(BecauseFutureError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)
    if options.origins:
        CORS(app, **_cors_options(options.origins))
    app.wsgi_app = TrustedProxies(OuterFrame(app.wsgi_app), options.trusted_proxies)  # type: ignore[method-assign]


def cors_headers(app: Flask, origins: Sequence[str]) -> Callable[[str], Sequence[tuple[str, str]]]:
    """Of an Origin ("": none was sent), what `install_frame` lets flask-cors add in Flask: for a GET that is answered
    beside Flask. Not for preflights."""
    options = get_cors_options(app, _cors_options(origins)) if origins else None

    @lru_cache(maxsize=ORIGINS_KEPT)
    def added(origin: str) -> Sequence[tuple[str, str]]:
        found = get_cors_headers(options, Headers({"Origin": origin}), "GET") if options else {}
        return tuple((name, str(value)) for name, value in found.items())

    return added


def _cors_options(origins: Sequence[str]) -> CorsOptionsInput:
    return {
        "origins": [_pattern(origin) for origin in origins],
        "expose_headers": EXPOSED,
        "allow_headers": ALLOWED,
        "max_age": PREFLIGHT_SECONDS,
    }


def _pattern(origin: str) -> re.Pattern[str]:
    """All of the origin: flask-cors would take a bare text with a port's `*` as a pattern that dots match loosely."""
    return re.compile(re.escape(origin).replace(r"\*", r"\d{1,5}" if origin != "*" else ".*") + r"\Z")


def _begin(app: Flask, limits: dict[str, int]) -> None:
    """Refuse by the declared length before a byte is read; a body without one is cut off at the limit as it is read."""
    asked = request._get_current_object()  # type: ignore[attr-defined]  # each use of the proxy looks it up again
    environ, rule = asked.environ, asked.url_rule
    g.request_id = environ.get(REQUEST_ID, "")
    environ[ROUTE] = rule.rule if rule else "unknown"
    view = app.view_functions.get(rule.endpoint) if rule else None
    limit = limits[getattr(view, "body_limit", "plain")]
    asked.max_content_length = limit
    if "CONTENT_LENGTH" in environ and (asked.content_length or 0) > limit:
        raise _too_large(limit)


def _too_large(limit: int | None) -> PayloadTooLargeError:
    size = f"{(limit or 0) / MEGABYTE:g} MB" if (limit or 0) >= MEGABYTE else f"{limit} bytes"
    return PayloadTooLargeError(f"The request is too large: at most {size} are taken here.")


def _too_large_when_read() -> PayloadTooLargeError:
    if 0 < (request.content_length or 0) <= (request.max_content_length or 0):  # so it was one field of a form
        limit = (request.max_form_memory_size or 0) / MEGABYTE
        return PayloadTooLargeError(
            f"A form may have at most {request.max_form_parts} fields, and a text in it at most {limit:g} MB."
        )
    return _too_large(request.max_content_length)


def _known(error: BecauseFutureError) -> Response:
    if error.status_code >= 500:
        log.warning("%s: %s", error.error_code, error.message, exc_info=error if error.__cause__ else None)
    return error_response(error)


_BY_STATUS: dict[int, tuple[type[BecauseFutureError], str]] = {
    400: (errors.ValidationError, "The request is malformed."),
    401: (errors.AuthRequiredError, "Sign in first."),
    403: (errors.AuthorizationError, "This is not allowed."),
    404: (errors.NotFoundError, "There is nothing at this address."),
    405: (errors.MethodNotAllowedError, "This address does not take this method."),
    415: (errors.UnsupportedMediaTypeError, "Send JSON or a form."),
}


_OTHER_4XX = (errors.ValidationError, "This request cannot be answered as it stands.")
_OTHER = (InternalError, "Something went wrong on our side.")


def _http(error: HTTPException) -> Response:
    if error.code == 413:
        return error_response(_too_large_when_read())
    kind, sentence = _BY_STATUS.get(error.code or 500, _OTHER_4XX if 400 <= (error.code or 500) < 500 else _OTHER)
    response = error_response(kind(sentence))
    if error.code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def _unknown(error: Exception) -> Response:
    if type(error).__module__.startswith("gunicorn.http"):  # what the server says of a broken transfer encoding
        return error_response(errors.ValidationError("The body did not arrive as its headers said."))
    log.error("unforeseen error", exc_info=error)
    return error_response(InternalError("Something went wrong on our side. The request id helps us to find it."))


class TrustedProxies:
    """X-Forwarded-* count only when the peer is one of the trusted networks; otherwise they are ignored."""

    def __init__(self, app: WSGIApplication, trusted: Iterable[str]) -> None:
        self._plain = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
        self._trusted = [ipaddress.ip_network(network) for network in trusted]
        self._is_trusted = lru_cache(maxsize=4096)(self._looked_up)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self._behind_proxy if self._is_trusted(environ.get("REMOTE_ADDR", "")) else self._plain
        return app(environ, start_response)

    def _looked_up(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
