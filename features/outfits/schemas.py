"""What clients send for outfits, and what they get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from features.outfits.model import Outfit, OutfitFilter
from features.wardrobe.model import WardrobeItem
from features.wardrobe.schemas import Id, OneLine, Tags, Text
from features.wardrobe.wear_schemas import ValueAnswer
from shared.answers import AnswerModel, Moment, NoticeAnswer, WebAddress
from shared.clock import to_text
from shared.validators import InputModel

LONGEST_NAME, LONGEST_SEARCH = 255, 200
MOST_ITEMS = 20
REPEATED = ("item_ids", "tags")
"""Form fields of which every occurrence counts."""

NO_ITEMS = {"code": "no_items", "message": "The outfit has no items (any more). Add some, or delete it."}


def _from_text(value: Any) -> Any:
    """A list, as forms bring it: its JSON text, or one number."""
    if not isinstance(value, str):
        return value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValueError("must be a list") from None
    return found if isinstance(found, list) else [found]


def _each_once(ids: list[int]) -> list[int]:
    if len(set(ids)) < len(ids):
        raise ValueError("names an item twice")
    return ids


def _counted(ids: list[int]) -> list[int]:
    if not 1 <= len(ids) <= MOST_ITEMS:
        raise ValueError(f"must be 1 to {MOST_ITEMS} items")
    return ids


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), OneLine]
ItemIds = Annotated[
    list[Id],
    Field(json_schema_extra={"minItems": 1, "maxItems": MOST_ITEMS, "uniqueItems": True}),
    AfterValidator(_each_once), AfterValidator(_counted), BeforeValidator(_from_text),
]  # fmt: skip


class OutfitRequest(InputModel):
    """`item_ids`: own items in the order wanted, each once."""

    name: Name
    item_ids: ItemIds
    tags: Tags = Field(default_factory=list)
    notes: Text | None = None

    def values(self) -> dict[str, Any]:
        return {"name": self.name, "tags": self.tags, "notes": self.notes or None}


class OutfitChange(InputModel):
    """Only what was sent is changed; null or an empty text takes the notes away, an empty list the tags."""

    name: Name = ""
    item_ids: ItemIds = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)
    notes: Text | None = None

    def values(self) -> dict[str, Any]:
        sent = self.model_dump(include={"name", "tags", "notes"} & self.model_fields_set)
        return {name: value or None if name == "notes" else value for name, value in sent.items()}

    def items(self) -> list[int] | None:
        return self.item_ids if "item_ids" in self.model_fields_set else None


class OutfitQuery(InputModel):
    tag: Annotated[str, StringConstraints(max_length=LONGEST_SEARCH)] | None = None
    search: Annotated[str, StringConstraints(max_length=LONGEST_SEARCH)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None

    def to_filter(self) -> OutfitFilter:
        return OutfitFilter(self.tag, self.search, self.limit, self.cursor)


class OutfitItemAnswer(AnswerModel):
    id: int
    title: str | None
    image_url: WebAddress
    thumbnail_url: WebAddress
    category_section: str
    garment_type: str | None


class OutfitAnswer(AnswerModel):
    """`cover_url`: a picture of all its garments; null when there are none, or it is not made yet: asking for the
    outfit itself makes it. `warnings`: `no_items`. `wear_count`: days."""

    id: int
    name: str
    notes: str | None
    tags: list[str]
    item_ids: list[int]
    items: list[OutfitItemAnswer]
    total_value: list[ValueAnswer]
    cover_url: WebAddress | None
    wear_count: int
    last_worn_on: date | None
    warnings: list[NoticeAnswer]
    created_at: Moment
    updated_at: Moment


@dataclass(frozen=True)
class OutfitView:
    """An outfit with its items, in their order. `cover_key`: None when there is no cover now."""

    outfit: Outfit
    items: Sequence[WardrobeItem]
    cover_key: str | None

    def to_dict(self, link: Callable[[str], str]) -> dict[str, Any]:
        """`link`: the address of a stored picture."""
        outfit = self.outfit
        return {
            "id": outfit.id,
            "name": outfit.name,
            "notes": outfit.notes,
            "tags": list(outfit.tags),
            "item_ids": [item.id for item in self.items],
            "items": [_brief(item, link) for item in self.items],
            "total_value": _values(self.items),
            "cover_url": link(self.cover_key) if self.cover_key else None,
            "wear_count": outfit.wear_count,
            "last_worn_on": outfit.last_worn_on.isoformat() if outfit.last_worn_on else None,
            "warnings": [] if self.items else [NO_ITEMS],
            "created_at": to_text(outfit.created_at),
            "updated_at": to_text(outfit.updated_at),
        }


def _brief(item: WardrobeItem, link: Callable[[str], str]) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "image_url": link(item.image_path),
        "thumbnail_url": link(item.thumbnail_path),
        "category_section": item.category_section,
        "garment_type": item.garment_type,
    }


def _values(items: Sequence[WardrobeItem]) -> list[dict[str, Any]]:
    """What the garments cost together: currencies are never added up with each other."""
    prices: dict[str | None, list[float]] = {}
    for item in items:
        if item.price is not None:
            prices.setdefault(item.currency, []).append(item.price)
    return [
        {"currency": currency, "items": len(some), "value": round(sum(some), 2)} for currency, some in prices.items()
    ]
