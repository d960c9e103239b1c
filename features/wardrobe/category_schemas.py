"""What clients send about sections and categories, and what they get."""

from __future__ import annotations

import re
from string import capwords
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from shared.answers import AnswerModel, Moment
from shared.errors import ValidationError
from shared.text_fold import fold
from shared.validators import InputModel, validate_url

LONGEST_DESCRIPTION = 5000
LAST_PLACE = 100_000
AFTER_THE_PLATFORMS = 100
"""Place of a section for which none was given."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]")


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _one_line(text: str) -> str:
    if _BREAKS.search(text):
        raise ValueError("must be one line")
    return _plain(text)


def _name(text: str) -> str:
    if not fold(text):
        raise ValueError("must have letters or digits")
    return _one_line(text)


def _address(text: str) -> str:
    """As a ValueError, so that the other wrong fields are named beside it."""
    try:
        return validate_url(text)
    except ValidationError as error:
        raise ValueError(error.details["fields"]["url"]) from None


SectionName = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_name)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_name)]
IconName = Annotated[str, StringConstraints(max_length=100), AfterValidator(_one_line)]
IconAddress = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_address)]
Description = Annotated[str, StringConstraints(max_length=LONGEST_DESCRIPTION), AfterValidator(_plain)]
Place = Annotated[int, Field(ge=-LAST_PLACE, le=LAST_PLACE)]


class SectionFields(InputModel):
    """What may be said besides the name; `icon_url` is kept as an address and never called."""

    description: Description | None = None
    icon_name: IconName | None = None
    icon_url: IconAddress | None = None

    def sent(self) -> dict[str, Any]:
        """Only what was sent; null clears what may be empty."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewSection(SectionFields):
    """`display_name`: left out, it is made from the name. `sort_order`: left out, it comes after the platform's."""

    name: SectionName
    display_name: Name | None = None
    sort_order: Place = AFTER_THE_PLATFORMS

    def columns(self) -> dict[str, Any]:
        return {**self.model_dump(), "display_name": self.display_name or readable(self.name)}


class SectionChange(SectionFields):
    """Only what was sent is changed; items and categories go along with a new name."""

    name: SectionName = ""
    display_name: Name = ""
    sort_order: Place = AFTER_THE_PLATFORMS


class MoveQuery(InputModel):
    """`move_to`: the section that takes what is in the deleted one."""

    move_to: SectionName | None = None


class NewCategory(InputModel):
    name: Name
    category_section: SectionName
    description: Description | None = None


class CategoryChange(InputModel):
    """Only what was sent is changed; null clears the description."""

    name: Name = ""
    category_section: SectionName = ""
    description: Description | None = None

    def sent(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class CategoryQuery(InputModel):
    """`search`: every word of it stands somewhere in the name or the description, whatever its case and accents."""

    search: Annotated[str, StringConstraints(max_length=500)] = ""
    category_section: SectionName | None = None


def readable(name: str) -> str:
    """ "summer_collection" as people write it; a name that has capitals is left as it is."""
    words = " ".join(name.replace("_", " ").split())
    return (capwords(words) if name.islower() else words) or name


class SectionAnswer(AnswerModel):
    """`name`: what items carry. `item_count`: how many of the own items do."""

    id: int
    user_id: str | None
    name: str
    display_name: str
    description: str | None
    icon_name: str | None
    icon_url: str | None
    sort_order: int
    is_platform: bool
    item_count: int = Field(ge=0)
    created_at: Moment
    updated_at: Moment


class WardrobeCategoryAnswer(AnswerModel):
    """Ids of own categories begin at 1001; `name` of the platform's is an identifier such as t_shirts."""

    id: int
    user_id: str | None
    name: str
    display_name: str
    description: str | None
    category_section: str
    sort_order: int
    is_platform: bool
    item_count: int = Field(ge=0)
    created_at: Moment
    updated_at: Moment


class CategoriesOfSectionAnswer(AnswerModel):
    platform_categories: list[WardrobeCategoryAnswer]
    user_categories: list[WardrobeCategoryAnswer]


class CategoriesAnswer(AnswerModel):
    """`categories_by_section` has a key for every one of `sections`, by its name."""

    sections: list[SectionAnswer]
    categories_by_section: dict[str, CategoriesOfSectionAnswer]


class MovedAnswer(AnswerModel):
    """How many were in the deleted section."""

    items: int = Field(ge=0)
    categories: int = Field(ge=0)


class LeftAnswer(AnswerModel):
    """`items`: how many were in the deleted category; they are still there."""

    items: int = Field(ge=0)
