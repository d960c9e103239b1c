"""What holds for every chart and every body: order, sums, units of writing, and the worth of knowing more."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.fitting.posterior import log_share
from features.fitting.sizing import advise
from features.fitting.terms import (
    Advice,
    Body,
    Cell,
    Chart,
    ChartKind,
    ChartSource,
    Decision,
    FitContext,
    Preference,
    SizeRow,
    Verdict,
    Zone,
)
from tests.unit.fitting.sizing_charts import DRESS, TOP, chart, guessed, probabilities, ranges, taped, women

ZONES = (Zone.CHEST, Zone.WAIST, Zone.HIP, Zone.NECK, Zone.ARM, Zone.HEIGHT)
cm = st.floats(40, 160)
steps = st.floats(0, 12)
contexts = st.builds(
    FitContext,
    garment=st.sampled_from(["t_shirt", "shirt", "dress", "trousers", "leggings", "spacesuit"]),
    preference=st.sampled_from(list(Preference)),
    stretch_percent=st.floats(0, 100),
    bias_steps=st.floats(-2, 2),
)


@st.composite
def charts(draw: st.DrawFn, kind: ChartKind | None = None) -> Chart:
    """Rising cells: single numbers, ranges with gaps, ranges that touch or overlap, equal neighbours, holes."""
    sizes = draw(st.integers(1, 7))
    columns = {zone: draw(columns_of(sizes)) for zone in draw(st.sets(st.sampled_from(ZONES), min_size=1))}
    rows = tuple(
        SizeRow(f"size {place}", {zone: column[place] for zone, column in columns.items() if column[place]})
        for place in range(sizes)
    )
    kinds = st.just(kind) if kind else st.sampled_from(list(ChartKind))
    return Chart(rows, kind=draw(kinds), source=draw(st.sampled_from(list(ChartSource))))  # type: ignore[arg-type]


@st.composite
def columns_of(draw: st.DrawFn, sizes: int) -> list[Cell | None]:
    lows = list(accumulate(draw(st.lists(steps, min_size=sizes - 1, max_size=sizes - 1)), initial=draw(cm)))
    if draw(st.booleans()):
        highs = lows
    else:
        widths = draw(st.lists(st.floats(0, 10), min_size=sizes, max_size=sizes))
        highs = list(accumulate((lo + width for lo, width in zip(lows, widths, strict=True)), max))
    holes = draw(st.sets(st.integers(0, sizes - 1), max_size=sizes // 3))
    return [None if place in holes else Cell(lo, hi) for place, (lo, hi) in enumerate(zip(lows, highs, strict=True))]


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    known = draw(st.sets(st.sampled_from(ZONES)))
    return {zone: guessed(zone, draw(cm), 4.0) if draw(st.booleans()) else taped(zone, draw(cm)) for zone in known}


def place_of(advice: Advice, asked: Chart) -> int | None:
    """Of the recommended size; what lies beyond an end is smaller or larger than all."""
    labels = [row.label for row in asked.rows]
    if advice.decision is Decision.OUTSIDE_CHART:
        return None
    return labels.index(advice.recommended) if advice.recommended else None


@given(charts(), bodies(), contexts)
def test_probabilities_are_finite_and_sum_to_one(asked: Chart, known: Body, context: FitContext) -> None:
    advice = advise(known, asked, context)
    shares = probabilities(advice).values()
    assert all(0 <= share <= 1 for share in shares)
    assert not shares or math.isclose(sum(shares), 1)
    assert 0 <= advice.confidence <= 1
    assert all(0 <= item.confidence_if_added <= 1 for item in advice.missing)
    assert (advice.recommended is None) == (advice.decision in (Decision.INSUFFICIENT_DATA, Decision.OUTSIDE_CHART))


@given(charts(), bodies(), contexts, st.data())
def test_a_larger_body_never_gets_a_smaller_size(
    asked: Chart, known: Body, context: FitContext, data: st.DataObject
) -> None:
    """One zone larger, any kind of chart."""
    assume(known)
    zone = data.draw(st.sampled_from(sorted(known)))
    grown = {**known, zone: replace(known[zone], cm=known[zone].cm + data.draw(st.floats(0.01, 30)))}
    before, after = place_of(advise(known, asked, context), asked), place_of(advise(grown, asked, context), asked)
    assert before is None or after is None or before <= after


@given(charts(), bodies(), contexts, st.floats(1.001, 1.4))
def test_a_body_that_is_larger_everywhere_never_gets_a_smaller_size(
    asked: Chart, known: Body, context: FitContext, factor: float
) -> None:
    grown = {zone: replace(value, cm=value.cm * factor) for zone, value in known.items()}
    before, after = place_of(advise(known, asked, context), asked), place_of(advise(grown, asked, context), asked)
    assert before is None or after is None or before <= after


@pytest.mark.parametrize("preference", list(Preference))
def test_walking_up_a_chart_passes_every_size_once(preference: Preference) -> None:
    context = FitContext("dress", preference)
    found = [
        place_of(advise({zone: taped(zone, 0.2 * n + off) for zone, off in OFFSETS.items()}, women(), context), women())
        for n in range(320, 640)
    ]
    inside = [place for place in found if place is not None]
    assert inside == sorted(inside)
    assert set(inside) == set(range(5))
    assert found.index(inside[0]) + len(inside) == len(found) - found[::-1].index(inside[-1])


OFFSETS = {Zone.CHEST: 0.0, Zone.WAIST: -16.0, Zone.HIP: 8.0}


@given(st.floats(75, 118), st.floats(60, 100), contexts)
def test_slim_is_never_larger_than_regular_nor_regular_than_relaxed(
    chest: float, waist: float, context: FitContext
) -> None:
    known = {Zone.CHEST: taped(Zone.CHEST, chest), Zone.WAIST: taped(Zone.WAIST, waist)}
    found = [place_of(advise(known, women(), replace(context, preference=p)), women()) for p in Preference]
    places = [place for place in found if place is not None]
    assert places == sorted(places)


@given(st.floats(70, 125))
def test_single_numbers_and_the_ranges_around_them_are_one_chart(chest: float) -> None:
    numbers = chart({Zone.CHEST: [78, 86, 94, 102, 110]})
    around = chart({Zone.CHEST: ranges((74, 82, 90, 98, 106, 114))})
    known = {Zone.CHEST: taped(Zone.CHEST, chest)}
    one, other = advise(known, numbers, TOP), advise(known, around, TOP)
    assert (one.decision, one.recommended) == (other.decision, other.recommended)
    assert probabilities(one) == pytest.approx(probabilities(other))


@given(st.floats(70, 125))
def test_a_gap_between_sizes_ends_in_its_middle(chest: float) -> None:
    gaps = chart({Zone.CHEST: [Cell(74, 81), Cell(83, 89), Cell(91, 97), Cell(99, 106), Cell(108, 119)]})
    closed = chart({Zone.CHEST: ranges((74, 82, 90, 98, 107, 119))})
    known = {Zone.CHEST: taped(Zone.CHEST, chest)}
    assert probabilities(advise(known, gaps, TOP)) == pytest.approx(probabilities(advise(known, closed, TOP)))


@given(bodies(), st.permutations(ZONES[:3]))
def test_the_order_of_zones_changes_nothing(known: Body, order: Sequence[Zone]) -> None:
    shuffled = Chart(tuple(SizeRow(r.label, {z: r.cells[z] for z in order}) for r in women().rows))
    one, other = advise(known, women(), DRESS), advise(known, shuffled, DRESS)
    assert probabilities(one) == pytest.approx(probabilities(other))


@given(st.floats(76, 117), st.sampled_from([Zone.WAIST, Zone.HIP]), st.booleans())
def test_a_measurement_that_agrees_never_lowers_the_confidence(chest: float, zone: Zone, is_guess: bool) -> None:
    """The middle of the cell of the size that is recommended without it."""
    known = {Zone.CHEST: guessed(Zone.CHEST, chest, 4.2) if is_guess else taped(Zone.CHEST, chest)}
    before = advise(known, women(), DRESS)
    assume(before.recommended)
    row = next(row for row in women().rows if row.label == before.recommended)
    after = advise({**known, zone: taped(zone, row.cells[zone].middle)}, women(), DRESS)
    assert after.confidence >= before.confidence - 1e-9
    assert all(item.confidence_if_added >= before.confidence for item in before.missing)


@pytest.mark.parametrize("chest", [90.5, 94.0, 97.0, 104.0])
def test_what_is_expected_of_a_measurement_is_what_it_brings_on_average(chest: float) -> None:
    dice = random.Random(1)
    known = {Zone.CHEST: guessed(Zone.CHEST, chest, 4.2)}
    before = advise(known, women(), TOP)
    told = next(item for item in before.missing if item.field == "breast_circumference").confidence_if_added
    finds = [{Zone.CHEST: taped(Zone.CHEST, dice.gauss(chest, 4.2))} for _ in range(400)]
    mean = fmean(advise(find, women(), TOP).confidence for find in finds)
    assert before.confidence < told == pytest.approx(mean, abs=0.05)


@given(charts(ChartKind.BODY), bodies(), contexts)
def test_too_tight_is_not_recommended_while_a_larger_size_exists(
    asked: Chart, known: Body, context: FitContext
) -> None:
    """Where the cloth closes round the body and a tape was there. Feedback is another matter: it moves the sizes."""
    plain = replace(context, bias_steps=0.0)
    advice = advise(known, asked, plain)
    place = place_of(advice, asked)
    if place is None or place == len(asked.rows) - 1:
        return
    closing = {"t_shirt": {Zone.CHEST}, "shirt": {Zone.CHEST, Zone.NECK}}.get(context.garment, set())
    zones = [zone for zone in advice.sizes[place].zones if zone.zone in closing and zone.body.wide_sd is None]
    assert all(zone.verdict is not Verdict.TOO_TIGHT for zone in zones)


@given(st.floats(-1e6, 1e6), st.floats(0, 200), st.floats(1e-3, 50))
def test_the_mass_of_a_cell_is_finite_however_far_it_is(mean: float, width: float, sigma: float) -> None:
    assert math.isfinite(log_share(Cell(90.0, 90.0 + width), mean, sigma))


def test_the_mass_of_a_cell_falls_with_the_square_of_the_distance() -> None:
    far = [log_share(Cell(90.0, 98.0), 90.0 - d, 1.0) for d in (10.0, 20.0, 40.0, 80.0)]
    for (near_log, near), (far_log, away) in pairwise(zip(far, (10.0, 20.0, 40.0, 80.0), strict=True)):
        assert far_log - near_log == pytest.approx((near**2 - away**2) / 2 - math.log(2), abs=0.05)
    assert log_share(Cell(90.0, 98.0), 94.0, 2.0) == pytest.approx(math.log(0.9545), abs=1e-4)


@given(st.floats(60, 69.9), st.floats(0.1, 1.0))
def test_the_tail_has_no_seam(mean: float, more: float) -> None:
    """Where the exact formula hands over to the series, 20 sds out, the nearer body stays the likelier."""
    assert log_share(Cell(90.0, 98.0), mean + more, 1.0) > log_share(Cell(90.0, 98.0), mean, 1.0)
