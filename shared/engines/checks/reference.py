"""What is known of the person's photo before the first answer is looked at; made once per job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.colours import Palette
from shared.engines.checks.figure import Figure, see_figure, working_size
from shared.engines.checks.heads import Head, head_mask
from shared.engines.checks.likeness import Floats, face_patch
from shared.engines.checks.registration import Alignment, Corners, find_corners
from shared.engines.framing import quickly_shrunk
from shared.engines.preview.parsing import Part

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


def make_reference(photo: Image, palettes: Sequence[Palette], figure: Figure | None = None) -> Reference:
    """`photo`: BGR, as the person sent it, without padding. `figure`: who is on it, if that is known already."""
    small = at_working_size(photo, None)
    seen = figure or see_figure(small)
    parts, head = seen.parts, seen.head
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
    size = working_size((width, height)) if like is None else (like.shape[1], like.shape[0])
    return quickly_shrunk(picture, size)


def grey_of(bgr: Image) -> Image:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
