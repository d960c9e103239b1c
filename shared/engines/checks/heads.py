"""Where the head is: a face that the cascade sees on skin, else hair and skin on top of the silhouette."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.evidence import (
    HEAD_CONFIDENCE,
    MIN_FACE_PX,
    MIN_SKIN_SHARE,
    MIN_WEIGHT,
    SCALE_STEP,
    SEARCH_SIDE,
    Face,
    shared_finder,
)
from shared.engines.preview.face_places import face_places
from shared.engines.preview.parsing import Part

SEARCH_STEP = 1.2  # of the cascade; coarser than for an upload: here a second look follows
MIN_HEAD_SHARE = 0.0015  # of the picture: smaller patches of hair and skin are hands or specks
FACE_BY_HEAD = 0.62  # side of a cascade's box by the width and height of hair and face together
CHIN_BELOW = 0.56  # chin below the middle of the face, by its side
HEAD_TOP = 1.1  # top of the hair above the middle of the face, by its side, at most
HEAD_HALF = 0.95  # half of the head's width with hair, by the face's side, at most

Image = NDArray[np.uint8]
Parts = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """A square around the face: middle and side in px. `sure`: the cascade saw it."""

    x: float
    y: float
    size: float
    sure: bool

    def scaled(self, factor: float) -> Head:
        return Head(factor * self.x, factor * self.y, factor * self.size, self.sure)


def find_head(bgr: Image, parts: Parts, confidence: Floats) -> Head | None:
    """The main person's head, None when nothing looks like one. `confidence`: the network's, in each pixel's part."""
    faces = faces_on_skin(bgr, parts, SEARCH_STEP)
    if faces:
        return head_of_face(max(faces, key=lambda face: (face.size, -face.y, -face.x)))
    return head_of_parts(parts, confidence)


def head_of_face(face: Face) -> Head:
    return Head(*face.centre, face.size, sure=True)


def faces_on_skin(bgr: Image, parts: Parts, step: float = SCALE_STEP) -> list[Face]:
    """What the cascade and the network both call a face."""
    smallest = MIN_FACE_PX * max(parts.shape) / SEARCH_SIDE
    return [
        face
        for window in face_places(parts == Part.SKIN, smallest)
        for face in shared_finder().find(bgr, step, window)
        if is_on_skin(face, parts)
    ]


def is_on_skin(face: Face, parts: Parts) -> bool:
    """The network sees skin in the middle of the cascade's box."""
    if face.weight < MIN_WEIGHT:
        return False
    x, y, size = round(face.x), round(face.y), round(face.size)
    middle = parts[y + size // 5 : y + size - size // 8, x + size // 5 : x + size - size // 5]
    return middle.size > 0 and float(np.mean(middle == Part.SKIN)) >= MIN_SKIN_SHARE


def head_of_parts(parts: Parts, confidence: Floats) -> Head | None:
    """The topmost piece of hair with skin under it, if the network is sure of it: of drawings it is not."""
    heads = head_pieces(parts, MIN_HEAD_SHARE * parts.size)
    if not heads:
        return None
    left, top, width, height = min(heads, key=lambda box: box[1])
    piece = np.s_[top : top + height, left : left + width]
    flesh = np.isin(parts[piece], (Part.HAIR, Part.SKIN))
    if float(confidence[piece][flesh].mean()) < HEAD_CONFIDENCE:
        return None
    side = FACE_BY_HEAD * min(width, 1.2 * height)
    return Head(left + width / 2, top + 0.62 * min(height, 1.5 * width), side, sure=False)


def head_pieces(parts: Parts, least: float) -> list[tuple[int, int, int, int]]:
    """Boxes (left, top, width, height) of connected hair and skin with a fair share of both."""
    flesh = ((parts == Part.HAIR) | (parts == Part.SKIN)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(flesh, connectivity=4)
    hair = np.bincount(labels[parts == Part.HAIR], minlength=count)
    boxes = []
    for index in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[index])
        if area >= least and 0.1 * area <= hair[index] <= 0.9 * area:
            boxes.append((left, top, width, height))
    return boxes


def head_mask(parts: Parts, head: Head, chin_below: float = CHIN_BELOW) -> Mask:
    """Face, hair, glasses and hat above the chin; hair that falls on the chest is not part of it.

    `chin_below`: where it ends below the middle of the face, by the face's side.
    """
    rows, columns = np.ogrid[: parts.shape[0], : parts.shape[1]]
    # The chin is round: towards the sides the head ends higher than in the middle.
    jaw = head.y + chin_below * head.size - 0.6 * (columns - head.x) ** 2 / head.size
    above = (rows <= jaw) & (rows > head.y - HEAD_TOP * head.size) & (np.abs(columns - head.x) < HEAD_HALF * head.size)
    return np.asarray(above & np.isin(parts, (Part.HAIR, Part.SKIN, Part.OTHER)), dtype=np.bool_)
