"""What clients ask about sizes. One request for all questions, as JSON, as a form, or as a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, field_validator

from features.body_measurements.model import FIELD_NAMES, Unit
from features.fitting.model import Outcome
from features.fitting.terms import ChartKind, ChartSource, Preference
from features.fitting.words import LONGEST_NAME
from features.users.schemas import Gender, Text
from shared.errors import ValidationError
from shared.validators import InputModel, parse_model

JSON_FIELDS = ("size_chart", "measurements")
"""Objects, which stand as JSON texts in forms and queries."""


def _printable(text: str) -> str:
    """Raises ValueError, so that the other wrong fields are named beside it."""
    if not text.isprintable():
        raise ValueError("must not contain control characters")
    return text


Word = Annotated[str, StringConstraints(max_length=100)]
Size = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), AfterValidator(_printable)]
Link = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
ItemId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Percent = Annotated[float, Field(ge=0, le=100)]
JsonText = Annotated[str, Field(json_schema_extra={"format": "json"})]

_CHART = {
    "description": 'Size -> measure -> number or range: {"M": {"chest": "96-101", "waist": 80}}, or a list of rows'
    ' with their size: [{"size": "M", "chest": "96-101"}].',
    "anyOf": [{"type": "object"}, {"type": "array"}, {"type": "null"}],
}
_MEASUREMENTS = {
    "description": "Win over the stored ones and are not stored; null leaves one out. Units: their own, else `unit`.",
    "anyOf": [
        {
            "type": "object",
            "properties": {
                **{name: {"type": ["number", "null"]} for name in FIELD_NAMES},
                "unit": {"enum": ["metric", "imperial", None]},
            },
        },
        {"type": "null"},
    ],
}


class Mention(InputModel):
    """Which garment is meant."""

    wardrobe_item_id: ItemId | None = None
    garment_url: Link | None = None
    category: Word | None = None
    garment_type: Word | None = None
    brand: Text | None = None


class FitFacts(Mention):
    """What every question may carry; nothing is required but a way to find a chart.

    `chart_source`, `chart_kind`, `chart_unit`: of `size_chart`, guessed when left out. `unit`: of `measurements` and of
    the sentences in the answer.
    """

    chart_source: Literal["shop", "brand", "standard"] | None = None
    chart_kind: Literal["body", "garment"] | None = None
    chart_unit: Literal["cm", "in"] | None = None
    size: Size | None = None
    gender: Gender | None = None
    fit_preference: Literal["slim", "regular", "relaxed"] | None = None
    stretch_percent: Percent | None = None
    unit: Literal["metric", "imperial"] | None = None


class FitQuery(FitFacts):
    """The same as a query: objects are JSON texts there."""

    size_chart: JsonText | None = None
    measurements: JsonText | None = None


class FitRequest(FitFacts):
    size_chart: Annotated[Any, WithJsonSchema(_CHART)] = None
    measurements: Annotated[dict[str, Any] | None, WithJsonSchema(_MEASUREMENTS)] = None

    @field_validator("measurements")
    @classmethod
    def _names_a_unit(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if (value or {}).get("unit") not in (None, *Unit):
            raise ValueError("must have a unit that is 'metric' or 'imperial', or none")
        return value

    @property
    def measured_in(self) -> Unit | None:
        """Of the measurements; they may say it themselves, as they do where they are stored."""
        said = (self.measurements or {}).get("unit") or self.unit
        return Unit(said) if said else None

    @property
    def counts_in(self) -> Unit | None:
        """Of the sentences in the answer."""
        return Unit(self.unit) if self.unit else self.measured_in

    @property
    def preference(self) -> Preference:
        return Preference(self.fit_preference or Preference.REGULAR)

    @property
    def source(self) -> ChartSource:
        return ChartSource(self.chart_source or ChartSource.SHOP)

    @property
    def kind(self) -> ChartKind | None:
        return ChartKind(self.chart_kind) if self.chart_kind else None


Asked = TypeVar("Asked", bound=FitRequest)


class CheckRequest(FitRequest):
    """`size`: the one to judge."""

    size: Size


class FeedbackRequest(Mention):
    """What it is about: `wardrobe_item_id`, or `brand` and `category`; `garment_url` narrows it to one product."""

    size: Size
    outcome: Literal["small", "fit", "large"]
    kept: bool | None = None

    @property
    def said(self) -> Outcome:
        return Outcome(self.outcome)


def parse_fit(model: type[Asked], fields: Mapping[str, Any], *, from_text: bool) -> Asked:
    """A question out of the fields of a body or a query. `from_text`: all values are texts there.

    Raises ValidationError.
    """
    if not from_text:
        return parse_model(model, fields)
    objects = {name: _decoded(name, fields[name]) for name in JSON_FIELDS if fields.get(name)}
    return parse_model(model, {**fields, **objects}, from_form=True)


def _decoded(name: str, text: Any) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValidationError(f"{name} is not valid JSON.", fields={name: "is not valid JSON"}) from None
