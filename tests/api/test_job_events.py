"""The events of a job as a stream: each change once and in order, however often the connection breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from job_things import (
    Asked,
    Stream,
    as_row,
    change_from_outside,
    form,
    free_places,
    job_of,
    rows_of,
    start_job,
    streams_of,
    until,
    until_stage,
    until_status,
)

from features.tryon import stream as stream_module
from features.tryon.stream import HEARTBEAT
from shared.engines.fake import FakeEngine
from shared.errors import ContentBlockedError
from shared.middleware import provide

BLOCKED = ContentBlockedError("The provider refused this picture.")


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """Until it is set, jobs stay in the stage `generating`."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def held(make_app: Callable[..., Flask], hold: threading.Event) -> Flask:
    return make_app(engines=[FakeEngine(hold=hold)], shutdown_grace_seconds=0)


@pytest.fixture
def ended(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> tuple[Any, str]:
    """A person and their finished job."""
    person = sign_up(make_app(engines=[FakeEngine()]))
    job_id = start_job(person)
    until_status(person, job_id, "done")
    return person, job_id


def test_a_stream_tells_the_whole_story_and_ends(
    held: Flask, hold: threading.Event, sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "LOOK_SECONDS", 600.0)  # only a wake-up brings the next event then
    provide(held, replace(streams_of(held), heartbeat_seconds=600.0))
    person = sign_up(held)
    job_id = start_job(person)
    stream = Stream(person, job_id)
    assert next(stream.pieces()) == "retry: 2000\n\n"
    told = [next(stream.events())]
    hold.set()
    told += stream.events()
    assert [as_row(event) for event in told] == rows_of(config.database_path, job_id)
    assert [event["event_id"] for event in told] == list(range(1, len(told) + 1))
    assert (told[0]["status"], told[-1]["status"], told[-1]["progress"]) == ("queued", "done", 100)
    assert all(event["job_id"] == job_id for event in told)
    assert all(set(event) == {"event_id", "job_id", "status", "stage", "progress", "at"} for event in told[:-1])
    assert told[-1]["error"] is None and person.http.get(told[-1]["result_url"]).mimetype == "image/jpeg"
    assert job_of(person, job_id)["event_id"] == told[-1]["event_id"]


def test_its_headers_keep_proxies_and_caches_away(ended: tuple[Any, str]) -> None:
    answer = Stream(*ended).response
    assert answer.mimetype == "text/event-stream" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no" and "Content-Length" not in answer.headers


def test_wherever_it_breaks_it_goes_on_without_gap_or_repeat(ended: tuple[Any, str], config: Any) -> None:
    person, job_id = ended
    rows = rows_of(config.database_path, job_id)
    for seen in range(len(rows)):
        later = Stream(person, job_id, **{"Last-Event-ID": str(seen)})
        assert [as_row(event) for event in later.events()] == rows[seen:]
        assert [as_row(event) for event in Stream(person, job_id, f"?since={seen}").events()] == rows[seen:]


def test_a_break_in_the_middle_of_a_running_job(
    held: Flask, hold: threading.Event, sign_up: Callable[..., Any], config: Any
) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    first = Stream(person, job_id)
    told = [event for event, _ in zip(first.events(), range(2), strict=False)]
    first.close()
    second = Stream(person, job_id, "?since=0", **{"Last-Event-ID": str(told[-1]["event_id"])})
    hold.set()
    told += second.events()
    assert [as_row(event) for event in told] == rows_of(config.database_path, job_id)


def test_an_event_that_is_still_to_come_counts_as_the_latest(
    held: Flask, hold: threading.Event, sign_up: Callable[..., Any], config: Any
) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    seen = until_stage(person, job_id)["event_id"]
    stream = Stream(person, job_id, "?since=999")
    hold.set()
    assert [as_row(event) for event in stream.events()] == rows_of(config.database_path, job_id)[seen:]


def test_two_clients_and_the_long_poll_hear_the_same(
    held: Flask, hold: threading.Event, sign_up: Callable[..., Any], config: Any
) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    asked = [Asked(lambda: list(Stream(person, job_id).events())) for _ in range(2)]
    polled, seen = [job_of(person, job_id)], 0
    hold.set()
    while polled[-1]["status"] not in ("done", "failed"):
        seen = polled[-1]["event_id"]
        polled.append(person.get(f"/api/job/{job_id}?wait=20&since={seen}").json["data"])
    rows = rows_of(config.database_path, job_id)
    assert [[as_row(event) for event in one.answered()] for one in asked] == [rows, rows]
    by_number = {row[0]: row[1:4] for row in rows}
    for job in polled:
        assert by_number[job["event_id"]] == (job["status"], job["stage"], job["progress"])


def test_when_all_was_seen_there_is_nothing_to_come_back_for(ended: tuple[Any, str]) -> None:
    person, job_id = ended
    last = str(job_of(person, job_id)["event_id"])
    answer = person.get(f"/api/job/{job_id}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.data) == (204, b"")
    assert person.get(f"/api/job/{job_id}/events?since=999").status_code == 204


@pytest.mark.parametrize(
    ("engine", "code"), [(FakeEngine(error=BLOCKED), "CONTENT_BLOCKED"), (None, None)], ids=["failed", "cancelled"]
)
def test_a_bad_end_is_told_with_its_error(
    make_app: Callable[..., Flask],
    hold: threading.Event,
    sign_up: Callable[..., Any],
    engine: FakeEngine | None,
    code: str | None,
) -> None:
    person = sign_up(make_app(engines=[engine or FakeEngine(hold=hold)]))
    job_id = start_job(person)
    if engine is None:
        person.delete(f"/api/job/{job_id}")
    last = list(Stream(person, job_id).events())[-1]
    assert last["status"] == ("failed" if code else "cancelled") and last["result_url"] is None
    assert (last["error"] or {}).get("code") == code and last["error"] == job_of(person, job_id)["error"]


@pytest.mark.parametrize("query", ["?since=-1", "?since=x", "?since=1.5", "?since=99999999999999999999"])
def test_a_wrong_place_is_refused(ended: tuple[Any, str], query: str) -> None:
    person, job_id = ended
    answer = person.get(f"/api/job/{job_id}/events{query}")
    assert answer.status_code == 400 and "since" in answer.json["details"]["fields"]


@pytest.mark.parametrize("header", ["-1", "x", "1 OR 1=1", "99999999999999999999"])
def test_a_wrong_last_event_id_is_refused(ended: tuple[Any, str], header: str) -> None:
    person, job_id = ended
    answer = person.get(f"/api/job/{job_id}/events", headers={"Last-Event-ID": header})
    assert answer.status_code == 400 and "Last-Event-ID" in answer.json["details"]["fields"]


def test_nobody_else_listens(held: Flask, sign_up: Callable[..., Any]) -> None:
    job_id = start_job(sign_up(held))
    assert sign_up(held).get(f"/api/job/{job_id}/events").status_code == 404
    assert held.test_client().get(f"/api/job/{job_id}/events").status_code == 401
    assert free_places(held) == 32


def test_silence_is_filled_with_heartbeats(held: Flask, sign_up: Callable[..., Any]) -> None:
    provide(held, replace(streams_of(held), heartbeat_seconds=0.05))
    person = sign_up(held)
    job_id = start_job(person)
    stream = Stream(person, job_id, f"?since={until_stage(person, job_id)['event_id']}")
    assert [piece for piece, _ in zip(stream.pieces(), range(3), strict=False)][1:] == [HEARTBEAT.decode()] * 2
    assert HEARTBEAT.startswith(b":"), "a comment: browsers make no event of it"
    stream.close()


def test_a_stream_ends_after_its_time_and_can_be_taken_up(
    held: Flask, hold: threading.Event, sign_up: Callable[..., Any], config: Any
) -> None:
    provide(held, replace(streams_of(held), longest_seconds=0.1))
    person = sign_up(held)
    job_id = start_job(person)
    until_stage(person, job_id)
    told = list(Stream(person, job_id).events())
    assert told[-1]["status"] == "processing"
    hold.set()
    until_status(person, job_id, "done")
    told += Stream(person, job_id, **{"Last-Event-ID": str(told[-1]["event_id"])}).events()
    assert [as_row(event) for event in told] == rows_of(config.database_path, job_id)


def test_a_token_that_ends_takes_its_streams_along(held: Flask, sign_up: Callable[..., Any]) -> None:
    provide(held, replace(streams_of(held), heartbeat_seconds=0.05))
    person = sign_up(held)
    job_id = start_job(person)
    stream = Stream(person, job_id)
    next(stream.pieces())
    assert person.post("/api/logout").status_code == 200
    assert HEARTBEAT.decode() not in list(stream.pieces())[-1:]
    stream.close()
    assert free_places(held) == 32


def test_a_deleted_job_ends_its_stream(held: Flask, sign_up: Callable[..., Any], config: Any) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    stream = Stream(person, job_id)
    next(stream.pieces())
    change_from_outside(config.database_path, "DELETE FROM tryon_jobs WHERE job_id = ?", job_id)
    assert all(event["status"] != "done" for event in stream.events())


def test_a_change_by_another_process_is_told_too(held: Flask, sign_up: Callable[..., Any], config: Any) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    stream = Stream(person, job_id, f"?since={until_stage(person, job_id)['event_id']}")
    sql = "UPDATE tryon_jobs SET stage = 'checking', progress = 80 WHERE job_id = ?"
    change_from_outside(config.database_path, sql, job_id)
    assert next(stream.events())["stage"] == "checking"
    stream.close()


def test_a_job_that_was_put_back_goes_on_telling(
    make_app: Callable[..., Flask], hold: threading.Event, sign_up: Callable[..., Any], config: Any
) -> None:
    """An operator does that with failed jobs: the failure was not the end then."""
    person = sign_up(make_app(engines=[FakeEngine(errors=[BLOCKED])]))
    job_id = start_job(person)
    until_status(person, job_id, "failed")
    sql = "UPDATE tryon_jobs SET status = 'queued', finished_at = NULL, error_code = NULL WHERE job_id = ?"
    change_from_outside(config.database_path, sql, job_id)
    told = list(Stream(person, job_id).events())
    assert [as_row(event) for event in told] == rows_of(config.database_path, job_id)
    assert ["error" in event for event in told if event["status"] in ("failed", "done")] == [False, True]
    assert told[-1]["status"] == "done"


def test_places_are_few_and_given_back(
    make_app: Callable[..., Flask], hold: threading.Event, sign_up: Callable[..., Any]
) -> None:
    app = make_app(engines=[FakeEngine(hold=hold)], server_threads=5)
    person = sign_up(app)
    job_id = start_job(person)
    streams = [Stream(person, job_id) for _ in range(2)]
    refused = person.get(f"/api/job/{job_id}/events")
    assert (refused.status_code, refused.json["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(refused.headers["Retry-After"]) >= 1 and refused.json["retryable"] is True
    next(streams[0].pieces())
    for stream in streams:  # one that was read from, one that was not: clients hang up whenever they like
        stream.close()
    assert free_places(app) == 2
    head = person.request("HEAD", f"/api/job/{job_id}/events")
    assert head.status_code == 200
    head.close()
    assert free_places(app) == 2
    assert person.post("/api/tryon/multi", data=form()).status_code == 400, "the others are served as ever"


def test_a_stop_ends_the_streams(held: Flask, sign_up: Callable[..., Any]) -> None:
    person = sign_up(held)
    job_id = start_job(person)
    asked = Asked(lambda: list(Stream(person, job_id).events()))
    until(lambda: free_places(held) == 31)
    held.extensions["drain"]()
    assert asked.answered()[-1]["status"] != "done"
    assert person.get(f"/api/job/{job_id}/events").status_code == 503
