"""The most frequent request in its plainest form, answered before Flask sees it: routing and contexts of a framework
take longer than the answer. What is not plain goes on to Flask: a query, a body, a page of some origin (it needs CORS
headers), and a refusal of any kind. So there is still one place that says what is wrong; and both ways build the answer
from the same parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from shared.logger import get_logger
from shared.outer_frame import ROUTE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PlainAnswer = Callable[[str, str], bytes | None]
"""Of a token and the last part of the path: the body of a 200 in JSON. None: Flask shall answer."""

_NOT_PLAIN = ("QUERY_STRING", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_ORIGIN")
log = get_logger(__name__)


class FastLane:
    """GET `prefix` + one part, with a bearer token. Rate limits do not count here: the route must have none."""

    def __init__(self, app: WSGIApplication, prefix: str, route: str, answer: PlainAnswer) -> None:
        """`route`: the rule of the same address in Flask; the counters go by it."""
        self._app = app
        self._prefix = prefix
        self._route = route
        self._answer = answer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._plain_answer(environ) if environ.get("PATH_INFO", "").startswith(self._prefix) else None
        if body is None:
            return self._app(environ, start_response)
        environ[ROUTE] = self._route
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _plain_answer(self, environ: WSGIEnvironment) -> bytes | None:
        name = environ["PATH_INFO"][len(self._prefix) :]
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        is_plain = environ["REQUEST_METHOD"] == "GET" and not any(map(environ.get, _NOT_PLAIN))
        if not (is_plain and scheme.lower() == "bearer" and name and "/" not in name):
            return None
        try:
            return self._answer(token.strip(), name)
        except Exception:
            # No error handler stands around this. Flask tries again; what fails there ends in the envelope.
            log.exception("a plain answer failed")
            return None
