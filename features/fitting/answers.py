"""What the fitting routes answer, as types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.fitting.model import Outcome
from features.fitting.outcome import SizeVerdict
from features.fitting.terms import BodySource, ChartKind, ChartSource, Decision, Preference, Verdict, Zone
from shared.answers import AnswerModel, NoticeAnswer

Share = Annotated[float, Field(ge=0, le=1)]


class AlternativeAnswer(AnswerModel):
    size: str
    why: str


class ZoneAnswer(AnswerModel):
    """Lengths in cm. `deviation_cm`: of the body from the size's range, 0 inside, positive over it. `ease_cm`: garment
    minus body, of charts of garment measurements only. `weight`: 1 is the zone that decides most."""

    zone: Zone
    body_cm: float
    body_source: BodySource
    plus_minus_cm: Annotated[float, Field(ge=0)]
    chart_lo: float
    chart_hi: float
    deviation_cm: float
    ease_cm: float | None
    verdict: Verdict
    weight: Share


class MissingAnswer(AnswerModel):
    """`confidence_if_added`: what to expect once this is measured."""

    field: str
    confidence_if_added: Share


class ChartAnswer(AnswerModel):
    """`source`: shop, brand, or standard where a standard chart stood in. `unit_in`: how the chart was written."""

    source: ChartSource
    standard: str | None
    kind: ChartKind
    kind_inferred: bool
    unit_in: str
    warnings: list[NoticeAnswer]


class AdviceAnswer(AnswerModel):
    """`zones`, `fits`, `fit_analysis`, `areas`: of the size asked about, else of the recommended or nearest one.

    `fits`: null while it is not decided. `probabilities`: by size, calibrated; `confidence`: of the recommended size,
    after the caps for estimates and stand-in charts. `axes`: of sizes such as W32 L34, each axis alone.
    """

    recommended_size: str | None
    decision: Decision
    confidence: Share
    confidence_label: Literal["high", "medium", "low"]
    probabilities: dict[str, Share]
    alternatives: list[AlternativeAnswer]
    zones: list[ZoneAnswer]
    missing_measurements: list[MissingAnswer]
    axes: dict[str, dict[str, Share]]
    chart: ChartAnswer | None
    fit_preference: Preference
    reasoning: str
    fits: bool | None
    fit_analysis: dict[Zone, str]
    areas: dict[Zone, Verdict]
    warnings: list[NoticeAnswer]


class CheckAnswer(AdviceAnswer):
    size: str
    size_verdict: SizeVerdict


class SizeAnswer(AnswerModel):
    size: str
    probability: Share
    verdict: SizeVerdict
    zones: list[ZoneAnswer]


class AnalysisAnswer(AdviceAnswer):
    """`sizes`: every size of the chart, from small to large."""

    size: str | None
    size_verdict: SizeVerdict
    sizes: list[SizeAnswer]


class CountsAnswer(AnswerModel):
    small: Annotated[int, Field(ge=0)]
    fit: Annotated[int, Field(ge=0)]
    large: Annotated[int, Field(ge=0)]


class FeedbackAnswer(AnswerModel):
    """`counts`: all words that count for this garment now, of which `own` are the person's and `others` other people's.

    `shift_sizes`: how many sizes larger later advice takes it, negative for smaller.
    """

    size: str
    outcome: Outcome
    kept: bool | None
    counts: CountsAnswer
    own: Annotated[int, Field(ge=0)]
    others: Annotated[int, Field(ge=0)]
    shift_sizes: Annotated[float, Field(gt=-1, lt=1)]
