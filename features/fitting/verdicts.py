"""How one size sits at one zone, in cm and in a word."""

from __future__ import annotations

from features.fitting.axis import Axis
from features.fitting.posterior import Evidence, above
from features.fitting.rulers import READING_CM, Ruler
from features.fitting.terms import Cell, Verdict, ZoneFit

SDS_OF_90_PERCENT = 1.645
CERTAIN = 0.9
"""Probability of being over or under a range from which on a verdict stands, however vague the body is known."""


def zones_at(axis: Axis, step: int) -> tuple[ZoneFit, ...]:
    """By weight, the largest first. Zones that the chart does not give for this size are left out."""
    found = (_zone_fit(item, step) for item in axis.evidence)
    return tuple(zone for zone in found if zone)


def _zone_fit(item: Evidence, step: int) -> ZoneFit | None:
    said = item.ruler.said[step]
    if said is None:
        return None
    room, body = item.ruler.room[step], item.value
    sd = body.wide_sd or body.sd
    tight, loose = above(room.hi, body.cm, sd), above(-room.lo, -body.cm, sd)
    deviation = _deviation(body.cm, room)
    return ZoneFit(
        zone=item.ruler.zone,
        body=body,
        plus_minus_cm=SDS_OF_90_PERCENT * sd,
        cell=said,
        deviation_cm=deviation,
        ease_cm=said.middle - body.cm if item.ruler.garment else None,
        verdict=Verdict.UNCERTAIN if _vague(item, step, max(tight, loose)) else _verdict(deviation, item.ruler, step),
        weight=item.weight,
        tight=tight,
        loose=loose,
    )


def _deviation(cm: float, room: Cell) -> float:
    return cm - room.hi if cm > room.hi else min(cm - room.lo, 0.0)


def _verdict(deviation: float, ruler: Ruler, step: int) -> Verdict:
    """Within half a step of the range it is still wearable (along the body within 2 cm at least); over it no farther
    than a recommended size may be."""
    if not deviation:
        return Verdict.IDEAL
    if deviation > 0:
        return Verdict.TOO_TIGHT if deviation > ruler.slack(step) + READING_CM else Verdict.TIGHT
    return Verdict.TOO_LOOSE if -deviation > ruler.reach(step) else Verdict.LOOSE


def _vague(item: Evidence, step: int, outside: float) -> bool:
    """Whether the body is known too badly for sizes so close together: an estimate by half of the size's width, a
    tape, which people take at its word, by all of it."""
    width = item.ruler.half_step(step) * (1 if item.estimated else 2)
    return (item.value.wide_sd or item.value.sd) > width and outside < CERTAIN
