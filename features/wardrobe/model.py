"""An item of a wardrobe and its table, tags included. Every statement asks for the owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

import orjson

from features.wardrobe.filters import (
    LARGEST_ID,
    TABLE,
    ItemFilter,
    after,
    conditions,
    cursor_after,
    order_by,
    sort_key,
    streamed,
)
from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row
from shared.errors import DatabaseError
from shared.text_fold import fold

LAST_KEY = "\U0010ffff"
"""Sorts behind every text: what has no title or brand comes last, and its index still serves."""

LONGEST_KEY = 200
"""Characters of a folded title or brand that count in an order: cursors carry them, and one letter may fold to 18."""

PICTURES = ("image_path", "original_path", "thumbnail_path", "image_hash")
TEXTS = ("title", "brand", "color", "size", "description", "garment_url", "custom_category_name")
PLAIN = (*TEXTS, "price", "currency", "category", "category_id", "category_section", "garment_category_type",
         "garment_type", "favorite", "is_external", *PICTURES)  # fmt: skip
AS_JSON = ("fabric", "care_instructions", "size_chart")
CHANGEABLE = frozenset((*PLAIN, *AS_JSON, "tags"))
AS_IT_IS = ("id", "user_id", "upload_key", "uid", "wear_count", "platform_category_id")
_IDS_AT_ONCE = 500

_SELECT = (
    "SELECT w.*, c.name AS own_category_name, p.id AS platform_category_id, {key} AS sort_key FROM {source}"
    " LEFT JOIN wardrobe_categories c ON c.id = w.category_id"
    " LEFT JOIN platform_categories p ON p.name = w.category WHERE "
)


@dataclass(frozen=True)
class WardrobeItem:
    """`category`: identifier of a platform category; `category_id`: the person's own one, its name in
    `custom_category_name`. `image_path` (what is shown), `original_path`, `thumbnail_path`: storage keys.
    `fabric`: {name, percentage, part?}. `price` in units of `currency`. `id` 0: not stored yet. `uid`: what exports
    call it; "": it gets one when it is stored."""

    user_id: str
    category_section: str
    image_path: str
    original_path: str
    thumbnail_path: str
    date_added: datetime
    created_at: datetime
    updated_at: datetime
    id: int = 0
    title: str | None = None
    brand: str | None = None
    color: str | None = None
    size: str | None = None
    description: str | None = None
    price: float | None = None
    currency: str | None = None
    category: str | None = None
    category_id: int | None = None
    custom_category_name: str | None = None
    garment_category_type: str | None = None
    garment_type: str | None = None
    fabric: Sequence[Mapping[str, Any]] = ()
    care_instructions: Sequence[str] = ()
    tags: Sequence[str] = ()
    favorite: bool = False
    garment_url: str | None = None
    is_external: bool = False
    size_chart: Mapping[str, Any] | None = field(default=None, hash=False)
    image_hash: str | None = None
    upload_key: str | None = None
    uid: str = ""
    wear_count: int = 0
    last_worn_on: date | None = None
    platform_category_id: int | None = None

    @property
    def background_removed(self) -> bool:
        return self.image_path != self.original_path

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its stored pictures, each once."""
        return tuple(dict.fromkeys((self.image_path, self.original_path, self.thumbnail_path)))


class SearchesItems(Protocol):
    """The full-text index. It forgets deleted rows by itself, also those that go with their account."""

    def put(self, item: WardrobeItem) -> None:
        """Add or replace; called inside the unit of work that writes the item."""

    @property
    def source(self) -> str:
        """The index as `s` joined with `wardrobe` as `w`, to stand behind FROM; `s.rowid` is the item's id."""

    def matching(self, user_id: str, text: str, streamed: bool) -> tuple[str, Sequence[Any]]:
        """A condition and its parameters; over `w`, or over `s` when `streamed` (read from `source`)."""


class WardrobeTable:
    """Units of work are the caller's: `add` and `update` write several rows and belong inside one."""

    def __init__(self, db: DatabaseManager, search: SearchesItems) -> None:
        self._db = db
        self._search = search

    # --- look ------------------------------------------------------------------------------------------------------

    def get(self, user_id: str, item_id: int) -> WardrobeItem | None:
        return next(iter(self.get_many(user_id, [item_id])), None)

    def get_many(self, user_id: str, item_ids: Sequence[int]) -> list[WardrobeItem]:
        """Those that are the user's, each once, in the order asked for."""
        found: dict[int, WardrobeItem] = {}
        ids = [item_id for item_id in dict.fromkeys(item_ids) if 0 < item_id <= LARGEST_ID]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            sql = _SELECT.format(key="0", source=TABLE) + f"w.user_id = ? AND w.id IN ({_marks(some)})"
            found |= {item.id: item for item in self._items(self._db.fetch_all(sql, [user_id, *some]))}
        return [found[item_id] for item_id in ids if item_id in found]

    def page(self, user_id: str, wanted: ItemFilter) -> tuple[list[WardrobeItem], str | None]:
        """One page and the cursor of the next. Raises ValidationError for a cursor that is not ours."""
        by_index = streamed(wanted)
        where, params = conditions(user_id, wanted, self._search.matching, streamed=by_index)
        beyond, place = after(wanted)
        source = self._search.source if by_index else TABLE
        sql = _SELECT.format(key=sort_key(wanted.sort), source=source) + where + beyond
        sql += f" ORDER BY {order_by(wanted)} LIMIT {wanted.limit + 1:d}"
        rows = self._db.fetch_all(sql, [*params, *place])
        page = rows[: wanted.limit]
        more = len(rows) > wanted.limit
        return self._items(page), cursor_after(wanted.sort, page[-1]["sort_key"], page[-1]["id"]) if more else None

    def count(self, user_id: str, wanted: ItemFilter | None = None) -> int:
        where, params = conditions(user_id, wanted or ItemFilter(), self._search.matching)
        row = self._db.fetch_one(f"SELECT count(*) AS items FROM wardrobe w WHERE {where}", params)
        return int(row["items"]) if row else 0

    def by_upload_key(self, user_id: str, upload_key: str) -> WardrobeItem | None:
        sql = _SELECT.format(key="0", source=TABLE) + "w.user_id = ? AND w.upload_key = ?"
        return next(iter(self._items(self._db.fetch_all(sql, (user_id, upload_key)))), None)

    def by_original(self, user_id: str, original_paths: Sequence[str]) -> WardrobeItem | None:
        sql = _SELECT.format(key="0", source=TABLE) + f"w.user_id = ? AND w.original_path IN ({_marks(original_paths)})"
        return next(iter(self._items(self._db.fetch_all(sql, [user_id, *original_paths]))), None)

    def hashes(self, user_id: str) -> Mapping[int, str]:
        """Of the pictures of all items, but for those that are almost plain."""
        rows = self._db.fetch_all(
            "SELECT id, image_hash FROM wardrobe WHERE user_id = ? AND image_hash IS NOT NULL", (user_id,)
        )
        return {row["id"]: row["image_hash"] for row in rows}

    def uids(self, user_id: str) -> Mapping[str, int]:
        """Of all items, and which has it."""
        rows = self._db.fetch_all("SELECT uid, id FROM wardrobe WHERE user_id = ?", (user_id,))
        return {row["uid"]: row["id"] for row in rows}

    # --- change ----------------------------------------------------------------------------------------------------

    def add(self, item: WardrobeItem) -> WardrobeItem:
        """The item as it is stored, with its id. Raises ConflictError for an upload key that is taken."""
        values = {name: getattr(item, name) for name in CHANGEABLE} | {
            "user_id": item.user_id, "upload_key": item.upload_key, "wear_count": item.wear_count,
            "last_worn_on": item.last_worn_on.isoformat() if item.last_worn_on else None,
            **({"uid": item.uid} if item.uid else {}),
            **{name: to_text(getattr(item, name)) for name in ("date_added", "created_at", "updated_at")},
        }  # fmt: skip
        columns = _columns(values)
        row = self._db.fetch_one(
            f"INSERT INTO wardrobe ({', '.join(columns)}) VALUES ({_marks(columns)}) RETURNING id", [*columns.values()]
        )
        stored = self._written(item.user_id, int(row["id"]) if row else 0, item.tags)
        if stored is None:
            raise DatabaseError("The item was not stored.")
        return stored

    def update(self, user_id: str, item_id: int, changes: Mapping[str, Any], now: datetime) -> WardrobeItem | None:
        """`changes`: of CHANGEABLE. None: there is no such item."""
        columns = {**_columns(changes), "updated_at": to_text(now)}
        sql = f"UPDATE wardrobe SET {', '.join(f'{name} = ?' for name in columns)} WHERE user_id = ? AND id = ?"
        if not self._db.execute(sql, [*columns.values(), user_id, item_id]):
            return None
        return self._written(user_id, item_id, changes.get("tags"))

    def delete(self, user_id: str, item_id: int) -> WardrobeItem | None:
        """What there was."""
        item = self.get(user_id, item_id)
        if item is not None:
            self._db.execute("DELETE FROM wardrobe WHERE user_id = ? AND id = ?", (user_id, item_id))
        return item

    def move_section(self, user_id: str, section: str, to: str, now: datetime) -> int:
        """How many items were moved."""
        return self._db.execute(
            "UPDATE wardrobe SET category_section = ?, updated_at = ? WHERE user_id = ? AND category_section = ?",
            (to, to_text(now), user_id, section),
        )

    def _written(self, user_id: str, item_id: int, tags: Iterable[str] | None) -> WardrobeItem | None:
        if tags is not None:
            self._db.execute("DELETE FROM wardrobe_tags WHERE item_id = ?", (item_id,))
            self._db.execute_many(
                "INSERT INTO wardrobe_tags (item_id, user_id, tag, tag_key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(item_id, user_id, tag, fold(tag)) for tag in tags],
            )
        item = self.get(user_id, item_id)
        if item is not None:
            self._search.put(item)
        return item

    # --- rows ------------------------------------------------------------------------------------------------------

    def _items(self, rows: Sequence[Row]) -> list[WardrobeItem]:
        tags: dict[int, list[str]] = {row["id"]: [] for row in rows}
        sql = f"SELECT item_id, tag FROM wardrobe_tags WHERE item_id IN ({_marks(tags)}) ORDER BY item_id, tag_key"
        for row in self._db.fetch_all(sql, list(tags)) if tags else ():
            tags[row["item_id"]].append(row["tag"])
        return [_item(row, tags[row["id"]]) for row in rows]


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """As they are stored, with the keys that follow from them."""
    columns = {name: value for name, value in values.items() if name != "tags"}
    columns |= {name: _json(values[name]) for name in AS_JSON if name in values}
    keys = {f"{name}_key": values[name] for name in ("title", "brand") if name in values}
    return columns | {name: fold(text)[:LONGEST_KEY] if text else LAST_KEY for name, text in keys.items()}


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _item(row: Row, tags: Sequence[str]) -> WardrobeItem:
    taken = {name: row[name] for name in PLAIN} | {name: row[name] for name in AS_IT_IS}
    return WardrobeItem(
        **{
            **taken,
            "tags": tuple(tags),
            "custom_category_name": row["own_category_name"] or row["custom_category_name"],
            "favorite": bool(row["favorite"]),
            "is_external": bool(row["is_external"]),
            **{name: orjson.loads(row[name]) if row[name] is not None else None for name in AS_JSON},
            "last_worn_on": date.fromisoformat(row["last_worn_on"]) if row["last_worn_on"] else None,
            **{name: from_text(row[name]) for name in ("date_added", "created_at", "updated_at")},
        }
    )
