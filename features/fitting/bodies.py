"""What is known of a body, zone by zone: measured, else measured under an old name, else estimated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from features.body_measurements.estimates import Estimate, estimate
from features.fitting.terms import BodySource, BodyValue, Zone

FIELDS: dict[Zone, tuple[str, ...]] = {
    Zone.CHEST: ("breast_circumference", "chest"),
    Zone.UNDERBUST: ("under_breast_circumference",),
    Zone.WAIST: ("waist_circumference", "waist"),
    Zone.HIP: ("hip_circumference", "hips"),
    Zone.THIGH: ("upper_thigh_circumference",),
    Zone.CALF: ("calf_circumference",),
    Zone.NECK: ("neck_circumference",),
    Zone.BICEPS: ("biceps_circumference",),
    Zone.SHOULDER_GIRTH: ("shoulder_circumference",),
    Zone.SHOULDER_WIDTH: ("shoulder_width",),
    Zone.ARM: ("arm_length",),
    Zone.INSEAM: ("inner_leg_length", "inseam"),
    Zone.HEIGHT: ("height",),
    Zone.WEIGHT: ("weight",),
    Zone.FOOT_LENGTH: ("foot_length",),
    Zone.FOOT_WIDTH: ("foot_width",),
}
"""Zone -> field of body_measurements, the modern one and then its legacy twin."""

LARGE_GIRTH_SD = 1.5
"""Of a person with a tape, cm. ISO 20685 allows an expert 0.9 cm at large girths and 0.4 cm at small ones."""

TAPE_SD: dict[Zone, float] = {
    Zone.WAIST: 2.5,  # the place is found differently each time: studies of self-measured waists differ by cm
    Zone.CALF: 1.0,
    Zone.NECK: 0.7,
    Zone.BICEPS: 1.0,
    Zone.SHOULDER_WIDTH: 1.0,
    Zone.HEIGHT: 1.0,
    Zone.WEIGHT: 1.0,
    Zone.FOOT_LENGTH: 0.3,  # ISO 20685 allows an expert 0.2 cm at feet
    Zone.FOOT_WIDTH: 0.2,
}
"""Where it is not LARGE_GIRTH_SD. Standard deviations in cm, of weight in kg."""


def tape_sd(zone: Zone) -> float:
    return TAPE_SD.get(zone, LARGE_GIRTH_SD)


def body_of(
    values: Mapping[str, float], *, sex: Literal["female", "male"] | None, estimates: bool = True
) -> dict[Zone, BodyValue]:
    """`values`: by field, in cm and kg. `estimates`: whether this person may be estimated at all.

    A girth that is not measured comes from height and weight where sex, height and weight are known; never the waist
    of women. Estimates carry two errors: `sd` among people like those that the coefficients come from, which the
    probabilities are calibrated on, and `wide_sd` among people at large.
    """
    guessed = _guessed(values, sex) if estimates and sex else {}
    found = {zone: _value(zone, names, values, guessed) for zone, names in FIELDS.items()}
    return {zone: value for zone, value in found.items() if value}


def _guessed(values: Mapping[str, float], sex: str) -> dict[str, Estimate]:
    height, weight = values.get("height"), values.get("weight")
    return estimate(sex, height, weight) if height is not None and weight is not None else {}


def _value(
    zone: Zone, names: tuple[str, ...], values: Mapping[str, float], guessed: Mapping[str, Estimate]
) -> BodyValue | None:
    modern = names[0]
    for name in names:
        if (cm := values.get(name)) is not None:
            source = BodySource.MEASURED if name == modern else BodySource.LEGACY
            return BodyValue(cm, tape_sd(zone), source, name)
    if guess := guessed.get(modern):
        return BodyValue(guess.cm, guess.sample_sd, BodySource.ESTIMATED, modern, wide_sd=guess.sd)
    return None
