"""Use cases of body measurements: judge what a person sends, keep it in cm and kg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from features.body_measurements.model import FIELDS, Field, Kind, MeasurementTable, Unit
from shared.database import DatabaseManager
from shared.errors import ValidationError
from shared.validators import validate_numeric

CM_PER_INCH = 2.54
KG_PER_POUND = 0.45359237
_DECIMALS = 4  # finer than any tape, and inches come back as they were sent
_TWINS_DIFFER_CM = 3.0
_LEG_SHARE = (0.43, 0.53)
_WAIST_OVER_HIP_CM = 30.0

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class MeasurementNotice:
    """Something to look at again; the value was kept. `field` is the one that looks odd."""

    code: str
    field: str
    message: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


class MeasurementService:
    def __init__(self, db: DatabaseManager) -> None:
        self._table = MeasurementTable(db)

    def check(self, data: Mapping[str, Any], unit: Unit) -> tuple[dict[str, float | None], list[MeasurementNotice]]:
        """The measurements out of `data` in cm and kg (None clears), and what looks odd about them.

        Other keys are passed over. Raises ValidationError that names every field that no body has.
        """
        sent = [field for field in FIELDS if field.name in data]
        values = {field.name: _metric(field, data[field.name], unit) for field in sent}
        wrong = {field.name: _refusal(field, values[field.name], unit) for field in sent}
        fields = {name: sentence for name, sentence in wrong.items() if sentence}
        if fields:
            raise ValidationError("Some measurements cannot be right: " + ", ".join(fields) + ".", fields=fields)
        unusual = [_unusual(field, unit) for field in sent if not _within(field.warn, values[field.name])]
        return values, unusual + _contradictions(values)

    def store(self, user_id: str, values: Values, unit: Unit, now: datetime) -> None:
        """Keep values of `check`; fields that are not among them stay. May be part of the caller's transaction."""
        self._table.save(user_id, values, unit, now)

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"measurements": 1 if self._table.get(user_id) else 0}

    def erase(self, user_id: str) -> dict[str, int]:
        """The row goes with the account's."""
        return {}


def _factor(field: Field) -> float:
    return KG_PER_POUND if field.kind is Kind.MASS else CM_PER_INCH


def _metric(field: Field, value: Any, unit: Unit) -> float | None:
    if value is None:
        return None
    number = validate_numeric(value, field.name)
    return round(number * _factor(field), _DECIMALS) if unit is Unit.IMPERIAL else number


def _within(limits: tuple[float, float], value: float | None) -> bool:
    return value is None or limits[0] <= value <= limits[1]


def _refusal(field: Field, value: float | None, unit: Unit) -> str | None:
    if value is None or _within(field.reject, value):
        return None
    return f"must be {_span(field, field.reject, unit)}{_hint(field, value)}"


def _span(field: Field, limits: tuple[float, float], unit: Unit) -> str:
    """The limits in the person's own unit."""
    if unit is Unit.METRIC:
        return f"from {limits[0]:g} to {limits[1]:g} {'kg' if field.kind is Kind.MASS else 'cm'}"
    low, high = (limit / _factor(field) for limit in limits)
    return f"from {low:.1f} to {high:.1f} {'lb' if field.kind is Kind.MASS else 'in'}"


def _hint(field: Field, value: float) -> str:
    """The usual slip: a number in the other unit than the request says."""
    factor = _factor(field)
    if _within(field.reject, value * factor) or _within(field.reject, value / factor):
        return " (pounds? see unit)" if field.kind is Kind.MASS else " (inches? see unit)"
    return ""


def _unusual(field: Field, unit: Unit) -> MeasurementNotice:
    usual = _span(field, field.warn, unit)
    return MeasurementNotice("unusual_value", field.name, f"{_words(field.name)} is rarely not {usual}. Check it.")


def _contradictions(values: Values) -> list[MeasurementNotice]:
    found = [_twins_differ(field, values) for field in FIELDS if field.twin_of]
    found += [_leg_and_height(values), _neck_and_biceps(values), _waist_and_hip(values)]
    return [notice for notice in found if notice]


def _twins_differ(field: Field, values: Values) -> MeasurementNotice | None:
    own, modern = values.get(field.name), values.get(field.twin_of or "")
    if own is None or modern is None or abs(own - modern) <= _TWINS_DIFFER_CM:
        return None
    message = f"{_words(field.name)} and {field.twin_of} are the same measurement, but differ; {field.twin_of} counts."
    return MeasurementNotice("contradiction", field.name, message)


def _leg_and_height(values: Values) -> MeasurementNotice | None:
    leg, height = _either(values, "inner_leg_length", "inseam"), values.get("height")
    if leg is None or height is None or _within(_LEG_SHARE, leg / height):
        return None
    return MeasurementNotice("contradiction", "inner_leg_length", "The inner leg length does not go with the height.")


def _neck_and_biceps(values: Values) -> MeasurementNotice | None:
    neck, biceps = values.get("neck_circumference"), values.get("biceps_circumference")
    if neck is None or biceps is None or neck < biceps * 2:
        return None
    return MeasurementNotice("contradiction", "neck_circumference", "The neck is twice the upper arm or more. Check.")


def _waist_and_hip(values: Values) -> MeasurementNotice | None:
    waist, hip = _either(values, "waist_circumference", "waist"), _either(values, "hip_circumference", "hips")
    if waist is None or hip is None or waist <= hip + _WAIST_OVER_HIP_CM:
        return None
    return MeasurementNotice("contradiction", "waist_circumference", "The waist is far wider than the hip. Check.")


def _either(values: Values, modern: str, legacy: str) -> float | None:
    found = values.get(modern)
    return values.get(legacy) if found is None else found


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
