"""Waiting for a job: `?wait=` and `Prefer: wait` answer when something happens, and never hold up the rest."""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from flask import Flask, Response, request
from job_things import (
    Asked,
    change_from_outside,
    drawn,
    form,
    free_places,
    job_of,
    start_job,
    until,
    until_stage,
    until_status,
)
from prometheus_client import REGISTRY

from features.tryon import waiting
from features.tryon.events import JobEventTable
from features.tryon.schemas import JobView
from features.tryon.stream import JobStreams
from features.tryon.waiting import JobChanges, JobWaiting, Waited
from shared.engines.fake import FakeEngine
from shared.errors import ContentBlockedError, DatabaseBusyError
from shared.middleware import resolve
from shared.outer_frame import ROUTE, WAITED, OuterFrame


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """Until it is set, jobs stay in the stage `generating`."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def held(make_app: Callable[..., Flask], hold: threading.Event) -> Flask:
    return make_app(engines=[FakeEngine(hold=hold)], shutdown_grace_seconds=0, server_threads=8)


@pytest.fixture
def person(held: Flask, sign_up: Callable[..., Any]) -> Any:
    return sign_up(held)


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a wake-up can end a wait then."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 600.0)


def poll(person: Any, job_id: str, query: str) -> Any:
    return person.get(f"/api/job/{job_id}?{query}")


# --- long-polling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("since", ["", "&since={seen}", "&since=999"])
def test_a_change_wakes_who_waits(
    held: Flask, person: Any, hold: threading.Event, never_looks: None, since: str
) -> None:
    job_id = start_job(person)
    seen = until_stage(person, job_id)["event_id"]
    asked = Asked(lambda: poll(person, job_id, "wait=60" + since.format(seen=seen)))
    until(lambda: free_places(held) == 3)
    hold.set()
    job = asked.answered().json["data"]
    assert job["event_id"] > seen and set(job) == set(job_of(person, job_id))
    assert free_places(held) == 4


def test_one_long_poll_after_the_other_misses_no_end(person: Any, hold: threading.Event, never_looks: None) -> None:
    job_id = start_job(person)
    numbers = [0]
    hold.set()
    while (job := poll(person, job_id, f"wait=60&since={numbers[-1]}").json["data"])["status"] != "done":
        numbers.append(job["event_id"])
    assert numbers == sorted(set(numbers)) and job["event_id"] > numbers[-1]


@pytest.mark.parametrize("query", ["wait=60&since=0", "wait=60&since=1"])
def test_what_happened_already_is_answered_at_once(person: Any, never_looks: None, query: str) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    assert poll(person, job_id, query).json["data"]["status"] == "processing"


@pytest.mark.parametrize("query", ["wait=60", "wait=100000", "wait=60&since=999", "since=3"])
def test_an_ended_job_is_answered_at_once(person: Any, hold: threading.Event, never_looks: None, query: str) -> None:
    hold.set()
    job_id = start_job(person)
    until_status(person, job_id, "done")
    assert poll(person, job_id, query).json["data"]["status"] == "done"


@pytest.mark.parametrize("query", ["wait=0.05", "wait=0", "wait=", "wait=0.05&since=999"])
def test_when_the_time_is_over_the_job_is_answered_as_it_is(held: Flask, person: Any, query: str) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    assert poll(person, job_id, query).json["data"]["stage"] == "generating"
    assert free_places(held) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [("wait=-1", "wait"), ("wait=soon", "wait"), ("wait=nan", "wait"), ("wait=inf", "wait"),
     ("wait=1&since=-1", "since"), ("since=x", "since"), ("since=1.5", "since"), ("since=9" + 30 * "9", "since")],
)  # fmt: skip
def test_a_wrong_wish_is_refused(person: Any, query: str, field: str) -> None:
    answer = poll(person, start_job(person), query)
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == [field]


def test_a_change_by_another_process_is_seen(held: Flask, person: Any, config: Any) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    asked = Asked(lambda: poll(person, job_id, "wait=60"))
    until(lambda: free_places(held) == 3)
    change_from_outside(config.database_path, "UPDATE tryon_jobs SET stage = 'checking' WHERE job_id = ?", job_id)
    assert asked.answered().json["data"]["stage"] == "checking"


def test_a_cancel_wakes_who_waits(held: Flask, person: Any, never_looks: None) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    asked = Asked(lambda: poll(person, job_id, "wait=60"))
    until(lambda: free_places(held) == 3)
    assert person.delete(f"/api/job/{job_id}").json["data"]["outcome"] == "cancelling"
    assert asked.answered().json["data"]["status"] == "cancelled"


def test_a_cancel_before_the_start_wakes_who_waits(
    make_app: Callable[..., Flask], hold: threading.Event, sign_up: Callable[..., Any], never_looks: None
) -> None:
    app = make_app(engines=[FakeEngine(hold=hold)], tryon_running_per_user=1)
    person = sign_up(app)
    until_stage(person, start_job(person))
    other = form(selfie=(io.BytesIO(drawn("#101010")), "me.jpg"))
    job_id = person.post("/api/tryon", data=other).json["data"]["job_id"]
    asked = Asked(lambda: poll(person, job_id, "wait=60"))
    until(lambda: free_places(app) == 31)
    assert person.delete(f"/api/job/{job_id}").json["data"]["outcome"] == "cancelled"
    assert asked.answered().json["data"]["status"] == "cancelled"


def test_a_deletion_meanwhile_is_told(held: Flask, person: Any, config: Any) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    asked = Asked(lambda: poll(person, job_id, "wait=60"))
    until(lambda: free_places(held) == 3)
    change_from_outside(config.database_path, "DELETE FROM tryon_jobs WHERE job_id = ?", job_id)
    assert asked.answered().status_code == 404
    assert free_places(held) == 4


def test_nobody_waits_for_another_ones_job(person: Any, held: Flask, sign_up: Callable[..., Any]) -> None:
    assert poll(sign_up(held), start_job(person), "wait=60").status_code == 404


def test_when_the_room_is_full_a_wait_answers_at_once(held: Flask, person: Any, never_looks: None) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    asked = [Asked(lambda: poll(person, job_id, "wait=60")) for _ in range(4)]
    until(lambda: free_places(held) == 0)
    assert poll(person, job_id, "wait=60").json["data"]["stage"] == "generating"
    assert all(one.is_alive() for one in asked)
    held.extensions["drain"]()
    assert all(one.answered().status_code == 200 for one in asked), "a stop answers everybody"
    assert free_places(held) == 4
    assert poll(person, job_id, "wait=60").status_code == 200, "and nobody waits any more"


def test_who_hangs_up_gives_the_place_back(held: Flask, person: Any) -> None:
    job_id = start_job(person)
    until_stage(person, job_id)
    ours, theirs = socket.socketpair()
    environ = {"gunicorn.socket": ours}
    asked = Asked(lambda: person.get(f"/api/job/{job_id}?wait=60", environ_overrides=environ))
    until(lambda: free_places(held) == 3)
    theirs.close()
    assert asked.answered().status_code == 200 and free_places(held) == 4
    ours.close()


def test_waiting_is_told_apart_from_slowness(held: Flask, person: Any) -> None:
    waited: list[float | None] = []

    def look(answer: Response) -> Response:
        waited.append(request.environ.get(WAITED))
        return answer

    held.after_request_funcs.setdefault(None, []).append(look)
    job_id = start_job(person)
    seen = until_stage(person, job_id)["event_id"]
    poll(person, job_id, f"wait=0.2&since={seen}")
    person.post("/api/tryon", data=form(), headers={"Prefer": "wait=1"})
    assert waited[0] is None and (waited[-2] or 0) >= 0.2 and (waited[-1] or 0) >= 1


def test_waiting_is_not_counted_as_slowness() -> None:
    def answer(environ: dict[str, Any], start: Any) -> list[bytes]:
        environ.update({ROUTE: "/waited", WAITED: 1000.0})
        start("200 OK", [])
        return []

    OuterFrame(answer)({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert (REGISTRY.get_sample_value("http_request_duration_seconds_sum", {"route": "/waited"}) or 0) < -900


# --- Prefer: wait ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/tryon", "/api/tryon/multi"])
def test_who_prefers_to_wait_gets_the_finished_job(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], path: str
) -> None:
    person = sign_up(make_app(engines=[FakeEngine(latency_seconds=0.05)]))
    parts = form()
    if path.endswith("multi"):
        parts["top_garment_image"], parts["bottom_garment_image"] = parts.pop("garment_image"), form()["garment_image"]
    answer = person.post(path, data=parts, headers={"Prefer": "respond-async, wait=60"})
    job = answer.json["data"]
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=60")
    assert job["status"] == "done" and job == job_of(person, job["job_id"])
    assert answer.headers["Location"].endswith(f"/api/job/{job['job_id']}")


def test_a_job_that_failed_in_time_is_finished_too(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    person = sign_up(make_app(engines=[FakeEngine(error=ContentBlockedError("The provider refused."))]))
    answer = person.post("/api/tryon", data=form(), headers={"Prefer": "wait=60"})
    assert answer.status_code == 200 and answer.json["data"]["error"]["code"] == "CONTENT_BLOCKED"


@pytest.mark.parametrize(("prefer", "applied"), [("wait=0", "wait=0"), ("wait=1", "wait=1"), ("wait=soon", None)])
def test_what_is_not_finished_in_time_is_accepted(held: Flask, person: Any, prefer: str, applied: str | None) -> None:
    answer = person.post("/api/tryon", data=form(), headers={"Prefer": prefer})
    assert answer.status_code == 202 and answer.headers.get("Preference-Applied") == applied
    assert answer.json["data"]["events_url"].endswith("/events") and free_places(held) == 4


def test_a_repeat_waits_for_the_same_job(person: Any, held: Flask, hold: threading.Event, never_looks: None) -> None:
    key = {"Idempotency-Key": "once"}
    job_id = start_job(person, headers=key)
    asked = Asked(lambda: person.post("/api/tryon", data=form(), headers={**key, "Prefer": "wait=60"}))
    until(lambda: free_places(held) == 3)
    hold.set()
    assert asked.answered().status_code == 200 and asked.answered().json["data"]["job_id"] == job_id


def test_a_job_that_is_deleted_meanwhile_was_accepted(person: Any, held: Flask, config: Any) -> None:
    asked = Asked(lambda: person.post("/api/tryon", data=form(), headers={"Prefer": "wait=60"}))
    until(lambda: free_places(held) == 3)
    change_from_outside(config.database_path, "DELETE FROM tryon_jobs")
    assert asked.answered().status_code == 202


def test_whoever_made_a_job_hears_of_it_though_it_cannot_be_read(
    person: Any, held: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> int:
        raise DatabaseBusyError("The database is busy or full. Try again.")

    monkeypatch.setattr(JobEventTable, "latest", busy)
    answer = person.post("/api/tryon", data=form(), headers={"Prefer": "wait=60"})
    assert answer.status_code == 202 and "Preference-Applied" not in answer.headers
    assert job_of(person, answer.json["data"]["job_id"]) and free_places(held) == 4


@pytest.mark.parametrize("in_json", [True, False])
def test_who_waits_keeps_no_pictures_in_memory(
    held: Flask, person: Any, monkeypatch: pytest.MonkeyPatch, in_json: bool
) -> None:
    left: list[Any] = []

    def look(service: JobWaiting, view: JobView, *_: Any) -> Waited:
        left.extend((request.get_data(), [part for part in request.files.values() if not part.closed]))
        return Waited(view)

    monkeypatch.setattr(JobWaiting, "for_end", look)
    pictures = {name: base64.b64encode(drawn("#804020")).decode() for name in ("selfie", "garment_image")}
    body: dict[str, Any] = {"json": pictures} if in_json else {"data": form()}
    assert person.post("/api/tryon", headers={"Prefer": "wait=60"}, **body).status_code == 202
    assert left == [b"", []]


def test_a_full_room_does_not_promise_to_wait(
    make_app: Callable[..., Flask], hold: threading.Event, sign_up: Callable[..., Any]
) -> None:
    person = sign_up(make_app(engines=[FakeEngine(hold=hold)], server_threads=1))
    answer = person.post("/api/tryon", data=form(), headers={"Prefer": "wait=60"})
    assert answer.status_code == 202 and "Preference-Applied" not in answer.headers


def test_a_page_of_another_origin_may_wait_and_listen(make_app: Callable[..., Flask]) -> None:
    origin = "https://app.example.com"
    http = make_app(cors_origins=(origin,)).test_client()
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "last-event-id, prefer"}  # fmt: skip
    allowed = http.options("/api/job/x/events", headers=asks).headers["Access-Control-Allow-Headers"].lower()
    assert "last-event-id" in allowed and "prefer" in allowed
    assert "Preference-Applied" in http.get("/health", headers=asks).headers["Access-Control-Expose-Headers"]


def test_a_change_between_look_and_wait_is_not_missed(held: Flask, person: Any, never_looks: None) -> None:
    """The row changes right after it was read, before the waiter begins to wait: the hardest moment."""
    job_id, user_id = start_job(person), person.user["userid"]
    seen = until_stage(person, job_id)["event_id"]
    with held.app_context():
        parts = resolve(JobStreams)
        views = resolve(JobWaiting)._views
    events = ChangesWhenRead(parts.events, parts.changes)
    service = JobWaiting(parts.jobs, cast(JobEventTable, events), views, parts.changes, parts.room)
    assert service.for_change(user_id, job_id, seen, 60, lambda: False).had_place
    assert events.reads == 2


class ChangesWhenRead:
    """Says that nothing has happened; then something does."""

    def __init__(self, events: JobEventTable, changes: JobChanges) -> None:
        self._events, self._changes, self.reads = events, changes, 0

    def latest(self, job_id: str, user_id: str) -> int:
        self.reads += 1
        self._changes.changed(job_id)
        return (self._events.latest(job_id, user_id) or 0) + self.reads - 1
