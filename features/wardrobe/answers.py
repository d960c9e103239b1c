"""What the routes of wardrobe items answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from features.garments.schemas import FabricAnswer
from features.wardrobe.kinds import GARMENT_CATEGORIES
from features.wardrobe.schemas import GARMENT_TYPES
from shared.answers import AnswerModel, Moment, NoticeAnswer, PageMeta, WebAddress


class ItemAnswer(AnswerModel):
    """`image_url`, `thumbnail_url`: signed, good for a while; `image_path` only names the picture. `category_id`: the
    person's own category, else the platform's one that `category` names. `cost_per_wear`: in `currency`."""

    id: int
    user_id: str
    image_path: str
    image_url: WebAddress
    thumbnail_url: WebAddress
    background_removed: bool
    title: str | None
    brand: str | None
    color: str | None
    size: str | None
    description: str | None
    price: Annotated[float, Field(ge=0)] | None
    currency: str | None
    category: str | None
    category_id: int | None
    custom_category_name: str | None
    category_section: str
    garment_category_type: Literal[GARMENT_CATEGORIES] | None  # type: ignore[valid-type]
    garment_type: Literal[GARMENT_TYPES] | None  # type: ignore[valid-type]
    fabric: list[FabricAnswer]
    care_instructions: list[str]
    tags: list[str]
    favorite: bool
    garment_url: str | None
    is_external: bool
    wear_count: Annotated[int, Field(ge=0)]
    last_worn_on: date | None
    cost_per_wear: Annotated[float, Field(ge=0)] | None
    date_added: Moment
    created_at: Moment
    updated_at: Moment


class ItemNoticeAnswer(NoticeAnswer):
    """`item_id`: with `possible_duplicate`, the item whose picture looks the same."""

    item_id: int = 0


class AddedItemAnswer(ItemAnswer):
    """`warnings`: what the person should know about the new item."""

    warnings: list[ItemNoticeAnswer]


class ItemsMeta(PageMeta):
    """`total`: of all pages; only with the first one, and not with a search."""

    total: int = 0


class OptionsAnswer(AnswerModel):
    """To choose from; for fabric and care other words are taken as well."""

    fabric_types: list[str]
    care_instructions: list[str]
    garment_category_types: list[str]
    garment_types: list[str]
    sorts: list[str]
