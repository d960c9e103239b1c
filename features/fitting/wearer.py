"""Who the advice is for: measurements of the request over the stored ones, sex, and whether estimates are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from features.body_measurements.estimates import ADULT_FROM_YEARS, age_on, may_estimate
from features.body_measurements.model import FIELDS, StoredMeasurements, Unit
from features.body_measurements.service import MeasurementNotice
from features.fitting.outcome import Notice
from features.fitting.schemas import FitRequest
from shared.clock import Clock
from shared.errors import ValidationError
from shared.models.user import User

Sex = Literal["female", "male"]
Checked = tuple[dict[str, float | None], list[MeasurementNotice]]


class KnowsPeople(Protocol):
    def get(self, user_id: str) -> User: ...


class KnowsMeasurements(Protocol):
    def of(self, user_id: str) -> StoredMeasurements | None: ...

    def check(self, data: Mapping[str, Any], unit: Unit) -> Checked: ...


@dataclass(frozen=True, slots=True)
class Wearer:
    """`values`: by field, in cm and kg. `no_estimates`: why there are none, None when they are allowed.

    `growing`: known to be younger than the adults that charts and estimates are made for.
    """

    values: Mapping[str, float]
    sex: Sex | None
    no_estimates: str | None
    unit: Unit
    notices: tuple[Notice, ...] = ()
    growing: bool = False


class Wearers:
    def __init__(self, people: KnowsPeople, measurements: KnowsMeasurements, clock: Clock) -> None:
        self._people = people
        self._measurements = measurements
        self._clock = clock

    def of(self, user_id: str, wanted: FitRequest) -> Wearer:
        """Raises ValidationError for measurements in the request that no body has; nothing of it is stored."""
        user, stored = self._people.get(user_id), self._measurements.of(user_id)
        usual = stored.unit if stored else Unit.METRIC
        sent, odd = self._checked(wanted.measurements or {}, wanted.measured_in or usual)
        gender, age = wanted.gender or user.gender, age_on(user.birthday, self._clock().date())
        return Wearer(
            values=_merged(stored.values if stored else {}, sent),
            sex=_sex(gender),
            no_estimates=may_estimate(gender, age),
            unit=wanted.counts_in or usual,
            notices=tuple(Notice(item.code, item.message) for item in odd),
            growing=age is not None and age < ADULT_FROM_YEARS,
        )

    def _checked(self, sent: Mapping[str, Any], unit: Unit) -> Checked:
        """The errors name the fields as they stand in this request."""
        try:
            return self._measurements.check(sent, unit)
        except ValidationError as error:
            fields = {f"measurements.{name}": said for name, said in error.details.get("fields", {}).items()}
            raise ValidationError(error.message, fields=fields) from None


def _merged(stored: Mapping[str, float | None], sent: Mapping[str, float | None]) -> dict[str, float]:
    """What is sent wins over what is stored, also over its twin: `chest` of today over last year's bust. Null hides."""
    beaten = {twin for field in FIELDS for twin in _twins(field.name, field.twin_of) if field.name in sent}
    kept = {name: value for name, value in stored.items() if name not in beaten}
    return {name: value for name, value in {**kept, **sent}.items() if value is not None}


def _twins(name: str, modern: str | None) -> set[str]:
    return {modern} if modern else {field.name for field in FIELDS if field.twin_of == name}


def _sex(gender: str | None) -> Sex | None:
    return "female" if gender == "female" else "male" if gender == "male" else None
