"""Charts as shops write them."""

from __future__ import annotations

from typing import Any

import pytest

from features.fitting.charts import read_chart
from features.fitting.terms import Chart, ChartKind, ChartSource

GIRTHS = ("chest", "waist", "hip")


def numbers(chart: Chart) -> dict[str, dict[str, tuple[float, float]]]:
    return {row.label: {zone.value: (cell.lo, cell.hi) for zone, cell in row.cells.items()} for row in chart.rows}


def codes(chart: Chart) -> set[str]:
    return {notice.code for notice in chart.warnings}


REAL: dict[str, tuple[Any, dict[str, dict[str, tuple[float, float]]]]] = {
    "ranges with gaps": (
        {"M": {"chest": "96-101", "waist": 80}, "S": {"chest": "90-95", "waist": 75}},
        {"S": {"chest": (90, 95), "waist": (75, 75)}, "M": {"chest": (96, 101), "waist": (80, 80)}},
    ),
    "a list of sizes": (
        [{"size": "S", "Bust": "84-88"}, {"size": "M", "Bust": "88-92"}],
        {"S": {"chest": (84, 88)}, "M": {"chest": (88, 92)}},
    ),
    "Portuguese, as a shop's page has it": (
        {
            "XS": {"Medida à volta da cintura": "58-62", "Medida à volta do peito": "76-85"},
            "S": {"Medida à volta da cintura": "63-65", "Medida à volta do peito": "86-90"},
        },
        {"XS": {"chest": (76, 85), "waist": (58, 62)}, "S": {"chest": (86, 90), "waist": (63, 65)}},
    ),
    "German, sizes in numbers": (
        {"38": {"Brust in cm": "88", "Hüftumfang": "96,5"}, "36": {"Brust in cm": "84", "Hüftumfang": "92"}},
        {"36": {"chest": (84, 84), "hip": (92, 92)}, "38": {"chest": (88, 88), "hip": (96.5, 96.5)}},
    ),
    "French, the size column is called like the waist": (
        [
            {"Taille": "S", "Tour de poitrine": "84 à 88", "Tour de taille": "66"},
            {"Taille": "M", "Tour de poitrine": "88 à 92", "Tour de taille": "70"},
        ],
        {"S": {"chest": (84, 88), "waist": (66, 66)}, "M": {"chest": (88, 92), "waist": (70, 70)}},
    ),
    "inches by the numbers": (
        {"S": {"chest": "34-36", "waist": "28-30"}, "M": {"chest": "38-40", "waist": "32-34"}},
        {
            "S": {"chest": (86.36, 91.44), "waist": (71.12, 76.2)},
            "M": {"chest": (96.52, 101.6), "waist": (81.28, 86.36)},
        },
    ),
    "inches in the head, in halves": (
        {"6": {"Bust (in)": "35½", "Hips (in)": "38 1/2"}, "8": {"Bust (in)": "36½", "Hips (in)": "39 1/2"}},
        {
            "6": {"chest": (90.17, 90.17), "hip": (97.79, 97.79)},
            "8": {"chest": (92.71, 92.71), "hip": (100.33, 100.33)},
        },
    ),
    "both units side by side": (
        {
            "S": {"Chest (cm)": "86-91", "Chest (in)": "34-36"},
            "M": {"Chest (cm)": "91-97", "Chest (in)": "36-38"},
        },
        {"S": {"chest": (86, 91)}, "M": {"chest": (91, 97)}},
    ),
    "sizes in twos": (
        {"S/M": {"bust": "82-94"}, "L/XL": {"bust": "94-108"}},
        {"S/M": {"chest": (82, 94)}, "L/XL": {"chest": (94, 108)}},
    ),
    "measures first": (
        {"unit": "cm", "Waist": {"M": 80, "S": 75}, "Hips": {"S": 95, "M": 100}},
        {"S": {"waist": (75, 75), "hip": (95, 95)}, "M": {"waist": (80, 80), "hip": (100, 100)}},
    ),
    "columns and rows": (
        {"columns": ["Size", "EU", "Bust", "Cup"], "rows": [["S", 36, 84, "B"], ["M", 38, 88, "B"]]},
        {"S": {"chest": (84, 84)}, "M": {"chest": (88, 88)}},
    ),
    "a table turned on its side": (
        [["", "S", "M"], ["Bust", 84, 88], ["Waist", 66, "-"]],
        {"S": {"chest": (84, 84), "waist": (66, 66)}, "M": {"chest": (88, 88)}},
    ),
    "lists side by side": (
        {"size": ["S", "M"], "chest": [90, 96], "waist": ["", 80]},
        {"S": {"chest": (90, 90)}, "M": {"chest": (96, 96), "waist": (80, 80)}},
    ),
    "pairs of columns": (
        [{"label": "S", "chest_min": 88, "chest_max": 92}, {"label": "M", "chest_min": 92, "chest_max": 96}],
        {"S": {"chest": (88, 92)}, "M": {"chest": (92, 96)}},
    ),
    "named measurements in a list": (
        {"sizes": [{"name": "S", "measurements": [{"name": "Chest", "value": "34-36", "unit": "in"}]}]},
        {"S": {"chest": (86.36, 91.44)}},
    ),
    "only system columns name the size": (
        [{"EU": 38, "UK": 12, "Bust": 88}, {"EU": 40, "UK": 14, "Bust": 92}],
        {"EU 38": {"chest": (88, 88)}, "EU 40": {"chest": (92, 92)}},
    ),
    "shoes in mm": (
        {"42": {"Foot length": 265}, "42.5": {"Foot length": 268}},
        {"42": {"foot_length": (26.5, 26.5)}, "42.5": {"foot_length": (26.8, 26.8)}},
    ),
    "height and weight": (
        {"S": {"Height": "1,60-1,68 m", "Weight": "50-58 kg"}, "M": {"Height": "1,68-1,75 m", "Weight": "58-66 kg"}},
        {"S": {"height": (160, 168), "weight": (50, 58)}, "M": {"height": (168, 175), "weight": (58, 66)}},
    ),
    "height and weight of an American chart": (
        {"S": {"Height": "5'3\"-5'6\"", "Weight (lbs)": "110-130"}},
        {"S": {"height": (160.02, 167.64), "weight": (49.9, 58.97)}},
    ),
    "one size": ({"One size": {"waist": "60-100"}}, {"One size": {"waist": (60, 100)}}),
    "open ends": (
        {"S": {"chest": "up to 90"}, "M": {"chest": "90-96"}, "L": {"chest": "from 96"}},
        {"S": {"chest": (84, 90)}, "M": {"chest": (90, 96)}, "L": {"chest": (96, 102)}},
    ),
    "an open end among single numbers": (
        {"M": {"chest": 100}, "S": {"chest": 96}, "L": {"chest": "104+"}},
        {"S": {"chest": (96, 96)}, "M": {"chest": (100, 100)}, "L": {"chest": (104, 108)}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_a_body_chart(name: str) -> None:
    raw, expected = REAL[name]
    chart = read_chart(raw)
    assert numbers(chart) == expected
    assert list(numbers(chart)) == list(expected), "from small to large"
    assert chart.kind is ChartKind.BODY and chart.kind_inferred and not chart.unit_ambiguous and not chart.warnings


GARMENTS: dict[str, tuple[Any, dict[str, float], bool]] = {
    "pit to pit": (
        {"S": {"Pit to pit": 50, "Length": 70}, "M": {"Pit to pit": 52, "Length": 72}},
        {"chest": 100},
        False,
    ),
    "half by another name": ({"S": {"1/2 Chest": 50}, "M": {"1/2 Chest": 52}}, {"chest": 100}, False),
    "German width": ({"S": {"Brustbreite": "50 cm"}, "M": {"Brustbreite": "52 cm"}}, {"chest": 100}, False),
    "flat waist in inches": ({"S": {"Waist (flat)": 15}, "M": {"Waist (flat)": 16}}, {"waist": 76.2}, False),
    "a length beside it tells": (
        {"S": {"Chest": 50, "Length": 70}, "M": {"Chest": 53, "Length": 72}},
        {"chest": 100},
        False,
    ),
    "inches of a garment": (
        {"S": {"Chest": 40, "Sleeve": 24.5, "Length": 28}, "M": {"Chest": 42, "Sleeve": 25, "Length": 29}},
        {"chest": 101.6, "arm": 62.23},
        False,
    ),
    "nothing tells": ({"S": {"Chest": 50}, "M": {"Chest": 52}}, {"chest": 100}, True),
    "cm, but not of a girth": ({"S": {"Chest (cm)": 50}, "M": {"Chest (cm)": 52}}, {"chest": 100}, True),
}


@pytest.mark.parametrize("name", GARMENTS)
def test_a_garment_chart(name: str) -> None:
    raw, expected, ambiguous = GARMENTS[name]
    chart = read_chart(raw)
    first = {zone: lo for zone, (lo, _) in numbers(chart)["S"].items()}
    assert chart.kind is ChartKind.GARMENT and chart.kind_inferred
    assert {zone: first[zone] for zone in expected} == expected
    assert chart.unit_ambiguous is ambiguous is ("unit_ambiguous" in codes(chart))


def test_the_smallest_sizes_alone_are_no_widths_laid_flat() -> None:
    chart = read_chart({"XXS": {"Bust": "66-70"}, "XS": {"Bust": "70-74"}})
    assert numbers(chart) == {"XXS": {"chest": (66, 70)}, "XS": {"chest": (70, 74)}}
    assert chart.kind is ChartKind.BODY and chart.unit_ambiguous
    flat = read_chart({"XL": {"Bust": 66}, "XXL": {"Bust": 70}})
    assert numbers(flat)["XL"] == {"chest": (132, 132)}


def test_what_is_said_wins() -> None:
    raw = {"S": {"chest": 46}, "M": {"chest": 48}}
    chart = read_chart(raw, source=ChartSource.BRAND, kind="body", unit="in")
    assert numbers(chart)["S"] == {"chest": (116.84, 116.84)}
    assert (chart.kind, chart.kind_inferred, chart.source, chart.unit_in) == ("body", False, "brand", "in")
    assert not chart.unit_ambiguous and not chart.warnings


def test_a_wrapper_says_unit_and_kind() -> None:
    chart = read_chart({"unit": "inches", "kind": "garment", "rows": [{"size": "S", "waist": 31, "hip": 40}]})
    assert numbers(chart) == {"S": {"waist": (78.74, 78.74), "hip": (101.6, 101.6)}}
    assert chart.kind is ChartKind.GARMENT and not chart.kind_inferred


def test_a_unit_that_cannot_be_is_not_believed() -> None:
    chart = read_chart({"S": {"Bust": 84, "Inseam": 78}, "M": {"Bust": 88, "Inseam": 79}}, unit="in")
    assert numbers(chart)["S"] == {"chest": (84, 84), "inseam": (78, 78)}
    assert chart.unit_ambiguous and "unit_contradicted" in codes(chart)


@pytest.mark.parametrize("labels", [["W32 L32", "W32 L34", "W34 L32"], ["32/32", "32/34", "34/32"]])
def test_jeans_have_the_inseam_of_their_name(labels: list[str]) -> None:
    chart = read_chart(dict(zip(labels, ({"waist": 84}, {"waist": 84}, {"waist": 89}), strict=True)))
    assert numbers(chart)[labels[1]] == {"waist": (84, 84), "inseam": (86.36, 86.36)}
    assert [row.label for row in chart.rows] == labels and "inseam_from_label" in codes(chart)


def test_the_length_of_jeans_is_the_inside_leg() -> None:
    raw = {"W32 L32": {"waist": "32in", "length": "32in"}, "W34 L30": {"waist": "34in", "length": "30in"}}
    chart = read_chart(raw)
    assert numbers(chart)["W34 L30"] == {"waist": (86.36, 86.36), "inseam": (76.2, 76.2)}
    assert chart.kind is ChartKind.BODY, "a length of its own would be a garment's"


def test_suits_grow_in_two_ways() -> None:
    raw = {"40R": {"chest": 40, "inseam": 32}, "38L": {"chest": 38, "inseam": 34}, "38R": {"chest": 38, "inseam": 32}}
    chart = read_chart(raw, unit="in")
    assert [row.label for row in chart.rows] == ["38R", "38L", "40R"]
    assert set(numbers(chart)["38L"]) == {"chest", "inseam"} and not chart.warnings


def test_a_zone_that_does_not_grow_is_dropped() -> None:
    raw = {"S": {"chest": 90, "waist": 80}, "M": {"chest": 94, "waist": 70}, "L": {"chest": 98, "waist": 90}}
    chart = read_chart(raw)
    assert all(set(cells) == {"chest"} for cells in numbers(chart).values())
    assert codes(chart) == {"zone_dropped"}


def test_sizes_without_an_order_stand_by_their_numbers() -> None:
    chart = read_chart({"Bear": {"chest": 110}, "Mouse": {"chest": 80}, "Fox": {"chest": 95}})
    assert [row.label for row in chart.rows] == ["Mouse", "Fox", "Bear"]


def test_names_that_run_backwards_stand_by_their_numbers() -> None:
    chart = read_chart({"1": {"chest": 110}, "2": {"chest": 95}, "3": {"chest": 80}})
    assert [row.label for row in chart.rows] == ["3", "2", "1"] and not chart.warnings


def test_what_is_left_out_is_named() -> None:
    raw = {
        "M": {"chest": "90-94", "waist": "red", "colour name": "blue", "Fabric": "wool"},
        "m": {"chest": "95-99"},
        "XL": {"waist": "?"},
        "L": {"chest": "94-98"},
        "10-12 years": {"chest": "74"},
        "XXL": {"chest": "600"},
    }
    chart = read_chart(raw)
    assert list(numbers(chart)) == ["M", "L"] and numbers(chart)["M"] == {"chest": (90, 94)}
    said = {notice.code: notice.message for notice in chart.warnings}
    assert "Fabric" in said["column_unknown"] and "M waist" in said["cell_unreadable"]
    assert "m" in said["size_twice"] and "XL" in said["row_skipped"] and "10-12 years" in said["children_skipped"]
    assert "XXL chest" in said["number_impossible"]


def test_few_names_are_named() -> None:
    raw = {"M": {"chest": 90, **{f"Thing {number}": "x" for number in range(30)}}}
    (notice,) = read_chart(raw).warnings
    assert notice.message.count("Thing") == 5 and "and 25 more" in notice.message


@pytest.mark.parametrize("name", ["Sleeve", "Inseam"])
def test_short_sleeves_and_legs_are_no_arms_and_legs(name: str) -> None:
    chart = read_chart({"S": {"Waist": 80, "Hip": 98, name: 18}, "M": {"Waist": 84, "Hip": 102, name: 19}})
    assert set(numbers(chart)["S"]) == {"waist", "hip"}
