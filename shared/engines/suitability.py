"""A look at the person's photo before money is spent on it. The preview looks closer; this only stops what is hopeless.

Several people and darkness are refused: a provider would be paid for a picture of anybody. Where nobody is seen, or
somebody upside down, the photo is sent all the same, with a warning: 2 in 100 street photos of one upright person are
mistaken for such, and a provider sees more than this look does.
"""

from __future__ import annotations

import numpy as np

from shared.engines.base import Notice
from shared.engines.framing import decode_small, to_bgr
from shared.engines.preview.evidence import look_for_person
from shared.engines.preview.parsing import shared_parser
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

LOOK_SIDE = 640  # px of the longer side
ONLY_WARNED = ("no_person", "upside_down")


def look_at_person(photo: bytes, *, max_pixels: int) -> tuple[Notice, ...]:
    """Warnings for the result. Heavy (about 0.1 s): call it inside the CPU gate.

    Raises ImageRejectedError: several_people, too_dark.
    """
    small = np.ascontiguousarray(to_bgr(decode_small(photo, LOOK_SIDE, max_pixels=max_pixels)))
    try:
        look_for_person(small, shared_parser()(small, flip=False))
    except ImageRejectedError as refusal:
        if refusal.reason not in ONLY_WARNED:
            raise
        return (Notice(refusal.reason, REJECTION_MESSAGES[refusal.reason]),)
    return ()
