"""What is known of the person's photo before the first answer is looked at; made once per job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.colours import Palette
from shared.engines.checks.heads import Head, find_head, head_mask
from shared.engines.checks.likeness import Floats, face_patch
from shared.engines.checks.registration import Alignment, Corners, find_corners
from shared.engines.preview.parsing import Part, shared_parser

WORKING_SIDE = 512  # px of the longer side: corners, parts and silhouettes are found at this size

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reference:
    """All but `face` at the working size. `person`: the silhouette. `face`: None when no face was seen."""

    bgr: Image
    corners: Corners
    parts: NDArray[np.uint8]
    person: Mask
    head: Head | None
    head_mask: Mask
    face: Floats | None
    palettes: Sequence[Palette]


def make_reference(photo: Image, palettes: Sequence[Palette]) -> Reference:
    """`photo`: BGR, as the person sent it, without padding."""
    small = at_working_size(photo, None)
    parts, confidence = parts_of(small)
    head = find_head(small, parts, confidence)
    return Reference(
        bgr=small,
        corners=find_corners(grey_of(small)),
        parts=parts,
        person=np.asarray(parts != Part.BACKGROUND),
        head=head,
        head_mask=head_mask(parts, head) if head is not None else np.zeros(parts.shape, dtype=np.bool_),
        face=_face(photo, head, small),
        palettes=palettes,
    )


def _face(photo: Image, head: Head | None, small: Image) -> Floats | None:
    if head is None:
        return None
    return face_patch(photo, head.scaled(photo.shape[1] / small.shape[1]), Alignment())


def at_working_size(picture: Image, like: Image | None) -> Image:
    """`like`: the picture whose size is taken over, so that two can be compared pixel by pixel."""
    height, width = picture.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if like is not None:
        size = (like.shape[1], like.shape[0])
    how = cv2.INTER_AREA if size[0] < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)


def grey_of(bgr: Image) -> Image:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def parts_of(small: Image) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The likeliest part of every pixel, and its probability."""
    probabilities = shared_parser()(small, flip=False)
    height, width, count = probabilities.shape
    highest = cv2.reduce(probabilities.reshape(-1, count), 1, cv2.REDUCE_MAX).reshape(height, width)
    return np.asarray(probabilities.argmax(axis=2), dtype=np.uint8), np.asarray(highest, dtype=np.float32)
