"""Serves an app until it is told to stop: gunicorn where it runs, waitress elsewhere, werkzeug for debugging.

A stop (SIGTERM, Ctrl-C) claims no more jobs at once, answers open requests, and lets running jobs finish for the
configured grace time (`app.extensions["drain"]`); then everything is closed (`app.extensions["close"]`).
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import waitress  # type: ignore[import-untyped]
from werkzeug.serving import is_running_from_reloader, run_simple

from shared.errors import BecauseFutureError
from shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

try:
    from shared import gunicorn_server
except ImportError:  # Windows
    gunicorn_server = None  # type: ignore[assignment]

log = get_logger(__name__)
CANNOT_START = 4
"""Exit status; gunicorn's name for it is APP_LOAD_ERROR, and its master gives up instead of trying again."""

PATIENCE_SECONDS = 5.0
"""A server that was killed has let go of its port by then."""


class ServedApp(Protocol):
    extensions: dict[str, Any]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...


class ServingOptions(Protocol):
    """The settings of the same names."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def server_threads(self) -> int: ...
    @property
    def shutdown_grace_seconds(self) -> int: ...
    @property
    def flask_debug(self) -> bool: ...


class AddressError(Exception):
    """One sentence: nothing can listen there, and how to mend it."""


def serve(make_app: Callable[[], ServedApp], config: ServingOptions) -> None:
    """Serve until stopped. `make_app` is called in the process that serves, which may be a fork of this one.

    Raises AddressError; ends by SystemExit, with status 4 when `make_app` raised an expected error (it is logged).
    """
    if config.flask_debug:
        _serve_for_debugging(make_app, config)
        return
    check_address(config.host, config.port)
    address = f"[{config.host}]:{config.port}" if ":" in config.host else f"{config.host}:{config.port}"
    if gunicorn_server is None:
        _serve_with_waitress(_made(make_app, address), config)
        return
    gunicorn_server.GunicornServer(
        lambda: _made(make_app, address),
        address,
        threads=config.server_threads,
        grace_seconds=config.shutdown_grace_seconds,
    ).run()


def _made(make_app: Callable[[], ServedApp], address: str) -> ServedApp:
    try:
        app = make_app()
    except (BecauseFutureError, OSError) as error:
        log.error("cannot start: %s", error)
        raise SystemExit(CANNOT_START) from error
    log.info("serving at http://%s (Ctrl-C stops)", address)
    return app


def check_address(host: str, port: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Raises AddressError when nothing can listen there, also after some waiting."""
    deadline = time.monotonic() + patience_seconds
    while (problem := _problem_with(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise AddressError(_described(host, port, problem))
        time.sleep(0.1)


def _problem_with(host: str, port: int) -> OSError | None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if os.name == "posix":  # elsewhere it would allow two servers on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def _described(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: stop that one, or choose another with --port or PORT."
    if problem.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user: choose one above 1023, e.g. PORT=8000."
    return f"HOST={host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for the whole network."


def _serve_with_waitress(app: ServedApp, config: ServingOptions) -> None:
    signal.signal(signal.SIGTERM, _stop)
    try:
        waitress.serve(
            app,
            host=config.host,
            port=config.port,
            threads=config.server_threads,
            channel_request_lookahead=1,  # else it does not notice that a client hangs up while it waits
            clear_untrusted_proxy_headers=False,  # shared/frame.py decides about them
            ident=None,
            _quiet=True,
        )
    finally:
        app.extensions["drain"]()
        app.extensions["close"]()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _serve_for_debugging(make_app: Callable[[], ServedApp], config: ServingOptions) -> None:
    """Only the reloader's child makes an app: two would both work on jobs. It listens on this machine only."""
    if not is_running_from_reloader():
        check_address("127.0.0.1", config.port)
        run_simple("127.0.0.1", config.port, _nothing, use_reloader=True)
        return
    app = _made(make_app, f"127.0.0.1:{config.port}")
    try:
        run_simple("127.0.0.1", config.port, app, use_reloader=True, threaded=True)
    finally:
        app.extensions["close"]()


def _nothing(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    """Stands for the app in the process that only watches files."""
    return ()
