"""From the chart as a shop writes it to the size: units and the order of rows change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.fitting.charts import read_chart
from features.fitting.sizing import advise, body_of
from features.fitting.standards import standard_chart
from features.fitting.terms import Decision, Zone
from tests.unit.fitting.sizing_charts import DRESS, JEANS, TOP, body, probabilities

CM = {
    "S": {"bust": "84-88", "waist": "66-70", "hips": "92-96"},
    "M": {"bust": "89-93", "waist": "71-75", "hips": "97-101"},
    "L": {"bust": "94-99", "waist": "76-81", "hips": "102-107"},
}
INCHES = {
    size: {zone: "-".join(f"{float(cm) / 2.54:.4f}" for cm in text.split("-")) for zone, text in cells.items()}
    for size, cells in CM.items()
}


@given(st.floats(82, 101), st.floats(64, 83), st.permutations(list(CM)))
def test_inches_and_shuffled_rows_make_the_same_advice(chest: float, waist: float, order: list[str]) -> None:
    known = body(chest=chest, waist=waist)
    plain = advise(known, read_chart(CM, unit="cm"), DRESS)
    inches = advise(known, read_chart({size: INCHES[size] for size in order}, unit="in"), DRESS)
    assert probabilities(plain) == pytest.approx(probabilities(inches), abs=0.01)


@pytest.mark.parametrize(
    "raw",
    [
        {"S": {"chest": "86-90"}, "M": {"chest": "90-94"}},
        {"S": {"chest": "86–90"}, "M": {"chest": "91–94"}},
        {"S": {"chest": 88}, "M": {"chest": 92}},
        [{"size": "S", "bust": "34 1/2 in"}, {"size": "M", "bust": "36 1/2 in"}],
        {"S": {"chest": "86-90", "sleeve": "60"}, "M": {"chest": "90-94", "sleeve": "61"}},
    ],
)
def test_charts_that_are_written_otherwise_are_answered_for_modern_fields_alone(raw: object) -> None:
    known = body_of({"breast_circumference": 92.5}, sex="female")
    assert advise(known, read_chart(raw, kind="body"), TOP).recommended == "M"


def test_a_chart_that_shares_no_zone_with_the_body_fits_nobody() -> None:
    known = body_of({"neck_circumference": 38.0}, sex="male")
    assert advise(known, read_chart(CM), TOP).decision is Decision.INSUFFICIENT_DATA


def test_jeans_of_a_shop_have_two_axes() -> None:
    raw = {f"{waist}/{length}": {"waist": f"{waist} in"} for waist in (30, 32, 34) for length in (30, 32, 34)}
    advice = advise(body(waist=81.3, inseam=85.8), read_chart(raw, kind="body"), JEANS)
    assert advice.recommended == "32/32"
    assert set(advice.axes) == {"waist", "length"}


def test_our_own_standard_charts_are_trusted_less_than_a_shops() -> None:
    standard = standard_chart("t_shirt", "upper_body", "female")
    assert standard is not None
    advice = advise(body(chest=94.0, waist=78.0, hip=102.0), standard, TOP)
    assert advice.recommended == "M"
    assert advice.confidence <= 0.6
    assert Zone.CHEST in {zone.zone for zone in advice.sizes[0].zones}
