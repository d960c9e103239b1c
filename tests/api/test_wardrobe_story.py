"""The whole story of a wardrobe over HTTP: things come in, are found, put together, tried on, worn, and move on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import PASSWORD
from flask import Flask
from local_shop import LocalShop
from test_tryon import form as tryon_form
from wardrobe_things import ITEMS, files, opened, sample

from shared.engines.fake import FakeEngine

FABRIC = [{"name": "cotton", "percentage": 95.0}, {"name": "elastane", "percentage": 5.0}]
COUNTS = ("items", "outfits", "sections", "categories", "wear_days")
OF_THE_ACCOUNT = ("id", "user_id", "category_id", "image_path")
Things = dict[str, dict[str, Any]]


@pytest.fixture
def shop() -> Iterator[LocalShop]:
    with LocalShop() as opened:
        yield opened


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def app(make_app: Callable[..., Flask], engine: FakeEngine, shop: LocalShop) -> Flask:
    return make_app(engines=[engine], inline_jobs=True, fetch_allow_hosts=(shop.host,), rate_limit_garments=0)


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json.get("data")


def titles(person: Any, **query: Any) -> list[str]:
    return [item["title"] for item in done(person.get(ITEMS, query_string=query))]


# --- chapters ------------------------------------------------------------------------------------------------------


def collect(person: Any, shop: LocalShop) -> Things:
    """One thing by upload, one by link, and one of many pictures at once, without a word about it."""
    done(person.post("/api/wardrobe/category-sections", json={"name": "Été 2026"}), 201)
    basics = {"name": "Basics", "category_section": "ete 2026"}
    category = done(person.post("/api/wardrobe/categories", json=basics), 201)
    said = {
        "title": "Crème T-Shirt", "brand": "Acme", "color": "red", "size": "M", "price": "20", "currency": "eur",
        "category_section": "été 2026", "category_id": str(category["id"]), "tags": "summer, soft",
        "description": "Soft.\nWears in.", "fabric": json.dumps(FABRIC), "care_instructions": "hand wash, dry flat",
        "favorite": "true",
    }  # fmt: skip
    picture = {"garment_image": (io.BytesIO(sample("tshirt")), "shirt.jpg")}
    shirt = done(person.post(ITEMS, data={**picture, **said}), 201)
    link = {"garment_url": f"{shop.url}/p/dress", "category_section": "wishlist"}
    dress = done(person.post(ITEMS, json=link), 201)
    trousers, broken = done(person.post(f"{ITEMS}/bulk", data=many()))
    assert (trousers["outcome"], broken["error"]["code"]) == ("created", "UNSUPPORTED_MEDIA_TYPE")
    again = done(person.post(f"{ITEMS}/bulk", data=many()))
    assert [one["outcome"] for one in again] == ["exists", "failed"]
    return {"shirt": shirt, "dress": dress, "trousers": trousers["item"]}


def many() -> dict[str, Any]:
    pictures = [(io.BytesIO(sample("trousers")), "1.jpg"), (io.BytesIO(b"not a picture"), "2.jpg")]
    return {"images": pictures, "category_section": "lower_body", "upload_key": "first-evening"}


def check_what_came(things: Things, shop: LocalShop) -> None:
    shirt, dress, trousers = things["shirt"], things["dress"], things["trousers"]
    assert (shirt["category_section"], shirt["custom_category_name"], shirt["garment_type"]) == (
        "Été 2026", "Basics", "upper",
    )  # fmt: skip
    assert (shirt["fabric"], shirt["care_instructions"]) == (FABRIC, ["hand wash", "dry flat"])
    assert (shirt["price"], shirt["currency"], shirt["favorite"]) == (20, "EUR", True)
    assert (dress["title"], dress["price"], dress["currency"]) == ("Teal midi dress", 19.99, "EUR")
    assert (dress["category"], dress["is_external"]) == ("dresses", True)
    assert dress["garment_url"] == f"{shop.url}/p/dress"
    assert (trousers["title"], trousers["garment_category_type"]) == (None, "lower_body"), "it looked at the picture"


def find(person: Any, things: Things) -> None:
    said = {"title": "Blue jeans", "price": 60, "currency": "EUR", "tags": ["Summer"]}
    done(person.put(f"{ITEMS}/{things['trousers']['id']}", json=said))
    assert titles(person) == ["Blue jeans", "Teal midi dress", "Crème T-Shirt"]
    assert titles(person, search="creme tshi") == titles(person, search="ACME wears") == ["Crème T-Shirt"]
    assert titles(person, category_section="wishlist") == ["Teal midi dress"]
    assert titles(person, category_section="ETE 2026", search="soft", tag="summer", favorite="true") == [
        "Crème T-Shirt"
    ]
    assert titles(person, tag="summer", sort="-price") == ["Blue jeans", "Crème T-Shirt"]
    assert titles(person, tag="summer", category_section="wishlist") == []


def free_from_background(person: Any, things: Things) -> None:
    shown = done(person.post(f"{ITEMS}/{things['shirt']['id']}/remove-background"))
    assert shown["background_removed"] and opened(person, shown["image_url"]).mode == "RGBA"


def put_together(person: Any, things: Things) -> dict[str, Any]:
    ids = [things["shirt"]["id"], things["trousers"]["id"]]
    body = {"name": "Sunday", "item_ids": ids, "tags": ["park"], "notes": "With the white shoes."}
    outfit: dict[str, Any] = done(person.post("/api/outfits", json=body), 201)
    assert outfit["total_value"] == [{"currency": "EUR", "items": 2, "value": 80}]
    assert opened(person, outfit["cover_url"]).size == (768, 1024)
    return outfit


def try_on(person: Any, outfit: dict[str, Any], engine: FakeEngine) -> None:
    """And what was tried on is wished for."""
    form = tryon_form(garment_image=None, outfit_id=str(outfit["id"]))
    job_id = done(person.post("/api/tryon", data=form), 202)["job_id"]
    job = done(person.get(f"/api/job/{job_id}"))
    assert (job["status"], opened(person, job["result_url"]).format) == ("done", "JPEG")
    assert [garment.garment_type for garment in engine.seen[0].garments] == ["lower", "upper"]
    body = {"job_id": job_id, "garment_index": 1, "category_section": "wishlist"}
    wished = done(person.post(ITEMS, json=body), 201)
    assert (wished["title"], wished["brand"]) == ("Crème T-Shirt", "Acme")
    done(person.delete(f"{ITEMS}/{wished['id']}"))


def wear(person: Any, things: Things, outfit: dict[str, Any]) -> None:
    done(person.post(f"/api/outfits/{outfit['id']}/worn", json={"date": "2026-02-01"}))
    worn = done(person.post(f"{ITEMS}/{things['shirt']['id']}/worn", json={"date": "2026-02-03"}))
    assert (worn["wear_count"], worn["last_worn_on"], worn["cost_per_wear"]) == (2, "2026-02-03", 10)
    assert person.post(f"{ITEMS}/{things['dress']['id']}/worn", json={}).status_code == 409, "not owned yet"
    stats = done(person.get("/api/wardrobe/stats"))
    assert stats["owned"]["values"] == [{"currency": "EUR", "items": 2, "value": 80}]
    assert (stats["wishlist"]["items"], stats["owned"]["wears"]) == (1, 3)
    assert [item["title"] for item in stats["most_worn"]] == ["Crème T-Shirt", "Blue jeans"]


def move(person: Any, other: Any) -> None:
    """By a ZIP into another account, which then sees the same; a second time nothing is added."""
    archive = person.get("/api/wardrobe/export")
    assert (archive.status_code, archive.mimetype) == (200, "application/zip")
    for added in ({"items": 3, "outfits": 1, "sections": 1, "categories": 1, "wear_days": 3}, dict.fromkeys(COUNTS, 0)):
        parts = {"file": (io.BytesIO(archive.data), "wardrobe.zip")}
        brought = done(other.post("/api/wardrobe/import", data=parts))
        assert (brought["added"], brought["failed"]) == (added, [])
    assert seen(other) == seen(person)


def seen(person: Any) -> dict[str, Any]:
    """All that a person sees, with pictures in place of addresses and titles in place of ids."""
    items = done(person.get(ITEMS, query_string={"sort": "oldest"}))
    title = {item["id"]: item["title"] for item in items}
    outfits = done(person.get("/api/outfits"))
    for outfit in outfits:
        outfit |= {"item_ids": [title[number] for number in outfit["item_ids"]], "cover_url": bool(outfit["cover_url"])}
        outfit |= {"items": [shown(person, item) for item in outfit["items"]], "id": None}
    tree = done(person.get("/api/wardrobe/categories"))["categories_by_section"]
    own = {section: [(one["name"], one["item_count"]) for one in some["user_categories"]]
           for section, some in tree.items()}  # fmt: skip
    stats = done(person.get("/api/wardrobe/stats"))
    rankings = {name: [item["title"] for item in stats.pop(name)] for name in ("most_worn", "least_worn", "never_worn")}
    costs = [[item["title"] for item in cost["best"]] for cost in stats.pop("cost_per_wear")]
    return {"items": [shown(person, item) for item in items], "outfits": outfits, "own": own,
            "stats": stats, "rankings": rankings, "costs": costs}  # fmt: skip


def shown(person: Any, thing: dict[str, Any]) -> dict[str, Any]:
    pictures = {name: opened(person, thing[name]).tobytes() for name in ("image_url", "thumbnail_url") if name in thing}
    return {name: value for name, value in thing.items() if name not in OF_THE_ACCOUNT} | pictures


# --- the story -----------------------------------------------------------------------------------------------------


def test_a_wardrobe_from_the_first_picture_on(
    app: Flask, person: Any, sign_up: Callable[..., Any], shop: LocalShop, engine: FakeEngine, config: Any
) -> None:
    other = sign_up(app)
    things = collect(person, shop)
    check_what_came(things, shop)
    find(person, things)
    free_from_background(person, things)
    outfit = put_together(person, things)
    try_on(person, outfit, engine)
    wear(person, things, outfit)
    assert titles(other) == [] and done(other.get("/api/outfits")) == []
    move(person, other)
    done(person.delete("/api/users/profile", json={"password": PASSWORD}))
    assert {key.split("/")[1] for key in files(config)} == {other.user["userid"]}
    assert titles(other) == ["Blue jeans", "Teal midi dress", "Crème T-Shirt"]
