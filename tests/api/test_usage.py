"""GET /api/usage against the ledger itself: the same sums, for whoever is asking and for nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_tryon import drawn, form

from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import ExternalServiceError

TODAY = datetime.now(UTC).date()
PRICED = Usage(2300, 1120, 80, 0.0379, "test-prices")
SUMS = ("calls", "input_tokens", "output_tokens", "thinking_tokens")
DOLLARS = ("cost_usd", "uncertain_usd")
EMPTY = {**dict.fromkeys(SUMS, 0), **dict.fromkeys(DOLLARS, 0.0), "outcomes": {}}


@pytest.fixture
def person(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> Any:
    errors = [None, ExternalServiceError("down")]
    engine = FakeEngine("painter", errors=errors, model="painter-1", usage=PRICED)
    return sign_up(make_app(engines=[engine], inline_jobs=True, daily_usd=0, daily_usd_per_user=0))


def usage(person: Any, **period: str) -> dict[str, Any]:
    answer = person.get("/api/usage", query_string=period)
    assert answer.status_code == 200, answer.json
    data: dict[str, Any] = answer.json["data"]
    return data


def add(db: DatabaseManager, user_id: str, **columns: Any) -> None:
    row = {"call_id": columns.pop("call_id"), "job_id": "j", "user_id": user_id, "attempt": 1, "provider": "p",
           "model": "m", "outcome": "ok", "started_at": f"{TODAY}T12:00:00.000000Z", **columns}  # fmt: skip
    places = ",".join("?" * len(row))
    db.execute(f"INSERT INTO provider_calls ({','.join(row)}) VALUES ({places})", list(row.values()))


def by_hand(rows: list[Any]) -> dict[str, Any]:
    sums: dict[str, Any] = {name: sum(row[name] or 0 for row in rows) for name in SUMS[1:]}
    return {
        **sums,
        "calls": len(rows),
        "cost_usd": pytest.approx(sum(row["cost_usd"] or 0 for row in rows), abs=1e-6),
        "uncertain_usd": pytest.approx(sum(row["reserved_usd"] for row in rows if row["cost_usd"] is None), abs=1e-6),
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
    }


def test_what_try_ons_used_is_told_also_when_they_are_deleted(person: Any) -> None:
    assert usage(person) == {"days": [], "totals": EMPTY, "caps": []}
    first = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    person.post("/api/tryon", data=form(selfie=drawn("#004000")))
    expected = {
        "calls": 2, "outcomes": {"ok": 1, "external_service_error": 1}, "input_tokens": 2300, "output_tokens": 1120,
        "thinking_tokens": 80, "cost_usd": 0.0379, "uncertain_usd": 0.0379,
    }  # fmt: skip
    told = usage(person)
    assert told == {"days": [{"day": str(TODAY), "model": "painter-1", **expected}], "totals": expected, "caps": []}
    assert person.delete(f"/api/job/{first}").json["data"] == {"outcome": "deleted"}
    assert usage(person) == told


CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.integers(0, 40),
            "model": st.sampled_from(["m1", "m2"]),
            "outcome": st.sampled_from(["ok", "started", "unknown", "http_503", "no_image"]),
            "input_tokens": st.none() | st.integers(0, 5000),
            "output_tokens": st.none() | st.integers(0, 4000),
            "thinking_tokens": st.none() | st.integers(0, 900),
            "cost_usd": st.none() | st.integers(0, 200_000).map(lambda millionths: millionths / 1e6),
            "reserved_usd": st.integers(0, 200_000).map(lambda millionths: millionths / 1e6),
        }
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=CALLS, first=st.integers(0, 40), length=st.integers(0, 40))
def test_it_equals_the_ledger_whatever_stands_there(
    person: Any, config: Any, calls: list[dict[str, Any]], first: int, length: int
) -> None:
    db = DatabaseManager(config.database_path)
    db.execute("DELETE FROM provider_calls")
    for number, call in enumerate(calls):
        started = f"{TODAY - timedelta(days=call['day'])}T23:59:59.999999Z"
        columns = {name: value for name, value in call.items() if name != "day"}
        add(db, person.user["userid"], call_id=str(number), started_at=started, **columns)
    since, until = TODAY - timedelta(days=first + length), TODAY - timedelta(days=first)
    told = usage(person, **{"from": str(since), "to": str(until)})
    rows = [row for row in db.fetch_all("SELECT * FROM provider_calls")
            if str(since) <= row["started_at"][:10] <= str(until)]  # fmt: skip
    db.close()
    groups = sorted({(row["started_at"][:10], row["model"]) for row in rows}, key=lambda group: group[1])
    groups.sort(key=lambda group: group[0], reverse=True)
    assert [(day.pop("day"), day.pop("model")) for day in told["days"]] == groups
    for (day, model), sums in zip(groups, told["days"], strict=True):
        assert sums == by_hand([row for row in rows if (row["started_at"][:10], row["model"]) == (day, model)])
    assert told["totals"] == by_hand(rows)


def test_another_account_sees_nothing_of_it(person: Any, sign_up: Callable[..., Any]) -> None:
    person.post("/api/tryon", data=form())
    assert usage(sign_up(person.http.application))["totals"] == EMPTY


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ({}, 30),
        ({"to": str(TODAY)}, 30),
        ({"from": str(TODAY)}, 1),
        ({"from": str(TODAY - timedelta(days=29))}, 30),
        ({"from": str(TODAY - timedelta(days=365))}, 366),
        ({"to": str(TODAY - timedelta(days=1))}, 30),
        ({"from": "", "to": ""}, 30),
    ],
)
def test_which_days_are_told(person: Any, config: Any, period: dict[str, str], days: int) -> None:
    db = DatabaseManager(config.database_path)
    for back in range(367):
        started = f"{TODAY - timedelta(days=back)}T00:00:00.000000Z"
        add(db, person.user["userid"], call_id=str(back), started_at=started)
    db.close()
    told = usage(person, **period)
    last = date.fromisoformat(period.get("to") or str(TODAY))
    assert [day["day"] for day in told["days"]] == [str(last - timedelta(days=back)) for back in range(days)]


@pytest.mark.parametrize(
    "period", [{"to": "0001-01-05"}, {"from": "9999-12-31"}, {"from": "9999-12-31", "to": "9999-12-31"}]
)
def test_the_ends_of_the_calendar_are_days_as_well(person: Any, period: dict[str, str]) -> None:
    assert usage(person, **period)["days"] == []


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "1700000000"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "20260215"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
        ({"from": "2025-02-01", "to": "2026-02-02"}, "from"),
        ({"from": "0001-01-01"}, "from"),
    ],
)
def test_a_period_that_cannot_be_is_refused(person: Any, period: dict[str, str], field: str) -> None:
    answer = person.get("/api/usage", query_string=period)
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json["details"]["fields"]) == [field]


def test_caps_are_told_with_what_is_left(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    """Of the whole service only whether something is left."""
    engine = FakeEngine("painter", model="painter-1", usage=PRICED)
    caps = {"daily_calls_per_user": 3, "daily_usd_per_user": 1.0, "daily_calls": 1, "daily_usd": 5.0}
    app = make_app(engines=[engine], inline_jobs=True, **caps)
    one, other = sign_up(app), sign_up(app)
    one.post("/api/tryon", data=form())
    tomorrow = f"{TODAY + timedelta(days=1)}T00:00:00.000000Z"
    hidden = {"limit": None, "used": None, "left": None, "resets_at": tomorrow}
    own = {"exhausted": False, "resets_at": tomorrow}
    service = [
        {"cap": "service_calls_per_day", "exhausted": True, **hidden},
        {"cap": "service_usd_per_day", "exhausted": False, **hidden},
    ]
    assert usage(one)["caps"] == [
        {"cap": "user_calls_per_day", "limit": 3, "used": 1, "left": 2, **own},
        {"cap": "user_usd_per_day", "limit": 1.0, "used": 0.0379, "left": 0.9621, **own},
        *service,
    ]
    assert usage(other)["caps"][2:] == service and [cap["used"] for cap in usage(other)["caps"][:2]] == [0, 0]
