"""Underwear and swimwear over the API: refused by the request or else by the job, and never paid for."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from PIL import Image
from test_tryon import drawn, form
from test_tryon_gemini import ledger
from wardrobe_things import add

from shared.engines.fake_gemini import FakeGemini


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


@pytest.fixture
def shop() -> Iterator[LocalShop]:
    with LocalShop() as opened:
        yield opened


@pytest.fixture
def person(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], fake: FakeGemini, shop: LocalShop
) -> Callable[..., Any]:
    def make(**settings: Any) -> Any:
        defaults = {"gemini_api_key": "k", "gemini_base_url": fake.base_url, "inline_jobs": True}
        return sign_up(make_app(fetch_allow_hosts=(shop.host,), **{**defaults, **settings}))

    return make


def said(**details: str) -> str:
    return json.dumps({"garment_details": details})


def job_of(person: Any, **fields: Any) -> dict[str, Any]:
    answer = person.post("/api/tryon", data=form(**fields))
    assert answer.status_code == 202, answer.json
    job: dict[str, Any] = person.get(f"/api/job/{answer.json['data']['job_id']}").json["data"]
    return job


@pytest.mark.parametrize("engines", [("gemini",), ("preview",), ("gemini", "preview")])
@pytest.mark.parametrize(
    ("details", "reason"), [({"category": "Lace bra"}, "underwear"), ({"style": "bikini"}, "swimwear")]
)
def test_the_request_says_it(
    person: Callable[..., Any],
    fake: FakeGemini,
    config: Any,
    engines: tuple[str, ...],
    details: dict[str, str],
    reason: str,
) -> None:
    someone = person(tryon_engines=engines)
    answer = someone.post("/api/tryon", data=form(options=said(**details)))
    assert (answer.status_code, answer.json["error_code"]) == (422, "CONTENT_BLOCKED")
    assert answer.json["details"]["reason"] == reason and answer.json["retryable"] is False
    assert someone.get("/api/tryon/history").json["data"] == []
    assert (fake.count, ledger(config)) == (0, [])


def test_the_page_says_it(person: Callable[..., Any], fake: FakeGemini, config: Any, shop: LocalShop) -> None:
    someone = person(tryon_engines=("gemini", "preview"))
    job = job_of(someone, garment_image=None, garment_url=f"{shop.url}/p/bikini", garment_type="upper")
    assert (job["status"], job["error"]["code"], job["error"]["details"]) == (
        "failed", "CONTENT_BLOCKED", {"reason": "swimwear"},
    )  # fmt: skip
    assert (fake.count, ledger(config)) == (0, [])
    assert not [path for path in shop.fetched if path.startswith("/img/")]


def test_the_wardrobe_says_it(person: Callable[..., Any], fake: FakeGemini) -> None:
    someone = person()
    item = add(someone, title="Red bra")
    answer = someone.post("/api/tryon", data=form(garment_image=None, wardrobe_item_id=str(item["id"])))
    assert answer.json["error_code"] == "CONTENT_BLOCKED" and answer.json["details"]["field"] == "wardrobe_item_id"
    assert fake.count == 0


def test_an_owner_can_allow_it(person: Callable[..., Any], fake: FakeGemini, shop: LocalShop) -> None:
    someone = person(allow_underwear_and_swimwear=True)
    assert job_of(someone, options=said(category="Lace bra"))["status"] == "done"
    assert job_of(someone, garment_image=None, garment_url=f"{shop.url}/p/bikini")["status"] == "done"
    assert fake.count >= 2


def test_garments_in_turns_stay_in_one_job_and_under_its_cap(
    person: Callable[..., Any], fake: FakeGemini, config: Any, shop: LocalShop
) -> None:
    links = json.dumps([f"{shop.url}/p/{name}" for name in ("trousers", "tshirt")])
    someone = person(gemini_garments_per_call=1, max_provider_calls_per_job=2)
    job = job_of(someone, garment_image=None, item_urls=links)
    rows = ledger(config)
    assert fake.count == len(rows) == 2 and {row["job_id"] for row in rows} == {job["job_id"]}


def test_the_size_of_what_is_sent_is_a_setting(person: Callable[..., Any], fake: FakeGemini) -> None:
    job_of(person(gemini_input_side=512), selfie=drawn(size=(900, 1200)))
    photo = fake.calls[0].body["contents"][0]["parts"][-2]["inlineData"]["data"]
    assert Image.open(io.BytesIO(base64.b64decode(photo))).size == (384, 512)
