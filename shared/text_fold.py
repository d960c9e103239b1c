"""One spelling for texts that people take for the same: no case, no accents, no width; for keys, sorting and search."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart, as people type them on a keyboard that lacks them.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ŀ": "l", "þ": "th", "æ": "ae", "œ": "oe",
     "’": "'", "‘": "'", "ʼ": "'"}
)  # fmt: skip
# Accents of Latin, Greek and Cyrillic letters. Other scripts write vowels with marks: those stay.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")


def fold(text: str) -> str:
    """Small letters without accents, compatibility forms made plain, runs of white space as one blank.

    "Größe", "GROSSE" and "grosse" are the same, and so are "Łódź" and "lodz". Folding twice changes nothing.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = _ACCENTS.sub("", apart).translate(_LETTERS)
    return " ".join(unicodedata.normalize("NFKC", plain).split())
