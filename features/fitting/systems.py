"""Sizes of one system in another (EU, UK, US, FR, IT, JP, letters, jeans inches): approximations, never better.

Published tables disagree by one or two sizes, so what comes out is marked and should decide nothing alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from features.fitting.cells import CM_PER_INCH
from features.fitting.labels import Name, NameKind, find_label, parse, system_of
from features.fitting.zones import lines_of

CLOTHES, SHOES = "clothes", "shoes"
LETTER, JEANS = "LETTER", "JEANS"
JEANS_OVER_LABEL_CM = 2.5  # a body's waist is 0 to 5 cm over the inches of the label (vanity sizing)
_BASES = {(CLOTHES, "female"): (30.0, 56.0), (CLOTHES, "male"): (40.0, 72.0), (SHOES, ""): (20.0, 33.0)}
_SEXES = {"female": "female", "woman": "female", "women": "female", "male": "male", "man": "male", "men": "male"}


@dataclass(frozen=True, slots=True)
class _System:
    factor: float
    offset: float
    step: float


def base_of(label: str, gender: str | None, kind: str = CLOTHES) -> float | None:
    """EU number of clothes, foot length in cm of shoes, of a number that names its system."""
    name, sex = parse(label).main, sex_of(gender)
    base = _base(name, name.system, sex, kind) if sex and name.system else None
    return base if base is not None and sex and _is_sold(base, sex, kind) else None


def sex_of(gender: str | None) -> str | None:
    """Which tables to read: female, male, or None."""
    return _SEXES.get((gender or "").casefold())


def translate(labels: Sequence[str], wanted: str, gender: str | None, kind: str = CLOTHES) -> str | None:
    """The label that comes nearest to a size of another system, when both sides say their systems ("EU 38", M, W32).

    `kind`: clothes or shoes. None when the size, a system or the gender is not known, or nobody sells the result.
    """
    to_system = system_of(labels)
    if to_system is None:
        return None
    for name in parse(wanted).names:
        from_system = _system_of(name)
        found = _converted(name, from_system, to_system, gender, kind) if from_system else None
        if found and (label := find_label(labels, found)):
            return label
    return None


def _converted(name: Name, from_system: str, to_system: str, gender: str | None, kind: str) -> str | None:
    """As a label of the other system."""
    sex = sex_of(gender)
    base = _base(name, from_system, sex, kind) if sex else None
    if sex is None or base is None or not _is_sold(base, sex, kind):
        return None
    written = _written(base, to_system, sex, kind)
    return written if written is None or to_system in (LETTER, JEANS) else f"{to_system} {written}"


def _system_of(name: Name) -> str | None:
    return name.kind.value.upper() if name.kind in (NameKind.LETTER, NameKind.JEANS) else name.system


@cache
def _systems() -> dict[tuple[str, str, str], _System]:
    rows = (line.split("\t") for line in lines_of("systems.tsv"))
    return {
        (kind, sex, system): _System(float(factor), float(offset), float(step))
        for kind, sex, system, factor, offset, step in rows
    }


@cache
def _numbers(sex: str) -> tuple[tuple[float, float, float], ...]:
    """EU number, chest, waist: rows of EN 13402-3's series."""
    rows = (line.split("\t") for line in lines_of("en13402_series.tsv"))
    return tuple((float(number), float(chest), float(waist)) for of, number, chest, waist, _ in rows if of == sex)


@cache
def _letters(sex: str) -> tuple[tuple[str, float, float], ...]:
    rows = (line.split("\t") for line in lines_of("en13402_letters.tsv"))
    return tuple((letter, float(lo), float(hi)) for of, letter, lo, hi in rows if of == sex)


def _base(name: Name, system: str, sex: str, kind: str) -> float | None:
    """EU number of clothes, foot length of shoes. A double size (38/40) counts as its middle."""
    size = (name.lo + name.hi) / 2
    if kind == CLOTHES and system == LETTER:
        return _of_letter(name, sex)
    if kind == CLOTHES and system == JEANS and name.kind is NameKind.JEANS:
        waist = name.lo * CM_PER_INCH + JEANS_OVER_LABEL_CM
        return min(_numbers(sex), key=lambda row: abs(row[2] - waist))[0]
    known = _systems().get((kind, sex, system))
    return (size - known.offset) / known.factor if known and name.kind is NameKind.NUMBER else None


def _of_letter(name: Name, sex: str) -> float | None:
    bounds = [bound for letter, *bound in _letters(sex) if name.lo <= parse(letter).main.lo <= name.hi]
    if not bounds or name.kind is not NameKind.LETTER:
        return None
    chest = (bounds[0][0] + bounds[-1][1]) / 2
    return min(_numbers(sex), key=lambda row: abs(row[1] - chest))[0]


def _written(base: float, system: str, sex: str, kind: str) -> str | None:
    if kind == CLOTHES and system in (LETTER, JEANS):
        _, chest, waist = min(_numbers(sex), key=lambda row: abs(row[0] - base))
        if system == JEANS:
            return f"W{round((waist - JEANS_OVER_LABEL_CM) / CM_PER_INCH)}"
        return next((letter for letter, lo, hi in _letters(sex) if lo <= chest < hi), None)
    known = _systems().get((kind, sex, system))
    if known is None:
        return None
    size = round((known.factor * base + known.offset) / known.step) * known.step
    return f"{size:g}" if size >= 0 else None


def _is_sold(base: float, sex: str, kind: str) -> bool:
    lo, hi = _BASES[(kind, sex if kind == CLOTHES else "")]
    return lo <= base <= hi
