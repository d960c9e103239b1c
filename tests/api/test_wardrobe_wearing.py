"""Wearing over HTTP: a day counts once, figures follow, and a wardrobe's worth never mixes currencies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from config import Config
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from features.wardrobe.wear_service import WearService
from shared.database import DatabaseManager

ITEMS, STATS = "/api/wardrobe/items", "/api/wardrobe/stats"
ADDED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def db(app: Flask, config: Config) -> DatabaseManager:
    return DatabaseManager(config.database_path)


@pytest.fixture
def put(db: DatabaseManager, person: Any) -> Callable[..., int]:
    """`put("title", price=10, currency="EUR", days=3, owner=...)` stores an item without its picture, worn on so many
    days."""

    def store(title: str, *, section: str = "upper_body", days: int = 0, owner: Any = person, **more: Any) -> int:
        user_id = owner.user["userid"]
        files = [f"wardrobe/{user_id}/{title}-{name}.jpg" for name in "abc"]
        item = WardrobeItem(user_id, section, *files, ADDED, ADDED, ADDED, title=title, **more)
        table = WardrobeTable(db, ItemSearch(db))
        with db.transaction():
            item_id = table.add(item).id
            for day in range(days):
                WearService(db, table).record(user_id, [item_id], date(2026, 1, 1) + timedelta(day))
        return item_id

    return store


def worn(person: Any, item_id: int, day: str | None = None) -> dict[str, Any]:
    answer = person.post(f"{ITEMS}/{item_id}/worn", json={"date": day} if day else {})
    assert answer.status_code == 200, answer.json
    return dict(answer.json["data"])


def rows(db: DatabaseManager) -> list[tuple[int, str]]:
    found = db.fetch_all("SELECT item_id, worn_on FROM wardrobe_wears ORDER BY item_id, worn_on")
    return [(row["item_id"], row["worn_on"]) for row in found]


def titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in items]


# --- a day ---------------------------------------------------------------------------------------------------------


def test_the_cost_of_a_wear_falls(person: Any, put: Callable[..., int]) -> None:
    coat = put("coat", price=100.0, currency="EUR")
    figures = [worn(person, coat, f"2026-01-0{day}") for day in (3, 1, 2)]
    assert [found["wear_count"] for found in figures] == [1, 2, 3]
    assert [found["cost_per_wear"] for found in figures] == [100, 50, 33.33]
    assert {found["last_worn_on"] for found in figures} == {"2026-01-03"}
    shown = person.get(f"{ITEMS}/{coat}").json["data"]
    assert (shown["wear_count"], shown["last_worn_on"], shown["cost_per_wear"]) == (3, "2026-01-03", 33.33)
    assert figures[-1] == {
        "item_id": coat, "wear_count": 3, "last_worn_on": "2026-01-03", "price": 100, "currency": "EUR",
        "cost_per_wear": 33.33,
    }  # fmt: skip


def test_a_day_counts_once(person: Any, put: Callable[..., int], db: DatabaseManager) -> None:
    coat = put("coat")
    first = worn(person, coat, "2026-01-03")
    assert worn(person, coat, " 2026-01-03 ") == first and first["cost_per_wear"] is None
    assert rows(db) == [(coat, "2026-01-03")]


def test_without_a_date_it_is_today(person: Any, put: Callable[..., int]) -> None:
    coat = put("coat")
    before = datetime.now(UTC).date()
    assert before <= date.fromisoformat(worn(person, coat)["last_worn_on"]) <= datetime.now(UTC).date()
    answer = person.post(f"{ITEMS}/{coat}/worn", data={"date": ""})
    assert answer.json["data"]["wear_count"] == 1, "an empty field of a form is left out"


def test_a_free_thing_costs_nothing(person: Any, put: Callable[..., int]) -> None:
    assert worn(person, put("gift", price=0.0))["cost_per_wear"] == 0


@pytest.mark.parametrize("day", ["1899-12-31", "2026-02-30", "20260101", "2026-W01-1", "yesterday", "31.01.2026", 5,
                                 True, "2026-01-01T10:00:00", "", "٢٠٢٦-٠١-٠١", "9999-12-31"])  # fmt: skip
def test_days_that_are_none(person: Any, put: Callable[..., int], db: DatabaseManager, day: Any) -> None:
    answer = person.post(f"{ITEMS}/{put('coat')}/worn", json={"date": day})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json["details"]["fields"]) == ["date"] and rows(db) == []


def test_tomorrow_is_today_somewhere(person: Any, put: Callable[..., int]) -> None:
    coat, today = put("coat"), datetime.now(UTC).date()
    assert worn(person, coat, str(today + timedelta(1)))["wear_count"] == 1
    later = person.post(f"{ITEMS}/{coat}/worn", json={"date": str(today + timedelta(3))})
    assert (later.status_code, list(later.json["details"]["fields"])) == (400, ["date"])


def test_a_day_is_taken_back(person: Any, put: Callable[..., int], db: DatabaseManager) -> None:
    coat = put("coat", days=3, price=9.0)
    path = f"{ITEMS}/{coat}/worn"
    answer = person.delete(path, query_string={"date": "2026-01-03"})
    assert answer.json["data"]["wear_count"] == 2 and answer.json["data"]["last_worn_on"] == "2026-01-02"
    again = person.delete(path, query_string={"date": "2026-01-03"})
    assert (again.status_code, again.json["error_code"]) == (404, "NOT_FOUND")
    assert person.delete(path).status_code == 404, "nor was it worn today"
    assert person.delete(path, query_string={"date": "x"}).status_code == 400
    for day in ("2026-01-01", "2026-01-02"):
        answer = person.delete(path, query_string={"date": day})
    figures = answer.json["data"]
    assert (figures["wear_count"], figures["last_worn_on"], figures["cost_per_wear"]) == (0, None, None)
    assert rows(db) == []


def test_what_is_wished_for_cannot_be_worn(person: Any, put: Callable[..., int], db: DatabaseManager) -> None:
    wish = put("wish", section="wishlist")
    answer = person.post(f"{ITEMS}/{wish}/worn", json={})
    assert (answer.status_code, answer.json["error_code"]) == (409, "CONFLICT")
    assert answer.json["details"] == {"items": [wish]} and rows(db) == []
    person.put(f"{ITEMS}/{wish}", json={"category_section": "upper_body"})
    assert worn(person, wish)["wear_count"] == 1


def test_days_at_once_all_count(person: Any, put: Callable[..., int], app: Flask) -> None:
    coat = put("coat")

    def wear(day: int) -> None:
        body = {"date": f"2026-01-{day // 2 + 1:02d}"}
        app.test_client().post(f"{ITEMS}/{coat}/worn", json=body, headers=person.headers)

    threads = [threading.Thread(target=wear, args=(day,)) for day in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert person.get(f"{ITEMS}/{coat}").json["data"]["wear_count"] == 4


def test_a_deleted_item_takes_its_days_along(person: Any, put: Callable[..., int], db: DatabaseManager) -> None:
    coat, hat = put("coat", days=2), put("hat", days=1)
    assert person.delete(f"{ITEMS}/{coat}").status_code == 200
    assert rows(db) == [(hat, "2026-01-01")]


# --- figures -------------------------------------------------------------------------------------------------------


def test_an_empty_wardrobe(person: Any) -> None:
    nothing = {"items": 0, "values": []}
    assert person.get(STATS).json["data"] == {
        "owned": {**nothing, "worn": 0, "never_worn": 0, "wears": 0}, "wishlist": nothing, "sections": [],
        "most_worn": [], "least_worn": [], "never_worn": [], "cost_per_wear": [],
    }  # fmt: skip


def test_currencies_are_never_added(person: Any, put: Callable[..., int]) -> None:
    put("one", price=0.1, currency="EUR", days=2)
    put("two", price=0.2, currency="EUR")
    put("three", price=5.0, currency="USD", section="lower_body", days=1)
    put("four", price=7.0)
    put("five")
    put("wish", price=1000.0, currency="EUR", section="wishlist")
    shown = person.get(STATS).json["data"]
    euro, dollar = {"currency": "EUR", "items": 2, "value": 0.3}, {"currency": "USD", "items": 1, "value": 5}
    bare = {"currency": None, "items": 1, "value": 7}
    wish = {"items": 1, "values": [{"currency": "EUR", "items": 1, "value": 1000}]}
    assert shown["owned"] == {"items": 5, "values": [euro, dollar, bare], "worn": 2, "never_worn": 3, "wears": 3}
    assert shown["wishlist"] == wish
    assert shown["sections"] == [
        {"category_section": "lower_body", "items": 1, "values": [dollar]},
        {"category_section": "upper_body", "items": 4, "values": [euro, bare]},
        {"category_section": "wishlist", **wish},
    ]


def test_what_is_worn_most_least_and_never(person: Any, put: Callable[..., int]) -> None:
    for days in range(12):
        put(f"worn{days}", days=days)
    put("wish", section="wishlist")
    put("never")
    shown = person.get(STATS).json["data"]
    assert titles(shown["most_worn"]) == [f"worn{days}" for days in range(11, 1, -1)]
    assert titles(shown["least_worn"]) == [f"worn{days}" for days in range(1, 11)]
    assert titles(shown["never_worn"]) == ["worn0", "never"]
    first = shown["most_worn"][0]
    assert (first["wear_count"], first["last_worn_on"], first["category_section"]) == (11, "2026-01-11", "upper_body")
    assert "/images/wardrobe/" in first["thumbnail_url"] and "sig=" in first["thumbnail_url"]


def test_the_cost_of_wearing_is_ranked_in_each_currency(person: Any, put: Callable[..., int]) -> None:
    put("dear", price=90.0, currency="EUR", days=1)
    put("cheap", price=90.0, currency="EUR", days=9)
    put("yen", price=5000.0, currency="JPY", days=2)
    put("unworn", price=1.0, currency="EUR")
    put("unpriced", currency="EUR", days=1)
    shown = person.get(STATS).json["data"]["cost_per_wear"]
    assert [(found["currency"], titles(found["best"]), titles(found["worst"])) for found in shown] == [
        ("EUR", ["cheap", "dear"], ["dear", "cheap"]),
        ("JPY", ["yen"], ["yen"]),
    ]
    assert [item["cost_per_wear"] for item in shown[0]["best"]] == [10, 90]


def test_ten_of_each_are_enough(person: Any, put: Callable[..., int]) -> None:
    for price in range(12):
        put(f"{price}", price=float(price), currency="EUR", days=1)
    (found,) = person.get(STATS).json["data"]["cost_per_wear"]
    assert titles(found["best"]) == [str(price) for price in range(10)]
    assert titles(found["worst"]) == [str(price) for price in range(11, 1, -1)]


# --- everybody's own -----------------------------------------------------------------------------------------------


def test_a_stranger_wears_and_sees_nothing(
    person: Any, sign_up: Callable[..., Any], app: Flask, put: Callable[..., int], db: DatabaseManager
) -> None:
    coat, stranger = put("coat", days=1, price=5.0), sign_up(app)
    for answer in (
        stranger.post(f"{ITEMS}/{coat}/worn", json={"date": "2026-01-09"}),
        stranger.delete(f"{ITEMS}/{coat}/worn", query_string={"date": "2026-01-01"}),
    ):
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")
    assert rows(db) == [(coat, "2026-01-01")]
    put("theirs", owner=stranger, days=2)
    assert person.get(STATS).json["data"]["owned"]["items"] == 1
    assert titles(stranger.get(STATS).json["data"]["most_worn"]) == ["theirs"]


@pytest.mark.parametrize("number", ["0", str(2**63 - 1), str(2**63), "x"])
def test_items_that_are_none(person: Any, number: str) -> None:
    answer = person.post(f"{ITEMS}/{number}/worn", json={})
    assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")


def test_an_account_is_needed(person: Any) -> None:
    assert person.http.get(STATS).status_code == person.http.post(f"{ITEMS}/1/worn").status_code == 401
