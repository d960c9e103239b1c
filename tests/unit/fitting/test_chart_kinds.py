"""Whose measurements a chart gives: the sizes of jackets are named after the body's chest."""

from __future__ import annotations

from typing import Any

import pytest

from features.fitting.charts import read_chart
from features.fitting.sizing import advise
from features.fitting.terms import Decision, FitContext
from tests.unit.fitting.sizing_charts import body

JACKET = FitContext("jacket")
LENGTHS = (("S", -1.0), ("R", 0.0), ("L", 1.0))


def blazers(more: float = 0.0, lengths: tuple[tuple[str, float], ...] = (("R", 0.0),)) -> dict[str, Any]:
    """Inches. `more`: what the chest has over the size."""
    return {
        f"{size}{name}": {"chest": size + more, "sleeve": 24 + size / 20 + longer}
        for size in (36, 38, 40, 42)
        for name, longer in lengths
    }


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (blazers(), "body"),
        (blazers(0.5), "body"),
        ({size: {"chest": round(int(size) * 2.54), "sleeve": 63} for size in ("36", "38", "40")}, "body"),
        ({f"EU {size}": {"chest": 2 * size, "sleeve": 63, "length": 74} for size in (46, 48, 50)}, "body"),
        ({f"{size}": {"chest": f"{2 * size - 2}-{2 * size + 2}", "length": 74} for size in (46, 48, 50)}, "body"),
        (blazers(4.5), "garment"),
        ({f"{size}": {"chest": 2 * size + 10, "sleeve": 63} for size in (46, 48, 50)}, "garment"),
        ({"36": {"bust": 94, "length": 90}, "38": {"bust": 98, "length": 91}}, "garment"),
        ({"36": {"bust": 37, "length": 36}, "40": {"bust": 40.2, "length": 37}}, "garment"),
        ({"S": {"chest": 96, "sleeve": 62}, "M": {"chest": 102, "sleeve": 63}}, "garment"),
        ({"50": {"garment chest": 100}, "52": {"garment chest": 104}}, "garment"),
        ({"50": {"chest": 100, "sleeve": 63}}, "garment"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_chest_that_the_sizes_are_named_after_is_the_bodys(raw: Any, kind: str) -> None:
    chart = read_chart(raw)
    assert (chart.kind, chart.kind_inferred) == (kind, True)


def test_what_is_said_of_the_chart_goes_before_its_names() -> None:
    assert read_chart(blazers(), kind="garment", unit="in").kind == "garment"


@pytest.mark.parametrize("kind", ["body", "garment"])
def test_a_blazer_with_sleeves_has_a_size(kind: str) -> None:
    more = 5.5 if kind == "garment" else 0.0
    chart = read_chart(blazers(more, LENGTHS), kind=kind, unit="in")
    advice = advise(body(chest=101.6, arm=66.0), chart, JACKET)
    assert advice.recommended in ("40S", "40R", "40L") and set(advice.axes) == {"size", "length"}


def test_lengths_that_no_table_speaks_of_hold_nothing_up() -> None:
    """How long trousers of a garment's height should be is not known: the waist decides alone."""
    raw = {
        f"{size}{name}": {"waist": 2 * size - 14, "height": 176 + 6 * longer}
        for size in (46, 48, 50)
        for name, longer in LENGTHS
    }
    advice = advise(body(waist=80.0, height=176.0), read_chart(raw, kind="garment"), FitContext("trousers"))
    assert advice.recommended and advice.recommended.startswith("48") and advice.axes == {}
    assert advice.decision in (Decision.LOW_CONFIDENCE, Decision.BETWEEN_SIZES)


@pytest.mark.parametrize(
    ("raw", "alike"),
    [
        ({"S": {"chest": 90}, "M": {"chest": 90}, "L": {"chest": 90}}, True),
        ({"S": {"chest": 90, "length": 60}, "M": {"chest": 90, "length": 62}}, True),
        ({"S": {"chest": 90}, "M": {"chest": 90}, "L": {"chest": 94}}, False),
        ({"One size": {"chest": 90}}, False),
    ],
)
def test_a_chart_that_does_not_tell_its_sizes_apart_says_so(raw: Any, alike: bool) -> None:
    assert ("sizes_alike" in [notice.code for notice in read_chart(raw).warnings]) is alike
