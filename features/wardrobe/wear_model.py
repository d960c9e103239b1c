"""Which days garments were worn, and what a wardrobe holds in figures. Sums keep currencies apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.clock import to_text
from shared.database import DatabaseManager

WISHLIST = "wishlist"
"""The section of what a person would like to have: its items are not owned, and nobody wears them."""

_OWNED = f"user_id = ? AND category_section <> '{WISHLIST}'"
_CURRENCY, _COST = "COALESCE(currency, '')", "price / NULLIF(wear_count, 0)"
"""The cost of a wear is null for what has no price or was never worn. Written as in the index, or that would not be
used."""
_RANKS = {
    "most_worn": f"{_OWNED} AND wear_count > 0 ORDER BY wear_count DESC, id DESC",
    "least_worn": f"{_OWNED} AND wear_count > 0 ORDER BY wear_count, id",
    "never_worn": f"{_OWNED} AND wear_count = 0 ORDER BY id",
}
RANKINGS = tuple(_RANKS)


@dataclass(frozen=True)
class Holding:
    """The items of one section whose prices are in one currency. `value`: the sum of those that have a price."""

    section: str
    currency: str | None
    items: int
    priced: int
    value: float
    worn: int
    wears: int


class WearTable:
    """One row a garment and day. The items' own counts are kept in step; both belong inside one unit of work."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    # --- days ------------------------------------------------------------------------------------------------------

    def add(self, user_id: str, item_ids: Sequence[int], worn_on: date, now: datetime) -> None:
        """A day that is there already stays one."""
        self.add_days(user_id, [(item_id, worn_on) for item_id in item_ids], now)

    def add_days(self, user_id: str, days: Sequence[tuple[int, date]], now: datetime) -> None:
        """As `add`: ids of the user's own items, and days."""
        self._db.execute_many(
            "INSERT INTO wardrobe_wears (item_id, worn_on, user_id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (item_id, worn_on) DO NOTHING",
            [(item_id, worn_on.isoformat(), user_id, to_text(now)) for item_id, worn_on in days],
        )
        self._recount(user_id, {item_id for item_id, _ in days})

    def remove(self, user_id: str, item_ids: Sequence[int], worn_on: date) -> int:
        """How many rows there were."""
        removed = self._db.execute_many(
            "DELETE FROM wardrobe_wears WHERE item_id = ? AND worn_on = ? AND user_id = ?",
            [(item_id, worn_on.isoformat(), user_id) for item_id in item_ids],
        )
        self._recount(user_id, item_ids)
        return removed

    def days(self, user_id: str, item_ids: Sequence[int]) -> Mapping[int, list[date]]:
        """Of each of these items, in their order."""
        found: dict[int, list[date]] = {item_id: [] for item_id in item_ids}
        rows = self._db.fetch_all(
            "SELECT item_id, worn_on FROM wardrobe_wears WHERE user_id = ?"
            f" AND item_id IN ({', '.join('?' for _ in found)}) ORDER BY worn_on",
            [user_id, *found],
        )
        for row in rows:
            found[row["item_id"]].append(date.fromisoformat(row["worn_on"]))
        return found

    def _recount(self, user_id: str, item_ids: Iterable[int]) -> None:
        """Counted anew rather than added up: a count can then never drift away from its rows."""
        self._db.execute_many(
            "UPDATE wardrobe SET"
            " wear_count = (SELECT count(*) FROM wardrobe_wears v WHERE v.item_id = wardrobe.id),"
            " last_worn_on = (SELECT max(v.worn_on) FROM wardrobe_wears v WHERE v.item_id = wardrobe.id)"
            " WHERE user_id = ? AND id = ?",
            [(user_id, item_id) for item_id in item_ids],
        )

    # --- figures ---------------------------------------------------------------------------------------------------

    def holdings(self, user_id: str) -> list[Holding]:
        rows = self._db.fetch_all(
            "SELECT category_section, currency, count(*) AS items, count(price) AS priced,"
            " COALESCE(sum(price), 0.0) AS value, sum(wear_count > 0) AS worn, sum(wear_count) AS wears"
            " FROM wardrobe WHERE user_id = ? GROUP BY category_section, currency",
            (user_id,),
        )
        return [
            Holding(
                section=row["category_section"],
                currency=row["currency"],
                items=row["items"],
                priced=row["priced"],
                value=row["value"],
                worn=row["worn"],
                wears=row["wears"],
            )
            for row in rows
        ]

    def ranked(self, user_id: str, ranking: str, most: int) -> list[int]:
        """Ids of owned items by one of RANKINGS."""
        rows = self._db.fetch_all(f"SELECT id FROM wardrobe WHERE {_RANKS[ranking]} LIMIT {most:d}", (user_id,))
        return [row["id"] for row in rows]

    def by_cost(self, user_id: str, currency: str | None, most: int, *, dearest: bool = False) -> list[int]:
        """Ids of owned items in one currency by price per wear, cheapest first; only what was worn and has a price."""
        way = "DESC" if dearest else "ASC"
        rows = self._db.fetch_all(
            f"SELECT id FROM wardrobe WHERE {_OWNED} AND {_CURRENCY} = ? AND {_COST} >= 0"
            f" ORDER BY {_COST} {way}, id {way} LIMIT {most:d}",
            (user_id, currency or ""),
        )
        return [row["id"] for row in rows]


def cost_per_wear(price: float | None, wear_count: int) -> float | None:
    """To the cent; None without a price or before the first wear."""
    return round(price / wear_count, 2) if price is not None and wear_count else None
