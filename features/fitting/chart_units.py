"""Which unit the columns of a chart are in, and which are half of a girth: by what is written, else by the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from features.fitting.cells import CM_PER_INCH, KG_PER_POUND, RawCell
from features.fitting.terms import Zone
from features.fitting.zones import ColumnName, Limits, limits

CM, INCH = "cm", "in"
NEARLY_USUAL = 0.9  # of the usual least: EN 13402-3's XXS has 66 to 74 cm where most charts' middle is over 72


@dataclass(frozen=True, slots=True)
class Column:
    """`cells`: by the row's number. After `settle` they are whole girths in cm (kg for weight)."""

    name: str
    read: ColumnName
    cells: dict[int, RawCell] = field(default_factory=dict)

    @property
    def zone(self) -> Zone:
        return self.read.zone

    @property
    def limits(self) -> Limits:
        return limits()[self.zone]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the chart besides a column's own numbers.

    `said`: somebody names the unit, it is no conclusion. `garment`: None when it is not known whose the numbers are.
    """

    unit: str | None
    said: bool
    garment: bool | None


@dataclass(frozen=True, slots=True)
class Scale:
    """`factor`: to whole girths in cm. `sure`: no guess. `against`: the numbers contradict the unit that is written."""

    unit: str
    factor: float
    flat: bool = False
    sure: bool = True
    against: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """`scale`: None when the numbers fit no unit; the column is of no use then."""

    column: Column
    scale: Scale | None


_WHOLE = (Scale(CM, 1.0), Scale(INCH, CM_PER_INCH), Scale(CM, 0.1), Scale(CM, 100.0))
_FLAT = (Scale(CM, 2.0, flat=True), Scale(INCH, 2 * CM_PER_INCH, flat=True))
_TELLING = frozenset({Zone.CHEST, Zone.WAIST, Zone.HIP, Zone.HEIGHT, Zone.FOOT_LENGTH})
_WEIGHT = (Scale("kg", 1.0), Scale("lb", KG_PER_POUND))


def settle(columns: Sequence[Column], unit: str | None, garment: bool | None) -> list[Settled]:
    """`unit`: what is said for the whole chart. `garment`: True and False when known, None when not.

    A chart is in one unit: columns that leave no doubt decide for those that do. They also stand against a unit that
    is said but cannot be.
    """
    if unit and any(_contradicts(column, unit) for column in columns):
        return [_doubted(settled) for settled in settle(columns, None, garment)]
    first = Evidence(unit, unit is not None, garment)
    votes = [scale.unit for column in columns if (scale := _scale(column, first)) and scale.sure]
    votes = [vote for vote in votes if vote in (CM, INCH)]
    if not votes or unit:
        return [_settled(column, first) for column in columns]
    voted = INCH if votes.count(INCH) > len(votes) / 2 else CM
    return [_settled(column, Evidence(voted, False, garment)) for column in columns]


def _contradicts(column: Column, unit: str) -> bool:
    """Only where the numbers of the two units are far apart, and nothing at the column itself says the unit."""
    if column.zone not in _TELLING or column.read.unit or any(cell.unit for cell in column.cells.values()):
        return False
    likely = {scale.unit for scale in _likely(column, median(cell.middle for cell in column.cells.values()))}
    return bool(likely) and unit not in likely


def _doubted(settled: Settled) -> Settled:
    if settled.scale is None or settled.column.zone not in _TELLING:
        return settled
    return replace(settled, scale=replace(settled.scale, sure=False, against=True))


def _settled(column: Column, evidence: Evidence) -> Settled:
    scale = _scale(column, evidence)
    if scale is None:
        return Settled(column, None)
    factor = scale.factor
    cells = {row: cell.times(factor, scale.unit) for row, cell in _in_one_unit(column).cells.items()}
    return Settled(replace(column, cells=cells), scale)


def _in_one_unit(column: Column) -> Column:
    """Cells that name their unit are turned into cm (kg), and those without one follow them."""
    written = {cell.unit for cell in column.cells.values() if cell.unit}
    if not written:
        return column
    follow = written.copy().pop() if len(written) == 1 else CM
    return replace(column, cells={row: _metric(cell, cell.unit or follow) for row, cell in column.cells.items()})


def _metric(cell: RawCell, unit: str) -> RawCell:
    factor = {INCH: CM_PER_INCH, "lb": KG_PER_POUND}.get(unit, 1.0)
    return cell.times(factor, "kg" if unit in ("kg", "lb") else CM)


def _scale(column: Column, evidence: Evidence) -> Scale | None:
    written = {cell.unit for cell in column.cells.values() if cell.unit}
    plain = _in_one_unit(column)
    middle = median(cell.middle for cell in plain.cells.values())
    if column.zone is Zone.WEIGHT:
        return _weight_scale(column, written, evidence)
    if written & {"kg", "lb"}:
        return None
    if written:
        found = _said_scale(column, middle, CM, evidence)
        return replace(found, unit=INCH if written == {INCH} else CM) if found else None
    said = column.read.unit or (evidence.unit if evidence.said else None)
    if said in (CM, INCH):
        return _said_scale(column, middle, said, evidence)
    return _guessed_scale(column, middle, evidence)


def _weight_scale(column: Column, written: set[str], evidence: Evidence) -> Scale | None:
    """`times` of a column that is in kg already is 1."""
    if written:
        return _WEIGHT[0] if written <= {"kg", "lb"} else None
    pounds = column.read.unit == "lb" or (column.read.unit is None and evidence.unit == INCH)
    return _WEIGHT[1] if pounds else _WEIGHT[0]


def _said_scale(column: Column, middle: float, unit: str, evidence: Evidence) -> Scale | None:
    """The unit is written: what is open is only mm and m, half girths, and whether the numbers bear it out."""
    likely = list(_likely(column, middle))
    for scale in likely:
        if scale.unit == unit and (not scale.flat or column.read.flat or evidence.garment is not False):
            return replace(scale, sure=not scale.flat or column.read.flat or bool(evidence.garment))
    factor = next(scale.factor for scale in (*_WHOLE, *_FLAT) if scale.unit == unit and scale.flat is column.read.flat)
    if _possible(column, middle * factor) and (unit == CM or not likely or column.zone not in _TELLING):
        return Scale(unit, factor, flat=column.read.flat)
    return replace(likely[0], sure=False, against=True) if likely and column.zone in _TELLING else None


def _guessed_scale(column: Column, middle: float, evidence: Evidence) -> Scale | None:
    likely = list(_likely(column, middle))
    if evidence.garment is None and _is_of_small_bodies(column, middle, likely):
        return _possible_scale(column, middle, CM)
    by_unit = [scale for scale in likely if scale.unit == evidence.unit]
    if not likely or (evidence.unit and not by_unit):
        return _possible_scale(column, middle, evidence.unit or CM)
    if len(likely) == 1 or column.read.flat:
        return replace((by_unit or likely)[0], sure=not likely[0].flat or column.read.flat or bool(evidence.garment))
    if likely[0].unit == CM and not likely[0].flat:
        # Whole cm and inches: only a garment's length can be both, and it follows the others.
        return replace((by_unit or likely)[0], sure=likely[1].flat or bool(by_unit))
    return _inch_or_flat(column, middle, likely, evidence)


def _is_of_small_bodies(column: Column, middle: float, likely: Sequence[Scale]) -> bool:
    """Ranges a little under the usual least are XXS and XS alone: widths laid flat are single numbers."""
    ranges = all(cell.lo != cell.hi for cell in column.cells.values())
    only_flat = bool(likely) and all(scale.flat for scale in likely) and not column.read.flat
    return ranges and only_flat and middle >= NEARLY_USUAL * column.limits.low


def _possible_scale(column: Column, middle: float, unit: str) -> Scale | None:
    """No adult's median, but an adult's number: a chart of very small or very large sizes."""
    scales = (scale for scale in (*_WHOLE, *_FLAT) if scale.flat is column.read.flat and scale.unit == unit)
    return next((replace(scale, sure=False) for scale in scales if _possible(column, middle * scale.factor)), None)


def _inch_or_flat(column: Column, middle: float, likely: Sequence[Scale], evidence: Evidence) -> Scale:
    """40 can be inches of chest or half of 80 cm. The rest of the chart tells, else the number is the better guess."""
    inch, flat = likely[0], next((scale for scale in likely if scale.flat), likely[0])
    if evidence.unit == CM and evidence.garment is not False:
        return flat
    if evidence.unit == INCH or evidence.garment is False:
        return inch
    rival = column.limits.flat_from is not None and middle >= column.limits.flat_from
    if not rival:
        return inch
    return flat if evidence.garment else replace(flat, sure=False)


def _likely(column: Column, middle: float) -> Iterator[Scale]:
    """Units in which the median is an adult's, whole girths before half ones."""
    scales = _FLAT if column.read.flat else _WHOLE if column.limits.flat_from is None else (*_WHOLE, *_FLAT)
    return (scale for scale in scales if column.limits.low <= middle * scale.factor <= column.limits.high)


def _possible(column: Column, middle: float) -> bool:
    return column.limits.least <= middle <= column.limits.most
