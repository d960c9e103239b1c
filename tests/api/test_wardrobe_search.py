"""Search over HTTP: together with the other filters, page by page, and safe from what people type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from wardrobe_things import ITEMS, add

from shared.database import DatabaseManager


@pytest.fixture
def shelf(person: Any) -> dict[str, int]:
    """Ids by title."""
    things: list[dict[str, Any]] = [
        {"title": "Crème T-Shirt", "brand": "José", "tags": "summer", "favorite": "true"},
        {"title": "Blue shirt", "color": "blue", "category_section": "wishlist"},
        {"title": "Jeans", "category": "jeans", "description": "Goes with every shirt", "tags": "summer"},
        {"title": "Coat", "category": "jackets"},
    ]
    return {thing["title"]: add(person, **thing)["id"] for thing in things}


def found(person: Any, **query: Any) -> list[str]:
    answer = person.get(ITEMS, query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["title"] for item in answer.json["data"]]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"search": "shi"}, ["Jeans", "Blue shirt", "Crème T-Shirt"]),
        ({"search": "SHI", "sort": "title"}, ["Blue shirt", "Crème T-Shirt", "Jeans"]),
        ({"search": "creme jose"}, ["Crème T-Shirt"]),
        ({"search": "tshirt"}, ["Crème T-Shirt"]),
        ({"search": "shirt", "category_section": "wishlist"}, ["Blue shirt"]),
        ({"search": "shirt", "tag": "summer", "sort": "oldest"}, ["Crème T-Shirt", "Jeans"]),
        ({"search": "shirt", "favorite": "true"}, ["Crème T-Shirt"]),
        ({"search": "shirt", "category": "jeans"}, ["Jeans"]),
        ({"search": "  "}, ["Coat", "Jeans", "Blue shirt", "Crème T-Shirt"]),
        ({"search": "irt"}, []),
        ({"search": "?!"}, []),
        ({"search": '"shirt* OR NEAR('}, []),
    ],
)
def test_search_and_filters(person: Any, shelf: dict[str, int], query: dict[str, str], titles: list[str]) -> None:
    assert found(person, **query) == titles


@pytest.mark.parametrize("sort", ["newest", "oldest", "brand"])
def test_page_by_page(person: Any, shelf: dict[str, int], sort: str) -> None:
    seen: list[int] = []
    query: dict[str, Any] = {"search": "shirt", "limit": 1, "sort": sort}
    while True:
        answer = person.get(ITEMS, query_string=query).json
        seen += [item["id"] for item in answer["data"]]
        if (cursor := answer["meta"]["next_cursor"]) is None:
            break
        query["cursor"] = cursor
    assert len(seen) == 3 and set(seen) == set(shelf.values()) - {shelf["Coat"]}


def test_a_change_is_found_at_once(person: Any, shelf: dict[str, int]) -> None:
    person.put(f"{ITEMS}/{shelf['Coat']}", json={"title": "Parka", "tags": ["rain"]})
    assert (found(person, search="coat"), found(person, search="park rain")) == ([], ["Parka"])
    person.delete(f"{ITEMS}/{shelf['Coat']}")
    assert found(person, search="park rain") == []


def test_a_stranger_finds_nothing(app: Flask, shelf: dict[str, int], sign_up: Callable[..., Any]) -> None:
    assert found(sign_up(app), search="shirt") == []


def test_a_text_that_is_too_long_is_refused(person: Any) -> None:
    answer = person.get(ITEMS, query_string={"search": "x" * 201})
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["search"])


def test_the_words_of_deleted_items_leave_the_database(app: Flask, person: Any, shelf: Any, config: Any) -> None:
    person.delete(f"{ITEMS}/{shelf['Coat']}")
    app.extensions["retention"].sweep()
    db = DatabaseManager(config.database_path)
    assert {row["rowid"] for row in db.fetch_all("SELECT rowid FROM wardrobe_search")} == set(shelf.values()) - {
        shelf["Coat"]
    }
    db.close()
