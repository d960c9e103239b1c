"""What people may say about an item, in JSON or in a form, and what they may ask of a list."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from features.wardrobe.fabric import wrong_part
from features.wardrobe.filters import LARGEST_ID, MOST_ON_A_PAGE, ItemFilter, Sort
from features.wardrobe.kinds import GARMENT_CATEGORIES
from features.wardrobe.limits import LONGEST, MOST_CARE, MOST_FABRICS, MOST_PRICE, MOST_TAGS
from shared.engines.base import GarmentType
from shared.errors import ValidationError
from shared.text_fold import fold
from shared.validators import InputModel, validate_url

PICTURE = "garment_image"
MOST_GARMENTS = 5
"""Of one try-on."""
NOT_STORED = ("job_id", "garment_index", "upload_key")
REPEATED = ("tags",)
"""Form fields of which every occurrence counts."""

GARMENT_TYPES = tuple(item.value for item in GarmentType)
SORTS = tuple(item.value for item in Sort)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")  # also what turns writing round
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_LIST_BREAKS = re.compile(r"[\n,;]")


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _visible(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("may have visible ASCII characters only")
    return text


def _lines(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _CONTROL_IN_TEXT.search(text):
        raise ValueError("must not contain control characters")
    return text


def _empty_as_none(value: Any) -> Any:
    """An empty text counts as nothing, as in forms."""
    return None if isinstance(value, str) and not value.strip() else value


def _from_text(value: Any) -> Any:
    """A list, or its JSON text as forms bring it."""
    if not isinstance(value, str):
        return value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValueError("is not valid JSON") from None
    if not isinstance(found, list):
        raise ValueError("must be a list")
    return found


def _list_or_text(value: Any) -> Any:
    """As above, or plain text with an entry a line or between commas."""
    if isinstance(value, str) and not value.lstrip().startswith(("[", "{", '"')):
        return [piece.strip() for piece in _LIST_BREAKS.split(value) if piece.strip()]
    return _from_text(value)


def _sent(values: list[str]) -> list[str]:
    """Of an address: an empty one counts as left out, as with other questions."""
    return [value for value in values if value]


def _web_address(url: str) -> str:
    try:
        return validate_url(url)
    except ValidationError as error:
        raise ValueError(error.details["fields"]["url"]) from None


def _each_once(values: list[str]) -> list[str]:
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(fold(value), value)
    return list(found.values())


def _currency(code: str) -> str:
    if not _CURRENCY.fullmatch(code):
        raise ValueError("must be three letters such as EUR (ISO 4217)")
    return code.upper()


def _whole(shares: list[FabricShare]) -> list[FabricShare]:
    if sentence := wrong_part([share.stored() for share in shares]):
        raise ValueError(sentence)
    return shares


OneLine = AfterValidator(_one_line)
EmptyIsNone = BeforeValidator(_empty_as_none)
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["title"]), OneLine]
Brand = Annotated[str, StringConstraints(max_length=LONGEST["brand"]), OneLine]
Color = Annotated[str, StringConstraints(max_length=LONGEST["color"]), OneLine]
Size = Annotated[str, StringConstraints(max_length=LONGEST["size"]), OneLine]
Text = Annotated[str, StringConstraints(max_length=LONGEST["description"]), AfterValidator(_lines)]
JobId = Annotated[str, StringConstraints(max_length=100), OneLine]
UploadKey = Annotated[str, StringConstraints(max_length=LONGEST["upload_key"]), AfterValidator(_visible)]
Section = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["category_section"]), OneLine]
Price = Annotated[float, Field(ge=0, le=MOST_PRICE)]
Currency = Annotated[str, AfterValidator(_currency)]
Url = Annotated[str, StringConstraints(max_length=LONGEST["garment_url"]), AfterValidator(_web_address)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["tag"]), OneLine]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_each_once), BeforeValidator(_list_or_text)]
CareLine = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["care"]), OneLine]
Care = Annotated[list[CareLine], Field(max_length=MOST_CARE), BeforeValidator(_list_or_text)]
Fibre = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST["fabric_name"]), OneLine]
Part = Annotated[str, StringConstraints(max_length=LONGEST["fabric_part"]), OneLine]
Percentage = Annotated[float, Field(ge=0, le=100)]


class FabricShare(InputModel):
    name: Fibre
    percentage: Percentage | None = None
    part: Annotated[Part | None, EmptyIsNone] = None

    def stored(self) -> dict[str, Any]:
        part = {"part": self.part} if self.part else {}
        return {"name": self.name, "percentage": self.percentage, **part}


Fabric = Annotated[
    list[FabricShare], Field(max_length=MOST_FABRICS), AfterValidator(_whole), BeforeValidator(_from_text)
]


class ItemFields(InputModel):
    """What may be said about an item; null takes away. In forms `fabric` is JSON text, and `tags` and
    `care_instructions` may be JSON text or plain text with an entry a line or between commas."""

    title: Annotated[Name | None, EmptyIsNone] = None
    brand: Annotated[Brand | None, EmptyIsNone] = None
    color: Annotated[Color | None, EmptyIsNone] = None
    size: Annotated[Size | None, EmptyIsNone] = None
    description: Annotated[Text | None, EmptyIsNone] = None
    price: Price | None = None
    currency: Annotated[Currency | None, EmptyIsNone] = None
    category: Annotated[Brand | None, EmptyIsNone] = None
    category_id: Id | None = None
    custom_category_name: Annotated[Brand | None, EmptyIsNone] = None
    garment_category_type: Literal[GARMENT_CATEGORIES] | None = None  # type: ignore[valid-type]
    garment_type: Literal[GARMENT_TYPES] | None = None  # type: ignore[valid-type]
    fabric: Annotated[Fabric | None, EmptyIsNone] = None
    care_instructions: Annotated[Care | None, EmptyIsNone] = None
    tags: Annotated[Tags | None, EmptyIsNone] = None
    favorite: bool = False
    garment_url: Annotated[Url | None, EmptyIsNone] = None

    def sent(self) -> dict[str, Any]:
        """As it is stored, by names of model.CHANGEABLE."""
        found = {name: getattr(self, name) for name in self.model_fields_set}
        found |= {name: found[name] or [] for name in ("fabric", "care_instructions", "tags") if name in found}
        if "fabric" in found:
            found["fabric"] = [share.stored() for share in found["fabric"]]
        return found


class NewItemFields(ItemFields):
    """Beside `garment_image`; or with `job_id`, a finished try-on whose garment it is (`garment_index`, from 0, where
    there were several); or with `garment_url` alone: then the page and its picture are fetched. `upload_key`: chosen by
    the client for this item; sent again, it answers the item and adds nothing."""

    category_section: Section
    upload_key: Annotated[UploadKey | None, EmptyIsNone] = None
    job_id: Annotated[JobId | None, EmptyIsNone] = None
    garment_index: Annotated[int, Field(ge=0, le=MOST_GARMENTS - 1)] | None = None

    def sent(self) -> dict[str, Any]:
        return {name: value for name, value in super().sent().items() if name not in NOT_STORED}


class ItemChange(ItemFields):
    """Only what is sent is changed; `garment_image` replaces the picture and drops its cut-out."""

    category_section: Section = ""


class ItemQuery(InputModel):
    """All conditions together. `category`: a platform category's name, or upper_body, lower_body, dress, shoes,
    accessory. `tag` may come several times: all of them. `search`: beginnings of words."""

    category: Brand | None = None
    category_id: Id | None = None
    category_section: Section | None = None
    search: Annotated[str, StringConstraints(max_length=LONGEST["search"]), OneLine] | None = None
    tag: Annotated[list[Tag], Field(max_length=MOST_TAGS, default_factory=list), BeforeValidator(_sent)]
    favorite: bool | None = None
    sort: Literal[SORTS] = "newest"  # type: ignore[valid-type]
    limit: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE)] = 50
    cursor: Annotated[str, StringConstraints(max_length=LONGEST["cursor"])] | None = None

    def to_filter(self) -> ItemFilter:
        return ItemFilter(
            category=self.category,
            category_id=self.category_id,
            category_section=self.category_section,
            search=self.search or None,
            tags=tuple(self.tag),
            favorite=self.favorite,
            sort=Sort(self.sort),
            limit=self.limit,
            cursor=self.cursor,
        )
