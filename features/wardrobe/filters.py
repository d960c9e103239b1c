"""Which items of a wardrobe, in which order, and where a page begins: as SQL over the alias `w` of its table."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from features.wardrobe.kinds import GARMENT_CATEGORIES, PLATFORM
from shared.errors import ValidationError
from shared.text_fold import fold

TABLE = "wardrobe w"
Matching = Callable[[str, str, bool], tuple[str, Sequence[Any]]]
"""As `SearchesItems.matching` in the model."""

MOST_ON_A_PAGE = 200
LARGEST_ID = 2**63 - 1
NO_PRICE_UP, NO_PRICE_DOWN = "COALESCE(w.price, 1000000000.0)", "COALESCE(w.price, -1.0)"
"""Things without a price come last in both directions. Written as in the indexes, or they would not be used."""


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"
    BRAND = "brand"
    PRICE = "price"
    PRICE_DOWN = "-price"
    MOST_WORN = "most_worn"
    LEAST_WORN = "least_worn"


@dataclass(frozen=True)
class _Order:
    column: str
    kind: type[str] | type[float] | type[int]
    descending: bool = False


_ORDERS = {
    Sort.NEWEST: _Order("w.id", int, descending=True),  # in the order of arrival in this wardrobe
    Sort.OLDEST: _Order("w.id", int),
    Sort.TITLE: _Order("w.title_key", str),
    Sort.BRAND: _Order("w.brand_key", str),
    Sort.PRICE: _Order(NO_PRICE_UP, float),
    Sort.PRICE_DOWN: _Order(NO_PRICE_DOWN, float, descending=True),
    Sort.MOST_WORN: _Order("w.wear_count", int, descending=True),
    Sort.LEAST_WORN: _Order("w.wear_count", int),
}


_CATEGORY_COLUMNS = {"w.category": PLATFORM, "w.garment_category_type": GARMENT_CATEGORIES}


@dataclass(frozen=True)
class ItemFilter:
    """All conditions together. `category`: a platform category's identifier or a word of GARMENT_CATEGORIES. `tags`:
    all of them. `category_id`: the person's own category. `cursor`: as it was given out for this sort."""

    category: str | None = None
    platform_category: str | None = None
    category_id: int | None = None
    category_section: str | None = None
    search: str | None = None
    tags: tuple[str, ...] = ()
    favorite: bool | None = None
    sort: Sort = Sort.NEWEST
    limit: int = 50
    cursor: str | None = None


def streamed(wanted: ItemFilter) -> bool:
    """Whether the items come straight out of the index of searches: it lies in the order of arrival, so it is read
    only as far as the page goes. Other orders would need all that it finds."""
    return wanted.search is not None and wanted.sort in (Sort.NEWEST, Sort.OLDEST)


def conditions(
    user_id: str, wanted: ItemFilter, matching: Matching, *, streamed: bool = False
) -> tuple[str, list[Any]]:
    """What follows WHERE, without the page's beginning."""
    parts: list[tuple[str, Sequence[Any]]] = [("w.user_id = ?", [user_id])]
    if wanted.category is not None:
        columns = [column for column, known in _CATEGORY_COLUMNS.items() if wanted.category in known]
        parts.append((f"({' OR '.join(f'{column} = ?' for column in columns)})", [wanted.category] * len(columns)))
    if wanted.platform_category is not None:
        parts.append(("w.category = ?", [wanted.platform_category]))
    for column in ("category_id", "category_section", "favorite"):
        if (value := getattr(wanted, column)) is not None:
            parts.append((f"w.{column} = ?", [value]))
    for tag in wanted.tags:
        # With the plus the list's own index leads: to sort everything that has a common tag would take much longer.
        tagged = "+w.id IN (SELECT item_id FROM wardrobe_tags WHERE user_id = ? AND tag_key = ?)"
        parts.append((tagged, [user_id, fold(tag)]))
    if wanted.search is not None:
        parts.append(matching(user_id, wanted.search, streamed))
    return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def order_by(wanted: ItemFilter) -> str:
    """The id decides between equals, so that no page skips or repeats one."""
    order = _ORDERS[wanted.sort]
    way = " DESC" if order.descending else ""
    columns = ["s.rowid"] if streamed(wanted) else [order.column, "w.id"]
    return ", ".join(column + way for column in dict.fromkeys(columns))


def sort_key(sort: Sort) -> str:
    """The expression that is sorted by, to be selected as `sort_key` for the cursor."""
    return _ORDERS[sort].column


def after(wanted: ItemFilter) -> tuple[str, list[Any]]:
    """The condition that a page begins behind the one before. Raises ValidationError for a cursor that is not ours."""
    if wanted.cursor is None:
        return "", []
    order = _ORDERS[wanted.sort]
    sign = "<" if order.descending else ">"
    key, item_id = _place(wanted.cursor, wanted.sort, order.kind)
    if order.column == "w.id":
        return f" AND {order_by(wanted).split()[0]} {sign} ?", [item_id]
    return f" AND ({order.column}, w.id) {sign} (?, ?)", [key, item_id]


def cursor_after(sort: Sort, key: Any, item_id: int) -> str:
    """Where the next page begins."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, key, item_id])).decode().rstrip("=")


def _place(cursor: str, sort: Sort, kind: type) -> list[Any]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != 3 or not _is_place(found[1], found[2], kind):
        raise ValidationError("The cursor is not one that was given out.", fields={"cursor": "is not valid"})
    if found[0] != sort:
        raise ValidationError(
            "The cursor belongs to another sort order. Begin again without it.",
            fields={"cursor": "belongs to another sort"},
        )
    return found[1:]


def _is_place(key: Any, item_id: Any, kind: type) -> bool:
    """Of the right types, and whole numbers not larger than the database can compare."""
    numbers = (value for value in (key, item_id) if isinstance(value, int))
    return type(key) is kind and type(item_id) is int and all(abs(number) <= LARGEST_ID for number in numbers)
