"""JSON logs: one line an event, to the console and to daily rotated `app.log` and `errors.log`.

The ids of the request, the job and the user at hand are added by themselves. Secrets are blanked out wherever they
turn up.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

import orjson

CONTEXT: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)
BLANK = "[secret]"
_LINE = "because_future_line"
LONGEST_VALUE = 2000  # characters; keeps a picture that slipped into a field out of the logs
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", _LINE}


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Add ids (request_id, job_id, user_id) to every line of this thread while inside."""
    token = CONTEXT.set({**(CONTEXT.get() or {}), **ids})
    try:
        yield
    finally:
        CONTEXT.reset(token)


class JsonFormatter(logging.Formatter):
    """A record is formatted once, however many handlers write it: all of them must share one formatter."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # Also as JSON writes them: quotes, backslashes and other alphabets look different there.
        self._secrets = tuple(form for secret in secrets if secret for form in {secret, *_written(secret)})

    def format(self, record: logging.LogRecord) -> str:
        known: tuple[JsonFormatter, str] | None = getattr(record, _LINE, None)
        if known is None or known[0] is not self:
            known = (self, self._line(record))
            setattr(record, _LINE, known)
        return known[1]

    def _line(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **(CONTEXT.get() or {}),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        for name, value in line.items():
            if not isinstance(value, str) or len(value) > LONGEST_VALUE:
                line[name] = self._safe(value)
        return self._blanked(_json(line))

    def _safe(self, value: object) -> object:
        """Blanked before it is cut: half a secret at the cut would not be found any more."""
        if isinstance(value, str) and len(value) > LONGEST_VALUE * 4:
            value = self._blanked(value)
        return _shortened(value)

    def _blanked(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, BLANK)
        return text


def _written(secret: str) -> Iterator[str]:
    yield json.dumps(secret)[1:-1]
    with suppress(TypeError):
        yield orjson.dumps(secret)[1:-1].decode()


def _json(line: dict[str, object]) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a character, or a number beyond 64 bits
        return json.dumps(line, default=str)


def _shortened(value: object) -> object:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > LONGEST_VALUE * 4:
        return value[:LONGEST_VALUE] + "... cut ..." + value[-LONGEST_VALUE:]
    return value


def set_up_logging(level: str, logs_dir: Path | None, *, retention_days: int, secrets: Iterable[str]) -> None:
    """Replace the handlers of the root logger. `logs_dir=None`: console only. Safe to call again."""
    formatter = JsonFormatter(secrets)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if logs_dir is not None:
        logs_dir.mkdir(parents=True, exist_ok=True)
        handlers += [_daily(logs_dir / "app.log", retention_days), _daily(logs_dir / "errors.log", retention_days)]
        handlers[-1].setLevel(logging.ERROR)
    _leave_out_what_no_line_shows()
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines name full addresses


def _leave_out_what_no_line_shows() -> None:
    """File and line of the caller, thread, process: https://docs.python.org/3/howto/logging.html#optimization"""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class _DailyFile(TimedRotatingFileHandler):
    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        """The clock first: the usual order asks the file system twice for each line."""
        return time.time() >= self.rolloverAt and bool(super().shouldRollover(record))


def _daily(path: Path, retention_days: int) -> TimedRotatingFileHandler:
    return _DailyFile(path, when="midnight", utc=True, backupCount=retention_days, delay=True)


def get_logger(name: str) -> logging.Logger:
    return logging.getLogger(name)
