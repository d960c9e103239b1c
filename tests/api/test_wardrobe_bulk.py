"""Many pictures in one request, upload keys, and the hint that a picture is there already."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from wardrobe_things import ITEMS, TYPED, add, drawn, files, form, resized, sample

BULK = f"{ITEMS}/bulk"
COLORS = ("#804020", "#208040", "#402080", "#c0c020")


def parts(images: list[bytes], **fields: Any) -> dict[str, Any]:
    return {"images": [(io.BytesIO(image), "garment.jpg") for image in images], **TYPED, **fields}


def added(person: Any, images: list[bytes], **fields: Any) -> list[dict[str, Any]]:
    answer = person.post(BULK, data=parts(images, **fields))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    outcomes: list[dict[str, Any]] = answer.json["data"]
    assert [outcome["index"] for outcome in outcomes] == list(range(len(images)))
    return outcomes


def names(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["outcome"] for outcome in outcomes]


def total(person: Any) -> int:
    return int(person.get(ITEMS).json["meta"]["total"])


def test_each_picture_becomes_an_item(person: Any, config: Any) -> None:
    images = [drawn(color) for color in COLORS]
    own = [{"title": "Shirt", "tags": ["new"]}, None, {"category_section": "wishlist", "category": "jeans"}]
    outcomes = added(person, images, items=json.dumps(own), brand="Acme", tags="summer")
    assert names(outcomes) == ["created"] * 4
    items = [person.get(f"{ITEMS}/{outcome['item']['id']}").json["data"] for outcome in outcomes]
    assert [item["title"] for item in items] == ["Shirt", None, None, None]
    assert [item["tags"] for item in items] == [["new"], ["summer"], ["summer"], ["summer"]]
    assert [item["category_section"] for item in items] == ["upper_body", "upper_body", "wishlist", "upper_body"]
    assert {item["brand"] for item in items} == {"Acme"} and items[2]["garment_type"] == "lower"
    assert len(files(config)) == 8
    assert [person.http.get(item["image_url"]).status_code for item in items] == [200] * 4


def test_a_broken_picture_stops_no_other(person: Any, config: Any) -> None:
    broken = [b"no picture", drawn()[:300], b"", drawn(size=(20, 20))]
    images = [drawn(COLORS[0]), *broken, drawn(COLORS[1])]
    answer = person.post(BULK, data=parts(images))
    assert answer.json["meta"] == {"created": 2, "exists": 0, "failed": 4}
    outcomes = answer.json["data"]
    assert names(outcomes) == ["created", "failed", "failed", "failed", "failed", "created"]
    assert [outcome["error"]["code"] for outcome in outcomes[1:5]] == [
        "UNSUPPORTED_MEDIA_TYPE", "IMAGE_REJECTED", "VALIDATION_ERROR", "IMAGE_REJECTED",
    ]  # fmt: skip
    assert outcomes[2]["error"]["details"]["reason"] == "damaged"
    assert total(person) == 2 and len(files(config)) == 4


def test_fields_that_are_wrong_for_one_fail_that_one(person: Any) -> None:
    own = [{"price": "dear"}, {"category_section": "attic"}, {"fabric": [{"name": "wool", "percentage": 40}]}, {}]
    outcomes = added(person, [drawn(color) for color in COLORS], items=json.dumps(own))
    assert names(outcomes) == ["failed", "failed", "failed", "created"]
    fields = [next(iter(outcome["error"]["details"]["fields"])) for outcome in outcomes[:3]]
    assert fields == ["price", "category_section", "fabric"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"category_section": "attic"}, "category_section"),
        ({"category_section": ""}, "category_section"),
        ({"category_id": "1234"}, "category_id"),
        ({"price": "dear"}, "price"),
        ({"items": "[{}, {}]"}, "items"),
        ({"items": "{}"}, "items"),
        ({"items": "[broken"}, "items"),
        ({"items": "[3]"}, "items.0"),
        ({"upload_key": "a key"}, "upload_key"),
        ({"upload_key": "k" * 201}, "upload_key"),
    ],
)
def test_what_is_wrong_for_all_adds_nothing(person: Any, config: Any, fields: dict[str, str], field: str) -> None:
    answer = person.post(BULK, data=parts([drawn()], **fields))
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json["details"]["fields"], answer.json
    assert total(person) == 0 and not files(config)


@pytest.mark.parametrize("count", [0, 51])
def test_at_most_fifty_and_at_least_one(person: Any, config: Any, count: int) -> None:
    answer = person.post(BULK, data=parts([drawn()] * count))
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["images"])
    assert total(person) == 0 and not files(config)


def test_a_request_that_is_too_large_is_refused(make_app: Callable[..., Flask], sign_up: Any, config: Any) -> None:
    person = sign_up(make_app(max_request_size=3000))
    answer = person.post(BULK, data=parts([drawn()] * 3))
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert total(person) == 0


def test_json_brings_no_pictures(person: Any) -> None:
    answer = person.post(BULK, json={"category_section": "upper_body"})
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["images"])


def test_a_request_sent_again_adds_only_what_failed(person: Any) -> None:
    images = [drawn(color) for color in COLORS]
    first = added(person, [images[0], b"no picture", images[1]], upload_key="closet-1")
    assert names(first) == ["created", "failed", "created"]
    again = added(person, [images[2], images[1], images[0]], upload_key="closet-1")
    assert names(again) == ["created", "exists", "exists"]
    assert [outcome["item"]["id"] for outcome in again[1:]] == [first[2]["item"]["id"], first[0]["item"]["id"]]
    assert total(person) == 3


def test_keys_of_single_pictures(person: Any) -> None:
    own = json.dumps([{"upload_key": "a"}, {"upload_key": "b"}])
    assert names(added(person, [drawn(COLORS[0]), drawn(COLORS[1])], items=own)) == ["created", "created"]
    again = added(person, [drawn(COLORS[2]), drawn(COLORS[3])], items=json.dumps([{"upload_key": "b"}, {}]))
    assert names(again) == ["exists", "created"]


def test_another_persons_key_is_another_key(app: Flask, person: Any, sign_up: Any) -> None:
    other = sign_up(app)
    mine = added(person, [drawn()], upload_key="k")[0]
    theirs = added(other, [drawn()], upload_key="k")[0]
    assert (theirs["outcome"], theirs["item"]["warnings"]) == ("created", [])
    assert theirs["item"]["id"] != mine["item"]["id"]


# --- one item --------------------------------------------------------------------------------------------------------


def test_an_item_sent_again_is_answered(person: Any, config: Any) -> None:
    first = person.post(ITEMS, data=form(upload_key="k", title="Shirt"))
    before = files(config)
    again = person.post(ITEMS, data=form(drawn("blue"), upload_key="k", title="Other"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["data"] == {**first.json["data"], "warnings": []}
    assert again.headers["Location"] == first.headers["Location"] and files(config) == before
    person.delete(f"{ITEMS}/{first.json['data']['id']}")
    assert person.post(ITEMS, data=form(upload_key="k")).status_code == 201


def test_two_at_once_make_one_item(person: Any, config: Any) -> None:
    statuses: list[int] = []

    def send() -> None:
        statuses.append(person.request("POST", ITEMS, data=form(sample(), upload_key="k")).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    assert total(person) == 1 and len(files(config)) == 2


# --- the hint --------------------------------------------------------------------------------------------------------


def hints(item: dict[str, Any]) -> list[int]:
    return [warning["item_id"] for warning in item["warnings"] if warning["code"] == "possible_duplicate"]


def test_the_same_picture_in_another_size_is_noticed(person: Any) -> None:
    first = add(person, sample("dress"))
    other = add(person, sample("trousers"))
    again = add(person, resized(sample("dress"), 0.4))
    assert (hints(first), hints(other), hints(again)) == ([], [], [first["id"]])
    bulk = added(person, [resized(sample("trousers"), 0.6), sample("tshirt"), resized(sample("tshirt"), 0.5)])
    found = [hints(outcome["item"]) for outcome in bulk]
    assert found == [[other["id"]], [], [bulk[1]["item"]["id"]]]


def test_a_cut_out_is_still_the_same_picture(person: Any) -> None:
    first = add(person, sample("dress"))
    assert person.post(f"{ITEMS}/{first['id']}/remove-background").status_code == 200
    assert hints(add(person, sample("dress"))) == [first["id"]]


def test_plain_pictures_are_not_each_others_copies(person: Any) -> None:
    plain = [Image.new("RGB", (200, 200), color) for color in ("#808080", "#828282")]
    for image in plain:
        file = io.BytesIO()
        image.save(file, "JPEG")
        assert hints(add(person, file.getvalue())) == []


def test_somebody_elses_copy_is_nobodys_business(app: Flask, person: Any, sign_up: Any) -> None:
    add(person, sample("dress"))
    assert hints(add(sign_up(app), sample("dress"))) == []


def test_a_replaced_picture_is_forgotten(person: Any, tmp_path: Path) -> None:
    item = add(person, sample("dress"))
    changed = person.put(f"{ITEMS}/{item['id']}", data={"garment_image": (io.BytesIO(sample("trousers")), "t.jpg")})
    assert changed.status_code == 200
    assert hints(add(person, sample("dress"))) == [] and hints(add(person, sample("trousers"))) == [item["id"]]
