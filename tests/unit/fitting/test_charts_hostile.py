"""What is no chart, and what must hold for every chart."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fitting.charts import read_chart
from features.fitting.terms import Chart
from shared.errors import SizeChartInvalidError

DEEP: Any = {"chest": 90}
for _ in range(500):
    DEEP = {"M": DEEP}


def nested_list(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, "size_chart"),
        ("M: 90", "size_chart"),
        (90, "size_chart"),
        (True, "size_chart"),
        (math.nan, "size_chart"),
        ([], "size_chart"),
        ({}, "size_chart"),
        ([1, 2], "size_chart"),
        ({"M": 96}, "size_chart"),
        ({"M": {}}, "size_chart.M"),
        ([{"chest": 90}], "size_chart[0]"),
        ({"M": {"colour": "red"}}, "size_chart.M.colour"),
        ({"M": {"chest": "red"}}, "size_chart.M.chest"),
        ({"M": {"chest": -90}}, "size_chart.M.chest"),
        ({"M": {"chest": True}}, "size_chart.M.chest"),
        ({"M": {"chest": math.nan}}, "size_chart.M.chest"),
        ({"M": {"chest": math.inf}}, "size_chart.M.chest"),
        ({"M": {"chest": 10**400}}, "size_chart.M.chest"),
        ({"M": {"chest": {"min": {"min": {"min": {"min": 1}}}}}}, "size_chart.M.chest.min.min.min.min"),
        ({"sizes": {"M": {"chest": None}}}, "size_chart.sizes.M.chest"),
        ({"2-3 years": {"chest": 54}, "4-5 years": {"chest": 58}}, "size_chart"),
        ({"XS": {"height": "116-122", "chest": "58-60"}, "S": {"height": "128-134", "chest": "62-66"}}, "size_chart"),
        ({"M": {"chest": 90}, "x": {1, 2}}, "size_chart"),
        ({"M": {"chest": 90, "note": "x" * 70_000}}, "size_chart"),
        ({str(number): {"chest": 80 + number / 10} for number in range(201)}, "size_chart"),
        ([[0] * 30] * 1000, "size_chart"),
        ({"M": {f"chest {number}": 90 for number in range(101)}}, "size_chart"),
        ({"M": {f"chest {number}": 90 for number in range(300)}}, "size_chart.M"),
        ([[0] * 200] * 200, "size_chart"),
        (nested_list(2000), "size_chart.0.0.0.0.0.0"),
        (DEEP, "size_chart.M.M.M.M.M.M"),
        ({"S": {"waist": 90}, "M": {"waist": 80}, "L": {"waist": 85}, "XL": {"chest": "x"}}, None),
    ],
)
def test_no_chart(raw: Any, path: str | None) -> None:
    if path is None:
        assert read_chart(raw).rows
        return
    with pytest.raises(SizeChartInvalidError) as raised:
        read_chart(raw)
    assert raised.value.details == {"path": path} and raised.value.message.endswith(".")


def test_two_hundred_sizes_are_a_chart() -> None:
    assert len(read_chart({str(number): {"chest": 80 + number / 10} for number in range(200)}).rows) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["M", "S", "88-92", "34 in", "chest", "size", "cm", "up to 90", "W32 L34", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.text(max_size=6) | st.sampled_from(["M", "L", "chest", "Waist (in)", "size", "unit", "rows", "columns"]),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from([None, "in", "cm", "ell"]), st.sampled_from([None, "body", "garment", "x"]))
def test_any_json_is_a_chart_or_refused(raw: Any, unit: str | None, kind: str | None) -> None:
    try:
        chart = read_chart(raw, unit=unit, kind=kind)
    except SizeChartInvalidError as error:
        assert error.path.startswith("size_chart")
        return
    assert_sane(chart)


def assert_sane(chart: Chart) -> None:
    assert chart.rows
    for row in chart.rows:
        assert row.label and row.label.isprintable() and row.cells
        for cell in row.cells.values():
            assert 0 < cell.lo <= cell.hi < 1000


LABELS = ["XS", "S", "M", "m", "L", "XL", "38", "40", "W32 L34", "32/30", "One size", "Fox", "S/M", "38R"]
MEASURES = ["chest", "Bust (in)", "waist", "hips", "Length", "Pit to pit", "Inseam", "colour", "chest min", "chest max"]
CELLS = st.sampled_from([None, "-", "x", "up to 90", "110+", "34 in"]) | st.integers(20, 130) | st.tuples(
    st.integers(60, 110), st.integers(0, 9)
).map(lambda both: f"{both[0]}-{sum(both)}")  # fmt: skip
ROWS = st.lists(
    st.tuples(st.sampled_from(LABELS), st.dictionaries(st.sampled_from(MEASURES), CELLS, max_size=4)),
    min_size=1,
    max_size=7,
)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(
    rows: list[tuple[str, dict[str, Any]]], luck: random.Random
) -> None:
    shuffled = [(label, dict(luck.sample(list(cells.items()), len(cells)))) for label, cells in rows]
    luck.shuffle(shuffled)
    assert outcome(rows) == outcome(shuffled)


def outcome(rows: list[tuple[str, dict[str, Any]]]) -> Chart | str:
    try:
        chart = read_chart([{"size": label, **cells} for label, cells in rows])
    except SizeChartInvalidError as error:
        return error.message
    assert_sane(chart)
    return chart


@settings(deadline=None)
@given(
    st.lists(st.integers(72, 130), min_size=1, max_size=6, unique=True),
    st.sampled_from(["{} cm", "{}"]),
    st.sampled_from(["chest", "hips"]),
)
def test_cm_and_inches_are_one_chart(girths: list[int], written: str, measure: str) -> None:
    labels = ["XS", "S", "M", "L", "XL", "XXL"]
    sizes = list(zip(labels, sorted(girths), strict=False))
    metric = read_chart({label: {measure: written.format(girth)} for label, girth in sizes}, unit="cm")
    inches = read_chart({label: {measure: f"{girth / 2.54:.4f}"} for label, girth in sizes}, unit="in", kind="body")
    for one, other in zip(metric.rows, inches.rows, strict=True):
        assert one.label == other.label
        for zone, cell in one.cells.items():
            assert other.cells[zone].lo == pytest.approx(cell.lo, abs=0.01)
            assert other.cells[zone].hi == pytest.approx(cell.hi, abs=0.01)
