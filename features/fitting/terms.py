"""The words of fitting: zones, cells, charts, bodies and advice. Everything is in cm (kg for mass). No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Zone(StrEnum):
    """A place on the body that a size chart gives a number for. `length` is the garment's own, no body has it."""

    CHEST = "chest"
    UNDERBUST = "underbust"
    WAIST = "waist"
    HIP = "hip"
    THIGH = "thigh"
    CALF = "calf"
    NECK = "neck"
    BICEPS = "biceps"
    SHOULDER_GIRTH = "shoulder_girth"
    SHOULDER_WIDTH = "shoulder_width"
    ARM = "arm"
    INSEAM = "inseam"
    HEIGHT = "height"
    WEIGHT = "weight"
    FOOT_LENGTH = "foot_length"
    FOOT_WIDTH = "foot_width"
    LENGTH = "length"


LENGTHS = frozenset({Zone.INSEAM, Zone.ARM, Zone.HEIGHT})
"""Zones along the body: nothing is tight there."""


class ChartKind(StrEnum):
    """Whose measurements the numbers are."""

    BODY = "body"
    GARMENT = "garment"


class ChartSource(StrEnum):
    SHOP = "shop"
    BRAND = "brand"
    STANDARD = "standard"


class BodySource(StrEnum):
    MEASURED = "measured"
    LEGACY = "legacy"
    BRA_SIZE = "bra_size"
    ESTIMATED = "estimated"


class Preference(StrEnum):
    SLIM = "slim"
    REGULAR = "regular"
    RELAXED = "relaxed"


class Decision(StrEnum):
    RECOMMENDED = "recommended"
    BETWEEN_SIZES = "between_sizes"
    LOW_CONFIDENCE = "low_confidence"
    OUTSIDE_CHART = "outside_chart"
    INSUFFICIENT_DATA = "insufficient_data"


class Verdict(StrEnum):
    """`uncertain`: the body is not known well enough to say."""

    TOO_TIGHT = "too_tight"
    TIGHT = "tight"
    IDEAL = "ideal"
    LOOSE = "loose"
    TOO_LOOSE = "too_loose"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one size says of one zone, lo <= hi. `exact`: the chart gives one number (lo == hi), not a range."""

    lo: float
    hi: float

    @property
    def exact(self) -> bool:
        return self.lo == self.hi

    @property
    def middle(self) -> float:
        return (self.lo + self.hi) / 2


@dataclass(frozen=True, slots=True)
class ChartNotice:
    """Something about a chart that a person should know, e.g. unit_ambiguous, row_skipped, zone_dropped."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SizeRow:
    """`label`: as the shop writes it. `cells`: as the chart gives them, in cm; gaps are closed by the maths."""

    label: str
    cells: Mapping[Zone, Cell]


@dataclass(frozen=True, slots=True)
class Chart:
    """`rows` in the order from small to large. `unit_in`: how the shop wrote it (cm or in).

    `unit_ambiguous`: the unit, or half width against girth, was a guess. `conversion`: the labels were translated
    between size systems (EU, US, UK...), which is worth about one size of doubt.
    """

    rows: tuple[SizeRow, ...]
    kind: ChartKind = ChartKind.BODY
    kind_inferred: bool = True
    source: ChartSource = ChartSource.SHOP
    standard: str | None = None
    unit_in: str = "cm"
    unit_ambiguous: bool = False
    conversion: bool = False
    warnings: tuple[ChartNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class BodyValue:
    """What is known of the body at one zone: a mean and the sd of its error, both in cm (kg for mass).

    `field`: the measurement it comes from, which is what a person would measure again. `wide_sd`: of estimates, the
    sd among people at large; None where it is the same.
    """

    cm: float
    sd: float
    source: BodySource
    field: str
    wide_sd: float | None = None


Body = Mapping[Zone, BodyValue]


@dataclass(frozen=True, slots=True)
class FitContext:
    """`garment`: a row of the ease and weight tables (t_shirt, shirt, dress, jacket, coat, trousers, jeans, ...).

    `stretch_percent`: 0 to 100. `bias_steps`: how many sizes larger than the chart says this brand and item is to be
    taken, from people's feedback; negative is smaller.
    """

    garment: str
    preference: Preference = Preference.REGULAR
    stretch_percent: float = 0.0
    bias_steps: float = 0.0


@dataclass(frozen=True, slots=True)
class ZoneFit:
    """How one size sits at one zone. `deviation_cm`: of the body from the nearest bound, 0 inside, positive over it.

    `ease_cm`: garment minus body, of garment charts only. `tight`, `loose`: probabilities of being over or under.
    """

    zone: Zone
    body: BodyValue
    plus_minus_cm: float
    cell: Cell
    deviation_cm: float
    ease_cm: float | None
    verdict: Verdict
    weight: float
    tight: float
    loose: float


@dataclass(frozen=True, slots=True)
class SizeFit:
    """`probability`: that this is the best size of the chart, calibrated. `zones`: by weight, the largest first."""

    label: str
    probability: float
    zones: tuple[ZoneFit, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    size: str
    why: str


@dataclass(frozen=True, slots=True)
class MissingMeasurement:
    """`confidence_if_added`: what to expect of the probability once this is measured with a tape."""

    field: str
    confidence_if_added: float


@dataclass(frozen=True, slots=True)
class Advice:
    """`confidence`: the best size's probability after the caps for estimates, conversions and standard charts.

    `axes`: for sizes of two axes, e.g. {"waist": {"32": .7}, "length": {"34": .8}}; empty otherwise.
    """

    decision: Decision
    recommended: str | None
    confidence: float
    sizes: tuple[SizeFit, ...]
    alternatives: tuple[Alternative, ...] = ()
    missing: tuple[MissingMeasurement, ...] = ()
    axes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
