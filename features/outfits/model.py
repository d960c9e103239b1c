"""An outfit and its table, with the table of what belongs to it. Every statement asks for the owner."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from features.wardrobe.filters import LARGEST_ID
from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row
from shared.errors import DatabaseError, ValidationError
from shared.text_fold import fold

ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Outfit:
    """`cover_path`: storage key of its picture, `cover_of`: what that was made from. `wear_count`: days."""

    id: int
    user_id: str
    name: str
    notes: str | None
    tags: Sequence[str]
    cover_path: str | None
    cover_of: str | None
    wear_count: int
    last_worn_on: date | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class OutfitFilter:
    """`tag`: one of its tags. `search`: each word begins a word of the name, a tag or the notes. Case and accents do
    not count. `cursor`: where the page before ended, as it was given out."""

    tag: str | None = None
    search: str | None = None
    limit: int = 50
    cursor: str | None = None

    def fits(self, outfit: Outfit) -> bool:
        if self.tag is not None and fold(self.tag) not in {fold(tag) for tag in outfit.tags}:
            return False
        words = fold(" ".join((outfit.name, *outfit.tags, outfit.notes or ""))).split()
        return all(any(word.startswith(start) for word in words) for start in fold(self.search or "").split())


class OutfitTable:
    """Units of work are the caller's: what changes an outfit and its items belongs inside one."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    # --- look ------------------------------------------------------------------------------------------------------

    def get(self, user_id: str, outfit_id: int) -> Outfit | None:
        if outfit_id > LARGEST_ID:
            return None
        row = self._db.fetch_one("SELECT * FROM outfits WHERE id = ? AND user_id = ?", (outfit_id, user_id))
        return _outfit(row) if row else None

    def page(self, user_id: str, wanted: OutfitFilter) -> tuple[list[Outfit], str | None]:
        """Newest first, and the cursor of the next page. Raises ValidationError for a cursor that is not ours."""
        place = _place(wanted.cursor) if wanted.cursor is not None else None
        page: list[Outfit] = []
        for outfit in filter(wanted.fits, self._newest(user_id, place)):
            if len(page) == wanted.limit:
                return page, _cursor(page[-1])
            page.append(outfit)
        return page, None

    def members(self, user_id: str, outfit_ids: Sequence[int]) -> Mapping[int, list[int]]:
        """Ids of the items of each of these outfits, in their order."""
        found: dict[int, list[int]] = {outfit_id: [] for outfit_id in outfit_ids}
        if not found:
            return found
        rows = self._db.fetch_all(
            "SELECT m.outfit_id, m.item_id FROM outfit_items m JOIN outfits o ON o.id = m.outfit_id"
            f" WHERE o.user_id = ? AND m.outfit_id IN ({', '.join('?' for _ in found)}) ORDER BY m.position",
            [user_id, *found],
        )
        for row in rows:
            found[row["outfit_id"]].append(row["item_id"])
        return found

    def count(self, user_id: str) -> int:
        row = self._db.fetch_one("SELECT count(*) AS outfits FROM outfits WHERE user_id = ?", (user_id,))
        return int(row["outfits"]) if row else 0

    def uids(self, user_id: str) -> Mapping[str, int]:
        """What exports call the outfits, and which is called so."""
        rows = self._db.fetch_all("SELECT uid, id FROM outfits WHERE user_id = ?", (user_id,))
        return {row["uid"]: row["id"] for row in rows}

    def days(self, user_id: str, outfit_ids: Sequence[int]) -> Mapping[int, list[date]]:
        """On which each of these outfits was worn as a whole, in their order."""
        found: dict[int, list[date]] = {outfit_id: [] for outfit_id in outfit_ids}
        rows = self._db.fetch_all(
            "SELECT outfit_id, worn_on FROM outfit_wears WHERE user_id = ?"
            f" AND outfit_id IN ({', '.join('?' for _ in found)}) ORDER BY worn_on",
            [user_id, *found],
        )
        for row in rows:
            found[row["outfit_id"]].append(date.fromisoformat(row["worn_on"]))
        return found

    def _newest(self, user_id: str, place: Sequence[Any] | None) -> Iterator[Outfit]:
        """Some rows at a time: what people search for, their language folds and not the database."""
        while True:
            beyond = " AND (created_at, id) < (?, ?)" if place else ""
            sql = f"SELECT * FROM outfits WHERE user_id = ?{beyond} ORDER BY created_at DESC, id DESC LIMIT ?"
            rows = self._db.fetch_all(sql, [user_id, *(place or ()), ROWS_AT_ONCE])
            yield from map(_outfit, rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            place = (rows[-1]["created_at"], rows[-1]["id"])

    # --- change ----------------------------------------------------------------------------------------------------

    def add(self, user_id: str, values: Mapping[str, Any], item_ids: Sequence[int], now: datetime) -> Outfit:
        """`values`: name, notes, tags. The items are the user's own, each once."""
        row = self._db.fetch_one(
            "INSERT INTO outfits (user_id, name, notes, tags, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)"
            " RETURNING *",
            (user_id, values["name"], values["notes"], _json(values["tags"]), to_text(now), to_text(now)),
        )
        if row is None:
            raise DatabaseError("The outfit was not stored.")
        self._put_items(row["id"], item_ids)
        return _outfit(row)

    def restore(self, uid: str, outfit: Outfit, item_ids: Sequence[int]) -> Outfit:
        """As it was elsewhere, but for its id, its cover and its days."""
        values = {"name": outfit.name, "notes": outfit.notes, "tags": outfit.tags}
        added = self.add(outfit.user_id, values, item_ids, outfit.created_at)
        self._db.execute(
            "UPDATE outfits SET uid = ?, updated_at = ? WHERE id = ? AND user_id = ?",
            (uid, to_text(outfit.updated_at), added.id, added.user_id),
        )
        return added

    def update(
        self, outfit: Outfit, values: Mapping[str, Any], item_ids: Sequence[int] | None, now: datetime
    ) -> Outfit | None:
        """`values`: those of name, notes and tags that change; `item_ids`: None leaves them. None: it is gone."""
        columns = {name: _json(value) if name == "tags" else value for name, value in values.items()}
        columns["updated_at"] = to_text(now)
        row = self._db.fetch_one(
            f"UPDATE outfits SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ? AND user_id = ?"
            " RETURNING *",
            [*columns.values(), outfit.id, outfit.user_id],
        )
        if row is not None and item_ids is not None:
            self._db.execute("DELETE FROM outfit_items WHERE outfit_id = ?", (outfit.id,))
            self._put_items(outfit.id, item_ids)
        return _outfit(row) if row else None

    def set_cover(self, outfit: Outfit, path: str | None, made_of: str | None) -> bool:
        """False when it has another cover by now, or is gone."""
        return bool(
            self._db.execute(
                "UPDATE outfits SET cover_path = ?, cover_of = ?"
                " WHERE id = ? AND user_id = ? AND coalesce(cover_path, '') = ? AND coalesce(cover_of, '') = ?",
                (path, made_of, outfit.id, outfit.user_id, outfit.cover_path or "", outfit.cover_of or ""),
            )
        )

    def note_days(self, outfit: Outfit, days: Sequence[date], now: datetime) -> None:
        """A day that is there already stays one; the figures are counted anew."""
        self._db.execute_many(
            "INSERT INTO outfit_wears (outfit_id, worn_on, user_id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (outfit_id, worn_on) DO NOTHING",
            [(outfit.id, day.isoformat(), outfit.user_id, to_text(now)) for day in days],
        )
        noted = "FROM outfit_wears v WHERE v.outfit_id = outfits.id"
        self._db.execute(
            f"UPDATE outfits SET wear_count = (SELECT count(*) {noted}),"
            f" last_worn_on = (SELECT max(v.worn_on) {noted}) WHERE id = ? AND user_id = ?",
            (outfit.id, outfit.user_id),
        )

    def delete(self, outfit: Outfit) -> None:
        self._db.execute("DELETE FROM outfits WHERE id = ? AND user_id = ?", (outfit.id, outfit.user_id))

    def _put_items(self, outfit_id: int, item_ids: Sequence[int]) -> None:
        self._db.execute_many(
            "INSERT INTO outfit_items (outfit_id, item_id, position) VALUES (?, ?, ?)",
            [(outfit_id, item_id, position) for position, item_id in enumerate(item_ids)],
        )


def _outfit(row: Row) -> Outfit:
    return Outfit(
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        notes=row["notes"],
        tags=tuple(orjson.loads(row["tags"])),
        cover_path=row["cover_path"],
        cover_of=row["cover_of"],
        wear_count=row["wear_count"],
        last_worn_on=date.fromisoformat(row["last_worn_on"]) if row["last_worn_on"] else None,
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _cursor(outfit: Outfit) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([to_text(outfit.created_at), outfit.id])).decode().rstrip("=")


def _place(cursor: str) -> Sequence[Any]:
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != [str, int] or abs(place[1]) > LARGEST_ID:
        raise ValidationError("The cursor is not one that was given out.", fields={"cursor": "is not valid"})
    return place
