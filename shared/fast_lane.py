"""The most frequent request in its plainest form, answered before Flask sees it: routing and contexts of a framework
take longer than the answer. What is not plain goes on to Flask: a query, a body, another method (so each preflight),
and a refusal of any kind. So there is still one place that says what is wrong; and both ways build the answer from the
same parts, the CORS headers of a page's poll too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from shared.logger import get_logger
from shared.outer_frame import ROUTE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PlainAnswer = Callable[[str, str], bytes | None]
"""Of a token and the last part of the path: the body of a 200 in JSON. None: Flask shall answer."""

CorsHeaders = Callable[[str], Sequence[tuple[str, str]]]
"""Of an Origin ("": none was sent): what Flask would add to its answer."""

_PRIVATE_NETWORK = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"  # the answer to a page would depend on it too
_NOT_PLAIN = ("QUERY_STRING", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", _PRIVATE_NETWORK)
log = get_logger(__name__)


class FastLane:
    """GET `prefix` + one part, with a bearer token. Rate limits do not count here: the route must have none."""

    def __init__(
        self, app: WSGIApplication, prefix: str, route: str, answer: PlainAnswer, cors_headers: CorsHeaders
    ) -> None:
        """`route`: the rule of the same address in Flask; the counters go by it."""
        self._app = app
        self._prefix = prefix
        self._route = route
        self._answer = answer
        self._cors_headers = cors_headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._plain_answer(environ) if environ.get("PATH_INFO", "").startswith(self._prefix) else None
        if answer is None:
            return self._app(environ, start_response)
        body, cors = answer
        environ[ROUTE] = self._route
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *cors])
        return [body]

    def _plain_answer(self, environ: WSGIEnvironment) -> tuple[bytes, Sequence[tuple[str, str]]] | None:
        name = environ["PATH_INFO"][len(self._prefix) :]
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        is_plain = environ["REQUEST_METHOD"] == "GET" and not any(map(environ.get, _NOT_PLAIN))
        if not (is_plain and scheme.lower() == "bearer" and name and "/" not in name):
            return None
        try:
            body = self._answer(token.strip(), name)
            return None if body is None else (body, self._cors_headers(environ.get("HTTP_ORIGIN", "")))
        except Exception:
            # No error handler stands around this. Flask tries again; what fails there ends in the envelope.
            log.exception("a plain answer failed")
            return None
