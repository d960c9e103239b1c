"""What the columns of a size chart are, by their names in many languages, and where the numbers of a zone lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from features.fitting.cells import UNITS
from features.fitting.terms import Zone
from features.fitting.words import tokens_of

TABLES = Path(__file__).with_name("tables")
_NO_ZONE = "-"

# A width of the garment laid flat is half of the girth.
_FLAT = frozenset(
    "half flat flatlay laid width wide across pit p2p ptp armpit underarm halbe halber breite demi largeur plat ancho"
    " larghezza largura breedte bredde bredd leveys szerokosc sirka ширина mezza mezzo meta medio media halv".split()
)
_FLAT_ENDINGS = ("breite", "breedte", "bredde", "bredd")
_GARMENT = frozenset("garment product item finished produktmasse produktmass vetement prenda capo produit".split())
_LOW = frozenset("min minimum lo low lower from von".split())
_HIGH = frozenset("max maximum hi upper to bis".split())
_HALVED = frozenset({Zone.CHEST, Zone.UNDERBUST, Zone.WAIST, Zone.HIP, Zone.THIGH, Zone.CALF, Zone.BICEPS})


@dataclass(frozen=True, slots=True)
class ColumnName:
    """`flat`: half of the girth by its name. `bound`: lo or hi for pairs of columns. `garment`: says so itself."""

    zone: Zone
    unit: str | None = None
    flat: bool = False
    bound: str | None = None
    garment: bool = False
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Columns of tables/zone_limits.tsv, in cm (kg for weight)."""

    least: float
    most: float
    low: float
    high: float
    flat_from: float | None


def read_column(name: str) -> ColumnName | None:
    """None: no zone of a body or garment, as far as we know the word."""
    tokens = tokens_of(name)
    zone = _zone(tokens)
    if zone is None or zone == _NO_ZONE:
        return None
    found, words = Zone(zone), frozenset(tokens)
    return ColumnName(
        zone=found,
        unit=_unit(name, tokens),
        flat=found in _HALVED and (not words.isdisjoint(_FLAT) or tokens[0].endswith(_FLAT_ENDINGS)),
        bound=_bound(tokens),
        garment=not words.isdisjoint(_GARMENT),
        tokens=tokens,
    )


def is_no_measure(name: str) -> bool:
    """A column that is known to hold something else (UK, price, cup) and is left out without a word."""
    return _zone(tokens_of(name)) == _NO_ZONE


@cache
def limits() -> dict[Zone, Limits]:
    """Read once per process."""
    rows = [line.split("\t") for line in lines_of("zone_limits.tsv")]
    return {
        Zone(zone): Limits(
            float(least), float(most), float(low), float(high), None if flat == _NO_ZONE else float(flat)
        )
        for zone, least, most, low, high, flat in rows
    }


def lines_of(table: str) -> Iterator[str]:
    """The lines of a file in tables/ that hold data."""
    for line in TABLES.joinpath(table).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _zone(tokens: tuple[str, ...]) -> str | None:
    """By the longest words found. Two zones that are equally long ("chest/waist") are neither."""
    found: dict[int, set[str]] = {}
    for zone, size in _found(tokens):
        found.setdefault(size, set()).add(zone)
    longest = found[max(found)] if found else set()
    return longest.pop() if len(longest) == 1 else None


def _found(tokens: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    words = _words()
    if whole := words.whole.get(tuple(token for token in tokens if token not in UNITS) or tokens):
        yield whole, 1 + sum(map(len, tokens))
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + words.longest) + 1):
            if zone := words.phrases.get(tokens[start:end]):
                yield zone, sum(map(len, tokens[start:end]))
        for length in range(3, len(tokens[start]) + 1):
            if zone := words.beginnings.get(tokens[start][:length]):
                yield zone, length


@dataclass(frozen=True, slots=True)
class _Words:
    phrases: dict[tuple[str, ...], str]
    beginnings: dict[str, str]
    whole: dict[tuple[str, ...], str]
    longest: int


@cache
def _words() -> _Words:
    phrases: dict[tuple[str, ...], str] = {}
    beginnings: dict[str, str] = {}
    whole: dict[tuple[str, ...], str] = {}
    for line in lines_of("zone_words.tsv"):
        zone, _, written = line.partition("\t")
        for word in written.split(", "):
            tokens = tokens_of(word)
            if word.startswith("="):
                whole[tokens] = zone
            elif word.endswith("*"):
                beginnings.setdefault(tokens[0], zone)
            else:
                phrases.setdefault(tokens, zone)
    return _Words(phrases, beginnings, whole, max(map(len, phrases)))


def _unit(name: str, tokens: tuple[str, ...]) -> str | None:
    """`in` is the last resort: it is also a word ("Brustumfang in cm")."""
    found = [UNITS[token][0] for token in tokens if token in UNITS and token not in ("in", "m")]
    if found:
        return found[0]
    return "in" if "in" in tokens or '"' in name or "″" in name else None


def _bound(tokens: tuple[str, ...]) -> str | None:
    edge = {tokens[0], tokens[-1]} if len(tokens) > 1 else set()
    edge |= {token for token in tokens[-2:-1] if tokens[-1] in UNITS}
    if edge & _LOW and "to" not in tokens[:1]:
        return "lo"
    return "hi" if edge & _HIGH and tokens[0] != "to" else None
