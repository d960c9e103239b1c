"""What no body has is refused; what looks odd about a body is told and kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from features.body_measurements.estimates import Estimate
from features.body_measurements.model import (
    FIELD_OF,
    FIELDS,
    TWINS,
    Field,
    Kind,
    Unit,
    Values,
    known,
    speaking_field,
)
from features.body_measurements.units import factor, from_metric, symbol, to_metric
from shared.errors import ValidationError
from shared.validators import validate_numeric

_TWINS_DIFFER_CM = 3.0
_LEG_SHARE = (0.43, 0.53)
_WAIST_OVER_HIP_CM = 30.0
_FAR_OFF_SDS = 3.0


@dataclass(frozen=True, slots=True)
class MeasurementNotice:
    """Something to look at again; the value was kept. `field` is the one that looks odd."""

    code: str
    field: str
    message: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def metric_values(data: Mapping[str, Any], unit: Unit) -> dict[str, float | None]:
    """The measurements out of `data` in cm and kg, None where they are cleared. Other keys are passed over.

    Raises ValidationError that names every field that no body has.
    """
    sent = [field for field in FIELDS if field.name in data]
    values = {field.name: _metric(field, data[field.name], unit) for field in sent}
    wrong = {field.name: _refusal(field, values[field.name], unit) for field in sent}
    fields = {name: sentence for name, sentence in wrong.items() if sentence}
    if fields:
        raise ValidationError("Some measurements cannot be right: " + ", ".join(fields) + ".", fields=fields)
    return values


def notices(values: Values, unit: Unit, estimates: Mapping[str, Estimate] | None = None) -> list[MeasurementNotice]:
    """What looks odd about a body, alone, side by side and against `estimates` by its height and weight."""
    unusual = [_unusual(field, unit) for field in FIELDS if not _within(field.warn, values.get(field.name))]
    return unusual + list(_contradictions(values)) + list(_far_off(values, unit, estimates or {}))


def _metric(field: Field, value: Any, unit: Unit) -> float | None:
    return None if value is None else to_metric(field, validate_numeric(value, field.name), unit)


def _within(limits: tuple[float, float], value: float | None) -> bool:
    return value is None or limits[0] <= value <= limits[1]


def _refusal(field: Field, value: float | None, unit: Unit) -> str | None:
    if value is None or _within(field.reject, value):
        return None
    return f"must be {_span(field, field.reject, unit)}{_hint(field, value)}"


def _span(field: Field, limits: tuple[float, float], unit: Unit) -> str:
    """The limits in the person's own unit, rounded to the inside: both are good values themselves."""
    if unit is Unit.METRIC:
        return f"from {limits[0]:g} to {limits[1]:g} {symbol(field, unit)}"
    low, high = (limit / factor(field) for limit in limits)
    return f"from {math.ceil(low * 10) / 10:.1f} to {math.floor(high * 10) / 10:.1f} {symbol(field, unit)}"


def _hint(field: Field, value: float) -> str:
    """The usual slip: a number in the other unit than the request says."""
    if _within(field.reject, value * factor(field)) or _within(field.reject, value / factor(field)):
        return " (pounds? see unit)" if field.kind is Kind.MASS else " (inches? see unit)"
    return ""


def _unusual(field: Field, unit: Unit) -> MeasurementNotice:
    usual = _span(field, field.warn, unit)
    return MeasurementNotice("unusual_value", field.name, f"{_words(field.name)} is usually {usual}. Check it.")


def _contradictions(values: Values) -> Iterator[MeasurementNotice]:
    found = [_twins_differ(modern, legacy, values) for modern, legacy in TWINS.items()]
    found += [_leg_and_height(values), _neck_and_biceps(values), _waist_and_hip(values)]
    yield from (notice for notice in found if notice)


def _twins_differ(modern: str, legacy: str, values: Values) -> MeasurementNotice | None:
    own, other = values.get(legacy), values.get(modern)
    if own is None or other is None or abs(own - other) <= _TWINS_DIFFER_CM:
        return None
    message = f"{_words(legacy)} and {modern} are the same measurement, but differ; {modern} counts."
    return MeasurementNotice("contradiction", legacy, message)


def _leg_and_height(values: Values) -> MeasurementNotice | None:
    leg, height = known(values, "inner_leg_length"), values.get("height")
    if leg is None or height is None or _within(_LEG_SHARE, leg / height):
        return None
    return MeasurementNotice("contradiction", "inner_leg_length", "The inner leg length does not go with the height.")


def _neck_and_biceps(values: Values) -> MeasurementNotice | None:
    neck, biceps = values.get("neck_circumference"), values.get("biceps_circumference")
    if neck is None or biceps is None or neck < biceps * 2:
        return None
    return MeasurementNotice("contradiction", "neck_circumference", "The neck is twice the upper arm or more. Check.")


def _waist_and_hip(values: Values) -> MeasurementNotice | None:
    waist, hip = known(values, "waist_circumference"), known(values, "hip_circumference")
    if waist is None or hip is None or waist <= hip + _WAIST_OVER_HIP_CM:
        return None
    return MeasurementNotice("contradiction", "waist_circumference", "The waist is far wider than the hip. Check.")


def _far_off(values: Values, unit: Unit, estimates: Mapping[str, Estimate]) -> Iterator[MeasurementNotice]:
    """What three standard deviations cannot explain is more likely a slip, most often of the unit."""
    for name, guess in estimates.items():
        field = FIELD_OF[speaking_field(values, name) or name]
        value = values.get(field.name)
        if value is not None and abs(value - guess.cm) > _FAR_OFF_SDS * guess.sd:
            yield _check_unit(field, guess, unit)


def _check_unit(field: Field, guess: Estimate, unit: Unit) -> MeasurementNotice:
    about = f"{from_metric(field, guess.cm, unit):.0f} {symbol(field, unit)}"
    message = f"{_words(field.name)} does not go with height and weight, which suggest about {about}. Check the unit."
    return MeasurementNotice("check_unit", field.name, message)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
