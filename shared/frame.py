"""The frame around every request: ids, size limits, proxies, CORS, security headers, errors and the access log."""

from __future__ import annotations

import ipaddress
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, Response, g, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import errors
from shared.errors import BecauseFutureError, InternalError, PayloadTooLargeError
from shared.logger import CONTEXT, get_logger
from shared.metrics import REQUESTS, SECONDS
from shared.response import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., object])
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
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

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
EXPOSED = ["X-Request-ID", "Retry-After", "Location"]
ALLOWED = ["Authorization", "Content-Type", "Idempotency-Key", "Prefer", "X-Deadline-Seconds", "X-Request-ID"]
MEGABYTE = 1024 * 1024
log = get_logger("access")


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
    app.before_request(_begin)
    app.before_request(lambda: _check_size(app, options.body_limits))
    app.after_request(_finish)
    app.register_error_handler(BecauseFutureError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)
    if options.origins:
        CORS(app, origins=[_pattern(origin) for origin in options.origins], expose_headers=EXPOSED,
             allow_headers=ALLOWED, max_age=600, send_wildcard=False, vary_header=True)  # fmt: skip
    app.wsgi_app = TrustedProxies(app.wsgi_app, options.trusted_proxies)  # type: ignore[method-assign]


def _pattern(origin: str) -> str:
    """An anchored pattern for one origin: flask-cors would match a bare text with dots loosely."""
    return "^" + re.escape(origin).replace(r"\*", r"\d{1,5}" if origin != "*" else ".*") + "$"


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.started = time.perf_counter()
    CONTEXT.set({"request_id": g.request_id})


def _check_size(app: Flask, limits: dict[str, int]) -> None:
    """Refuse by the declared length before a byte is read; a body without one is cut off at the limit as it is read."""
    view = app.view_functions.get(request.endpoint or "")
    limit = limits[getattr(view, "body_limit", "plain")]
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
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


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "unknown"
    REQUESTS.labels(request.method if request.method in METHODS else "other", route, str(response.status_code)).inc()
    SECONDS.labels(route).observe(seconds)
    log.info("%s %s %s", request.method, request.path, response.status_code, extra={"ms": round(seconds * 1000, 1)})
    return response


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
    if isinstance(error, TooManyRequests):
        wait = g.get("retry_after_seconds", 60)
        sentence = f"Too many requests. Try again in {wait} seconds."
        return error_response(errors.RateLimitedError(sentence, retry_after_seconds=wait))
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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self._behind_proxy if self._is_trusted(environ.get("REMOTE_ADDR", "")) else self._plain
        return app(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
