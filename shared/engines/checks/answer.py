"""A provider's answer, brought to the working size and laid onto the photo that was sent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.reference import Image, Reference, at_working_size, grey_of, parts_of
from shared.engines.checks.registration import Alignment, align

NEW_PIXEL = 14.0  # grey levels: what differs by more was changed, not compressed
CALM = 7  # px, side of the blur before comparing: JPEG noise goes, folds stay
TONE_RANGE = (0.8, 1.25)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """All in the photo's own frame at the working size; as it came where `alignment` is None.

    `confidence`: of the network in its parts. `change`: grey levels by which each pixel differs from the photo.
    """

    bgr: Image
    parts: NDArray[np.uint8]
    confidence: Floats
    change: Floats
    alignment: Alignment | None


def look_at(reference: Reference, picture: Image) -> Answer:
    """`picture`: BGR, the answer in the frame of the person's photo, at any size."""
    small = at_working_size(picture, reference.bgr)
    alignment = align(reference.corners, grey_of(small))
    if alignment is not None:
        height, width = small.shape[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        matrix = alignment.matrix(width, height)
        warped = cv2.warpAffine(small, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        small = np.asarray(warped, dtype=np.uint8)
    return Answer(small, *parts_of(small), _change(reference.bgr, small), alignment)


def _change(photo: Image, answer: Image) -> Floats:
    """Blurred difference, after the light of the whole picture was evened out."""
    before = cv2.blur(photo, (CALM, CALM)).astype(np.float32)
    after = cv2.blur(answer, (CALM, CALM)).astype(np.float32)
    gain = np.clip(np.median(before, axis=(0, 1)) / np.maximum(np.median(after, axis=(0, 1)), 1.0), *TONE_RANGE)
    return np.asarray(np.abs(before - after * gain.astype(np.float32)).mean(axis=2), dtype=np.float32)
