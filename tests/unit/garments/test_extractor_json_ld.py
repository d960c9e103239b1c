"""JSON-LD in the spellings that shops use, and the choice of the page's own product."""

from __future__ import annotations

import json
from typing import Any

import pytest

from features.garments.extractors import json_ld
from features.garments.extractors.facts import Facts
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.product import Page

URL = "https://shop.example/p/red-shirt-123456"


def read(*blocks: Any, url: str = URL, head: str = "") -> Facts:
    texts = (block if isinstance(block, str) else json.dumps(block) for block in blocks)
    scripts = "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)
    facts = json_ld.read(ParsedPage(Page(url, f"<html><head>{head}{scripts}</head><body></body></html>")))
    assert facts is not None
    return facts


def product(name: str = "Red shirt", **more: Any) -> dict[str, Any]:
    return {"@type": "Product", "name": name, "offers": {"price": "10.00", "priceCurrency": "EUR"}, **more}


@pytest.mark.parametrize("kind", ["product", "http://schema.org/Product", ["Thing", "https://schema.org/product"]])
def test_spellings_of_the_type(kind: Any) -> None:
    assert read({**product(), "@type": kind}).title == "Red shirt"


@pytest.mark.parametrize(
    "block",
    [
        "/*<![CDATA[*/ %s /*]]>*/",
        "<!-- %s -->",
        "\ufeff%s;",
        "%s trailing",
    ],
)
def test_wrappings(block: str) -> None:
    assert read(block % json.dumps(product())).price == 10.0


def test_mistakes_that_are_mended() -> None:
    assert read('{"@type":"Product","name":"Red\nshirt","offers":{"price":5,},}').price == 5.0
    assert read("{&quot;@type&quot;:&quot;Product&quot;,&quot;name&quot;:&quot;Tee&quot;}").title == "Tee"


def test_a_broken_block_costs_only_itself() -> None:
    assert read("", "{broken", product()).title == "Red shirt"


@pytest.mark.parametrize("key", ["@graph", "mainEntity", "itemOffered"])
def test_nodes_inside_nodes(key: str) -> None:
    assert read({"@type": "WebPage", key: product()}).title == "Red shirt"


@pytest.mark.parametrize("key", ["isRelatedTo", "isSimilarTo", "itemListElement"])
def test_other_products_are_left_alone(key: str) -> None:
    assert not read({"@type": "WebPage", key: [product("Other")]}).single


def test_a_list_of_products_is_no_product() -> None:
    assert not read([product("One"), product("Two")]).single


def test_the_address_chooses_among_products() -> None:
    assert read([product("One"), product("Two", sku="123456")]).title == "Two"
    assert read([product("One"), product("Two", url=URL)]).title == "Two"


def test_the_heading_chooses_among_products() -> None:
    head = '<meta property="og:title" content="Two for you">'
    assert read([product("One"), product("Two")], head=head).title == "Two"


def test_variants_are_one_product_with_their_sizes_and_colours() -> None:
    def variant(color: str, size: str, stock: str) -> dict[str, Any]:
        offer = {"price": 10, "priceCurrency": "EUR", "availability": f"http://schema.org/{stock}"}
        return {"@type": "Product", "name": f"Tee {size}", "color": color, "size": size, "offers": offer}

    stubs = [{"@type": "Product", "url": "https://shop.example/other"}]
    variants = [variant("Red", "S", "OutOfStock"), variant("Red", "M", "InStock"), variant("Blue", "L", "InStock")]
    group = {"@type": "ProductGroup", "name": "Tee", "hasVariant": variants + stubs}
    facts = read(group, url="https://shop.example/tee/red")
    assert facts.title == "Tee"
    assert facts.colors == ["Red", "Blue"]
    assert facts.selected_color == "Red"
    assert facts.sizes == {"S": False, "M": True}
    assert facts.availability == "in_stock"


def test_the_variant_that_the_query_asks_for() -> None:
    nodes = [product(color="Blue", image="/7700_Blue_1.jpg"), product(color="Black", image="/7700_Black_1.jpg")]
    facts = read(nodes, url="https://shop.example/tee.html?dwvar=7700_Black")
    assert (facts.images, facts.selected_color, facts.colors) == (["/7700_Black_1.jpg"], "Black", ["Blue", "Black"])


@pytest.mark.parametrize(
    "offers",
    [
        [{"price": None}, {"price": "10"}],
        {"@type": "AggregateOffer", "lowPrice": "10", "highPrice": "20"},
        {"@type": "AggregateOffer", "lowprice": {"sales": {"value": 10}}},
        {"@type": "AggregateOffer", "offers": [{"price": 10}]},
        {"priceSpecification": [{"priceType": "https://schema.org/ListPrice", "price": 99}, {"price": 10}]},
    ],
)
def test_shapes_of_offers(offers: Any) -> None:
    assert read(product(offers=offers)).price == 10.0


def test_images_of_all_shapes() -> None:
    image = [None, "/a.jpg", {"@type": "ImageObject", "contentUrl": "/b.jpg"}, {"url": {"url": 1}}, 7]
    assert read(product(image=image)).images == ["/a.jpg", "/b.jpg"]


def test_placeholders_are_not_brands() -> None:
    assert read(product(brand="$metabrand")).brand is None
    assert read(product(brand={"@type": "Brand", "name": "Nord &amp; Co"})).brand == "Nord & Co"


def test_breadcrumbs() -> None:
    items = [{"@type": "ListItem", "item": {"name": "Men"}}, {"@type": "ListItem", "name": "Shirts"}]
    assert read({"@type": "BreadcrumbList", "itemListElement": items}).breadcrumb == ["Men", "Shirts"]
