"""Wardrobe items by link, from a shop on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from wardrobe_things import ITEMS, files, form, opened


class Boutique(LocalShop):
    """Besides the local shop's pages some that say more."""

    facts: dict[str, Any]
    fabric = "97% cotton, 3% elastane"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/rich":
            return 200, "text/html; charset=utf-8", self.page(self.facts).encode()
        if path == "/no-picture":
            return 200, "text/html; charset=utf-8", self.page({**self.facts, "image": []}).encode()
        if path == "/not-a-picture.jpg":
            return 200, "image/jpeg", b"<html>sorry</html>"
        return super().answer(path)

    def page(self, facts: dict[str, Any]) -> str:
        node = {"@context": "https://schema.org", "@type": "Product", **facts}
        head = f"<script type='application/ld+json'>{json.dumps(node)}</script>"
        details = f"<dl><dt>Material</dt><dd>{self.fabric}</dd><dt>Care</dt><dd>Wash at 30, do not bleach</dd></dl>"
        return f"<html><head>{head}</head><body>{'A fine piece. ' * 30}{details}</body></html>"


@pytest.fixture
def shop() -> Iterator[Boutique]:
    with Boutique() as opened_shop:
        opened_shop.facts = {
            "name": "Blue jeans",
            "brand": "Acme",
            "description": "Straight leg.",
            "color": "Blue",
            "image": [f"{opened_shop.url}/img/trousers.jpg"],
            "offers": {"@type": "Offer", "price": "59.90", "priceCurrency": "EUR"},
        }
        yield opened_shop


@pytest.fixture
def buyer(make_app: Callable[..., Flask], shop: Boutique, sign_up: Any) -> Any:
    return sign_up(make_app(fetch_allow_hosts=(shop.host,), rate_limit_garments=0))


def linked(buyer: Any, url: str, **said: Any) -> dict[str, Any]:
    answer = buyer.post(ITEMS, json={"garment_url": url, "category_section": "upper_body", **said})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    item: dict[str, Any] = answer.json["data"]
    return item


def test_a_page_becomes_an_item(buyer: Any, shop: Boutique, config: Any) -> None:
    url = f"{shop.url}/rich"
    answer = buyer.post(ITEMS, json={"garment_url": url, "category_section": "wishlist"})
    item = answer.json["data"]
    assert answer.status_code == 201, item
    assert (item["title"], item["brand"], item["price"], item["currency"]) == ("Blue jeans", "Acme", 59.9, "EUR")
    assert (item["category"], item["garment_category_type"], item["garment_type"]) == ("jeans", "lower_body", "lower")
    assert (item["color"], item["description"]) == ("Blue", "Straight leg.")
    assert item["care_instructions"] == ["Wash at 30", "do not bleach"]
    assert [(share["name"], share["percentage"]) for share in item["fabric"]] == [("cotton", 97), ("elastane", 3)]
    assert (item["garment_url"], item["is_external"], item["category_section"]) == (url, True, "wishlist")
    assert opened(buyer, item["image_url"]).size > (300, 300) and item["warnings"] == []
    assert shop.fetched["/rich"] == 1 and len(files(config)) == 2


def test_the_clients_words_win(buyer: Any, shop: Boutique) -> None:
    said = {"title": "Mine", "price": 10, "currency": "DKK", "category": "shorts", "color": "navy",
            "fabric": [{"name": "hemp", "percentage": 100}]}  # fmt: skip
    item = buyer.post(ITEMS, json={"garment_url": f"{shop.url}/rich", "category_section": "lower_body", **said}).json[
        "data"
    ]
    assert {name: item[name] for name in said} == said
    assert item["brand"] == "Acme" and item["garment_type"] == "lower"


def test_a_price_is_not_mixed_with_another_currency(buyer: Any, shop: Boutique) -> None:
    item = linked(buyer, f"{shop.url}/rich", price=10)
    assert (item["price"], item["currency"]) == (10, None)


def test_the_garment_alone_is_chosen(buyer: Any, shop: Boutique) -> None:
    worn = buyer.post(ITEMS, json={"garment_url": f"{shop.url}/p/worn", "category_section": "upper_body"}).json["data"]
    alone = buyer.post(ITEMS, json={"garment_url": f"{shop.url}/p/tshirt", "category_section": "upper_body"}).json[
        "data"
    ]
    assert opened(buyer, worn["image_url"]).tobytes() == opened(buyer, alone["image_url"]).tobytes()


def test_a_link_to_a_picture(buyer: Any, shop: Boutique) -> None:
    item = buyer.post(ITEMS, data={"garment_url": f"{shop.url}/img/dress.jpg", "category_section": "upper_body"}).json[
        "data"
    ]
    assert (item["is_external"], item["garment_category_type"], item["title"]) == (True, "dress", None)


def test_what_cannot_be_worn_may_be_kept(buyer: Any, shop: Boutique) -> None:
    shop.facts["name"] = "Perfume for her"
    item = linked(buyer, f"{shop.url}/rich", category_section="accessoires")
    assert (item["title"], item["category"], item["category_section"]) == ("Perfume for her", None, "accessoires")


def test_a_picture_goes_before_its_link(buyer: Any, shop: Boutique) -> None:
    item = buyer.post(ITEMS, data=form(garment_url=f"{shop.url}/rich")).json["data"]
    assert (item["garment_url"], item["is_external"], item["title"]) == (f"{shop.url}/rich", False, None)
    assert not shop.fetched


def test_fabric_that_does_not_add_up_is_left_out_and_said(buyer: Any, shop: Boutique) -> None:
    shop.fabric = "60% cotton, 20% elastane"
    item = linked(buyer, f"{shop.url}/rich")
    assert item["fabric"] == [] and [warning["code"] for warning in item["warnings"]] == ["fabric_left_out"]
    again = linked(buyer, f"{shop.url}/rich", fabric=[{"name": "hemp", "percentage": 100}])
    assert [warning["code"] for warning in again["warnings"]] == ["possible_duplicate"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone", "not_found"),
        ("/blocked", "blocked"),
        ("/empty", None),
        ("/cat", "not_a_product"),
        ("/no-picture", "not_a_product"),
        ("/p/broken", None),
        ("/img/missing.jpg", None),
        ("/not-a-picture.jpg", None),
    ],
)
def test_a_link_that_leads_nowhere(buyer: Any, shop: Boutique, config: Any, path: str, reason: str | None) -> None:
    answer = buyer.post(ITEMS, json={"garment_url": shop.url + path, "category_section": "upper_body"})
    assert (answer.status_code, answer.json["error_code"]) == (422, "EXTRACTION_ERROR"), answer.json
    assert reason is None or answer.json["details"]["reason"] == reason
    assert buyer.get(ITEMS).json["data"] == [] and files(config) == set()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://10.0.0.1/x.jpg", "http://[::1]/x"])
def test_addresses_that_are_nobodys_business(buyer: Any, url: str) -> None:
    answer = buyer.post(ITEMS, json={"garment_url": url, "category_section": "upper_body"})
    assert (answer.status_code, answer.json["details"]["reason"]) == (422, "refused_address")


def test_nothing_is_fetched_for_a_request_that_is_wrong(buyer: Any, shop: Boutique) -> None:
    for wrong in ({"category_section": "nowhere"}, {"category_section": "upper_body", "category_id": 4711}):
        assert buyer.post(ITEMS, json={"garment_url": f"{shop.url}/rich", **wrong}).status_code == 400
    assert not shop.fetched


def test_extract_from_url_saves_nothing(buyer: Any, shop: Boutique, config: Any) -> None:
    found = buyer.post("/api/wardrobe/extract-from-url", json={"url": f"{shop.url}/rich"})
    same = buyer.post("/api/garments/scrape", json={"url": f"{shop.url}/rich"})
    assert found.json["data"] == {**same.json["data"], "cached": False}
    assert buyer.get(ITEMS).json["data"] == [] and files(config) == set()
    answer = buyer.post("/api/wardrobe/extract-from-url", json={"url": f"{shop.url}/gone"})
    assert (answer.status_code, answer.json["details"]["reason"]) == (422, "not_found")


def test_extract_from_url_is_rate_limited(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person = sign_up(make_app(rate_limit_garments=1))
    codes = [person.post("/api/wardrobe/extract-from-url", json={"url": "no address"}).status_code for _ in range(2)]
    assert codes == [400, 429]


def test_links_are_rate_limited_and_uploads_are_not(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person = sign_up(make_app(rate_limit_garments=1))
    body = {"garment_url": "http://127.0.0.1:1/x", "category_section": "upper_body"}
    assert [person.post(ITEMS, json=body).status_code for _ in range(2)] == [422, 429]
    assert [person.post(ITEMS, data=form()).status_code for _ in range(2)] == [201, 201]
