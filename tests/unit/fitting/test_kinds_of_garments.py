"""Which row of the tables a garment is judged by, and what its cloth gives."""

from __future__ import annotations

from typing import Any

import pytest

from features.fitting.kinds import Named, name_garment, row_by_zones
from features.fitting.outcome import Stretch
from features.fitting.stretch import stretch_of
from features.fitting.terms import Cell, Chart, SizeRow, Zone
from features.garments.category_words import WEARABLE


@pytest.mark.parametrize(
    ("word", "category", "row"),
    [
        ("t_shirt", "upper_body", "t_shirt"),
        ("T-Shirt", "upper_body", "t_shirt"),
        ("t_shirts", "upper_body", "t_shirt"),
        ("hoodie", "upper_body", "t_shirt"),
        ("blouse", "upper_body", "shirt"),
        ("shirts", "upper_body", "shirt"),
        ("blazer", "upper_body", "jacket"),
        ("Wintermantel", "upper_body", "coat"),
        ("jackets", "upper_body", "jacket"),
        ("outer", "upper_body", "jacket"),
        ("upper", "upper_body", "t_shirt"),
        ("UPPER_BODY", "upper_body", "t_shirt"),
        ("upper body", "upper_body", "t_shirt"),
        ("lower", "lower_body", "trousers"),
        ("pants", "lower_body", "trousers"),
        ("skirts", "lower_body", "skirt"),
        ("mens jeans", "lower_body", "jeans"),
        ("leggings", "lower_body", "leggings"),
        ("full", "dress", "dress"),
        ("dresses", "dress", "dress"),
        ("sneakers", "shoes", "shoes"),
        ("shoes", "shoes", "shoes"),
        ("bag", "accessory", None),
        ("accessory", "accessory", None),
        ("none", "none", None),
        ("perfume", "none", None),
    ],
)
def test_one_word(word: str, category: str, row: str | None) -> None:
    named = name_garment([word])
    assert named and (named.category, named.row) == (category, row)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], None),
        ([None, "", "auto", "quux"], None),
        (["upper", None, "blouse"], Named("upper_body", "blouse", "shirt")),
        (["upper_body", "perfume"], Named("upper_body", None, "t_shirt")),
        (["jeans", "blouse"], Named("lower_body", "jeans", "jeans")),
        (["auto", "dress", "jeans"], Named("dress", "dress", "dress")),
    ],
)
def test_the_first_word_is_trusted_and_later_ones_make_it_exact(words: list[Any], expected: Named | None) -> None:
    assert name_garment(words) == expected


def test_every_garment_noun_has_a_row() -> None:
    rows = {noun: named.row for noun in WEARABLE if (named := name_garment([noun]))}
    assert set(rows) == set(WEARABLE)
    assert {noun for noun, row in rows.items() if row is None} == {
        noun for noun, kind in WEARABLE.items() if kind.category == "accessory"
    }


@pytest.mark.parametrize(
    ("zones", "row"),
    [
        ((Zone.CHEST,), "t_shirt"),
        ((Zone.CHEST, Zone.WAIST, Zone.HIP), "t_shirt"),
        ((Zone.WAIST, Zone.HIP), "trousers"),
        ((Zone.WAIST, Zone.INSEAM), "trousers"),
        ((Zone.FOOT_LENGTH,), "shoes"),
        ((Zone.HEIGHT,), "t_shirt"),
    ],
)
def test_a_general_row_by_what_is_measured(zones: tuple[Zone, ...], row: str) -> None:
    assert row_by_zones(Chart((SizeRow("M", dict.fromkeys(zones, Cell(1, 2))),))) == row


def fibre(name: Any, percentage: Any, part: str | None = None) -> dict[str, Any]:
    return {"name": name, "percentage": percentage, "part": part}


@pytest.mark.parametrize(
    ("fabric", "stretch"),
    [
        ([], Stretch()),
        ([fibre("cotton", 100)], Stretch()),
        ([fibre("cotton", 98), fibre("elastane", 2)], Stretch(5, 2)),
        ([fibre("Baumwolle", 95), fibre("Elasthan", 5)], Stretch(10, 5)),
        ([fibre("coton", 99), fibre("Élasthanne", 1)], Stretch(2.5, 1)),
        ([fibre("polyamide", 80), fibre("Spandex", 20)], Stretch(25, 20)),
        ([fibre("LYCRA®", 3.5)], Stretch(7.5, 3.5)),
        ([fibre("wool", 100, "shell"), fibre("elastane", 5, "lining")], Stretch()),
        ([fibre("elastane", None)], Stretch()),
        ([fibre("elastane", "5")], Stretch()),
        ([fibre("elastane", -5)], Stretch()),
        ([fibre(None, 5), {}], Stretch()),
    ],
    ids=str,
)
def test_elastane_gives(fabric: list[Any], stretch: Stretch) -> None:
    assert stretch_of(None, fabric) == stretch


@pytest.mark.parametrize("sent", [0.0, 12.0])
def test_what_the_client_says_wins(sent: float) -> None:
    assert stretch_of(sent, [fibre("elastane", 5)]) == Stretch(sent)
