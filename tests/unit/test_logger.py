"""Logs: one JSON object a line, with the ids at hand, and never a secret or a picture."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from shared.logger import CONTEXT, JsonFormatter, get_logger, log_context, set_up_logging

SECRET = "planted-secret-7f3a9c"


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """A folder that the root logger writes to; its own handlers come back afterwards."""
    token = CONTEXT.set(None)  # a request of another test may have left its id
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    set_up_logging("INFO", tmp_path / "logs", retention_days=5, secrets=[SECRET, ""])
    yield tmp_path / "logs"
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    CONTEXT.reset(token)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def formatted(message: object, *args: object, secrets: tuple[str, ...] = (SECRET,), **extra: object) -> dict[str, Any]:
    record = logging.LogRecord("part", logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(extra)
    found: dict[str, Any] = json.loads(JsonFormatter(secrets).format(record))
    return found


def test_a_line_is_one_json_object_even_when_the_message_has_line_ends(logs: Path) -> None:
    get_logger("part").info("first\nsecond %s", "third", extra={"count": 3})
    (line,) = lines(logs / "app.log")
    assert line["message"] == "first\nsecond third"
    assert (line["level"], line["logger"], line["count"]) == ("INFO", "part", 3)
    assert line["time"].endswith("+00:00")


def test_ids_are_added_while_they_hold_and_only_in_their_thread(logs: Path) -> None:
    log = get_logger("part")
    with log_context(request_id="r1"), log_context(job_id="j1"):
        log.info("inside")
        other = threading.Thread(target=log.info, args=("elsewhere",))
        other.start()
        other.join()
    log.info("after")
    inside, elsewhere, after = lines(logs / "app.log")
    assert (inside["request_id"], inside["job_id"]) == ("r1", "j1")
    assert not {"request_id", "job_id"} & (elsewhere.keys() | after.keys())
    assert not CONTEXT.get()


def test_a_secret_is_blanked_wherever_it_turns_up(logs: Path) -> None:
    log = get_logger("part")
    log.info("in the message: " + SECRET)
    log.info("in an argument: %s", SECRET)
    log.info("in a field", extra={"header": {"Authorization": f"Bearer {SECRET}"}})
    with log_context(user_id=SECRET):
        log.info("in an id")
    try:
        raise ValueError(f"in an exception: {SECRET}")
    except ValueError:
        log.exception("it failed")
    text = (logs / "app.log").read_text() + (logs / "errors.log").read_text()
    assert SECRET not in text
    assert text.count("[secret]") >= 6
    assert "in an exception" in lines(logs / "errors.log")[0]["exception"]


@pytest.mark.parametrize("secret", ['quote"inside-secret', "back\\slash-secret", "ümläut-secret"])
def test_a_secret_that_json_writes_differently_is_blanked_too(secret: str) -> None:
    assert secret not in formatted("the key is %s", secret, secrets=(secret,))["message"]


def test_errors_are_also_kept_apart(logs: Path) -> None:
    log = get_logger("part")
    for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.log(level, "event %s", level)
    assert [line["level"] for line in lines(logs / "errors.log")] == ["ERROR", "CRITICAL"]
    assert len(lines(logs / "app.log")) == 4


def test_below_the_level_nothing_is_written(logs: Path) -> None:
    get_logger("part").debug("detail")
    get_logger("part").info("event")
    assert [line["message"] for line in lines(logs / "app.log")] == ["event"]


def test_a_picture_does_not_get_into_the_log() -> None:
    picture = b"\x89PNG" + bytes(range(256)) * 40
    line = formatted("upload", body=picture)
    assert line["body"] == f"<{len(picture)} bytes>"
    assert len(formatted("as text", body="A" * 100_000)["body"]) < 10_000


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert formatted("where", path=Path("folder/file"))["path"] == "folder/file"


def test_files_are_rotated_daily_and_kept_as_long_as_configured(logs: Path) -> None:
    files = [handler for handler in logging.getLogger().handlers if isinstance(handler, TimedRotatingFileHandler)]
    assert sorted(Path(handler.baseFilename).name for handler in files) == ["app.log", "errors.log"]
    for handler in files:
        assert (handler.when, handler.utc, handler.backupCount) == ("MIDNIGHT", True, 5)


def test_setting_up_again_does_not_double_the_lines(logs: Path) -> None:
    set_up_logging("INFO", logs, retention_days=5, secrets=[])
    get_logger("part").info("once")
    assert len(lines(logs / "app.log")) == 1


def test_without_a_folder_only_the_console_is_written_to(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", None, retention_days=5, secrets=[])
    get_logger("part").info("to the console")
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
    assert json.loads(capsys.readouterr().err)["message"] == "to the console"
    assert not (logs / "app.log").exists()
