"""Wardrobe items over HTTP: added, changed in every field, freed from their background, deleted with their files."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask
from wardrobe_things import ITEMS, add, drawn, files, form, opened, sample

CATEGORIES = "/api/wardrobe/categories"
EDITABLE: dict[str, Any] = {
    "title": "Blue linen shirt",
    "brand": "Acme",
    "color": "light blue",
    "size": "M",
    "description": "Long sleeves.\nFrom the spring sale.",
    "price": 49.95,
    "currency": "EUR",
    "category": "jackets",
    "category_id": 7,
    "custom_category_name": "Office",
    "category_section": "wishlist",
    "garment_category_type": "dress",
    "garment_type": "outer",
    "fabric": [
        {"name": "linen", "percentage": 70.0},
        {"name": "cotton", "percentage": 30.0},
    ],
    "care_instructions": ["gentle cycle", "do not bleach"],
    "tags": ["office", "summer"],
    "favorite": True,
    "garment_url": "https://shop.example/p/linen-shirt",
}


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def test_an_upload_becomes_an_item(person: Any, config: Any) -> None:
    answer = person.post(ITEMS, data=form(title="Shirt"))
    item = answer.json["data"]
    assert answer.status_code == 201 and answer.headers["Location"].endswith(f"{ITEMS}/{item['id']}")
    assert (item["user_id"], item["is_external"], item["favorite"]) == (person.user["userid"], False, False)
    assert (item["category"], item["category_id"], item["garment_category_type"], item["garment_type"]) == (
        "shirts", 2, "upper_body", "upper",
    )  # fmt: skip
    assert (item["wear_count"], item["last_worn_on"], item["cost_per_wear"], item["warnings"]) == (0, None, None, [])
    assert item["image_path"].startswith(f"/images/wardrobe/{person.user['userid']}/")
    assert item["image_path"] in item["image_url"] and item["image_url"].startswith("http://localhost/images/")
    assert opened(person, item["image_url"]).size == (96, 128)
    assert person.http.get(item["image_path"]).status_code == 403, "the path names the picture and opens nothing"
    shown = person.get(f"{ITEMS}/{item['id']}").json["data"]
    assert shown == {name: value for name, value in item.items() if name != "warnings"}
    assert len(files(config)) == 2


def test_an_upload_as_json(person: Any) -> None:
    image = "data:image/png;base64," + base64.b64encode(drawn(kind="PNG")).decode()
    body = {"garment_image": image, **{name: EDITABLE[name] for name in EDITABLE if name != "category_id"}}
    answer = person.post(ITEMS, json=body)
    assert answer.status_code == 201
    for name in set(EDITABLE) - {"category_id"}:
        assert answer.json["data"][name] == EDITABLE[name], name


def test_an_upload_as_a_form(person: Any) -> None:
    fields = {name: as_text(EDITABLE[name]) for name in EDITABLE if name != "category"}
    item = add(person, **{**fields, "category": ""})
    for name in set(EDITABLE) - {"category"}:
        assert item[name] == EDITABLE[name], name
    assert item["category"] == "jeans", "an id of the platform names its category"


@pytest.mark.parametrize("name", sorted(EDITABLE))
@pytest.mark.parametrize("kind", ["json", "data"])
def test_each_field_can_be_edited_alone(person: Any, name: str, kind: str) -> None:
    before = add(person)
    sent = EDITABLE[name] if kind == "json" else as_text(EDITABLE[name])
    answer = person.put(f"{ITEMS}/{before['id']}", **{kind: {name: sent}})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    after = person.get(f"{ITEMS}/{before['id']}").json["data"]
    assert after == answer.json["data"] and after[name] == EDITABLE[name]
    follows = {"category", "category_id", "garment_category_type", "garment_type"} if "categ" in name else set()
    same = set(after) - {name, "updated_at"} - follows
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize("name", sorted(set(EDITABLE) - {"category_section", "favorite"}))
def test_null_takes_away(person: Any, name: str) -> None:
    item = person.post(ITEMS, data=form(**{key: as_text(EDITABLE[key]) for key in EDITABLE})).json["data"]
    after = person.put(f"{ITEMS}/{item['id']}", json={name: None}).json["data"]
    assert after[name] == ([] if isinstance(item[name], list) else None)


def test_a_category_of_ones_own(person: Any) -> None:
    own = person.post("/api/wardrobe/categories", json={"name": "Office", "category_section": "upper_body"}).json[
        "data"
    ]
    item = add(person, category="shirts", category_id=str(own["id"]))
    assert (item["category"], item["category_id"], item["custom_category_name"]) == ("shirts", own["id"], "Office")
    person.put(f"{CATEGORIES}/{own['id']}", json={"name": "Work"})
    assert person.get(f"{ITEMS}/{item['id']}").json["data"]["custom_category_name"] == "Work"
    assert person.delete(f"{CATEGORIES}/{own['id']}").status_code == 200
    left = person.get(f"{ITEMS}/{item['id']}").json["data"]
    assert (left["category"], left["category_id"], left["custom_category_name"]) == ("shirts", 2, None)


def test_a_category_brings_its_types(person: Any) -> None:
    item = add(person, category="lower_body")
    assert (item["category"], item["garment_category_type"], item["garment_type"]) == (None, "lower_body", "lower")
    for category, types in {"jackets": ("upper_body", "outer"), "dresses": ("dress", "dress")}.items():
        after = person.put(f"{ITEMS}/{item['id']}", json={"category": category}).json["data"]
        assert (after["garment_category_type"], after["garment_type"]) == types
    kept = person.put(f"{ITEMS}/{item['id']}", json={"category": "jeans", "garment_type": "full"}).json["data"]
    assert (kept["garment_category_type"], kept["garment_type"]) == ("lower_body", "full")


@pytest.mark.parametrize(
    ("title", "picture", "types"),
    [
        ("Blaue Jeans", "tshirt", ("lower_body", "lower")),
        ("Winter coat", "tshirt", ("upper_body", "outer")),
        ("", "trousers", ("lower_body", "lower")),
        ("My favourite", "dress", ("dress", "dress")),
    ],
)
def test_without_a_category_words_tell_and_then_the_picture(
    person: Any, title: str, picture: str, types: tuple[str, str]
) -> None:
    item = add(person, sample(picture), title=title, category="")
    assert (item["garment_category_type"], item["garment_type"]) == types and item["category"] is None


BAD_PARTS: list[tuple[dict[str, Any], int, str]] = [
    ({"category_section": "nowhere"}, 400, "category_section"),
    ({"category_section": ""}, 400, "category_section"),
    ({"category": "spaceship"}, 400, "category"),
    ({"category_id": "999"}, 400, "category_id"),
    ({"category_id": "4711"}, 400, "category_id"),
    ({"fabric": "[broken"}, 400, "fabric"),
    ({"fabric": '[{"name": "cotton", "percentage": 50}]'}, 400, "fabric"),
    ({"care_instructions": "[broken"}, 400, "care_instructions"),
    ({"price": "nan"}, 400, "price"),
    ({"price": "-1"}, 400, "price"),
    ({"currency": "dollars"}, 400, "currency"),
    ({"favorite": "perhaps"}, 400, "favorite"),
    ({"title": "x" * 501}, 400, "title"),
    ({"tags": ",".join(f"tag {n}" for n in range(21))}, 400, "tags"),
    ({"garment_url": "javascript:alert(1)"}, 400, "garment_url"),
    ({"garment_image": (io.BytesIO, b"")}, 400, "garment_image"),
    ({"garment_image": (io.BytesIO, b"no picture")}, 415, ""),
    ({"garment_image": (io.BytesIO, drawn()[:400])}, 422, ""),
    ({"garment_image": (io.BytesIO, drawn(size=(20, 20)))}, 422, ""),
    ({"garment_image": (io.BytesIO, drawn() + bytes(2_000_000))}, 413, ""),
]


def part(value: Any) -> Any:
    return (value[0](value[1]), "picture.jpg") if isinstance(value, tuple) else value


@pytest.mark.parametrize(("wrong", "status", "field"), BAD_PARTS)
@pytest.mark.parametrize("change", [False, True])
def test_bad_input_leaves_nothing_behind(
    make_app: Callable[..., Flask], sign_up: Any, config: Any, wrong: Any, status: int, field: str, change: bool
) -> None:
    person = sign_up(make_app(max_upload_size=1_000_000))
    item = add(person)
    before = files(config)
    if change:
        sent = {name: part(value) for name, value in wrong.items()}
        answer = person.put(
            f"{ITEMS}/{item['id']}", data={"color": "red", "garment_image": part((io.BytesIO, drawn())), **sent}
        )
    else:
        answer = person.post(ITEMS, data=form(**{name: part(value) for name, value in wrong.items()}))
    if change and wrong == {"category_section": ""}:
        assert answer.status_code == 200, "an empty field of a form was left out"
        return
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert not field or field in answer.json["details"]["fields"]
    assert files(config) == before
    listed = person.get(ITEMS).json
    assert listed["meta"]["total"] == 1
    assert listed["data"] == [{key: value for key, value in item.items() if key != "warnings"}]


@pytest.mark.parametrize(
    "body", [{"category_section": "upper_body"}, {"category_section": "upper_body", "garment_url": ""}]
)
def test_an_item_needs_a_picture_or_a_link(person: Any, body: dict[str, str]) -> None:
    answer = person.post(ITEMS, json=body)
    assert answer.status_code == 400 and "garment_image" in answer.json["details"]["fields"]


@pytest.mark.parametrize("path", ["7", "0", str(2**63 - 1), str(2**63), "9" * 40, "-1", "one"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_ids_that_are_none(person: Any, path: str, method: str) -> None:
    answer = person.request(method, f"{ITEMS}/{path}", **({"json": {}} if method == "PUT" else {}))
    assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")


def test_another_persons_item_does_not_exist(app: Flask, person: Any, sign_up: Any, config: Any) -> None:
    item, thief = add(person, title="Mine"), sign_up(app)
    path, before = f"{ITEMS}/{item['id']}", files(config)
    own = person.post("/api/wardrobe/categories", json={"name": "Office", "category_section": "upper_body"}).json[
        "data"
    ]
    person.post("/api/wardrobe/category-sections", json={"name": "Attic"})
    tries = [
        thief.get(path),
        thief.put(path, json={"title": "Stolen"}),
        thief.put(path, data=form()),
        thief.delete(path),
        thief.post(f"{path}/remove-background"),
        thief.post(f"{path}/remove-background/undo"),
    ]
    assert [answer.status_code for answer in tries] == [404] * len(tries)
    for stolen in ({"category_id": str(own["id"])}, {"category_section": "Attic"}):
        assert thief.post(ITEMS, data=form(**stolen)).status_code == 400
        assert thief.get(ITEMS, query_string=stolen).status_code == 400
    assert thief.get(ITEMS).json["data"] == [] and files(config) == before
    assert person.get(path).json["data"]["title"] == "Mine"


def test_options_offer_words(person: Any) -> None:
    found = person.get("/api/wardrobe/options").json["data"]
    assert "cotton" in found["fabric_types"] and "do not bleach" in found["care_instructions"]
    for words in found.values():
        assert len(set(words)) == len(words)


def test_only_with_a_token(app: Flask) -> None:
    client = app.test_client()
    for method, path in [("GET", ITEMS), ("POST", ITEMS), ("GET", f"{ITEMS}/1"), ("GET", "/api/wardrobe/options")]:
        assert client.open(path, method=method, json={}).status_code == 401
