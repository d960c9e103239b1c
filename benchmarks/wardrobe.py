"""A page of a wardrobe and a search in it, among 100 000 items of which one person has half, against bare SQLite.

    python benchmarks/wardrobe.py [--quick] [--rounds 5]

Pages: `WardrobeTable.page` against reading the same rows by their primary key. Searches: the same call with a text,
against a bare list page for the person with 50 000 items, and against LIKE over the same columns for people with 50.
Contender and anchor take turns on one database that lies in memory; the figures to quote are the ratios of the 95th
percentiles of CPU time.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Spread, print_machine
from benchmarks.goals import Row
from features.wardrobe.filters import ItemFilter
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from migrations.migration_manager import MigrationManager
from shared.clock import from_text, to_text
from shared.database import DatabaseManager

LARGE, SMALL_WARDROBE, PAGE = "large-0123456789abcdef", 50, 50
CALLS = 40  # of each kind in a round
AT_ONCE = 5000
BEGAN = from_text("2026-01-01T00:00:00.000000Z")
COLORS = ("black", "white", "navy", "grey", "beige", "red", "green", "light blue", "brown", "pink")
KINDS = ("shirt", "jeans", "sweater", "jacket", "dress", "skirt", "trousers", "t-shirt", "coat", "shorts", "boots")
COMMON = ("cotton", "regular", "fit", "soft", "classic")
TAGS = ("summer", "work", "party", "sport", "warm")
LIST_PAGE = "SELECT * FROM wardrobe WHERE user_id = ? ORDER BY id DESC LIMIT ?"
LIKE = (
    "SELECT * FROM wardrobe WHERE user_id = ? AND (title LIKE ? OR brand LIKE ? OR description LIKE ? OR color LIKE ?)"
    " ORDER BY id DESC LIMIT ?"
)

Calls = Iterator[tuple[Callable[[], object], Callable[[], object]]]
"""Ours and the anchor, for one chosen query after the other."""


class Shelf:
    """Makes up items. The n-th of the rarer words is n times rarer than the first; "cotton" is in most items."""

    def __init__(self, chance: random.Random, words: int = 8000) -> None:
        self.chance = chance
        self.words = [self._word() for _ in range(words)]
        self._rarity = list(itertools.accumulate(1 / place for place in range(1, words + 1)))

    def _word(self) -> str:
        pairs = [self.chance.choice("bcdfghklmnprstvw") + self.chance.choice("aeiou") for _ in range(4)]
        return "".join(pairs[: self.chance.randint(2, 4)])

    def item(self, owner: str, number: int) -> WardrobeItem:
        chance, now, key = self.chance, BEGAN + timedelta(seconds=number), f"wardrobe/{owner}/{number:032x}.jpg"
        color, kind = chance.choice(COLORS), chance.choice(KINDS)
        name, brand, *rare = chance.choices(self.words, cum_weights=self._rarity, k=14)
        return WardrobeItem(
            user_id=owner,
            category_section=chance.choice(("upper_body", "lower_body", "accessoires", "wishlist")),
            image_path=key,
            original_path=key,
            thumbnail_path=key.replace(".jpg", "-small.jpg"),
            date_added=now,
            created_at=now,
            updated_at=now,
            title=f"{name.title()} {color} {kind}",
            brand=brand.title(),
            color=color,
            size=chance.choice("SML"),
            description=" ".join((*chance.choices(COMMON, k=4), kind, *rare)),
            price=chance.randint(5, 300) + 0.9,
            currency="EUR",
            category="shirts",
            garment_category_type="upper_body",
            garment_type="upper",
            fabric=({"name": "cotton", "percentage": 80}, {"name": "elastane", "percentage": 20}),
            care_instructions=("machine wash 30",),
            tags=tuple(chance.sample(TAGS, k=2)),
        )


@dataclass(frozen=True)
class Stock:
    """The filled database as the product sees it and bare."""

    items: WardrobeTable
    bare: sqlite3.Connection
    shelf: Shelf
    small: Sequence[str]

    def read(self, sql: str, *params: object) -> list[object]:
        return self.bare.execute(sql, params).fetchall()


def rows(rounds: int, count: int = 100_000) -> list[Row]:
    """P11."""
    with tempfile.TemporaryDirectory() as folder:
        db = DatabaseManager(Path(folder) / "wardrobe.db")
        stock = filled(db, count)
        found = []
        for name, goal, calls in contests(stock):
            ours, anchor, _ = measured(calls, rounds)
            other = "LIKE" if goal == 5 and "search" in name else "bare read"
            found.append(Row("P11", f"{name}, CPU p95", "ms", ours, other, anchor, goal=goal))
        stock.bare.close()
        db.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="10 000 items and two rounds: a try, not a measurement")
    options = parser.parse_args()
    count, rounds = (10_000, 2) if options.quick else (100_000, options.rounds)
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        db = DatabaseManager(Path(folder) / "wardrobe.db")
        stock = filled(db, count)
        print(f"{'p95 in ms':34}{'ours':>8}{'anchor':>8}{'ratio':>8}{'goal':>8}")
        reached = [compare(name, goal, calls, rounds) for name, goal, calls in contests(stock)]
        stock.bare.close()
        db.close()
    return 0 if all(reached) else 1


def filled(db: DatabaseManager, count: int) -> Stock:
    """Half for one person; the items of all come in mixed order."""
    MigrationManager(db).run()
    table, shelf = WardrobeTable(db, ItemSearch(db)), Shelf(random.Random(1))
    small = [f"small-{number:016d}" for number in range(count // 2 // SMALL_WARDROBE)]
    add_users(db, [LARGE, *small])
    owners = [LARGE] * (count // 2) + small * SMALL_WARDROBE
    shelf.chance.shuffle(owners)
    began = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        with db.transaction():
            for number, owner in enumerate(owners[start : start + AT_ONCE], start):
                table.add(shelf.item(owner, number))
    size = sum(path.stat().st_size for path in db.path.parent.iterdir()) / 1e6
    print(f"{count} items in {time.perf_counter() - began:.0f} s, {size:.0f} MB")
    return Stock(table, sqlite3.connect(db.path), shelf, small)


def add_users(db: DatabaseManager, users: Sequence[str]) -> None:
    now = to_text(BEGAN)
    db.execute_many(
        "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
        " VALUES (?, ?, '-', 'Ada', 'Lovelace', ?, ?)",
        [(user, f"{user}@example.com", now, now) for user in users],
    )


# --- the comparisons -----------------------------------------------------------------------------------------------


def contests(stock: Stock) -> Iterator[tuple[str, float, Calls]]:
    yield "list page, 50 000 items", 5, pages(stock, lambda: LARGE)
    yield "list page, 50 items", 5, pages(stock, lambda: stock.shelf.chance.choice(stock.small))
    for name, text in texts(stock.shelf).items():
        yield f"search of 50 000, {name}", 30, searches_of_many(stock, text)
    for name, text in texts(stock.shelf).items():
        yield f"search of 50, {name}", 5, searches_of_few(stock, text)


def texts(shelf: Shelf) -> dict[str, Callable[[], str]]:
    pick = shelf.chance.choice
    return {
        "one letter": lambda: pick("bcdfgkst"),
        "two letters": lambda: pick(shelf.words[:100])[:2],
        "common word": lambda: pick((*COMMON, *COLORS[:6], *shelf.words[:10])),
        "rare word": lambda: pick(shelf.words[1000:]),
        "two words": lambda: f"{pick(COLORS)} {pick(KINDS)}",
        "three beginnings": lambda: f"{pick(COMMON)[:3]} {pick(COLORS)[:2]} {pick(shelf.words[:100])[:3]}",
        "no match": lambda: "zzzq",
    }


def pages(stock: Stock, owner: Callable[[], str]) -> Calls:
    """A page somewhere near the beginning of the list, and a bare read of the same rows by primary key."""
    while True:
        user = owner()
        _, cursor = stock.items.page(user, ItemFilter(limit=stock.shelf.chance.randint(1, 20)))
        wanted = ItemFilter(limit=PAGE, cursor=cursor)
        ids = [item.id for item in stock.items.page(user, wanted)[0]]
        by_key = f"SELECT * FROM wardrobe WHERE id IN ({', '.join('?' * len(ids))})"
        yield partial(stock.items.page, user, wanted), partial(stock.read, by_key, *ids)


def searches_of_many(stock: Stock, text: Callable[[], str]) -> Calls:
    while True:
        wanted = ItemFilter(limit=PAGE, search=text())
        yield partial(stock.items.page, LARGE, wanted), partial(stock.read, LIST_PAGE, LARGE, PAGE + 1)


def searches_of_few(stock: Stock, text: Callable[[], str]) -> Calls:
    while True:
        user, wanted = stock.shelf.chance.choice(stock.small), ItemFilter(limit=PAGE, search=text())
        pattern = f"%{wanted.search}%"
        like = partial(stock.read, LIKE, user, pattern, pattern, pattern, pattern, PAGE + 1)
        yield partial(stock.items.page, user, wanted), like


def compare(name: str, goal: float, calls: Calls, rounds: int) -> bool:
    ours, anchor, ratio = measured(calls, rounds)
    verdict = "reached" if ratio.median <= goal else "MISSED"
    spread = f"({ratio.low:.1f} to {ratio.high:.1f})"
    print(f"{name:34}{ours.median:>8.2f}{anchor.median:>8.2f}{ratio.median:>8.1f}{goal:>8g}  {verdict}  {spread}")
    return ratio.median <= goal


def measured(calls: Calls, rounds: int) -> tuple[Spread, Spread, Spread]:
    """The 95th percentiles of the rounds, ours and the anchor's, and their ratios."""
    found: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        chosen = list(itertools.islice(calls, CALLS))
        times = [(milliseconds(ours), milliseconds(anchor)) for ours, anchor in chosen]
        found.append((p95([ours for ours, _ in times]), p95([anchor for _, anchor in times])))
    kept = found[1:]  # the first round warms up
    ours, anchor = ([pair[place] for pair in kept] for place in (0, 1))
    return Spread.of(ours), Spread.of(anchor), Spread.of([one / other for one, other in kept])


def milliseconds(call: Callable[[], object]) -> float:
    """CPU time of this thread: everything lies in memory, and other work on the machine would drown the rest."""
    began = time.thread_time()
    call()
    return (time.thread_time() - began) * 1000


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    raise SystemExit(main())
