"""Charts of standards and translations between size systems: only where a table exists."""

from __future__ import annotations

from itertools import pairwise

import pytest

from features.fitting.standards import chart_for_labels, convert, standard_chart, translate
from features.fitting.terms import Cell, Chart, ChartKind, ChartSource, Zone


def cell(chart: Chart | None, label: str, zone: Zone) -> Cell | None:
    assert chart is not None
    return next(row.cells.get(zone) for row in chart.rows if row.label == label)


@pytest.mark.parametrize(
    ("gender", "label", "chest", "waist", "hip"),
    [
        ("female", "S", (82, 90), (66, 74), (90, 98)),
        ("female", "M", (90, 98), (74, 82), (98, 106)),
        ("female", "L", (98, 107), (82, 91), (106, 114.5)),
        ("female", "XXS", (66, 74), (50, 58), (74, 82)),
        ("male", "S", (86, 94), (74, 82), None),
        ("male", "XL", (110, 118), (98, 106), None),
    ],
)
def test_letters_of_en_13402(
    gender: str, label: str, chest: tuple[float, float], waist: tuple[float, float], hip: tuple[float, float] | None
) -> None:
    chart = standard_chart("t_shirt", "upper_body", gender)
    assert cell(chart, label, Zone.CHEST) == Cell(*chest)
    assert cell(chart, label, Zone.WAIST) == Cell(*waist)
    assert cell(chart, label, Zone.HIP) == (Cell(*hip) if hip else None)


@pytest.mark.parametrize("gender", ["female", "male"])
@pytest.mark.parametrize("category", ["upper_body", "lower_body", "dress", "shoes"])
def test_a_standard_says_so_and_grows(gender: str, category: str) -> None:
    chart = standard_chart("jeans", category, gender)
    assert chart is not None and chart.standard
    assert (chart.source, chart.kind, chart.kind_inferred) == (ChartSource.STANDARD, ChartKind.BODY, False)
    for before, after in pairwise(chart.rows):
        assert set(before.cells) == set(after.cells)
        assert all(before.cells[zone].hi <= after.cells[zone].lo + 0.01 for zone in before.cells), "no overlap"


def test_trousers_are_not_chosen_by_the_chest() -> None:
    chart = standard_chart("trousers", "lower_body", "female")
    assert chart is not None and set(chart.rows[0].cells) == {Zone.WAIST, Zone.HIP}


def test_a_shoe_holds_the_feet_up_to_its_length() -> None:
    chart = standard_chart("shoes", "shoes", "male")
    assert cell(chart, "EU 42", Zone.FOOT_LENGTH) == Cell(26.0, 26.67)


@pytest.mark.parametrize(
    ("garment", "category", "gender"),
    [
        ("t_shirt", "upper_body", None),
        ("t_shirt", "upper_body", "other"),
        ("t_shirt", "upper_body", "prefer-not-to-say"),
        ("t_shirt", None, "female"),
        ("bag", "accessory", "female"),
        (None, "none", "male"),
        ("bra", "upper_body", "female"),
    ],
)
def test_a_chart_is_never_invented(garment: str | None, category: str | None, gender: str | None) -> None:
    assert standard_chart(garment, category, gender) is None


@pytest.mark.parametrize(
    ("size", "source", "target", "gender", "expected"),
    [
        ("34", "EU", "UK", "female", "8"),
        ("34", "EU", "FR", "female", "36"),
        ("40", "IT", "EU", "female", "34"),
        ("8", "UK", "US", "female", "4"),
        ("38/40", "EU", "UK", "female", "12"),
        ("42", "EU", "LETTER", "female", "M"),
        ("S", "LETTER", "EU", "female", "36"),
        ("W28", "JEANS", "LETTER", "female", "S"),
        ("50", "EU", "US", "male", "40"),
        ("40", "UK", "LETTER", "male", "M"),
        ("W32", "JEANS", "EU", "male", "48"),
        ("48", "EU", "JEANS", "male", "W32"),
        ("50", "IT", "EU", "male", "50"),
    ],
)
def test_clothes_in_another_system(size: str, source: str, target: str, gender: str, expected: str) -> None:
    found = convert(size, source, target, gender)
    assert found is not None and (found.size, found.system) == (expected, target)
    assert found.approximate and found.spread >= 1


@pytest.mark.parametrize(
    ("size", "source", "target", "gender", "expected"),
    [
        ("42", "EU", "JP", "male", "26.5"),
        ("8", "UK", "US", "male", "9"),
        ("8", "US", "EU", "female", "38"),
        ("26", "JP", "EU", "male", "41"),
    ],
)
def test_shoes_in_another_system(size: str, source: str, target: str, gender: str, expected: str) -> None:
    found = convert(size, source, target, gender, "shoes")
    assert found is not None and found.size == expected and found.approximate


@pytest.mark.parametrize(
    ("size", "source", "target", "gender", "kind"),
    [
        ("36", "EU", "UK", "other", "clothes"),
        ("36", "EU", "UK", None, "clothes"),
        ("999", "EU", "UK", "female", "clothes"),
        ("Blue", "EU", "UK", "female", "clothes"),
        ("", "EU", "UK", "female", "clothes"),
        ("36", "MARS", "UK", "female", "clothes"),
        ("36", "EU", "MARS", "female", "clothes"),
        ("M", "EU", "UK", "female", "clothes"),
        ("36", "LETTER", "UK", "female", "clothes"),
        ("36", "JEANS", "UK", "female", "clothes"),
        ("M", "LETTER", "EU", "female", "shoes"),
        ("36", "EU", "UK", "female", "hats"),
    ],
)
def test_what_no_table_says(size: str, source: str, target: str, gender: str | None, kind: str) -> None:
    assert convert(size, source, target, gender, kind) is None


@pytest.mark.parametrize(
    ("labels", "wanted", "gender", "kind", "label"),
    [
        (["S", "M", "L"], "EU 42", "female", "clothes", "M"),
        (["UK 10", "UK 12"], "EU 38", "female", "clothes", "UK 12"),
        (["EU 48", "EU 50"], "W32", "male", "clothes", "EU 48"),
        (["EU 42", "EU 43"], "UK 8.5", "male", "shoes", "EU 42"),
        (["UK 10"], "EU 50", "female", "clothes", None),
        (["36", "38"], "UK 10", "female", "clothes", None),
        (["UK 10", "UK 12"], "38", "female", "clothes", None),
        ([], "M", "female", "clothes", None),
    ],
)
def test_a_size_of_another_system_in_a_chart(
    labels: list[str], wanted: str, gender: str, kind: str, label: str | None
) -> None:
    found = translate(labels, wanted, gender, kind)
    assert (found[0] if found else None) == label


@pytest.mark.parametrize(
    ("labels", "category", "gender", "zone", "first", "conversion"),
    [
        (["L/XL", "S/M"], "upper_body", "female", Zone.CHEST, ("S/M", Cell(82, 98)), False),
        (["US 4", "US 2"], "dress", "female", Zone.CHEST, ("US 2", Cell(83.8, 83.8)), False),
        (["UK 12", "UK 10"], "lower_body", "female", Zone.WAIST, ("UK 10", Cell(68, 68)), True),
        (["EU 50", "EU 48"], "upper_body", "male", Zone.CHEST, ("EU 48", Cell(96, 96)), False),
        (["UK 9", "UK 8"], "shoes", "male", Zone.FOOT_LENGTH, ("UK 8", Cell(25.58, 26.25)), True),
    ],
)
def test_a_chart_for_names_alone(
    labels: list[str], category: str, gender: str, zone: Zone, first: tuple[str, Cell], conversion: bool
) -> None:
    chart = chart_for_labels(labels, category, gender)
    assert chart is not None and chart.source is ChartSource.STANDARD and chart.conversion is conversion
    assert (chart.rows[0].label, chart.rows[0].cells[zone]) == first and len(chart.rows) == len(labels)


@pytest.mark.parametrize("labels", [[], ["36", "38"], ["S", "Fox"], ["EU 999"], ["W32 L34"]])
def test_names_that_no_table_has(labels: list[str]) -> None:
    assert chart_for_labels(labels, "dress", "female") is None
