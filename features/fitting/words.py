"""Text of charts made comparable: one case, no accents, plain hyphens and quotes."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 60  # characters of a size or a column that are read and shown; a shop's are shorter

_FRACTIONS = {
    "¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_SAME = str.maketrans({
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "～": "~", "⁄": "/", "∕": "/",
    "’": "'", "‘": "'", "′": "'", "´": "'", "“": '"', "”": '"', "″": '"', "×": "x", "…": "...",
    "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe",
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case without accents; fractions as "1/2" behind a blank; blanks single."""
    for sign, written in _FRACTIONS.items():
        text = text.replace(sign, f" {written}")
    apart = unicodedata.normalize("NFKD", text.translate(_SAME).casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_SAME)
    return " ".join(plain.replace("''", '"').split())


def tokens_of(name: str) -> tuple[str, ...]:
    """Folded words; "pitToPit" and "chest_cm" are taken apart, "1/2" is the word half."""
    halved = fold(_CAMEL.sub(" ", name[:LONGEST_NAME])).replace("1/2", " half ")
    return tuple(_TOKEN.findall(halved))


def shown(name: object) -> str:
    """A size or a column as it may stand in an answer: one line, printable, not long."""
    printable = "".join(sign if sign.isprintable() else " " for sign in str(name)[: 2 * LONGEST_NAME])
    return " ".join(printable.split())[:LONGEST_NAME].rstrip()
