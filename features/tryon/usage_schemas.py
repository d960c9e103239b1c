"""What may be asked about usage, and what is answered."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.answers import AnswerModel, Moment
from shared.validators import InputModel

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(text: str) -> date:
    """Other ISO spellings of a day, and seconds since 1970, are left to machines."""
    if not _DAY.fullmatch(text):
        raise ValueError("must be a date such as 2026-01-15")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


Day = Annotated[date, BeforeValidator(_day)]
DayText = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"})]
Count = Annotated[int, Field(ge=0)]
Dollars = Annotated[float, Field(ge=0)]


class UsageQuery(InputModel):
    """UTC days, both included; without them the last 30 days, today included. At most 366 days at once."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class SumsAnswer(AnswerModel):
    """`outcomes`: how many calls ended how. `cost_usd`: by the price table, of the calls whose price is known.
    `uncertain_usd`: what the others may have cost (they run, or the provider never said)."""

    calls: Count
    outcomes: dict[str, Count]
    input_tokens: Count
    output_tokens: Count
    thinking_tokens: Count
    cost_usd: Dollars
    uncertain_usd: Dollars


class DayAnswer(SumsAnswer):
    day: DayText
    model: str


class CapAnswer(AnswerModel):
    """Of the whole service only whether something is left. `exhausted`: no further paid call until `resets_at`."""

    cap: str
    limit: Dollars | None
    used: Dollars | None
    left: Dollars | None
    exhausted: bool
    resets_at: Moment


class UsageAnswer(AnswerModel):
    """`days`: newest first, one entry for each model that was called; deleted jobs stay in. `caps`: those that are
    switched on, as they stand now."""

    days: list[DayAnswer]
    totals: SumsAnswer
    caps: list[CapAnswer]
