"""Girths from height and weight: the figures, the error that goes with them, and who gets none."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.body_measurements.checks import notices
from features.body_measurements.estimates import Estimate, age_on, estimate, in_range, may_estimate
from features.body_measurements.model import FIELD_OF, Unit

PEOPLE = Path(__file__).resolve().parents[4] / "shared" / "fitdata" / "ansur_ii_dev.csv.gz"
ANSUR = {
    "breast_circumference": "chestcircumference",
    "hip_circumference": "buttockcircumference",
    "shoulder_circumference": "shouldercircumference",
    "upper_thigh_circumference": "thighcircumference",
    "biceps_circumference": "bicepscircumferenceflexed",
    "calf_circumference": "calfcircumference",
    "neck_circumference": "neckcircumference",
    "inner_leg_length": "crotchheight",
    "arm_length": "sleeveoutseam",
    "shoulder_width": "biacromialbreadth",
    "foot_length": "footlength",
}
CIVILIAN = {("female", "hip_circumference"), ("male", "hip_circumference"), ("male", "waist_circumference")}
SEXES = ("female", "male")
EVERY = [(sex, name) for sex in SEXES for name in estimate(sex, 170, 70)]


# --- figures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sex", "height", "weight", "field", "cm", "plus_minus"),
    [
        ("female", 165, 65, "hip_circumference", 98.71, 7.3),
        ("female", 165, 65, "breast_circumference", 91.97, 10.49),
        ("male", 180, 80, "waist_circumference", 91.72, 9.8),
        ("male", 180, 80, "neck_circumference", 38.49, 3.63),
        ("male", 180, 80, "foot_length", 27.55, 2.19),
    ],
)
def test_figures(sex: str, height: float, weight: float, field: str, cm: float, plus_minus: float) -> None:
    found = estimate(sex, height, weight)[field]
    assert (found.cm, found.plus_minus_cm) == (pytest.approx(cm, abs=0.01), pytest.approx(plus_minus, abs=0.01))


def test_the_waist_of_women_is_never_guessed() -> None:
    women, men = (set(estimate(sex, 170, 70)) for sex in SEXES)
    assert men - women == {"waist_circumference"} and women < men


@pytest.mark.parametrize(("sex", "field"), EVERY)
def test_only_soldiers_stand_for_less_than_everybody(sex: str, field: str) -> None:
    found = estimate(sex, 170, 70)[field]
    assert found.plus_minus_cm == found.e90 * (1 if (sex, field) in CIVILIAN else 1.5)
    assert found.sd == pytest.approx(found.plus_minus_cm / 1.645)
    assert found.sample_sd == pytest.approx(found.e90 / 1.645)
    assert found.source == ("NHANES 2017-2020" if (sex, field) in CIVILIAN else "ANSUR II")


@pytest.mark.parametrize(("sex", "field"), EVERY)
@pytest.mark.parametrize("height", [138, 202])
@pytest.mark.parametrize("weight", [38, 185])
def test_no_guess_is_a_body_that_would_be_refused(sex: str, field: str, height: float, weight: float) -> None:
    low, high = FIELD_OF[field].reject
    assert low <= estimate(sex, height, weight)[field].cm <= high


@pytest.mark.parametrize("sex", SEXES)
def test_who_is_heavier_is_wider(sex: str) -> None:
    lighter, heavier = estimate(sex, 170, 60), estimate(sex, 170, 80)
    for field in lighter:
        assert heavier[field].cm > lighter[field].cm or field in ("inner_leg_length", "arm_length")


# --- who gets none -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "weight", "inside"),
    [(138, 38, True), (202, 185, True), (137.9, 70, False), (202.1, 70, False), (170, 37.9, False), (170, 185.1, False),
     (float("nan"), 70, False)],
)  # fmt: skip
def test_nothing_outside_the_usual_heights_and_weights(height: float, weight: float, inside: bool) -> None:
    assert in_range(height, weight) is inside and bool(estimate("male", height, weight)) is inside


@pytest.mark.parametrize("sex", ["other", "prefer-not-to-say", "", "Female"])
def test_only_two_sexes_are_in_the_data(sex: str) -> None:
    assert estimate(sex, 170, 70) == {}


@pytest.mark.parametrize(
    ("gender", "age", "said"),
    [
        ("female", None, None), ("male", 16, None), ("female", 90, None), ("male", 15, "under 16"),
        ("female", 0, "under 16"), (None, 30, "gender in the profile"), (None, 12, "under 16"),
        ("other", 30, "Without a gender"), ("prefer-not-to-say", None, "Without a gender"),
    ],
)  # fmt: skip
def test_who_may_be_estimated(gender: str | None, age: int | None, said: str | None) -> None:
    reason = may_estimate(gender, age)
    assert reason is None if said is None else reason is not None and said in reason


@pytest.mark.parametrize(
    ("birthday", "today", "age"),
    [
        (date(2010, 11, 21), date(2026, 11, 21), 16), (date(2010, 11, 22), date(2026, 11, 21), 15),
        (date(2008, 2, 29), date(2024, 2, 28), 15), (date(2008, 2, 29), date(2024, 2, 29), 16),
        (date(2008, 2, 29), date(2025, 3, 1), 17), (None, date(2026, 1, 1), None),
    ],
)  # fmt: skip
def test_ages(birthday: date | None, today: date, age: int | None) -> None:
    assert age_on(birthday, today) == age


# --- against people ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people() -> list[dict[str, str]]:
    """Half of ANSUR II."""
    if not PEOPLE.is_file():
        pytest.skip("the measured people are not here")
    with gzip.open(PEOPLE, "rt") as lines:
        return list(csv.DictReader(lines))


def body(row: dict[str, str]) -> dict[str, float]:
    measured = {field: float(row[column]) / 10 for field, column in ANSUR.items()}
    return {**measured, "height": float(row["stature"]) / 10, "weight": float(row["weightkg"]) / 10}


def guessed_and_true(people: list[dict[str, str]], sex: str, field: str) -> tuple[list[Estimate], Any]:
    bodies = [body(row) for row in people if row["gender"] == sex]
    usual = [each for each in bodies if in_range(each["height"], each["weight"])]
    return [estimate(sex, each["height"], each["weight"])[field] for each in usual], np.array(
        [each[field] for each in usual]
    )


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("field", ANSUR)
def test_nine_of_ten_people_are_within_the_error(people: list[dict[str, str]], sex: str, field: str) -> None:
    guesses, true = guessed_and_true(people, sex, field)
    off = true - np.array([guess.cm for guess in guesses])
    civilian = (sex, field) in CIVILIAN
    assert abs(off.mean()) < (1.0 if civilian else 0.15), "people of the same sample are met on average"
    e90 = float(np.quantile(abs(off), 0.9))
    assert e90 < guesses[0].e90 if civilian else e90 == pytest.approx(guesses[0].e90, rel=0.07)


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("field", [field for field in ANSUR if field != "hip_circumference"])
def test_a_fresh_fit_says_the_same(people: list[dict[str, str]], sex: str, field: str) -> None:
    bodies = [body(row) for row in people if row["gender"] == sex]
    parts = np.array([[1, each["height"], each["weight"]] for each in bodies])
    fitted, *_ = np.linalg.lstsq(parts, np.array([each[field] for each in bodies]), rcond=None)
    for height, weight in ((155, 50), (165, 65), (175, 80), (185, 100)):
        fresh = float(fitted @ np.array([1, height, weight]))
        assert estimate(sex, height, weight)[field].cm == pytest.approx(
            fresh, abs=0.15 * estimate(sex, height, weight)[field].e90
        )


@pytest.mark.parametrize("sex", SEXES)
def test_hardly_any_real_body_looks_like_a_slip(people: list[dict[str, str]], sex: str) -> None:
    bodies = [body(row) for row in people if row["gender"] == sex]
    flagged = [
        each
        for each in bodies
        if "check_unit"
        in {item.code for item in notices(each, Unit.METRIC, estimate(sex, each["height"], each["weight"]))}
    ]
    assert len(flagged) < 0.005 * len(bodies)
