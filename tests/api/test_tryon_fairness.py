"""One user's many jobs and another's first: who runs, what place and time clients are told, and whose lease holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from job_things import job_of, until, until_status
from test_tryon import drawn, form

from shared.database import DatabaseManager
from shared.engines.fake import FakeEngine

Make = Callable[..., Flask]


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Set at the end, so that no job keeps a test's server from stopping."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def make(make_app: Make, go: threading.Event) -> Make:
    """Jobs run until `go` is set."""
    shares = {"tryon_workers": 2, "tryon_express_workers": 1, "shutdown_grace_seconds": 0}
    return lambda **settings: make_app(engines=[FakeEngine(hold=go)], **(shares | settings))


@pytest.fixture
def db(config: Any) -> Iterator[DatabaseManager]:
    """Beside the server, as an operator would look."""
    opened = DatabaseManager(config.database_path)
    yield opened
    opened.close()


def submit(person: Any, count: int = 1) -> list[str]:
    """Different pictures: equal ones would share one run."""
    pictures = [drawn("#2040a0", (200 + 2 * number, 300)) for number in range(count)]
    answers = [person.post("/api/tryon", data=form(garment_image=picture)) for picture in pictures]
    assert {answer.status_code for answer in answers} == {202}
    return [answer.json["data"]["job_id"] for answer in answers]


def statuses(person: Any) -> list[str]:
    """Oldest first."""
    return [job["status"] for job in reversed(person.get("/api/tryon/history").json["data"])]


def test_the_first_job_of_another_user_begins_though_all_workers_are_busy(make: Make, sign_up: Any) -> None:
    app = make()
    many, one = sign_up(app), sign_up(app)
    submit(many, 6)
    until(lambda: statuses(many).count("processing") == 2)
    first, second = submit(one, 2)
    until_status(one, first, "processing")
    assert statuses(many) == ["processing"] * 2 + ["queued"] * 4
    assert job_of(one, second)["status"] == "queued", "the express worker is for the first only"
    assert job_of(one, second)["queue_position"] == 1, "its user has fewer running than the other"


def test_users_take_turns_as_they_were_told(make: Make, sign_up: Any, go: threading.Event, db: DatabaseManager) -> None:
    app = make(tryon_workers=1, tryon_express_workers=0)
    many, other = sign_up(app), sign_up(app)
    jobs = submit(many, 4)
    until_status(many, jobs[0], "processing")
    late = submit(other, 2)
    assert [job_of(many, job_id)["queue_position"] for job_id in jobs] == [None, 2, 4, 5]
    assert [job_of(other, job_id)["queue_position"] for job_id in late] == [1, 3]
    go.set()
    for person, job_id in [*((other, job_id) for job_id in late), *((many, job_id) for job_id in jobs)]:
        until_status(person, job_id, "done")
    order = db.fetch_all("SELECT job_id FROM tryon_jobs ORDER BY started_at")
    assert [row["job_id"] for row in order] == [jobs[0], late[0], jobs[1], late[1], jobs[2], jobs[3]]


def test_a_user_may_run_so_many_at_once(make: Make, sign_up: Any, go: threading.Event) -> None:
    app = make(tryon_workers=4, tryon_running_per_user=1)
    person = sign_up(app)
    jobs = submit(person, 3)
    until_status(person, jobs[0], "processing")
    assert statuses(person) == ["processing", "queued", "queued"]
    go.set()
    for job_id in jobs:
        until_status(person, job_id, "done")


def test_the_time_that_a_client_is_told_counts_the_rounds_before_it(
    make: Make, sign_up: Any, db: DatabaseManager
) -> None:
    """Fifteen seconds are what the last job took; a copied picture does not count."""
    app = make(tryon_workers=1, tryon_express_workers=0)
    person = sign_up(app)
    jobs = submit(person, 3)
    until_status(person, jobs[0], "processing")
    columns = "job_id, user_id, status, request, engine, cached, created_at, updated_at, started_at, finished_at"
    for job_id, cached, end in (("old", False, "00:00:15"), ("copy", True, "00:59:00")):
        db.execute(
            f"INSERT INTO tryon_jobs ({columns}) VALUES (?, ?, 'done', '{{}}', 'fake', ?, '2026', '2026', ?, ?)",
            (job_id, person.user["userid"], cached, "2026-01-01T00:00:00.000000Z", f"2026-01-01T{end}.000000Z"),
        )

    def told() -> list[float]:
        return [job_of(person, job_id)["estimated_time"] for job_id in jobs]

    until(lambda: told()[2] > 30)  # the measurement before is used for a second
    first, second, third = told()
    assert 1 <= first <= 15 and 15 < second <= 30 and 30 < third <= 45
    db.execute("UPDATE tryon_jobs SET started_at = '2999-01-01T00:00:00.000000Z' WHERE status = 'processing'")
    assert job_of(person, jobs[0])["estimated_time"] == 15, "a clock that was set back adds nothing"


@pytest.mark.parametrize("lease_until", ["1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"])
def test_a_clock_that_jumps_takes_no_job_from_a_living_server(
    make: Make, sign_up: Any, go: threading.Event, db: DatabaseManager, lease_until: str
) -> None:
    """Neither from the one that runs it nor by another one on the same data."""
    app = make(job_lease_seconds=3)
    person = sign_up(app)
    job_id = submit(person)[0]
    until_status(person, job_id, "processing")
    make(job_lease_seconds=3)
    for _ in range(2):  # each time until the heartbeat has set it right: between two of them the sweep has looked
        db.execute("UPDATE tryon_jobs SET lease_until = ?", (lease_until,))
        until(lambda: db.fetch_one("SELECT 1 FROM tryon_jobs WHERE lease_until <> ?", (lease_until,)))
    assert db.fetch_one("SELECT status, attempts FROM tryon_jobs") == {"status": "processing", "attempts": 1}
    go.set()
    assert until_status(person, job_id, "done")["error"] is None
    assert db.fetch_one("SELECT attempts FROM tryon_jobs") == {"attempts": 1}
