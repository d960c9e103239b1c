"""Outcomes as clients get them. Numbers are in cm (kg for weight); the sentences are in the person's unit."""

from __future__ import annotations

from typing import Any

from features.fitting.outcome import FitOutcome, SizeVerdict, size_verdict
from features.fitting.service import Remembered
from features.fitting.terms import Chart, SizeFit, ZoneFit
from features.fitting.wording import reasoning, zone_sentence

MEDIUM_OVER, HIGH_FROM = 0.5, 0.75
"""Confidence that is only estimated is capped at the first of them, and so is low."""


def advice_view(outcome: FitOutcome) -> dict[str, Any]:
    advice, subject = outcome.advice, outcome.subject
    zones = subject.zones if subject else ()
    return {
        "recommended_size": advice.recommended,
        "decision": advice.decision.value,
        "confidence": _share(outcome.confidence),
        "confidence_label": confidence_label(outcome.confidence),
        "probabilities": {size.label: _share(size.probability) for size in advice.sizes},
        "alternatives": [{"size": item.size, "why": item.why} for item in advice.alternatives],
        "zones": [zone_view(zone) for zone in zones],
        "missing_measurements": [
            {"field": item.field, "confidence_if_added": _share(item.confidence_if_added)} for item in advice.missing
        ],
        "axes": {
            axis: {size: _share(chance) for size, chance in chances.items()} for axis, chances in advice.axes.items()
        },
        "chart": _chart(outcome.chart) if outcome.chart else None,
        "fit_preference": outcome.preference.value,
        "reasoning": reasoning(outcome),
        "fits": outcome.fits,
        "fit_analysis": {zone.zone.value: zone_sentence(zone, outcome.unit) for zone in zones},
        "areas": {zone.zone.value: zone.verdict.value for zone in zones},
        "warnings": [{"code": item.code, "message": item.message} for item in outcome.warnings],
    }


def check_view(outcome: FitOutcome, sent: str) -> dict[str, Any]:
    """`size`: as the chart writes it, where there is one."""
    judged = outcome.asked.label if outcome.asked else sent
    return {**advice_view(outcome), "size": judged, "size_verdict": _verdict(outcome)}


def analysis_view(outcome: FitOutcome) -> dict[str, Any]:
    subject = outcome.subject
    return {
        **advice_view(outcome),
        "size": subject.label if subject else None,
        "size_verdict": _verdict(outcome),
        "sizes": [_size(size) for size in outcome.advice.sizes],
    }


def zone_view(zone: ZoneFit) -> dict[str, Any]:
    return {
        "zone": zone.zone.value,
        "body_cm": _cm(zone.body.cm),
        "body_source": zone.body.source.value,
        "plus_minus_cm": _cm(zone.plus_minus_cm),
        "chart_lo": _cm(zone.cell.lo),
        "chart_hi": _cm(zone.cell.hi),
        "deviation_cm": _cm(zone.deviation_cm),
        "ease_cm": None if zone.ease_cm is None else _cm(zone.ease_cm),
        "verdict": zone.verdict.value,
        "weight": _share(zone.weight),
    }


def feedback_view(kept: Remembered) -> dict[str, Any]:
    known = kept.experience
    return {
        "size": kept.said.size,
        "outcome": kept.said.outcome,
        "kept": kept.said.kept,
        "counts": {"small": known.small, "fit": known.fit, "large": known.large},
        "own": known.own,
        "others": known.others,
        "shift_sizes": _share(known.steps),
    }


def confidence_label(confidence: float) -> str:
    if confidence >= HIGH_FROM:
        return "high"
    return "medium" if confidence > MEDIUM_OVER else "low"


def _size(size: SizeFit) -> dict[str, Any]:
    return {
        "size": size.label,
        "probability": _share(size.probability),
        "verdict": size_verdict(size).value,
        "zones": [zone_view(zone) for zone in size.zones],
    }


def _verdict(outcome: FitOutcome) -> str:
    return (size_verdict(outcome.subject) if outcome.subject else SizeVerdict.UNCERTAIN).value


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "source": chart.source.value,
        "standard": chart.standard,
        "kind": chart.kind.value,
        "kind_inferred": chart.kind_inferred,
        "unit_in": chart.unit_in,
        "warnings": [{"code": item.code, "message": item.message} for item in chart.warnings],
    }


def _cm(value: float) -> float:
    return round(value, 1)


def _share(value: float) -> float:
    return round(value, 4)
