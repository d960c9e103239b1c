"""The frame of the result: the photo's own, or padded to an aspect ratio; nothing is ever cropped away."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def padded_to(picture: Image, aspect_ratio: str | None, plain: bool) -> Image:
    """Pad (H, W, 3) to `aspect_ratio` ("3:4", width by height); an unreadable or absent one changes nothing.

    `plain`: the edge colours are drawn out, as a studio ground goes on; else they are mirrored and blurred.
    """
    ratio = parsed_ratio(aspect_ratio)
    if ratio is None:
        return picture
    height, width = picture.shape[:2]
    right = max(0, round(height * ratio) - width)
    below = max(0, round(width / ratio) - height) if right == 0 else 0
    left, top = right // 2, below // 2
    sides = (top, below - top, left, right - left)
    if max(sides) == 0:
        return picture
    mode = cv2.BORDER_REPLICATE if plain else cv2.BORDER_REFLECT_101
    out = np.asarray(cv2.copyMakeBorder(picture, *sides, mode), dtype=np.uint8)
    sigma = 0.012 * max(height, width) * (1 if plain else 3)
    calm = np.asarray(cv2.GaussianBlur(out, (0, 0), sigma), dtype=np.uint8)
    calm[top : top + height, left : left + width] = picture
    return calm


def parsed_ratio(text: str | None) -> float | None:
    """Width by height of "W:H", None when it says nothing usable (outside of 1:4 .. 4:1 too)."""
    parts = (text or "").split(":")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        return None
    width, height = (int(part) for part in parts)
    if not width or not height or not 0.25 <= width / height <= 4.0:
        return None
    return width / height
