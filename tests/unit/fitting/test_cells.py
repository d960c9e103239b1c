"""Cells of size charts as shops write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fitting.cells import LARGEST_NUMBER, RawCell, is_blank, known_unit, read_cell


@pytest.mark.parametrize(
    "written",
    [
        "88-92", "88–92", "88 — 92", "88 to 92", "88/92", "88 bis 92", "von 88 bis 92", "de 88 à 92", "88 a 92",
        "between 88 and 92", "88~92", "88 ～ 92", "90 ± 2", "92-88", "88,0 - 92,0", [88, 92], ["88", "92"],
        {"min": 88, "max": 92}, {"from": "88", "to": "92"}, {"lo": 92, "hi": 88}, {"value": "88-92"}, "８８-９２",
    ],
)  # fmt: skip
def test_a_range(written: Any) -> None:
    assert read_cell(written) == RawCell(88, 92)


@pytest.mark.parametrize("written", ["34 1/2", "34½", "34-1/2", "34.5", "34,5", 34.5, [34.5], "ca. 34.5", "~34,5"])
def test_one_number(written: Any) -> None:
    assert read_cell(written) == RawCell(34.5, 34.5)


@pytest.mark.parametrize(
    ("written", "lo", "hi", "unit"),
    [
        ('34"', 34, 34, "in"),
        ("34 in", 34, 34, "in"),
        ("34''", 34, 34, "in"),
        ('34"-36"', 34, 36, "in"),
        ("34½–36½ inches", 34.5, 36.5, "in"),
        ("34-35 1/2 in.", 34, 35.5, "in"),
        ("86 cm", 86, 86, "cm"),
        ("88cm-92cm", 88, 92, "cm"),
        ("860 mm", 86, 86, "cm"),
        ("860-900 mm", 86, 90, "cm"),
        ("1,65 - 1,70 m", 165, 170, "cm"),
        ("5'4\"", 64, 64, "in"),
        ("5'4\" - 5'7\"", 64, 67, "in"),
        ("55-60 kg", 55, 60, "kg"),
        ("130 lbs", 130, 130, "lb"),
        ({"min": 34, "max": 36, "unit": "inches"}, 34, 36, "in"),
        ({"value": 860, "unit": "mm"}, 86, 86, "cm"),
        ({"cm": "86-91", "in": "34-36"}, 86, 91, "cm"),
        ({"in": "34-36"}, 34, 36, "in"),
        ("86 cm / 34 in", 86, 86, "cm"),
        ("34 (86)", 86, 86, "cm"),
        ("34-36 (86-91)", 86, 91, "cm"),
        ("34-36 in (86.4-91.4 cm)", 86.4, 91.4, "cm"),
    ],
)
def test_a_written_unit(written: Any, lo: float, hi: float, unit: str) -> None:
    cell = read_cell(written)
    assert cell is not None and cell.unit == unit
    assert (cell.lo, cell.hi) == (pytest.approx(lo), pytest.approx(hi))


@pytest.mark.parametrize("written", ["up to 90", "bis 90", "jusqu'à 90", "hasta 90", "fino a 90", "<90", {"max": 90}])
def test_open_below(written: Any) -> None:
    assert read_cell(written) == RawCell(None, 90)


@pytest.mark.parametrize(
    "written", ["from 110", "ab 110", "à partir de 110", "desde 110", "110+", "110 and up", "≥ 110", {"min": "110"}]
)
def test_open_above(written: Any) -> None:
    assert read_cell(written) == RawCell(110, None)


@pytest.mark.parametrize(
    "written",
    [
        True, False, None, float("nan"), float("inf"), -float("inf"), -3, 0, 0.0, "0", "-5", 10**400, "9999999", 1e9,
        "1e3", "M", "", "red", "60-180", "88-92-96", "[88]", "88 kg - 90 cm", "88 cm (60 in)", "34'", [], {},
        [1, 2, 3], [[88, 92]], [[1, 2], 3], {"min": True}, {"a": {"b": 1}}, {"value": {"value": 88}}, "8" * 1000,
        "88-" * 500, b"88", object(),
    ],
)  # fmt: skip
def test_what_is_no_length(written: Any) -> None:
    assert read_cell(written) is None


@pytest.mark.parametrize("written", [None, "", " - ", "–", "n/a", "N.A.", "*", [], {}])
def test_blank_is_no_mistake(written: Any) -> None:
    assert is_blank(written)


@pytest.mark.parametrize("written", ["red", "88", 0, False, "x" * 100])
def test_not_blank(written: Any) -> None:
    assert not is_blank(written)


@pytest.mark.parametrize(
    ("word", "unit"), [("inches", "in"), ("Imperial", "in"), ("METRIC", "cm"), ("mm", "cm"), ("ell", None), (3, None)]
)
def test_units_by_name(word: Any, unit: str | None) -> None:
    assert known_unit(word) == unit


@settings(deadline=None)
@given(st.text(alphabet="0123456789 -–/.,½'\"+<>()abcimntox", max_size=30) | st.floats() | st.integers())
def test_any_text_gives_a_sane_cell_or_none(written: Any) -> None:
    cell = read_cell(written)
    if cell is not None:
        bounds = [bound for bound in (cell.lo, cell.hi) if bound is not None]
        assert bounds and all(0 < bound <= LARGEST_NUMBER * 100 for bound in bounds) and bounds == sorted(bounds)
