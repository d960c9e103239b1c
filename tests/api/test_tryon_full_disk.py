"""A disk that is full: nothing half-written, nothing paid for in vain, never a 500."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from job_things import job_of, until, until_status
from test_tryon import form

from features.tryon.idempotency import IdempotencyTable
from features.tryon.views import JobViews
from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import DatabaseBusyError
from shared.storage import LocalStorage

Make = Callable[..., Flask]
MEGABYTE = 1024 * 1024


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04))


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.tryon.patience.AGAIN_SECONDS", 0.05)


class FullFor:
    """Writes below a folder fail as on a full disk, as often as `times` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: str, times: float) -> None:
        self.left, self.folder = times, folder
        self._write = LocalStorage._write_file
        monkeypatch.setattr(LocalStorage, "_write_file", lambda storage, path, data: self.write(storage, path, data))

    def write(self, storage: LocalStorage, path: Path, data: bytes) -> None:
        if self.left > 0 and self.folder in path.parts:
            self.left -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        self._write(storage, path, data)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 503 and answer.json["error_code"] == "SERVICE_UNAVAILABLE")


def test_a_request_whose_pictures_cannot_be_stored_leaves_nothing(
    make_app: Make, sign_up: Any, engine: FakeEngine, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(make_app(engines=[engine]))
    full = FullFor(monkeypatch, "tryon-inputs", 1)
    assert refused(person.post("/api/tryon", data=form()))
    assert full.left == 0 and files(config.images_dir) == []
    assert person.get("/api/tryon/history").json["data"] == [] and not engine.seen
    assert person.post("/api/tryon", data=form()).status_code == 202


@pytest.mark.parametrize("times", [1, 4])
def test_a_paid_picture_waits_until_there_is_room(
    make_app: Make, sign_up: Any, engine: FakeEngine, config: Any, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    person = sign_up(make_app(engines=[engine]))
    FullFor(monkeypatch, "tryon-results", times)
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    job = until_status(person, job_id, "done")
    assert job["cost_usd"] == 0.04 and len(engine.seen) == 1
    assert len(files(config.images_dir / "tryon-results")) == 1


def test_without_room_until_the_deadline_the_job_fails_and_may_be_tried_again(
    make_app: Make, sign_up: Any, engine: FakeEngine, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(make_app(engines=[engine], job_timeout_seconds=1))
    FullFor(monkeypatch, "tryon-results", float("inf"))
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    job = until_status(person, job_id, "failed")
    assert job["error"]["code"] == "SERVICE_UNAVAILABLE" and job["error"]["retryable"]
    assert job["cost_usd"] == 0.04 and len(engine.seen) == 1, "paid once, and on record"
    assert files(config.images_dir / "tryon-results") == []


def test_who_cancels_need_not_wait_for_room(
    make_app: Make, sign_up: Any, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(make_app(engines=[engine]))
    full = FullFor(monkeypatch, "tryon-results", float("inf"))
    monkeypatch.setattr("features.tryon.patience.AGAIN_SECONDS", 60.0)
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    until(lambda: job_of(person, job_id)["stage"] == "storing")
    person.delete(f"/api/job/{job_id}")
    assert until_status(person, job_id, "cancelled")["error"] is None
    assert full.left == float("inf")


@pytest.mark.parametrize("broken", [JobViews, IdempotencyTable])
def test_a_job_whose_client_cannot_be_told_is_none(
    make_app: Make, sign_up: Any, engine: FakeEngine, config: Any, monkeypatch: pytest.MonkeyPatch, broken: type
) -> None:
    """Otherwise the client sends it again, and pays twice."""

    def busy(*_: Any) -> None:
        raise DatabaseBusyError("The database is busy or full. Try again.", retry_after_seconds=2)

    person = sign_up(make_app(engines=[engine]))
    with monkeypatch.context() as patched:
        patched.setattr(broken, "of_many" if broken is JobViews else "add", busy)
        answer = person.post("/api/tryon", data=form(), headers={"Idempotency-Key": "once"})
    assert answer.status_code == 503 and files(config.images_dir) == []
    assert person.get("/api/tryon/history").json["data"] == [] and not engine.seen


# --- a file system that is really small ----------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB; needs a Linux machine and the right to mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if sys.platform != "linux" or not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """To the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def test_pictures_on_a_disk_that_is_full(make_app: Make, sign_up: Any, engine: FakeEngine, small: Path) -> None:
    images = small / "images"
    app = make_app(engines=[engine], images_dir=images)
    person = sign_up(app)
    ballast = fill(small)
    assert refused(person.post("/api/tryon", data=form()))
    assert files(images) == [] and person.get("/api/tryon/history").json["data"] == []
    assert app.test_client().get("/ready").status_code == 503
    ballast.unlink()
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    until_status(person, job_id, "done")


@pytest.mark.parametrize(
    ("path", "fields", "look"),
    [
        ("/api/save-avatar", {"avatar": "selfie"}, "/api/get-avatar"),
        ("/api/wardrobe/items", {"garment_image": "garment_image"}, "/api/wardrobe/items"),
    ],
)
def test_other_pictures_on_a_disk_that_is_full(
    make_app: Make, sign_up: Any, small: Path, path: str, fields: dict[str, str], look: str
) -> None:
    person = sign_up(make_app(images_dir=small / "images"))

    def send() -> Any:
        pictures = form()
        data = {name: pictures[part] for name, part in fields.items()}
        return person.post(path, data={**data, "category_section": "upper_body"})

    before = person.get(look).json
    ballast = fill(small)
    assert refused(send())
    assert files(small / "images") == []
    assert person.get(look).json.get("data") == before.get("data")
    ballast.unlink()
    assert send().status_code in {200, 201}


def test_a_database_on_a_disk_that_is_full(make_app: Make, sign_up: Any, config: Any, small: Path) -> None:
    """A job that runs meanwhile is finished when there is room again, and paid for once."""
    go = threading.Event()
    engine = FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04), hold=go)
    app = make_app(engines=[engine], database_path=small / "test.db", job_lease_seconds=1)
    person = sign_up(app)
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    db = DatabaseManager(small / "test.db")
    until(lambda: db.fetch_one("SELECT 1 FROM provider_calls"))
    ballast = fill(small)
    go.set()
    until(lambda: files(config.images_dir / "tryon-results"))
    answers = [person.post("/api/tryon", data=form(garment_type=kind)) for kind in ("upper", "lower", "dress")]
    assert all(refused(answer) for answer in answers), [answer.text for answer in answers]
    assert len(files(config.images_dir / "tryon-inputs")) == 2, "those of the first job"
    assert job_of(person, job_id)["status"] in {"processing", "queued"}
    ballast.unlink()
    until_status(person, job_id, "done")
    assert len(db.fetch_all("SELECT * FROM provider_calls")) == len(engine.seen) == 1
    assert len(files(config.images_dir / "tryon-results")) == 1
    db.close()


def test_a_first_connection_on_a_disk_that_is_full(small: Path) -> None:
    with closing(sqlite3.connect(small / "test.db")) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE things (name)")
    ballast = fill(small)
    with pytest.raises(DatabaseBusyError):
        DatabaseManager(small / "test.db").fetch_all("SELECT * FROM things")
    ballast.unlink()
    assert DatabaseManager(small / "test.db").fetch_all("SELECT * FROM things") == []
