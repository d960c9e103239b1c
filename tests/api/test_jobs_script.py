"""scripts/jobs.py: failed jobs for operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from job_things import form, until_status

from config import Config
from scripts.jobs import main
from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import ExternalServiceError

DOWN = ExternalServiceError("The provider is down.")
CODE = "EXTERNAL_SERVICE_ERROR"


@pytest.fixture
def run(config: Config) -> Callable[..., int]:
    return lambda *arguments: main(list(arguments), config)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The first call fails, later ones work; a job may make one paid call."""
    engine = FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04), errors=[DOWN])
    return make_app(engines=[engine], max_provider_calls_per_job=1, input_retention_hours=24)


@pytest.fixture
def failed(person: Any) -> str:
    """Id of a job that failed; one that is done stands beside it."""
    ids: list[str] = []
    for kind, status in (("upper", "failed"), ("dress", "done")):
        ids.append(person.post("/api/tryon", data=form(garment_type=kind)).json["data"]["job_id"])
        until_status(person, ids[-1], status)
    return ids[0]


def test_a_job_that_is_put_back_is_tried_and_may_pay_anew(
    run: Any, person: Any, failed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the server that runs: nobody tells it but the row."""
    assert run("requeue", failed) == 0
    assert f"{failed} waits again\n1 job waits again\n" == capsys.readouterr().out
    job = until_status(person, failed, "done")
    assert job["error"] is None and job["started_at"] >= job["created_at"]
    assert run("show", failed) == 0
    shown = capsys.readouterr().out
    assert "calls              2\n" in shown and "cost_usd           0.04\n" in shown
    story = [line.split()[2] for line in shown.splitlines() if line.startswith("20")]
    assert story[0] == "queued" and story.count("queued") == 2 and story[-1] == "done" and "failed" in story


def test_attempt_numbers_go_on_and_tries_begin_anew(
    run: Any, failed: str, config: Config, make_app: Callable[..., Flask]
) -> None:
    db = DatabaseManager(config.database_path)
    db.execute(
        "UPDATE tryon_jobs SET attempts = 7, start_before = '2001-01-01', cancel_requested = TRUE WHERE job_id = ?",
        (failed,),
    )
    assert run("requeue", failed) == 0
    row = db.fetch_one("SELECT attempts, releases, start_before, cancel_requested FROM tryon_jobs WHERE job_id = ?",
                       (failed,))  # fmt: skip
    assert row is not None and row["attempts"] - row["releases"] <= 1 and row["attempts"] >= 7
    assert row["start_before"] is None and not row["cancel_requested"]
    db.close()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), False),
        (("--code", CODE), True),
        (("--code", "any"), True),
        (("--code", "any", "--status", "done"), False),
        (("--code", "any", "--status", "any", "--limit", "1"), False),
        (("--code", "any", "--status", "any"), True),
    ],
)
def test_list_shows_what_was_asked_for(
    run: Any, failed: str, arguments: tuple[str, ...], found: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("list", *arguments) == 0
    shown = capsys.readouterr().out
    assert (failed in shown) is found
    assert (CODE in shown) is found


def test_all_puts_back_what_failed_with_the_code(
    run: Any, person: Any, failed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("requeue", "--all") == 0
    assert capsys.readouterr().out == "0 jobs wait again\n"
    assert run("requeue", "--all", "--code", CODE) == 0
    assert capsys.readouterr().out.endswith("1 job waits again\n")
    until_status(person, failed, "done")


def test_a_job_whose_photos_were_deleted_stays_failed(
    run: Any, failed: str, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    db = DatabaseManager(config.database_path)
    db.execute("UPDATE tryon_jobs SET inputs_deleted_at = '2001-01-01' WHERE job_id = ?", (failed,))
    assert run("requeue", failed) == 1
    assert "its photos were deleted" in capsys.readouterr().err
    assert run("requeue", "--all", "--code", CODE) == 0
    assert db.fetch_one("SELECT status FROM tryon_jobs WHERE job_id = ?", (failed,)) == {"status": "failed"}
    db.close()


def test_only_failed_jobs_go_back_and_the_others_are_named(
    run: Any, person: Any, failed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = next(job["job_id"] for job in person.get("/api/tryon/history").json["data"] if job["status"] == "done")
    assert run("requeue", done, "no-such-job", failed) == 1
    told = capsys.readouterr()
    assert f"{done} stays as it is: it is done, not failed" in told.err and "there is no job no-such-job" in told.err
    assert f"{failed} waits again" in told.out and "1 job waits again" in told.out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("show", "no-such-job"), 1), (("requeue",), 1), (("requeue", "--all", "one"), 1)],
)
def test_wrong_words(run: Any, app: Flask, arguments: tuple[str, ...], status: int, capsys: Any) -> None:
    assert run(*arguments) == status
    assert capsys.readouterr().err.startswith("jobs: ")


def test_without_a_database(run: Any, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 2
    assert "no database" in capsys.readouterr().err and not config.database_path.exists()
