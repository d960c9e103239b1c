"""Charts of standards, for garments whose shop gives none. Their figures, with sources, are in tables/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from features.fitting.chart_order import ordered
from features.fitting.labels import parse, system_of
from features.fitting.systems import CLOTHES, LETTER, SHOES, base_of, sex_of
from features.fitting.terms import Cell, Chart, ChartKind, ChartSource, SizeRow, Zone
from features.fitting.zones import lines_of

EN_13402 = "EN 13402-3"
ASTM_D5585 = "ASTM D5585-11e1"
ISO_19407 = "ISO/TS 19407"
HIP_OVER_BUST_CM = 6.35  # ASTM D5585-95
SHOE_SIZES: Mapping[str, range] = {"female": range(34, 45), "male": range(38, 51)}
"""EU sizes that shops keep; ANSUR II's 5th to 95th percentile is 36 to 42 of women, 39.5 to 46 of men."""

SHOE_STEP_CM = 2 / 3  # one EU size
_TOP_CATEGORIES = ("upper_body", "dress")
_NO_STANDARD = ("bra",)  # cups and bands are in no table here


def standard_chart(garment: str | None, category: str | None, gender: str | None) -> Chart | None:
    """Body chart of a standard: EN 13402-3 letters for clothes, EU sizes by foot length for shoes.

    `garment`: a row of the ease table. `category`: upper_body, lower_body, dress or shoes. None when one of them or the
    gender is not known, or there is no table: a chart is never invented.
    """
    sex = sex_of(gender)
    if sex is None or garment in _NO_STANDARD:
        return None
    if category == "shoes":
        return _standard(_shoe_rows(sex), ISO_19407)
    if category in _TOP_CATEGORIES:
        return _standard(_letter_rows(sex), EN_13402)
    return _standard(_without_chest(_letter_rows(sex)), EN_13402) if category == "lower_body" else None


def chart_for_labels(labels: Sequence[str], category: str | None, gender: str | None) -> Chart | None:
    """What a standard says of sizes of which only the names are known: letters, or numbers that name their system.

    Numbers are translated to the EU's, which is worth about a size of doubt (`conversion`); US misses' sizes have a
    standard of their own. None when category or gender is not known, or not all sizes are in a table.
    """
    chart = standard_chart(None, category, gender)
    if chart is None or not labels:
        return None
    if system_of(labels) == LETTER:
        rows = [_in_letters(label, chart.rows) for label in labels]
    elif system_of(labels) == "US" and sex_of(gender) == "female" and category != "shoes":
        chart = _standard(_us_misses_rows(category), ASTM_D5585)
        rows = [_renamed(label, chart.rows) for label in labels]
    else:
        kind = SHOES if category == "shoes" else CLOTHES
        chart = replace(chart, conversion=system_of(labels) != "EU")
        rows = [_by_number(label, gender, kind, category) for label in labels]
    found = [row for row in rows if row]
    return replace(chart, rows=ordered(found)) if len(found) == len(labels) else None


def _in_letters(label: str, rows: Sequence[SizeRow]) -> SizeRow | None:
    """S/M reaches from the least of S to the most of M."""
    name = parse(label).main
    held = [row for row in rows if name.lo <= parse(row.label).main.lo <= name.hi]
    if not held:
        return None
    return SizeRow(label, {zone: Cell(cell.lo, held[-1].cells[zone].hi) for zone, cell in held[0].cells.items()})


def _renamed(label: str, rows: Sequence[SizeRow]) -> SizeRow | None:
    found = next((row for row in rows if parse(row.label).main.lo == parse(label).main.lo), None)
    return SizeRow(label, found.cells) if found else None


def _by_number(label: str, gender: str | None, kind: str, category: str | None) -> SizeRow | None:
    base, sex = base_of(label, gender, kind), sex_of(gender)
    if base is None or sex is None:
        return None
    if kind == SHOES:
        return SizeRow(label, _foot(base - SHOE_STEP_CM, base))
    girths = next((girths for number, *girths in _series(sex) if number == base), None)
    if girths is None:
        return None
    zones = zip((Zone.CHEST, Zone.WAIST, Zone.HIP), girths, strict=True)
    row = SizeRow(label, {zone: _exact(girth) for zone, girth in zones if girth is not None})
    return row if category != "lower_body" else _without_chest([row])[0]


@cache
def _us_misses_rows(category: str | None) -> tuple[SizeRow, ...]:
    """Exact girths; the waist is the middle of the curvy and the straight figure."""
    rows = []
    for line in lines_of("astm_d5585.tsv"):
        label, bust, curvy, straight = line.split("\t")
        waist, hip = (float(curvy) + float(straight)) / 2, float(bust) + HIP_OVER_BUST_CM
        cells = {Zone.CHEST: _exact(float(bust)), Zone.WAIST: _exact(waist), Zone.HIP: _exact(hip)}
        rows.append(SizeRow(label, cells))
    return tuple(rows if category != "lower_body" else _without_chest(rows))


def _exact(number: float) -> Cell:
    return Cell(round(number, 2), round(number, 2))


def _standard(rows: Sequence[SizeRow], name: str) -> Chart:
    return Chart(rows=tuple(rows), kind=ChartKind.BODY, kind_inferred=False, source=ChartSource.STANDARD, standard=name)


def _without_chest(rows: Sequence[SizeRow]) -> list[SizeRow]:
    return [
        SizeRow(row.label, {zone: cell for zone, cell in row.cells.items() if zone is not Zone.CHEST}) for row in rows
    ]


@cache
def _series(sex: str) -> tuple[tuple[float, float, float, float | None], ...]:
    rows = (line.split("\t") for line in lines_of("en13402_series.tsv"))
    return tuple(
        (float(number), float(chest), float(waist), None if hip == "-" else float(hip))
        for of, number, chest, waist, hip in rows
        if of == sex
    )


@cache
def _letter_rows(sex: str) -> tuple[SizeRow, ...]:
    """Letters are defined by the chest; waist and hip are the series of the standard at the bounds of the letter."""
    rows = []
    for line in lines_of("en13402_letters.tsv"):
        of, label, lo, hi = line.split("\t")
        if of == sex:
            rows.append(SizeRow(label, _letter_cells(sex, float(lo), float(hi))))
    return tuple(rows)


def _letter_cells(sex: str, lo: float, hi: float) -> dict[Zone, Cell]:
    series = _series(sex)
    waists = [(chest, waist) for _, chest, waist, _ in series]
    hips = [(chest, hip) for _, chest, _, hip in series if hip is not None]
    cells = {Zone.CHEST: Cell(lo, hi), Zone.WAIST: Cell(_at(waists, lo), _at(waists, hi))}
    return {**cells, Zone.HIP: Cell(_at(hips, lo), _at(hips, hi))} if hips else cells


def _at(points: Sequence[tuple[float, float]], chest: float) -> float:
    """Linear between the rows of the series; beyond its ends the difference to the chest stays as in the last row."""
    for (x, y), (next_x, next_y) in pairwise(points):
        if x <= chest <= next_x:
            return round(y + (next_y - y) * (chest - x) / (next_x - x), 2)
    x, y = points[0] if chest < points[0][0] else points[-1]
    return round(y + chest - x, 2)


def _shoe_rows(sex: str) -> list[SizeRow]:
    lengths = [(size, (size - 2) / 1.5) for size in SHOE_SIZES[sex]]  # ISO/TS 19407: EU = 1.5 * foot + 2
    return [SizeRow(f"EU {size}", _foot(length - SHOE_STEP_CM, length)) for size, length in lengths]


def _foot(lo: float, hi: float) -> dict[Zone, Cell]:
    """A size holds feet from the length of the size before to its own: longer ones need the next size."""
    return {Zone.FOOT_LENGTH: Cell(round(lo, 2), round(hi, 2))}
