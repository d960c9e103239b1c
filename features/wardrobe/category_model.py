"""Sections and categories of a wardrobe and their tables: the platform's for everybody, and each person's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row
from shared.text_fold import fold

FIRST_OWN_CATEGORY = 1001
"""Smaller ids are the platform's."""

_PLATFORM_CATEGORIES = (
    "SELECT p.id, NULL AS user_id, p.name, p.display_name, p.description, p.section_name AS category_section,"
    " p.sort_order, p.created_at, p.created_at AS updated_at, (SELECT count(*) FROM wardrobe w"
    " WHERE w.user_id = ? AND w.category = p.name) AS item_count FROM platform_categories p"
)
# Two lists, each by an index: with OR the sections of everybody would be read.
_USABLE_SECTIONS = (
    "category_sections s WHERE s.id IN (SELECT id FROM category_sections WHERE user_id IS NULL"
    " UNION ALL SELECT id FROM category_sections WHERE user_id = ?)"
    " ORDER BY s.sort_order, s.user_id IS NOT NULL, s.name_key"
)
_OWN_CATEGORIES = (
    "SELECT c.id, c.user_id, c.name, c.name AS display_name, c.description, c.category_section, 0 AS sort_order,"
    " c.created_at, c.updated_at, (SELECT count(*) FROM wardrobe w WHERE w.category_id = c.id) AS item_count"
    " FROM wardrobe_categories c WHERE c.user_id = ?"
)


@dataclass(frozen=True)
class Section:
    """`name` is what items and categories carry. `user_id` None: the platform's. `item_count`: of the one who asks."""

    id: int
    user_id: str | None
    name: str
    display_name: str
    description: str | None
    icon_name: str | None
    icon_url: str | None
    sort_order: int
    item_count: int
    created_at: datetime
    updated_at: datetime

    def to_dict(self) -> dict[str, Any]:
        return _shown(self)


@dataclass(frozen=True)
class Category:
    """`name`: of the platform's an identifier (t_shirts), of an own one what people read. `item_count`: of the one
    who asks."""

    id: int
    user_id: str | None
    name: str
    display_name: str
    description: str | None
    category_section: str
    sort_order: int
    item_count: int
    created_at: datetime
    updated_at: datetime

    def to_dict(self) -> dict[str, Any]:
        return _shown(self)


class SectionTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def all(self, user_id: str) -> list[Section]:
        """Those that the person can use, in the order in which they are shown."""
        rows = self._db.fetch_all(
            "SELECT s.*, (SELECT count(*) FROM wardrobe w WHERE w.user_id = ? AND w.category_section = s.name)"
            f" AS item_count FROM {_USABLE_SECTIONS}",
            (user_id, user_id),
        )
        return [_section(row) for row in rows]

    def find(self, user_id: str, name: str) -> str | None:
        """The stored name of the section that is called so, whatever its case and accents."""
        row = self._db.fetch_one(
            "SELECT name FROM category_sections WHERE name_key = ? AND (user_id IS NULL OR user_id = ?)",
            (fold(name), user_id),
        )
        return row["name"] if row else None

    def names(self, user_id: str) -> list[str]:
        rows = self._db.fetch_all(f"SELECT s.name FROM {_USABLE_SECTIONS}", (user_id,))
        return [row["name"] for row in rows]

    def count(self, user_id: str) -> int:
        """The person's own."""
        return _count(self._db.fetch_one("SELECT count(*) AS rows FROM category_sections WHERE user_id = ?", [user_id]))

    def add(self, user_id: str, fields: Mapping[str, Any], now: datetime) -> int:
        """The new id. Raises ConflictError when the person has one of this name."""
        columns = {**_stored(fields, now), "user_id": user_id, "created_at": to_text(now)}
        return _insert(self._db, "category_sections", columns)

    def update(self, user_id: str, section_id: int, changes: Mapping[str, Any], now: datetime) -> None:
        _update(self._db, "category_sections", user_id, section_id, _stored(changes, now))

    def delete(self, user_id: str, section_id: int) -> None:
        self._db.execute("DELETE FROM category_sections WHERE user_id = ? AND id = ?", (user_id, section_id))


class CategoryTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def platform(self, user_id: str) -> list[Category]:
        """The platform's, with the number of this person's items in each."""
        sql = _PLATFORM_CATEGORIES + " ORDER BY p.section_name, p.sort_order, p.id"
        return [_category(row) for row in self._db.fetch_all(sql, (user_id,))]

    def own(self, user_id: str) -> list[Category]:
        """By name."""
        return [_category(row) for row in self._db.fetch_all(_OWN_CATEGORIES + " ORDER BY c.name_key", (user_id,))]

    def get(self, user_id: str, category_id: int) -> Category | None:
        """Of the platform or the person's own."""
        own = category_id >= FIRST_OWN_CATEGORY
        sql = _OWN_CATEGORIES + " AND c.id = ?" if own else _PLATFORM_CATEGORIES + " WHERE p.id = ?"
        row = self._db.fetch_one(sql, (user_id, category_id))
        return _category(row) if row else None

    def find(self, user_id: str, name: str) -> int | None:
        """The id of the person's own category that is called so, whatever its case and accents."""
        row = self._db.fetch_one(
            "SELECT id FROM wardrobe_categories WHERE user_id = ? AND name_key = ?", (user_id, fold(name))
        )
        return int(row["id"]) if row else None

    def count(self, user_id: str, section: str | None = None) -> int:
        """The person's own, of one section or all."""
        row = self._db.fetch_one(
            "SELECT count(*) AS rows FROM wardrobe_categories WHERE user_id = ? AND category_section = COALESCE(?,"
            " category_section)",
            (user_id, section),
        )
        return _count(row)

    def add(self, user_id: str, fields: Mapping[str, Any], now: datetime) -> int:
        """The new id. Raises ConflictError when the person has one of this name."""
        columns = {**_stored(fields, now), "user_id": user_id, "created_at": to_text(now)}
        return _insert(self._db, "wardrobe_categories", columns)

    def update(self, user_id: str, category_id: int, changes: Mapping[str, Any], now: datetime) -> None:
        _update(self._db, "wardrobe_categories", user_id, category_id, _stored(changes, now))

    def move_section(self, user_id: str, section: str, to: str, now: datetime) -> None:
        self._db.execute(
            "UPDATE wardrobe_categories SET category_section = ?, updated_at = ?"
            " WHERE user_id = ? AND category_section = ?",
            (to, to_text(now), user_id, section),
        )

    def delete(self, user_id: str, category_id: int) -> None:
        """Items that were in it stay, in no category of the person's own."""
        self._db.execute("DELETE FROM wardrobe_categories WHERE user_id = ? AND id = ?", (user_id, category_id))


# --- rows ----------------------------------------------------------------------------------------------------------


def _stored(fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    key = {"name_key": fold(fields["name"])} if "name" in fields else {}
    return {**fields, **key, "updated_at": to_text(now)}


def _insert(db: DatabaseManager, table: str, columns: Mapping[str, Any]) -> int:
    marks = ", ".join("?" for _ in columns)
    row = db.fetch_one(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) RETURNING id", list(columns.values())
    )
    return int(row["id"]) if row else 0


def _update(db: DatabaseManager, table: str, user_id: str, row_id: int, columns: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE {table} SET {names} WHERE user_id = ? AND id = ?", [*columns.values(), user_id, row_id])


def _count(row: Row | None) -> int:
    return int(row["rows"]) if row else 0


def _section(row: Row) -> Section:
    return Section(**{name: row[name] for name in Section.__dataclass_fields__} | _times(row))


def _category(row: Row) -> Category:
    return Category(**{name: row[name] for name in Category.__dataclass_fields__} | _times(row))


def _times(row: Row) -> dict[str, datetime]:
    return {name: from_text(row[name]) for name in ("created_at", "updated_at")}


def _shown(thing: Section | Category) -> dict[str, Any]:
    times = {name: to_text(getattr(thing, name)) for name in ("created_at", "updated_at")}
    return {**vars(thing), **times, "is_platform": thing.user_id is None}
