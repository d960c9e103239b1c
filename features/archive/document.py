"""`wardrobe.json`: what an archive says about a wardrobe. Its pictures lie beside it.

Things are called by `uid`, which they keep wherever they are imported. It takes whatever can be stored: pages say what
people may not write, so the texts are freer here than in requests.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, FailFast, Field, StringConstraints

from features.archive.limits import MOST_CATEGORIES, MOST_DAYS, MOST_ITEMS, MOST_OUTFITS, MOST_SECTIONS
from features.outfits import schemas as outfits
from features.wardrobe.category_schemas import NewCategory, NewSection
from features.wardrobe.fabric import wrong_part
from features.wardrobe.kinds import GARMENT_CATEGORIES, PLATFORM
from features.wardrobe.limits import LONGEST, MOST_CARE, MOST_FABRICS, MOST_PRICE, MOST_TAGS
from features.wardrobe.schemas import GARMENT_TYPES, Currency, Url

NAME = "wardrobe.json"
FORMAT: Literal["because-future/wardrobe"] = "because-future/wardrobe"
VERSION: Literal[1] = 1
LONGEST_CHART = 200_000
"""Bytes of JSON."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_YEARS = range(1900, 9999)


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _moment(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError("is no time at which this can have been")
    return value


def _each_once(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError("names something twice")
    return values


def _chart(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        raise ValueError("cannot be stored") from None
    if size > LONGEST_CHART:
        raise ValueError(f"may take at most {LONGEST_CHART} bytes")
    return value


def _whole(shares: list[ArchivedShare]) -> list[ArchivedShare]:
    if sentence := wrong_part([share.stored() for share in shares]):
        raise ValueError(sentence)
    return shares


Plain = AfterValidator(_plain)
Title = Annotated[str, StringConstraints(max_length=LONGEST["title"]), Plain]
Brand = Annotated[str, StringConstraints(max_length=LONGEST["brand"]), Plain]
Color = Annotated[str, StringConstraints(max_length=LONGEST["color"]), Plain]
Size = Annotated[str, StringConstraints(max_length=LONGEST["size"]), Plain]
Text = Annotated[str, StringConstraints(max_length=LONGEST["description"]), Plain]
Section = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["category_section"]), Plain]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["tag"]), Plain]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), FailFast()]
CareLine = Annotated[str, StringConstraints(max_length=LONGEST["care"]), Plain]
Fibre = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["fabric_name"]), Plain]
Part = Annotated[str, StringConstraints(max_length=LONGEST["fabric_part"]), Plain]
Chart = Annotated[dict[str, Any], AfterValidator(_chart)]
OutfitName = Annotated[str, StringConstraints(min_length=1, max_length=outfits.LONGEST_NAME), Plain]
Uid = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
Uids = Annotated[list[Uid], Field(max_length=MOST_ITEMS), FailFast(), AfterValidator(_each_once)]
PictureName = Annotated[str, StringConstraints(pattern=r"^images/[A-Za-z0-9_-]{1,80}\.(?:jpg|png)$")]
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Days = Annotated[list[date], Field(max_length=MOST_DAYS), FailFast()]


class Archived(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class ArchivedShare(Archived):
    name: Fibre
    percentage: Annotated[float, Field(ge=0, le=100)] | None = None
    part: Part | None = None

    def stored(self) -> dict[str, Any]:
        return {"name": self.name, "percentage": self.percentage, **({"part": self.part} if self.part else {})}


class ArchivedItem(Archived):
    """`category`: of the platform; `own_category`: the name of one of `categories`. `picture`: the original;
    `cut_out`: what is shown instead. `worn_on`: all days, also those with an outfit."""

    uid: Uid
    picture: PictureName
    cut_out: PictureName | None = None
    title: Title | None = None
    brand: Brand | None = None
    color: Color | None = None
    size: Size | None = None
    description: Text | None = None
    price: Annotated[float, Field(ge=0, le=MOST_PRICE)] | None = None
    currency: Currency | None = None
    category: Literal[tuple(PLATFORM)] | None = None  # type: ignore[valid-type]
    own_category: Brand | None = None
    custom_category_name: Brand | None = None
    category_section: Section
    garment_category_type: Literal[GARMENT_CATEGORIES] | None = None  # type: ignore[valid-type]
    garment_type: Literal[GARMENT_TYPES] | None = None  # type: ignore[valid-type]
    fabric: Annotated[list[ArchivedShare], Field(max_length=MOST_FABRICS), FailFast(), AfterValidator(_whole)] = []
    care_instructions: Annotated[list[CareLine], Field(max_length=MOST_CARE), FailFast()] = []
    tags: Tags = []
    favorite: bool = False
    garment_url: Url | None = None
    is_external: bool = False
    size_chart: Chart | None = None
    worn_on: Days = []
    date_added: Moment
    created_at: Moment
    updated_at: Moment


class ArchivedOutfit(Archived):
    uid: Uid
    name: OutfitName
    notes: Text | None = None
    tags: Tags = []
    items: Annotated[Uids, Field(max_length=outfits.MOST_ITEMS)]
    worn_on: Days = []
    created_at: Moment
    updated_at: Moment


class Document(Archived):
    format: Literal["because-future/wardrobe"]
    version: Literal[1]
    sections: Annotated[list[NewSection], Field(max_length=MOST_SECTIONS), FailFast()] = []
    categories: Annotated[list[NewCategory], Field(max_length=MOST_CATEGORIES), FailFast()] = []
    items: Annotated[list[ArchivedItem], Field(max_length=MOST_ITEMS), FailFast()]
    outfits: Annotated[list[ArchivedOutfit], Field(max_length=MOST_OUTFITS), FailFast()] = []

    def pictures(self) -> list[str]:
        return [name for item in self.items for name in (item.picture, item.cut_out) if name is not None]

    def days(self) -> list[date]:
        return [day for item in self.items for day in item.worn_on] + [
            day for outfit in self.outfits for day in outfit.worn_on
        ]

    def twice(self) -> str | None:
        """What stands for two things: a uid, or a picture's name (one picture for a thousand items would be a bomb)."""
        things = ([item.uid for item in self.items], [outfit.uid for outfit in self.outfits], self.pictures())
        return next((name for names in things for name, count in Counter(names).items() if count > 1), None)
