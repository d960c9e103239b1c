"""The words that shops use for things, read from category_words.tsv, and what each type of thing is to the wardrobe."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORDS_FILE = Path(__file__).with_name("category_words.tsv")
NEUTRAL = "neutral"
ANY_LANGUAGE = "*"
SHORTEST_PREFIX = 3  # letters before the end of a compound: "address" is no dress, "sundress" is one

# Letters that Unicode does not take apart into a plain one and an accent.
_PLAIN_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_POSSESSIVE = re.compile(r"['’]s\b|['’](?=\w{3})")  # "men's" is men; "d'oreille" stays two words below
_TOKEN = re.compile(r"[^\W_]+")
_GERMAN_FOR = re.compile(r"\bfür\b", re.IGNORECASE)  # without its dots it would be the fur of a coat


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type is to the rest of the product: columns of the category table in the API contract."""

    category: str
    garment_type: str
    platform: str | None = None


_UPPER, _OUTER = ("upper_body", "upper"), ("upper_body", "outer")
_DRESS, _LOWER = Kind("dress", "dress", "dresses"), ("lower_body", "lower")
_SHOES = Kind("shoes", "shoes", "shoes")
_PLAIN_ACCESSORY = Kind("accessory", "accessory")

WEARABLE: dict[str, Kind] = {
    "t_shirt": Kind(*_UPPER, "t_shirts"),
    "tank_top": Kind(*_UPPER, "t_shirts"),
    "polo": Kind(*_UPPER, "t_shirts"),
    "top": Kind(*_UPPER, "t_shirts"),
    "bodysuit": Kind(*_UPPER),
    "bra": Kind(*_UPPER),
    "shirt": Kind(*_UPPER, "shirts"),
    "blouse": Kind(*_UPPER, "shirts"),
    "sweater": Kind(*_UPPER, "sweaters"),
    "cardigan": Kind(*_UPPER, "sweaters"),
    "sweatshirt": Kind(*_UPPER, "sweaters"),
    "hoodie": Kind(*_UPPER, "sweaters"),
    "vest": Kind(*_UPPER, "sweaters"),
    "gilet": Kind(*_OUTER, "jackets"),
    "jacket": Kind(*_OUTER, "jackets"),
    "blazer": Kind(*_OUTER, "jackets"),
    "coat": Kind(*_OUTER, "jackets"),
    "dress": _DRESS,
    "robe": Kind("dress", "dress"),
    "jumpsuit": _DRESS,
    "suit": Kind("dress", "dress"),
    "pyjamas": Kind("dress", "dress"),
    "swimsuit": Kind("dress", "dress"),
    "trousers": Kind(*_LOWER, "pants"),
    "jeans": Kind(*_LOWER, "jeans"),
    "shorts": Kind(*_LOWER, "shorts"),
    "skirt": Kind(*_LOWER, "skirts"),
    "leggings": Kind(*_LOWER, "leggings"),
    "underwear": Kind(*_LOWER),
    "shoes": _SHOES,
    "sneakers": _SHOES,
    "boots": _SHOES,
    "sandals": _SHOES,
    "slippers": _SHOES,
    "heels": _SHOES,
    "bag": Kind("accessory", "accessory", "bags"),
    "backpack": Kind("accessory", "accessory", "bags"),
    "hat": Kind("accessory", "accessory", "hats"),
    "belt": Kind("accessory", "accessory", "belts"),
    "jewelry": Kind("accessory", "accessory", "jewelry"),
    "watch": Kind("accessory", "accessory", "jewelry"),
    "wallet": _PLAIN_ACCESSORY,
    "scarf": _PLAIN_ACCESSORY,
    "gloves": _PLAIN_ACCESSORY,
    "sunglasses": _PLAIN_ACCESSORY,
    "tie": _PLAIN_ACCESSORY,
    "socks": _PLAIN_ACCESSORY,
    "umbrella": _PLAIN_ACCESSORY,
    "accessory": _PLAIN_ACCESSORY,
}
NOT_WEARABLE = Kind("none", "none")


def kind_of(type_: str) -> Kind:
    """Types that are not in the table (perfume, card, cover, home, ...) cannot be worn."""
    return WEARABLE.get(type_, NOT_WEARABLE)


@dataclass(frozen=True, slots=True)
class Word:
    """`weak`: says little ("top", "accessories", "card") and gives way to any other word."""

    type: str
    languages: frozenset[str]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`phrases`: folded tokens -> word. `endings`: what the last part of a compound may be."""

    phrases: dict[tuple[str, ...], Word]
    endings: dict[str, Word]
    longest: int

    def find(self, tokens: tuple[str, ...]) -> Word | None:
        """The word that exactly these tokens are: as listed, in the singular, or as a compound."""
        found = self.phrases.get(tokens) or self.phrases.get((*tokens[:-1], _singular(tokens[-1])))
        if found or len(tokens) > 1:
            return found
        return self._compound(tokens[0])

    def _compound(self, token: str) -> Word | None:
        for start in range(SHORTEST_PREFIX, len(token) - 1):
            word = self.endings.get(token[start:])
            if word:
                return word
        return None


def fold(text: str) -> str:
    """Case and accents away, letters of one alphabet kept apart from those of another."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN_LETTERS))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_PLAIN_LETTERS)


def tokens_of(text: str) -> tuple[str, ...]:
    """Folded words; a possessive s is dropped, a hyphen separates."""
    return tuple(_TOKEN.findall(_POSSESSIVE.sub(" ", fold(_GERMAN_FOR.sub("fuer", text)))))


@cache
def lexicon() -> Lexicon:
    """Read once per process (10 ms)."""
    phrases: dict[tuple[str, ...], Word] = {}
    endings: dict[str, Word] = {}
    for type_, language, words in _lines():
        for written in words.split(", "):
            word = Word(type_, frozenset({language}), weak=written.startswith("~"))
            tokens = tokens_of(written)
            if not written.startswith("+"):
                _add(phrases, tokens, word)
            if written.startswith(("-", "+")):
                endings.setdefault("".join(tokens), word)
    return Lexicon(phrases, endings, max(map(len, phrases)))


def _lines() -> list[tuple[str, str, str]]:
    rows = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    fields = [row.split("\t") for row in rows if row and not row.startswith("#")]
    return [(type_, language, words) for type_, language, words in fields]


def _add(phrases: dict[tuple[str, ...], Word], tokens: tuple[str, ...], word: Word) -> None:
    """A word that means different things is English first, else what the earlier line says (culotte, vest, slips)."""
    known = phrases.get(tokens)
    if known is None or (known.type != word.type and "en" in word.languages):
        phrases[tokens] = word
    elif known.type == word.type:
        phrases[tokens] = Word(known.type, known.languages | word.languages, known.weak and word.weak)


def _singular(token: str) -> str:
    """English, Spanish and French plurals: near enough, as only listed words are ever found."""
    return token[:-1] if token.endswith("s") and len(token) > 3 else token
