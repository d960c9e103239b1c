"""Addresses of pictures: absolute, one of each, the largest, and nothing that is no picture of the garment."""

from __future__ import annotations

import pytest

from features.garments.extractors.images import (
    absolute,
    flat_by_words,
    is_picture,
    product_images,
)
from features.garments.extractors.renditions import full_size, identity

PAGE = "https://shop.example/de/p/shirt-1?x=1"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("/a b.jpg", "https://shop.example/a%20b.jpg"),
        ("b.jpg", "https://shop.example/de/p/b.jpg"),
        ("//cdn.example/c.jpg", "https://cdn.example/c.jpg"),
        ("http://cdn.example/c.jpg?a=1&amp;b=2", "https://cdn.example/c.jpg?a=1&b=2"),
        ("/_next/image?url=https%3A%2F%2Fcdn.example%2Fd.jpg&w=640&q=75", "https://cdn.example/d.jpg"),
        ("https://cdn.example/e.jpg?w={width}", "https://cdn.example/e.jpg?w=1920"),
        ("data:image/png;base64,AAAA", None),
        ("javascript:alert(1)", None),
        ("{{image}}", None),
        ("http://[::1/x.jpg", None),
        ("http://host:99999999/x.jpg", None),
        ("https://user:pass@cdn.example/x.jpg", None),
        ("ftp://cdn.example/x.jpg", None),
        ("https://localhost/x.jpg", None),
        ("/" + "a" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_absolute(written: str | None, address: str | None) -> None:
    assert absolute(written, PAGE) == address


def test_a_broken_page_address_is_survived() -> None:
    assert absolute("/a.jpg", "http://[::1") is None
    assert absolute("https://cdn.example/a.jpg", "") == "https://cdn.example/a.jpg"


@pytest.mark.parametrize(
    "name",
    ["logo.png", "img/icons/cart.png", "flags/de.png", "x.svg", "pixel.gif", "a_3_1_1-colorcut.jpg", "swatch_red.jpg"],
)
def test_what_is_no_picture(name: str) -> None:
    assert not is_picture(f"https://shop.example/{name}")


def test_a_word_of_the_title_excuses_a_name() -> None:
    assert is_picture("https://shop.example/small-logo-tee.jpg", "Small Logo Tee")
    assert not is_picture("https://shop.example/shop-logo.jpg", "Striped Tee")
    assert is_picture("https://shop.example/iconic-shirt.jpg")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/photos/p/1/w/560/1_1_1.jpg?ts=1", "/photos/p/1/w/1920/1_1_1.jpg?ts=2"),
        ("/a.jpg?imwidth=103", "/a.jpg?imwidth=1800&filter=packshot"),
        ("/cdn/shop/files/a_450x450.jpg?v=1", "/cdn/shop/files/a.jpg?v=1&width=1400"),
        ("/a-300x300.jpg", "/a.jpg"),
        ("/a/images/t_default/x/S.png", "/a/images/t_web_pdp_936_v2/x/S.png"),
        ("/img/240/240/resizeWebP/c/a.png", "/img/1024/1024/resize/c/a.png"),
        ("/dw/image/v2/AA_PRD/on/x/dw82261a5a/a.jpg?sw=45&sh=45", "/on/x/dw12345678/a.jpg"),
        ("/is/image/J/005?$rsp-pdp-port-320$", "/is/image/J/005?wid=600"),
    ],
)
def test_renditions_of_one_picture(one: str, other: str) -> None:
    assert identity("https://a.example" + one) == identity("https://b.example" + other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/1_1_1.jpg", "/1_2_1.jpg"),
        ("/image?id=1", "/image?id=2"),
        ("/a.jpg?sign=abc", "/a.jpg?sign=def"),
        ("/shirt_100.jpg", "/shirt_200.jpg"),
    ],
)
def test_different_pictures(one: str, other: str) -> None:
    assert identity("https://a.example" + one) != identity("https://a.example" + other)


def test_the_largest_of_each_in_the_order_of_the_first() -> None:
    found = product_images(["/b.jpg?width=100", "/a.jpg?width=900", "/b.jpg?width=800", "/logo.png"], PAGE)
    assert found == ["https://shop.example/b.jpg?width=800", "https://shop.example/a.jpg?width=900"]


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("https://x.example/cdn/shop/files/a_450x450.jpg?v=1&width=600", "https://x.example/cdn/shop/files/a.jpg?v=1"),
        (
            "https://i.ztat.net/a.jpg?imwidth=103&filter=packshot",
            "https://i.ztat.net/a.jpg?imwidth=1800&filter=packshot",
        ),
        ("https://static.zara.net/p/w/560/1.jpg?ts=1", "https://static.zara.net/p/w/1920/1.jpg?ts=1"),
        ("https://s.example/dw/image/v2/a.jpg?sw=45&sh=60&sm=fit", "https://s.example/dw/image/v2/a.jpg"),
        ("https://s.example/wp-content/uploads/a-300x300.jpg", "https://s.example/wp-content/uploads/a.jpg"),
        ("https://s.example/a.jpg?w=300&sign=1", "https://s.example/a.jpg?w=300&sign=1"),
    ],
)
def test_full_size_only_where_the_host_is_known(small: str, large: str) -> None:
    assert full_size(small) == large


def test_the_flat_picture_by_words() -> None:
    assert flat_by_words(["https://a.b/model.jpg", "https://a.b/x_packshot.jpg"]) == "https://a.b/x_packshot.jpg"
    assert flat_by_words(["https://a.b/3697272808_6_1_1.jpg"]) is not None
    assert flat_by_words(["https://a.b/flats-shoes.jpg", "https://a.b/distill.jpg"]) is None
