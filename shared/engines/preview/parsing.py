"""Which pixel is what: the project's own human-parsing network (parser.onnx, see MODEL_CARD.md), run by OpenCV.

The network was trained on letterboxed photos at 384x256; the constants below are those of its training and must not be
changed without training again.
"""

from __future__ import annotations

import threading
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

MODEL_FILE = Path(__file__).with_name("parser.onnx")
NET_HEIGHT, NET_WIDTH = 384, 256
LETTERBOX_GREY = 114
PIXEL_SCALE = 1.0 / 64.0
PIXEL_MEAN_BGR = (104.0, 112.0, 120.0)
WORTH_A_SECOND_LOOK = 1.35  # times larger to the network; with less there was no gain on portrait photos (measured)
MARGIN = 0.12  # of the found box, around it
SPECK = 0.1  # of the largest piece's area

Image = NDArray[np.uint8]
PartProbabilities = NDArray[np.float32]  # (H, W, 8), channels as in Part, sums to 1


class Part(IntEnum):
    """What a pixel shows; the numbers are the network's channels and the values of `Person.parts`."""

    BACKGROUND = 0
    HAIR = 1
    SKIN = 2
    UPPER = 3
    LOWER = 4
    DRESS = 5
    SHOES = 6
    OTHER = 7


class PartParser:
    """Reads the network once. Thread-safe: one forward pass at a time (30 ms), waiting callers queue at the lock."""

    def __init__(self, model: Path = MODEL_FILE) -> None:
        self._net = cv2.dnn.readNetFromONNX(str(model))
        self._lock = threading.Lock()

    def __call__(self, bgr: Image, *, flip: bool = True) -> PartProbabilities:
        """Probabilities in the frame of `bgr` (H, W, 3 uint8).

        `flip` averages with the mirrored picture: 30 ms more, person IoU + .01 on the test photos (see MODEL_CARD.md).
        """
        straight = self._forward(bgr)
        return _resized(self._with_mirrored(bgr, straight) if flip else straight, bgr)

    def focused(self, bgr: Image) -> PartProbabilities:
        """As above, but what is found is looked at again alone, when it is small in the picture (landscape photos)."""
        straight = self._forward(bgr)
        rows, columns = _around_foreground(straight, bgr)
        crop = bgr[rows, columns]
        if crop.size == 0 or _scale(crop) < WORTH_A_SECOND_LOOK * _scale(bgr):
            return _resized(self._with_mirrored(bgr, straight), bgr)
        result = np.zeros((*bgr.shape[:2], len(Part)), dtype=np.float32)
        result[..., Part.BACKGROUND] = 1.0
        result[rows, columns] = self(crop)
        return result

    def _with_mirrored(self, bgr: Image, straight: PartProbabilities) -> PartProbabilities:
        mirrored = self._forward(np.ascontiguousarray(bgr[:, ::-1]))[:, ::-1]
        return (straight + mirrored) * np.float32(0.5)

    def _forward(self, bgr: Image) -> PartProbabilities:
        """Probabilities at the network's scale, the letterbox cut off again."""
        canvas, (left, top, width, height) = _letterbox(bgr)
        blob = cv2.dnn.blobFromImage(canvas, PIXEL_SCALE, (NET_WIDTH, NET_HEIGHT), PIXEL_MEAN_BGR, swapRB=False)
        with self._lock:
            self._net.setInput(blob)
            channels = self._net.forward()[0].transpose(1, 2, 0).copy()
        # The network answers at half its input size; the letterbox is known at the whole size.
        channels = cv2.resize(channels, (NET_WIDTH, NET_HEIGHT), interpolation=cv2.INTER_LINEAR)
        return np.asarray(channels[top : top + height, left : left + width], dtype=np.float32)


@lru_cache(maxsize=1)
def shared_parser() -> PartParser:
    """The one parser of this process (8 MB); loading takes 4 ms."""
    return PartParser()


def _scale(bgr: Image) -> float:
    """Network pixels per picture pixel."""
    return float(min(NET_WIDTH / bgr.shape[1], NET_HEIGHT / bgr.shape[0]))


def _resized(probabilities: PartProbabilities, bgr: Image) -> PartProbabilities:
    size = (bgr.shape[1], bgr.shape[0])
    return np.asarray(cv2.resize(probabilities, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _around_foreground(probabilities: PartProbabilities, bgr: Image) -> tuple[slice, slice]:
    """Rows and columns of `bgr` that hold all that is not background, specks excepted, with a margin."""
    foreground = (probabilities[..., Part.BACKGROUND] < 0.5).astype(np.uint8)
    pieces = cv2.connectedComponentsWithStats(foreground)[2][1:]
    if len(pieces) == 0:
        return slice(0, 0), slice(0, 0)
    pieces = pieces[pieces[:, cv2.CC_STAT_AREA] >= SPECK * pieces[:, cv2.CC_STAT_AREA].max()]
    columns = _widened(pieces[:, 0], pieces[:, 2], bgr.shape[1] / foreground.shape[1])
    return _widened(pieces[:, 1], pieces[:, 3], bgr.shape[0] / foreground.shape[0]), columns


def _widened(starts: NDArray[np.int32], lengths: NDArray[np.int32], growth: float) -> slice:
    """From the first start to the last end and a margin, in picture pixels."""
    first, last = float(starts.min()), float((starts + lengths).max())
    margin = MARGIN * (last - first) + 1.0
    return slice(max(0, round((first - margin) * growth)), round((last + margin) * growth))


def _letterbox(bgr: Image) -> tuple[Image, tuple[int, int, int, int]]:
    """The picture centred on grey at the network's size, and where it lies (left, top, width, height)."""
    height, width = bgr.shape[:2]
    scale = _scale(bgr)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (NET_WIDTH - new_width) // 2, (NET_HEIGHT - new_height) // 2
    canvas = np.full((NET_HEIGHT, NET_WIDTH, 3), LETTERBOX_GREY, dtype=np.uint8)
    canvas[top : top + new_height, left : left + new_width] = cv2.resize(
        bgr, (new_width, new_height), interpolation=how
    )
    return canvas, (left, top, new_width, new_height)
