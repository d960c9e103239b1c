"""Who is seen on the person's photo: found once, before the provider is asked, and kept until its answer is judged."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.heads import Head, find_head, head_of_face, head_of_parts
from shared.engines.preview.evidence import Face
from shared.engines.preview.parsing import PartProbabilities, shared_parser

WORKING_SIDE = 512  # px of the longer side: corners, parts and silhouettes are found at this size

Image = NDArray[np.uint8]
Parts = NDArray[np.uint8]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """All at the working size. Packed to a few kilobytes, for fifty may wait for a provider at once.

    `size`: width and height. `head`: None when nothing looks like one.
    """

    size: Size
    head: Head | None
    packed: bytes = field(repr=False)

    @classmethod
    def of(cls, parts: Parts, head: Head | None) -> Figure:
        return cls((parts.shape[1], parts.shape[0]), head, zlib.compress(parts.tobytes(), 1))

    @property
    def parts(self) -> Parts:
        """(H, W), values as in Part."""
        width, height = self.size
        return np.frombuffer(zlib.decompress(self.packed), dtype=np.uint8).reshape(height, width)


def see_figure(small: Image) -> Figure:
    """`small`: BGR at the working size. Takes one look of the network and a search for faces."""
    parts, confidence = parts_of(small)
    return Figure.of(parts, find_head(small, parts, confidence))


def known_figure(probabilities: PartProbabilities, face: Face | None, size: Size) -> Figure:
    """From what a look at a copy of another size has found already. `size`: the photo's own, width and height."""
    parts, confidence = likeliest(probabilities)
    head = head_of_face(face) if face is not None else head_of_parts(parts, confidence)
    width, height = working_size(size)
    small = np.asarray(cv2.resize(parts, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)
    return Figure.of(small, None if head is None else head.scaled(width / parts.shape[1]))


def working_size(size: Size) -> Size:
    """Width and height at which a picture of this size is judged."""
    scale = WORKING_SIDE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def parts_of(small: Image) -> tuple[Parts, NDArray[np.float32]]:
    """The likeliest part of every pixel, and its probability."""
    return likeliest(shared_parser()(small, flip=False))


def likeliest(probabilities: PartProbabilities) -> tuple[Parts, NDArray[np.float32]]:
    height, width, count = probabilities.shape
    highest = cv2.reduce(probabilities.reshape(-1, count), 1, cv2.REDUCE_MAX).reshape(height, width)
    return np.asarray(probabilities.argmax(axis=2), dtype=np.uint8), np.asarray(highest, dtype=np.float32)
