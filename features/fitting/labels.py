"""Names of sizes: what M, "EU 38 / UK 10", W32 L34, 38R and 42⅔ mean, in which order they stand, which are the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from features.fitting.words import LONGEST_NAME, fold


class NameKind(StrEnum):
    """In the order in which they stand when a shop mixes them."""

    ONE_SIZE = "one_size"
    LETTER = "letter"
    NUMBER = "number"
    JEANS = "jeans"
    CUP = "cup"
    AGE = "age"
    OTHER = "other"


SYSTEMS: dict[str, str] = {
    **dict.fromkeys(("eu", "eur", "euro", "europe", "de", "ger", "germany"), "EU"),
    **dict.fromkeys(("fr", "france", "es", "spain", "esp"), "FR"),
    **dict.fromkeys(("it", "ita", "italy"), "IT"),
    **dict.fromkeys(("uk", "gb", "gbr", "au", "aus"), "UK"),
    **dict.fromkeys(("us", "usa"), "US"),
    **dict.fromkeys(("jp", "jpn", "japan", "cm"), "JP"),
}
_SHORT_SYSTEMS = {"d": "EU", "f": "FR", "i": "IT"}  # only in front: "9 D" is a width of shoes
_LENGTHS: dict[str, int] = {
    **dict.fromkeys(("s", "p", "xs", "short", "petite", "kurz", "court", "corto", "k"), -1),
    **dict.fromkeys(("r", "reg", "n", "regular", "normal", "standard", "medium"), 0),
    **dict.fromkeys(("l", "t", "xl", "long", "tall", "lang", "largo", "lungo"), 1),
}
_WORDS: dict[str, int] = {
    **dict.fromkeys(("small", "klein", "petit", "pequeno", "pequena", "piccolo", "piccola"), -1),
    **dict.fromkeys(("medium", "med", "mittel", "moyen", "mediano", "mediana", "medio", "media"), 0),
    **dict.fromkeys(("large", "gross", "grand", "grande"), 1),
}
_ONE_SIZE = re.compile(
    r"one[\s-]?size(?: fits (?:all|most))?|o/?s|osfa|os|tu|t\.u\.?|uni|u|unica|unico|free size|taille unique"
    r"|talla unica|tamanho unico|taglia unica|einheitsgr.{1,2}e|universal|one"
)
_FILLER = re.compile(
    r"\b(?:size|sizes|gr\.?|grosse|taille|talla|taglia|tamanho|maat|stl|int|intl|fits|t(?=\d))(?=\W|\d|$)"
)
_NUMBER = r"\d{1,3}(?:[.,]\d{1,2})?(?:(?:\s|-)[1-7]/[2-8])?"
_TIMES = r"(?P<times>\d{1,2}\s?x|x{1,6}|extra(?:[\s-]extra)*)"
_SYSTEM = "|".join(sorted(SYSTEMS, key=len, reverse=True))
_AGE = (
    r"(?P<age>\d{1,2})(?:\s?[-/]\s?(?P<age_to>\d{1,2}))?\s?(?P<age_unit>months?|mths?|mois|meses|mesi|monate?|m(?![a-z])|y(?:rs?|ears?)?"
    r"|ans?|anos?|anni|jahre?|jaar|ar|aar|lat|let|t(?=$))\b"
)
_ATOM = re.compile(
    r"(?P<jeans>w\s*(?P<w>\d\d)\s*[/x,-]?\s*l\s*(?P<l>\d\d)|(?P<w2>\d\d)\s*w\s*[/x,-]?\s*(?P<l2>\d\d)\s*l"
    r"|w\s*(?P<w3>\d\d)\b|(?P<w4>\d\d)\s*x\s*(?P<l4>\d\d)\b)"
    r"|(?P<cup>(?P<band>[2-9]\d|1\d\d)\s?(?P<letters>a{1,3}|[bcg-k]|d{1,4}|e{1,2}|f{1,2})\b)"
    rf"|{_AGE}"
    rf"|\b{_TIMES}?[\s-]?(?P<base>s|m|l|{'|'.join(_WORDS)})\b|\b(?P<plus>\d{{1,2}})x\b"
    rf"|(?:\b(?P<before>{_SYSTEM}|[dfi])\.?\s*)?(?P<number>{_NUMBER})(?:\s?[-/]\s?(?P<to>{_NUMBER}))?"
    rf"(?:\s?(?P<after>{_SYSTEM})\b(?!\s*\d)|\s?(?P<suffix>[a-z]{{1,7}})\b)?"
    r"|\b(?P<length>petite|short|regular|long|tall|kurz|lang|normal)\b"
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
LARGEST_COUNTED_X = 10  # 10XL is the largest that is sold
JEANS_WAISTS, JEANS_LENGTHS = range(20, 61), range(24, 41)  # inches that shops sell


@dataclass(frozen=True, slots=True)
class Name:
    """One of the names of a size. `lo`, `hi`: the number, of letters the steps from M (S -1, XL 2), of ages months.

    `system`: EU, UK, US, FR, IT, JP (foot in cm). `second`: the other axis: inseam of jeans in inches, steps from
    regular length, cup (A 1); None where there is none. `pair`: two numbers are written, even if they are equal.
    """

    kind: NameKind
    lo: float
    hi: float
    system: str | None = None
    second: float | None = None
    suffix: str = ""
    pair: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """`names`: what the text says, first name first; "EU 38 / UK 10" has two. Empty: not understood."""

    text: str
    names: tuple[Name, ...]

    @property
    def main(self) -> Name:
        return self.names[0] if self.names else Name(NameKind.OTHER, 0, 0)


def parse(text: str) -> Label:
    """Never fails: what is no size has no names."""
    return _parse(text[:LONGEST_NAME])


@lru_cache(maxsize=2048)
def _parse(text: str) -> Label:
    plain = fold(text)
    if _ONE_SIZE.fullmatch(plain):
        return Label(text, (Name(NameKind.ONE_SIZE, 0, 0),))
    plain = _FILLER.sub(" ", plain).strip()
    matches = list(_ATOM.finditer(plain))
    if _LETTER_OR_DIGIT.search(_ATOM.sub(" ", plain)):
        return Label(text, ())
    lengths = [float(_LENGTHS[match["length"]]) for match in matches if match["length"]]
    names = [name for match in matches if (name := _name(match))]
    return Label(text, _merged(names, lengths[0] if lengths else None))


def rank(text: str) -> tuple[int, float, float, float, str, str]:
    """Sort key: kinds apart, letters and numbers from small to large, then the second axis; unknown ones by text."""
    name = parse(text).main
    second = name.second if name.second is not None else 0.0
    return (tuple(NameKind).index(name.kind), name.lo, name.hi, second, name.suffix, fold(text))


def axes(labels: Sequence[str]) -> tuple[tuple[str, str] | None, ...]:
    """For each size its ("32", "34"), waist and length in inches, when the sizes have these two axes; else None.

    "W32 L34" and "32x34" say so. "32/34" could be a double size (34/36, 38/40): all sizes together decide.
    """
    parsed = [parse(label).main for label in labels]
    if not any(name.kind is NameKind.JEANS for name in parsed) and not _slashes_are_axes(parsed):
        return (None,) * len(labels)
    return tuple(_axes_of(name) for name in parsed)


def same_label(one: str, other: str) -> bool:
    """The same size in other words: "m" and Medium, "eu38" and "EU 38", XXXL and 3XL, "32/34" and "W32 L34"."""
    if fold(one) == fold(other):
        return True
    return any(_same(a, b) for a in parse(one).names for b in parse(other).names)


def find_label(labels: Sequence[str], wanted: str) -> str | None:
    """The one label that `wanted` means, as the chart writes it. None: none, or several could be meant.

    The same text wins, then the same size, then a double size that holds it ("M" in "S/M").
    """
    for fits in (_same_text, _same_with_system, same_label, _holds):
        found = [label for label in labels if fits(label, wanted)]
        if found:
            return found[0] if len({fold(label) for label in found}) == 1 else None
    return None


def is_for_children(labels: Sequence[str]) -> bool:
    """Ages, or nothing but children's body heights (92, 98, 104, ...)."""
    parsed = [parse(label) for label in labels]
    if parsed and all(any(name.kind is NameKind.AGE for name in label.names) for label in parsed):
        return True
    heights = [label.main.lo for label in parsed if label.main.kind is NameKind.NUMBER]
    return (
        len(heights) == len(labels) > 1
        and max(heights) >= 86
        and all(height in range(50, 177, 6) for height in heights)
    )


def system_of(labels: Sequence[str]) -> str | None:
    """LETTER, JEANS, or the one number system that all labels name (EU, UK, US, FR, IT, JP). None: not said."""
    found = {_system(parse(label).main) for label in labels}
    return found.pop() if len(found) == 1 else None


def _system(name: Name) -> str | None:
    return name.kind.value.upper() if name.kind in (NameKind.LETTER, NameKind.JEANS) else name.system


def _name(match: re.Match[str]) -> Name | None:
    if match["jeans"]:
        return _jeans(match)
    if match["cup"]:
        return Name(NameKind.CUP, float(match["band"]), float(match["band"]), second=_cup(match["letters"]))
    if match["age"]:
        return _age(match)
    if match["number"]:
        return _numbered(match)
    return _lettered(match) if match["base"] or match["plus"] else None


def _jeans(match: re.Match[str]) -> Name:
    waist = float(match["w"] or match["w2"] or match["w3"] or match["w4"])
    length = match["l"] or match["l2"] or match["l4"]
    return Name(NameKind.JEANS, waist, waist, second=float(length) if length else None)


def _cup(letters: str) -> float:
    """A 1, B 2, ...; DD stands where E does, AA before A."""
    if letters[0] == "a":
        return 2.0 - len(letters)
    return ord(letters[0]) - ord("a") + len(letters)


def _age(match: re.Match[str]) -> Name:
    """Children's sizes count months up to 36 ("38M" and "8 M" are widths) and toddlers' up to 6T ("10T" is tall)."""
    unit, number = match["age_unit"], float(match["age"])
    if (unit == "m" and (number > 36 or match[0].endswith(" m"))) or (unit == "t" and number > 6):
        return Name(NameKind.NUMBER, number, number, second=0.0 if unit == "m" else 1.0)
    months = 1 if unit.startswith("m") else 12
    return Name(NameKind.AGE, number * months, float(match["age_to"] or number) * months)


def _numbered(match: re.Match[str]) -> Name:
    lo = _number(match["number"])
    hi = _number(match["to"]) if match["to"] else lo
    written, suffix = match["before"] or match["after"] or "", match["suffix"] or ""
    system = SYSTEMS.get(written) or _SHORT_SYSTEMS.get(written)
    if suffix in _LENGTHS:
        return Name(NameKind.NUMBER, lo, hi, system, float(_LENGTHS[suffix]), pair=bool(match["to"]))
    return Name(NameKind.NUMBER, lo, hi, system, suffix=suffix, pair=bool(match["to"]))


def _number(text: str) -> float:
    """US 00 is smaller than 0 and 000 smaller still."""
    if set(text) == {"0"}:
        return 1.0 - len(text)
    whole, _, part = text.replace("-", " ").replace(",", ".").partition(" ")
    above, _, below = part.partition("/")
    return float(whole) + (round(int(above) / int(below), 2) if below else 0.0)


def _lettered(match: re.Match[str]) -> Name:
    """S, M, L with as many X as are written or counted; the plus sizes 1X, 2X, ... begin at XL."""
    if match["plus"]:
        steps = 1 + min(int(match["plus"]), LARGEST_COUNTED_X)
    else:
        base = _WORDS.get(match["base"], {"s": -1, "m": 0, "l": 1}.get(match["base"], 0))
        steps = base * (1 + min(_times(match["times"] or ""), LARGEST_COUNTED_X))
    return Name(NameKind.LETTER, float(steps), float(steps))


def _times(written: str) -> int:
    if counted := re.match(r"\d+", written):
        return int(counted[0])
    return written.count("extra") or len(written)


def _merged(names: list[Name], length: float | None) -> tuple[Name, ...]:
    """ "S/M" is one double size; a length word belongs to the first name."""
    if len(names) > 1 and names[0].kind is names[1].kind is NameKind.LETTER:
        lo, hi = sorted(name.lo for name in names[:2])
        names = [Name(NameKind.LETTER, lo, hi), *names[2:]]
    if length is not None and names and names[0].second is None:
        names = [replace(names[0], second=length), *names[1:]]
    return tuple(names)


def _slashes_are_axes(names: Sequence[Name]) -> bool:
    """Unless they are an even chain of double sizes (34/36, 38/40), or not what jeans are sold in."""
    pairs = [(name.lo, name.hi) for name in names if name.pair]
    if not pairs or not all(_axes_of(name) for name in names if name.pair):
        return False
    steps = {hi - lo for lo, hi in pairs}
    doubled = len(pairs) > 1 and len({lo for lo, _ in pairs}) == len(pairs) and len(steps) == 1 and steps <= {1.0, 2.0}
    return not doubled


def _axes_of(name: Name) -> tuple[str, str] | None:
    if name.kind is NameKind.JEANS:
        return None if name.second is None else (f"{name.lo:g}", f"{name.second:g}")
    if name.kind is not NameKind.NUMBER or not name.pair or name.system:
        return None
    return (f"{name.lo:g}", f"{name.hi:g}") if name.lo in JEANS_WAISTS and name.hi in JEANS_LENGTHS else None


def _same_text(label: str, wanted: str) -> bool:
    return fold(label) == fold(wanted)


def _same_with_system(label: str, wanted: str) -> bool:
    """Both say the system, or neither does."""
    return any(_same(a, b) and a.system == b.system for a in parse(label).names for b in parse(wanted).names)


def _same(one: Name, other: Name) -> bool:
    if {one.kind, other.kind} == {NameKind.JEANS, NameKind.NUMBER}:
        return _axes_of(one) is not None and _axes_of(one) == _axes_of(other)
    return (
        one.kind is other.kind
        and (one.lo, one.hi, one.suffix) == (other.lo, other.hi, other.suffix)
        and (one.second or 0) == (other.second or 0)
        and (one.system == other.system or None in (one.system, other.system))
    )


def _holds(label: str, wanted: str) -> bool:
    return any(
        one.kind is other.kind
        and one.lo <= other.lo <= other.hi <= one.hi
        and (one.system == other.system or None in (one.system, other.system))
        for one in parse(label).names
        for other in parse(wanted).names
    )
