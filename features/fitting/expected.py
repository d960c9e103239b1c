"""What measuring one more place with a tape is worth: the probability of the best size to expect afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from features.fitting.axis import Axis
from features.fitting.bodies import FIELDS, tape_sd
from features.fitting.posterior import Evidence, believed, sigma_of, weighed
from features.fitting.rulers import Ruler
from features.fitting.terms import BodySource, BodyValue, Cell, Chart

_LEVELS = ((0.1, -1.2816), (0.3, -0.5244), (0.5, 0.0), (0.7, 0.5244), (0.9, 1.2816))
"""Five values that are equally likely to be found, as shares and as sds of the normal distribution."""


def unmeasured(axis: Axis) -> list[Ruler]:
    """Zones that count and that no tape has seen, the most important first."""
    guessed = {item.ruler.zone for item in axis.evidence if item.estimated}
    known = {item.ruler.zone for item in axis.evidence}
    found = [ruler for ruler in axis.rulers if ruler.importance and (ruler.zone in guessed or ruler.zone not in known)]
    return sorted(found, key=lambda ruler: -ruler.importance)


def top_if_measured(axis: Axis, ruler: Ruler, chart: Chart) -> float:
    """The mean over what the tape may find: around the estimate, else anywhere where the sizes that are likely now
    would be. Only the tape's error is left then."""
    sd = tape_sd(ruler.zone)
    sigma = sigma_of(ruler, sd, chart)
    others = [item for item in axis.evidence if item.ruler.zone is not ruler.zone]
    value = BodyValue(0.0, sd, BodySource.MEASURED, FIELDS[ruler.zone][0])
    known = weighed([*others, Evidence(ruler, value, sigma)], axis.main)
    tops = [max(believed(_found(known, ruler, cm), len(axis.scale.steps))) for cm in _finds(axis, ruler)]
    return sum(tops) / len(tops)


def _found(known: Sequence[Evidence], ruler: Ruler, cm: float) -> list[Evidence]:
    return [item.at(cm) if item.ruler is ruler else item for item in known]


def _finds(axis: Axis, ruler: Ruler) -> list[float]:
    guess = next((item.value for item in axis.evidence if item.ruler.zone is ruler.zone), None)
    if guess:
        return [guess.cm + sds * guess.sd for _, sds in _LEVELS]
    return [_quantile(ruler.shares, axis.shares, level) for level, _ in _LEVELS]


def _quantile(cells: Sequence[Cell], shares: Sequence[float], level: float) -> float:
    """Of the mixture that gives each size's cell its probability, evenly within the cell."""
    for cell, share, until in zip(cells, shares, accumulate(shares), strict=True):
        if until >= level and share:
            return cell.hi - (until - level) / share * (cell.hi - cell.lo)
    return cells[-1].hi
