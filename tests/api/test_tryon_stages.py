"""Stages tell what happens: `checking` is when the Gemini engine judges a picture that came, and costs no paid one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from job_things import form, job_of, rows_of

from features.tryon.leases import LeaseTable
from shared.engines.fake import FakeEngine
from shared.engines.fake_gemini import FakeGemini
from shared.errors import DatabaseBusyError, DatabaseError

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
GENERATING, CHECKING, STORING = ("generating", 30), ("checking", 80), ("storing", 90)
AGAIN = ("generating", 80)


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


@pytest.fixture
def person(make_app: Callable[..., Flask], sign_up: Callable[..., Any], fake: FakeGemini) -> Any:
    settings = {"gemini_api_key": "k", "gemini_base_url": fake.base_url, "tryon_engines": ("gemini", "preview")}
    return sign_up(make_app(**settings, inline_jobs=True))


def try_on(person: Any, **pictures: Any) -> dict[str, Any]:
    answer = person.post("/api/tryon", data=form(**pictures))
    assert answer.status_code == 202, answer.text
    return job_of(person, answer.json["data"]["job_id"])


def told(config: Any, job: dict[str, Any]) -> list[tuple[str, int]]:
    """Stages with progress, after `preparing_images`."""
    return [(stage, progress) for _, _, stage, progress, _ in rows_of(config.database_path, job["job_id"]) if stage][1:]


def test_an_engine_that_judges_nothing_has_no_checking(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], config: Any
) -> None:
    job = try_on(sign_up(make_app(engines=[FakeEngine()], inline_jobs=True)))
    assert job["status"] == "done" and told(config, job) == [GENERATING, STORING]


@pytest.mark.parametrize(
    ("script", "stages"),
    [
        (["picture"], [CHECKING]),
        (["http:503", "picture"], [CHECKING]),
        (["text", "picture"], [CHECKING]),
        (["tiny_picture", "picture"], [CHECKING, AGAIN, CHECKING]),
    ],
)
def test_a_picture_that_came_is_checked(
    person: Any, fake: FakeGemini, config: Any, script: list[str], stages: list[tuple[str, int]]
) -> None:
    fake.plan(*script)
    job = try_on(person)
    assert job["status"] == "done" and told(config, job) == [GENERATING, *stages, STORING]


def test_the_preview_generates_after_a_picture_that_would_not_do(person: Any, fake: FakeGemini, config: Any) -> None:
    fake.plan(*["tiny_picture"] * 3)
    photos = {"selfie": SAMPLES / "person" / "woman_light.jpg", "garment_image": SAMPLES / "garment" / "tshirt.jpg"}
    job = try_on(person, **{name: (path.open("rb"), path.name) for name, path in photos.items()})
    assert job["engine"] == "preview"
    assert told(config, job) == [GENERATING, *[CHECKING, AGAIN] * 3, STORING]


@pytest.mark.parametrize("error", [DatabaseBusyError("busy", retry_after_seconds=2), DatabaseError("broken")])
def test_a_stage_that_cannot_be_written_costs_no_picture(
    person: Any, fake: FakeGemini, config: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    report = LeaseTable.report

    def failing(self: LeaseTable, *args: Any) -> bool:
        if args[1] == "generating":
            return report(self, *args)
        raise error

    monkeypatch.setattr(LeaseTable, "report", failing)
    job = try_on(person)
    assert (job["status"], job["engine"], fake.count) == ("done", "gemini", 1)
    assert told(config, job) == [GENERATING]


def test_a_cancel_while_a_picture_is_checked_leaves_its_call_settled(
    person: Any, fake: FakeGemini, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = LeaseTable.report

    def cancelled_meanwhile(self: LeaseTable, *args: Any) -> bool:
        if args[1] == "checking":
            with sqlite3.connect(config.database_path) as connection:
                connection.execute("UPDATE tryon_jobs SET cancel_requested = TRUE")
        return report(self, *args)

    monkeypatch.setattr(LeaseTable, "report", cancelled_meanwhile)
    job = try_on(person)
    assert (job["status"], fake.count) == ("cancelled", 1) and job["cost_usd"] > 0
    with sqlite3.connect(config.database_path) as connection:
        assert connection.execute("SELECT outcome FROM provider_calls").fetchall() == [("ok",)]
    assert told(config, job) == [GENERATING]
