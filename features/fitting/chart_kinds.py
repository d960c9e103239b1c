"""Whose measurements the numbers of a chart are, the body's or the garment's: by what is said, else by the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.fitting.cells import CM_PER_INCH
from features.fitting.chart_shapes import RawRow
from features.fitting.chart_units import CM, INCH, Column, settle
from features.fitting.labels import NameKind, parse
from features.fitting.terms import ChartKind, Zone
from features.fitting.words import fold

SLEEVES = ("sleeve", "armel", "aermel", "manche", "manga", "manica", "maniche", "mouw")
_GARMENT_WORDS = frozenset("garment product item flat finished prenda vetement capo produkt produit".split())

# Men's jackets are named after the body's chest: by its inches (UK, US), or by half of its cm (EN 13402-3, EU).
_IN_INCHES, _HALF_OF_CM = 1.0, 0.5
_PER_UNIT: dict[str | None, tuple[float, ...]] = {
    CM: (_IN_INCHES / CM_PER_INCH, _HALF_OF_CM),
    INCH: (_IN_INCHES, _HALF_OF_CM * CM_PER_INCH),
    None: (_IN_INCHES, _IN_INCHES / CM_PER_INCH, _HALF_OF_CM),
}
NAMED_WITHIN = 1.0
"""Of the label, the chest may be away from it; a jacket measures 3 inches more and over."""
NAMED_STEADY = 0.4
"""So much this distance may change over the sizes, by rounding. Women's EU sizes are as large as their garments' inches
at one size and apart at the next: 2 sizes are 4 cm, 1.6 inches."""


def kind_said(said: Any) -> ChartKind | None:
    words = fold(said).split() if isinstance(said, str) else []
    if not _GARMENT_WORDS.isdisjoint(words):
        return ChartKind.GARMENT
    return ChartKind.BODY if "body" in words else None


def is_of_garment(columns: Sequence[Column], rows: Sequence[RawRow], unit: str | None) -> bool | None:
    """None when nothing tells. The word itself and flat widths tell most; then a chest that the sizes are named after,
    as it is the body's; then a length of the garment, and sleeves, unless the chart gives ranges, as bodies' do.
    """
    if any(column.read.garment or column.read.flat for column in columns):
        return True
    if any(column.zone is Zone.CHEST and _names_the_sizes(column, rows, unit) for column in columns):
        return False
    if any(column.zone is Zone.LENGTH for column in columns):
        return True
    exact = all(cell.lo == cell.hi for column in columns for cell in column.cells.values())
    return True if exact and any(_is_sleeve(column) for column in columns) else None


def _names_the_sizes(chest: Column, rows: Sequence[RawRow], unit: str | None) -> bool:
    named = [(parse(rows[place].label).main, cell) for place, cell in chest.cells.items()]
    if len({name.lo for name, _ in named}) < 2 or any(name.kind is not NameKind.NUMBER for name, _ in named):
        return False
    units = {cell.unit or chest.read.unit or unit for _, cell in named}
    factors = _PER_UNIT.get(units.pop(), ()) if len(units) == 1 else ()
    return any(_is_steady([factor * cell.middle - name.lo for name, cell in named]) for factor in factors)


def _is_steady(distances: Sequence[float]) -> bool:
    return max(map(abs, distances)) <= NAMED_WITHIN and max(distances) - min(distances) <= NAMED_STEADY


def _is_sleeve(column: Column) -> bool:
    """From the shoulder; the long ones from the middle of the back stand in charts of bodies."""
    named = any(token.startswith(SLEEVES) for token in column.read.tokens)
    return named and settle([column], None, None)[0].scale is not None
