"""The size chart of a page: a table whose heads are sizes on one side and measures on the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from features.garments.extractors.markup import pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sizes import is_size
from features.garments.extractors.values import clean

TABLES_AT_MOST, ROWS_AT_MOST, CELLS_AT_MOST = 20, 40, 20
_MEASURE = re.compile(
    r"chest|bust|waist|hip|inseam|inside leg|sleeve|shoulder|length|height|neck|collar|foot|thigh"
    r"|brust|taille|hüft|huft|innenbein|schritt|ärmel|länge|körpergr|fuß"
    r"|poitrine|hanches|entrejambe|longueur|stature|tour de|pied"
    r"|pecho|busto|cintura|cadera|entrepierna|largo|altura|pie\b|contorno"
    r"|petto|torace|vita\b|fianchi|cavallo|lunghezza|peito|quadril|anca|comprimento|borst|heup|lengte"
    r"|bröst|midja|höft|rinta|vyötärö|lantio|klatka|talia|biodra",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d{1,3}(?:[.,]\d{1,2})?(?:\s?(?:[-–/]|to|bis|à|a)\s?\d{1,3}(?:[.,]\d{1,2})?)?\s?(?:cm|in|\"|″|'')?", re.IGNORECASE
)


def size_chart_of(page: ParsedPage) -> dict[str, dict[str, Any]] | None:
    """size -> measure -> text as the page writes it; the first table that is a chart. None when there is none."""
    if "<table" not in page.html:
        return None
    for table in islice(page.tree.iter("table"), TABLES_AT_MOST):
        rows = _rows(table)
        chart = _chart(rows) or _chart(_turned(rows))
        if chart:
            return chart
    return None


def _own_rows(table: Any) -> Iterator[Any]:
    """Not those of tables inside it: a page may nest hundreds."""
    for child in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        yield from [child] if child.tag == "tr" else child.iterchildren("tr")


def _rows(table: Any) -> list[list[str]]:
    rows = []
    for row in islice(_own_rows(table), ROWS_AT_MOST):
        cells = [
            clean(" ".join(pieces(cell, 20, nodes=60)), 80) or ""
            for cell in islice(row.iterchildren("td", "th"), CELLS_AT_MOST)
        ]
        if cells:
            rows.append(cells)
    return rows


def _turned(rows: list[list[str]]) -> list[list[str]]:
    width = min((len(row) for row in rows), default=0)
    return [[row[place] for row in rows] for place in range(width)]


def _chart(rows: list[list[str]]) -> dict[str, dict[str, Any]] | None:
    """Rows are sizes, the first row names the measures."""
    if len(rows) < 3:
        return None
    measures = {place: name for place, name in enumerate(rows[0]) if place and _MEASURE.search(name)}
    sized = [row for row in rows[1:] if is_size(row[0])]
    if not measures or len(sized) < 2 or len(sized) < 0.6 * len(rows[1:]):
        return None
    chart = {row[0]: {name: row[place] for place, name in measures.items() if _is_measure(row, place)} for row in sized}
    chart = {size: found for size, found in chart.items() if found}
    return chart if len(chart) > 1 else None


def _is_measure(row: list[str], place: int) -> bool:
    return place < len(row) and _NUMBER.fullmatch(row[place]) is not None
