"""What a thing is, by the words a shop uses for it: whole words, many languages, the head of a phrase decides.

"Dress shoes" are shoes and a "shirt dress" is a dress: in English and its relatives the last garment named decides.
In Romance and Slavic languages it is the first: "robe chemise" is a dress.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from features.garments.category_words import ANY_LANGUAGE, NEUTRAL, WEARABLE, Word, kind_of, lexicon, tokens_of

CONFIDENCE = {
    "state": 0.95,
    "breadcrumb": 0.9,
    "type": 0.9,
    "title": 0.85,
    "url": 0.7,
}  # in the order of trust; what titles say was right more often than slugs
WEAK_FACTOR = 0.85
CONTRADICTED = 0.2  # taken off when a later source names another category
UNLIKELY = 0.2  # taken off for a dress or skirt among men's things
LONGEST_TEXT = 400  # characters: no title is longer, and a page may hold megabytes

HEAD_FIRST = frozenset({"fr", "es", "it", "pt", "pl", "cs", "ru"})
HEAD_FIRST_MARKS = frozenset("de du des del della di da do das la las le les el en con para avec pour com y et".split())
# What follows describes the thing or names what it is for. Head-first languages need none of it.
CUTS = frozenset(
    "with without for in from mit ohne fuer aus im med utan uten uden till til met zonder voor van ar "
    "con para pour avec sans sin per".split()
)
CONTAINER_LINKS = frozenset("of de di von van".split())
MENS_WORDS = frozenset("men man male mens herren herr homme hombre uomo masculino homem heren mies erkek".split())
MENS_SUITS = frozenset({"abito", "abiti"})  # in Italian a dress for her, a suit for him
SOFT_BREAKS = re.compile(r"\s[-–—|»>]\s|[,;:|/()\[\]•·]|\s[&+]\s")
LIST_BREAKS = re.compile(r"\s*[&+/,]\s*|\s(?:and|und|et|y|e|och|og|en|ja|i|a|ve|un|и)\s", re.IGNORECASE)
PATH_BREAKS = re.compile(r"\s*[>»]\s*")

_BY_CATEGORY = {
    "upper_body": "upper",
    "lower_body": "lower",
    "dress": "dress",
    "shoes": "shoes",
    "accessory": "accessory",
}
_SECTIONS = {
    "upper_body": "upper_body",
    "dress": "upper_body",
    "lower_body": "lower_body",
    "shoes": "accessoires",
    "accessory": "accessoires",
}


@dataclass(frozen=True, slots=True)
class WordsVerdict:
    """`category`: upper_body, dress, lower_body, shoes, accessory, or none for what cannot be worn.

    `garment_type`: a value of `GarmentType`, or none. `type`: a short English noun (t_shirt, coat, boots, bag, ...).
    `source`: what said so: state, breadcrumb, type, title, url.
    """

    category: str
    garment_type: str
    type: str
    wearable: bool
    confidence: float
    source: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A word found in a phrase: tokens `start` to `end`."""

    start: int
    end: int
    word: Word


@dataclass(frozen=True, slots=True)
class _Reading:
    word: Word
    source: str


def categorize_words(
    *,
    state: str | None = None,
    breadcrumb: Sequence[str] = (),
    type_name: str | None = None,
    title: str | None = None,
    url: str | None = None,
    gender: str | None = None,
) -> WordsVerdict | None:
    """Judge by the shop's state (its own product family), breadcrumb (general to special), type, title and address.

    The first that knows decides; words like "accessories" or "tops" only when nobody says more. None: all are silent.
    """
    mens = gender is not None and not MENS_WORDS.isdisjoint(tokens_of(gender))
    readings = list(_readings(state, breadcrumb, type_name, title, url, mens))
    strong = [reading for reading in readings if not reading.word.weak]
    winner = next(iter(strong or readings), None)
    return _verdict(winner, readings, mens) if winner else None


def platform_category(type_: str) -> str | None:
    """Identifier of the platform's own wardrobe category for a type, None where there is none (bra, scarf, socks)."""
    kind = WEARABLE.get(type_)
    return kind.platform if kind else None


def garment_type_of(type_: str | None, category: str | None) -> str | None:
    """How a garment of this type is worn, as a try-on takes it; by the category alone where the type is not known."""
    kind = WEARABLE.get(type_ or "")
    return kind.garment_type if kind else _BY_CATEGORY.get(category or "")


def wardrobe_section(category: str) -> str | None:
    """The wardrobe's section for a category; None for `none` and unknown ones."""
    return _SECTIONS.get(category)


def _readings(
    state: str | None, breadcrumb: Sequence[str], type_name: str | None, title: str | None, url: str | None, mens: bool
) -> Iterator[_Reading]:
    """What each source says, in order of trust."""
    crumbs = PATH_BREAKS.split(type_name) if type_name else []
    found = {
        "state": _of_list(state, mens) if state else None,
        "breadcrumb": _of_path(breadcrumb, mens),
        "type": _of_path(crumbs, mens),
        "title": _of_text(title, mens) if title else None,
        "url": _of_path(_slugs(url), mens) if url else None,
    }
    for source, word in found.items():
        if word:
            yield _Reading(word, source)


def _verdict(winner: _Reading, readings: list[_Reading], mens: bool) -> WordsVerdict:
    kind = kind_of(winner.word.type)
    confidence = CONFIDENCE[winner.source] * (WEAK_FACTOR if winner.word.weak else 1.0)
    others = [reading.word for reading in readings if reading is not winner and reading.source != "url"]
    if any(not word.weak and kind_of(word.type).category != kind.category for word in others):
        confidence -= CONTRADICTED
    if mens and winner.word.type in ("dress", "skirt"):
        confidence -= UNLIKELY
    wearable = winner.word.type in WEARABLE
    return WordsVerdict(
        kind.category, kind.garment_type, winner.word.type, wearable, round(confidence, 2), winner.source
    )


def _of_path(path: Sequence[str], mens: bool) -> Word | None:
    """The most special crumb that says something clear; else a weak word."""
    found = [word for crumb in reversed(path) if (word := _of_list(crumb, mens))]
    return next((word for word in found if not word.weak), found[0] if found else None)


def _of_list(text: str, mens: bool) -> Word | None:
    """ "Skirts & Shorts" are one category, "Shoes & Belts" are two: then nothing is said."""
    words = [word for part in LIST_BREAKS.split(text[:LONGEST_TEXT]) if (word := _of_text(part, mens))]
    clear = [word for word in words if not word.weak] or words
    categories = {kind_of(word.type).category for word in clear}
    return clear[0] if len(categories) == 1 else None


def _of_text(text: str, mens: bool) -> Word | None:
    """The first part of a title that names a thing; a weak word only where no part has a strong one."""
    parts = (tokens_of(part) for part in SOFT_BREAKS.split(text[:LONGEST_TEXT]))
    found = [word for tokens in parts if (word := _of_tokens(tokens, mens))]
    return next((word for word in found if not word.weak), found[0] if found else None)


def _of_tokens(tokens: tuple[str, ...], mens: bool) -> Word | None:
    """The head of one phrase."""
    named = _named(tokens)
    if not named:
        return None
    if _holds_goods(tokens, named):
        return named[-1].word
    strong = [item for item in named if not item.word.weak] or named
    head = _head(strong, marked=not HEAD_FIRST_MARKS.isdisjoint(tokens))
    return replace(head.word, type="suit") if mens and tokens[head.start] in MENS_SUITS else head.word


def _named(tokens: tuple[str, ...]) -> list[_Named]:
    """Where things are named, longest phrases first, up to the first word that only introduces a description.

    Neutral phrases are passed over. A phrase that begins with such a word ("for her: dress") is read whole.
    """
    named, longest, position = [], lexicon().longest, 0
    while position < len(tokens):
        length, word = _longest(tokens[position : position + longest])
        if word and word.type != NEUTRAL:
            named.append(_Named(position, position + length, word))
        elif not word and position > 0 and tokens[position] in CUTS and not _is_link(tokens, position, named):
            break
        position += length
    return named


def _is_link(tokens: tuple[str, ...], position: int, named: list[_Named]) -> bool:
    """The "van" of a "zak van koffie" may lead to what is in the bag."""
    return tokens[position] in CONTAINER_LINKS and bool(named) and named[-1].end == position


def _longest(tokens: tuple[str, ...]) -> tuple[int, Word | None]:
    known = lexicon()
    for length in range(len(tokens), 0, -1):
        word = known.find(tokens[:length])
        if word:
            return length, word
    return 1, None


def _holds_goods(tokens: tuple[str, ...], named: list[_Named]) -> bool:
    """ "Bag of coffee", "bolsa de café": the goods are the thing."""
    bag, goods = named[0], named[-1]
    linked = bag.end < goods.start and tokens[bag.end] in CONTAINER_LINKS
    return linked and bag.word.type == "bag" and goods.word.type not in WEARABLE


def _head(named: list[_Named], *, marked: bool) -> _Named:
    """The word that says what the thing is, among those of the language that most of the words share.

    `marked`: there are little words that only head-first languages have.
    """
    votes = Counter(language for item in named for language in item.word.languages if language != ANY_LANGUAGE)
    best = max(votes.values(), default=0)
    spoken = {language for language, count in votes.items() if count == best}
    likely = _likely(spoken, marked)
    shared = [item for item in named if item.word.languages & (likely | {ANY_LANGUAGE})] or named
    first = likely <= HEAD_FIRST if likely else marked
    return shared[0] if first else shared[-1]


def _likely(spoken: set[str], marked: bool) -> set[str]:
    """Where several languages have the same words: a head-first one when marked, else English."""
    if marked and spoken & HEAD_FIRST:
        return spoken & HEAD_FIRST
    return {"en"} if "en" in spoken else spoken


def _slugs(url: str) -> list[str]:
    """Path segments, general to special, as the words they are made of."""
    return [unquote(segment) for segment in urlsplit(url).path[:LONGEST_TEXT].split("/") if segment]
