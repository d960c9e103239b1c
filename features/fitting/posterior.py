"""Which size a body belongs to, as probabilities: normal errors of the body against the cells of the chart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from features.fitting.bodies import LARGE_GIRTH_SD, tape_sd
from features.fitting.rulers import Ruler
from features.fitting.terms import BodySource, BodyValue, Cell, Chart, ChartSource, Zone

_ROOT_2, _LOG_ROOT_2PI = math.sqrt(2), math.log(math.sqrt(2 * math.pi))
_NARROW, _FAR, _FARTHEST = 1e-6, 20.0, 1e100
_LEAST_WIDTH = 1e-12

SPREAD_CM: dict[ChartSource, float] = {ChartSource.SHOP: 1.0, ChartSource.BRAND: 1.5, ChartSource.STANDARD: 1.0}
"""Sd of what a size is made for around what its chart says, at large girths.

1.0: a chart of the garment itself, or a standard that is asked about for its own sake, defines its sizes; what is left
is cutting and sewing. Tuned on the ANSUR II sample (benchmarks/fitting.py says how). 1.5: one chart of a brand for all
its garments.
"""
STAND_IN_SPREAD_CM = 3.0
"""A standard chart in the place of a shop's own that nobody has: brands differ by about one size, 4 to 8 cm."""
AID = 0.75
"""What a hip alone tells of a letter that goes by the bust: chosen on the even rows of that sample, hips told only."""
WAIST_SPREAD_CM = 2.0
"""Of garments whose sizes do not go by the waist: for the same bust the two waists of ASTM D5585-11, curvy and
straight, lie 3.8 cm apart."""


@dataclass(frozen=True)
class Evidence:
    """A zone that both chart and body know. `sigma`: of body and chart together. `weight`: the largest of all is 1."""

    ruler: Ruler
    value: BodyValue
    sigma: float
    weight: float = 1.0

    @property
    def estimated(self) -> bool:
        return self.value.source is BodySource.ESTIMATED

    @cached_property
    def logs(self) -> tuple[float, ...]:
        """Log of the probability that the body lies in each size's cell."""
        return tuple(log_share(cell, self.value.cm, self.sigma) for cell in self.ruler.shares)

    def at(self, cm: float) -> Evidence:
        """The same zone with another finding."""
        return replace(self, value=replace(self.value, cm=cm))


def stands_in(chart: Chart) -> bool:
    """A standard that carries its name was put in the place of the shop's chart; one that was sent is what is asked."""
    return chart.source is ChartSource.STANDARD and chart.standard is not None


def sigma_of(ruler: Ruler, sd: float, chart: Chart) -> float:
    """Sd of the body's error and the chart's together. Charts are finer where sizes lie closer: necks, feet."""
    spread = STAND_IN_SPREAD_CM if stands_in(chart) else SPREAD_CM[chart.source]
    spread *= min(1.0, tape_sd(ruler.zone) / LARGE_GIRTH_SD)
    beside = ruler.zone is Zone.WAIST and ruler.importance < 1
    return math.hypot(sd, max(spread, WAIST_SPREAD_CM) if beside else spread)


def weighed(evidence: Iterable[Evidence], main: float) -> tuple[Evidence, ...]:
    """With weights, the heaviest first: importance / sigma^2, the largest 1; 0 for zones that are only told of.

    `main`: the largest importance among the chart's zones. A zone that counts less beside it never weighs more than
    its part of it to the power AID, however vague or absent the main one is.
    """
    found = list(evidence)
    raw = [item.ruler.importance / item.sigma**2 for item in found]
    heaviest = max(raw, default=0.0)
    if not heaviest:
        return tuple(replace(item, weight=0.0) for item in found)
    known = [
        replace(item, weight=min(weight / heaviest, (item.ruler.importance / main) ** AID))
        for item, weight in zip(found, raw, strict=True)
    ]
    return tuple(sorted(known, key=lambda item: -item.weight))


def believed(evidence: Sequence[Evidence], sizes: int) -> tuple[float, ...]:
    """Probability of each size; without evidence all are alike."""
    totals = [sum(item.weight * item.logs[place] for item in evidence) for place in range(sizes)]
    best = max(totals)
    odds = [math.exp(total - best) for total in totals]
    whole = sum(odds)
    return tuple(odd / whole for odd in odds)


def log_share(cell: Cell, mean: float, sigma: float) -> float:
    """Log of the mass of a normal distribution in a cell, exact far outside too, where it falls with the square."""
    a, b = sorted((_clamped((cell.lo - mean) / sigma), _clamped((cell.hi - mean) / sigma)))
    if a + b < 0:
        a, b = -b, -a
    if b - a < _NARROW:
        middle = (a + b) / 2
        return math.log(max(b - a, _LEAST_WIDTH)) - middle * middle / 2 - _LOG_ROOT_2PI
    if a < _FAR:
        return math.log((math.erfc(a / _ROOT_2) - math.erfc(b / _ROOT_2)) / 2)
    return _log_tail(a) + math.log(-math.expm1(_log_tail(b) - _log_tail(a)))


def above(bound: float, mean: float, sigma: float) -> float:
    """Probability of being over a bound."""
    return math.erfc(_clamped((bound - mean) / sigma) / _ROOT_2) / 2


def _log_tail(x: float) -> float:
    """Of the normal distribution beyond x > 0: the asymptotic series, good to 1e-8 from _FAR on."""
    square = 1 / (x * x)
    return -x * x / 2 - math.log(x) - _LOG_ROOT_2PI + math.log1p(-square + 3 * square**2 - 15 * square**3)


def _clamped(x: float) -> float:
    return max(-_FARTHEST, min(_FARTHEST, x))
