"""Requests and answers with measurements: the fields come from the one table in `model`."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import Field, create_model

from features.body_measurements.model import FIELD_NAMES, Unit
from shared.answers import AnswerModel, Moment, NoticeAnswer
from shared.validators import InputModel

UnitName = Literal["metric", "imperial"]


class MeasuredFields(InputModel):
    """Base of every request that may carry measurements; `with_fields` adds them."""

    def measured(self) -> dict[str, float | None]:
        """The measurements that were sent, as sent; null is there too."""
        return {name: getattr(self, name) for name in FIELD_NAMES if name in self.model_fields_set}


class MeasuredInput(MeasuredFields):
    """Measurements of somebody of whom no preferred unit is known."""

    unit: UnitName = "metric"

    @property
    def measured_in(self) -> Unit:
        return Unit(self.unit)


class MeasurementsRequest(MeasuredFields):
    """`unit`: of these numbers, and preferred from now on; left out: the unit that is preferred already."""

    unit: UnitName | None = None

    @property
    def measured_in(self) -> Unit | None:
        return Unit(self.unit) if self.unit else None


Request = TypeVar("Request", bound=MeasuredFields)


def with_fields(base: type[Request]) -> type[Request]:
    """`base` and every measurement as an optional number."""
    numbers: dict[str, Any] = {name: (float | None, None) for name in FIELD_NAMES}
    return create_model(base.__name__, __base__=base, __module__=base.__module__, **numbers)


MeasurementChange = with_fields(MeasurementsRequest)


class MeasurementQuery(InputModel):
    """`unit`: of this answer alone. `estimate`: add guesses of what was not measured."""

    unit: UnitName | None = None
    estimate: bool = False

    @property
    def shown_in(self) -> Unit | None:
        return Unit(self.unit) if self.unit else None


class MeasurementNoticeAnswer(NoticeAnswer):
    """`field`: the measurement that looks odd; it was kept."""

    field: str


class MissingAnswer(AnswerModel):
    """A measurement that would help advice. `term`: its name in ISO 8559-1."""

    field: str
    term: str
    why: str


class EstimateAnswer(AnswerModel):
    """A guess, never stored: 9 of 10 people are within `plus_minus` of `value`."""

    value: float
    plus_minus: float = Field(gt=0)
    unit: Literal["cm", "in"]
    source: Literal["height_and_weight"]


class MeasurementsAnswerBase(AnswerModel):
    """Lengths in cm or in, the weight in kg or lb, as `unit` says; null: not given.

    `missing`: what would help advice most comes first. `estimates` (with ?estimate=true): of what was not measured;
    `estimates_reason` says why there are none.
    """

    unit: UnitName
    created_at: Moment
    updated_at: Moment
    warnings: list[MeasurementNoticeAnswer]
    missing: list[MissingAnswer]
    estimates: dict[str, EstimateAnswer] = Field(default_factory=dict)
    estimates_reason: str | None = None


_NUMBERS: dict[str, Any] = {name: (float | None, ...) for name in FIELD_NAMES}
MeasurementsAnswer = create_model(
    "MeasurementsAnswer",
    __base__=MeasurementsAnswerBase,
    __module__=__name__,
    __doc__=MeasurementsAnswerBase.__doc__,
    **_NUMBERS,
)
