"""More garments than a picture model keeps apart: dressed in turns, the picture of one turn being the next one's photo.

All or nothing: when a turn fails, so does the whole, though earlier turns were paid for. Half of an outfit would look
like a success to whoever only reads the picture's address, and the fallback engine can still make all of it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from PIL import Image

from shared.engines.base import EngineResult, GarmentInput, TryOnInput

HANDED_ON_QUALITY = 97  # of the JPEG between two turns, colours at full size: nothing visible is lost


@dataclass(frozen=True, slots=True)
class Turn:
    """`calls_made`: of the job so far. `calls_kept`: for the later turns, not to be used up by this one's retries.

    `number`: 0 for the first one, whose photo is the person's own.
    """

    wanted: TryOnInput
    calls_made: int = 0
    calls_kept: int = 0
    number: int = 0


def plan_turns(garments: Sequence[GarmentInput], most: int, *, most_turns: int) -> list[tuple[GarmentInput, ...]]:
    """As few turns as `most` garments each allow, of nearly equal length, in the order of dressing.

    Never more than `most_turns`: then the turns are longer instead, for a plan that the job's calls cannot pay would be
    paid in vain.
    """
    count = min(max(1, math.ceil(len(garments) / most)), most_turns)
    ends = [round(turn * len(garments) / count) for turn in range(count + 1)]
    return [tuple(garments[first:last]) for first, last in pairwise(ends)]


def dress_in_turns(
    wanted: TryOnInput, turns: Sequence[Sequence[GarmentInput]], dress: Callable[[Turn], EngineResult]
) -> EngineResult:
    """The result of the last turn, with the warnings of all and the checks of the earlier ones.

    `dress` says in `checks["provider_calls"]` how many calls the job has made by then.
    """
    results: list[EngineResult] = []
    for number, garments in enumerate(turns, 1):
        results.append(dress(_turn(wanted, garments, results, calls_kept=len(turns) - number)))
    *earlier, last = results
    if not earlier:
        return last
    warnings = dict.fromkeys(notice for result in results for notice in result.warnings)
    checks = {**last.checks, "earlier_turns": [dict(result.checks) for result in earlier]}
    return replace(last, warnings=tuple(warnings), checks=checks)


def _turn(
    wanted: TryOnInput, garments: Sequence[GarmentInput], earlier: Sequence[EngineResult], *, calls_kept: int
) -> Turn:
    """An asked-for ratio is met by the first turn, and kept by the others."""
    if not earlier:
        return Turn(replace(wanted, garments=tuple(garments)), 0, calls_kept)
    made = int(earlier[-1].checks.get("provider_calls", 0))
    photo = _as_photo(earlier[-1])
    return Turn(replace(wanted, photo=photo, garments=tuple(garments)), made, calls_kept, len(earlier))


def _as_photo(result: EngineResult) -> bytes:
    return result.encoded or _encoded(result.image)


def _encoded(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=HANDED_ON_QUALITY, subsampling=0)
    return target.getvalue()
