"""Size advice: decisions, confidence, what is missing, and every question that must not end in a crash."""

from __future__ import annotations

import math

import pytest

from features.fitting.sizing import advise, body_of
from features.fitting.terms import (
    BodySource,
    Cell,
    ChartKind,
    ChartSource,
    Decision,
    FitContext,
    Preference,
    Verdict,
    Zone,
)
from tests.unit.fitting.sizing_charts import (
    DRESS,
    TOP,
    TROUSERS,
    body,
    chart,
    guessed,
    judge,
    probabilities,
    ranges,
    women,
)

M_BODY = {"chest": 94.0, "waist": 78.0, "hip": 102.0}


@pytest.mark.parametrize(("chest", "size"), [(78, "XS"), (86, "S"), (94, "M"), (102, "L"), (113, "XL")])
def test_the_middle_of_a_size_is_recommended_with_confidence(chest: float, size: str) -> None:
    advice = advise(body(chest=chest), chart({Zone.CHEST: ranges((74, 82, 90, 98, 107, 119))}), TOP)
    assert (advice.decision, advice.recommended) == (Decision.RECOMMENDED, size)
    assert advice.confidence > 0.9


def test_between_sizes_names_both_and_the_preference_decides() -> None:
    asked = chart({Zone.CHEST: ranges((74, 82, 90, 98, 107, 119))})
    for preference, size, other in [(Preference.SLIM, "M", "L"), (Preference.RELAXED, "L", "M")]:
        advice = advise(body(chest=98.0), asked, FitContext("t_shirt", preference))
        assert (advice.decision, advice.recommended) == (Decision.BETWEEN_SIZES, size)
        assert [item.size for item in advice.alternatives] == [other]


@pytest.mark.parametrize(("chest", "size"), [(97.95, "M"), (98.05, "L")])
def test_regular_takes_the_smaller_of_two_unless_it_is_tight(chest: float, size: str) -> None:
    assert advise(body(chest=chest), chart({Zone.CHEST: ranges((82, 90, 98, 106))}, "SML"), TOP).recommended == size


@pytest.mark.parametrize(("chest", "end"), [(60.0, "XS"), (121.2, "XL"), (126.0, "XL")])
def test_far_beyond_the_chart_no_size_is_recommended_but_the_nearest_is_named(chest: float, end: str) -> None:
    advice = advise(body(chest=chest), women(), TOP)
    assert (advice.decision, advice.recommended, advice.confidence) == (Decision.OUTSIDE_CHART, None, 0.0)
    assert [item.size for item in advice.alternatives] == [end]


@pytest.mark.parametrize(("chest", "size"), [(71.0, "XS"), (120.9, "XL")])
def test_a_little_beyond_the_chart_is_still_its_end(chest: float, size: str) -> None:
    assert advise(body(chest=chest), women(), TOP).recommended == size


@pytest.mark.parametrize(
    "known",
    [{}, {"inseam": 80.0}, {"foot_length": 25.0}],
    ids=["nothing", "another zone", "feet"],
)
def test_without_a_shared_zone_there_is_no_size(known: dict[str, float]) -> None:
    advice = advise(body(**known), women(), TOP)
    assert (advice.decision, advice.recommended, advice.sizes) == (Decision.INSUFFICIENT_DATA, None, ())
    assert advice.missing[0].field == "breast_circumference"
    assert all(0 < item.confidence_if_added <= 1 for item in advice.missing)


def test_a_garments_length_is_no_zone_of_a_body() -> None:
    advice = advise(body(chest=94.0), chart({Zone.LENGTH: [60, 62, 64, 66, 68]}), TOP)
    assert advice.decision is Decision.INSUFFICIENT_DATA
    assert advice.missing == ()


def test_only_legacy_fields_or_only_modern_ones_make_the_same_size() -> None:
    legacy = body_of({"chest": 94.0, "waist": 78.0, "hips": 102.0}, sex=None)
    modern = body_of(
        {"breast_circumference": 94.0, "waist_circumference": 78.0, "hip_circumference": 102.0}, sex="female"
    )
    assert advise(legacy, women(), TOP).recommended == advise(modern, women(), TOP).recommended == "M"
    assert {value.source for value in legacy.values()} == {BodySource.LEGACY}


def test_the_modern_field_wins_over_its_twin() -> None:
    assert body_of({"chest": 80.0, "breast_circumference": 94.0}, sex=None)[Zone.CHEST].cm == 94.0


def test_estimates_fill_what_is_not_measured_but_never_the_waist_of_women() -> None:
    women_body = body_of({"height": 168.0, "weight": 64.0, "hip_circumference": 99.0}, sex="female")
    assert women_body[Zone.CHEST].source is BodySource.ESTIMATED
    assert women_body[Zone.HIP].source is BodySource.MEASURED
    assert Zone.WAIST not in women_body
    assert body_of({"height": 180.0, "weight": 80.0}, sex="male")[Zone.WAIST].source is BodySource.ESTIMATED


@pytest.mark.parametrize(("sex", "estimates"), [(None, True), ("female", False)])
def test_estimates_need_a_sex_and_leave(sex: None, estimates: bool) -> None:
    assert set(body_of({"height": 168.0, "weight": 64.0}, sex=sex, estimates=estimates)) == {Zone.HEIGHT, Zone.WEIGHT}


def test_estimates_alone_are_a_guess_and_say_what_to_measure() -> None:
    advice = advise(body_of({"height": 168.0, "weight": 67.0}, sex="female"), women(), TOP)
    assert advice.decision in (Decision.LOW_CONFIDENCE, Decision.BETWEEN_SIZES)
    assert advice.confidence <= 0.5
    assert advice.missing[0].field == "breast_circumference"
    assert advice.missing[0].confidence_if_added > advice.confidence + 0.1


@pytest.mark.parametrize(
    ("facts", "cap"),
    [
        ({"source": ChartSource.STANDARD}, 0.6),
        ({"source": ChartSource.STANDARD, "standard": "EN 13402-3"}, 0.6),
        ({"unit_ambiguous": True}, 0.4),
        ({"conversion": True}, 0.5),
    ],
)
def test_doubts_about_the_chart_cap_the_confidence(facts: dict[str, object], cap: float) -> None:
    advice = advise(body(**M_BODY), women(**facts), TOP)
    assert advice.recommended == "M"
    assert advice.confidence <= cap < advise(body(**M_BODY), women(), TOP).confidence


def test_a_standard_in_the_place_of_a_shops_chart_makes_the_sizes_less_certain() -> None:
    own = probabilities(advise(body(chest=94.0), women(source=ChartSource.STANDARD), TOP))
    stands_in = advise(body(chest=94.0), women(source=ChartSource.STANDARD, standard="EN 13402-3"), TOP)
    assert probabilities(stands_in)["M"] < own["M"] - 0.1


def test_taking_a_measurement_away_lowers_the_confidence_and_names_it() -> None:
    asked = women()
    everything = advise(body(**M_BODY), asked, DRESS)
    without = advise(body(chest=94.0, hip=102.0), asked, DRESS)
    assert everything.missing == ()
    assert without.confidence < everything.confidence
    assert [item.field for item in without.missing] == ["waist_circumference"]
    assert without.missing[0].confidence_if_added > without.confidence


def test_a_size_that_is_too_tight_where_cloth_closes_is_never_recommended() -> None:
    """Hips vote for S by far, and the waist would not close in it."""
    advice = advise(body(waist=76.5, hip=91.0), women(), TROUSERS)
    assert advice.recommended == "M"
    assert judge(body(waist=76.5), women(), TROUSERS, "XS").zones[0].verdict is Verdict.TOO_TIGHT


def test_a_soft_zone_that_is_tight_makes_the_next_size_an_alternative() -> None:
    advice = advise(body(chest=94.0, waist=88.0), women(), TOP)
    assert advice.recommended == "M"
    assert [item.size for item in advice.alternatives] == ["L"]
    assert "waist" in advice.alternatives[0].why


@pytest.mark.parametrize(("steps", "size"), [(0.0, "M"), (1.0, "L"), (-1.0, "S"), (0.3, "M")])
def test_feedback_moves_the_advice_along_the_sizes(steps: float, size: str) -> None:
    advice = advise(body(chest=94.0), women(), FitContext("t_shirt", bias_steps=steps))
    assert advice.recommended == size


def test_a_little_feedback_moves_a_little_probability() -> None:
    plain = probabilities(advise(body(chest=96.0), women(), TOP))
    moved = probabilities(advise(body(chest=96.0), women(), FitContext("t_shirt", bias_steps=0.1)))
    assert plain["L"] < moved["L"] < plain["L"] + 0.25


def test_one_size_is_as_likely_as_the_body_lies_in_it() -> None:
    one = chart({Zone.CHEST: [Cell(88, 104)]}, ["One size"])
    inside, edge = advise(body(chest=96.0), one, TOP), advise(body(chest=104.0), one, TOP)
    assert (inside.decision, inside.recommended) == (Decision.RECOMMENDED, "One size")
    assert edge.confidence < 0.6 < inside.confidence
    assert advise(body(chest=125.0), one, TOP).decision is Decision.OUTSIDE_CHART


def test_one_size_with_a_single_number_reaches_a_little_to_both_sides() -> None:
    one = chart({Zone.CHEST: [96]}, ["One size"])
    assert advise(body(chest=97.0), one, TOP).recommended == "One size"
    assert advise(body(chest=112.0), one, TOP).recommended is None


@pytest.mark.parametrize(
    ("waist", "verdict", "deviation"),
    [(67, "too_loose", -7), (72, "loose", -2), (78, "ideal", 0), (84, "tight", 2), (92, "too_tight", 10)],
)
def test_verdicts_go_by_the_distance_from_the_range(waist: float, verdict: str, deviation: float) -> None:
    zone = judge(body(waist=waist), women(), DRESS, "M").zones[0]
    assert (zone.verdict, zone.deviation_cm) == (Verdict(verdict), deviation)
    assert zone.cell == Cell(74, 82)
    assert zone.ease_cm is None
    assert (zone.tight > 0.5, zone.loose > 0.5) == (deviation > 0, deviation < 0)


@pytest.mark.parametrize(("chest", "verdict"), [(91.5, "tight"), (92.5, "too_tight"), (94.0, "too_tight")])
def test_a_size_too_tight_to_be_recommended_does_not_fit(chest: float, verdict: str) -> None:
    """Letters are 8 cm wide: who is half a step over S is a whole M."""
    assert judge(body(chest=chest), women(), TOP, "S").zones[0].verdict is Verdict(verdict)


@pytest.mark.parametrize(("foot", "verdict"), [(24.0, "ideal"), (24.04, "tight"), (24.2, "too_tight")])
def test_a_shoe_that_is_shorter_than_the_foot(foot: float, verdict: str) -> None:
    feet = chart({Zone.FOOT_LENGTH: [23.3, 24.0, 24.7]}, ["37", "38", "39"])
    assert judge(body(foot_length=foot), feet, FitContext("shoes"), "38").zones[0].verdict is Verdict(verdict)


def test_a_chart_of_nothing_but_height_and_weight_is_taken_at_its_word() -> None:
    tights = chart(
        {Zone.HEIGHT: [Cell(155, 165), Cell(165, 175)], Zone.WEIGHT: [Cell(45, 60), Cell(60, 75)]}, ["S", "M"]
    )
    assert advise(body(height=170.0, weight=68.0), tights, FitContext("leggings")).confidence > 0.9


def test_an_estimate_is_uncertain_unless_it_is_far_out() -> None:
    near, far = {Zone.CHEST: guessed(Zone.CHEST, 99.0, 4.2)}, {Zone.CHEST: guessed(Zone.CHEST, 116.0, 4.2)}
    assert judge(near, women(), TOP, "M").zones[0].verdict is Verdict.UNCERTAIN
    assert judge(far, women(), TOP, "S").zones[0].verdict is Verdict.TOO_TIGHT
    assert judge(near, women(), TOP, "M").zones[0].plus_minus_cm == pytest.approx(1.645 * 6.3)


@pytest.mark.parametrize("kind", list(ChartKind))
@pytest.mark.parametrize("preference", list(Preference))
@pytest.mark.parametrize("name", ["t_shirt", "dress", "trousers", "leggings", "shoes", "spacesuit"])
def test_every_garment_has_an_answer(name: str, preference: Preference, kind: ChartKind) -> None:
    advice = advise(body(**M_BODY), women(kind=kind), FitContext(name, preference, stretch_percent=20))
    assert all(math.isfinite(size.probability) for size in advice.sizes)
    assert advice.sizes == () or math.isclose(sum(size.probability for size in advice.sizes), 1)


def test_a_chart_without_rows_or_cells_says_that_nothing_is_known() -> None:
    assert advise(body(**M_BODY), chart({}, []), TOP).decision is Decision.INSUFFICIENT_DATA
    assert advise(body(**M_BODY), chart({}), TOP).decision is Decision.INSUFFICIENT_DATA


def test_a_size_without_a_cell_lies_between_its_neighbours() -> None:
    holes = chart({Zone.CHEST: [78, 86, None, 102, 110]})
    advice = advise(body(chest=94.0), holes, TOP)
    assert advice.recommended == "M"
    assert judge(body(chest=94.0), holes, TOP, "M").zones == ()


def test_a_zone_that_falls_from_one_size_to_the_next_is_not_compared() -> None:
    torn = chart({Zone.CHEST: [78, 86, 94, 102, 110], Zone.WAIST: [70, 60, 80, 75, 90]})
    assert {zone.zone for zone in judge(body(**M_BODY), torn, TOP, "M").zones} == {Zone.CHEST}
