"""What a garment asks of each zone: how much the zone counts, and how much room belongs between body and cloth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from features.fitting.terms import Cell, ChartKind, Preference, Zone
from features.fitting.zones import lines_of

ANY_GARMENT = "*"
STRETCH_USED = 0.5
"""Of the stretch that a cloth has: clothes are worn with half of it left."""


@dataclass(frozen=True, slots=True)
class Importance:
    """`share`: 1 for the main zone of a garment. `hard`: the cloth closes round the body there."""

    share: float
    hard: bool


@dataclass(frozen=True, slots=True)
class Ease:
    """Garment minus body, in cm, or in shares of the body when `relative`."""

    least: float
    ideal: float
    most: float
    relative: bool

    def bodies(self, garment: Cell, stretch_percent: float) -> Cell:
        """Whom this much cloth fits. Stretch lets larger bodies in and no smaller ones out."""
        lo = self._body(garment.lo, self.most)
        return Cell(lo, max(lo, stretched(self._body(garment.hi, self.least), stretch_percent)))

    def ideal_body(self, garment: Cell) -> float:
        return self._body(garment.middle, self.ideal)

    def _body(self, garment: float, ease: float) -> float:
        return garment / (1 + ease) if self.relative else garment - ease


def stretched(cm: float, stretch_percent: float) -> float:
    """The largest body that cloth made for `cm` gives way to: b with b - b * stretch * STRETCH_USED = cm."""
    return cm / (1 - STRETCH_USED * min(max(stretch_percent, 0.0), 100.0) / 100)


def importance_of(garment: str, zone: Zone) -> Importance | None:
    """None for what no body has: the length of the garment."""
    table = _importances()
    return table.get((garment, zone)) or table.get((ANY_GARMENT, zone))


def ease_of(garment: str, zone: Zone, preference: Preference) -> Ease | None:
    """None where nothing is known of how a garment should lie there: the zone is not compared."""
    table = _eases()
    return table.get(garment, table[ANY_GARMENT]).get((zone, preference))


def is_compared(garment: str, zone: Zone, kind: ChartKind) -> bool:
    """Whether a chart's numbers there can be held against a body at all."""
    known = kind is ChartKind.BODY or ease_of(garment, zone, Preference.REGULAR) is not None
    return known and importance_of(garment, zone) is not None


@cache
def _importances() -> dict[tuple[str, Zone], Importance]:
    rows = [line.split("\t") for line in lines_of("importance.tsv")]
    return {(garment, Zone(zone)): Importance(float(share), hard == "1") for garment, zone, share, hard in rows}


@cache
def _eases() -> dict[str, dict[tuple[Zone, Preference], Ease]]:
    table: dict[str, dict[tuple[Zone, Preference], Ease]] = {}
    for line in lines_of("ease.tsv"):
        garment, zone, preference, unit, *numbers, _note = line.split("\t")
        per = 100 if unit == "%" else 1
        least, ideal, most = (float(number) / per for number in numbers)
        table.setdefault(garment, {})[Zone(zone), Preference(preference)] = Ease(least, ideal, most, unit == "%")
    return table
