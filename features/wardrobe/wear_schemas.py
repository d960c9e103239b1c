"""What clients say about wearing, and what they get."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.answers import AnswerModel, WebAddress
from shared.validators import InputModel

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: Any) -> dt.date:
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        raise ValueError("must be a date such as 2026-01-15")
    try:
        return dt.date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


Day = Annotated[dt.date, BeforeValidator(_day)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class WornFields(InputModel):
    """`date`: YYYY-MM-DD, not in the future; left out: today, in UTC."""

    date: Day | None = None


class WearAnswer(AnswerModel):
    """`wear_count`: days. `cost_per_wear`: null without a price, or before the first wear; in `currency`."""

    item_id: int
    wear_count: Count
    last_worn_on: dt.date | None
    price: Amount | None
    currency: str | None
    cost_per_wear: Amount | None


class BriefItemAnswer(AnswerModel):
    id: int
    title: str | None
    brand: str | None
    category_section: str
    thumbnail_url: WebAddress
    price: Amount | None
    currency: str | None
    wear_count: Count
    last_worn_on: dt.date | None
    cost_per_wear: Amount | None


class ValueAnswer(AnswerModel):
    """Of the items with a price in this currency (null: a price without one); other currencies stand apart."""

    currency: str | None
    items: Count
    value: Amount


class HeldAnswer(AnswerModel):
    items: Count
    values: list[ValueAnswer]


class OwnedAnswer(HeldAnswer):
    """Everything but the wishlist. `worn`, `never_worn`: items; `wears`: days, of all items together."""

    worn: Count
    never_worn: Count
    wears: Count


class SectionHoldingAnswer(HeldAnswer):
    category_section: str


class CostAnswer(AnswerModel):
    """`best`: cheapest per wear first; `worst`: dearest first. Only what was worn and has a price."""

    currency: str | None
    best: list[BriefItemAnswer]
    worst: list[BriefItemAnswer]


class StatsAnswer(AnswerModel):
    """`sections`: those that hold something, the wishlist among them. At most ten items in each list: `most_worn` and
    `least_worn` of what was worn at all, `never_worn` with the oldest first."""

    owned: OwnedAnswer
    wishlist: HeldAnswer
    sections: list[SectionHoldingAnswer]
    most_worn: list[BriefItemAnswer]
    least_worn: list[BriefItemAnswer]
    never_worn: list[BriefItemAnswer]
    cost_per_wear: list[CostAnswer]
