"""Body measurements guessed from height, weight and sex. Pure maths, in cm and kg; nothing here is ever stored.

A guess is a weak prior, not a measurement: it says how far off it may be and belongs to adults only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from features.body_measurements.model import FIELDS

ADULT_FROM_YEARS = 16
_SDS_OF_90_PERCENT = 1.645  # standard deviations that hold 90 % of a normal distribution
# Soldiers are more alike than people at large: the error of hips grew from 4.7 cm (ANSUR II, women) to 7.3 cm
# (NHANES) when the civilians' own coefficients were used for them.
_CIVILIANS = 1.5
_ANSUR: Final = "ANSUR II"
_NHANES: Final = "NHANES 2017-2020"
_USUAL = {field.name: field.warn for field in FIELDS if field.name in ("height", "weight")}


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cm`: the guess. `e90`: 90 % of the people of `source` are no farther off (cross-validated).

    `plus_minus_cm` is the same for people at large, the one to show: e90 itself for NHANES, which is a sample of them,
    1.5 times as much for ANSUR II, which is soldiers.
    """

    cm: float
    e90: float
    source: str

    @property
    def plus_minus_cm(self) -> float:
        return self.e90 if self.source == _NHANES else self.e90 * _CIVILIANS

    @property
    def sd(self) -> float:
        """Standard deviation among people at large, cm."""
        return self.plus_minus_cm / _SDS_OF_90_PERCENT

    @property
    def sample_sd(self) -> float:
        """Standard deviation among people like those of `source`, cm."""
        return self.e90 / _SDS_OF_90_PERCENT


@dataclass(frozen=True, slots=True)
class _Line:
    """constant + per_cm * height + per_kg * weight; linear, as a square term goes wild at high weights."""

    constant: float
    per_cm: float
    per_kg: float
    e90: float
    source: str = _ANSUR

    def at(self, height_cm: float, weight_kg: float) -> Estimate:
        cm = self.constant + self.per_cm * height_cm + self.per_kg * weight_kg
        return Estimate(cm, self.e90, self.source)


# Least squares. ANSUR II: 1,986 women and 4,082 men, error from ten folds. NHANES 2017-2020: 4,221 women, 4,081 men.
# The waist of women is missing on purpose: ANSUR measures it at the navel and NHANES at the iliac crest, charts at the
# natural waist, which is about 9 cm narrower. The waist of men is at the iliac crest, the upper arm of all is flexed.
_LINES: dict[str, dict[str, _Line]] = {
    "female": {
        "breast_circumference": _Line(99.0341, -0.329162, 0.726921, 6.994),
        "hip_circumference": _Line(103.248, -0.31183, 0.72175, 7.3, _NHANES),
        "shoulder_circumference": _Line(69.0948, 0.047496, 0.383558, 4.819),
        "upper_thigh_circumference": _Line(58.4014, -0.19423, 0.514231, 3.767),
        "biceps_circumference": _Line(34.1408, -0.139884, 0.283313, 2.251),
        "calf_circumference": _Line(30.5854, -0.051414, 0.223044, 2.801),
        "neck_circumference": _Line(30.5816, -0.046852, 0.147991, 1.988),
        "inner_leg_length": _Line(-20.5279, 0.619925, -0.032371, 3.751),
        "arm_length": _Line(-3.3649, 0.346265, 0.019654, 2.888),
        "shoulder_width": _Line(13.1989, 0.128293, 0.036067, 2.442),
        "foot_length": _Line(3.7855, 0.118038, 0.023932, 1.383),
    },
    "male": {
        "breast_circumference": _Line(103.6434, -0.290944, 0.623488, 5.299),
        "waist_circumference": _Line(131.825, -0.5707, 0.78275, 9.8, _NHANES),
        "hip_circumference": _Line(90.595, -0.20954, 0.56949, 5.9, _NHANES),
        "shoulder_circumference": _Line(87.7375, -0.017079, 0.387268, 5.355),
        "upper_thigh_circumference": _Line(59.4745, -0.183589, 0.412538, 3.7),
        "biceps_circumference": _Line(38.0299, -0.122341, 0.225309, 3.037),
        "calf_circumference": _Line(35.0962, -0.068447, 0.188843, 2.639),
        "neck_circumference": _Line(40.7756, -0.085084, 0.162899, 2.419),
        "inner_leg_length": _Line(-20.9573, 0.619993, -0.038981, 3.869),
        "arm_length": _Line(-4.2569, 0.362791, -0.001691, 3.027),
        "shoulder_width": _Line(20.4589, 0.091679, 0.058554, 2.393),
        "foot_length": _Line(4.4931, 0.12038, 0.017345, 1.461),
    },
}


def estimate(sex: str, height_cm: float, weight_kg: float) -> dict[str, Estimate]:
    """By field, modern names. Nothing for another sex than female and male, or outside the usual heights and weights.

    Whether a person may be estimated at all is another question: `may_estimate`.
    """
    if not in_range(height_cm, weight_kg):
        return {}
    return {name: line.at(height_cm, weight_kg) for name, line in _LINES.get(sex, {}).items()}


def in_range(height_cm: float, weight_kg: float) -> bool:
    """The usual heights and weights of `FIELDS`: nothing is known about how girths go on beyond them."""
    (low, high), (light, heavy) = _USUAL["height"], _USUAL["weight"]
    return low <= height_cm <= high and light <= weight_kg <= heavy


def may_estimate(gender: str | None, age: int | None) -> str | None:
    """None when estimates make sense, else a sentence that says why not. An unknown age (None) counts as grown up."""
    if age is not None and age < ADULT_FROM_YEARS:
        return f"There are no estimates under {ADULT_FROM_YEARS}: the data behind them are of adults."
    if gender is None:
        return "Estimates need the gender in the profile: women and men differ too much."
    if gender not in _LINES:
        return "Without a gender (male or female) girths are not estimated: women and men differ too much."
    return None


def age_on(birthday: date | None, today: date) -> int | None:
    """In whole years; None when the birthday is unknown."""
    if birthday is None:
        return None
    return today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))
