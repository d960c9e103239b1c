"""Idempotency keys, deadlines, history and favourites."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, form, wait_for

from features.tryon.retention import Retention
from shared.clock import to_text, utc_now
from shared.database import DatabaseManager
from shared.engines.fake import FakeEngine


@pytest.fixture
def person(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> Any:
    return sign_up(make_app(engines=[FakeEngine()], inline_jobs=True))


def post(person: Any, key: str | None = None, **fields: Any) -> Any:
    return person.post("/api/tryon", data=form(**fields), headers={"Idempotency-Key": key} if key else {})


def test_the_same_key_and_request_is_the_same_job(person: Any) -> None:
    first, second = post(person, "k-1"), post(person, "k-1")
    assert first.status_code == second.status_code == 202
    assert first.json["data"]["job_id"] == second.json["data"]["job_id"]
    assert len(person.get("/api/tryon/history").json["data"]) == 1


@pytest.mark.parametrize("other", [{"selfie": drawn("green")}, {"garment_type": "upper"}, {"options": "{}"}])
def test_the_same_key_for_another_request_is_refused(person: Any, other: dict[str, Any]) -> None:
    post(person, "k-1")
    answer = post(person, "k-1", **other)
    assert (answer.status_code, answer.json["error_code"]) == (422, "IDEMPOTENCY_MISMATCH")


def test_keys_belong_to_their_user(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = make_app(engines=[FakeEngine()], inline_jobs=True)
    jobs = {post(sign_up(app), "shared").json["data"]["job_id"] for _ in range(2)}
    assert len(jobs) == 2


def test_many_at_once_with_one_key_make_one_job(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = make_app(engines=[FakeEngine()])
    person = sign_up(app)
    together, jobs = threading.Barrier(6), []

    def send() -> None:
        client = app.test_client()
        together.wait()
        headers = {**person.headers, "Idempotency-Key": "once"}
        jobs.append(client.post("/api/tryon", data=form(), headers=headers).json["data"]["job_id"])

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 6 and len(set(jobs)) == 1


def test_the_key_of_a_deleted_job_starts_no_second_one(person: Any) -> None:
    job_id = post(person, "k-1").json["data"]["job_id"]
    person.delete(f"/api/job/{job_id}")
    answer = post(person, "k-1")
    assert (answer.status_code, answer.json["error_code"]) == (409, "CONFLICT")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "schlüssel"])
def test_malformed_keys_are_refused(person: Any, key: str) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = person.post("/api/tryon", data=form(), headers=headers)
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf", "9999999"])
def test_malformed_deadlines_are_refused(person: Any, seconds: str) -> None:
    answer = person.post("/api/tryon", data=form(), headers={"X-Deadline-Seconds": seconds})
    assert "X-Deadline-Seconds" in answer.json["details"]["fields"]


def test_a_job_that_cannot_start_in_time_costs_nothing(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any]
) -> None:
    go = threading.Event()
    engine = FakeEngine(hold=go)
    person = sign_up(make_app(engines=[engine], tryon_workers=1))
    first = post(person).json["data"]["job_id"]
    wait_for(person, first, "processing")
    late = person.post("/api/tryon", data=form(), headers={"X-Deadline-Seconds": "0.2"}).json["data"]["job_id"]
    job = wait_for(person, late, "failed")
    assert job["error"]["code"] == "DEADLINE_EXCEEDED" and job["cost_usd"] == 0
    go.set()
    wait_for(person, first, "done")
    assert len(engine.seen) == 1


def test_history_pages_newest_first(person: Any) -> None:
    made = [post(person).json["data"]["job_id"] for _ in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = person.get(f"/api/tryon/history?limit=2&cursor={cursor}").json
        seen += [job["job_id"] for job in page["data"]]
        cursor = page["meta"]["next_cursor"]
    assert seen == made[::-1] and cursor is None


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "status=lost", "favorite=maybe", "cursor=%21"])
def test_history_refuses_malformed_queries(person: Any, query: str) -> None:
    answer = person.get(f"/api/tryon/history?{query}")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


def test_favourites_can_be_listed_and_are_kept(person: Any) -> None:
    kept, other = (post(person).json["data"]["job_id"] for _ in range(2))
    assert person.get(f"/api/job/{kept}").json["data"]["expires_at"] is not None
    marked = person.patch(f"/api/tryon/{kept}/favorite", json={"favorite": True}).json["data"]
    assert marked["favorite"] is True and marked["expires_at"] is None
    listed = person.get("/api/tryon/history?favorite=true&status=done").json["data"]
    assert [job["job_id"] for job in listed] == [kept]
    unmarked = person.patch(f"/api/tryon/{kept}/favorite", json={"favorite": False}).json["data"]
    assert unmarked["expires_at"] is not None
    assert other not in [job["job_id"] for job in listed]
    assert person.patch(f"/api/tryon/{kept}/favorite", json={"favorite": "yes"}).status_code == 400


def test_what_is_too_old_goes(make_app: Callable[..., Flask], sign_up: Callable[..., Any], config: Any) -> None:
    app = make_app(engines=[FakeEngine()], inline_jobs=True)
    person = sign_up(app)
    old, favourite, fresh = (post(person).json["data"]["job_id"] for _ in range(3))
    person.patch(f"/api/tryon/{favourite}/favorite", json={"favorite": True})
    url = person.get(f"/api/job/{old}").json["data"]["result_url"]
    db = DatabaseManager(config.database_path)
    past = to_text(utc_now() - timedelta(days=2))
    db.execute("UPDATE tryon_jobs SET finished_at = ?, expires_at = ? WHERE job_id = ?", (past, past, old))
    db.close()
    retention: Retention = app.extensions["retention"]
    retention.sweep()
    assert person.get(f"/api/job/{old}/result").json["error_code"] == "RESULT_EXPIRED"
    assert person.http.get(url).status_code == 404
    left = sorted({path.parts[-2 if "inputs" in str(path) else -1][:36] for path in config.images_dir.rglob("*.jpg")})
    assert left == sorted([favourite, fresh])
