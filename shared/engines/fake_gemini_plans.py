"""Seeded plans of what the protocol fake does wrong: a list of its steps, some of them faults, the same for a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`step`: of `fake_gemini_answers.STEPS`. `times`: how often in each round of a plan. `burst`: calls in a row."""

    step: str
    times: int = 1
    burst: int = 1


PASSING = (
    Fault("rate:1", times=2),
    Fault("retry_after:1"),
    Fault("http:503", burst=4),
    Fault("hang"),
    Fault("truncated"),
    Fault("garbage"),
    Fault("closed"),
)
"""A busy hour: a wait, another call or another model may help."""

LASTING = (
    Fault("finish:NO_IMAGE"),
    Fault("text"),
    Fault("finish:IMAGE_SAFETY"),
    Fault("finish:PROHIBITED_CONTENT"),
    Fault("block:PROHIBITED_CONTENT"),
    Fault("rate_day"),
    Fault("rate_zero"),
    Fault("key_invalid"),
    Fault("http:400"),
    Fault("http:401"),
    Fault("http:403"),
    Fault("http:404"),
)
"""Refusals and answers without a picture: most must not be asked again."""


def plan(seed: int | str, calls: int, share: float, faults: Sequence[Fault] = PASSING) -> list[str]:
    """Steps for at least so many calls. `share`: of the calls that go wrong, above 0 and up to 1; the rest are
    pictures. Made of rounds in which each fault stands as often as it says, in an order by the seed."""
    rng = random.Random(seed)
    bursts = [[fault.step] * fault.burst for fault in faults for _ in range(fault.times)]
    pictures = round(sum(map(len, bursts)) * (1 / share - 1))
    steps: list[str] = []
    while len(steps) < calls:
        blocks = [*bursts, *([["picture"]] * pictures)]
        rng.shuffle(blocks)
        steps += [step for block in blocks for step in block]
    return steps
