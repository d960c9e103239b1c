"""What tests of waiting and streaming share: jobs that hold still, and a reader of server-sent events."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from PIL import Image, ImageDraw

from features.tryon.stream import JobStreams
from shared.middleware import resolve

T = TypeVar("T")


def drawn(colour: str) -> bytes:
    image = Image.new("RGB", (120, 160), "#dddddd")
    ImageDraw.Draw(image).rectangle((30, 20, 90, 140), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def form(**fields: Any) -> dict[str, Any]:
    pictures = {"selfie": drawn("#804020"), "garment_image": drawn("#2040a0")}
    return {name: (io.BytesIO(value), f"{name}.jpg") for name, value in pictures.items()} | fields


def start_job(person: Any, **kwargs: Any) -> str:
    answer = person.post("/api/tryon", data=form(), **kwargs)
    assert answer.status_code == 202, answer.text
    return str(answer.json["data"]["job_id"])


def job_of(person: Any, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/api/job/{job_id}").json["data"]
    return found


def until(condition: Callable[[], T], seconds: float = 20.0) -> T:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.01)
    return found


def until_status(person: Any, job_id: str, status: str) -> dict[str, Any]:
    return until(lambda: job if (job := job_of(person, job_id))["status"] == status else None)  # type: ignore[return-value]


def until_stage(person: Any, job_id: str, stage: str = "generating") -> dict[str, Any]:
    return until(lambda: job if (job := job_of(person, job_id))["stage"] == stage else None)  # type: ignore[return-value]


def streams_of(app: Flask) -> JobStreams:
    with app.app_context():
        return resolve(JobStreams)


def free_places(app: Flask) -> int:
    return streams_of(app).room.free


class Asked(threading.Thread):
    """A request in a thread of its own."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self.answer: Any = None
        self.start()

    def run(self) -> None:
        self.answer = self._ask()

    def answered(self) -> Any:
        self.join(20)
        assert self.answer is not None, "no answer came"
        return self.answer


class Stream:
    """Reads the events of a job one by one."""

    def __init__(self, person: Any, job_id: str, query: str = "", **headers: str) -> None:
        self.response = person.get(f"/api/job/{job_id}/events{query}", headers=headers)
        assert self.response.status_code == 200, self.response.text
        self._pieces = iter(self.response.response)

    def pieces(self) -> Iterator[str]:
        for piece in self._pieces:
            yield piece.decode()

    def events(self) -> Iterator[dict[str, Any]]:
        return events_in(self.pieces())

    def close(self) -> None:
        self.response.close()


def events_in(pieces: Iterator[str]) -> Iterator[dict[str, Any]]:
    for piece in pieces:
        assert piece.endswith("\n\n"), "an event ends with an empty line"
        fields = dict(line.split(": ", 1) for line in piece.strip().split("\n") if not line.startswith(":"))
        if "data" in fields:
            event: dict[str, Any] = json.loads(fields["data"])
            assert (fields["event"], int(fields["id"])) == ("status", event["event_id"])
            yield event


def rows_of(database: Path, job_id: str) -> list[tuple[Any, ...]]:
    """The story as the database has it."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(
            "SELECT event_id, status, stage, progress, created_at FROM job_events WHERE job_id = ? ORDER BY event_id",
            (job_id,),
        ).fetchall()
    finally:
        connection.close()


def as_row(event: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(event[name] for name in ("event_id", "status", "stage", "progress", "at"))


def change_from_outside(database: Path, sql: str, *params: Any) -> None:
    """As another process would: nobody in this one is told."""
    connection = sqlite3.connect(database, timeout=10)
    connection.execute("PRAGMA foreign_keys = ON")
    with connection:
        connection.execute(sql, params)
    connection.close()
