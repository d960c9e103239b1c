"""Sizes as places on one axis or two: M on one; W32 L34, or 50 short, on a girth and a length that do not depend on
each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from features.fitting.labels import axes, parse
from features.fitting.terms import LENGTHS, Cell, Chart, ChartKind, SizeRow, Zone

CM_PER_INCH = 2.54
SIZE, WAIST, LENGTH = "size", "waist", "length"
_LENGTHS = {-1.0: "short", 0.0: "regular", 1.0: "long"}

Cells = Mapping[Zone, Sequence[Cell | None]]
Key = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """`steps`: names of the sizes on this axis, from small to large. `cells`: by zone, one for each step."""

    name: str
    steps: tuple[str, ...]
    cells: Cells
    kind: ChartKind


@dataclass(frozen=True, slots=True)
class Layout:
    """`places`: for each row of the chart its step on each scale."""

    scales: tuple[Scale, ...]
    places: tuple[tuple[int, ...], ...]


def layout_of(chart: Chart) -> Layout:
    """Two scales when the labels say so and there is more than one length; else one, in the order of the rows."""
    labels = [row.label for row in chart.rows]
    inches = axes(labels)
    if pairs := [(float(pair[0]), float(pair[1])) for pair in inches if pair]:
        return _two(chart, pairs, _jeans_length) if _full(pairs, labels) else one_axis(chart)
    keys = [_named_length(label) for label in labels]
    named = [key for key in keys if key]
    if _full(named, labels) and any(zone in row.cells for row in chart.rows for zone in LENGTHS):
        return _two(chart, named, _worded_length)
    return one_axis(chart)


def one_axis(chart: Chart) -> Layout:
    """The rows in their order, whatever their labels say."""
    steps = tuple(row.label for row in chart.rows)
    scale = Scale(SIZE, steps, _columns([[row] for row in chart.rows], _zones(chart)), chart.kind)
    return Layout((scale,), tuple((place,) for place in range(len(steps))))


def _full(keys: Sequence[Key], labels: Sequence[str]) -> bool:
    return len(keys) == len(labels) and len({second for _, second in keys}) > 1


def _two(chart: Chart, keys: Sequence[Key], length: Callable[[Chart, Sequence[Key], list[float]], Scale]) -> Layout:
    girths, lengths = sorted({key[0] for key in keys}), sorted({key[1] for key in keys})
    rows = [[row for row, key in zip(chart.rows, keys, strict=True) if key[0] == girth] for girth in girths]
    cells = _columns(rows, [zone for zone in _zones(chart) if zone not in LENGTHS])
    girth = Scale(WAIST if length is _jeans_length else SIZE, _names(girths), cells, chart.kind)
    places = tuple((girths.index(key[0]), lengths.index(key[1])) for key in keys)
    return Layout((girth, length(chart, keys, lengths)), places)


def _jeans_length(_chart: Chart, _keys: Sequence[Key], lengths: list[float]) -> Scale:
    """L34 is the garment's own inside leg in inches, whatever the chart measures otherwise."""
    cells = [Cell(number * CM_PER_INCH, number * CM_PER_INCH) for number in lengths]
    return Scale(LENGTH, _names(lengths), {Zone.INSEAM: cells}, ChartKind.GARMENT)


def _worded_length(chart: Chart, keys: Sequence[Key], lengths: list[float]) -> Scale:
    rows = [[row for row, key in zip(chart.rows, keys, strict=True) if key[1] == length] for length in lengths]
    cells = _columns(rows, [zone for zone in _zones(chart) if zone in LENGTHS])
    return Scale(LENGTH, tuple(_LENGTHS.get(length, f"{length:g}") for length in lengths), cells, chart.kind)


def _named_length(label: str) -> Key | None:
    """ "38R" and "38": the second number is steps from the regular length."""
    name = parse(label).main
    plain = parse(label).names and name.lo == name.hi and name.kind.value in ("number", "letter")
    return (name.lo, name.second or 0.0) if plain else None


def _columns(groups: Sequence[Sequence[SizeRow]], zones: Sequence[Zone]) -> Cells:
    return {zone: [_middle(_cells(rows, zone)) for rows in groups] for zone in zones}


def _cells(rows: Sequence[SizeRow], zone: Zone) -> list[Cell]:
    return [row.cells[zone] for row in rows if zone in row.cells]


def _middle(cells: Sequence[Cell]) -> Cell | None:
    """Rows that differ in the other axis only should say the same; where they do not, their mean stands."""
    if len(set(cells)) <= 1:
        return cells[0] if cells else None
    return Cell(sum(cell.lo for cell in cells) / len(cells), sum(cell.hi for cell in cells) / len(cells))


def _zones(chart: Chart) -> list[Zone]:
    return list(dict.fromkeys(zone for row in chart.rows for zone in row.cells))


def _names(numbers: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{number:g}" for number in numbers)
