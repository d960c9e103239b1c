"""What a question about sizes comes to: the advice, and everything that is told beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from features.body_measurements.model import Unit
from features.fitting.feedback import Experience
from features.fitting.terms import Advice, Chart, Decision, Preference, SizeFit, Verdict, ZoneFit


class Origin(StrEnum):
    """Where the chart was found."""

    REQUEST = "request"
    ITEM = "item"
    PAGE = "page"
    TABLE = "table"


class SizeVerdict(StrEnum):
    """Of one size as a whole. `mixed`: too tight at one place, too loose at another."""

    TOO_SMALL = "too_small"
    TIGHT = "tight"
    FITS = "fits"
    LOOSE = "loose"
    TOO_LARGE = "too_large"
    MIXED = "mixed"
    UNCERTAIN = "uncertain"


FITTING = frozenset({SizeVerdict.FITS, SizeVerdict.TIGHT, SizeVerdict.LOOSE})
DECIDED_SHARE = 0.5
"""Of the weights of all zones: with less of them judged nothing is said of the size as a whole."""
CONVERTED_CAP = 0.5
"""Tables of size systems disagree by one or two sizes."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know; it stopped nothing."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """`percent` of the body's girth that the cloth gives, 0 to 100. `elastane`: the share that this was read from."""

    percent: float = 0.0
    elastane: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The size that a check is about. `label`: as in the chart; `sent`: as the client wrote it."""

    label: str
    sent: str
    converted: bool = False


@dataclass(frozen=True, slots=True)
class FitOutcome:
    """`unit`: what the person counts in. `asked`: of a check. `origin`: None without a chart."""

    advice: Advice
    preference: Preference
    unit: Unit
    chart: Chart | None = None
    origin: Origin | None = None
    experience: Experience = field(default_factory=Experience)
    stretch: Stretch = field(default_factory=Stretch)
    warnings: tuple[Notice, ...] = ()
    asked: Asked | None = None

    @property
    def subject(self) -> SizeFit | None:
        """What the zones are told of: the size that was asked about, else the recommended, else the nearest one."""
        nearest = (item.size for item in self.advice.alternatives)
        wanted = self.asked.label if self.asked else self.advice.recommended or next(nearest, None)
        named = next((size for size in self.advice.sizes if size.label == wanted), None)
        return named or max(self.advice.sizes, key=lambda size: size.probability, default=None)

    @property
    def confidence(self) -> float:
        """Of the recommendation. A size that had to be translated into the chart's system is worth half at most."""
        translated = self.asked is not None and self.asked.converted
        return min(self.advice.confidence, CONVERTED_CAP) if translated else self.advice.confidence

    @property
    def fits(self) -> bool | None:
        """Whether the size is one to wear; None while that is not decided."""
        decision, size = self.advice.decision, self.subject
        if size is None or decision is Decision.INSUFFICIENT_DATA:
            return None
        if self.asked is None and decision is Decision.LOW_CONFIDENCE:
            return None
        verdict = size_verdict(size)
        return None if verdict is SizeVerdict.UNCERTAIN else verdict in FITTING


def size_verdict(size: SizeFit) -> SizeVerdict:
    """Out of the zones' verdicts. A zone that weighs little does not speak against a size by being loose."""
    judged = [zone for zone in size.zones if zone.verdict is not Verdict.UNCERTAIN]
    if not judged or _weight(judged) < DECIDED_SHARE * _weight(size.zones):
        return SizeVerdict.UNCERTAIN
    found = {zone.verdict for zone in judged if _tells(zone)}
    if {Verdict.TOO_TIGHT, Verdict.TOO_LOOSE} <= found:
        return SizeVerdict.MIXED
    return next((verdict for zones, verdict in _ORDER if zones in found), SizeVerdict.FITS)


_ORDER = (
    (Verdict.TOO_TIGHT, SizeVerdict.TOO_SMALL),
    (Verdict.TOO_LOOSE, SizeVerdict.TOO_LARGE),
    (Verdict.TIGHT, SizeVerdict.TIGHT),
    (Verdict.LOOSE, SizeVerdict.LOOSE),
)
_TIGHT_WEIGHT, _LOOSE_WEIGHT = 0.15, 0.5


def _tells(zone: ZoneFit) -> bool:
    return zone.weight >= (_LOOSE_WEIGHT if zone.verdict in (Verdict.LOOSE, Verdict.TOO_LOOSE) else _TIGHT_WEIGHT)


def _weight(zones: list[ZoneFit] | tuple[ZoneFit, ...]) -> float:
    return sum(zone.weight for zone in zones)
