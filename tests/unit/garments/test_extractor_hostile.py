"""Pages that mean harm: never a crash, never a hang, never an invented price."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.garments.extractors.registry import extract
from features.garments.product import Page, Product
from shared.errors import ExtractionError

URL = "https://shop.example/p/red-shirt-123456?color=red"
ENOUGH_SECONDS = 5.0  # CPU; each case takes well below one, but the tests' machines differ


def tried(html: str, url: str = URL) -> Product | None:
    started = time.process_time()
    try:
        return extract(Page(url, html))
    except ExtractionError:
        return None
    finally:
        assert time.process_time() - started < ENOUGH_SECONDS


def block(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script><h1>Red shirt</h1>'


def product(price: str) -> str:
    return (
        f'{{"@type":"Product","name":"Red shirt","image":"/a.jpg","offers":{{"price":{price},"priceCurrency":"EUR"}}}}'
    )


@pytest.mark.parametrize("depth", [50, 400])
def test_nested_json_is_read(depth: int) -> None:
    found = tried(block('{"@graph":[' * depth + product("10") + "]}" * depth))
    assert found is not None
    assert found.price == 10.0


@pytest.mark.parametrize(
    "text",
    ['{"@graph":[' * 5_000 + product("10") + "]}" * 5_000, "[" * 500_000, '{"a":' * 500_000, "[" * 9**6 + "]" * 9**6],
    ids=["5000 levels", "open lists", "open objects", "deep lists"],
)
def test_absurd_depth_is_survived(text: str) -> None:
    assert tried(block(text)) is None


@pytest.mark.parametrize(
    "price", ["9" * 400, "1e999", "NaN", "-5", "0", '[[[[[["5"]]]]]]', '{"value":{"value":[]}}', "true", '"free"', "{}"]
)
def test_a_price_that_is_none_is_never_invented(price: str) -> None:
    found = tried(block(product(price)))
    assert found is not None
    assert found.price is None


LARGE = {
    "nested tables": block(product("10")) + "<table><tr><td>" * 60 + "<b></b>" * 4_000 + "</td></tr></table>" * 60,
    "nested headings": block(product("10")) + "<h1>" * 150 + "<b></b>" * 50_000,
    "nested itemprops": "<div itemscope itemtype='http://schema.org/Product'>"
    + "<div itemprop='name'>" * 150
    + "<b></b>" * 50_000,
    "many headings": block(product("10")) + "<div>" + ("<h1>t</h1>" + "<b></b>" * 3) * 20_000 + "</div>",
    "colours": block(
        '{"@type":"ProductGroup","name":"x","hasVariant":['
        + ",".join(f'{{"@type":"Product","name":"x","color":"c{n}","offers":{{"price":9}}}}' for n in range(20_000))
        + "]}"
    ),
    "deep words": block(
        '{"@type":"Product","name":"x","offers":{"price":9,"priceSpecification":{"priceType":'
        + "[" * 990
        + "]" * 990
        + "}}}"
    ),
    "text": "<p>word 1</p>" * 750_000,
    "open tags": "<div>" * 2_000_000,
    "attributes": "<div " + 'a="b" ' * 1_000_000,
    "brackets": "<" * 10_000_000,
    "entities": "&" * 5_000_000,
    "sizes": block(product("10")) + '<ul class="sizes">' + "<li>M</li>" * 800_000,
    "bodies": "<body " * 1_000_000,
    "blocks": block(product("10")) * 20_000,
    "metas": '<meta property="og:title" content="x">' * 200_000,
    "itemprops": '<div itemscope itemtype="http://schema.org/Product">' + '<b itemprop="name">' * 100_000,
    "commas": block('{"a":1' + ", " * 2_000_000 + "}"),
    "streamed": '<script>self.__next_f.push([1,"' + '\\"@type\\":\\"Product\\"{' * 100_000 + '"])</script>',
    "markers": "var meta = " * 100_000 + "cdn.shopify.com" + '"options":[' * 200_000,
    "struck": block(product("10")) + '<del>10</del><span class="price">9</span>' * 100_000,
    "pictures": block('{"@type":"Product","name":"x","image":[' + '"/a.jpg",' * 400_000 + '"/b.jpg"]}'),
    "binary": bytes(range(256)).decode("latin1") * 20_000,
}


@pytest.mark.parametrize("html", LARGE.values(), ids=LARGE.keys())
def test_large_pages_end_soon(html: str) -> None:
    found = tried(html)
    assert found is None or len(found.images) <= 40


def test_many_variants_are_cut() -> None:
    entries = [{"size": str(number % 60), "sizes": [{"size": "M"}, {"size": "L"}]} for number in range(30_000)]
    state = json.dumps({"props": {"pageProps": {"id": "123456", "list": entries}}})
    found = tried(f'<script id="__NEXT_DATA__" type="application/json">{state}</script>{block(product("10"))}')
    assert found is not None
    assert len(found.sizes) <= 400


@pytest.mark.parametrize("url", ["", "x", "http://[::1", "http://h:99999999/", "//x", "https://e.com/%ff%00\ud800"])
def test_addresses_that_are_none(url: str) -> None:
    found = tried(block(product("10")).replace("/a.jpg", "https://cdn.example/a.jpg"), url)
    assert found is not None
    assert found.images in ([], ["https://cdn.example/a.jpg"])


def test_nul_bytes_and_lone_surrogates_do_not_reach_the_product() -> None:
    found = tried(block(product("10").replace("Red", "R\x00ed \ud800 \\ud83d")))
    assert found is not None
    json.dumps(found.title, ensure_ascii=False).encode("utf-8")
    assert "\x00" not in (found.title or "")


WORDS = (
    "@type @graph name offers price image hasVariant size color brand url availability sku material priceSpecification"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["Product", "Red shirt", "M"]),
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NODES, st.dictionaries(KEYS, NODES, max_size=8))
def test_any_json_of_a_product(value: Any, fields: dict[str, Any]) -> None:
    node = {"@type": "Product", "name": "Red shirt", **fields}
    found = tried(block(json.dumps([node, value])))
    if found is not None:
        _is_sound(found)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["zara.com", "zalando.de", "nike.com", "x.example"]), min_size=1, max_size=1), NODES)
def test_any_state_of_a_shop(hosts: list[str], value: Any) -> None:
    product_ = {"name": "x", "detail": {"colors": value}, "articleInfo": value}
    state = json.dumps({"product": product_, "model": product_, "props": {"pageProps": {"selectedProduct": value}}})
    pages = (
        f"<script>window.zara.viewPayload = {state};</script>",
        f'<script id="z-vegas-pdp-props">{state}</script>',
        f'<script id="__NEXT_DATA__">{state}</script>',
        f"<script>cdn.shopify.com var meta = {state};</script>",
    )
    for page in pages:
        found = tried(page + block(product("10")), f"https://www.{hosts[0]}/p/1")
        if found is not None:
            _is_sound(found)


PIECES = [
    '<div class="price">', "<del>", "</p>", "<h1>", "€ 5", "M", "<li>", '<a itemprop="name">', "&#0;", "<!--", "]]>",
    "\x00",
    '<meta itemprop="price" content=">', "<table><tr><td>", "<select name=size>", "<option>", '"variants":[{',
    '<div itemscope itemtype="http://schema.org/Product">', "self.__next_f.push(", "<tr><th>Size<th>Chest",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_soup(pieces: list[str]) -> None:
    found = tried("".join(pieces))
    if found is not None:
        _is_sound(found)


def _is_sound(found: Product) -> None:
    assert found.price is None or 0 < found.price < 1e9
    assert found.title
    assert all(isinstance(image, str) and image.startswith("https://") for image in found.images)
    assert set(found.sizes) == set(found.size_availability)
    assert all(isinstance(text, str) and text for text in [*found.sizes, *found.colors, *found.care_instructions])
    assert found.availability in {None, "in_stock", "out_of_stock"}
