"""Outfits over the API: made, changed, copied, worn; with a picture; and nobody else's."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageDraw

from config import Config

OUTFITS = "/api/outfits"
TODAY = datetime.now(UTC).date()
NOBODYS = 999_999


def garment(colour: str) -> io.BytesIO:
    image = Image.new("RGBA", (80, 100))
    ImageDraw.Draw(image).ellipse((10, 10, 70, 90), fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return file


def add_item(person: Any, **fields: Any) -> int:
    data = {"category_section": "upper_body", "garment_type": "upper", "garment_category_type": "upper_body", **fields}
    data["garment_image"] = (garment(fields.get("color", "red")), "x.png")
    answer = person.post("/api/wardrobe/items", data=data)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return int(answer.json["data"]["id"])


def add(person: Any, item_ids: list[int], name: str = "Work", **fields: Any) -> Any:
    answer = person.post(OUTFITS, json={"name": name, "item_ids": item_ids, **fields})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["data"]


def see(person: Any, outfit: Any) -> Any:
    return person.get(f"{OUTFITS}/{outfit['id']}").json["data"]


def names(person: Any, query: str = "") -> list[str]:
    return [outfit["name"] for outfit in person.get(OUTFITS + query).json["data"]]


@pytest.fixture
def items(person: Any) -> list[int]:
    shirt = add_item(person, title="Shirt", price="39.90", currency="EUR")
    jeans = add_item(person, title="Jeans", color="blue", category_section="lower_body", garment_type="lower",
                     price="60.1", currency="EUR")  # fmt: skip
    return [shirt, jeans, add_item(person, title="Cap", color="green", price="20", currency="USD")]


# --- make and see --------------------------------------------------------------------------------------------------


def test_add_and_see(person: Any, items: list[int]) -> None:
    body = {"name": " Work ", "item_ids": items[::-1], "tags": ["Été", "office", "ETE"], "notes": "a\nb"}
    answer = person.post(OUTFITS, json=body)
    data = answer.json["data"]
    assert answer.status_code == 201 and answer.headers["Location"].endswith(f"{OUTFITS}/{data['id']}")
    assert (data["name"], sorted(data["tags"]), data["notes"]) == ("Work", ["office", "Été"], "a\nb")
    assert data["item_ids"] == items[::-1] == [item["id"] for item in data["items"]]
    assert [item["title"] for item in data["items"]] == ["Cap", "Jeans", "Shirt"]
    assert (data["wear_count"], data["last_worn_on"], data["warnings"]) == (0, None, [])
    assert see(person, data) == data and person.get(OUTFITS).json["data"] == [data]


def test_values_keep_currencies_apart(person: Any, items: list[int]) -> None:
    values = add(person, [*items, add_item(person)])["total_value"]
    assert sorted(values, key=lambda found: found["currency"]) == [
        {"currency": "EUR", "items": 2, "value": 100.0}, {"currency": "USD", "items": 1, "value": 20.0},
    ]  # fmt: skip


def test_the_cover_is_a_picture(person: Any, items: list[int]) -> None:
    answer = person.http.get(add(person, items)["cover_url"])
    assert answer.status_code == 200 and Image.open(io.BytesIO(answer.data)).size == (768, 1024)


def test_a_form_does_as_well(person: Any, items: list[int]) -> None:
    answer = person.post(OUTFITS, data={"name": "Form", "item_ids": [str(item) for item in items], "tags": "a, b"})
    assert (answer.status_code, answer.json["data"]["item_ids"], answer.json["data"]["tags"]) == (
        201,
        items,
        ["a", "b"],
    )
    path = f"{OUTFITS}/{answer.json['data']['id']}"
    assert person.put(path, data={"item_ids": f"[{items[0]}]"}).json["data"]["item_ids"] == items[:1]
    assert person.put(path, data={"item_ids": str(items[1])}).json["data"]["item_ids"] == [items[1]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None), ("name", "  "), ("name", 5), ("name", "x" * 256), ("name", "a\x00b"), ("item_ids", []),
        ("item_ids", None), ("item_ids", {}), ("item_ids", "1,2"), ("item_ids", ["1"]), ("item_ids", [True]),
        ("item_ids", [0]), ("item_ids", [-1]), ("item_ids", [2**63]), ("item_ids", [1.5]), ("item_ids", [1, 1]),
        ("item_ids", list(range(1, 22))), ("tags", ["x" * 51]), ("tags", [""]), ("tags", [5]),
        ("tags", [str(number) for number in range(21)]), ("notes", 5), ("notes", "x" * 5001), ("notes", "\x00"),
    ],
)  # fmt: skip
def test_wrong_values_are_named(person: Any, items: list[int], field: str, value: Any) -> None:
    outfit = add(person, items)
    body = {"name": "Bad", "item_ids": items, field: value}
    for answer in (person.post(OUTFITS, json=body), person.put(f"{OUTFITS}/{outfit['id']}", json=body)):
        assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR"), answer.json
        assert [name.split(".")[0] for name in answer.json["details"]["fields"]] == [field]
    assert person.get(OUTFITS).json["data"] == [outfit]


@pytest.mark.parametrize("body", [{}, {"name": "x"}, {"item_ids": [1]}])
def test_what_is_missing_is_named(person: Any, body: dict[str, Any]) -> None:
    answer = person.post(OUTFITS, json=body)
    assert answer.status_code == 400 and set(answer.json["details"]["fields"]) == {"name", "item_ids"} - set(body)


def test_twenty_items_are_taken(person: Any) -> None:
    ids = [add_item(person) for _ in range(20)]
    assert add(person, ids)["item_ids"] == ids


# --- lists ---------------------------------------------------------------------------------------------------------


def test_pages_neither_skip_nor_repeat(person: Any, items: list[int]) -> None:
    for number in range(5):
        add(person, items[:1], str(number))
    seen, cursor = [], ""
    while cursor is not None:
        answer = person.get(f"{OUTFITS}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [outfit["name"] for outfit in answer["data"]]
        cursor = answer["meta"]["next_cursor"]
        add(person, items[:1], "new") if len(seen) == 2 else None
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?tag=ete", ["Beach"]), ("?tag=et", []), ("?search=bea", ["Beach"]), ("?search=gross", ["Große Feier"]),
        ("?search=feier gro", ["Große Feier"]), ("?search=ete", ["Beach"]), ("?search=hat", ["Beach"]),
        ("?search=xyz", []), ("?tag=Été&search=gross", []), ("?search=", ["Große Feier", "Beach"]),
        ("?tag=%", []), ("?search=%", []), ("?limit=1", ["Große Feier"]), ("?limit=1&tag=été", ["Beach"]),
    ],
)  # fmt: skip
def test_filters(person: Any, items: list[int], query: str, found: list[str]) -> None:
    add(person, items[:1], "Beach", tags=["Été"], notes="with a hat")
    add(person, items[:1], "Große Feier", tags=["winter"])
    assert names(person, query) == found


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=W10", "cursor=WyJ4Il0", "cursor=WzEsMl0", "cursor=é",
     "cursor=WyJhIiwxMDAwMDAwMDAwMDAwMDAwMDAwMDBd", "tag=" + "x" * 300],
)  # fmt: skip
def test_wrong_queries(person: Any, query: str) -> None:
    answer = person.get(f"{OUTFITS}?{query}")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


# --- change --------------------------------------------------------------------------------------------------------


def test_only_what_is_sent_changes(person: Any, items: list[int]) -> None:
    outfit = add(person, items, tags=["a"], notes="n")
    path = f"{OUTFITS}/{outfit['id']}"
    changed = person.put(path, json={"name": "Play"}).json["data"]
    assert changed == {**outfit, "name": "Play", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > outfit["updated_at"]
    changed = person.put(path, json={"item_ids": [items[2], items[0]]}).json["data"]
    assert changed["item_ids"] == [items[2], items[0]] and changed["cover_url"] != outfit["cover_url"]
    changed = person.put(path, json={"notes": None, "tags": []}).json["data"]
    assert (changed["notes"], changed["tags"], changed["name"]) == (None, [], "Play")
    assert person.put(path, json={}).json["data"] == changed == see(person, outfit)


def test_a_clone_is_another_outfit(person: Any, items: list[int]) -> None:
    outfit = add(person, items, "x" * 255, tags=["a"], notes="n")
    person.post(f"{OUTFITS}/{outfit['id']}/worn", json={})
    answer = person.post(f"{OUTFITS}/{outfit['id']}/clone")
    clone = answer.json["data"]
    assert answer.status_code == 201 and answer.headers["Location"].endswith(f"/{clone['id']}")
    assert clone["name"] == "x" * 248 + " (copy)" and clone["id"] != outfit["id"]
    assert (clone["item_ids"], clone["tags"], clone["notes"], clone["wear_count"]) == (items, ["a"], "n", 0)
    person.delete(f"{OUTFITS}/{outfit['id']}")
    assert see(person, clone) == clone and person.http.get(clone["cover_url"]).status_code == 200


def test_delete(person: Any, items: list[int], config: Config) -> None:
    outfit = add(person, items)
    assert person.delete(f"{OUTFITS}/{outfit['id']}").status_code == 200
    assert person.get(f"{OUTFITS}/{outfit['id']}").status_code == 404 and names(person) == []
    assert person.http.get(outfit["cover_url"]).status_code == 404
    assert not [path for path in config.images_dir.rglob("outfit-*") if path.is_file()]
    assert all(person.get(f"/api/wardrobe/items/{item}").status_code == 200 for item in items)


def test_deleted_items_leave_their_outfits(person: Any, items: list[int]) -> None:
    outfit = add(person, items[:2])
    person.delete(f"/api/wardrobe/items/{items[0]}")
    rest = see(person, outfit)
    assert rest["item_ids"] == [items[1]] and rest["warnings"] == [] and rest["cover_url"] != outfit["cover_url"]
    person.delete(f"/api/wardrobe/items/{items[1]}")
    empty = see(person, outfit)
    assert (empty["items"], empty["cover_url"], empty["total_value"]) == ([], None, [])
    assert [warning["code"] for warning in empty["warnings"]] == ["no_items"]
    assert person.put(f"{OUTFITS}/{outfit['id']}", json={"item_ids": items[2:]}).json["data"]["warnings"] == []


# --- wear ----------------------------------------------------------------------------------------------------------


def worn(person: Any, outfit: Any, **body: Any) -> Any:
    return person.post(f"{OUTFITS}/{outfit['id']}/worn", json=body)


def item_wears(person: Any, items: list[int]) -> list[int]:
    return [person.get(f"/api/wardrobe/items/{item}").json["data"]["wear_count"] for item in items]


def test_worn_as_a_whole(person: Any, items: list[int]) -> None:
    outfit = add(person, items[:2])
    first = worn(person, outfit).json["data"]
    assert (first["wear_count"], first["last_worn_on"]) == (1, TODAY.isoformat())
    again = worn(person, outfit, date=TODAY.isoformat()).json["data"]
    earlier = worn(person, outfit, date="2026-01-15").json["data"]
    assert (again["wear_count"], earlier["wear_count"], earlier["last_worn_on"]) == (1, 2, TODAY.isoformat())
    assert item_wears(person, items) == [2, 2, 0] and see(person, outfit) == earlier


def test_items_that_were_noted_alone_count_once(person: Any, items: list[int]) -> None:
    person.post(f"/api/wardrobe/items/{items[0]}/worn", json={})
    outfit = add(person, items[:1])
    assert worn(person, outfit).json["data"]["wear_count"] == 1 and item_wears(person, items[:1]) == [1]


def test_two_outfits_share_a_garment_on_one_day(person: Any, items: list[int]) -> None:
    outfits = [add(person, items[:2]), add(person, items[1:])]
    assert [worn(person, outfit).json["data"]["wear_count"] for outfit in outfits] == [1, 1]
    assert item_wears(person, items) == [1, 1, 1]


def test_two_outfits_of_the_same_garments_count_each(person: Any, items: list[int]) -> None:
    outfits = [add(person, items[:2]), add(person, items[:2])]
    assert [worn(person, outfit).json["data"]["wear_count"] for outfit in outfits] == [1, 1]
    person.delete(f"/api/wardrobe/items/{items[0]}/worn", query_string={"date": TODAY.isoformat()})
    assert [see(person, outfit)["wear_count"] for outfit in outfits] == [1, 1]


@pytest.mark.parametrize("day", [(TODAY + timedelta(days=3)).isoformat(), "1899-12-31", "2026-02-30", "today", 5, "x"])
def test_no_such_day(person: Any, items: list[int], day: Any) -> None:
    outfit = add(person, items)
    answer = worn(person, outfit, date=day)
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == ["date"]
    assert see(person, outfit)["wear_count"] == 0 and item_wears(person, items) == [0, 0, 0]


def test_a_wish_cannot_be_worn(person: Any, items: list[int]) -> None:
    outfit = add(person, [items[0], add_item(person, category_section="wishlist")])
    answer = worn(person, outfit)
    assert (answer.status_code, answer.json["error_code"]) == (409, "CONFLICT")
    assert see(person, outfit)["wear_count"] == 0 and item_wears(person, items) == [0, 0, 0]


def test_nothing_cannot_be_worn(person: Any) -> None:
    item = add_item(person)
    outfit = add(person, [item])
    person.delete(f"/api/wardrobe/items/{item}")
    assert worn(person, outfit).status_code == 409


# --- whose ---------------------------------------------------------------------------------------------------------


def test_items_of_others_and_of_nobody_are_not_found(
    app: Flask, person: Any, sign_up: Callable[..., Any], items: list[int]
) -> None:
    other = sign_up(app)
    own = add_item(other)
    outfit = add(other, [own])
    for strange in (items[0], NOBODYS):
        body = {"name": "Mine", "item_ids": [own, strange]}
        for answer in (other.post(OUTFITS, json=body), other.put(f"{OUTFITS}/{outfit['id']}", json=body)):
            assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")
            assert answer.json["details"]["fields"] == {"item_ids": f"not found: {strange}"}
    assert other.get(OUTFITS).json["data"] == [outfit]


@pytest.mark.parametrize("ending", ["", "0", "-1", "x", str(2**70)])
def test_a_stranger_finds_nothing(
    app: Flask, person: Any, sign_up: Callable[..., Any], items: list[int], ending: str
) -> None:
    outfit, stranger = add(person, items), sign_up(app)
    path = f"{OUTFITS}/{ending or outfit['id']}"
    calls = [("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}/clone"), ("POST", f"{path}/worn")]
    for method, address in calls:
        answer = stranger.request(method, address, json={"name": "Mine"})
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND"), (method, address)
    assert names(stranger) == [] and person.get(OUTFITS).json["data"] == [outfit]


def test_a_closed_account_leaves_nothing(person: Any, items: list[int], config: Config) -> None:
    outfit = add(person, items)
    answer = person.delete("/api/users/profile", json={"password": "correct horse battery"})
    assert answer.json["data"]["outfits"] == 1
    assert person.http.get(outfit["cover_url"]).status_code == 404
    assert not [path for path in Path(config.images_dir).rglob("*") if path.is_file()]


def test_the_sweep_spares_covers(app: Flask, person: Any, items: list[int]) -> None:
    outfit = add(person, items)
    later = datetime.now(UTC) + timedelta(hours=3)
    for sweep in app.extensions["retention"].also:
        sweep(later)
    assert person.http.get(outfit["cover_url"]).status_code == 200
    assert all(person.http.get(item["image_url"]).status_code == 200 for item in outfit["items"])
