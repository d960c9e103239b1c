"""A person's measurements as they are answered: in one unit, with what is odd, missing or can be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.body_measurements.checks import notices
from features.body_measurements.estimates import Estimate, estimate, in_range, may_estimate
from features.body_measurements.model import FIELD_OF, FIELDS, StoredMeasurements, Unit, Values, known
from features.body_measurements.units import from_metric, symbol
from shared.clock import to_text

SOURCE = "height_and_weight"
MOST_WANTED = {
    "breast_circumference": "Tops, dresses and jackets are sized by the fullest part of the chest.",
    "waist_circumference": "Trousers and skirts are sized by the waist, and it is the hardest one to guess.",
    "hip_circumference": "Trousers, skirts and dresses have to pass the widest part of the hip.",
    "height": "Together with the weight it lets most other measurements be estimated.",
    "weight": "Together with the height it lets most other measurements be estimated.",
    "inner_leg_length": "The length of trousers follows from it.",
    "foot_length": "Shoes are sized by it.",
}
"""Field -> what advice gains from it, the most useful first."""


@dataclass(frozen=True, slots=True)
class Person:
    """What of a profile matters to estimates. `age` in years; None: unknown."""

    gender: str | None
    age: int | None


@dataclass(frozen=True, slots=True)
class Guesses:
    """`reason`: why there are none; None when there are."""

    by_field: dict[str, Estimate]
    reason: str | None = None


def guesses(values: Values, person: Person) -> Guesses:
    """By modern field, those that were measured too. Without height, weight or an adult's gender there are none."""
    reason = may_estimate(person.gender, person.age)
    height, weight = values.get("height"), values.get("weight")
    if reason or person.gender is None:
        return Guesses({}, reason)
    if height is None or weight is None:
        return Guesses({}, "Estimates need the height and the weight.")
    if not in_range(height, weight):
        return Guesses({}, "Height or weight lies outside of what the estimates were made from.")
    return Guesses(estimate(person.gender, height, weight))


@dataclass(frozen=True, slots=True)
class MeasurementView:
    stored: StoredMeasurements
    person: Person

    def to_dict(self, unit: Unit | None = None, *, with_estimates: bool = False) -> dict[str, Any]:
        """`unit`: instead of the one that the person prefers."""
        shown, found = unit or self.stored.unit, guesses(self.stored.values, self.person)
        answer = {
            **_numbers(self.stored.values, shown),
            "unit": shown.value,
            "created_at": to_text(self.stored.created_at),
            "updated_at": to_text(self.stored.updated_at),
            "warnings": [item.to_dict() for item in notices(self.stored.values, shown, found.by_field)],
            "missing": _missing(self.stored.values),
        }
        return {**answer, **_estimated(self.stored.values, found, shown)} if with_estimates else answer


def _numbers(values: Values, unit: Unit) -> dict[str, float | None]:
    found = {field: values.get(field.name) for field in FIELDS}
    return {field.name: None if value is None else from_metric(field, value, unit) for field, value in found.items()}


def _missing(values: Values) -> list[dict[str, str]]:
    return [
        {"field": name, "term": FIELD_OF[name].term, "why": why}
        for name, why in MOST_WANTED.items()
        if known(values, name) is None
    ]


def _estimated(values: Values, found: Guesses, unit: Unit) -> dict[str, Any]:
    """Only for what was not measured."""
    open_ones = {name: guess for name, guess in found.by_field.items() if known(values, name) is None}
    reason = found.reason or (None if open_ones else "All that could be estimated is measured.")
    shown = {name: _shown(name, guess, unit) for name, guess in open_ones.items()}
    return {"estimates": shown, "estimates_reason": reason}


def _shown(name: str, guess: Estimate, unit: Unit) -> dict[str, Any]:
    field = FIELD_OF[name]
    return {
        "value": round(from_metric(field, guess.cm, unit), 1),
        "plus_minus": round(from_metric(field, guess.plus_minus_cm, unit), 1),
        "unit": symbol(field, unit),
        "source": SOURCE,
    }
