"""JSON logs: one line an event, to the console and to daily rotated `app.log` and `errors.log`.

The ids of the request, the job and the user at hand are added by themselves. Secrets are blanked out wherever they
turn up.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

CONTEXT: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)
BLANK = "[secret]"
LONGEST_VALUE = 2000  # characters; keeps a picture that slipped into a field out of the logs
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Add ids (request_id, job_id, user_id) to every line of this thread while inside."""
    token = CONTEXT.set({**(CONTEXT.get() or {}), **ids})
    try:
        yield
    finally:
        CONTEXT.reset(token)


class JsonFormatter(logging.Formatter):
    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # Also as JSON writes them: quotes, backslashes and other alphabets look different there.
        self._secrets = tuple(form for secret in secrets if secret for form in {secret, json.dumps(secret)[1:-1]})

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **(CONTEXT.get() or {}),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return self._blanked(json.dumps({name: self._safe(value) for name, value in line.items()}, default=str))

    def _safe(self, value: object) -> object:
        """Blanked before it is cut: half a secret at the cut would not be found any more."""
        return _shortened(self._blanked(value) if isinstance(value, str) else value)

    def _blanked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, BLANK)
        return text


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


def _daily(path: Path, retention_days: int) -> TimedRotatingFileHandler:
    return TimedRotatingFileHandler(path, when="midnight", utc=True, backupCount=retention_days, delay=True)


def get_logger(name: str) -> logging.Logger:
    return logging.getLogger(name)
