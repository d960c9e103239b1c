"""What a person should know of how a chart was read: few sentences, each naming a few things."""

from __future__ import annotations

from collections.abc import Iterable

from features.fitting.terms import ChartNotice

NAMED_AT_MOST = 5

_SENTENCES = {
    "children_skipped": "Sizes for children were left out, advice is for adults: {}.",
    "column_unknown": "Columns that name no measurement we know were left out: {}.",
    "cell_unreadable": "Numbers that could not be read were left out: {}.",
    "number_impossible": "Numbers that no adult's size has were left out: {}.",
    "unit_unknown": "Columns whose numbers fit no unit were left out: {}.",
    "unit_ambiguous": "It is not certain whether these are inches, or half widths in cm: {}. Name the unit"
    " and chart_kind (body or garment) to be sure.",
    "unit_contradicted": "The numbers do not fit the unit that is named and were read in the other one: {}.",
    "half_width_doubled": "Widths of the garment laid flat were doubled: {}.",
    "column_twice": "Columns that say the same again were left out: {}.",
    "size_twice": "Sizes that stand in the chart twice were taken once: {}.",
    "row_skipped": "Sizes without a usable number were left out: {}.",
    "zone_dropped": "Measurements that do not grow with the size were left out: {}.",
    "sizes_alike": "The chart says the same of all its sizes, so it does not tell them apart.",
    "inseam_from_label": "The inside leg was taken from the sizes' names, in inches: {}.",
}


class Notices:
    """Collects names under codes; says them in one order, whatever the order of the chart was."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def add(self, code: str, name: str) -> None:
        self._names.setdefault(code, set()).add(name)

    def all(self) -> tuple[ChartNotice, ...]:
        return tuple(
            ChartNotice(code, sentence.format(_list(self._names[code])))
            for code, sentence in _SENTENCES.items()
            if code in self._names
        )


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - NAMED_AT_MOST
    return ", ".join(ordered[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
