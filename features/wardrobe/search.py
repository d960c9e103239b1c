"""Search in a wardrobe: every word of the query begins a word of the item; case, accents and width do not count.

One class over FTS5, so that another database needs another class and nothing else. Each indexed word begins with a mark
of its owner: the postings of a word are then one person's alone, and what others own costs nothing.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from features.wardrobe.model import WardrobeItem
from shared.database import DatabaseManager
from shared.text_fold import fold

MARK_BYTES = 4
"""Two owners may share a mark: the caller's condition on `w.user_id` keeps them apart."""
LONGEST_WORD = 40
MOST_WORDS = 16
"""Of a query; those behind them do not count."""

SWEPT_AT_ONCE = 200

NOTHING = "0"
STREAMED = "s.wardrobe_search MATCH ?"
AS_A_SET = "w.id IN (SELECT rowid FROM wardrobe_search WHERE wardrobe_search MATCH ?)"


class ItemSearch:
    source = "wardrobe_search s CROSS JOIN wardrobe w ON w.id = s.rowid"
    """CROSS: the index leads."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def put(self, item: WardrobeItem) -> None:
        """Add or replace an item's words; inside the unit of work that writes the item."""
        words = _indexed(item)
        known = self._db.fetch_one("SELECT words FROM wardrobe_search WHERE rowid = ?", (item.id,))
        if known is None or known["words"] != words:
            self._db.execute("INSERT OR REPLACE INTO wardrobe_search (rowid, words) VALUES (?, ?)", (item.id, words))

    def sweep(self, now: datetime) -> None:
        """Take the words of deleted items out of the index, some at a time: others write in between."""
        while gone := self._db.fetch_all("SELECT id FROM wardrobe_search_gone LIMIT ?", (SWEPT_AT_ONCE,)):
            ids = [(row["id"],) for row in gone]
            with self._db.transaction():
                self._db.execute_many("DELETE FROM wardrobe_search WHERE rowid = ?", ids)
                self._db.execute_many("DELETE FROM wardrobe_search_gone WHERE id = ?", ids)

    def matching(self, user_id: str, text: str, streamed: bool = False) -> tuple[str, Sequence[str]]:
        """A condition and its parameters; it needs `w.user_id = ?` beside it. `streamed`: over `source`, which is read
        in the order of ids and no further than a LIMIT; else over the alias `w` alone.

        A text without any letter or digit finds nothing. No text is an error.
        """
        wanted = _expression(user_id, text)
        if not wanted:
            return NOTHING, ()
        return STREAMED if streamed else AS_A_SET, (wanted,)


def _indexed(item: WardrobeItem) -> str:
    """Each word once. Compounds are found by their parts and as one: "T-Shirt" by "shirt" and by "tshirt"."""
    texts = (item.title, item.brand, item.description, item.color, *item.tags)
    found: dict[str, None] = {}
    for parts in _compounds(" ".join(text for text in texts if text)):
        found |= dict.fromkeys((*parts, _joined(parts)))
    mark = _mark(item.user_id)
    return " ".join(mark + word for word in found)


def _expression(user_id: str, text: str) -> str:
    """In FTS5's language. Words have letters and digits only, so nothing in them can be taken for its syntax."""
    mark = _mark(user_id)
    terms: list[str] = []
    left = MOST_WORDS
    for compound in _compounds(text):
        parts = compound[:left]
        left -= len(parts)
        apart = " AND ".join(_begins(mark + part) for part in parts)
        if len(parts) > 1:
            apart = f"({_begins(mark + _joined(compound))} OR ({apart}))"
        if parts:
            terms.append(apart)
    return " AND ".join(dict.fromkeys(terms))


def _begins(word: str) -> str:
    return f'"{word}"*'


def _compounds(text: str) -> list[list[str]]:
    """The words of a text: a list of its parts for each that stands between blanks."""
    compounds = []
    for compound in fold(text).split():
        parts = "".join(char if _in_word(char) else " " for char in compound).split()
        if parts:
            compounds.append([part[:LONGEST_WORD] for part in parts])
    return compounds


def _in_word(char: str) -> bool:
    """Letters, digits, and the marks that other scripts write vowels with."""
    return unicodedata.category(char)[0] in "LNM"


def _joined(parts: Sequence[str]) -> str:
    return "".join(parts)[:LONGEST_WORD]


def _mark(user_id: str) -> str:
    """Eight letters that stand for the owner in front of each word."""
    return hashlib.blake2b(user_id.encode(), digest_size=MARK_BYTES).hexdigest()
