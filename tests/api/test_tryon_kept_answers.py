"""A kill when a provider's answer has come: it is not paid again, its cost is known, and no answer outlives its job."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, form
from test_tryon_recovery import Crash, die, job_of

from features.tryon.kept_answers import KeptAnswers
from features.tryon.ledger import Ledger
from features.tryon.retention import Retention
from shared.database import DatabaseManager
from shared.engines.fake_gemini import FakeGemini
from shared.engines.gemini_judge import Judge
from shared.storage import LocalStorage

_shades = itertools.count(16)
Make = Callable[..., Flask]


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


@pytest.fixture
def make(make_app: Make, fake: FakeGemini) -> Make:
    return lambda **more: make_app(gemini_api_key="k", gemini_base_url=fake.base_url, inline_jobs=True, **more)


@pytest.fixture
def killed(make: Make, sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody whose job's answer had just come when the server was killed."""
    person = sign_up(make())
    with monkeypatch.context() as patch, pytest.raises(Crash):
        dies(patch, Judge, "judge")
        dies(patch, Ledger, "settle")
        submit(person)
    assert [row["outcome"] for row in ledger(config)] == ["started"] and len(answers(config)) == 1
    die(config)
    return person


def dies(patch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    def crash(*_: object, **__: object) -> None:
        raise Crash

    patch.setattr(owner, name, crash)


def submit(person: Any) -> Any:
    return person.post("/api/tryon", data=form(garment_image=drawn(f"#20{next(_shades):02x}a0")))


def restart(make: Make, person: Any, **settings: Any) -> Flask:
    """Jobs are back in the queue, and nobody works on them yet."""
    app = make(**settings)
    person.http = app.test_client()
    return app


def history(person: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get("/api/tryon/history").json["data"]
    return found[::-1]


def answers(config: Any) -> list[Path]:
    return [path for path in config.images_dir.rglob("*.bin")]


def ledger(config: Any) -> list[Any]:
    db = DatabaseManager(config.database_path)
    rows = db.fetch_all("SELECT * FROM provider_calls ORDER BY rowid")
    db.close()
    return rows


def totals(person: Any) -> dict[str, Any]:
    found: dict[str, Any] = person.get("/api/usage").json["data"]["totals"]
    return found


def test_the_answer_is_taken_up_and_not_paid_again(make: Make, killed: Any, fake: FakeGemini, config: Any) -> None:
    restart(make, killed)
    submit(killed)
    first, second = history(killed)
    assert [first["status"], second["status"]] == ["done", "done"]
    assert fake.count == 2, "one for each job"
    rows = ledger(config)
    assert [(row["outcome"], row["job_id"]) for row in rows] == [("ok", first["job_id"]), ("ok", second["job_id"])]
    figures = ("input_tokens", "output_tokens", "thinking_tokens", "cost_usd", "price_version")
    assert [rows[0][name] for name in figures] == [rows[1][name] for name in figures]
    assert first["cost_usd"] == second["cost_usd"] > 0
    assert totals(killed)["outcomes"] == {"ok": 2} and totals(killed)["uncertain_usd"] == 0
    assert answers(config) == []


def test_what_it_cost_is_known_before_anybody_takes_it_up(make: Make, killed: Any, config: Any) -> None:
    reserved = totals(killed)
    assert (reserved["cost_usd"], reserved["outcomes"]) == (0.0, {"started": 1}) and reserved["uncertain_usd"] > 0
    restart(make, killed)
    known = totals(killed)
    assert known["uncertain_usd"] == 0 and known["outcomes"] == {"unknown": 1}
    assert killed.delete(f"/api/job/{job_of(killed)['job_id']}").json["data"] == {"outcome": "cancelled"}
    assert totals(killed) == known
    spent = ledger(config)[0]["cost_usd"]
    assert known["cost_usd"] == pytest.approx(spent, abs=1e-6)
    db = DatabaseManager(config.database_path)
    day = db.fetch_one("SELECT calls, usd FROM provider_days")
    db.close()
    assert day is not None and (day["calls"], day["usd"]) == (1, pytest.approx(spent))


def test_a_cap_that_is_used_up_does_not_stop_what_was_paid_for(make: Make, killed: Any, fake: FakeGemini) -> None:
    restart(make, killed, daily_calls_per_user=1, max_provider_calls_per_job=1)
    refused = submit(killed)
    assert refused.json["error_code"] == "BUDGET_EXHAUSTED"
    restart(make, killed)
    submit(killed)
    assert history(killed)[0]["status"] == "done" and fake.count == 2


def cancelled(make: Make, person: Any) -> None:
    restart(make, person)
    person.delete(f"/api/job/{job_of(person)['job_id']}")
    assert job_of(person)["status"] == "cancelled"


def account_deleted(make: Make, person: Any) -> None:
    restart(make, person)
    answer = person.delete("/api/users/profile", json={"password": "correct horse battery"})
    assert answer.status_code == 200, answer.json


def tried_too_often(make: Make, person: Any) -> None:
    restart(make, person, tryon_max_attempts=1)
    assert job_of(person)["error"]["code"] == "ATTEMPTS_EXHAUSTED"


@pytest.mark.parametrize("end", [cancelled, account_deleted, tried_too_often])
def test_it_goes_with_its_job(make: Make, killed: Any, config: Any, end: Callable[[Make, Any], None]) -> None:
    end(make, killed)
    assert answers(config) == []


def test_it_goes_when_the_job_fails(make: Make, killed: Any, config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    restart(make, killed)
    with monkeypatch.context() as patch:
        patch.setattr(Judge, "judge", lambda *_: 1 / 0)
        submit(killed)
    assert {job["status"] for job in history(killed)} == {"failed"} and answers(config) == []
    assert {row["outcome"] for row in ledger(config)} == {"unknown"} and totals(killed)["uncertain_usd"] == 0


def test_it_goes_when_the_job_is_cancelled_while_it_runs(
    make: Make, sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(make())
    keep = KeptAnswers.keep

    def cancelled_then(self: KeptAnswers, *rest: Any) -> bool:
        assert keep(self, *rest) and len(answers(config)) == 1
        assert person.delete(f"/api/job/{job_of(person)['job_id']}").json["data"] == {"outcome": "cancelling"}
        return True

    monkeypatch.setattr(KeptAnswers, "keep", cancelled_then)
    submit(person)
    assert job_of(person)["status"] == "cancelled" and answers(config) == []
    assert [row["outcome"] for row in ledger(config)] == ["ok"]


@pytest.mark.parametrize("head", [b"", b"{", b"[]", b'{"usage": {"pounds": 1}, "facts": {}}', b'{"facts": {}}'])
def test_one_that_cannot_be_read_holds_no_job_up(
    make: Make, killed: Any, fake: FakeGemini, config: Any, head: bytes
) -> None:
    (kept,) = answers(config)
    kept.write_bytes(head + b"\npicture")
    restart(make, killed)
    submit(killed)
    assert [job["status"] for job in history(killed)] == ["done", "done"]
    assert fake.count == 3, "what cannot be read is made anew"
    assert sorted(row["outcome"] for row in ledger(config)) == ["ok", "ok", "unknown"]
    assert answers(config) == []


def test_without_a_kill_nothing_stays(make: Make, sign_up: Callable[..., Any], config: Any) -> None:
    person = sign_up(make())
    submit(person)
    assert job_of(person)["status"] == "done" and answers(config) == []
    assert not [path for path in config.images_dir.rglob("answers")]


def test_the_sweep_takes_what_outlived_its_job_and_nothing_else(
    make: Make, killed: Any, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed again when the job had ended and its answers were about to be deleted."""
    restart(make, killed)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        dies(patch, KeptAnswers, "drop")
        submit(killed)
    assert len(answers(config)) == 1 and history(killed)[0]["status"] == "done"
    app = restart(make, killed)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        dies(patch, Judge, "judge")
        submit(killed)  # the one of before is next
    assert len(answers(config)) == 2
    for path in config.images_dir.rglob("*.*"):
        os.utime(path, (1, 1))
    retention: Retention = app.extensions["retention"]
    retention.sweep()
    left = answers(config)
    assert [path.parents[1].name for path in left] == [history(killed)[1]["job_id"]]


def test_a_full_disk_does_not_cost_the_picture(
    make: Make, sign_up: Callable[..., Any], config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, write, refused = sign_up(make()), LocalStorage._write_file, []

    def full(self: LocalStorage, path: Path, data: bytes) -> None:
        if path.parent.name == "answers":
            refused.append(path)
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, path, data)

    monkeypatch.setattr(LocalStorage, "_write_file", full)
    submit(person)
    assert refused and job_of(person)["status"] == "done"
    assert [row["outcome"] for row in ledger(config)] == ["ok"]


def test_no_address_leads_to_it(make: Make, killed: Any, config: Any) -> None:
    restart(make, killed)
    key = answers(config)[0].relative_to(config.images_dir).as_posix()
    assert killed.get(f"/images/{key}").status_code in (401, 403, 404)
    assert b"answers" not in killed.get(f"/api/job/{job_of(killed)['job_id']}").data
