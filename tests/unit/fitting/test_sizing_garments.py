"""Size advice by measurements of garments, for stretch, for feet, and for sizes of two axes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.fitting.ease import ease_of
from features.fitting.sizing import advise
from features.fitting.terms import Cell, Chart, Decision, FitContext, Preference, SizeRow, Verdict, Zone
from tests.unit.fitting.sizing_charts import (
    JEANS,
    SHOES,
    TOP,
    TROUSERS,
    body,
    chart,
    garment,
    guessed,
    judge,
    probabilities,
    women,
)

SHIRTS = garment({Zone.CHEST: [100, 106, 112], Zone.LENGTH: [70, 72, 74]})
FEET = chart({Zone.FOOT_LENGTH: [24.0, 24.7, 25.3]}, ["38", "39", "40"])


@pytest.mark.parametrize(("preference", "size"), [("slim", "S"), ("regular", "M"), ("relaxed", "L")])
def test_a_garments_chart_is_read_with_the_room_that_is_wanted(preference: str, size: str) -> None:
    assert advise(body(chest=97.0), SHIRTS, FitContext("t_shirt", Preference(preference))).recommended == size


def test_ease_is_what_the_garment_measures_beyond_the_body() -> None:
    zone = judge(body(chest=97.0), SHIRTS, TOP, "M").zones[0]
    assert (zone.ease_cm, zone.verdict, zone.cell) == (9.0, Verdict.IDEAL, Cell(106, 106))


@pytest.mark.parametrize(
    ("chest", "verdict"), [(106.5, "too_tight"), (100, "tight"), (91, "ideal"), (84, "loose"), (80, "too_loose")]
)
def test_verdicts_of_a_garment_go_by_the_ease_table(chest: float, verdict: str) -> None:
    """S measures 100 cm: regular T-shirts want 2 to 14 cm of room."""
    assert judge(body(chest=chest), SHIRTS, TOP, "S").zones[0].verdict is Verdict(verdict)


@pytest.mark.parametrize("shape", ["body", "garment"])
def test_stretch_lets_larger_bodies_in_and_no_smaller_ones_out(shape: str) -> None:
    asked, tight, loose = (women(), 99.5, 87.0) if shape == "body" else (SHIRTS, 106.0, 90.0)
    plain, elastic = FitContext("t_shirt"), FitContext("t_shirt", stretch_percent=10)
    assert judge(body(chest=tight), asked, plain, "M").zones[0].verdict is Verdict.TIGHT
    assert judge(body(chest=tight), asked, elastic, "M").zones[0].verdict is Verdict.IDEAL
    for context in (plain, elastic):
        assert judge(body(chest=loose), asked, context, "M").zones[0].verdict is Verdict.LOOSE


def test_leggings_are_smaller_than_the_body_by_a_share_of_it() -> None:
    ease = ease_of("leggings", Zone.HIP, Preference.REGULAR)
    assert ease is not None
    assert ease.ideal_body(Cell(85, 85)) == pytest.approx(100)
    tights = garment({Zone.HIP: [77, 85, 93]})
    assert advise(body(hip=100.0), tights, FitContext("leggings")).recommended == "M"


@pytest.mark.parametrize(("foot", "size"), [(23.7, "38"), (24.0, "38"), (24.3, "39"), (24.7, "39"), (24.9, "40")])
def test_a_shoe_is_never_shorter_than_the_foot(foot: float, size: str) -> None:
    assert advise(body(foot_length=foot), FEET, SHOES).recommended == size


def test_the_width_of_a_foot_is_told_and_decides_nothing() -> None:
    wide = chart({Zone.FOOT_LENGTH: [24.0, 24.7, 25.3], Zone.FOOT_WIDTH: [9.0, 9.2, 9.4]}, ["38", "39", "40"])
    plain, told = (advise(body(foot_length=24.3, **more), wide, SHOES) for more in ({}, {"foot_width": 11.0}))
    assert probabilities(plain) == probabilities(told)
    widths = [zone for zone in told.sizes[1].zones if zone.zone is Zone.FOOT_WIDTH]
    assert [(zone.verdict, zone.weight) for zone in widths] == [(Verdict.TOO_TIGHT, 0.0)]
    assert advise(body(foot_width=11.0), wide, SHOES).decision is Decision.INSUFFICIENT_DATA


def jeans(waists: tuple[int, ...] = (30, 32, 34), lengths: tuple[int, ...] = (30, 32, 34), but: str = "") -> Chart:
    rows = [
        SizeRow(f"W{waist} L{length}", {Zone.WAIST: Cell(waist * 2.54 + 1, waist * 2.54 + 5)})
        for waist in waists
        for length in lengths
        if f"W{waist} L{length}" != but
    ]
    return Chart(tuple(rows))


def test_waist_and_length_of_jeans_are_judged_apart() -> None:
    advice = advise(body(waist=84.3, inseam=85.8), jeans(), JEANS)
    assert (advice.decision, advice.recommended) == (Decision.RECOMMENDED, "W32 L32")
    assert max(advice.axes["waist"], key=advice.axes["waist"].__getitem__) == "32"
    assert max(advice.axes["length"], key=advice.axes["length"].__getitem__) == "32"
    assert sum(probabilities(advice).values()) == pytest.approx(1)
    shorter = advise(body(waist=84.3, inseam=80.7), jeans(), JEANS)
    assert shorter.recommended == "W32 L30"
    assert shorter.axes["waist"] == advice.axes["waist"]


def test_a_combination_that_is_not_made_gives_way_to_the_likeliest_that_is() -> None:
    advice = advise(body(waist=84.3, inseam=85.8), jeans(but="W32 L32"), JEANS)
    shares = probabilities(advice)
    assert advice.recommended in ("W32 L30", "W32 L34"), "a W30 would not close"
    assert shares[advice.recommended] == max(shares["W32 L30"], shares["W32 L34"])


def test_half_of_a_jeans_size_is_no_size() -> None:
    advice = advise(body(waist=84.3), jeans(), JEANS)
    assert (advice.decision, advice.recommended) == (Decision.INSUFFICIENT_DATA, None)
    assert set(advice.axes) == {"waist"}
    assert [item.size for item in advice.alternatives] == ["W32 L30", "W32 L32", "W32 L34"]
    assert advice.missing[0].field == "inner_leg_length"


def test_one_length_for_all_is_one_axis() -> None:
    advice = advise(body(waist=84.3), jeans(lengths=(32,)), JEANS)
    assert (advice.recommended, advice.axes) == ("W32 L32", {})


def test_long_and_short_of_suits_go_by_the_height() -> None:
    tall = {"S": Cell(164, 172), "": Cell(172, 184), "L": Cell(184, 192)}
    rows = [
        SizeRow(
            f"{number}{length}", {Zone.CHEST: Cell(number * 2.54 - 2.54, number * 2.54 + 2.54), Zone.HEIGHT: height}
        )
        for number in (38, 40, 42)
        for length, height in tall.items()
    ]
    advice = advise(body(chest=101.6, height=188.0), Chart(tuple(rows)), FitContext("jacket"))
    assert advice.recommended == "40L"
    assert set(advice.axes) == {"size", "length"}


def test_an_estimate_forbids_no_size() -> None:
    vague = {Zone.CHEST: guessed(Zone.CHEST, 101.0, 4.0), **body(shoulder_girth=100.0)}
    asked = chart({Zone.CHEST: [86, 94, 102], Zone.SHOULDER_GIRTH: [92, 100, 108]}, ["S", "M", "L"])
    assert advise(vague, asked, FitContext("t_shirt", Preference.SLIM)).recommended in ("M", "L")
    assert advise(body(chest=101.0, shoulder_girth=100.0), asked, TOP).recommended == "L"


@pytest.mark.parametrize(
    ("inseam", "verdict"), [(83.5, "ideal"), (81.0, "loose"), (79.6, "too_loose"), (86.8, "tight"), (88.0, "too_tight")]
)
def test_a_leg_that_is_two_cm_off_is_worn_however_close_the_sizes_lie(inseam: float, verdict: str) -> None:
    """M is for legs of 82 to 85 cm; the next size is 1 cm longer."""
    legs = garment({Zone.INSEAM: [78, 79, 80], Zone.WAIST: [80, 84, 88]})
    exact = {Zone.INSEAM: replace(body(inseam=inseam)[Zone.INSEAM], sd=0.1)}
    assert judge(exact, legs, TROUSERS, "M").zones[0].verdict is Verdict(verdict)


@pytest.mark.parametrize(("chest", "nearest"), [(85.0, "S"), (90.0, "S"), (125.0, None), (132.0, "M"), (160.0, None)])
def test_a_gap_in_the_chart_is_no_size(chest: float, nearest: str | None) -> None:
    """S and M are 41 cm apart: who lies far below S, or between the two, has none that fits."""
    far_apart = garment({Zone.CHEST: [127, 168]}, ["S", "M"])
    advice = advise(body(chest=chest), far_apart, TOP)
    if nearest is None:
        assert advice.decision is Decision.RECOMMENDED and advice.recommended
    else:
        assert (advice.decision, advice.recommended, advice.confidence) == (Decision.OUTSIDE_CHART, None, 0.0)
        assert [item.size for item in advice.alternatives] == [nearest]


def test_a_body_of_two_sizes_gets_the_larger() -> None:
    """The hip is far under M, which the waist fills: nothing else closes."""
    advice = advise(body(waist=80.0, hip=92.0), women(), TROUSERS)
    assert advice.recommended == "M"
    assert {zone.zone: zone.verdict for zone in advice.sizes[2].zones}[Zone.HIP] is Verdict.TOO_LOOSE


@pytest.mark.parametrize("sizes", [2, 3, 5])
def test_sizes_that_are_all_alike_are_a_guess(sizes: int) -> None:
    advice = advise(body(chest=90.0), garment({Zone.CHEST: [98] * sizes}, "SMLXY"[:sizes]), TOP)
    assert advice.decision is Decision.LOW_CONFIDENCE
    assert advice.confidence == pytest.approx(1 / sizes)


def test_what_tells_sizes_apart_may_be_unknown_of_the_body() -> None:
    asked = chart({Zone.CHEST: [90, 90, 90], Zone.HIP: [92, 96, 100]}, "SML")
    advice = advise(body(chest=90.0), asked, TOP)
    assert advice.decision is Decision.LOW_CONFIDENCE and advice.missing[0].field == "hip_circumference"
    assert advise(body(chest=90.0, hip=100.0), asked, TOP).recommended == "L"
