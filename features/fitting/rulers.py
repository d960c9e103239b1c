"""One zone of a chart over all its sizes, as bodies: who belongs to which size, and whom each size suits.

All lists run from the smallest size to the largest, and their bounds never fall. That is what makes the advice
monotone: with ordered cells, a larger body always moves the odds towards the larger sizes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from features.fitting.ease import ease_of, importance_of, stretched
from features.fitting.terms import LENGTHS, Cell, ChartKind, FitContext, Zone

LONE_HALF_WIDTH = 0.04
"""Of a single number without neighbours: EN 13402-3 letters are 8 cm wide at 98 cm, so 4 % to each side."""
LEAST_FILLED = 0.5
"""Of the sizes must name a zone for it to be compared; the others are filled in between and beyond."""
HARD_SLACK_CM = 2.0
"""Where the cloth closes round the body a size is still wearable so far over its range, or half a step over it where
sizes lie closer."""
LEAST_REACH_CM = 2.0
"""Along the body a size is wearable so far beside its range, however close the sizes lie: a choice of this project, as
trousers and sleeves that are 2 cm off are worn and turned up."""
READING_CM = 0.05
"""Charts and tapes are read to the millimetre: less is no difference."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """`said`: as the chart gives it (None: not for this size), of the garment when `garment`. `shares`: the bodies that
    belong to each size, without gaps. `room`: the bodies that each size suits. All in cm (kg). `shares` and `worn` are
    moved by feedback, `worn` is otherwise `room`, which stays what the chart says."""

    zone: Zone
    said: tuple[Cell | None, ...]
    shares: tuple[Cell, ...]
    room: tuple[Cell, ...]
    worn: tuple[Cell, ...]
    importance: float
    hard: bool
    garment: bool

    @property
    def differs(self) -> bool:
        """Whether the sizes are not all alike here."""
        return len(set(self.shares)) > 1

    def half_step(self, index: int) -> float:
        share = self.shares[index]
        return (share.hi - share.lo) / 2

    @property
    def smallest_body(self) -> float:
        """Smaller ones lie outside of the chart."""
        return min(self.shares[0].lo, self.worn[0].lo) - self.half_step(0)

    @property
    def largest_body(self) -> float:
        return max(self.shares[-1].hi, self.worn[-1].hi) + self.half_step(-1)

    def first_wearable(self, cm: float) -> int:
        """The smallest size that is not too tight for a body of so many cm; the largest one when all are."""
        limits = [worn.hi + self.slack(place) for place, worn in enumerate(self.worn)]
        falling = list(accumulate(reversed(limits), min))[::-1]
        return next((place for place, limit in enumerate(falling) if cm <= limit), len(limits) - 1)

    def first_easy(self, cm: float) -> int:
        """The smallest size that a body of so many cm lies not over; the largest one when it lies over all."""
        return next((place for place, worn in enumerate(self.worn) if cm <= worn.hi), len(self.worn) - 1)

    def slack(self, place: int) -> float:
        """How far over its range a size is still wearable. A shoe is never shorter than the foot."""
        if self.zone is Zone.FOOT_LENGTH:
            return 0.0
        return min(HARD_SLACK_CM, self.half_step(place)) if self.hard else self.reach(place)

    def reach(self, place: int) -> float:
        """How far under its range a size is still wearable, and over it where no cloth closes round the body."""
        half = self.half_step(place)
        return max(LEAST_REACH_CM, half) if self.zone in LENGTHS else half

    def is_too_small(self, place: int, cm: float) -> bool:
        """A size for a body of so many cm, as feedback moved it."""
        return cm > self.worn[place].hi + self.slack(place) + READING_CM

    def is_too_large(self, place: int, cm: float) -> bool:
        return cm < self.worn[place].lo - self.reach(place)


def ruler_of(zone: Zone, said: Sequence[Cell | None], kind: ChartKind, context: FitContext) -> Ruler | None:
    """None when the zone cannot be compared: no body or garment table knows it, its cells fall from one size to the
    next, or too few sizes name it."""
    importance = importance_of(context.garment, zone)
    if importance is None or not _readable(said):
        return None
    garment = kind is ChartKind.GARMENT
    made = _of_garment(zone, said, context) if garment else _of_body(zone, said, context)
    if made is None:
        return None
    shares, room = made
    return Ruler(
        zone=zone,
        said=tuple(said),
        shares=tuple(_moved(shares, context.bias_steps)),
        room=tuple(room),
        worn=tuple(_moved(room, context.bias_steps)),
        importance=importance.share,
        hard=importance.hard,
        garment=garment,
    )


def _readable(said: Sequence[Cell | None]) -> bool:
    cells = [cell for cell in said if cell]
    enough = len(cells) >= max(1 if len(said) == 1 else 2, LEAST_FILLED * len(said))
    return enough and all(a.lo <= b.lo and a.hi <= b.hi for a, b in pairwise(cells))


def _of_body(zone: Zone, said: Sequence[Cell | None], context: FitContext) -> tuple[list[Cell], list[Cell]]:
    cells = _filled(said)
    shares = _closed(cells, from_below=zone is Zone.FOOT_LENGTH)
    room = [
        share if cell.exact else Cell(min(cell.lo, share.lo), max(cell.hi, share.hi))
        for cell, share in zip(cells, shares, strict=True)
    ]
    return shares, [Cell(cell.lo, stretched(cell.hi, context.stretch_percent)) for cell in room]


def _of_garment(zone: Zone, said: Sequence[Cell | None], context: FitContext) -> tuple[list[Cell], list[Cell]] | None:
    ease = ease_of(context.garment, zone, context.preference)
    if ease is None:
        return None
    cells = _filled(said)
    room = [ease.bodies(cell, context.stretch_percent) for cell in cells]
    if len(set(cells)) == 1:
        return room, room
    ideals = [ease.ideal_body(cell) for cell in cells]
    return _closed([Cell(cm, cm) for cm in ideals], from_below=False), room


def _closed(cells: Sequence[Cell], *, from_below: bool) -> list[Cell]:
    """Gaps and overlaps end in the middle, so do the spaces between single numbers; the ends stay finite.

    `from_below`: a single number is the largest body of its size (foot lengths), not the middle one. Equal
    neighbours share one cell.
    """
    distinct = list(dict.fromkeys(cells))
    bounds = [a.hi if from_below and a.exact else (a.hi + b.lo) / 2 for a, b in pairwise(distinct)]
    inner = [_first(distinct, bounds, from_below), *bounds, _last(distinct, bounds, from_below)]
    closed = {cell: Cell(lo, hi) for cell, (lo, hi) in zip(distinct, pairwise(inner), strict=True)}
    if any(cell.hi <= cell.lo for cell in closed.values()):
        return list(cells)
    return [closed[cell] for cell in cells]


def _first(cells: Sequence[Cell], bounds: Sequence[float], from_below: bool) -> float:
    cell = cells[0]
    if not cell.exact:
        return cell.lo
    if not bounds:
        return cell.lo * (1 - LONE_HALF_WIDTH)
    return cell.lo - (cells[1].hi - cell.hi) if from_below else 2 * cell.middle - bounds[0]


def _last(cells: Sequence[Cell], bounds: Sequence[float], from_below: bool) -> float:
    cell = cells[-1]
    if not cell.exact or from_below:
        return cell.hi
    return 2 * cell.middle - bounds[-1] if bounds else cell.hi * (1 + LONE_HALF_WIDTH)


def _filled(said: Sequence[Cell | None]) -> list[Cell]:
    """Sizes without a cell get one between their neighbours', or one step beyond the last."""
    places = [float(place) for place, cell in enumerate(said) if cell]
    known = [cell for cell in said if cell]
    return [cell or _between(places, known, float(place)) for place, cell in enumerate(said)]


def _moved(cells: Sequence[Cell], steps: float) -> list[Cell]:
    """Every size takes the place of the one `steps` below it: what runs small is to be taken larger."""
    places = [float(place) for place in range(len(cells))]
    return [_between(places, cells, place - steps) for place in places] if steps and len(cells) > 1 else list(cells)


def _between(places: Sequence[float], cells: Sequence[Cell], place: float) -> Cell:
    if len(cells) == 1:
        return cells[0]
    right = min(max(bisect_right(places, place), 1), len(places) - 1)
    part = (place - places[right - 1]) / (places[right] - places[right - 1])
    a, b = cells[right - 1], cells[right]
    lo = a.lo + part * (b.lo - a.lo)
    return Cell(lo, max(lo, a.hi + part * (b.hi - a.hi)))
