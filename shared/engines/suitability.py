"""A look at the person's photo before money is spent on it. The preview looks closer; this only stops what is hopeless.

Several people and darkness are refused: a provider would be paid for a picture of anybody. Where nobody is seen, or
somebody upside down, the photo is sent all the same, with a warning: 2 in 100 street photos of one upright person are
mistaken for such, and a provider sees more than this look does.

What was seen is kept: the answer will be judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.base import Notice
from shared.engines.checks.figure import Figure, known_figure
from shared.engines.framing import decode_small, quickly_shrunk, size_of, to_bgr
from shared.engines.preview.evidence import Face, look_for_person
from shared.engines.preview.parsing import PartProbabilities, shared_parser
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

LOOK_SIDE = 640  # px of the longer side
ONLY_WARNED = ("no_person", "upside_down")


@dataclass(frozen=True, slots=True)
class Look:
    """`notices`: warnings for the result."""

    notices: tuple[Notice, ...]
    figure: Figure


def look_at_person(photo: bytes, *, max_pixels: int) -> Look:
    """Heavy (about 0.06 s): call it inside the CPU gate.

    Raises ImageRejectedError: several_people, too_dark, damaged.
    """
    small = _small(to_bgr(decode_small(photo, LOOK_SIDE, max_pixels=max_pixels)))
    probabilities = shared_parser()(small, flip=False)
    face, notices = _face(small, probabilities)
    return Look(notices, known_figure(probabilities, face, size_of(photo)))


def _small(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = bgr.shape[:2]
    scale = LOOK_SIDE / max(height, width)
    return bgr if scale >= 1.0 else quickly_shrunk(bgr, (max(1, round(width * scale)), max(1, round(height * scale))))


def _face(small: NDArray[np.uint8], probabilities: PartProbabilities) -> tuple[Face | None, tuple[Notice, ...]]:
    try:
        return look_for_person(small, probabilities).face, ()
    except ImageRejectedError as refusal:
        if refusal.reason not in ONLY_WARNED:
            raise
        return None, (Notice(refusal.reason, REJECTION_MESSAGES[refusal.reason]),)
