"""Size names, stock words, options of variants, fabrics."""

from __future__ import annotations

from typing import Any

import pytest

from features.garments.extractors.fabric import care_list, fabric_of, material_text
from features.garments.extractors.options import split_options
from features.garments.extractors.sizes import in_stock, is_size, size_name

SIZES = (
    "XS|XXL|3XL|M/L|36/41|S 36/38|6-9 mois (74 cm)|4.5|22.5|One Size|85B|W30 L32|30x32|UK 8|EU 38 ½|XX-Large|Small|104"
    "|6 (EU 39)|10Y|9-12 M|us9.5|TU|Taille unique|Einheitsgröße"
).split("|")
OTHERS = "2026|-35 %|Black|Row 3|Help|500|lace|Size guide|12 items|SALE|1234567|M&S".split("|")


@pytest.mark.parametrize("text", SIZES)
def test_sizes(text: str) -> None:
    assert is_size(text)


@pytest.mark.parametrize("text", [*OTHERS, "", None, "1 " * 30])
def test_what_is_no_size(text: str | None) -> None:
    assert not is_size(text)


@pytest.mark.parametrize(
    ("written", "name"),
    [("XS - Em Stock", "XS"), ("8 (sold out)", "8"), ("M | Only 2 left", "M"), ("9-12 M", "9-12 M"), ("", None)],
)
def test_size_name(written: str, name: str | None) -> None:
    assert size_name(written) == name


@pytest.mark.parametrize(
    ("value", "stock"),
    [
        ("http://schema.org/ instock ", True),
        ("https://schema.org/OutOfStock", False),
        ("in_stock", True),
        ("back_soon", False),
        ("LimitedAvailability", True),
        ("Sold out", False),
        ("not available", False),
        (True, True),
        ("whatever", None),
        (None, None),
        ({"a": 1}, None),
    ],
)
def test_in_stock(value: Any, stock: bool | None) -> None:
    assert in_stock(value) is stock


def test_option_names_decide() -> None:
    assert split_options(["30 / 32", "31 / 32"], ["Waist colour", "Size"]) == [("32", "30"), ("32", "31")]


def test_without_names_the_part_that_is_a_size() -> None:
    assert split_options(["Grey / S", "Black / M"]) == [("S", "Grey"), ("M", "Black")]
    assert split_options(["Sand", "Olive"]) == [(None, None), (None, None)]
    assert split_options(["Default Title"]) == [(None, None)]
    assert split_options(["S", "M / Red"]) == [(None, None), ("M", "Red")]
    assert split_options([]) == []


def test_fabric_with_parts() -> None:
    found = fabric_of("Outer fabric: 97% cotton, 3% elastane. Lining: 100% polyester")
    assert found == [
        {"name": "cotton", "percentage": 97, "part": "Outer fabric"},
        {"name": "elastane", "percentage": 3, "part": "Outer fabric"},
        {"name": "polyester", "percentage": 100, "part": "Lining"},
    ]
    assert material_text(found) == "Outer fabric: 97% cotton, 3% elastane; Lining: 100% polyester"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Baumwolle 60 %, Leinen 40 %", [("Baumwolle", 60), ("Leinen", 40)]),
        ("52,5% viscose 47,5% lin", [("viscose", 52.5), ("lin", 47.5)]),
        ("130% wool", []),
        ("High-quality leather", []),
        (None, []),
    ],
)
def test_fabric_texts(text: str | None, found: list[tuple[str, float]]) -> None:
    assert [(each["name"], each["percentage"]) for each in fabric_of(text)] == found


def test_care() -> None:
    assert care_list("Do not tumble dry, machine wash at 30°C; Do not iron.") == [
        "Do not tumble dry",
        "machine wash at 30°C",
        "Do not iron",
    ]
    assert care_list(None) == []
