"""Requests that carry measurements: the fields come from the one table in `model`."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import create_model

from features.body_measurements.model import FIELD_NAMES, Unit
from shared.answers import NoticeAnswer
from shared.validators import InputModel


class MeasuredInput(InputModel):
    """Base of every request that may carry measurements; `with_fields` adds them."""

    unit: Literal["metric", "imperial"] = "metric"

    @property
    def measured_in(self) -> Unit:
        return Unit(self.unit)

    def measured(self) -> dict[str, float | None]:
        """The measurements that were sent, as sent; null is there too."""
        return {name: getattr(self, name) for name in FIELD_NAMES if name in self.model_fields_set}


Request = TypeVar("Request", bound=MeasuredInput)


def with_fields(base: type[Request]) -> type[Request]:
    """`base` and every measurement as an optional number."""
    numbers: dict[str, Any] = {name: (float | None, None) for name in FIELD_NAMES}
    return create_model(base.__name__, __base__=base, __module__=base.__module__, **numbers)


class MeasurementNoticeAnswer(NoticeAnswer):
    """`field`: the measurement that looks odd; it was kept."""

    field: str
