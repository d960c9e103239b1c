"""One axis of a chart's sizes (most have one, jeans two): what the body says of it and which size it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from features.fitting.posterior import Evidence, believed, sigma_of, weighed
from features.fitting.rulers import Ruler, ruler_of
from features.fitting.terms import Body, Chart, FitContext, Preference
from features.fitting.two_axes import Scale

NEAR_TIE = 9 / 11
"""Odds of two sizes that are as good as tied: they differ by .1 where they share all of the probability."""


@dataclass(frozen=True)
class Axis:
    """`rulers`: every zone that could be compared. `evidence`: those that the body knows, the heaviest first."""

    scale: Scale
    rulers: tuple[Ruler, ...]
    evidence: tuple[Evidence, ...]

    @property
    def known(self) -> bool:
        return bool(self.evidence) and self.evidence[0].weight > 0

    @property
    def main(self) -> float:
        return max((ruler.importance for ruler in self.rulers), default=1.0)

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """Probability of each step."""
        return believed(self.evidence, len(self.scale.steps))

    @property
    def best(self) -> int:
        return max(range(len(self.shares)), key=self.shares.__getitem__)

    def pick(self, preference: Preference) -> int:
        """The step to take: the likeliest of those that are not too tight where the cloth closes round the body.

        Of neighbours that are as good as tied, slim takes the smaller, relaxed the larger, and regular the smallest
        that is not tight. A larger body never gets a smaller step: all odds move one way, and so do the limits.
        """
        floor = max((item.ruler.first_wearable(item.value.cm) for item in self._binding), default=0)
        best = max(range(floor, len(self.shares)), key=self.shares.__getitem__)
        enough = NEAR_TIE * self.shares[best]
        near = range(max(floor, best - 1), min(best + 2, len(self.shares)))
        tied = [step for step in near if self.shares[step] >= enough]
        if preference is Preference.SLIM:
            return tied[0]
        if preference is Preference.RELAXED:
            return tied[-1]
        return min(tied[-1], max(tied[0], self._first_easy))

    @property
    def outside(self) -> int | None:
        """The end of the chart that the body lies beyond by more than half a step: 0, the last step, or None."""
        if not self.known:
            return None
        heaviest = self.evidence[0]
        if any(item.value.cm > item.ruler.largest_body for item in (heaviest, *self._binding)):
            return len(self.scale.steps) - 1
        return 0 if heaviest.value.cm < heaviest.ruler.smallest_body else None

    @property
    def tells_apart(self) -> bool:
        """Whether what is known of the body can speak for one step more than for another."""
        return len(self.scale.steps) == 1 or any(item.weight and item.ruler.differs for item in self.evidence)

    def is_off(self, step: int) -> bool:
        """Whether a step is no size to wear where the cloth closes round the body: too small at any place, or too large
        at one and not filled at another (a body of two sizes needs the larger)."""
        places = [(item.ruler, item.value.cm) for item in self._binding]
        if any(ruler.is_too_small(step, cm) for ruler, cm in places):
            return True
        filled = any(cm >= ruler.worn[step].lo for ruler, cm in places)
        return not filled and any(ruler.is_too_large(step, cm) for ruler, cm in places)

    @property
    def _binding(self) -> tuple[Evidence, ...]:
        """An estimate forbids nothing."""
        return tuple(item for item in self.evidence if item.ruler.hard and not item.estimated)

    @property
    def _first_easy(self) -> int:
        """The smallest step with no zone over its range."""
        return max((item.ruler.first_easy(item.value.cm) for item in self.evidence if item.weight), default=0)


def axis_of(scale: Scale, body: Body, chart: Chart, context: FitContext) -> Axis:
    made = (ruler_of(zone, cells, scale.kind, context) for zone, cells in scale.cells.items())
    rulers = tuple(ruler for ruler in made if ruler)
    main = max((ruler.importance for ruler in rulers), default=1.0)
    known = [
        Evidence(ruler, body[ruler.zone], sigma_of(ruler, body[ruler.zone].sd, chart))
        for ruler in rulers
        if ruler.zone in body
    ]
    return Axis(scale, rulers, weighed(known, main) if main else ())
