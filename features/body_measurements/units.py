"""Centimetres and kilograms from and to the units in which people think."""

from __future__ import annotations

from features.body_measurements.model import Field, Kind, Unit

CM_PER_INCH = 2.54
KG_PER_POUND = 0.45359237
_STORED_DECIMALS = 4  # finer than any tape, so that inches come back as they were sent
_SHOWN_DECIMALS = 3  # an eighth of an inch has three


def factor(field: Field) -> float:
    """cm in an inch, or kg in a pound."""
    return KG_PER_POUND if field.kind is Kind.MASS else CM_PER_INCH


def to_metric(field: Field, number: float, unit: Unit) -> float:
    return round(number * factor(field), _STORED_DECIMALS) if unit is Unit.IMPERIAL else number


def from_metric(field: Field, value: float, unit: Unit) -> float:
    """With up to three decimals: a number that was sent in this unit comes back as it was."""
    return round(value / factor(field) if unit is Unit.IMPERIAL else value, _SHOWN_DECIMALS)


def symbol(field: Field, unit: Unit) -> str:
    if field.kind is Kind.MASS:
        return "lb" if unit is Unit.IMPERIAL else "kg"
    return "in" if unit is Unit.IMPERIAL else "cm"
