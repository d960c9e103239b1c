"""Size charts as shops write them, read into `terms.Chart`: any JSON gives a chart or SizeChartInvalidError."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any

from features.fitting.cells import CM_PER_INCH, RawCell, is_blank, known_unit, read_cell
from features.fitting.chart_kinds import is_of_garment, kind_said
from features.fitting.chart_notices import Notices
from features.fitting.chart_order import falling_zones, ordered
from features.fitting.chart_shapes import ROOT, RawChart, RawRow, raw_chart
from features.fitting.chart_units import Column, Settled, settle
from features.fitting.labels import axes, is_for_children, parse
from features.fitting.terms import Cell, Chart, ChartKind, ChartSource, SizeRow, Zone
from features.fitting.words import fold, shown
from features.fitting.zones import ColumnName, is_no_measure, read_column
from shared.errors import SizeChartInvalidError

OPEN_SHARE = 0.05  # width of "up to 90" in a chart without any other cell: 4 cm of a chest, the step of EN 13402-3
COLUMNS_AT_MOST = 100  # different names; the largest charts of shops have about 15
CHILDREN_CM = (85.0, 140.0)  # median body height of a chart; adults' begin at 1.45 m

Cells = dict[int, dict[Zone, RawCell]]


def read_chart(
    raw: Any, *, source: ChartSource = ChartSource.SHOP, kind: str | None = None, unit: str | None = None
) -> Chart:
    """`kind`: body or garment. `unit`: cm or in. Both are found out of the chart where they are None.

    The rows' order does not matter. What cannot be read is left out and named in `warnings`.
    Raises SizeChartInvalidError with the path of what is wrong, when no size is left or the chart is too large.
    """
    found = raw_chart(raw)
    notices = Notices()
    rows = _for_adults(found, notices)
    columns = _columns(rows, notices)
    _refuse_children(columns)
    said_kind, said_unit = kind_said(kind) or kind_said(found.kind), known_unit(unit) or known_unit(found.unit)
    garment = said_kind is ChartKind.GARMENT if said_kind else is_of_garment(columns, rows, said_unit)
    settled = _usable(settle(columns, said_unit, garment), notices)
    sizes = _sizes(rows, settled, notices)
    if not sizes:
        raise _nothing_left(rows, columns)
    if _are_alike(sizes):
        notices.add("sizes_alike", sizes[0].label)
    inferred = ChartKind.GARMENT if garment or any(_is_flat(column) for column in settled) else ChartKind.BODY
    return Chart(
        rows=sizes,
        kind=said_kind or inferred,
        kind_inferred=said_kind is None,
        source=source,
        unit_in=_unit_in(settled),
        unit_ambiguous=any(_is_doubtful(column) for column in settled),
        warnings=notices.all(),
    )


def _for_adults(found: RawChart, notices: Notices) -> list[RawRow]:
    """Raises SizeChartInvalidError when all sizes are children's."""
    if is_for_children([row.label for row in found.rows]):
        raise _for_children()
    for label in found.unusable.values():
        notices.add("row_skipped", label or "(no name)")
    for row in found.rows:
        if is_for_children([row.label]):
            notices.add("children_skipped", row.label)
    return [row for row in found.rows if not is_for_children([row.label])]


def _refuse_children(columns: Iterable[Column]) -> None:
    """By the body height in cm, where there is one. Adults' heights in inches are smaller numbers than any of these."""
    for column in columns:
        middle = median(cell.middle for cell in column.cells.values())
        if column.zone is Zone.HEIGHT and CHILDREN_CM[0] <= middle < CHILDREN_CM[1]:
            raise _for_children()


def _for_children() -> SizeChartInvalidError:
    return SizeChartInvalidError("This chart is for children; advice is for adults' sizes only.", path=ROOT)


# --- columns ---------------------------------------------------------------------------------------------------------


def _columns(rows: Sequence[RawRow], notices: Notices) -> list[Column]:
    """Those that name a zone and have a number, in the order of their names. Raises SizeChartInvalidError."""
    names = sorted({name for row in rows for name in row.values})
    if len(names) > COLUMNS_AT_MOST:
        raise SizeChartInvalidError(f"The size chart has more than {COLUMNS_AT_MOST} different columns.", path=ROOT)
    columns = []
    for name in names:
        read = read_column(name)
        if read:
            columns.append(Column(shown(name), read, _cells(name, rows, notices)))
        elif not is_no_measure(name):
            notices.add("column_unknown", shown(name) or "(no name)")
    return _with_leg_length(_paired([column for column in columns if column.cells]), rows)


def _cells(name: str, rows: Sequence[RawRow], notices: Notices) -> dict[int, RawCell]:
    found = {}
    for place, row in enumerate(rows):
        cell = read_cell(row.values.get(name))
        if cell:
            found[place] = cell
        elif not is_blank(row.values.get(name)) and shown(row.values.get(name)) != row.label:
            notices.add("cell_unreadable", f"{row.label} {shown(name)}")
    return found


def _paired(columns: Sequence[Column]) -> list[Column]:
    """ "Chest min" and "Chest max" are one column of ranges."""
    merged: dict[tuple[Zone, str | None, bool], dict[str, Column]] = {}
    for column in columns:
        if column.read.bound:
            merged.setdefault((column.zone, column.read.unit, column.read.flat), {})[column.read.bound] = column
    pairs = [pair for pair in merged.values() if len(pair) == 2]
    taken = {column.name for pair in pairs for column in pair.values()}
    return [column for column in columns if column.name not in taken] + [_joined(**pair) for pair in pairs]


def _joined(lo: Column, hi: Column) -> Column:
    cells = dict(hi.cells)
    for place, low in lo.cells.items():
        high = hi.cells.get(place)
        bounds = sorted(bound for bound in (low.lo, high.hi if high else None) if bound is not None)
        cells[place] = RawCell(bounds[0], bounds[-1], low.unit or (high.unit if high else None)) if bounds else low
    return Column(lo.name, lo.read, cells)


def _with_leg_length(columns: Sequence[Column], rows: Sequence[RawRow]) -> list[Column]:
    """The "length" of trousers that are sold by waist and length is the inside leg."""
    zones = {column.zone for column in columns}
    if Zone.INSEAM in zones or Zone.CHEST in zones or not any(axes([row.label for row in rows])):
        return list(columns)
    return [
        replace(column, read=ColumnName(Zone.INSEAM, column.read.unit)) if column.zone is Zone.LENGTH else column
        for column in columns
    ]


def _usable(settled: Sequence[Settled], notices: Notices) -> list[Settled]:
    """One column for each zone: the surest, then the one with the most numbers, in cm, with whole girths."""
    best: dict[Zone, Settled] = {}
    for column in sorted(settled, key=_preference):
        if column.scale is None:
            notices.add("unit_unknown", column.column.name)
        elif column.column.zone in best:
            if not _same_again(best[column.column.zone], column):
                notices.add("column_twice", column.column.name)
        else:
            best[column.column.zone] = column
            _say(column, notices)
    return list(best.values())


def _preference(column: Settled) -> tuple[Any, ...]:
    scale = column.scale
    if scale is None:
        return (True, True, 0, True, True, column.column.name)
    return (False, not scale.sure, -len(column.column.cells), scale.unit != "cm", scale.flat, column.column.name)


def _same_again(one: Settled, other: Settled) -> bool:
    """The same zone in the other unit is nothing to speak of."""
    return one.scale is not None and other.scale is not None and one.scale.unit != other.scale.unit


def _say(column: Settled, notices: Notices) -> None:
    if column.scale and column.scale.against:
        notices.add("unit_contradicted", column.column.name)
    elif _is_doubtful(column):
        notices.add("unit_ambiguous", column.column.name)
    if _is_flat(column):
        notices.add("half_width_doubled", column.column.name)


def _is_doubtful(column: Settled) -> bool:
    return column.scale is not None and not column.scale.sure and column.column.zone is not Zone.LENGTH


def _is_flat(column: Settled) -> bool:
    return column.scale is not None and column.scale.flat


def _unit_in(settled: Sequence[Settled]) -> str:
    units = [column.scale.unit for column in settled if column.scale]
    return "in" if units.count("in") > units.count("cm") else "cm"


# --- sizes -----------------------------------------------------------------------------------------------------------


def _sizes(rows: Sequence[RawRow], settled: Sequence[Settled], notices: Notices) -> tuple[SizeRow, ...]:
    cells = {place: _row_cells(place, row, settled, notices) for place, row in enumerate(rows)}
    _add_leg_lengths(cells, rows, settled, notices)
    closed = _closed(cells)
    found = []
    for place, row in enumerate(rows):
        if closed[place]:
            found.append(SizeRow(row.label, closed[place]))
        else:
            notices.add("row_skipped", row.label)
    return _growing(ordered(_once(found, notices)), notices)


def _row_cells(place: int, row: RawRow, settled: Sequence[Settled], notices: Notices) -> dict[Zone, RawCell]:
    cells = {}
    for column in settled:
        cell = column.column.cells.get(place)
        if cell and all(bound is None or _is_possible(column.column, bound) for bound in (cell.lo, cell.hi)):
            cells[column.column.zone] = cell
        elif cell:
            notices.add("number_impossible", f"{row.label} {column.column.name}")
    return cells


def _is_possible(column: Column, number: float) -> bool:
    return column.limits.least <= number <= column.limits.most


def _add_leg_lengths(cells: Cells, rows: Sequence[RawRow], settled: Sequence[Settled], notices: Notices) -> None:
    """L34 is the inseam in inches; shops give only the waist beside it."""
    if any(column.column.zone is Zone.INSEAM for column in settled):
        return
    for place, axis in enumerate(axes([row.label for row in rows])):
        if axis and cells[place]:
            length = float(axis[1]) * CM_PER_INCH
            cells[place][Zone.INSEAM] = RawCell(length, length)
            notices.add("inseam_from_label", rows[place].label)


def _closed(cells: Cells) -> dict[int, dict[Zone, Cell]]:
    """Open cells ("up to 90") get the width that the other sizes have."""
    widths = {zone: _width(zone, cells.values()) for zone in Zone}
    return {
        place: {zone: _close(row[zone], widths[zone]) for zone in Zone if zone in row} for place, row in cells.items()
    }


def _width(zone: Zone, rows: Iterable[Mapping[Zone, RawCell]]) -> float | None:
    closed = [row[zone] for row in rows if zone in row and row[zone].lo is not None and row[zone].hi is not None]
    widths = [(cell.hi or 0) - (cell.lo or 0) for cell in closed]
    steps = [after - before for before, after in pairwise(sorted({cell.middle for cell in closed}))]
    return median(widths) if widths and median(widths) > 0 else median(steps) if steps else None


def _close(cell: RawCell, width: float | None) -> Cell:
    reach = width or OPEN_SHARE * cell.middle
    lo = cell.lo if cell.lo is not None else cell.middle - reach
    hi = cell.hi if cell.hi is not None else cell.middle + reach
    return Cell(round(lo, 2), round(hi, 2))


def _once(rows: Sequence[SizeRow], notices: Notices) -> list[SizeRow]:
    """A size that stands there twice: the row with the most numbers, whatever the order."""
    kept: dict[Hashable, SizeRow] = {}
    for row in sorted(rows, key=lambda row: (-len(row.cells), _figures(row), row.label)):
        label = parse(row.label)
        if kept.setdefault(label.main if label.names else fold(row.label), row) is not row:
            notices.add("size_twice", row.label)
    return list(kept.values())


def _figures(row: SizeRow) -> tuple[tuple[str, float, float], ...]:
    return tuple((zone.value, cell.lo, cell.hi) for zone, cell in row.cells.items())


def _growing(rows: tuple[SizeRow, ...], notices: Notices) -> tuple[SizeRow, ...]:
    falling = falling_zones(rows)
    for zone in falling:
        notices.add("zone_dropped", zone.value)
    kept = [SizeRow(row.label, {zone: cell for zone, cell in row.cells.items() if zone not in falling}) for row in rows]
    for row in kept:
        if not row.cells:
            notices.add("row_skipped", row.label)
    return tuple(row for row in kept if row.cells)


def _are_alike(rows: Sequence[SizeRow]) -> bool:
    """All sizes say the same of the body; one longer than the other is no help."""
    said = {tuple((zone, cell) for zone, cell in row.cells.items() if zone is not Zone.LENGTH) for row in rows}
    return len(rows) > 1 and len(said) == 1


def _nothing_left(rows: Sequence[RawRow], columns: Sequence[Column]) -> SizeChartInvalidError:
    """Names the first cell by the names' order, so that the same chart gives the same answer."""
    first = min(rows, key=lambda row: row.path)
    name = min(first.values, key=str, default="")
    path = f"{first.path}.{shown(name)}" if name else first.path
    if not columns and not any(read_column(column) for row in rows for column in row.values):
        said = "No column of the size chart names a measurement, such as chest, waist, hip, inseam or foot length."
    else:
        said = "No size of the chart has a number that could be read, such as 96, '96-101' or '38 in'."
    return SizeChartInvalidError(said, path=path)
