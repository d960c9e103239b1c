"""The size that a client asks about, found in the chart: as written, in other words, or of another size system."""

from __future__ import annotations

from collections.abc import Sequence

from features.fitting.labels import find_label
from features.fitting.outcome import Asked
from features.fitting.systems import CLOTHES, SHOES, translate
from features.fitting.terms import Chart
from shared.errors import NotFoundError

NAMED_AT_MOST = 12
"""Sizes in the sentence; all of them stand in the details."""


def find_asked(chart: Chart, sent: str, *, sex: str | None, category: str | None) -> Asked:
    """Raises NotFoundError with the chart's sizes in its details."""
    labels = [row.label for row in chart.rows]
    known = find_label(labels, sent)
    if known:
        return Asked(known, sent)
    translated = translate(labels, sent, sex, SHOES if category == "shoes" else CLOTHES)
    if translated:
        return Asked(translated, sent, converted=True)
    raise NotFoundError(
        f"The size chart has no such size. It has {_listed(labels)}.",
        details={"fields": {"size": "is not in the size chart"}, "sizes": labels},
    )


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - NAMED_AT_MOST
    return ", ".join(labels[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
