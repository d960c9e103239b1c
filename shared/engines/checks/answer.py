"""A provider's answer, brought to the working size and laid onto the photo that was sent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.figure import parts_of
from shared.engines.checks.reference import Image, Reference, at_working_size, grey_of
from shared.engines.checks.registration import Alignment, align

NEW_PIXEL = 14.0  # grey levels: what differs by more was changed, not compressed
CALM = 7  # px, side of the blur before comparing: JPEG noise goes, folds stay
TONE_RANGE = (0.8, 1.25)
MEAN_OF_CHANNELS = np.full((1, 3), 1 / 3, dtype=np.float32)

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
    before, after = (np.asarray(cv2.blur(each, (CALM, CALM)), dtype=np.uint8) for each in (photo, answer))
    gain = np.clip(_medians(before) / np.maximum(_medians(after), 1.0), *TONE_RANGE).astype(np.float32)
    gap = cv2.absdiff(before.astype(np.float32), after * gain)
    return np.asarray(cv2.transform(gap, MEAN_OF_CHANNELS), dtype=np.float32)


def _medians(bgr: Image) -> Floats:
    """Of each channel, by counting: sorting takes ten times as long."""
    counts = [cv2.calcHist([bgr], [channel], None, [256], [0, 256]).ravel().cumsum() for channel in range(3)]
    return np.array([np.searchsorted(each, each[-1] / 2) for each in counts], dtype=np.float32)
