"""Product pages over the API, from a shop on this machine; and try-ons by link, ending in a picture."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from PIL import Image
from test_tryon import form

from shared.database import DatabaseManager
from shared.engines.fake import FakeEngine

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
def shop() -> Iterator[LocalShop]:
    with LocalShop() as opened:
        yield opened


@pytest.fixture
def make(make_app: Callable[..., Flask], shop: LocalShop) -> Callable[..., Flask]:
    def app(**settings: Any) -> Flask:
        return make_app(
            **{"fetch_allow_hosts": (shop.host,), "rate_limit_garments": 0, "inline_jobs": True, **settings}
        )

    return app


@pytest.fixture
def client(make: Callable[..., Flask]) -> Any:
    return make(engines=[FakeEngine()]).test_client()


def test_a_page_becomes_a_product(client: Any, shop: LocalShop) -> None:
    answer = client.post("/api/garments/scrape", json={"url": f"{shop.url}/p/tshirt"})
    product = answer.json["data"]
    assert answer.status_code == 200
    assert (product["title"], product["price"], product["currency"]) == ("Red cotton T-shirt", 19.99, "EUR")
    assert product["images"] == [f"{shop.url}/img/tshirt.jpg"] and product["availability"] == "in_stock"
    assert (product["category"], product["wearable"], product["cached"]) == ("upper_body", True, False)
    assert product["sources"]["title"] and product["scraped_at"].endswith("Z")


def test_the_second_call_is_cached_and_refresh_is_not(client: Any, shop: LocalShop) -> None:
    body = {"url": f"{shop.url}/p/tshirt"}
    fresh, cached = (client.post("/api/garments/scrape", json=body).json["data"] for _ in range(2))
    assert shop.fetched["/p/tshirt"] == 1 and cached["cached"] is True
    assert {**fresh, "cached": True} == cached, "one shape, the same content"
    assert client.post("/api/garments/refresh", json=body).json["data"]["cached"] is False
    client.post("/api/garments/scrape", json={**body, "force_refresh": True})
    assert shop.fetched["/p/tshirt"] == 3
    tracked = {"url": f"{shop.url}/p/tshirt?utm_source=mail#top"}
    assert client.post("/api/garments/scrape", json=tracked).json["data"]["cached"] is True


def test_many_at_once_fetch_a_page_once(make: Callable[..., Flask], shop: LocalShop) -> None:
    app, together = make(engines=[FakeEngine()]), threading.Barrier(6)
    found: list[int] = []

    def ask() -> None:
        together.wait()
        answer = app.test_client().post("/api/garments/scrape", json={"url": f"{shop.url}/p/dress"})
        found.append(answer.status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 6 and shop.fetched["/p/dress"] == 1


def test_a_page_that_a_client_has_open(client: Any, shop: LocalShop) -> None:
    body = {"url": f"{shop.url}/p/tshirt", "html": shop.product("dress")}
    assert client.post("/api/garments/parse", json=body).json["data"]["title"] == "Teal midi dress"
    assert shop.fetched == {}, "nothing is fetched"
    scraped = client.post("/api/garments/scrape", json={"url": body["url"]}).json["data"]
    assert scraped["title"] == "Red cotton T-shirt", "and the cache for everybody is not written"


def test_only_the_pictures(client: Any, shop: LocalShop) -> None:
    found = client.post("/api/garments/extract-images", json={"url": f"{shop.url}/p/dress"}).json["data"]
    assert found == {"images": [f"{shop.url}/img/dress.jpg"], "url": f"{shop.url}/p/dress"}
    nothing = client.post("/api/garments/extract-images", json={"url": f"{shop.url}/cat"}).json["data"]
    assert nothing["images"] == [] and nothing["reason"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/cat", "not_a_product"), ("/gone", "not_found"), ("/blocked", "blocked"), ("/empty", "empty_page"),
     ("/img/tshirt.jpg", "unsupported")],
)  # fmt: skip
def test_what_is_no_product_says_why(client: Any, shop: LocalShop, path: str, reason: str) -> None:
    answer = client.post("/api/garments/scrape", json={"url": shop.url + path})
    assert (answer.status_code, answer.json["error_code"]) == (422, "EXTRACTION_ERROR"), answer.json
    assert answer.json["details"]["reason"] == reason and len(answer.json["error"]) > 30


@pytest.mark.parametrize(
    "url",
    ["http://localhost/", "http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
     "http://[::1]/", "http://metadata.google.internal/", "https://shop.example:8443/"],
)  # fmt: skip
def test_addresses_inside_are_refused(client: Any, url: str) -> None:
    answer = client.post("/api/garments/scrape", json={"url": url})
    assert (answer.status_code, answer.json["details"]["reason"]) == (422, "refused_address"), answer.json
    assert "127.0.0.1" not in answer.json["error"] and "169.254" not in answer.json["error"]


def test_the_cache_holds_what_it_is_asked_for(client: Any, shop: LocalShop) -> None:
    first = client.post("/api/garments/scrape", json={"url": f"{shop.url}/p/tshirt?utm_source=EVIL&n=%E9"}).json["data"]
    assert first["url"] == f"{shop.url}/p/tshirt?n=%E9" and "EVIL" not in str(dict(shop.fetched))
    other = client.post("/api/garments/scrape", json={"url": f"{shop.url}/p/tshirt?n=%E8"}).json["data"]
    assert other["cached"] is False


def test_addresses_inside_are_not_shown(client: Any, shop: LocalShop) -> None:
    page = shop.product("tshirt").replace(f"{shop.url}/img/tshirt.jpg", "https://169.254.169.254/z.jpg")
    found = client.post("/api/garments/parse", json={"url": "https://shop.example/p", "html": page})
    assert found.status_code == 200 and found.json["data"]["images"] == []


def test_the_cache_of_another_version_is_no_obstacle(client: Any, shop: LocalShop, config: Any) -> None:
    body = {"url": f"{shop.url}/p/tshirt"}
    client.post("/api/garments/scrape", json=body)
    db = DatabaseManager(config.database_path)
    db.execute("UPDATE garment_metadata SET metadata = ?", ('{"url": "x", "no_such_field": 1}',))
    db.close()
    assert client.post("/api/garments/scrape", json=body).json["data"]["cached"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": 7},
        {"url": "ftp://x.example/"},
        {"url": "no address"},
        {"url": "https://u:p@x.example/"},
    ],
)
def test_malformed_addresses(client: Any, body: dict[str, Any]) -> None:
    answer = client.post("/api/garments/scrape", json=body)
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


def test_categorise_by_words_and_by_the_picture(client: Any, shop: LocalShop) -> None:
    words = client.post("/api/garments/categorize", json={"title": "Slim jeans"}).json["data"]
    assert words["category"] == "lower_body" and words["color"] is None
    picture = {"image": (io.BytesIO((SAMPLES / "garment" / "tshirt.jpg").read_bytes()), "x.jpg")}
    seen = client.post("/api/garments/categorize", data=picture).json["data"]
    assert (seen["category"], seen["color"], seen["on_model"]) == ("upper_body", "red", False)
    linked = client.post("/api/garments/categorize", json={"image_url": f"{shop.url}/img/tshirt.jpg"}).json["data"]
    assert linked == seen
    assert client.post("/api/garments/categorize", json={}).status_code == 400


def test_garment_routes_are_limited(make: Callable[..., Flask], shop: LocalShop) -> None:
    client = make(engines=[FakeEngine()], rate_limit_garments=2).test_client()
    codes = [client.post("/api/garments/extract-images", json={"url": f"{shop.url}/cat"}).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def try_on(person: Any, **fields: Any) -> dict[str, Any]:
    answer = person.post("/api/tryon", data=form(garment_image=None, **fields))
    assert answer.status_code == 202, answer.json
    job: dict[str, Any] = person.get(f"/api/job/{answer.json['data']['job_id']}").json["data"]
    return job


def test_a_try_on_by_link(make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop) -> None:
    engine = FakeEngine()
    person = sign_up(make(engines=[engine]))
    options = json.dumps({"garment_details": {"color": "crimson"}})
    job = try_on(person, garment_url=f"{shop.url}/p/tshirt", options=options)
    assert job["status"] == "done", job["error"]
    assert job["garment_details"]["color"] == "crimson", "the client's words win"
    garment = engine.seen[0].garments[0]
    assert garment.garment_type == "upper" and garment.details["brand"].startswith("Acme")


def test_the_garment_alone_is_chosen_of_several_pictures(
    make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop
) -> None:
    engine = FakeEngine()
    assert try_on(sign_up(make(engines=[engine])), garment_url=f"{shop.url}/p/worn")["status"] == "done"
    assert shop.fetched["/img/person/man_dark.jpg"] == 1, "the shop's first picture was looked at"
    middle = Image.open(io.BytesIO(engine.seen[0].garments[0].image)).convert("RGB").resize((3, 3)).getpixel((1, 1))
    assert middle[0] > 1.5 * middle[2], "and the red T-shirt was taken"


def test_several_links_are_one_outfit_in_order(
    make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop
) -> None:
    engine = FakeEngine()
    person = sign_up(make(engines=[engine]))
    links = [f"{shop.url}/p/tshirt", f"{shop.url}/p/trousers"]
    assert try_on(person, item_urls=json.dumps(links))["status"] == "done"
    fresh = '{"force_refresh": true}'
    assert try_on(person, item_urls=links, options=fresh)["status"] == "done", "as a repeated field"
    assert try_on(person, item_urls=json.dumps(links), options='{"garment_index": 1}')["status"] == "done"
    worn = [[str(item.garment_type) for item in seen.garments] for seen in engine.seen]
    assert worn == [["lower", "upper"], ["lower", "upper"], ["lower"]]


def test_a_link_to_a_picture(make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop) -> None:
    person = sign_up(make(engines=[FakeEngine()]))
    assert try_on(person, garment_url=f"{shop.url}/img/dress.jpg", garment_type="dress")["status"] == "done"


def test_a_link_to_a_picture_without_an_ending(
    make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop
) -> None:
    person = sign_up(make(engines=[FakeEngine()]))
    job = try_on(person, garment_url=f"{shop.url}/img/dress.jpg/large", garment_type="dress")
    assert job["status"] == "done", job["error"]


def test_top_and_bottom_by_link(make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop) -> None:
    engine = FakeEngine()
    person = sign_up(make(engines=[engine]))
    parts = {"top_garment_url": f"{shop.url}/p/tshirt", "bottom_garment_url": f"{shop.url}/p/trousers"}
    assert person.post("/api/tryon/multi", data=form(garment_image=None, **parts)).status_code == 202
    assert [str(item.garment_type) for item in engine.seen[0].garments] == ["lower", "upper"]


def test_a_link_ends_in_a_picture_of_the_preview(
    make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop
) -> None:
    person = sign_up(make())
    selfie = (SAMPLES / "person" / "woman_light.jpg").read_bytes()
    job = try_on(person, selfie=selfie, garment_url=f"{shop.url}/p/dress")
    assert job["status"] == "done" and job["preview"] is True, job["error"]
    assert person.http.get(job["result_url"]).mimetype == "image/jpeg"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/cat", "not_a_product"), ("/gone", "not_found"), ("/blocked", "blocked"), ("/p/perfume", "not_a_product"),
     ("/p/broken", "not_found")],
)  # fmt: skip
def test_a_page_without_a_garment_is_the_jobs_error(
    make: Callable[..., Flask], sign_up: Callable[..., Any], shop: LocalShop, path: str, reason: str
) -> None:
    engine = FakeEngine()
    job = try_on(sign_up(make(engines=[engine])), garment_url=shop.url + path)
    assert (job["status"], job["error"]["code"]) == ("failed", "EXTRACTION_ERROR")
    assert job["error"]["details"] == {"reason": reason, "url": shop.url + path}
    assert engine.seen == [], "nothing was asked of an engine"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"item_urls": "[broken"}, "item_urls"),
        ({"item_urls": json.dumps(["https://a.example/"] * 6)}, "item_urls"),
        ({"item_urls": json.dumps([7])}, "item_urls"),
        ({"garment_url": "nowhere"}, "garment_url"),
        ({"item_urls": '["https://a.example/"]', "options": '{"garment_index": 1}'}, "options.garment_index"),
    ],
)
def test_malformed_links(
    make: Callable[..., Flask], sign_up: Callable[..., Any], fields: dict[str, str], field: str
) -> None:
    answer = sign_up(make(engines=[FakeEngine()])).post("/api/tryon", data=form(garment_image=None, **fields))
    assert answer.status_code == 400 and field in answer.json["details"]["fields"], answer.json


def test_a_page_over_the_limit_is_refused(make: Callable[..., Flask]) -> None:
    client = make(engines=[FakeEngine()], max_parse_size=2000).test_client()
    answer = client.post("/api/garments/parse", json={"url": "https://shop.example/p", "html": "x" * 2001})
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
