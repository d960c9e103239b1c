"""Caps and circuits as clients and operators meet them: refusals, the preview that steps in, /ready, /metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, form

from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.engines.fake_gemini import FakeGemini
from shared.engines.models import DEFAULT_MODELS

PRICED = Usage(2300, 1120, 80, 0.04, "test-prices")
CAPS = [
    ({"daily_calls_per_user": 1}, "user_calls_per_day"),
    ({"daily_usd_per_user": 0.07}, "user_usd_per_day"),
    ({"daily_calls": 1}, "service_calls_per_day"),
    ({"daily_usd": 0.07}, "service_usd_per_day"),
]
NO_PREVIEW = json.dumps({"allow_preview": False})


def painter(**changes: Any) -> FakeEngine:
    return FakeEngine("painter", model="painter-1", usage=PRICED, **changes)


@pytest.fixture
def someone(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> Callable[..., Any]:
    def make(*engines: Any, **config: Any) -> Any:
        return sign_up(make_app(**{"engines": list(engines) or None, "inline_jobs": True, **config}))

    return make


def submit(person: Any, colour: str, **fields: Any) -> Any:
    return person.post("/api/tryon", data=form(selfie=drawn(colour), **fields))


def try_on(person: Any, colour: str, **fields: Any) -> dict[str, Any]:
    answer = submit(person, colour, **fields)
    assert answer.status_code == 202, answer.json
    job: dict[str, Any] = person.get(f"/api/job/{answer.json['data']['job_id']}").json["data"]
    return job


@pytest.mark.parametrize(("caps", "cap"), CAPS, ids=[cap for _, cap in CAPS])
def test_with_nothing_left_the_preview_answers_and_says_why_it_did(
    someone: Callable[..., Any], caps: dict[str, Any], cap: str
) -> None:
    paid = painter()
    person = someone(paid, FakeEngine("preview", preview=True), **caps)
    first, second = try_on(person, "#400000"), try_on(person, "#004000")
    assert (first["engine"], first["cost_usd"]) == ("painter", 0.04)
    assert (second["status"], second["engine"], second["preview"], second["cost_usd"]) == ("done", "preview", True, 0)
    assert second["warnings"][0]["code"] == "provider_unavailable"


@pytest.mark.parametrize("with_preview", [False, True])
@pytest.mark.parametrize(("caps", "cap"), CAPS[::2], ids=[cap for _, cap in CAPS[::2]])
def test_without_a_preview_it_is_refused_with_the_time_of_reset(
    someone: Callable[..., Any], config: Any, caps: dict[str, Any], cap: str, with_preview: bool
) -> None:
    """Also where there is one, and the request does not allow it. Nothing is made."""
    person = someone(painter(), *([FakeEngine("preview", preview=True)] if with_preview else []), **caps)
    try_on(person, "#400000", options=NO_PREVIEW)
    files = sorted(config.images_dir.rglob("*"))
    answer = submit(person, "#004000", options=NO_PREVIEW)
    assert (answer.status_code, answer.json["error_code"]) == (429, "BUDGET_EXHAUSTED")
    assert answer.json["details"]["cap"] == cap and answer.json["details"]["resets_at"].endswith("T00:00:00.000000Z")
    assert 0 < int(answer.headers["Retry-After"]) <= 86400
    assert sorted(config.images_dir.rglob("*")) == files
    assert len(person.get("/api/tryon/history").json["data"]) == 1


def test_a_job_whose_allowance_ends_while_it_waits_fails_without_a_call(
    someone: Callable[..., Any], config: Any
) -> None:
    """Somebody else's call takes the last of the service's money between the submission and the start."""
    calls: list[str] = []

    def spend(_: Any) -> None:
        db = DatabaseManager(config.database_path)
        db.execute(
            "INSERT INTO provider_calls (call_id, job_id, user_id, attempt, provider, model, cost_usd, started_at)"
            " SELECT 'c', 'j', userid, 1, 'p', 'm', 99.99, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM users"
        )
        db.close()
        calls.append("spent")

    person = someone(painter(on_call=spend))
    job = try_on(person, "#400000")
    assert (job["status"], job["error"]["code"], job["cost_usd"]) == ("failed", "BUDGET_EXHAUSTED", 0)
    assert set(job["error"]["details"]) == {"cap", "resets_at", "limit", "used"}
    assert calls == ["spent"]


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


def gauge(person: Any, name: str) -> float:
    text = person.http.get("/metrics").get_data(as_text=True)
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not among the metrics"
    return float(found[1])


def test_a_circuit_that_opened_is_seen_everywhere_and_the_next_job_goes_on(
    someone: Callable[..., Any], fake: FakeGemini
) -> None:
    first, second, third = DEFAULT_MODELS
    fake.plan("http:404", "picture")
    person = someone(gemini_api_key="k", gemini_base_url=fake.base_url)
    assert [try_on(person, colour)["model"] for colour in ("#400000", "#004000")] == [second, second]
    assert [call.model for call in fake.calls] == [first, second, second]
    ready = person.http.get("/ready")
    assert ready.status_code == 200
    assert ready.json["data"]["models"] == {first: "open", second: "closed", third: "closed"}
    models = person.http.get("/api/capabilities").json["data"]["engines"][0]["models"]
    assert models[0] == {"name": first, "state": "open"} and [model["name"] for model in models] == [*DEFAULT_MODELS]
    states = [gauge(person, f'provider_circuit_state{{model="{model}"}}') for model in DEFAULT_MODELS]
    assert states == [2, 0, 0]


def test_with_all_circuits_open_the_server_is_ready_and_jobs_say_when_to_come_back(
    someone: Callable[..., Any], fake: FakeGemini
) -> None:
    fake.plan("http:403")
    person = someone(gemini_api_key="k", gemini_base_url=fake.base_url)
    errors = [try_on(person, colour)["error"] for colour in ("#400000", "#004000")]
    assert [error["code"] for error in errors] == ["EXTERNAL_SERVICE_ERROR"] * 2
    assert errors[1]["details"] == {"provider_code": "circuit_open"}
    assert fake.count == 1
    ready = person.http.get("/ready")
    assert (ready.status_code, set(ready.json["data"]["models"].values())) == (200, {"open"})


def test_errors_of_the_provider_cost_nothing_and_use_up_no_money(someone: Callable[..., Any], fake: FakeGemini) -> None:
    fake.plan("http:503", "http:503", "http:503")
    person = someone(gemini_api_key="k", gemini_base_url=fake.base_url, circuit_failures=0)
    assert try_on(person, "#400000")["status"] == "failed"
    told = person.get("/api/usage").json["data"]
    assert (told["totals"]["calls"], told["totals"]["cost_usd"], told["totals"]["uncertain_usd"]) == (3, 0, 0)
    assert {cap["cap"]: cap["used"] for cap in told["caps"]}["user_usd_per_day"] == 0


def test_what_is_left_of_the_services_caps_is_measured(someone: Callable[..., Any]) -> None:
    person = someone(painter(), daily_calls=5, daily_usd=2.0)
    try_on(person, "#400000")
    assert gauge(person, 'provider_budget_left{cap="service_calls_per_day"}') == 4
    assert gauge(person, 'provider_budget_left{cap="service_usd_per_day"}') == pytest.approx(1.96)


def test_metrics_answer_also_with_a_damaged_database(someone: Callable[..., Any], config: Any) -> None:
    person = someone(painter(), daily_calls=5)
    db = DatabaseManager(config.database_path)
    db.execute("DROP TABLE provider_calls")
    db.close()
    assert person.http.get("/metrics").status_code == 200


def test_engines_without_models_say_so(someone: Callable[..., Any]) -> None:
    person = someone(painter())
    assert person.http.get("/ready").json["data"]["models"] == {}
    assert person.http.get("/api/capabilities").json["data"]["engines"] == [
        {"name": "painter", "ready": True, "models": []}
    ]
