"""Size advice: a body and a chart in, a verdict out. Pure maths; everything in cm and kg.

Each zone says with normal errors in which size's cell the body lies; the zones are pooled by importance and precision;
what the chart or the body leaves open caps the confidence. Two things hold by construction, whatever the chart: the
probabilities sum to 1, and a larger body never gets a smaller size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from features.fitting.axis import Axis, axis_of
from features.fitting.bodies import FIELDS, body_of
from features.fitting.expected import top_if_measured, unmeasured
from features.fitting.rulers import Ruler
from features.fitting.terms import (
    Advice,
    Alternative,
    Body,
    Chart,
    ChartSource,
    Decision,
    FitContext,
    MissingMeasurement,
    SizeFit,
    Verdict,
    Zone,
)
from features.fitting.two_axes import Layout, Scale, layout_of, one_axis
from features.fitting.verdicts import zones_at

__all__ = ["advise", "body_of"]

TIE = 0.1
"""Sizes whose probabilities lie closer are between_sizes, if they hold at least half of the probability together."""
TIE_HOLDS = 0.5
GUESS = 0.5
"""Confidence, of two axes that of the weaker one, up to which the advice is low_confidence."""
ESTIMATED_CAP, STANDARD_CAP, UNIT_CAP, CONVERSION_CAP = 0.5, 0.6, 0.4, 0.5
"""Confidence at most: with no tape at any girth or length that the chart gives; by a standard chart; when the unit was
a guess; when labels were translated between size systems, whose tables differ by one or two sizes."""
RIVAL = 0.2
"""Probability of the second best size from which on it is named beside a clear recommendation."""
_STATURE = frozenset({Zone.HEIGHT, Zone.WEIGHT})
_TIGHT = (Verdict.TIGHT, Verdict.TOO_TIGHT)


def advise(body: Body, chart: Chart, context: FitContext) -> Advice:
    """The best size of the chart, how sure that is, and what to measure to know better.

    insufficient_data (no size) when the body lacks all that the chart, or one of its two axes, speaks of;
    outside_chart (no size, the nearest one among the alternatives) when it lies half a step beyond the ends, or the
    nearest size is far off where the cloth closes round the body. low_confidence when all sizes are alike by what is
    known.
    """
    return _Question(body, chart, context).advice()


@dataclass(frozen=True)
class _Question:
    body: Body
    chart: Chart
    context: FitContext

    @cached_property
    def layout(self) -> Layout:
        """On one axis where nothing that can be compared tells the lengths apart, so that they hold nothing up."""
        layout = layout_of(self.chart)
        lengths = layout.scales[1:]
        return layout if all(self._axis(scale).rulers for scale in lengths) else one_axis(self.chart)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(self._axis(scale) for scale in self.layout.scales)

    def _axis(self, scale: Scale) -> Axis:
        return axis_of(scale, self.body, self.chart, self.context)

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """Probability of each row: of its steps together, among the combinations that exist."""
        raw = [math.prod(axis.shares[step] for axis, step in self._steps(row)) for row in range(len(self.chart.rows))]
        whole = sum(raw)
        return tuple(part / whole if whole else 1 / len(raw) for part in raw)

    @cached_property
    def ranked(self) -> list[int]:
        """Rows, the likeliest first."""
        return sorted(range(len(self.shares)), key=lambda row: -self.shares[row])

    @cached_property
    def picked(self) -> int:
        """The row of the picked steps; where the shop does not make this combination, the likeliest that it makes and
        that can be worn: a leg can be turned up, a waist cannot be let out."""
        wanted = tuple(axis.pick(self.context.preference) for axis in self.axes)
        made = (row for row, place in enumerate(self.layout.places) if place == wanted)
        worn = (row for row in self.ranked if not self._is_off(row))
        return next(chain(made, worn), self.ranked[0])

    def size_fit(self, row: int) -> SizeFit:
        zones = [zone for axis, step in self._steps(row) for zone in zones_at(axis, step)]
        label, known = self.chart.rows[row].label, any(axis.known for axis in self.axes)
        return SizeFit(label, self.shares[row] if known else 0.0, tuple(sorted(zones, key=lambda zone: -zone.weight)))

    def advice(self) -> Advice:
        known = [axis for axis in self.axes if axis.known]
        if not known:
            return Advice(Decision.INSUFFICIENT_DATA, None, 0.0, (), missing=self._missing(0.0))
        decision = self._decision()
        decided = decision not in (Decision.INSUFFICIENT_DATA, Decision.OUTSIDE_CHART)
        confidence = self._confidence(self.shares[self.picked]) if decided else 0.0
        return Advice(
            decision=decision,
            recommended=self.chart.rows[self.picked].label if decided else None,
            confidence=confidence,
            sizes=tuple(self.size_fit(row) for row in range(len(self.chart.rows))),
            alternatives=tuple(self._alternatives(decision)),
            missing=self._missing(confidence),
            axes=_told(known) if len(self.axes) > 1 else {},
        )

    def _is_off(self, row: int) -> bool:
        return any(axis.is_off(step) for axis, step in self._steps(row))

    def _steps(self, row: int) -> Iterator[tuple[Axis, int]]:
        return zip(self.axes, self.layout.places[row], strict=True)

    def _decision(self) -> Decision:
        if any(axis.outside is not None for axis in self.axes):
            return Decision.OUTSIDE_CHART
        if not all(axis.known for axis in self.axes):
            return Decision.INSUFFICIENT_DATA
        if self._is_off(self.picked):
            return Decision.OUTSIDE_CHART
        if not all(axis.tells_apart for axis in self.axes):
            return Decision.LOW_CONFIDENCE
        if self._tied:
            return Decision.BETWEEN_SIZES
        weakest = min(axis.shares[step] for axis, step in self._steps(self.picked))
        return Decision.LOW_CONFIDENCE if self._confidence(weakest) <= GUESS else Decision.RECOMMENDED

    @property
    def _tied(self) -> bool:
        first, second = (self.shares[row] for row in (self.ranked + self.ranked)[:2])
        return len(self.ranked) > 1 and first - second < TIE and first + second >= TIE_HOLDS

    def _confidence(self, top: float, measured: Ruler | None = None) -> float:
        """Of a probability: less by half of the share of the chart's zones that is not known, and capped by what the
        chart and the body leave open. `measured`: as if this zone were, too."""
        known = {item.ruler.zone: 0.5 if item.estimated else 1.0 for axis in self.axes for item in axis.evidence}
        if measured:
            known[measured.zone] = 1.0
        rulers = [ruler for axis in self.axes for ruler in axis.rulers]
        share = sum(ruler.importance * known.get(ruler.zone, 0.0) for ruler in rulers)
        whole = sum(ruler.importance for ruler in rulers)
        alone = 1.0 if len(self.shares) > 1 else self._inside
        return min(top * alone * (0.5 + 0.5 * share / whole), *self._caps(known))

    @property
    def _inside(self) -> float:
        """A chart of one size has no rival: what is left to doubt is whether the body lies in it."""
        return math.exp(sum(item.weight * item.logs[0] for axis in self.axes for item in axis.evidence))

    def _caps(self, known: Mapping[Zone, float]) -> Iterator[float]:
        yield 1.0
        asked = {ruler.zone for axis in self.axes for ruler in axis.rulers} - _STATURE or _STATURE
        if not any(share == 1.0 for zone, share in known.items() if zone in asked):
            yield ESTIMATED_CAP
        if self.chart.source is ChartSource.STANDARD:
            yield STANDARD_CAP
        if self.chart.unit_ambiguous:
            yield UNIT_CAP
        if self.chart.conversion:
            yield CONVERSION_CAP

    def _missing(self, confidence: float) -> tuple[MissingMeasurement, ...]:
        """The most helpful first. Knowing more is never expected to help less than nothing."""
        found = [
            MissingMeasurement(FIELDS[ruler.zone][0], max(confidence, self._expected(axis, ruler)))
            for axis in self.axes
            for ruler in unmeasured(axis)
        ]
        return tuple(sorted(found, key=lambda item: -item.confidence_if_added))

    def _expected(self, axis: Axis, ruler: Ruler) -> float:
        others = math.prod(max(other.shares) for other in self.axes if other is not axis)
        return self._confidence(top_if_measured(axis, ruler, self.chart) * others, ruler)

    def _alternatives(self, decision: Decision) -> Iterator[Alternative]:
        labels = [row.label for row in self.chart.rows]
        if decision is Decision.OUTSIDE_CHART:
            yield Alternative(labels[self._nearest_end], "It is the nearest size, but not made for these measurements.")
        elif decision is Decision.INSUFFICIENT_DATA:
            for row in self._rows_of_known_steps:
                yield Alternative(labels[row], "It is one of the sizes that fit by what is known.")
        else:
            yield from self._rivals(decision, labels)

    def _rivals(self, decision: Decision, labels: Sequence[str]) -> Iterator[Alternative]:
        second = next((row for row in self.ranked[:2] if row != self.picked), None)
        if second is not None and (decision is not Decision.RECOMMENDED or self.shares[second] >= RIVAL):
            way = "closer" if second < self.picked else "roomier"
            likely = "nearly as likely" if decision is Decision.BETWEEN_SIZES else "the next likely size"
            yield Alternative(labels[second], f"It is {likely}: a {way} fit.")
            return
        larger = self.picked + 1
        tight = [zone for zone in self.size_fit(self.picked).zones if zone.verdict in _TIGHT]
        if tight and larger < len(labels) and len(self.axes) == 1:
            places = " and ".join(zone.zone.replace("_", " ") for zone in tight)
            yield Alternative(labels[larger], f"It gives more room where {labels[self.picked]} is tight: {places}.")

    @property
    def _nearest_end(self) -> int:
        """The likeliest row among those at the end that the body lies beyond; between two sizes the picked one."""
        ends = [axis.outside for axis in self.axes]
        if not any(end is not None for end in ends):
            return self.picked
        fitting = [
            row
            for row in self.ranked
            if all(end in (None, place) for end, place in zip(ends, self.layout.places[row], strict=True))
        ]
        return (fitting or self.ranked)[0]

    @property
    def _rows_of_known_steps(self) -> list[int]:
        steps = [axis.pick(self.context.preference) if axis.known else None for axis in self.axes]
        return [
            row
            for row, place in enumerate(self.layout.places)
            if all(step in (None, own) for step, own in zip(steps, place, strict=True))
        ]


def _told(axes: Sequence[Axis]) -> dict[str, dict[str, float]]:
    return {axis.scale.name: dict(zip(axis.scale.steps, axis.shares, strict=True)) for axis in axes}
