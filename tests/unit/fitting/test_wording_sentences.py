"""Sentences are made of the figures, in the person's unit, and say nothing that the figures do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from features.body_measurements.model import Unit
from features.fitting.feedback import Experience
from features.fitting.outcome import Asked, FitOutcome, Origin, SizeVerdict, Stretch, size_verdict
from features.fitting.terms import (
    Advice,
    Alternative,
    BodySource,
    BodyValue,
    Cell,
    Chart,
    ChartSource,
    Decision,
    MissingMeasurement,
    Preference,
    SizeFit,
    SizeRow,
    Verdict,
    Zone,
    ZoneFit,
)
from features.fitting.wording import field_name, listed, reasoning, zone_sentence

FIELDS = {Zone.CHEST: "breast_circumference", Zone.WAIST: "waist_circumference", Zone.HIP: "hip_circumference"}
SHOP = Chart(rows=(SizeRow("S", {Zone.CHEST: Cell(88, 92)}), SizeRow("M", {Zone.CHEST: Cell(92, 96)})))


def zone(where: Zone = Zone.CHEST, verdict: Verdict = Verdict.IDEAL, cm: float = 94, **changes: Any) -> ZoneFit:
    source = changes.pop("source", BodySource.MEASURED)
    found = ZoneFit(
        zone=where,
        body=BodyValue(cm, 1.5, source, FIELDS.get(where, where.value)),
        plus_minus_cm=2.5,
        cell=Cell(92, 96),
        deviation_cm=0.0,
        ease_cm=None,
        verdict=verdict,
        weight=1.0,
        tight=0.1,
        loose=0.1,
    )
    return replace(found, **changes)


def outcome(*zones: ZoneFit, decision: Decision = Decision.RECOMMENDED, **changes: Any) -> FitOutcome:
    sizes = (SizeFit("S", 0.2, ()), SizeFit("M", 0.8, zones or (zone(),)))
    advice = Advice(decision, "M", 0.8, sizes, **changes.pop("advice", {}))
    found = FitOutcome(advice, Preference.REGULAR, Unit.METRIC, SHOP, Origin.REQUEST)
    return replace(found, **changes)


OVER = zone(Zone.WAIST, Verdict.TIGHT, 98, deviation_cm=2.0)


@pytest.mark.parametrize(
    ("one", "unit", "sentence"),
    [
        (zone(), Unit.METRIC, "Chest: 94 cm, within its 92 to 96 cm: right."),
        (OVER, Unit.METRIC, "Waist: 98 cm, 2 cm over its 92 to 96 cm: a little tight."),
        (OVER, Unit.IMPERIAL, "Waist: 38.6 in, 0.8 in over its 36.2 to 37.8 in: a little tight."),
        (
            zone(Zone.HIP, Verdict.TOO_LOOSE, 88.46, deviation_cm=-3.54),
            Unit.METRIC,
            "Hip: 88.5 cm, 3.5 cm under its 92 to 96 cm: too loose.",
        ),
        (
            zone(cell=Cell(94, 94), verdict=Verdict.TOO_TIGHT, cm=99, deviation_cm=5.0),
            Unit.METRIC,
            "Chest: 99 cm, 5 cm over its 94 cm: too tight.",
        ),
        (zone(ease_cm=6.04), Unit.METRIC, "Chest: 94 cm, 6 cm of room in the garment: right."),
        (
            zone(ease_cm=-2.54, verdict=Verdict.TOO_TIGHT),
            Unit.IMPERIAL,
            "Chest: 37.0 in, 1.0 in more than the garment measures: too tight.",
        ),
        (
            zone(verdict=Verdict.UNCERTAIN, source=BodySource.ESTIMATED, plus_minus_cm=7.3),
            Unit.METRIC,
            "Chest: about 94 cm, within its 92 to 96 cm: not known well enough (plus or minus 7.3 cm).",
        ),
        (
            zone(Zone.WEIGHT, cm=60, cell=Cell(55, 65)),
            Unit.IMPERIAL,
            "Weight: 132.3 lb, within its 121.3 to 143.3 lb: right.",
        ),
        (
            zone(Zone.FOOT_LENGTH, cm=25, cell=Cell(25, 25.5)),
            Unit.METRIC,
            "Foot length: 25 cm, within its 25 to 25.5 cm: right.",
        ),
        (
            zone(Zone.INSEAM, Verdict.LOOSE, 82, ease_cm=-0.7),
            Unit.METRIC,
            "Inside leg: 82 cm, 0.7 cm more than the garment measures: cut a little long.",
        ),
    ],
)  # fmt: skip
def test_a_zone(one: ZoneFit, unit: Unit, sentence: str) -> None:
    assert zone_sentence(one, unit) == sentence


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (outcome(), "Size M suits these measurements best (confidence 80 %)."),
        (outcome(), "Judged by the size chart that was sent."),
        (outcome(), "The chest is right for it."),
        (outcome(zone(), zone(Zone.HIP)), "The chest and hip are right for it."),
        (outcome(zone(), OVER), "Waist: 98 cm, 2 cm over its 92 to 96 cm: a little tight."),
        (outcome(zone(verdict=Verdict.UNCERTAIN)), "The chest is not known well enough to be judged."),
        (outcome(zone(source=BodySource.ESTIMATED)), "The chest was estimated from height and weight."),
        (outcome(decision=Decision.LOW_CONFIDENCE), "Size M is the best guess, but no more than a guess"),
        (outcome(decision=Decision.OUTSIDE_CHART), "These measurements lie outside of the chart"),
        (
            outcome(decision=Decision.OUTSIDE_CHART, advice={"alternatives": (Alternative("S", "nearest"),)}),
            "The nearest one is S.",
        ),
        (
            outcome(decision=Decision.BETWEEN_SIZES, advice={"alternatives": (Alternative("S", "tighter"),)}),
            "These measurements lie between two sizes: M (confidence 80 %) or S.",
        ),
        (
            outcome(
                decision=Decision.BETWEEN_SIZES,
                advice={"alternatives": (Alternative("S", "tighter"),)},
                preference=Preference.RELAXED,
            ),
            "M (confidence 80 %, as a relaxed fit is wanted) or S.",
        ),
        (outcome(origin=Origin.PAGE), "Judged by the size chart of the shop's page."),
        (outcome(origin=Origin.ITEM), "Judged by the size chart kept with the wardrobe item."),
        (
            outcome(origin=Origin.TABLE, chart=replace(SHOP, source=ChartSource.STANDARD, standard="EN 13402-3")),
            "No chart of the shop was found, so EN 13402-3 stands in",
        ),
        (outcome(stretch=Stretch(5, 2)), "With 2 % elastane the cloth was counted as giving 5 %."),
        (
            outcome(experience=Experience(small=3, fit=1)),
            "By feedback it runs small (3 small, 1 right, 0 large), so everything was taken 0.16 of a size larger.",
        ),
        (outcome(experience=Experience(large=1)), "By feedback it runs large (0 small, 0 right, 1 large)"),
        (
            outcome(
                advice={
                    "missing": (
                        MissingMeasurement("hip_circumference", 0.82),
                        MissingMeasurement("waist_circumference", 0.9),
                    )
                }
            ),
            "Measuring the waist would help most (expected confidence 90 %).",
        ),
        (
            outcome(advice={"missing": (MissingMeasurement("hip_circumference", 0.8),)}),
            "The hip was not measured; it would hardly change the advice.",
        ),
        (
            outcome(advice={"missing": (MissingMeasurement("hip_circumference", 1.0),)}),
            "(expected confidence over 99 %)",
        ),
        (
            outcome(
                origin=Origin.TABLE, chart=replace(SHOP, source=ChartSource.STANDARD, standard="EN", conversion=True)
            ),
            "Its sizes were translated from another system",
        ),
        (outcome(asked=Asked("M", "M")), "Size M fits. It is also the size that suits"),
        (outcome(zone(), OVER, asked=Asked("M", "m")), "Size M fits, but tightly."),
        (outcome(asked=Asked("S", "S")), "Size S cannot be judged: too little is known of the body."),
        (outcome(asked=Asked("M", "EU 38", converted=True)), "Size EU 38 (about M in this chart) fits."),
        (outcome(asked=Asked("M", "EU 38", converted=True)), "(confidence 50 %)"),
    ],
)  # fmt: skip
def test_what_is_said(told: FitOutcome, sentence: str) -> None:
    assert sentence in reasoning(told)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (outcome(), "feedback"),
        (outcome(experience=Experience(small=2, large=2)), "feedback"),
        (outcome(stretch=Stretch(20)), "elastane"),
        (outcome(), "estimated"),
        (outcome(), "Measuring"),
        (outcome(zone(verdict=Verdict.TIGHT, deviation_cm=1)), "right"),
    ],
)
def test_what_is_not_said(told: FitOutcome, word: str) -> None:
    assert word not in reasoning(told)


def test_without_a_chart_it_says_what_to_send() -> None:
    nothing = Advice(Decision.INSUFFICIENT_DATA, None, 0.0, ())
    said = reasoning(FitOutcome(nothing, Preference.REGULAR, Unit.METRIC))
    assert "No size can be recommended" in said and "size_chart" in said and "category" in said


def test_without_measurements_it_says_what_to_add() -> None:
    missing = tuple(MissingMeasurement(name, 0.5) for name in FIELDS.values())
    nothing = Advice(Decision.INSUFFICIENT_DATA, None, 0.0, (), missing=missing)
    said = reasoning(FitOutcome(nothing, Preference.REGULAR, Unit.METRIC, SHOP, Origin.REQUEST))
    assert "Add chest, waist or hip." in said and "Measuring" not in said


def test_a_chart_that_no_measurement_would_help() -> None:
    nothing = Advice(Decision.INSUFFICIENT_DATA, None, 0.0, ())
    said = reasoning(FitOutcome(nothing, Preference.REGULAR, Unit.METRIC, SHOP, Origin.REQUEST))
    assert said == "No size can be recommended: the chart names no measurement of the body that decides it."


def test_half_of_two_axes_is_told_as_such() -> None:
    sizes = tuple(SizeFit(label, 0.5, (zone(Zone.WAIST),)) for label in ("W32 L32", "W32 L34"))
    missing = (MissingMeasurement("inner_leg_length", 0.7),)
    half = Advice(Decision.INSUFFICIENT_DATA, None, 0.0, sizes, missing=missing)
    said = reasoning(FitOutcome(half, Preference.REGULAR, Unit.METRIC, SHOP, Origin.REQUEST))
    assert "only a part of what decides it is known. Add inside leg." in said


@pytest.mark.parametrize(
    ("label", "confidence", "sentence"),
    [("One size", 0.8, "One size suits"), ("M", 1.0, "(confidence over 99 %)"), ("XXL", 0.994, "over 99 %")],
)
def test_names_and_certainty(label: str, confidence: float, sentence: str) -> None:
    advice = Advice(Decision.RECOMMENDED, label, confidence, (SizeFit(label, confidence, (zone(),)),))
    assert sentence in reasoning(FitOutcome(advice, Preference.REGULAR, Unit.METRIC, SHOP, Origin.REQUEST))


def test_at_most_three_faults_are_told_one_by_one() -> None:
    many = [zone(where, Verdict.TIGHT, deviation_cm=1.0) for where in (Zone.CHEST, Zone.WAIST, Zone.HIP, Zone.NECK)]
    assert reasoning(outcome(*many)).count("a little tight") == 3


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], SizeVerdict.UNCERTAIN),
        ([(Verdict.IDEAL, 1)], SizeVerdict.FITS),
        ([(Verdict.UNCERTAIN, 1)], SizeVerdict.UNCERTAIN),
        ([(Verdict.UNCERTAIN, 1), (Verdict.IDEAL, 0.4)], SizeVerdict.UNCERTAIN),
        ([(Verdict.UNCERTAIN, 0.4), (Verdict.IDEAL, 1)], SizeVerdict.FITS),
        ([(Verdict.IDEAL, 1), (Verdict.TIGHT, 0.3)], SizeVerdict.TIGHT),
        ([(Verdict.IDEAL, 1), (Verdict.TOO_TIGHT, 0.3)], SizeVerdict.TOO_SMALL),
        ([(Verdict.IDEAL, 1), (Verdict.TOO_LOOSE, 0.3)], SizeVerdict.FITS),
        ([(Verdict.IDEAL, 1), (Verdict.TOO_LOOSE, 0.8)], SizeVerdict.TOO_LARGE),
        ([(Verdict.LOOSE, 1), (Verdict.IDEAL, 0.8)], SizeVerdict.LOOSE),
        ([(Verdict.LOOSE, 1), (Verdict.TIGHT, 0.8)], SizeVerdict.TIGHT),
        ([(Verdict.TOO_LOOSE, 1), (Verdict.TOO_TIGHT, 0.8)], SizeVerdict.MIXED),
    ],
)
def test_the_verdict_of_a_size(verdicts: list[tuple[Verdict, float]], expected: SizeVerdict) -> None:
    zones = tuple(zone(verdict=verdict, weight=weight) for verdict, weight in verdicts)
    assert size_verdict(SizeFit("M", 0.5, zones)) is expected


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        (outcome(), True),
        (outcome(OVER), True),
        (outcome(zone(verdict=Verdict.TOO_TIGHT)), False),
        (outcome(zone(verdict=Verdict.UNCERTAIN)), None),
        (outcome(decision=Decision.LOW_CONFIDENCE), None),
        (outcome(decision=Decision.INSUFFICIENT_DATA), None),
        (outcome(decision=Decision.LOW_CONFIDENCE, asked=Asked("M", "M")), True),
        (outcome(asked=Asked("S", "S")), None),
        (FitOutcome(Advice(Decision.INSUFFICIENT_DATA, None, 0, ()), Preference.REGULAR, Unit.METRIC), None),
    ],
)
def test_fits_is_never_true_of_nothing(told: FitOutcome, fits: bool | None) -> None:
    assert told.fits is fits


def test_small_words() -> None:
    assert [field_name(name) for name in ("breast_circumference", "inner_leg_length", "height")] == [
        "chest",
        "inside leg",
        "height",
    ]
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"], "or")) == ("", "a", "a, b or c")
