"""Lists of wardrobe items over HTTP: filters that combine, every order, pages, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from wardrobe_things import ITEMS, add

SHELF: list[dict[str, str]] = [
    {"title": "Linen shirt", "brand": "Zed", "category": "shirts", "price": "20", "tags": "office,été"},
    {"title": "Jeans", "brand": "acme", "category": "jeans", "price": "5", "category_section": "lower_body"},
    {"title": "Shirt dress", "brand": "Ácme", "category": "dresses", "favorite": "true", "tags": "Office"},
    {"title": "Boots", "category": "shoes", "price": "20", "category_section": "wishlist", "favorite": "true"},
    {"title": "Älteste Bluse", "brand": "Bea", "category": "shirts", "price": "0", "category_section": "wishlist"},
]


@pytest.fixture
def shelf(person: Any) -> Any:
    for fields in SHELF:
        add(person, **fields)
    return person


def listed(person: Any, **query: Any) -> list[int]:
    answer = person.get(ITEMS, query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["id"] for item in answer.json["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"category_section": "wishlist"}, [5, 4]),
        ({"category_section": "Wishlist"}, [5, 4]),
        ({"category_section": "accessoires"}, []),
        ({"category": "shirts"}, [5, 1]),
        ({"category": "upper_body"}, [5, 1]),
        ({"category": "dress"}, [3]),
        ({"category": "shoes"}, [4]),
        ({"category_id": 2}, [5, 1]),
        ({"category_id": 2, "category_section": "wishlist"}, [5]),
        ({"category_id": 2, "category": "jeans"}, []),
        ({"favorite": "true"}, [4, 3]),
        ({"favorite": "false", "category": "shirts"}, [5, 1]),
        ({"tag": "OFFICE"}, [3, 1]),
        ({"tag": ["office", "ete"]}, [1]),
        ({"tag": "unknown"}, []),
        ({"search": "shirt"}, [3, 1]),
        ({"search": "shi lin"}, [1]),
        ({"search": "ALTESTE"}, [5]),
        ({"search": "acme", "sort": "price"}, [2, 3]),
        ({"search": "shirt", "favorite": "true", "tag": "office", "category_section": "upper_body"}, [3]),
        ({"search": "  "}, [5, 4, 3, 2, 1]),
        ({"search": "%_\"' OR 1=1 --"}, []),
        ({"sort": "oldest"}, [1, 2, 3, 4, 5]),
        ({"sort": "title"}, [5, 4, 2, 1, 3]),
        ({"sort": "brand"}, [2, 3, 5, 1, 4]),
        ({"sort": "price"}, [5, 2, 1, 4, 3]),
        ({"sort": "-price"}, [4, 1, 2, 5, 3]),
        ({"sort": "most_worn"}, [5, 4, 3, 2, 1]),
        ({"sort": "least_worn"}, [1, 2, 3, 4, 5]),
        ({"unknown": "ignored"}, [5, 4, 3, 2, 1]),
        ({"tag": "", "search": "", "category": "", "favorite": ""}, [5, 4, 3, 2, 1]),
    ],
)
def test_filters_and_orders(shelf: Any, query: dict[str, Any], found: list[int]) -> None:
    assert listed(shelf, **query) == found
    paged: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = shelf.get(ITEMS, query_string={**query, **cursor, "limit": 2}).json
        paged += [item["id"] for item in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = {"cursor": page["meta"]["next_cursor"]}
    assert paged == found


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "brand", "price", "-price", "most_worn", "least_worn"])
def test_items_added_and_deleted_between_two_pages(shelf: Any, sort: str) -> None:
    whole = listed(shelf, sort=sort)
    first = shelf.get(ITEMS, query_string={"sort": sort, "limit": 2}).json
    add(shelf, title="Jeans", brand="acme", price="5")
    assert shelf.delete(f"{ITEMS}/{whole[1]}").status_code == 200
    rest = listed(shelf, sort=sort, cursor=first["meta"]["next_cursor"])
    assert [number for number in rest if number <= len(SHELF)] == whole[2:]


def test_what_is_worn_more_comes_first(shelf: Any) -> None:
    for number, times in ((2, 3), (3, 1)):
        for day in range(1, times + 1):
            answer = shelf.post(f"{ITEMS}/{number}/worn", json={"date": f"2026-01-0{day}"})
            assert answer.status_code < 300, answer.get_data(as_text=True)
    assert listed(shelf, sort="most_worn") == [2, 3, 5, 4, 1]
    assert listed(shelf, sort="least_worn") == [1, 4, 5, 3, 2]
    worn = shelf.get(f"{ITEMS}/2").json["data"]
    assert (worn["wear_count"], worn["last_worn_on"], worn["cost_per_wear"]) == (3, "2026-01-03", 1.67)


@pytest.mark.parametrize(("field", "longest"), [("title", 500), ("brand", 255)])
def test_words_that_grow_when_folded_still_have_a_next_page(person: Any, field: str, longest: int) -> None:
    numbers = [add(person, **{field: "\ufdfa" * longest})["id"] for _ in range(2)]
    first = person.get(ITEMS, query_string={"sort": field, "limit": 1}).json
    rest = listed(person, sort=field, cursor=first["meta"]["next_cursor"])
    assert [first["data"][0]["id"], *rest] == numbers


def test_the_total_stands_with_the_first_page(shelf: Any) -> None:
    first = shelf.get(ITEMS, query_string={"limit": 2, "category": "shirts"}).json["meta"]
    assert first == {"next_cursor": None, "total": 2}
    page = shelf.get(ITEMS, query_string={"limit": 2}).json["meta"]
    assert page["total"] == 5
    assert "total" not in shelf.get(ITEMS, query_string={"cursor": page["next_cursor"]}).json["meta"]
    assert "total" not in shelf.get(ITEMS, query_string={"search": "shirt"}).json["meta"]


def test_an_own_category_and_section_filter(shelf: Any) -> None:
    shelf.post("/api/wardrobe/category-sections", json={"name": "Attic"})
    own = shelf.post("/api/wardrobe/categories", json={"name": "Old", "category_section": "Attic"}).json["data"]
    shelf.put(f"{ITEMS}/3", json={"category_id": own["id"], "category_section": "attic"})
    assert listed(shelf, category_id=own["id"]) == listed(shelf, category_section="ATTIC") == [3]
    assert listed(shelf, category_id=own["id"], category="dresses", favorite="true", search="dress") == [3]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"category_section": "nowhere"}, "category_section"),
        ({"category": "spaceships"}, "category"),
        ({"category_id": 4711}, "category_id"),
        ({"category_id": 0}, "category_id"),
        ({"category_id": 2**63}, "category_id"),
        ({"category_id": "two"}, "category_id"),
        ({"sort": "random"}, "sort"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"favorite": "perhaps"}, "favorite"),
        ({"search": "x" * 201}, "search"),
        ({"search": "a\x00b"}, "search"),
        ({"tag": "x" * 51}, "tag"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "x" * 5000}, "cursor"),
    ],
)
def test_questions_that_are_none(shelf: Any, query: dict[str, Any], field: str) -> None:
    answer = shelf.get(ITEMS, query_string=query)
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert all(name.split(".")[0] == field for name in answer.json["details"]["fields"])


def test_a_cursor_of_another_order(shelf: Any) -> None:
    cursor = shelf.get(ITEMS, query_string={"limit": 1, "sort": "title"}).json["meta"]["next_cursor"]
    answer = shelf.get(ITEMS, query_string={"cursor": cursor, "sort": "brand"})
    assert answer.status_code == 400 and "cursor" in answer.json["details"]["fields"]
