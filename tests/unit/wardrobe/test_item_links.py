"""What a page says becomes facts of an item only as far as they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from features.garments.product import Product
from features.wardrobe.links import LinkedItems, facts_of, merged
from features.wardrobe.model import CHANGEABLE
from shared.engines.base import Deadline
from shared.errors import DeadlineExceededError, ExtractionError
from shared.image_processing import PreparedImage

PICTURE = PreparedImage(b"picture", "image/jpeg", 100, 100, has_alpha=False)


def product(**facts: Any) -> Product:
    return Product("https://shop.example/p/1", **facts)


def test_a_page_that_says_everything() -> None:
    facts = facts_of(
        product(
            title="Blue jeans", brand="Acme", price=59.9, currency="EUR", colors=["blue", "black"],
            selected_color="blue", category="lower_body", type="jeans", description="Straight.\nLong.",
            fabric=[{"name": "cotton", "percentage": 100}], care_instructions=["do not bleach"],
            size_chart={"M": {"waist": "80"}},
        )
    )  # fmt: skip
    assert facts == {
        "title": "Blue jeans", "brand": "Acme", "price": 59.9, "currency": "EUR", "color": "blue",
        "category": "jeans", "garment_category_type": "lower_body", "garment_type": "lower",
        "description": "Straight.\nLong.", "fabric": [{"name": "cotton", "percentage": 100}],
        "care_instructions": ["do not bleach"], "size_chart": {"M": {"waist": "80"}},
    }  # fmt: skip
    assert facts.keys() <= CHANGEABLE


def test_a_page_that_says_nothing() -> None:
    assert facts_of(product()) == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"title": "x" * 600}, {"title": "x" * 500}),
        ({"title": "Red\n\x00 \t shirt\x07"}, {"title": "Red shirt"}),
        ({"title": "\x00 \n"}, {}),
        ({"brand": "b" * 300}, {"brand": "b" * 255}),
        ({"description": "d" * 6000}, {"description": "d" * 5000}),
        ({"description": "one\ntwo\x00"}, {"description": "one\ntwo"}),
        ({"colors": ["red"]}, {"color": "red"}),
        ({"colors": ["red", "blue"]}, {}),
        ({"price": 5.0, "currency": "kr"}, {"price": 5.0}),
        ({"price": 2e7, "currency": "EUR"}, {}),
        ({"price": None, "currency": "EUR"}, {}),
        ({"category": "none", "type": "perfume"}, {}),
        (
            {"category": "accessory", "type": "scarf"},
            {"garment_category_type": "accessory", "garment_type": "accessory"},
        ),
        ({"fabric": [{"name": "cotton", "percentage": 60}]}, {}),
        ({"care_instructions": ["c" * 300, " "] + ["x"] * 50}, {"care_instructions": ["c" * 200, *["x"] * 28]}),
    ],
)
def test_what_fits_is_kept(said: dict[str, Any], kept: dict[str, Any]) -> None:
    assert facts_of(product(**said)) == kept


PRICED = {"price": 59.9, "currency": "EUR", "brand": "Acme"}
JEANS = {"category": "jeans", "garment_category_type": "lower_body", "garment_type": "lower"}


@pytest.mark.parametrize(
    ("facts", "said", "found"),
    [
        (PRICED, {"price": 10.0}, {"price": 10.0, "brand": "Acme"}),
        (PRICED, {"currency": "DKK"}, {"currency": "DKK", "brand": "Acme"}),
        (PRICED, {"currency": "EUR", "brand": "Mine"}, {"price": 59.9, "currency": "EUR", "brand": "Mine"}),
        (JEANS, {"garment_category_type": "dress"}, {"garment_category_type": "dress"}),
        (JEANS, {"category": "jeans", "garment_type": "full"}, {**JEANS, "garment_type": "full"}),
        (JEANS, {"category_id": 1001}, {**JEANS, "category_id": 1001}),
    ],
)
def test_a_persons_words_are_not_mixed_with_the_pages(
    facts: dict[str, Any], said: dict[str, Any], found: dict[str, Any]
) -> None:
    assert merged(facts, said) == found


class Shop:
    """A PicksPictures: of what it is given."""

    def __init__(self, found: Product | None, error: Exception | None = None) -> None:
        self._found = found
        self._error = error

    def product(self, url: str, deadline: Deadline) -> Product | None:
        return self._found

    def best(self, product: Product, deadline: Deadline) -> PreparedImage:
        if self._error:
            raise self._error
        return PICTURE

    def first(self, addresses: Sequence[str], deadline: Deadline) -> PreparedImage:
        return PICTURE


def test_the_address_of_a_picture_says_nothing_more() -> None:
    found = LinkedItems(Shop(None)).fetch("https://shop.example/a.jpg")
    assert (found.image, found.facts, found.warnings) == (PICTURE, {}, ())


def test_fabric_that_is_left_out_is_said() -> None:
    found = LinkedItems(Shop(product(fabric=[{"name": "cotton", "percentage": 60}]))).fetch("https://shop.example/p")
    assert [notice.code for notice in found.warnings] == ["fabric_left_out"]


def test_a_slow_shop_is_an_extraction_error() -> None:
    slow = LinkedItems(Shop(product(), DeadlineExceededError("The job ran out of time.")))
    with pytest.raises(ExtractionError) as caught:
        slow.fetch("https://shop.example/p")
    assert caught.value.details["reason"] == "timeout" and "shop" in caught.value.message
