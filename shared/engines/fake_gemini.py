"""A server that speaks the Gemini REST protocol on this machine, with behaviour that tests and benchmarks order.

It is checked by Google's own SDK and schemas, so a client that works with it is not merely agreeing with itself.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from shared.engines.fake_gemini_answers import JSON, STEPS, Asked, Reply, error_reply, reply_for
from shared.engines.fake_gemini_rules import camelized, find_fault

_KEPT_CALLS = 500
_HANG_SECONDS = 600.0
_DRIP_SECONDS = 0.02
_HUGE_CHUNK = b" " * (1024 * 1024)
_HUGE_MEGABYTES = 512
_MAX_BODY_BYTES = 100 * 1024 * 1024
CUT_OFF = "cut off"
"""The fault of a request whose sender hung up in the middle of its body."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One request as it came. `fault`: why it was refused; `did`: the step that answered it.

    `number`: 1 for the fake's first request. `at`: seconds of the monotonic clock when it had come whole. `usage`: the
    token figures of the answer, if it has any.
    """

    model: str
    key: str | None
    key_in_url: bool
    headers: dict[str, str]
    body: Any
    fault: str | None
    did: str
    number: int = 0
    at: float = 0.0
    usage: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Answer `do` to every call for this model and with this text in its prompt (None: any)."""

    do: str
    model: str | None = None
    text: str | None = None

    def fits(self, asked: Asked) -> bool:
        return (self.model is None or self.model == asked.model) and (self.text is None or self.text in asked.text)


class FakeGemini:
    """Use as a context manager. `plan(...)` steps are used up first, one per valid call; then rules; then `default`.

    Steps are the names in `fake_gemini_answers.STEPS`, some with an argument after a colon.
    """

    def __init__(
        self,
        script: Sequence[str] = (),
        *,
        rules: Sequence[Rule] = (),
        default: str = "picture",
        port: int = 0,
        key: str | None = None,
        latency_seconds: float = 0.0,
        numbered: bool = False,
        on_call: Callable[[RecordedCall], None] | None = None,
    ) -> None:
        """`key`: the only one accepted (None: any). `latency_seconds`: before every answer. `numbered`: the thinking
        tokens of each answer grow with its call's number, so that a row of a ledger tells which call it stands for.
        `on_call`: hears of every call before it is answered; `calls` keeps the last ones only. Raises ValueError for
        a step that does not exist."""
        self.numbered = numbered
        self.numbers = itertools.count(1)
        self._on_call = on_call
        self.calls: deque[RecordedCall] = deque(maxlen=_KEPT_CALLS)
        self.count = 0
        self.stopped = threading.Event()
        self.key = key
        self.latency_seconds = latency_seconds
        self._rules = list(rules)
        self._default = default
        self._script: deque[str] = deque()
        self._lock = threading.Lock()
        _require_steps([default, *(rule.do for rule in rules)])
        self.plan(*script)
        self._server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def plan(self, *steps: str) -> None:
        _require_steps(steps)
        with self._lock:
            self._script.extend(steps)

    def choose(self, asked: Asked) -> str:
        with self._lock:
            if self._script:
                return self._script.popleft()
        return next((rule.do for rule in self._rules if rule.fits(asked)), self._default)

    def record(self, call: RecordedCall) -> None:
        with self._lock:
            self.calls.append(call)
            self.count += 1
        if self._on_call:
            self._on_call(call)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends hanging and dripping answers as well."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _require_steps(steps: Sequence[str]) -> None:
    for step in steps:
        if step.partition(":")[0] not in STEPS:
            raise ValueError(f"no such step: {step}; known: {', '.join(sorted(STEPS))}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what several steps provoke: no traceback for it."""


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[FakeGemini]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY_BYTES)
        raw, number, at = self.rfile.read(length), next(self.fake.numbers), time.monotonic()
        address = urlsplit(self.path)
        model, _, method = unquote(address.path).removeprefix("/v1beta/models/").partition(":")
        streams = method == "streamGenerateContent"
        key_in_url = "key" in parse_qs(address.query)
        key = self.headers.get("x-goog-api-key")
        body = _parsed(raw)
        reply, fault, did = self._decide(model, method, key, body, number)
        if len(raw) < length:
            fault, did = CUT_OFF, ""
        headers = dict(self.headers)
        self.fake.record(
            RecordedCall(model, key, key_in_url, headers, body, fault, did, number=number, at=at, usage=reply.usage)
        )
        self.fake.stopped.wait(self.fake.latency_seconds + reply.delay_seconds)
        self._send(_as_stream(reply) if streams and reply.status == 200 else reply)

    def _decide(
        self, model: str, method: str, key: str | None, body: Any, number: int
    ) -> tuple[Reply, str | None, str]:
        if method not in ("generateContent", "streamGenerateContent") or "/" in model:
            return error_reply(404, "Requested entity was not found."), "unknown method", ""
        if not key:
            return error_reply(403, "Method doesn't allow unregistered callers."), "no key", ""
        request = camelized(body)
        if self.fake.key is not None and key != self.fake.key:
            return reply_for("key_invalid", Asked(model, {"contents": []})), "wrong key", ""
        fault = find_fault(request, model)
        if fault:
            return error_reply(400, fault), fault, ""
        asked = Asked(model, request, number if self.fake.numbered else 0)
        step = self.fake.choose(asked)
        return reply_for(step, asked), None, step

    def _send(self, reply: Reply) -> None:
        if reply.manner != "plain":
            self.close_connection = True
        if reply.manner == "hang":
            self.fake.stopped.wait(_HANG_SECONDS)
        elif reply.manner == "drip_headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")
        elif reply.manner != "closed":
            self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        length = _HUGE_MEGABYTES * len(_HUGE_CHUNK) if reply.manner == "huge" else len(reply.body)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.manner == "huge":
            for _ in range(_HUGE_MEGABYTES):
                self.wfile.write(_HUGE_CHUNK)
        elif reply.manner == "drip":
            self._drip(b"", b" ")
        else:
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.manner == "truncated" else reply.body)

    def _drip(self, start: bytes, drop: bytes) -> None:
        self.wfile.write(start)
        while not self.fake.stopped.wait(_DRIP_SECONDS):
            self.wfile.write(drop)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: `calls` is the record."""


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _as_stream(reply: Reply) -> Reply:
    """One server-sent event, as the API sends a picture in one chunk."""
    return Reply(
        reply.status,
        b"data: " + reply.body + b"\r\n\r\n",
        "text/event-stream" if reply.content_type == JSON else reply.content_type,
        reply.headers,
        reply.manner,
    )
