"""What every answer carries, whoever made it (id, CORS, security headers), and what it leaves (log line, counters).

It stands around Flask as plain WSGI: each poll passes here, and a header costs a fraction of what it costs inside.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Histogram

from shared.logger import CONTEXT, get_logger
from shared.memory import give_memory_back
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
PREFLIGHT_SECONDS = 600
LARGE_BODY_DIGITS = 7
"""Of its length in bytes: a megabyte or more. What such a body left goes back to the system at once."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Unless the answer has its own."""

_LOWER = [(name.lower(), (name, value)) for name, value in HEADERS.items()]
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = get_logger("access")


class Cors:
    """Which pages of other origins may read answers. `origins`: exact, but for a `*` as port; a lone `*` is any."""

    def __init__(self, origins: Sequence[str], *, exposed: Iterable[str], allowed: Iterable[str]) -> None:
        self._is_on = bool(origins)
        self._origins = re.compile("|".join(_pattern(origin) for origin in origins))
        self._exposed = ("Access-Control-Expose-Headers", ", ".join(exposed))
        self._preflight = [
            ("Access-Control-Allow-Headers", ", ".join(allowed)),
            ("Access-Control-Allow-Methods", ", ".join(sorted(METHODS))),
            ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
        ]

    def headers(self, environ: WSGIEnvironment) -> Headers:
        if not self._is_on:
            return []
        origin = environ.get("HTTP_ORIGIN", "")
        if not origin or not self._origins.fullmatch(origin):
            return [("Vary", "Origin")]
        found = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), self._exposed]
        asks_first = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        return found + self._preflight if asks_first else found


def _pattern(origin: str) -> str:
    return re.escape(origin).replace(r"\*", r"\d{1,5}" if origin != "*" else ".*")


class OuterFrame:
    """WSGI around WSGI. An answer counts when its headers go out: a stream's length is not its slowness."""

    def __init__(self, app: WSGIApplication, cors: Cors) -> None:
        self._app = app
        self._cors = cors
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
            whole = [*headers, ("X-Request-ID", request_id), *own, *self._cors.headers(environ)]
            self._record(environ, status[:3], time.perf_counter() - started - environ.get(WAITED, 0.0))
            return start_response(status, whole, *error)

        answer = self._app(environ, start)
        if len(environ.get("CONTENT_LENGTH", "")) >= LARGE_BODY_DIGITS:
            give_memory_back()
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
