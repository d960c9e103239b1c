"""What people say about sizes they wore: the rows of `fit_feedback`, all its SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.clock import to_text
from shared.database import DatabaseManager, Row


class Outcome(StrEnum):
    """How the size was: `small` for the person, right, or `large`."""

    SMALL = "small"
    FIT = "fit"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Thing:
    """What feedback is about. `brand_key`, `item_key`: empty when not known; without both nothing can be found again.

    `category`: upper_body, lower_body, dress, shoes, accessory, or empty. `item_key`: of one product or one item.
    """

    brand_key: str = ""
    category: str = ""
    item_key: str = ""


@dataclass(frozen=True, slots=True)
class Worn:
    """One size that was tried on. `same_item`: of this very thing, not only of its brand."""

    size: str
    outcome: Outcome
    same_item: bool


class FitFeedbackTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def put(self, user_id: str, thing: Thing, size: str, outcome: Outcome, kept: bool | None, now: datetime) -> None:
        """One row a person, thing and size: saying it again replaces what was said before."""
        self._db.execute(
            "INSERT INTO fit_feedback (user_id, brand_key, category, item_key, size_key, size, outcome, kept,"
            " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (user_id, brand_key, category, item_key, size_key) DO UPDATE SET"
            " size = excluded.size, outcome = excluded.outcome, kept = excluded.kept, updated_at = excluded.updated_at",
            (
                user_id,
                thing.brand_key,
                thing.category,
                thing.item_key,
                _size_key(size),
                size,
                outcome.value,
                kept,
                to_text(now),
                to_text(now),
            ),
        )

    def own(self, user_id: str, thing: Thing) -> list[Worn]:
        """The person's own: of the item, and of the brand's things in this category. The latest first."""
        rows = self._db.fetch_all(
            "SELECT item_key, size, outcome FROM fit_feedback WHERE user_id = ? AND ("
            "(brand_key <> '' AND brand_key = ? AND category = ?) OR (item_key <> '' AND item_key = ?))"
            " ORDER BY updated_at DESC, id DESC",
            (user_id, thing.brand_key, thing.category, thing.item_key),
        )
        return [_worn(row, thing) for row in rows]

    def others(self, user_id: str, item_key: str, at_least: int) -> dict[Outcome, int]:
        """How many other people say what of the item, nothing else of them; none of fewer than `at_least` people.

        Each of them counts once, whatever the number of sizes: with the latest word.
        """
        rows = self._db.fetch_all(
            "SELECT outcome, COUNT(*) AS people FROM (SELECT outcome, ROW_NUMBER() OVER"
            " (PARTITION BY user_id ORDER BY updated_at DESC, id DESC) AS place"
            " FROM fit_feedback WHERE item_key = ? AND item_key <> '' AND user_id <> ?) AS latest"
            " WHERE place = 1 GROUP BY outcome",
            (item_key, user_id),
        )
        people = {Outcome(row["outcome"]): int(row["people"]) for row in rows}
        return people if sum(people.values()) >= at_least else {}

    def count(self, user_id: str) -> int:
        row = self._db.fetch_one("SELECT COUNT(*) AS rows_there FROM fit_feedback WHERE user_id = ?", (user_id,))
        return int(row["rows_there"]) if row else 0


def total(worn: Sequence[Worn]) -> dict[Outcome, int]:
    """How often each outcome is among them."""
    return {outcome: sum(item.outcome is outcome for item in worn) for outcome in Outcome}


def _worn(row: Row, thing: Thing) -> Worn:
    same_item = bool(thing.item_key) and row["item_key"] == thing.item_key
    return Worn(row["size"], Outcome(row["outcome"]), same_item)


def _size_key(size: str) -> str:
    """ "m" is "M", "EU38" is "EU 38"."""
    return "".join(size.casefold().split())
