"""What happens between two steps of a job: crashes, busy databases, late workers, leftovers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from test_tryon import drawn, form

from features.tryon.claims import ClaimTable, Shares
from features.tryon.leases import LeaseTable
from features.tryon.retention import Retention
from features.tryon.waiting import JobChanges
from shared.clock import utc_now
from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import DatabaseBusyError, ExternalServiceError
from shared.storage import LocalStorage

_shades = itertools.count(16)


class Crash(BaseException):
    """Stands for a kill: nothing after it runs."""


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04))


@pytest.fixture
def make(make_app: Callable[..., Flask], engine: FakeEngine) -> Callable[..., Flask]:
    return lambda **settings: make_app(engines=[engine], inline_jobs=True, **settings)


def results(config: Any) -> list[str]:
    return sorted(path.name for path in (config.images_dir / "tryon-results").rglob("*.jpg"))


def submit(person: Any) -> Any:
    """Each time another garment: equal requests share their picture."""
    return person.post("/api/tryon", data=form(garment_image=drawn(f"#20{next(_shades):02x}a0")))


def job_of(person: Any) -> Any:
    return person.get("/api/tryon/history").json["data"][0]


def die(config: Any) -> None:
    """The process that worked on jobs is gone: nobody holds the lock on its mark."""
    Path(f"{config.database_path}.workers", "died").touch()
    db = DatabaseManager(config.database_path)
    db.execute("UPDATE tryon_jobs SET lease_owner = 'died' WHERE status = 'processing'")
    db.close()


def restart(make: Callable[..., Flask], config: Any, person: Any, **settings: Any) -> Any:
    """A new process on the same data, after the old one has died."""
    die(config)
    person.http = make(**settings).test_client()
    submit(person)  # an inline engine works when something is submitted
    return person


def test_a_picture_that_was_stored_is_not_paid_for_again(
    make: Callable[..., Flask],
    sign_up: Callable[..., Any],
    config: Any,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make()
    person = sign_up(app)

    def crash(*_: object, **__: object) -> bool:
        raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(LeaseTable, "finish_done", crash)
        submit(person)
    assert len(results(config)) == 1 and len(engine.seen) == 1
    jobs = restart(make, config, person).get("/api/tryon/history").json["data"]
    assert [job["status"] for job in jobs] == ["done", "done"]
    assert len(engine.seen) == 2, "the new job only"
    assert len(results(config)) == 2, "each result is stored once"
    assert jobs[1]["cost_usd"] == 0.04 and jobs[1]["engine"] == "fake"


def test_a_stored_picture_counts_more_than_used_up_attempts(
    make: Callable[..., Flask], sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(tryon_max_attempts=1)
    person = sign_up(app)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(LeaseTable, "finish_done", lambda *_, **__: (_ for _ in ()).throw(Crash))
        submit(person)
    jobs = restart(make, config, person, tryon_max_attempts=1).get("/api/tryon/history").json["data"]
    assert [job["status"] for job in jobs] == ["done", "done"]


def test_a_job_that_is_interrupted_too_often_fails(
    make: Callable[..., Flask], sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(tryon_max_attempts=1)
    person = sign_up(app)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(FakeEngine, "try_on", lambda *_, **__: (_ for _ in ()).throw(Crash))
        submit(person)
    jobs = restart(make, config, person, tryon_max_attempts=1).get("/api/tryon/history").json["data"]
    assert (jobs[1]["status"], jobs[1]["error"]["code"]) == ("failed", "ATTEMPTS_EXHAUSTED")
    assert jobs[1]["stage"] is None and jobs[1]["error"]["retryable"]


@pytest.mark.parametrize(
    ("attempts", "counted"),
    [
        (3, ("tryon_jobs_recovered_total", {})),
        (1, ("tryon_jobs_total", {"status": "failed", "engine": "none"})),
    ],
)
def test_what_recovery_did_is_told_to_those_who_wait_and_counted(
    make: Callable[..., Flask],
    sign_up: Callable[..., Any],
    config: Any,
    monkeypatch: pytest.MonkeyPatch,
    attempts: int,
    counted: tuple[str, dict[str, str]],
) -> None:
    person = sign_up(make())
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(FakeEngine, "try_on", lambda *_, **__: (_ for _ in ()).throw(Crash))
        submit(person)
    job_id = job_of(person)["job_id"]
    before = REGISTRY.get_sample_value(*counted) or 0
    told: list[str] = []
    monkeypatch.setattr(JobChanges, "changed", lambda _, changed_id: told.append(changed_id))
    die(config)
    make(tryon_max_attempts=attempts)
    assert told == [job_id]
    assert REGISTRY.get_sample_value(*counted) == before + 1


def test_a_busy_database_at_the_end_loses_no_paid_picture(
    make: Callable[..., Flask],
    sign_up: Callable[..., Any],
    config: Any,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make()
    person = sign_up(app)

    def busy(*_: object, **__: object) -> bool:
        raise DatabaseBusyError("busy")

    with monkeypatch.context() as patch:
        patch.setattr(LeaseTable, "finish_done", busy)
        submit(person)
    assert job_of(person)["status"] == "processing", "not failed: it can still be finished"
    jobs = restart(make, config, person).get("/api/tryon/history").json["data"]
    assert [job["status"] for job in jobs] == ["done", "done"] and len(engine.seen) == 2


def test_a_cancel_while_the_job_fails_is_a_cancel(
    make: Callable[..., Flask], sign_up: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(make())

    def cancelled_and_broken(*_: object, **__: object) -> None:
        person.delete(f"/api/job/{job_of(person)['job_id']}")
        raise ExternalServiceError("The provider is down.")

    monkeypatch.setattr(FakeEngine, "try_on", cancelled_and_broken)
    failed = ("tryon_jobs_total", {"status": "failed", "engine": "none"})
    before = REGISTRY.get_sample_value(*failed) or 0
    submit(person)
    job = job_of(person)
    assert (job["status"], job["error"]) == ("cancelled", None)
    assert (REGISTRY.get_sample_value(*failed) or 0) == before


def test_a_picture_that_goes_while_it_is_taken_over_is_made_again(
    make: Callable[..., Flask],
    sign_up: Callable[..., Any],
    config: Any,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The late attempt that made it sees that the row is another's, and deletes its file."""
    person = sign_up(make())
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(LeaseTable, "finish_done", lambda *_, **__: (_ for _ in ()).throw(Crash))
        submit(person)
    read = LocalStorage.read_image
    gone: list[str] = []

    def goes_before_it_is_read(self: LocalStorage, key: str) -> bytes:
        if key.endswith("-1.jpg") and not gone:
            gone.append(key)
            self.delete_image(key)
        return read(self, key)

    monkeypatch.setattr(LocalStorage, "read_image", goes_before_it_is_read)
    jobs = restart(make, config, person).get("/api/tryon/history").json["data"]
    assert gone and [job["status"] for job in jobs] == ["done", "done"]


def test_a_late_worker_neither_overwrites_nor_deletes(
    make: Callable[..., Flask], sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt was released at a stop while it stored; a second process finishes the job meanwhile."""
    app = make()
    person = sign_up(app)
    finish = LeaseTable.finish_done
    db = DatabaseManager(config.database_path)

    def released_meanwhile(self: LeaseTable, claim: Any, *rest: Any, **more: Any) -> bool:
        monkeypatch.setattr(LeaseTable, "finish_done", finish)
        self.release(claim, utc_now())
        other = ClaimTable(db, Shares()).claim("other-process", utc_now(), timedelta(seconds=30))
        assert other and other.job_id == claim.job_id
        assert other.attempts == claim.attempt + 1, "an attempt's number is never used twice"
        return finish(self, claim, *rest, **more)

    monkeypatch.setattr(LeaseTable, "finish_done", released_meanwhile)
    submit(person)
    row = db.fetch_one("SELECT status, lease_owner, attempts FROM tryon_jobs")
    assert row == {"status": "processing", "lease_owner": "other-process", "attempts": 2}
    db.close()


def test_pictures_that_belong_to_nothing_go(
    make: Callable[..., Flask], sign_up: Callable[..., Any], config: Any
) -> None:
    app = make()
    person = sign_up(app)
    submit(person)
    kept = {path for path in config.images_dir.rglob("*.jpg")}
    lost = [
        config.images_dir / "tryon-inputs" / person.user["userid"] / "no-such-job" / "person.jpg",
        config.images_dir / "tryon-results" / person.user["userid"] / "no-such-job-1.jpg",
        config.images_dir / "avatars" / "nobody" / "face.jpg",
    ]
    young = config.images_dir / "tryon-inputs" / "somebody" / "job-to-come" / "person.jpg"
    for path in [*lost, young]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    for path in [*lost, *kept]:
        os.utime(path, (1, 1))
    retention: Retention = app.extensions["retention"]
    retention.sweep()
    assert not any(path.exists() for path in lost)
    assert young.exists() and all(path.exists() for path in kept)
