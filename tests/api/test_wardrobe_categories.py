"""Sections and categories over HTTP: the platform's for everybody, own ones that nobody else sees."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from config import Config
from shared.database import DatabaseManager

SECTIONS, CATEGORIES, ITEMS = "/api/wardrobe/category-sections", "/api/wardrobe/categories", "/api/wardrobe/items"
PLATFORM = ["upper_body", "lower_body", "accessoires", "wishlist"]
IDENTIFIERS = {
    "upper_body": ["t_shirts", "shirts", "sweaters", "jackets", "dresses"],
    "lower_body": ["pants", "jeans", "shorts", "skirts", "leggings"],
    "accessoires": ["bags", "shoes", "hats", "jewelry", "belts"],
    "wishlist": [],
}
SUMMER = {
    "name": "summer_collection", "display_name": "Summer Collection", "description": "My summer wardrobe items",
    "icon_name": "summer_icon", "icon_url": "https://example.com/icons/summer.png", "sort_order": 5,
}  # fmt: skip


def section(person: Any, name: str = "summer_collection", **extra: Any) -> dict[str, Any]:
    answer = person.post(SECTIONS, json={"name": name, **extra})
    assert answer.status_code == 201, answer.json
    return dict(answer.json["data"])


def category(person: Any, name: str = "casual_shirts", where: str = "upper_body", **extra: Any) -> dict[str, Any]:
    answer = person.post(CATEGORIES, json={"name": name, "category_section": where, **extra})
    assert answer.status_code == 201, answer.json
    return dict(answer.json["data"])


def item(person: Any, **fields: Any) -> int:
    file = io.BytesIO()
    Image.new("RGB", (96, 96), "white").save(file, "PNG")
    file.seek(0)
    form = {"category_section": "upper_body", "garment_type": "upper", "garment_category_type": "upper_body", **fields}
    answer = person.post(ITEMS, data={**form, "garment_image": (file, "it.png")})
    assert answer.status_code == 201, answer.json
    return int(answer.json["data"]["id"])


def names(person: Any) -> list[str]:
    return [found["name"] for found in person.get(SECTIONS).json["data"]]


def refused(answer: Any, status: int, code: str, field: str | None = None) -> None:
    assert (answer.status_code, answer.json["error_code"]) == (status, code), answer.json
    if field:
        assert list(answer.json["details"]["fields"]) == [field]


# --- what is there from the start ----------------------------------------------------------------------------------


def test_the_platforms_sections_and_categories(person: Any) -> None:
    shown = person.get(CATEGORIES).json["data"]
    assert [found["name"] for found in shown["sections"]] == PLATFORM == names(person)
    assert [found["display_name"] for found in shown["sections"]] == [
        "Upper Body", "Lower Body", "Accessories", "Wishlist",
    ]  # fmt: skip
    assert all(found["is_platform"] and found["user_id"] is None for found in shown["sections"])
    platform = {
        name: [found["name"] for found in held["platform_categories"]]
        for name, held in shown["categories_by_section"].items()
    }
    assert platform == IDENTIFIERS
    assert not any(held["user_categories"] for held in shown["categories_by_section"].values())


def test_an_account_is_needed(person: Any) -> None:
    for path in (SECTIONS, CATEGORIES, f"{CATEGORIES}/1"):
        assert person.http.get(path).status_code == 401


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("path", [f"{SECTIONS}/1", f"{CATEGORIES}/7"])
def test_the_platforms_rows_stay(person: Any, method: str, path: str) -> None:
    before = person.get(CATEGORIES).json["data"]
    refused(getattr(person, method)(path, json={"description": "mine"}), 403, "AUTHORIZATION_ERROR")
    assert person.get(CATEGORIES).json["data"] == before


def test_a_platform_category_can_be_read(person: Any) -> None:
    shown = person.get(f"{CATEGORIES}/7").json["data"]
    assert (shown["name"], shown["display_name"], shown["category_section"]) == ("jeans", "Jeans", "lower_body")
    assert shown["is_platform"]


# --- sections ------------------------------------------------------------------------------------------------------


def test_an_own_section_as_it_was_sent(person: Any) -> None:
    made = section(person, **SUMMER)
    assert {name: made[name] for name in SUMMER} == SUMMER
    assert made["user_id"] == person.user["userid"] and not made["is_platform"] and made["item_count"] == 0
    assert person.get(SECTIONS).json["data"][-1] == made


@pytest.mark.parametrize(
    ("name", "shown"),
    [("summer_collection", "Summer Collection"), ("Mein Büro", "Mein Büro"), ("kid's_things", "Kid's Things"),
     ("_", "_"), ("夏", "夏")],
)  # fmt: skip
def test_a_name_that_people_can_read_is_made(person: Any, name: str, shown: str) -> None:
    assert section(person, name)["display_name"] == shown
    assert names(person) == [*PLATFORM, name]


def test_sections_stand_in_the_order_asked_for(person: Any) -> None:
    for name, place in (("last", 200), ("first", -1), ("third", 2)):
        section(person, name, sort_order=place)
    section(person, "between")
    expected = ["first", "upper_body", "lower_body", "third", "accessoires", "wishlist", "between", "last"]
    assert names(person) == expected


@pytest.mark.parametrize("name", ["wishlist", " WISHLIST ", "Upper_Body", "été", "ETE", "e\u0301te\u0301"])
def test_a_section_name_is_taken_once(person: Any, name: str) -> None:
    section(person, "Été")
    refused(person.post(SECTIONS, json={"name": name}), 409, "CONFLICT", "name")
    assert names(person) == [*PLATFORM, "Été"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None), ("name", ""), ("name", "  "), ("name", 5), ("name", "x" * 101), ("name", "a\nb"),
        ("name", "a\x00"), ("name", "\u0301"), ("name", "a\u202eb"), ("display_name", 5), ("display_name", "x" * 256),
        ("description", "x" * 5001), ("description", ["x"]), ("icon_name", "x" * 101), ("icon_url", "icons/summer.png"),
        ("icon_url", "javascript:alert(1)"), ("icon_url", "https://example.com/" + "x" * 2048), ("sort_order", "5"),
        ("sort_order", 2**40), ("sort_order", 1.5), ("sort_order", None),
    ],
)  # fmt: skip
def test_wrong_fields_of_a_section_are_named(person: Any, field: str, value: Any) -> None:
    refused(person.post(SECTIONS, json={**SUMMER, field: value}), 400, "VALIDATION_ERROR", field)
    assert names(person) == PLATFORM
    made = section(person)
    refused(person.put(f"{SECTIONS}/{made['id']}", json={field: value}), 400, "VALIDATION_ERROR", field)
    assert person.get(SECTIONS).json["data"][-1] == made


def test_a_section_from_a_form(person: Any) -> None:
    answer = person.post(SECTIONS, data={"name": "winter", "sort_order": "7", "icon_url": ""})
    assert answer.status_code == 201
    assert (answer.json["data"]["sort_order"], answer.json["data"]["icon_url"]) == (7, None)


def test_only_what_is_sent_changes(person: Any) -> None:
    made = section(person, **SUMMER)
    changed = person.put(f"{SECTIONS}/{made['id']}", json={"icon_url": None, "display_name": "Sun"}).json["data"]
    assert changed["updated_at"] > made["updated_at"]
    assert changed == {**made, "icon_url": None, "display_name": "Sun", "updated_at": changed["updated_at"]}
    assert person.put(f"{SECTIONS}/{made['id']}", json={}).json["data"] == changed


def test_a_new_name_takes_everything_along(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    made, other = section(person), sign_up(app)
    theirs = item(other, category_section=section(other)["name"])
    mine, own = item(person, category_section="summer_collection"), category(person, where="summer_collection")
    elsewhere = item(person)
    changed = person.put(f"{SECTIONS}/{made['id']}", json={"name": "Holiday"}).json["data"]
    assert (changed["name"], changed["display_name"], changed["item_count"]) == ("Holiday", "Holiday", 1)
    assert person.get(f"{ITEMS}/{mine}").json["data"]["category_section"] == "Holiday"
    assert person.get(f"{CATEGORIES}/{own['id']}").json["data"]["category_section"] == "Holiday"
    assert person.get(f"{ITEMS}/{elsewhere}").json["data"]["category_section"] == "upper_body"
    assert other.get(f"{ITEMS}/{theirs}").json["data"]["category_section"] == "summer_collection"


def test_a_new_spelling_is_no_conflict_but_another_name_is(person: Any) -> None:
    made = section(person, "ete")
    section(person, "winter")
    assert person.put(f"{SECTIONS}/{made['id']}", json={"name": "Été"}).json["data"]["name"] == "Été"
    for taken in ("WINTER", "wishlist"):
        refused(person.put(f"{SECTIONS}/{made['id']}", json={"name": taken}), 409, "CONFLICT", "name")
    assert names(person) == [*PLATFORM, "Été", "winter"]


def test_an_empty_section_goes(person: Any) -> None:
    made = section(person)
    answer = person.delete(f"{SECTIONS}/{made['id']}")
    assert answer.json["data"] == {"items": 0, "categories": 0} and names(person) == PLATFORM
    refused(person.delete(f"{SECTIONS}/{made['id']}"), 404, "NOT_FOUND")
    assert section(person)["id"] > made["id"], "an id is never used again"


def test_a_section_in_use_goes_only_with_a_place_for_what_is_in_it(person: Any) -> None:
    made = section(person)
    mine, own = item(person, category_section=made["name"]), category(person, where=made["name"])
    path = f"{SECTIONS}/{made['id']}"
    answer = person.delete(path)
    refused(answer, 409, "CONFLICT")
    assert answer.json["details"] == {"items": 1, "categories": 1}
    for nowhere in ("nowhere", "SUMMER_COLLECTION"):
        refused(person.delete(path, query_string={"move_to": nowhere}), 400, "VALIDATION_ERROR", "move_to")
    assert person.get(f"{ITEMS}/{mine}").json["data"]["category_section"] == made["name"]
    answer = person.delete(path, query_string={"move_to": "Lower_Body"})
    assert answer.json["data"] == {"items": 1, "categories": 1} and names(person) == PLATFORM
    assert person.get(f"{ITEMS}/{mine}").json["data"]["category_section"] == "lower_body"
    assert person.get(f"{CATEGORIES}/{own['id']}").json["data"]["category_section"] == "lower_body"


# --- categories ----------------------------------------------------------------------------------------------------


def test_an_own_category_as_it_was_sent(person: Any) -> None:
    made = category(person, description="Casual shirts for everyday wear")
    assert made["id"] >= 1001 and made["user_id"] == person.user["userid"] and not made["is_platform"]
    assert made["display_name"] == made["name"] == "casual_shirts"
    assert person.get(f"{CATEGORIES}/{made['id']}").json["data"] == made
    held = person.get(CATEGORIES).json["data"]["categories_by_section"]["upper_body"]
    assert held["user_categories"] == [made] and len(held["platform_categories"]) == 5


def test_a_category_takes_the_sections_stored_name(person: Any) -> None:
    section(person, "Été")
    assert category(person, where="ETE")["category_section"] == "Été"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None), ("name", ""), ("name", "x" * 256), ("name", "a\nb"), ("name", 5), ("category_section", None),
        ("category_section", ""), ("category_section", "nowhere"), ("category_section", 5), ("description", 5),
        ("description", "x" * 5001),
    ],
)  # fmt: skip
def test_wrong_fields_of_a_category_are_named(person: Any, field: str, value: Any) -> None:
    good = {"name": "casual", "category_section": "upper_body", "description": "x"}
    refused(person.post(CATEGORIES, json={**good, field: value}), 400, "VALIDATION_ERROR", field)
    made = category(person)
    refused(person.put(f"{CATEGORIES}/{made['id']}", json={field: value}), 400, "VALIDATION_ERROR", field)
    assert person.get(f"{CATEGORIES}/{made['id']}").json["data"] == made


def test_an_unknown_section_is_answered_with_the_known_ones(person: Any) -> None:
    section(person, "Büro")
    answer = person.post(CATEGORIES, json={"name": "x", "category_section": "nowhere"})
    assert answer.json["details"]["fields"]["category_section"] == f"must be one of {', '.join(PLATFORM)}, Büro"


@pytest.mark.parametrize("name", ["Casual_Shirts", "casual_shirts ", "CASUAL_SHÍRTS"])
def test_a_category_name_is_taken_once(person: Any, name: str) -> None:
    category(person)
    other = category(person, "other")
    refused(person.post(CATEGORIES, json={"name": name, "category_section": "lower_body"}), 409, "CONFLICT", "name")
    refused(person.put(f"{CATEGORIES}/{other['id']}", json={"name": name}), 409, "CONFLICT", "name")


def test_a_platform_category_may_have_a_namesake(person: Any) -> None:
    own = category(person, "Hats", section(person)["name"])
    shown = person.get(CATEGORIES, query_string={"search": "hats"}).json["data"]["categories_by_section"]
    assert [found["id"] for found in shown["accessoires"]["platform_categories"]] == [13]
    assert shown["summer_collection"]["user_categories"] == [own]


def test_a_category_changes_and_its_items_show_it(person: Any) -> None:
    made = category(person)
    mine = item(person, category_id=str(made["id"]))
    answer = person.put(
        f"{CATEGORIES}/{made['id']}", json={"name": "Casual_SHIRTS", "category_section": "Wishlist", "description": "x"}
    )
    changed = answer.json["data"]
    assert (changed["name"], changed["category_section"], changed["item_count"]) == ("Casual_SHIRTS", "wishlist", 1)
    shown = person.get(f"{ITEMS}/{mine}").json["data"]
    assert (shown["category_id"], shown["custom_category_name"]) == (made["id"], "Casual_SHIRTS")
    assert shown["category_section"] == "upper_body", "the item lies where it was put"
    assert person.put(f"{CATEGORIES}/{made['id']}", json={"description": None}).json["data"]["description"] is None


def test_a_deleted_category_leaves_its_items(person: Any) -> None:
    made = category(person)
    mine = item(person, category_id=str(made["id"]))
    assert person.delete(f"{CATEGORIES}/{made['id']}").json["data"] == {"items": 1}
    assert person.get(f"{ITEMS}/{mine}").json["data"]["category_id"] is None
    refused(person.get(f"{CATEGORIES}/{made['id']}"), 404, "NOT_FOUND")
    assert category(person, "new")["id"] > made["id"]


def test_counts_are_of_the_own_items(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    item(person, category="jeans", category_section="lower_body")
    item(person, category="jeans", category_section="wishlist")
    assert person.get(f"{CATEGORIES}/7").json["data"]["item_count"] == 2
    assert [found["item_count"] for found in person.get(SECTIONS).json["data"]] == [0, 1, 0, 1]
    other = sign_up(app)
    assert other.get(f"{CATEGORIES}/7").json["data"]["item_count"] == 0
    assert [found["item_count"] for found in other.get(SECTIONS).json["data"]] == [0] * 4


@pytest.mark.parametrize(
    ("search", "found"),
    [("shirts", ["t_shirts", "shirts", "Hémd shirts"]), ("t-sh", ["t_shirts"]), ("HEMD", ["Hémd shirts"]),
     ("shirts hemd", ["Hémd shirts"]), ("weekend", ["Hémd shirts"]), ("%", []), ("nothing", []),
     ("   ", [*(name for held in IDENTIFIERS.values() for name in held), "Hémd shirts"])],
)  # fmt: skip
def test_search_folds_and_wants_every_word(person: Any, search: str, found: list[str]) -> None:
    category(person, "Hémd shirts", description="for the Weekend")
    shown = person.get(CATEGORIES, query_string={"search": search}).json["data"]
    held = shown["categories_by_section"]
    assert list(held) == PLATFORM
    everything = [each["name"] for whose in ("platform_categories", "user_categories")
                  for section_ in held.values() for each in section_[whose]]  # fmt: skip
    assert everything == found


def test_one_section_alone(person: Any) -> None:
    made = section(person)
    own = category(person, where=made["name"])
    shown = person.get(CATEGORIES, query_string={"category_section": "Summer_Collection"}).json["data"]
    assert [found["name"] for found in shown["sections"]] == ["summer_collection"]
    assert shown["categories_by_section"] == {
        "summer_collection": {"platform_categories": [], "user_categories": [own]}
    }
    refused(
        person.get(CATEGORIES, query_string={"category_section": "no"}), 400, "VALIDATION_ERROR", "category_section"
    )


# --- everybody's own -----------------------------------------------------------------------------------------------


def test_a_stranger_sees_and_changes_nothing(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    made = section(person)
    own = category(person, where=made["name"])
    before, stranger = person.get(CATEGORIES).json["data"], sign_up(app)
    for path in (f"{SECTIONS}/{made['id']}", f"{CATEGORIES}/{own['id']}"):
        refused(stranger.put(path, json={"name": "stolen"}), 404, "NOT_FOUND")
        refused(stranger.delete(path, query_string={"move_to": "wishlist"}), 404, "NOT_FOUND")
    refused(stranger.get(f"{CATEGORIES}/{own['id']}"), 404, "NOT_FOUND")
    wrong = stranger.post(CATEGORIES, json={"name": "x", "category_section": made["name"]})
    refused(wrong, 400, "VALIDATION_ERROR", "category_section")
    assert made["name"] not in wrong.get_data(as_text=True)
    assert names(stranger) == PLATFORM and person.get(CATEGORIES).json["data"] == before
    assert section(stranger)["name"] == made["name"], "the same name is free for others"
    assert category(stranger, where=made["name"])["name"] == own["name"]


@pytest.mark.parametrize("number", ["0", "999", "1000", str(2**63 - 1), str(2**63), "9" * 40, "-1", "x"])
def test_ids_that_are_none(person: Any, number: str) -> None:
    refused(person.get(f"{CATEGORIES}/{number}"), 404, "NOT_FOUND")
    refused(person.put(f"{SECTIONS}/{number}", json={"name": "x"}), 404, "NOT_FOUND")


def test_of_many_at_once_one_gets_the_name(person: Any, app: Flask) -> None:
    answers: list[int] = []

    def make(name: str) -> None:
        answer = app.test_client().post(SECTIONS, json={"name": name}, headers=person.headers)
        answers.append(answer.status_code)

    threads = [threading.Thread(target=make, args=(name,)) for name in ("sun", "Sun", "SUN", "sün")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409] and len(names(person)) == 5


def test_closing_an_account_counts_and_takes_them(person: Any, config: Config) -> None:
    section(person)
    category(person, where="summer_collection")
    counts = person.delete("/api/users/profile", json={"password": "correct horse battery"}).json["data"]
    assert (counts["sections"], counts["categories"]) == (1, 1)
    db = DatabaseManager(config.database_path)
    assert db.fetch_all("SELECT name FROM category_sections WHERE user_id IS NOT NULL") == []
    assert db.fetch_all("SELECT name FROM wardrobe_categories") == []
