"""What clients ask of exports, and what imports answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from features.wardrobe.filters import LARGEST_ID
from shared.answers import AnswerModel
from shared.validators import InputModel

Count = Annotated[int, Field(ge=0)]


class ExportQuery(InputModel):
    """`after`: in parts, each of which fits into one import. Begin with 0 and follow `Link: <...>; rel="next"`."""

    after: Annotated[int, Field(ge=0, le=LARGEST_ID)] | None = None


class ImportedCounts(AnswerModel):
    items: Count
    outfits: Count
    sections: Count
    categories: Count
    wear_days: Count


class LeftOutAnswer(AnswerModel):
    outfit: str
    message: str


class ImportAnswer(AnswerModel):
    """`already_there`: known by what exports call them, sections and categories by their names; they stayed as they
    are. `failed`: outfits of which an item is neither here nor in the archive."""

    added: ImportedCounts
    already_there: ImportedCounts
    failed: list[LeftOutAnswer]
