from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.wardrobe.filters import ItemFilter, Sort
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from migrations.migration_manager import MigrationManager
from shared.clock import to_text
from shared.database import DatabaseManager

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ADA, BOB = "ada", "bob"


@pytest.fixture(scope="module")
def empty_db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseManager]:
    db = DatabaseManager(Path(tmp_path_factory.mktemp("search")) / "search.db")
    MigrationManager(db).run()
    for user in (ADA, BOB):
        add_user(db, user)
    yield db
    db.close()


@pytest.fixture
def db(empty_db: DatabaseManager) -> Iterator[DatabaseManager]:
    yield empty_db
    empty_db.execute("DELETE FROM wardrobe")
    ItemSearch(empty_db).sweep(NOW)


@pytest.fixture
def table(db: DatabaseManager) -> WardrobeTable:
    return WardrobeTable(db, ItemSearch(db))


def add_user(db: DatabaseManager, user: str) -> None:
    db.execute(
        "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
        " VALUES (?, ?, '-', 'A', 'B', ?, ?)",
        (user, f"{user}@example.com", to_text(NOW), to_text(NOW)),
    )


def item(user: str = ADA, **columns: Any) -> WardrobeItem:
    key = f"wardrobe/{user}/picture.jpg"
    times = dict.fromkeys(("date_added", "created_at", "updated_at"), NOW)
    return WardrobeItem(user, "upper_body", key, key, key, **times, **columns)


def found(table: WardrobeTable, text: str, user: str = ADA, **wanted: Any) -> list[int]:
    items, _ = table.page(user, ItemFilter(search=text, **wanted))
    assert table.count(user, ItemFilter(search=text)) >= len(items)
    return [each.id for each in items]


# --- what is found -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["title", "brand", "description", "color", "tags"])
def test_looks_everywhere(table: WardrobeTable, column: str) -> None:
    wanted = table.add(item(**{column: ["Holiday"] if column == "tags" else "my Holiday thing"}))
    table.add(item(title="Something else", size="holiday", garment_url="https://holiday.example"))
    assert found(table, "holiday") == [wanted.id]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("José", "jose"),
        ("jose", "JOSÉ"),
        ("Über-Mantel", "uber"),
        ("uber", "über"),
        ("Straße", "strasse"),
        ("STRASSE", "straße"),
        ("Łódź", "lodz"),
        ("Smørrebrød", "smorrebrod"),
        ("e\u0301te\u0301", "été"),
        ("ﬁne ｗｉｄｅ", "fine wide"),
        ("İstanbul", "istanbul"),
        ("Ελλάδα", "ελλαδα"),
        ("Пальто зимнее", "зимн"),
        ("कमीज़", "कमी"),
        ("T-Shirt", "tshirt"),
        ("T-Shirt", "t-shirt"),
        ("T-Shirt", "shirt"),
        ("t shirt", "T-Shirt"),
        ("tshirt", "T-Shirt"),
        ("Levi's 501", "levis"),
        ("Levi’s 501", "levi's 50"),
        ("H&M", "h&m"),
        ("H&M", "hm"),
        ("black/white", "white"),
        ("cotton,wool", "wool cotton"),
        ("100% cotton", "100 cott"),
        ("a_b", "b"),
        ("x" * 100, "x" * 90),
    ],
)
def test_case_accents_and_joints_do_not_count(table: WardrobeTable, stored: str, asked: str) -> None:
    wanted = table.add(item(title=stored))
    assert found(table, asked) == [wanted.id]


@pytest.mark.parametrize("asked", ["hirt", "blue", "shirt blue", "shi-blue", "shirt" + "x" * 50, "s h i r t s", "wool"])
def test_every_word_must_begin_a_word(table: WardrobeTable, asked: str) -> None:
    table.add(item(title="Red shirt"))
    table.add(item(BOB, title="blue wool shirt"))
    assert found(table, asked) == []


@pytest.mark.parametrize(
    "text",
    [
        "!!!",
        '"',
        "'",
        "*",
        '""',
        '"*',
        "()",
        "-",
        "%",
        "_",
        "\\",
        "👗",
        "👗🧥",
        "…",
        "^",
        ":",
        "\x00",
        "\ud800",
        "+ - *",
    ],
)
def test_without_a_letter_or_digit_nothing_is_found(table: WardrobeTable, text: str) -> None:
    table.add(item(title=f"Shirt {text}" if text.isprintable() else "Shirt"))
    assert found(table, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "red OR blue", "NOT red", "red NEAR blue", "title:red", "red*", '"red', 'red"', "(red", "red)", "{red} : blue",
        "^red", "red + blue", "red AND", "wardrobe_search MATCH", "rowid", "'; DROP TABLE wardrobe; --", "red\x00blue",
        "red\ud800", "a-" * 5000, "ab " * 3400, "x" * 10_000, "\u0301", "red\u200b", "null", "🧥 red",
        "-" * 10_000 + "x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.TITLE])
def test_nothing_is_taken_for_an_operator(table: WardrobeTable, text: str, sort: Sort) -> None:
    """FTS5's own words are searched for like any other."""
    wanted = table.add(item(title="red"))
    assert found(table, text, sort=sort) in ([], [wanted.id])
    assert found(table, "red", sort=sort) == [wanted.id]


def test_operators_are_words(table: WardrobeTable) -> None:
    table.add(item(title="red"))
    both = table.add(item(title="red or blue"))
    assert found(table, "red OR blue") == [both.id]


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(), max_size=80))
@example(text='"*')
@example(text="a" * 3000 + "-" + "b" * 3000)
def test_no_text_is_an_error_and_each_text_finds_itself(empty_db: DatabaseManager, text: str) -> None:
    """As far as it has letters or digits, and no more words than a query may have."""
    table = WardrobeTable(empty_db, ItemSearch(empty_db))
    stored = text.encode("utf-8", "replace").decode()
    wanted = table.add(item(title=stored))
    try:
        condition, _ = ItemSearch(empty_db).matching(ADA, text)
        assert found(table, text) == ([] if condition == "0" else [wanted.id])
    finally:
        table.delete(ADA, wanted.id)


def test_words_beyond_the_sixteenth_do_not_count(table: WardrobeTable) -> None:
    words = [f"word{number}" for number in range(30)]
    wanted = table.add(item(title=" ".join(words[:16])))
    assert found(table, " ".join(words)) == [wanted.id]
    assert found(table, " ".join(reversed(words))) == []


# --- in step with the rows -----------------------------------------------------------------------------------------


def test_follows_changes(table: WardrobeTable) -> None:
    kept = table.add(item(title="Red shirt", tags=["old"]))
    table.update(ADA, kept.id, {"title": "Blue coat"}, NOW)
    assert (found(table, "red"), found(table, "blue old")) == ([], [kept.id])
    table.update(ADA, kept.id, {"tags": ["new"]}, NOW)
    assert (found(table, "old"), found(table, "coat new")) == ([], [kept.id])
    table.update(ADA, kept.id, {"favorite": True}, NOW)
    assert found(table, "coat new") == [kept.id]


def test_a_unit_of_work_that_fails_leaves_no_words(table: WardrobeTable, db: DatabaseManager) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        table.add(item(title="never"))
        raise RuntimeError
    assert db.fetch_all("SELECT rowid FROM wardrobe_search") == []


def test_nothing_of_deleted_items_stays(table: WardrobeTable, db: DatabaseManager) -> None:
    kept = table.add(item(title="shirt"))
    table.delete(ADA, table.add(item(title="shirt one")).id)
    add_user(db, "eve")
    for _ in range(450):
        table.add(item("eve", title="shirt"))
    db.execute("DELETE FROM users WHERE userid = 'eve'")
    assert found(table, "shirt") == [kept.id]
    assert found(table, "shirt", "eve") == []
    ItemSearch(db).sweep(NOW)
    assert [row["rowid"] for row in db.fetch_all("SELECT rowid FROM wardrobe_search")] == [kept.id]
    assert db.fetch_all("SELECT id FROM wardrobe_search_gone") == []


# --- together with the rest of a list ------------------------------------------------------------------------------


def test_nobody_finds_the_things_of_others(table: WardrobeTable) -> None:
    mine, theirs = table.add(item(title="shirt")), table.add(item(BOB, title="shirt"))
    assert (found(table, "shirt"), found(table, "shirt", BOB)) == ([mine.id], [theirs.id])


def test_owners_with_the_same_mark_stay_apart(table: WardrobeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.wardrobe.search._mark", lambda user_id: "0" * 8)
    mine, theirs = table.add(item(title="shirt")), table.add(item(BOB, title="shirt"))
    for sort in (Sort.NEWEST, Sort.PRICE):
        assert (found(table, "shirt", sort=sort), found(table, "shirt", BOB, sort=sort)) == ([mine.id], [theirs.id])


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_pages_as_any_list(table: WardrobeTable, sort: Sort, limit: int) -> None:
    for number in range(7):
        columns = {"title": f"shirt {number % 3}", "brand": "abc"[number % 3], "price": number % 2 or None}
        table.add(item(**columns, favorite=number != 2))
        table.add(item(title="coat"))
    whole, _ = table.page(ADA, ItemFilter(sort=sort, favorite=True))
    wanted = [each.id for each in whole if "shirt" in (each.title or "")]
    seen: list[int] = []
    cursor: str | None = None
    for _ in range(8):
        asked = ItemFilter(search="shi", favorite=True, sort=sort, limit=limit, cursor=cursor)
        items, cursor = table.page(ADA, asked)
        seen += [each.id for each in items]
        if cursor is None:
            break
    assert seen == wanted
    assert len(wanted) == 6
