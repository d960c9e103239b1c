"""Is it the same face? Edges of the face in the photo against those at the same place of the answer.

This asks whether the face was kept, not who somebody is: it keeps no features and knows no other photo of the person.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.heads import Head
from shared.engines.checks.registration import Alignment

SIDE = 32  # px of the compared square; more shows pores and noise, less is the same for everybody
SLACK = 4  # px that the face may lie elsewhere than the rest of the picture says
FACE_HALF = 0.5  # of the cascade's box: brows to mouth, no hair and no background
EDGE_SIGMA = 1.0

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]


def face_patch(bgr: Image, head: Head, alignment: Alignment, slack: int = 0) -> Floats:
    """The face as a BGR square of SIDE px and `slack` around it; `head` in pixels of a picture of this size."""
    height, width = bgr.shape[:2]
    step = 2 * FACE_HALF * head.size / SIDE
    start_x, start_y = (middle - step * (SIDE / 2 + slack) for middle in (head.x, head.y))
    to_photo = np.array([[step, 0.0, start_x], [0.0, step, start_y], [0.0, 0.0, 1.0]])
    matrix = alignment.matrix(width, height) @ to_photo
    box = _box(matrix, SIDE + 2 * slack, width, height)
    region = bgr[box[1] : box[3], box[0] : box[2]]
    if step > 1.3:
        region = np.asarray(cv2.GaussianBlur(region, (0, 0), 0.45 * step), dtype=np.uint8)
    matrix[:, 2] -= box[:2]
    size = (SIDE + 2 * slack, SIDE + 2 * slack)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(region, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return patch.astype(np.float32) / np.float32(255)


def compare(photo: Floats, answer: Floats) -> tuple[float, float]:
    """How alike the edges are (-1 to 1), and how far apart the mean colours (Lab).

    `photo` without slack, `answer` with SLACK px around.
    """
    first, around = (cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY) for patch in (photo, answer))
    _, _, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(around, first, cv2.TM_CCOEFF_NORMED))
    place = np.s_[y : y + SIDE, x : x + SIDE]
    colours = [cv2.cvtColor(patch, cv2.COLOR_BGR2LAB).mean(axis=(0, 1)) for patch in (photo, answer[place])]
    before, after = _edges(first), _edges(around[place])
    both = float(np.sqrt((before**2).sum() * (after**2).sum()))
    alike = float((before * after).sum()) / both if both > 0 else 0.0
    return alike, float(np.linalg.norm(colours[0] - colours[1]))


def _edges(grey: NDArray[Any]) -> Floats:
    calm = cv2.GaussianBlur(grey, (0, 0), EDGE_SIGMA)
    return np.stack([cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)])


def _box(matrix: NDArray[np.float64], side: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is read, at least a few pixels inside the picture."""
    left, top = matrix @ (0.0, 0.0, 1.0)
    right, bottom = matrix @ (side, side, 1.0)
    columns = np.clip([left - 8, right + 8], 0, width).astype(int)
    rows = np.clip([top - 8, bottom + 8], 0, height).astype(int)
    return (
        min(int(columns[0]), width - 1),
        min(int(rows[0]), height - 1),
        max(int(columns[1]), int(columns[0]) + 1),
        max(int(rows[1]), int(rows[0]) + 1),
    )
