"""Somebody whom the photo does not show: heads outside of the photo's silhouette, where the answer is new."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.answer import NEW_PIXEL, Answer
from shared.engines.checks.figure import parts_of
from shared.engines.checks.heads import faces_on_skin, head_pieces
from shared.engines.checks.reference import Image, Mask, Reference
from shared.engines.preview.parsing import Part

MIN_HEAD = 0.2  # of the first head's area; smaller ones are passers-by in the distance
MIN_NEWS = 1.5  # of the first head's area: a head and a neck; less new ground is looked at no closer
MAX_LOOKS = 2  # pieces of new ground that are looked at alone
RIM = 0.012  # of the longer side: how far beyond the old silhouette new clothes are still the person's own
MARGIN = 0.15  # of a piece's box, around it


def count_strangers(reference: Reference, answer: Answer) -> int:
    """The network sees one person well and others hardly, so new ground beside the person is also looked at alone."""
    head = max(30.0, float(np.count_nonzero(reference.head_mask)))
    own = _rim(reference.person)
    everywhere = head_pieces(np.where(own, Part.BACKGROUND, answer.parts).astype(np.uint8), MIN_HEAD * head)
    if everywhere or answer.alignment is None:
        return len(everywhere)
    pieces = _news(answer, own, MIN_NEWS * head)
    return sum(_is_stranger(answer.bgr[box], reference.bgr[box], own[box], MIN_HEAD * head) for box in pieces)


def _rim(person: Mask) -> Mask:
    side = 2 * max(2, round(RIM * max(person.shape))) + 1
    return np.asarray(cv2.dilate(person.astype(np.uint8), np.ones((side, side), np.uint8)) > 0, dtype=np.bool_)


def _news(answer: Answer, own: Mask, least: float) -> list[tuple[slice, slice]]:
    """Boxes around the largest pieces that are new and not the person's"""
    new = ((answer.change > NEW_PIXEL) & ~own).astype(np.uint8)
    stats = cv2.connectedComponentsWithStats(new)[2][1:]
    large = sorted((piece for piece in stats if piece[cv2.CC_STAT_AREA] >= least), key=_area, reverse=True)
    return [_widened(piece, new.shape) for piece in large[:MAX_LOOKS]]


def _area(piece: NDArray[np.int32]) -> int:
    return int(piece[cv2.CC_STAT_AREA])


def _widened(piece: NDArray[np.int32], shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, width, height = (int(value) for value in piece[:4])
    aside, above = round(MARGIN * width) + 2, round(MARGIN * height) + 2
    return (
        slice(max(0, top - above), min(shape[0], top + height + above)),
        slice(max(0, left - aside), min(shape[1], left + width + aside)),
    )


def _is_stranger(piece: Image, before: Image, own: Mask, least: float) -> bool:
    """Passers-by of the photo that moved by a few pixels are no news."""
    return _has_head(piece, own, least) and not _has_head(before, own, least)


def _has_head(piece: Image, own: Mask, least: float) -> bool:
    parts, _ = parts_of(piece)
    parts[own] = Part.BACKGROUND
    return bool(head_pieces(parts, least)) or bool(faces_on_skin(piece, parts))
