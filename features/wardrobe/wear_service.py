"""Use cases of wearing: note a day, take it back, and see what a wardrobe is worth and what of it is worn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from features.wardrobe.model import WardrobeItem
from features.wardrobe.wear_model import RANKINGS, WISHLIST, Holding, WearTable
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import ConflictError, NotFoundError, ValidationError
from shared.logger import get_logger

EARLIEST_DAY = date(1900, 1, 1)
AHEAD = timedelta(days=1)
"""It is tomorrow already in the east of the world."""
RANKED = 10
log = get_logger(__name__)


class KnowsItems(Protocol):
    def get_many(self, user_id: str, item_ids: Sequence[int]) -> list[WardrobeItem]:
        """Those that are the user's, in the order asked for."""


@dataclass(frozen=True)
class CostRanking:
    """Of one currency, by price per wear: `best` with the cheapest first, `worst` with the dearest."""

    currency: str | None
    best: Sequence[int]
    worst: Sequence[int]


@dataclass(frozen=True)
class WardrobeStats:
    """`rankings`: ids by the names in RANKINGS. `items`: those that are named, but for what was deleted meanwhile."""

    holdings: Sequence[Holding]
    rankings: Mapping[str, Sequence[int]]
    costs: Sequence[CostRanking]
    items: Mapping[int, WardrobeItem]


class WearService:
    def __init__(self, db: DatabaseManager, items: KnowsItems, clock: Clock = utc_now) -> None:
        self._db = db
        self._items = items
        self._wears = WearTable(db)
        self._clock = clock

    def worn(self, user_id: str, item_id: int, worn_on: date | None = None) -> WardrobeItem:
        """The item with its new figures. None: today, in UTC. A day that is noted already counts once.

        Raises NotFoundError, ValidationError (the day), ConflictError (it is on the wishlist).
        """
        with self._db.transaction():
            self.record(user_id, [item_id], self.day(worn_on))
            return self._existing(user_id, [item_id])[0]

    def unworn(self, user_id: str, item_id: int, worn_on: date | None = None) -> WardrobeItem:
        """Take a day back. Raises NotFoundError: no such item, or it was not worn on that day."""
        day = worn_on or self._clock().date()
        with self._db.transaction():
            self._existing(user_id, [item_id])
            if not self._wears.remove(user_id, [item_id], day):
                raise NotFoundError(f"It is not noted that this was worn on {day.isoformat()}.")
            return self._existing(user_id, [item_id])[0]

    def record(self, user_id: str, item_ids: Sequence[int], worn_on: date) -> None:
        """Note a day for all of them or for none, inside the caller's unit of work. `worn_on`: checked by `day`.

        Raises NotFoundError, ConflictError (wishlist).
        """
        items = self._existing(user_id, item_ids)
        wished = [item.id for item in items if item.category_section == WISHLIST]
        if wished:
            raise ConflictError(
                "What is on the wishlist cannot be worn. Move it to another section first.", details={"items": wished}
            )
        self._wears.add(user_id, [item.id for item in items], worn_on, self._clock())

    def day(self, asked: date | None) -> date:
        """The day meant; None: today, in UTC. Raises ValidationError: in the future, or before EARLIEST_DAY."""
        today = self._clock().date()
        if asked is not None and not EARLIEST_DAY <= asked <= today + AHEAD:
            raise ValidationError(
                "This is no day on which something can have been worn.",
                fields={"date": f"must be from {EARLIEST_DAY.isoformat()} to today"},
            )
        return asked or today

    def stats(self, user_id: str) -> WardrobeStats:
        holdings = self._wears.holdings(user_id)
        rankings = {name: self._wears.ranked(user_id, name, RANKED) for name in RANKINGS}
        currencies = {holding.currency for holding in holdings if holding.worn and holding.priced}
        costs = [self._costs(user_id, currency) for currency in sorted(currencies, key=by_currency)]
        listed = [*rankings.values(), *(ids for cost in costs for ids in (cost.best, cost.worst))]
        items = self._items.get_many(user_id, [item_id for ids in listed for item_id in ids])
        return WardrobeStats(
            holdings, rankings, [cost for cost in costs if cost.best], {item.id: item for item in items}
        )

    def _costs(self, user_id: str, currency: str | None) -> CostRanking:
        best = self._wears.by_cost(user_id, currency, RANKED)
        return CostRanking(currency, best, self._wears.by_cost(user_id, currency, RANKED, dearest=True))

    def _existing(self, user_id: str, item_ids: Sequence[int]) -> list[WardrobeItem]:
        found = self._items.get_many(user_id, item_ids)
        if len(found) < len(set(item_ids)):
            raise NotFoundError("There is no such item in the wardrobe.")
        return found


def by_currency(currency: str | None) -> tuple[bool, str]:
    """Sorts by letters; prices without a currency come last."""
    return currency is None, currency or ""
