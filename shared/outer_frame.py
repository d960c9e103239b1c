"""What every answer carries, whoever made it (id, security headers), and what it leaves (log line, counters).

It stands around Flask as plain WSGI: each poll passes here, and a header costs a fraction of what it costs inside.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Histogram

from shared.logger import CONTEXT, get_logger
from shared.memory import CalmReturn
from shared.metrics import REQUESTS, SECONDS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

REQUEST_ID = "because_future.request_id"
ROUTE = "because_future.route"
WAITED = "because_future.waited_seconds"
"""Names in the WSGI environment: what the request is called, the rule that its address fits, and how long it only
waited because its client asked for that: such a client did not find us slow."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LARGE_BODY_DIGITS = 7
"""Of its length in bytes: a megabyte or more. What such a body left goes back to the system when it is calm."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Unless the answer has its own."""

VARY = ("Vary", "Origin")
"""Also without CORS headers, which bring their own: a picture that a browser kept as one page got it is not what a page
of another origin must get."""

_LOWER = [(name.lower(), (name, value)) for name, value in HEADERS.items()]
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = get_logger("access")


class OuterFrame:
    """WSGI around WSGI. An answer counts when its headers go out: a stream's length is not its slowness."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._memory = CalmReturn()
        self._process, self._number = secrets.token_hex(8), itertools.count(1)
        self._counters: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if given and _SANE_ID.fullmatch(given) else self._new_id()
        environ[REQUEST_ID] = request_id
        CONTEXT.set({"request_id": request_id})

        def start(status: str, headers: Headers, *error: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            own = [pair for lower, pair in _LOWER if lower not in present]
            whole = [*headers, ("X-Request-ID", request_id), *own]
            if "access-control-allow-origin" not in present:
                whole.append(VARY)
            self._record(environ, status[:3], time.perf_counter() - started - environ.get(WAITED, 0.0))
            return start_response(status, whole, *error)

        answer = self._app(environ, start)
        if len(environ.get("CONTENT_LENGTH", "")) >= LARGE_BODY_DIGITS:
            self._memory.soon()
        return answer

    def _new_id(self) -> str:
        """32 hexadecimal digits that no other process gives; asking the system for random ones takes far longer."""
        return f"{self._process}{next(self._number):016x}"

    def _record(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        method = environ["REQUEST_METHOD"]
        what = (method if method in METHODS else "other", environ.get(ROUTE, "unknown"), status)
        counters = self._counters.get(what)
        if counters is None:
            counters = self._counters[what] = (REQUESTS.labels(*what), SECONDS.labels(what[1]))
        counters[0].inc()
        counters[1].observe(seconds)
        log.info("%s %s %s", method, _path(environ), status, extra={"ms": round(seconds * 1000, 1)})


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("PATH_INFO", "")
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")
