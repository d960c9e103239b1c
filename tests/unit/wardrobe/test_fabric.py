"""Fabric adds up, however it comes; care and tags as lists, JSON text or plain text."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from features.wardrobe import fabric
from features.wardrobe.schemas import ItemChange, NewItemFields
from shared.errors import ValidationError
from shared.validators import parse_model


def share(name: str, percentage: float | None, part: str | None = None) -> dict[str, Any]:
    return {"name": name, "percentage": percentage, **({"part": part} if part else {})}


def read(name: str, value: Any, *, from_form: bool = False) -> Any:
    return parse_model(ItemChange, {name: value}, from_form=from_form).sent()[name]


WHOLE = [
    [share("cotton", 100)],
    [share("cotton", 33), share("wool", 33), share("silk", 33)],
    [share("cotton", 33.7), share("wool", 33.7), share("silk", 33.6)],
    [share("cotton", 97, "outer"), share("elastane", 3, "outer"), share("polyester", 100, "lining")],
    [share("cotton", None)],
    [share("cotton", 60), share("wool", None)],
    [share("cotton", 99.9), share("elastane", 0.1)],
    [],
]
NOT_WHOLE = [
    [share("cotton", 98.9)],
    [share("cotton", 101.1 - 50), share("wool", 50)],
    [share("cotton", 100), share("elastane", 3)],
    [share("cotton", 100, "outer"), share("polyester", 90, "lining")],
    [share("cotton", 80), share("wool", 30), share("silk", None)],
]


@pytest.mark.parametrize("shares", WHOLE)
@pytest.mark.parametrize("as_text", [False, True])
def test_shares_that_add_up_are_kept_as_they_are(shares: list[dict[str, Any]], as_text: bool) -> None:
    sent = orjson.dumps(shares).decode() if as_text else shares
    assert read("fabric", sent, from_form=as_text) == shares


@pytest.mark.parametrize("shares", NOT_WHOLE)
@pytest.mark.parametrize("as_text", [False, True])
def test_shares_that_do_not_add_up_are_refused(shares: list[dict[str, Any]], as_text: bool) -> None:
    with pytest.raises(ValidationError) as caught:
        read("fabric", orjson.dumps(shares).decode() if as_text else shares, from_form=as_text)
    assert "add up to" in caught.value.details["fields"]["fabric"]


@pytest.mark.parametrize(
    "wrong",
    [
        "[broken",
        "cotton",
        '{"name": "cotton"}',
        "100",
        {"name": "cotton", "percentage": 100},
        ["cotton"],
        [{"percentage": 100}],
        [{"name": "", "percentage": 100}],
        [{"name": "c" * 101, "percentage": 100}],
        [{"name": "cotton", "percentage": -1}, {"name": "wool", "percentage": 101}],
        [{"name": "cotton", "percentage": "all"}],
        [{"name": "cotton", "percentage": True}],
        [{"name": "cot\x00ton", "percentage": 100}],
        [{"name": "cotton", "percentage": 100, "part": ["outer"]}],
        [{"name": f"fibre {n}", "percentage": 4} for n in range(25)],
        "[" * 5000,
    ],
)
def test_what_is_no_fabric_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read("fabric", wrong)
    assert all(name.startswith("fabric") for name in caught.value.details["fields"])


@pytest.mark.parametrize("shares", WHOLE)
def test_a_page_that_adds_up_is_believed(shares: list[dict[str, Any]]) -> None:
    assert fabric.of_page(shares) == shares


@pytest.mark.parametrize("shares", [*NOT_WHOLE, [share("c" * 101, 100)], [share("cotton", 5)] * 21, [share("x", 200)]])
def test_a_page_that_does_not_is_left_out(shares: list[dict[str, Any]]) -> None:
    assert fabric.of_page(shares) == []


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (["wash cold", "do not iron"], ["wash cold", "do not iron"]),
        ('["wash cold, inside out"]', ["wash cold, inside out"]),
        ("wash cold\ndo not iron\n", ["wash cold", "do not iron"]),
        ("wash cold, do not iron;dry flat", ["wash cold", "do not iron", "dry flat"]),
        ("", []),
        (None, []),
    ],
)
def test_care_in_every_form(sent: Any, stored: list[str]) -> None:
    assert read("care_instructions", sent) == stored


@pytest.mark.parametrize("field", ["care_instructions", "tags"])
@pytest.mark.parametrize(
    "wrong", ["[broken", '{"a": 1}', [1], [""], ["x" * 300], [None], 5, ["x\x07"], ["x"] * 0 + [[]]]
)
def test_lists_that_are_none_are_refused(field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read(field, wrong)
    assert all(name.startswith(field) for name in caught.value.details["fields"])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (["Summer", "SUMMER", "été", "ete"], ["Summer", "été"]),
        ("summer, work", ["summer", "work"]),
        ('["a, b"]', ["a, b"]),
        (None, []),
    ],
)
def test_tags_are_kept_once(sent: Any, stored: list[str]) -> None:
    assert read("tags", sent) == stored


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", "x" * 501), ("title", "a\nb"), ("title", 5), ("brand", "x" * 256), ("color", "x" * 101),
        ("size", "x" * 51), ("description", "x" * 5001), ("description", "a\x00b"), ("price", -0.01),
        ("price", 1e7 + 1),
        ("price", float("nan")), ("price", float("inf")), ("price", "cheap"), ("price", True), ("currency", "EURO"),
        ("currency", "€"), ("currency", "E1R"), ("category_id", 0), ("category_id", 2**63), ("category_id", 1.5),
        ("garment_type", "trousers"), ("garment_category_type", "upper"), ("favorite", "yes please"),
        ("favorite", None),
        ("garment_url", "ftp://shop.example/x"), ("garment_url", "shop"), ("garment_url", "https://" + "x" * 2050),
        ("category_section", None), ("category_section", ""), ("tags", [f"tag {n}" for n in range(21)]),
    ],
)  # fmt: skip
def test_each_field_has_its_limits(field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read(field, wrong)
    assert list(caught.value.details["fields"]) == [field]


def test_a_new_item_needs_a_section() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_model(NewItemFields, {"title": "Shirt"})
    assert caught.value.details["fields"] == {"category_section": "is required"}


def test_only_what_was_sent_counts() -> None:
    assert parse_model(ItemChange, {"title": " Shirt ", "unknown": 1, "currency": "eur", "brand": " "}).sent() == {
        "title": "Shirt",
        "currency": "EUR",
        "brand": None,
    }
