"""A wardrobe leaves as a ZIP and comes back, here or elsewhere, without loss; what is wrong leaves nothing behind."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from wardrobe_things import ITEMS, add, drawn, files, sample

EXPORT, IMPORT = "/api/wardrobe/export", "/api/wardrobe/import"
OUTFITS = "/api/outfits"
OF_THE_ACCOUNT = ("id", "user_id", "category_id", "image_url", "thumbnail_url", "image_path", "warnings")
NOTHING = {"items": 0, "outfits": 0, "sections": 0, "categories": 0, "wear_days": 0}


def exported(person: Any, query: str = "") -> bytes:
    answer = person.get(EXPORT + query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/zip" and ".zip" in answer.headers["Content-Disposition"]
    return bytes(answer.data)


def sent(person: Any, archive: bytes) -> Any:
    return person.post(IMPORT, data={"file": (io.BytesIO(archive), "wardrobe.zip")})


def imported(person: Any, archive: bytes) -> dict[str, Any]:
    answer = sent(person, archive)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.json["data"]
    return found


def unpacked(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def document(archive: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unpacked(archive)["wardrobe.json"])
    return found


def packed(entries: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def changed(archive: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """With another document."""
    found = document(archive)
    change(found)
    return packed({**unpacked(archive), "wardrobe.json": json.dumps(found).encode()})


def wardrobe(person: Any) -> dict[str, Any]:
    """What a person sees, without what differs from account to account; pictures as pixels."""
    items = person.get(f"{ITEMS}?sort=oldest").json["data"]
    places = {item["id"]: place for place, item in enumerate(items)}
    outfits = person.get(OUTFITS).json["data"]
    for outfit in outfits:
        outfit["item_ids"] = [places[number] for number in outfit["item_ids"]]
    own = ("name", "display_name", "description", "icon_name", "icon_url", "sort_order", "category_section")
    sections = person.get("/api/wardrobe/category-sections").json["data"]
    tree = person.get("/api/wardrobe/categories").json["data"]["categories_by_section"]
    categories = [one for section in tree.values() for one in section["user_categories"]]
    return {
        "items": [{name: value for name, value in item.items() if name not in OF_THE_ACCOUNT} for item in items],
        "pictures": [person.http.get(item["image_url"]).data for item in items],
        "thumbnails": [person.http.get(item["thumbnail_url"]).data for item in items],
        "outfits": [
            {name: outfit[name] for name in outfit if name not in ("id", "items", "cover_url")} for outfit in outfits
        ],
        "sections": [{name: one.get(name) for name in own} for one in sections],
        "categories": [{name: one.get(name) for name in own} for one in categories],
        "stats": person.get("/api/wardrobe/stats").json["data"]["owned"],
    }


def furnished(person: Any) -> list[int]:
    """A wardrobe with something of everything."""
    person.post("/api/wardrobe/category-sections", json={"name": "attic", "description": "Old", "sort_order": 7})
    category = person.post("/api/wardrobe/categories", json={"name": "Costumes", "category_section": "attic"})
    day = date.today() - timedelta(days=3)
    said = {
        "title": "Größe „L“ 👗", "brand": "Acme", "color": "blau", "size": "38", "description": "Zwei\nZeilen",
        "price": "79.9", "currency": "EUR", "tags": '["sommer", "Fest"]', "favorite": "true",
        "fabric": '[{"name": "cotton", "percentage": 95}, {"name": "elastane", "percentage": 5}]',
        "care_instructions": '["Wash at 30"]', "custom_category_name": "Evening",
        "garment_url": "https://shop.example/dress",
    }  # fmt: skip
    dress = add(person, sample("dress"), **said, category="dresses")["id"]
    person.post(f"{ITEMS}/{dress}/remove-background")
    hat = add(person, drawn("#404080"), category_section="attic", category_id=category.json["data"]["id"])["id"]
    wish = add(person, drawn("#a04040"), category_section="wishlist")["id"]
    outfit = person.post(OUTFITS, json={"name": "Ball", "item_ids": [hat, dress], "tags": ["x"], "notes": "Gloves"})
    person.post(f"{OUTFITS}/{outfit.json['data']['id']}/worn", json={"date": day.isoformat()})
    person.post(f"{ITEMS}/{dress}/worn", json={"date": (day - timedelta(days=1)).isoformat()})
    return [dress, hat, wish]


@pytest.fixture
def other(app: Flask, sign_up: Callable[..., Any]) -> Any:
    return sign_up(app)


def test_an_account_moves_without_loss(person: Any, other: Any) -> None:
    furnished(person)
    archive = exported(person)
    added = {"items": 3, "outfits": 1, "sections": 1, "categories": 1, "wear_days": 3}
    assert imported(other, archive) == {"added": added, "already_there": NOTHING, "failed": []}
    assert wardrobe(other) == wardrobe(person)
    again = exported(other)
    assert {**document(again), "exported_at": ""} == {**document(archive), "exported_at": ""}
    assert {name: data for name, data in unpacked(again).items() if name != "wardrobe.json"} == {
        name: data for name, data in unpacked(archive).items() if name != "wardrobe.json"
    }


def test_it_is_searchable_and_goes_on_living(person: Any, other: Any) -> None:
    furnished(person)
    imported(other, exported(person))
    found = other.get(f"{ITEMS}?search=grosse").json["data"]
    assert [item["brand"] for item in found] == ["Acme"]
    back = other.post(f"{ITEMS}/{found[0]['id']}/remove-background/undo").json["data"]
    assert not back["background_removed"]
    mine = person.get(f"{ITEMS}?search=grosse").json["data"][0]
    undone = person.post(f"{ITEMS}/{mine['id']}/remove-background/undo").json["data"]
    assert other.http.get(back["image_url"]).data == person.http.get(undone["image_url"]).data
    outfit = other.get(OUTFITS).json["data"][0]
    assert other.http.get(other.get(f"{OUTFITS}/{outfit['id']}").json["data"]["cover_url"]).status_code == 200


@pytest.mark.parametrize("whose", ["own", "other"])
def test_twice_adds_nothing_twice(person: Any, other: Any, config: Any, whose: str) -> None:
    furnished(person)
    archive = exported(person)
    target = person if whose == "own" else other
    if whose == "other":
        imported(other, archive)
    before, stored = wardrobe(target), files(config)
    there = {"items": 3, "outfits": 1, "sections": 1, "categories": 1, "wear_days": 3}
    assert imported(target, archive) == {"added": NOTHING, "already_there": there, "failed": []}
    assert wardrobe(target) == before and files(config) == stored


def test_what_was_deleted_comes_back(person: Any) -> None:
    dress, hat, _ = furnished(person)
    archive, before = exported(person), wardrobe(person)
    person.delete(f"{ITEMS}/{hat}")
    person.delete(f"{OUTFITS}/{person.get(OUTFITS).json['data'][0]['id']}")
    person.delete(f"{ITEMS}/{dress}/worn?date={document(archive)['items'][0]['worn_on'][0]}")
    assert imported(person, archive)["added"] == {**NOTHING, "items": 1, "outfits": 1, "wear_days": 2}
    after = wardrobe(person)
    assert after["outfits"][0]["wear_count"] == 1
    assert sorted(map(str, after["items"])) == sorted(map(str, before["items"]))


def test_names_that_are_there_are_used(person: Any, other: Any) -> None:
    furnished(person)
    other.post("/api/wardrobe/category-sections", json={"name": "Áttic", "description": "Mine"})
    answer = imported(other, exported(person))
    assert answer["added"]["sections"] == 0 and answer["already_there"]["sections"] == 1
    items = other.get(f"{ITEMS}?category_section=attic").json["data"]
    assert [(item["category_section"], item["custom_category_name"]) for item in items] == [("Áttic", "Costumes")]


def test_an_empty_wardrobe(person: Any, other: Any) -> None:
    assert imported(other, exported(person)) == {"added": NOTHING, "already_there": NOTHING, "failed": []}


def test_someone_elses_things_do_not_leave(person: Any, other: Any) -> None:
    furnished(person)
    assert document(exported(other))["items"] == [] and document(exported(other))["sections"] == []


# --- in parts --------------------------------------------------------------------------------------------------------


def parts_of(person: Any) -> list[bytes]:
    """As a client follows the links."""
    found, query = [], "?after=0"
    while True:
        answer = person.get(EXPORT + query)
        found.append(bytes(answer.data))
        link = answer.headers.get("Link")
        after = document(found[-1])["next_after"]
        assert (link is None) == (after is None)
        if link is None:
            return found
        assert link == f'<http://localhost{EXPORT}?after={after}>; rel="next"'
        query = link.partition("?")[2].partition(">")[0].join(("?", ""))


def test_a_large_wardrobe_moves_in_parts(make_app: Callable[..., Flask], sign_up: Any, config: Any) -> None:
    app = make_app(max_request_size=30_000)
    person, other = sign_up(app), sign_up(app)
    ids = [add(person, drawn(f"#{number}0{number}040", size=(200, 300)))["id"] for number in range(1, 8)]
    for name, members in (("a", ids[:2]), ("b", [ids[0], ids[6]]), ("c", ids[3:5])):
        person.post(OUTFITS, json={"name": name, "item_ids": members})
    found = parts_of(person)
    assert len(found) > 2 and all(len(part) < 30_000 for part in found)
    assert [item["uid"] for part in found for item in document(part)["items"]] == [
        item["uid"] for item in document(exported(person))["items"]
    ]
    assert sum(len(document(part)["outfits"]) for part in found) == 3
    last = imported(other, found[-1])
    assert [entry["outfit"] for entry in last["failed"]] == ["b"] and last["added"]["outfits"] < 3
    for part in (*found[:-1], found[-1]):
        answer = imported(other, part)
    assert answer["failed"] == []
    mine, theirs = wardrobe(person), wardrobe(other)
    assert len(theirs["items"]) == 7 and {one["name"] for one in theirs["outfits"]} == {"a", "b", "c"}
    assert mine["sections"] == theirs["sections"]


@pytest.mark.parametrize("after", ["-1", "x", str(2**63)])
def test_parts_begin_behind_an_id(person: Any, after: str) -> None:
    answer = person.get(f"{EXPORT}?after={after}")
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["after"])


# --- nothing half-written --------------------------------------------------------------------------------------------


@pytest.fixture
def archive(person: Any) -> bytes:
    furnished(person)
    return exported(person)


def refused(other: Any, config: Any, archive: bytes, status: int, code: str) -> dict[str, Any]:
    """And nothing of it is there."""
    before, stored = wardrobe(other), files(config)
    answer = sent(other, archive)
    assert (answer.status_code, answer.json["error_code"]) == (status, code), answer.get_data(as_text=True)
    assert wardrobe(other) == before and files(config) == stored
    found: dict[str, Any] = answer.json
    return found


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("items.0.price", lambda found: found["items"][0].update(price="dear")),
    ("items.0.price", lambda found: found["items"][0].update(price=-1)),
    ("items.1.title", lambda found: found["items"][1].update(title=7)),
    ("items.1.title", lambda found: found["items"][1].update(title="a\x00b")),
    ("items.1.category_section", lambda found: found["items"][1].pop("category_section")),
    ("items.0.fabric", lambda found: found["items"][0].update(fabric=[{"name": "wool", "percentage": 7}])),
    ("items.0.care_instructions", lambda found: found["items"][0].update(care_instructions="wash")),
    ("items.0.garment_url", lambda found: found["items"][0].update(garment_url="javascript:alert(1)")),
    ("items.0.uid", lambda found: found["items"][0].update(uid="../x")),
    ("items.0.picture", lambda found: found["items"][0].update(picture="../../etc/passwd")),
    ("items.0.worn_on.0", lambda found: found["items"][0].update(worn_on=["yesterday"])),
    ("items.0.created_at", lambda found: found["items"][0].update(created_at="2026-01-01")),
    ("items.0.created_at", lambda found: found["items"][0].update(created_at="0001-01-01T00:00:00+23:00")),
    ("items.0.size_chart", lambda found: found["items"][0].update(size_chart={"M": 10**400})),
    ("outfits.0.items", lambda found: found["outfits"][0].update(items=["0" * 32] * 2)),
    ("sections.0.name", lambda found: found["sections"][0].update(name="")),
    ("items", lambda found: found.update(items={})),
    ("version", lambda found: found.update(version=2)),
    ("format", lambda found: found.update(format="another")),
    ("category_section", lambda found: found["items"][2].update(category_section="cellar")),
    ("category_section", lambda found: found["categories"][0].update(category_section="cellar")),
    ("own_category", lambda found: found["items"][1].update(own_category="Armour")),
    ("worn_on", lambda found: found["items"][0].update(worn_on=["2999-01-01"])),
    ("worn_on", lambda found: found["outfits"][0].update(worn_on=["1066-10-14"])),
    ("file", lambda found: found["items"][1].update(uid=found["items"][0]["uid"])),
    ("file", lambda found: found["items"][1].update(picture=found["items"][0]["picture"])),
    ("file", lambda found: found["items"][1].update(picture="images/none.jpg")),
]  # fmt: skip


@pytest.mark.parametrize(("field", "change"), CHANGES, ids=range(len(CHANGES)))
def test_a_wrong_document(
    archive: bytes, other: Any, config: Any, field: str, change: Callable[[dict[str, Any]], object]
) -> None:
    said = refused(other, config, changed(archive, change), 400, "VALIDATION_ERROR")
    assert list(said["details"]["fields"]) == [field]


@pytest.mark.parametrize("text", [b"", b"[broken", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": NaN}'])
def test_no_document(archive: bytes, other: Any, config: Any, text: bytes) -> None:
    refused(other, config, packed({**unpacked(archive), "wardrobe.json": text}), 400, "VALIDATION_ERROR")


PICTURES = [
    (b"no picture", 415, "UNSUPPORTED_MEDIA_TYPE"),
    (b"", 400, "VALIDATION_ERROR"),
    (drawn(size=(20, 20)), 422, "IMAGE_REJECTED"),
    (drawn(size=(400, 400))[:-900], 422, "IMAGE_REJECTED"),
]


@pytest.mark.parametrize(("picture", "status", "code"), PICTURES, ids=["none", "empty", "small", "damaged"])
@pytest.mark.parametrize("which", ["picture", "cut_out"])
def test_a_wrong_picture(
    archive: bytes, other: Any, config: Any, which: str, picture: bytes, status: int, code: str
) -> None:
    name = document(archive)["items"][0][which]
    said = refused(other, config, packed({**unpacked(archive), name: picture}), status, code)
    assert said["details"]["field"] == name


def test_a_picture_brings_no_metadata_along(archive: bytes, other: Any) -> None:
    name = document(archive)["items"][2]["picture"]
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    file = io.BytesIO()
    Image.open(io.BytesIO(unpacked(archive)[name])).save(file, "JPEG", exif=exif)
    imported(other, packed({**unpacked(archive), name: file.getvalue() + b"tail"}))
    stored = other.http.get(other.get(f"{ITEMS}?sort=newest").json["data"][0]["image_url"]).data
    assert b"taken at home" not in stored and not stored.endswith(b"tail")


def test_a_part_that_is_missing(person: Any) -> None:
    answer = person.post(IMPORT, data={"other": "x"})
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["file"])


def test_a_request_that_is_too_large(make_app: Callable[..., Flask], sign_up: Any, config: Any) -> None:
    person = sign_up(make_app(max_request_size=3000))
    answer = sent(person, b"PK\x03\x04" + bytes(4000))
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
