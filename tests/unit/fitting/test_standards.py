"""Charts of standards and translations between size systems: only where a table exists."""

from __future__ import annotations

from itertools import pairwise

import pytest

from features.fitting.standards import chart_for_labels, standard_chart
from features.fitting.systems import translate
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


LETTERS = ["XS", "S", "M", "L", "XL"]
JEANS = [f"W{inches}" for inches in range(24, 40)]


def every(system: str, first: int, last: int, step: float = 2) -> list[str]:
    """All sizes of a system that shops sell, so that a wrong translation finds a wrong one."""
    return [f"{system} {first + step * number:g}" for number in range(int((last - first) / step) + 1)]


@pytest.mark.parametrize(
    ("wanted", "labels", "gender", "expected"),
    [
        ("EU 34", every("UK", 4, 24), "female", "UK 8"),
        ("EU 34", every("FR", 32, 50), "female", "FR 36"),
        ("IT 40", every("EU", 30, 50), "female", "EU 34"),
        ("UK 8", every("US", 0, 20), "female", "US 4"),
        ("EU 38/40", every("UK", 4, 24), "female", "UK 12"),
        ("EU 42", LETTERS, "female", "M"),
        ("S", every("EU", 30, 50), "female", "EU 36"),
        ("W28", LETTERS, "female", "S"),
        ("EU 50", every("US", 34, 50), "male", "US 40"),
        ("UK 40", LETTERS, "male", "M"),
        ("W32", every("EU", 44, 60), "male", "EU 48"),
        ("EU 48", JEANS, "male", "W32"),
        ("IT 50", every("EU", 44, 60), "male", "EU 50"),
    ],
)
def test_clothes_in_another_system(wanted: str, labels: list[str], gender: str, expected: str) -> None:
    assert translate(labels, wanted, gender) == expected


@pytest.mark.parametrize(
    ("wanted", "labels", "gender", "expected"),
    [
        ("EU 42", every("JP", 22, 30, 0.5), "male", "JP 26.5"),
        ("UK 8", every("US", 5, 14, 0.5), "male", "US 9"),
        ("US 8", every("EU", 35, 48, 0.5), "female", "EU 38"),
        ("JP 26", every("EU", 35, 48, 0.5), "male", "EU 41"),
    ],
)
def test_shoes_in_another_system(wanted: str, labels: list[str], gender: str, expected: str) -> None:
    assert translate(labels, wanted, gender, "shoes") == expected


@pytest.mark.parametrize(
    ("wanted", "gender", "kind"),
    [
        ("EU 36", "other", "clothes"),
        ("EU 36", None, "clothes"),
        ("EU 999", "female", "clothes"),
        ("Blue", "female", "clothes"),
        ("", "female", "clothes"),
        ("36", "female", "clothes"),
        ("M", "female", "shoes"),
        ("EU 36", "female", "hats"),
    ],
)
def test_what_no_table_says(wanted: str, gender: str | None, kind: str) -> None:
    assert translate(every("UK", 4, 24), wanted, gender, kind) is None


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
    assert translate(labels, wanted, gender, kind) == label


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
