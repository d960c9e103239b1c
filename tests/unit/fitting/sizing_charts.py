"""Charts and bodies that the tests of size advice share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from features.fitting.bodies import FIELDS, tape_sd
from features.fitting.sizing import advise
from features.fitting.terms import (
    Advice,
    Body,
    BodySource,
    BodyValue,
    Cell,
    Chart,
    ChartKind,
    FitContext,
    SizeFit,
    SizeRow,
    Zone,
)

LETTERS = ("XS", "S", "M", "L", "XL")
WOMEN: dict[Zone, tuple[float, ...]] = {
    Zone.CHEST: (74, 82, 90, 98, 107, 119),
    Zone.WAIST: (58, 66, 74, 82, 91, 103),
    Zone.HIP: (82, 90, 98, 106, 114.5, 124.5),
}
TOP, DRESS, TROUSERS, JEANS, SHOES = (FitContext(name) for name in ("t_shirt", "dress", "trousers", "jeans", "shoes"))


def chart(
    columns: Mapping[Zone, Sequence[Cell | float | None]], labels: Sequence[str] = LETTERS, **facts: object
) -> Chart:
    """A number is an exact cell; None is a cell that the chart leaves out."""
    rows = []
    for place, label in enumerate(labels):
        cells = {zone: cell(column[place]) for zone, column in columns.items() if column[place] is not None}
        rows.append(SizeRow(label, cells))
    return Chart(tuple(rows), **facts)  # type: ignore[arg-type]


def cell(given: Cell | float | None) -> Cell:
    return given if isinstance(given, Cell) else Cell(float(given or 0), float(given or 0))


def ranges(bounds: Sequence[float]) -> list[Cell]:
    return [Cell(lo, hi) for lo, hi in pairwise(bounds)]


def women(**facts: object) -> Chart:
    """EN 13402-3 letters of women without the ends."""
    return chart({zone: ranges(bounds) for zone, bounds in WOMEN.items()}, **facts)


def garment(columns: Mapping[Zone, Sequence[float]], labels: Sequence[str] = ("S", "M", "L")) -> Chart:
    return chart(columns, labels, kind=ChartKind.GARMENT)


def body(**measured: float) -> dict[Zone, BodyValue]:
    """By zone, with a tape."""
    return {Zone(name): taped(Zone(name), cm) for name, cm in measured.items()}


def taped(zone: Zone, cm: float) -> BodyValue:
    return BodyValue(cm, tape_sd(zone), BodySource.MEASURED, FIELDS[zone][0])


def guessed(zone: Zone, cm: float, sd: float) -> BodyValue:
    return BodyValue(cm, sd, BodySource.ESTIMATED, FIELDS[zone][0], wide_sd=1.5 * sd)


def judge(known: Body, asked: Chart, context: FitContext, label: str) -> SizeFit:
    """One size of the advice."""
    return next(size for size in advise(known, asked, context).sizes if size.label == label)


def probabilities(advice: Advice) -> dict[str, float]:
    return {size.label: size.probability for size in advice.sizes}
