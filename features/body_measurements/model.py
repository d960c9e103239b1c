"""Body measurements: the one table of fields that ranges, columns and requests are made from, and its SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row

Values = Mapping[str, float | None]
"""By field, in cm or kg; None or left out: not known."""


class Kind(StrEnum):
    LENGTH = "length"  # cm
    MASS = "mass"  # kg


class Unit(StrEnum):
    METRIC = "metric"
    IMPERIAL = "imperial"


@dataclass(frozen=True, slots=True)
class Field:
    """`term`: the name in ISO 8559-1. `warn`: rare outside of it; `reject`: no adult body. Both in cm or kg.

    `twin_of`: the modern field that this legacy one stands in for.
    """

    name: str
    term: str
    warn: tuple[float, float]
    reject: tuple[float, float]
    kind: Kind = Kind.LENGTH
    twin_of: str | None = None


_BUST, _WAIST = ((70, 160), (50, 220)), ((56, 165), (40, 220))
_HIP, _LEG = ((74, 172), (50, 230)), ((58, 106), (35, 130))

FIELDS: tuple[Field, ...] = (
    Field("height", "stature", (138, 202), (100, 250)),
    Field("weight", "body mass", (38, 185), (25, 350), Kind.MASS),
    Field("shoulder_circumference", "shoulder girth", (80, 160), (60, 200)),
    Field("arm_length", "arm length", (43, 74), (30, 95)),
    Field("breast_circumference", "bust girth", *_BUST),
    Field("under_breast_circumference", "underbust girth", (58, 140), (45, 200)),
    Field("waist_circumference", "waist girth", *_WAIST),
    Field("hip_circumference", "hip girth", *_HIP),
    Field("upper_thigh_circumference", "thigh girth", (40, 100), (25, 130)),
    Field("neck_circumference", "neck girth", (26, 55), (20, 75)),
    Field("biceps_circumference", "upper-arm girth", (20, 58), (12, 80)),
    Field("upper_hip_circumference", "high hip girth", *_HIP),
    Field("wide_hip_circumference", "maximum hip girth", *_HIP),
    Field("calf_circumference", "calf girth", (25, 60), (15, 90)),
    Field("waist_to_crotch_front_length", "total crotch length, front part", (15, 50), (8, 80)),
    Field("waist_to_crotch_back_length", "total crotch length, back part", (22, 55), (8, 80)),
    Field("inner_leg_length", "inside leg height", *_LEG),
    Field("foot_length", "foot length", (20, 33), (14, 40)),
    Field("foot_width", "foot breadth", (7, 13), (4, 18)),
    Field("chest", "bust girth", *_BUST, twin_of="breast_circumference"),
    Field("waist", "waist girth", *_WAIST, twin_of="waist_circumference"),
    Field("hips", "hip girth", *_HIP, twin_of="hip_circumference"),
    Field("inseam", "inside leg height", *_LEG, twin_of="inner_leg_length"),
    Field("shoulder_width", "shoulder width", (30, 55), (20, 75)),
)
FIELD_NAMES = tuple(field.name for field in FIELDS)
FIELD_OF = {field.name: field for field in FIELDS}
TWINS = {field.twin_of: field.name for field in FIELDS if field.twin_of}
"""Modern field -> the legacy one that stands in for it."""


def speaking_field(values: Values, name: str) -> str | None:
    """`name` when it is set, else its legacy twin when that is set, else None."""
    names = (name, TWINS.get(name, name))
    return next((each for each in names if values.get(each) is not None), None)


def known(values: Values, name: str) -> float | None:
    """The value of `name`, or of the legacy twin that stands in for it."""
    found = speaking_field(values, name)
    return values[found] if found else None


@dataclass(frozen=True, slots=True)
class StoredMeasurements:
    """`values`: all of FIELD_NAMES. `unit`: what the person prefers to see; `values` are metric all the same."""

    values: Values
    unit: Unit
    created_at: datetime
    updated_at: datetime


class MeasurementTable:
    """One row a user; lengths in cm, masses in kg, whatever `unit` the person prefers to see."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def save(self, user_id: str, values: Values, unit: Unit, now: datetime) -> StoredMeasurements:
        """Add the row, or change the given columns of it; the others stay. Answers the whole row."""
        columns = [name for name in FIELD_NAMES if name in values]
        names = ["user_id", *columns, "unit", "created_at", "updated_at"]
        changes = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "unit", "updated_at"))
        [row] = self._db.fetch_all(
            f"INSERT INTO body_measurements ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"
            f" ON CONFLICT (user_id) DO UPDATE SET {changes} RETURNING *",
            (user_id, *(values[name] for name in columns), unit.value, to_text(now), to_text(now)),
        )
        return _stored(row)

    def get(self, user_id: str) -> StoredMeasurements | None:
        row = self._db.fetch_one("SELECT * FROM body_measurements WHERE user_id = ?", (user_id,))
        return _stored(row) if row else None


def _stored(row: Row) -> StoredMeasurements:
    return StoredMeasurements(
        values={name: row[name] for name in FIELD_NAMES},
        unit=Unit(row["unit"]),
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )
