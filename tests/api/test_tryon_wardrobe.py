"""Things of the wardrobe are tried on, and what was tried on goes into the wardrobe."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from PIL import Image
from test_tryon import drawn, form
from wardrobe_things import ITEMS, add, files, opened, sample

from shared.engines.base import GarmentInput
from shared.engines.fake import FakeEngine
from shared.errors import ExternalServiceError

TRYON = "/api/tryon"


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


def try_on(person: Any, **fields: Any) -> dict[str, Any]:
    answer = person.post(TRYON, data=form(**{"garment_image": None, **fields}))
    assert answer.status_code == 202, answer.get_data(as_text=True)
    return job_of(person, answer.json["data"]["job_id"])


def job_of(person: Any, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = person.get(f"/api/job/{job_id}").json["data"]
    return job


def outfit_of(person: Any, *items: dict[str, Any]) -> int:
    answer = person.post("/api/outfits", json={"name": "Sunday", "item_ids": [item["id"] for item in items]})
    assert answer.status_code == 201
    return int(answer.json["data"]["id"])


def middle(garment: GarmentInput) -> tuple[int, int, int]:
    picture = Image.open(io.BytesIO(garment.image)).convert("RGB")
    red, green, blue = picture.getpixel((picture.width // 2, picture.height // 2))
    return red, green, blue


def jobs(person: Any) -> int:
    return len(person.get("/api/tryon/history").json["data"])


# --- an item -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wardrobe_item_id", "item_id"])
@pytest.mark.parametrize("as_json", [False, True])
def test_an_item_brings_its_picture_type_and_words(person: Any, engine: FakeEngine, name: str, as_json: bool) -> None:
    fabric = json.dumps([{"name": "cotton", "percentage": 80}, {"name": "silk", "percentage": 20}])
    item = add(person, drawn("#2040a0"), title="Blue one", brand="Acme", color="blue", fabric=fabric)
    if as_json:
        photo = base64.b64encode(drawn()).decode()
        answer = person.post(TRYON, json={"selfie": photo, name: item["id"]})
    else:
        answer = person.post(TRYON, data=form(garment_image=None, **{name: str(item["id"])}))
    job = job_of(person, answer.json["data"]["job_id"])
    words = {"title": "Blue one", "brand": "Acme", "category": "shirts", "color": "blue",
             "material": "80 % cotton, 20 % silk"}  # fmt: skip
    assert (job["status"], job["garment_details"]) == ("done", words)
    garment = engine.seen[0].garments[0]
    assert (garment.garment_type, garment.details) == ("upper", words)
    assert middle(garment)[2] > 2 * middle(garment)[0], "its own picture"


def test_the_clients_words_win(person: Any, engine: FakeEngine) -> None:
    item = add(person, title="Coat", color="blue", brand="Acme")
    options = json.dumps({"garment_details": {"color": "crimson"}})
    job = try_on(person, wardrobe_item_id=str(item["id"]), garment_type="outer", options=options)
    assert (job["garment_details"]["color"], job["garment_details"]["brand"]) == ("crimson", "Acme")
    assert engine.seen[0].garments[0].garment_type == "outer"


def test_without_its_background_when_that_was_removed(person: Any, engine: FakeEngine) -> None:
    item = add(person, sample("tshirt"))
    assert person.post(f"{ITEMS}/{item['id']}/remove-background").status_code == 200
    assert try_on(person, item_id=str(item["id"]))["status"] == "done"
    picture = Image.open(io.BytesIO(engine.seen[0].garments[0].image))
    assert (picture.mode, picture.getpixel((0, 0))[3]) == ("RGBA", 0)


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"fabric": '[{"name": "wool", "percentage": null}]'}, {"category": "shirts", "material": "wool"}),
        ({"category": "upper_body"}, {"category": "upper body"}),
        ({"title": "x" * 300}, {"category": "shirts", "title": "x" * 200}),
    ],
)
def test_words_only_as_far_as_they_are_known(person: Any, fields: dict[str, str], details: dict[str, str]) -> None:
    item = add(person, **fields)
    assert try_on(person, item_id=str(item["id"]))["garment_details"] == details


def test_an_item_goes_before_a_picture_and_an_outfit_before_both(person: Any, engine: FakeEngine) -> None:
    red, blue = add(person, drawn("#a02020")), add(person, drawn("#2020a0"))
    fields = {"garment_image": drawn("#20a020"), "wardrobe_item_id": str(red["id"])}
    try_on(person, **fields)
    try_on(person, **fields, outfit_id=str(outfit_of(person, blue)))
    strongest = [max(range(3), key=middle(seen.garments[0]).__getitem__) for seen in engine.seen]
    assert strongest == [0, 2]


def test_the_job_has_its_own_copy(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    go = threading.Event()
    person = sign_up(make_app(engines=[FakeEngine(hold=go)]))
    item = add(person)
    job_id = person.post(TRYON, data=form(garment_image=None, item_id=str(item["id"]))).json["data"]["job_id"]
    assert person.delete(f"{ITEMS}/{item['id']}").status_code == 200
    go.set()
    for _ in range(400):
        if (job := job_of(person, job_id))["finished_at"]:
            break
        threading.Event().wait(0.05)
    assert job["status"] == "done"


def test_the_same_key_is_the_same_job(person: Any) -> None:
    first, second = add(person), add(person)
    codes = []
    for item in (first, first, second):
        fields = form(garment_image=None, wardrobe_item_id=str(item["id"]))
        codes.append(person.post(TRYON, data=fields, headers={"Idempotency-Key": "k"}).status_code)
    assert (codes, jobs(person)) == ([202, 202, 422], 1)


# --- an outfit -----------------------------------------------------------------------------------------------------


def test_an_outfit_is_put_on_from_the_inside_out(person: Any, engine: FakeEngine) -> None:
    kinds = ["belts", "jackets", "shoes", "shirts", "jeans"]
    items = [add(person, category=kind, title=kind) for kind in kinds]
    job = try_on(person, outfit_id=str(outfit_of(person, *items)), garment_type="dress")
    worn = engine.seen[0].garments
    assert [str(item.garment_type) for item in worn] == ["lower", "upper", "outer", "shoes", "accessory"]
    assert [item.details["title"] for item in worn] == ["jeans", "shirts", "jackets", "shoes", "belts"]
    assert job["status"] == "done" and job["garment_details"]["title"] == "jeans"


def test_more_than_five_or_none_at_all(person: Any, config: Any) -> None:
    items = [add(person) for _ in range(6)]
    outfit = outfit_of(person, *items)
    before = files(config)
    answer = person.post(TRYON, data=form(garment_image=None, outfit_id=str(outfit)))
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert "1 to 5" in answer.json["error"] and "6" in answer.json["details"]["fields"]["outfit_id"]
    assert (jobs(person), files(config)) == (0, before)
    for item in items:
        person.delete(f"{ITEMS}/{item['id']}")
    assert person.post(TRYON, data=form(garment_image=None, outfit_id=str(outfit))).status_code == 400


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wardrobe_item_id", "item_id", "outfit_id"])
@pytest.mark.parametrize("value", [0, -1, 2**63, 1.5, True, False, "1", "x", [1], {}, {"id": 1}])
def test_bad_ids_in_json(person: Any, name: str, value: Any) -> None:
    answer = person.post(TRYON, json={name: value, "garment_url": "https://shop.example/p"})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json["details"]["fields"]) == [name]


@pytest.mark.parametrize("name", ["wardrobe_item_id", "item_id", "outfit_id"])
@pytest.mark.parametrize("value", ["0", "-1", str(2**63), "9" * 400, "x", "1; DROP", "[1]", "1.5", "\x00"])
def test_bad_ids_in_a_form(person: Any, name: str, value: str) -> None:
    answer = person.post(TRYON, data=form(**{name: value}))
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, [name])
    assert jobs(person) == 0


@pytest.mark.parametrize("name", ["wardrobe_item_id", "outfit_id"])
def test_what_is_anothers_or_nobodys_is_not_found(
    app: Flask, person: Any, sign_up: Callable[..., Any], engine: FakeEngine, config: Any, name: str
) -> None:
    item = add(person)
    theirs = item["id"] if name == "wardrobe_item_id" else outfit_of(person, item)
    stranger = sign_up(app)
    before = files(config)
    for wrong in (theirs, 10**6):
        answer = stranger.post(TRYON, data=form(**{name: str(wrong)}))
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")
    assert (jobs(stranger), engine.seen, files(config)) == (0, [], before)


def test_an_empty_field_counts_as_none(person: Any, engine: FakeEngine) -> None:
    assert try_on(person, wardrobe_item_id="", outfit_id="", garment_image=drawn())["status"] == "done"


# --- from a job into the wardrobe ----------------------------------------------------------------------------------


def keep(person: Any, job_id: str, **fields: Any) -> Any:
    return person.post(ITEMS, json={"job_id": job_id, "category_section": "wishlist", **fields})


def forget_inputs(config: Any) -> None:
    shutil.rmtree(config.images_dir / "tryon-inputs")


def test_the_garment_of_a_job_becomes_an_item(person: Any) -> None:
    options = json.dumps({"garment_details": {"brand": "Acme", "color": "blue", "category": "t-shirt"}})
    job = try_on(person, garment_image=drawn("#2040a0"), garment_type="upper", options=options)
    answer = keep(person, job["job_id"], color="navy", title="Mine")
    item = answer.json["data"]
    assert answer.status_code == 201 and item["category_section"] == "wishlist"
    assert (item["title"], item["brand"], item["color"]) == ("Mine", "Acme", "navy")
    assert (item["category"], item["garment_type"], item["is_external"]) == ("t_shirts", "upper", False)
    red, _, blue = opened(person, item["image_url"]).convert("RGB").getpixel((120, 160))
    assert blue > 2 * red


def test_of_a_link_it_keeps_what_the_page_says(person: Any, shop: LocalShop) -> None:
    url = f"{shop.url}/p/tshirt"
    job = try_on(person, garment_url=url)
    item = keep(person, job["job_id"]).json["data"]
    assert (item["title"], item["price"], item["currency"]) == ("Red cotton T-shirt", 19.99, "EUR")
    assert (item["garment_url"], item["is_external"], item["garment_type"]) == (url, True, "upper")
    assert (shop.fetched["/p/tshirt"], shop.fetched["/img/tshirt.jpg"]) == (1, 1), "nothing is fetched twice"


def test_once_the_photos_are_deleted_a_link_still_serves(person: Any, shop: LocalShop, config: Any) -> None:
    job = try_on(person, garment_url=f"{shop.url}/p/tshirt")
    forget_inputs(config)
    item = keep(person, job["job_id"]).json["data"]
    assert item["title"] == "Red cotton T-shirt"
    assert opened(person, item["image_url"]).size == Image.open(io.BytesIO(sample("tshirt"))).size


def test_once_the_photos_are_deleted_an_upload_is_gone(person: Any, config: Any) -> None:
    job = try_on(person, garment_image=drawn())
    forget_inputs(config)
    answer = keep(person, job["job_id"])
    assert (answer.status_code, answer.json["error_code"]) == (410, "RESULT_EXPIRED")
    assert person.get(ITEMS).json["data"] == []


def test_of_several_garments_one_is_chosen(person: Any) -> None:
    items = [add(person, category=kind, title=kind) for kind in ("shirts", "jeans")]
    job_id = try_on(person, outfit_id=str(outfit_of(person, *items)))["job_id"]
    wrong = [keep(person, job_id), keep(person, job_id, garment_index=2), keep(person, job_id, garment_index=-1)]
    assert [(each.status_code, list(each.json["details"]["fields"])) for each in wrong] == [
        (400, ["garment_index"])
    ] * 3
    kept = [keep(person, job_id, garment_index=number).json["data"] for number in (0, 1)]
    assert [(item["title"], item["category"]) for item in kept] == [("jeans", "jeans"), ("shirts", "shirts")]


def test_only_of_finished_jobs_and_only_ones_own(
    app: Flask, make_app: Callable[..., Flask], person: Any, sign_up: Callable[..., Any], config: Any
) -> None:
    job = try_on(person, garment_image=drawn())
    stranger = sign_up(app)
    answers = [keep(stranger, job["job_id"]), keep(person, "no-such-job")]
    assert [(each.status_code, each.json["error_code"]) for each in answers] == [(404, "NOT_FOUND")] * 2
    failed = sign_up(make_app(engines=[FakeEngine(error=ExternalServiceError("down"))], inline_jobs=True))
    answer = keep(failed, try_on(failed, garment_image=drawn())["job_id"])
    assert (answer.status_code, answer.json["error_code"]) == (409, "CONFLICT")
    assert not [key for key in files(config) if key.startswith("wardrobe/")]


def test_an_unknown_section_leaves_nothing(person: Any, config: Any) -> None:
    job = try_on(person, garment_image=drawn())
    before = files(config)
    answer = keep(person, job["job_id"], category_section="nowhere")
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["category_section"])
    assert files(config) == before
