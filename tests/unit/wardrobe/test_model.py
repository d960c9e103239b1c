"""The table of items: what goes in comes out, lists are paged without gaps, and owners are kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.wardrobe.filters import ItemFilter, Sort, cursor_after
from features.wardrobe.kinds import PLATFORM
from features.wardrobe.model import CHANGEABLE, WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import ConflictError, ValidationError

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
ADA, BOB = "ada", "bob"
FULL: dict[str, Any] = {
    "title": "Blue shirt", "brand": "Acme", "color": "blue", "size": "M", "description": "Long.\nSoft.", "price": 19.99,
    "currency": "EUR", "category": "shirts", "category_id": None, "custom_category_name": "Office",
    "category_section": "upper_body", "garment_category_type": "upper_body", "garment_type": "upper",
    "fabric": [{"name": "cotton", "percentage": 100.0, "part": "outer"}], "care_instructions": ["do not iron"],
    "tags": ("office", "summer"), "favorite": True, "garment_url": "https://shop.example/p/1", "is_external": True,
    "size_chart": {"M": {"chest": "96-101"}}, "image_path": "wardrobe/ada/b.png",
    "original_path": "wardrobe/ada/a.jpg", "thumbnail_path": "wardrobe/ada/c.png", "image_hash": "00ff00ff00ff00ff",
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[DatabaseManager]:
    manager = DatabaseManager(tmp_path / "test.db")
    MigrationManager(manager).run()
    for user in (ADA, BOB):
        manager.execute(
            "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
            " VALUES (?, ?, 'x', 'A', 'B', ?, ?)",
            (user, f"{user}@example.com", "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z"),
        )
    yield manager
    manager.close()


@pytest.fixture
def table(db: DatabaseManager) -> WardrobeTable:
    return WardrobeTable(db, ItemSearch(db))


def item(user_id: str = ADA, **columns: Any) -> WardrobeItem:
    keys = {name: f"wardrobe/{user_id}/a.jpg" for name in ("image_path", "original_path", "thumbnail_path")}
    times = dict.fromkeys(("date_added", "created_at", "updated_at"), NOW)
    return WardrobeItem(**{"user_id": user_id, "category_section": "upper_body", **keys, **times, **columns})


def ids(found: tuple[list[WardrobeItem], str | None]) -> list[int]:
    return [each.id for each in found[0]]


def test_every_column_comes_back(table: WardrobeTable) -> None:
    whole = item(**FULL, upload_key="k", uid="0a" * 16, wear_count=3, last_worn_on=date(2026, 4, 30))
    stored = table.add(whole)
    assert stored == replace(whole, id=stored.id, platform_category_id=2)
    assert table.get(ADA, stored.id) == stored == table.by_upload_key(ADA, "k")
    assert set(FULL) == CHANGEABLE, "or a column is not tested"


def test_the_contracts_platform_categories_are_the_stored_ones(db: DatabaseManager) -> None:
    assert {row["name"] for row in db.fetch_all("SELECT name FROM platform_categories")} == set(PLATFORM)


@pytest.mark.parametrize("name", sorted(CHANGEABLE))
def test_one_column_changes_and_no_other(table: WardrobeTable, name: str) -> None:
    bare = table.add(item())
    later = NOW + timedelta(hours=1)
    changed = table.update(ADA, bare.id, {name: FULL[name]}, later)
    follows = {"platform_category_id": 2} if name == "category" else {}
    assert changed == replace(bare, updated_at=later, **{name: FULL[name]}, **follows)


def test_tags_are_replaced(table: WardrobeTable) -> None:
    stored = table.add(item(tags=["b", "a"]))
    assert stored.tags == ("a", "b")
    changed = table.update(ADA, stored.id, {"tags": ["c", "B"]}, NOW)
    assert changed is not None and changed.tags == ("B", "c")
    assert ids(table.page(ADA, ItemFilter(tags=("a",)))) == []


def test_an_own_categorys_name_follows_it(table: WardrobeTable, db: DatabaseManager) -> None:
    db.execute(
        "INSERT INTO wardrobe_categories (user_id, name, name_key, category_section, created_at, updated_at)"
        " VALUES ('ada', 'Office', 'office', 'upper_body', '', '')"
    )
    stored = table.add(item(category_id=1001, custom_category_name="else"))
    assert stored.custom_category_name == "Office"
    db.execute("UPDATE wardrobe_categories SET name = 'Work'")
    assert (found := table.get(ADA, stored.id)) and found.custom_category_name == "Work"
    db.execute("DELETE FROM wardrobe_categories")
    found = table.get(ADA, stored.id)
    assert found and (found.category_id, found.custom_category_name) == (None, "else")


def test_another_owner_sees_and_changes_nothing(table: WardrobeTable) -> None:
    mine = table.add(item(title="Shirt", tags=["a"], upload_key="k"))
    assert table.get(BOB, mine.id) is None and table.get_many(BOB, [mine.id]) == []
    assert table.by_upload_key(BOB, "k") is None and table.by_original(BOB, [mine.original_path]) is None
    assert table.update(BOB, mine.id, {"title": "Stolen", "tags": []}, NOW) is None
    assert table.delete(BOB, mine.id) is None and table.move_section(BOB, "upper_body", "wishlist", NOW) == 0
    for wanted in (ItemFilter(), ItemFilter(tags=("a",)), ItemFilter(search="shirt")):
        assert ids(table.page(BOB, wanted)) == [] and table.count(BOB, wanted) == 0
    assert table.get(ADA, mine.id) == mine


@pytest.mark.parametrize("item_id", [0, -1, 2**63, 10**30])
def test_ids_that_no_row_can_have(table: WardrobeTable, item_id: int) -> None:
    assert table.get(ADA, item_id) is None and table.delete(ADA, item_id) is None


def test_many_are_found_in_the_order_asked_for(table: WardrobeTable) -> None:
    made = [table.add(item()).id for _ in range(3)]
    wanted = [made[2], made[0], made[2], 10**9]
    assert [each.id for each in table.get_many(ADA, wanted)] == [made[2], made[0]]
    assert len(table.get_many(ADA, range(1, 2000))) == 3


def test_an_upload_key_is_taken_once_for_each_user(table: WardrobeTable) -> None:
    table.add(item(upload_key="k"))
    table.add(item(BOB, upload_key="k"))
    with pytest.raises(ConflictError):
        table.add(item(upload_key="k"))


SHELF: list[dict[str, Any]] = [
    {"title": "beta", "brand": "Zed", "price": 5.0, "wear_count": 2},
    {"title": "Ärmel", "brand": "acme", "price": None, "wear_count": 2},
    {"title": None, "brand": None, "price": 5.0, "wear_count": 0},
    {"title": "Beta", "brand": "ACME", "price": 100.0, "wear_count": 7},
    {"title": "alpha", "brand": "Ácme", "price": None, "wear_count": 0},
    {"title": "zeta", "brand": None, "price": 0.0, "wear_count": 2},
]
ORDERS = {
    Sort.NEWEST: [6, 5, 4, 3, 2, 1],
    Sort.OLDEST: [1, 2, 3, 4, 5, 6],
    Sort.TITLE: [5, 2, 1, 4, 6, 3],
    Sort.BRAND: [2, 4, 5, 1, 3, 6],
    Sort.PRICE: [6, 1, 3, 4, 2, 5],
    Sort.PRICE_DOWN: [4, 3, 1, 6, 5, 2],
    Sort.MOST_WORN: [4, 6, 2, 1, 5, 3],
    Sort.LEAST_WORN: [3, 5, 1, 2, 6, 4],
}


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("limit", [1, 2, 4, 6, 7])
def test_pages_neither_skip_nor_repeat(table: WardrobeTable, sort: Sort, limit: int) -> None:
    """With ties in every key, and while an item is added between two pages."""
    for number, columns in enumerate(SHELF):
        table.add(item(**columns, date_added=NOW + timedelta(minutes=number // 2)))
    seen: list[int] = []
    cursor: str | None = None
    while True:
        found, cursor = table.page(ADA, ItemFilter(sort=sort, limit=limit, cursor=cursor))
        seen += [each.id for each in found]
        if cursor is None:
            break
        if table.count(ADA) < len(SHELF) + 3:
            table.add(item(title="new", price=5.0, date_added=NOW, tags=["late"]))
    assert [item_id for item_id in seen if item_id <= len(SHELF)] == ORDERS[sort]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense", "e30", "W10", "!!!", "a", cursor_after(Sort.TITLE, "x", 1), cursor_after(Sort.NEWEST, "2026", 1),
        cursor_after(Sort.NEWEST, 2**63, 2**63), cursor_after(Sort.NEWEST, None, 1),
        cursor_after(Sort.NEWEST, 1, True), cursor_after(Sort.BRAND, "x", 2**63), "ÄÖÜ",
    ],
)  # fmt: skip
def test_a_cursor_that_was_not_given_out(table: WardrobeTable, cursor: str) -> None:
    with pytest.raises(ValidationError) as caught:
        table.page(ADA, ItemFilter(cursor=cursor))
    assert "cursor" in caught.value.details["fields"]


@pytest.mark.parametrize(("sort", "key"), [(Sort.MOST_WORN, 2**63), (Sort.PRICE, 5), (Sort.PRICE, "5")])
def test_a_forged_key_in_a_cursor(table: WardrobeTable, sort: Sort, key: Any) -> None:
    with pytest.raises(ValidationError):
        table.page(ADA, ItemFilter(sort=sort, cursor=cursor_after(sort, key, 1)))


def test_filters_combine(table: WardrobeTable) -> None:
    shirt = table.add(
        item(title="Linen shirt", category="shirts", garment_category_type="upper_body", tags=["Été", "a"])
    )
    jeans = table.add(item(category="jeans", garment_category_type="lower_body", category_section="wishlist",
                           favorite=True, tags=["ete"]))  # fmt: skip
    boots = table.add(item(category="shoes", garment_category_type="shoes", favorite=True))
    other = table.add(item(garment_category_type="shoes", title="Shirt-like shoe"))
    expected: dict[ItemFilter, list[WardrobeItem]] = {
        ItemFilter(category="shirts"): [shirt],
        ItemFilter(category="upper_body"): [shirt],
        ItemFilter(category="shoes"): [other, boots],
        ItemFilter(category="shoes", favorite=True): [boots],
        ItemFilter(category_section="wishlist"): [jeans],
        ItemFilter(category_section="wishlist", favorite=False): [],
        ItemFilter(tags=("ete",)): [jeans, shirt],
        ItemFilter(tags=("ÉTÉ", "A")): [shirt],
        ItemFilter(tags=("nowhere",)): [],
        ItemFilter(platform_category="jeans", favorite=True): [jeans],
        ItemFilter(search="shirt"): [other, shirt],
        ItemFilter(search="shirt", category="shoes"): [other],
        ItemFilter(search="linen shirt", tags=("a",), category_section="upper_body", favorite=False): [shirt],
    }
    for wanted, found in expected.items():
        assert ids(table.page(ADA, wanted)) == [each.id for each in found], wanted
        assert table.count(ADA, wanted) == len(found)


def test_nothing_of_a_deleted_item_is_left(table: WardrobeTable, db: DatabaseManager) -> None:
    gone = table.add(item(title="Shirt", tags=["a"]))
    kept = table.add(item(title="Shirt", tags=["a"]))
    assert table.delete(ADA, gone.id) == gone
    assert ids(table.page(ADA, ItemFilter(search="shirt", tags=("a",)))) == [kept.id]
    db.execute("DELETE FROM users WHERE userid = 'ada'")
    ItemSearch(db).sweep(NOW)
    for left in ("wardrobe", "wardrobe_tags", "wardrobe_search", "wardrobe_search_gone"):
        assert db.fetch_all(f"SELECT * FROM {left}") == []


def test_all_fields_are_columns(db: DatabaseManager) -> None:
    columns = {row["name"] for row in db.fetch_all("SELECT name FROM pragma_table_info('wardrobe')")}
    assert {each.name for each in fields(WardrobeItem)} - {"tags", "platform_category_id"} <= columns
