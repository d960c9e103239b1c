"""gunicorn: one worker process of many threads, made to drain. The import fails where it cannot run (Windows)."""

from __future__ import annotations

import logging
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from shared.logger import get_logger

log = get_logger(__name__)
REQUEST_SECONDS = 2  # open requests get the grace time and so much more
SILENCE_SECONDS = 20  # of a peer in the middle of its request
KILL_SECONDS = 10  # after the grace time; a worker that is then still there is killed


class GunicornServer(BaseApplication):  # type: ignore[misc]
    """`run` ends by SystemExit: 0 after a stop, 4 when `make_app` ended so."""

    def __init__(self, make_app: Callable[[], Any], address: str, *, threads: int, grace_seconds: int) -> None:
        self._make_app = make_app
        self._options = _options(address, threads, grace_seconds)
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in the worker, after the fork: threads and database connections do not survive one."""
        return self._make_app()

    def run(self) -> None:
        _Master(self).run()


def _options(address: str, threads: int, grace_seconds: int) -> dict[str, Any]:
    return {
        "bind": address,
        "workers": 1,  # rate limits and wake-ups live in one process; its threads mostly wait
        "worker_class": _Worker,
        "threads": threads,
        "worker_connections": 1000 + threads,
        "keepalive": 75,  # longer than the usual proxy keeps an idle connection
        "timeout": 120,  # without a sign of life; covers the start too
        "graceful_timeout": grace_seconds + KILL_SECONDS,
        "limit_request_line": 8190,
        "logger_class": _Log,
        "control_socket_disable": True,
        # Whose X-Forwarded-* count is decided in shared/frame.py; gunicorn would believe this machine by itself.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "post_fork": lambda _master, worker: worker.cfg.set("graceful_timeout", grace_seconds + REQUEST_SECONDS),
        "worker_exit": lambda _master, worker: worker.finish() if worker.pid == os.getpid() else None,
    }


def _limit_silence(listener: socket.socket) -> None:
    """Connections inherit it: a peer that promised a body and sends nothing gives its thread back after a while.

    One that sends a byte now and then still holds it: before the open internet stands a proxy that buffers.
    """
    if hasattr(socket, "SO_RCVTIMEO"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_SECONDS, 0))


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's warnings become JSON lines like all others; requests are logged by shared/frame.py."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class _Master(Arbiter):  # type: ignore[misc]
    def handle_int(self) -> None:
        """Ctrl-C stops as gently as SIGTERM does; a second one stops at once."""
        raise StopIteration


class _Worker(ThreadWorker):  # type: ignore[misc]
    _draining: threading.Thread | None = None

    def init_process(self) -> None:
        for listener in self.sockets:
            _limit_silence(listener.sock)
        super().init_process()

    def init_signals(self) -> None:
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes: the master passes it on

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._begin_to_drain()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        self.finish(at_once=True)
        super().handle_quit(sig, frame)

    def finish(self, *, at_once: bool = False) -> None:
        """Does not return when there is an app: a request or a job that hangs must not hold up the end."""
        if not hasattr(self, "wsgi"):
            return
        if not at_once:
            self._begin_to_drain().join()
        self.wsgi.extensions["close"]()
        logging.shutdown()
        os._exit(0)

    def _begin_to_drain(self) -> threading.Thread:
        if self._draining is None:
            self._draining = threading.Thread(target=self._drain, name="drain", daemon=True)
            self._draining.start()
        return self._draining

    def _drain(self) -> None:
        log.info("stopping: no new jobs, running ones may finish")
        if hasattr(self, "wsgi"):
            self.wsgi.extensions["drain"]()

    def _cap_keepalive(self, deadline: float) -> None:
        """A stop need not wait for connections that never sent a request either."""
        super()._cap_keepalive(deadline)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, deadline)
