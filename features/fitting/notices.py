"""What is told beside the advice: of the garment, of the person, and of what both have been through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from features.fitting.ease import is_compared
from features.fitting.labels import find_label, same_label
from features.fitting.model import Outcome
from features.fitting.outcome import FitOutcome, Notice, Origin
from features.fitting.terms import Chart, Zone
from features.fitting.wearer import Wearer
from features.fitting.wording import listed, zone_name

GARMENT_UNKNOWN = Notice(
    "garment_unknown", "The kind of garment is not known; it was judged by what the chart measures."
)
ADULTS_ONLY = Notice("adults_only", "The standard chart is made for adults; for a growing body it may be wrong.")


def of_the_chart(chart: Chart, garment: str) -> Iterator[Notice]:
    """`garment`: the row of the tables that it was judged by. The garment's own length is no body's and goes unsaid."""
    zones = dict.fromkeys(zone for row in chart.rows for zone in row.cells if zone is not Zone.LENGTH)
    left_out = [zone_name(zone) for zone in zones if not is_compared(garment, zone, chart.kind)]
    if left_out:
        said = f"How much room belongs there is not known for this garment, so it was left out: {listed(left_out)}."
        yield Notice("zone_not_compared", said)


def of_the_wearer(wearer: Wearer, outcome: FitOutcome) -> Iterator[Notice]:
    if wearer.growing and outcome.origin is Origin.TABLE:
        yield ADULTS_ONLY
    if wearer.no_estimates and outcome.advice.missing and {"height", "weight"} <= wearer.values.keys():
        yield Notice("no_estimates", wearer.no_estimates)


def of_the_size(recommended: str, sold_out: Iterable[str], worn: Mapping[str, Outcome]) -> Iterator[Notice]:
    if find_label(list(sold_out), recommended):
        yield Notice("sold_out", f"The page says that {recommended} is sold out.")
    for size, said in worn.items():
        if same_label(size, recommended) and said is not Outcome.FIT:
            yield Notice("worn_before", f"You said of this garment that {size} was {said.value} for you.")
