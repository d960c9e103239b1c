"""What outfits rely on: all of it is worn or nothing, in the caller's unit of work."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from features.wardrobe.wear_service import WearService
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import ConflictError, NotFoundError, ValidationError
from shared.models.user import UserTable

NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
DAY, NEXT = date(2026, 1, 30), date(2026, 1, 31)


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    db = DatabaseManager(tmp_path / "test.db")
    MigrationManager(db).run()
    for user in ("ada", "eve"):
        profile = {"email": f"{user}@example.com", "first_name": user, "last_name": user}
        UserTable(db).add(user, "hash", profile, NOW)
    return db


@pytest.fixture
def items(db: DatabaseManager) -> WardrobeTable:
    return WardrobeTable(db, ItemSearch(db))


@pytest.fixture
def wears(db: DatabaseManager, items: WardrobeTable) -> WearService:
    return WearService(db, items, clock=lambda: NOW)


@pytest.fixture
def three(db: DatabaseManager, items: WardrobeTable) -> list[int]:
    return [put(db, items, title) for title in ("top", "trousers", "shoes")]


def put(db: DatabaseManager, items: WardrobeTable, title: str, user: str = "ada", section: str = "upper_body") -> int:
    with db.transaction():
        return items.add(WardrobeItem(user, section, "a", "b", "c", NOW, NOW, NOW, title=title)).id


def record(db: DatabaseManager, wears: WearService, ids: list[int], day: date = DAY) -> None:
    with db.transaction():
        wears.record("ada", ids, day)


def counts(items: WardrobeTable, ids: list[int]) -> list[tuple[int, date | None]]:
    return [(item.wear_count, item.last_worn_on) for item in items.get_many("ada", ids)]


def test_all_are_worn_at_once(db: DatabaseManager, wears: WearService, items: WardrobeTable, three: list[int]) -> None:
    record(db, wears, three)
    record(db, wears, three[:1], NEXT)
    assert counts(items, three) == [(2, NEXT), (1, DAY), (1, DAY)]


def test_a_day_counts_once(db: DatabaseManager, wears: WearService, items: WardrobeTable, three: list[int]) -> None:
    wears.worn("ada", three[0], DAY)
    for day in (DAY, DAY, NEXT):
        record(db, wears, three, day)
    assert counts(items, three) == [(2, NEXT)] * 3


@pytest.mark.parametrize("kind", ["wish", "stranger", "unknown"])
def test_one_that_cannot_be_worn_keeps_all_from_it(
    db: DatabaseManager, wears: WearService, items: WardrobeTable, three: list[int], kind: str
) -> None:
    odd = {
        "wish": lambda: put(db, items, "wish", section="wishlist"),
        "stranger": lambda: put(db, items, "hers", user="eve"),
        "unknown": lambda: 999,
    }[kind]()
    with pytest.raises(ConflictError if kind == "wish" else NotFoundError):
        record(db, wears, [*three, odd])
    assert counts(items, three) == [(0, None)] * 3
    assert db.fetch_all("SELECT * FROM wardrobe_wears") == []


def test_what_the_caller_undoes_is_not_worn(
    db: DatabaseManager, wears: WearService, items: WardrobeTable, three: list[int]
) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        wears.record("ada", three, DAY)
        raise RuntimeError
    assert counts(items, three) == [(0, None)] * 3


@pytest.mark.parametrize(
    ("asked", "found"),
    [(None, date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 2, 1)), (date(1900, 1, 1), date(1900, 1, 1))],
)
def test_days_within_the_limits(wears: WearService, asked: date | None, found: date) -> None:
    assert wears.day(asked) == found


@pytest.mark.parametrize("asked", [date(2026, 2, 2), date(1899, 12, 31), date.max])
def test_days_beyond_the_limits(wears: WearService, asked: date) -> None:
    with pytest.raises(ValidationError) as caught:
        wears.day(asked)
    assert list(caught.value.details["fields"]) == ["date"]
