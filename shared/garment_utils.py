"""What several rooms need to say about garments: the names of colours, as shops use them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MULTICOLOUR = "multicolour"

FASHION_PALETTE: dict[str, str] = {
    "black": "#0a0a0a #1c1b1e #282a2c #2e2b2b",
    "white": "#ffffff #f4f4f2 #ececea #f6f3ec #eef1f4 #dfe1e6",
    "grey": "#45464a #5c5d61 #76777a #909194 #a9aaac #c0c1c3 #d2d3d5 #8a8682",
    "navy": "#0e1530 #1a2340 #1e284e #27345c #1b2a4a #30405e #0c2f4d #16203a",
    "blue": "#285cb2 #1f4fa0 #0050c8 #3a6ea5 #4a78b0 #375a86 #4e6f96 #2850dc #1c5a72 #2f8fc0 #5a8fd0 #0a4a7a",
    "light blue": "#a9c9e8 #8fb8e0 #bcd3ea #9fb6d0 #c9dcef #7db3f0 #6fb0e8 #a8d8e8 #88b4d4 #b4c4cc #8a94a4",
    "red": "#c6202c #d00000 #a81c24 #e0323c #ff2020 #b83a3a",
    "burgundy": "#6b1424 #7d1f33 #581020 #4a0f1c #8a1c3a",
    "pink": "#f0aabe #ffc0cb #f7d4dc #e86a92 #ff69b4 #d94f80 #e83e8c #c98a94 #d8a1a5 #e8a0a0 #f2b8b5",
    "orange": "#eb7823 #ff8c00 #f26a1b #d9601a #f5a04a #c4552d #ff7f50 #e2725b #c06028",
    "yellow": "#f5d037 #ffe14d #fff08a #e8b923 #d9a520 #fdf3a7 #c9a227",
    "green": "#2d7d46 #1f5c38 #0f3d2a #4caf50 #00a878 #86c58a #b6d7a8 #1d9a74 #98d8c0 #9ccc3c #3d5a45 #2a8a8a #5a8a64",
    "olive": "#5b5b32 #6b6b3a #4b4a2c #7a7a4a #8a8560 #55573a #6e6a45 #3f4028",
    "beige": "#d8c4a5 #e6d9c3 #cbb592 #f0e6d5 #c3b091 #b8a383 #e3d2b8 #bfa98a #d9cbb8",
    "brown": "#684430 #4a2f20 #7b5234 #8b5a2b #9c6b43 #3a2518 #5a4636 #a67c52 #8a6a50 #523a2c #62564c",
    "purple": "#6a2c91 #802080 #b59ad6 #9b72cf #c8b4e3 #4b2354 #8e5aa8 #7a3b8f #d6c6ea #9a8fb8 #3a1f4d #701c74",
}
"""Names of colours and what they look like in shop photographs, from pale to deep. Chosen by eye for this project."""

LIGHTNESS_WEIGHT = 0.6  # in the distance below: a fold darkens a colour, it does not give it another name
CLUSTER_LAB = 16.0  # what lies so near to a colour is that colour with its folds
BIN_LAB = 10.0  # width of a bin in the rough search for the commonest colour
BINS = 32  # for each of L, a and b: from -160 to 160
MOST_PIXELS, MOST_COLOURS = 10_000, 4  # more tell nothing new
SMALLEST_SHARE = 0.03  # of the pixels: less is a button or a label
SINGLE_SHARE = 0.6  # from here on one colour is the garment's, whatever the others are
RIVAL = 0.7  # a second colour with so much of the first's share makes it multicoloured (stripes, zebra)
LEAST_SHARE = 0.3  # a first colour with less is one of many
MULTICOLOUR_CONFIDENCE = 0.7
SURE_MARGIN = 12.0  # Lab units by which another name must be farther away before the name is certain


@dataclass(frozen=True, slots=True)
class ColorName:
    """`confidence`: 0.5 on the border between two names, 1.0 far from every other name."""

    name: str
    confidence: float


def color_name(lab: NDArray[np.floating]) -> ColorName:
    """The palette's name for a CIELAB colour (L 0..100, a and b about -127..127)."""
    distances = {name: float(color_distance(anchors, lab).min()) for name, anchors in _ANCHORS.items()}
    first, second, *_ = sorted(distances, key=distances.__getitem__)
    margin = (distances[second] - distances[first]) / SURE_MARGIN
    return ColorName(first, round(min(1.0, 0.5 + 0.5 * margin), 2))


def color_distance(lab: NDArray[np.floating], to: NDArray[np.floating]) -> Floats:
    """Lightness apart plus hue and chroma apart (HyAB, Abasi et al. 2020: better than Euclid for large differences)."""
    apart = np.asarray(lab, dtype=np.float32) - np.asarray(to, dtype=np.float32)
    return np.asarray(LIGHTNESS_WEIGHT * np.abs(apart[..., 0]) + np.hypot(apart[..., 1], apart[..., 2]), np.float32)


@dataclass(frozen=True, slots=True)
class FoundColor:
    """`lab`: the middle of the colour. `share`: of the pixels that are near it."""

    lab: Floats
    share: float


def commonest_colors(lab: Floats) -> list[FoundColor]:
    """At most four colours of the pixels (N, 3 CIELAB), the largest share first; none of no pixels."""
    pixels = lab[:: max(1, len(lab) // MOST_PIXELS)]
    total = len(pixels)
    found: list[FoundColor] = []
    while len(pixels) > SMALLEST_SHARE * total and len(found) < MOST_COLOURS:
        middle = _densest(pixels)
        near = color_distance(pixels, middle) < CLUSTER_LAB
        found.append(FoundColor(middle, float(np.count_nonzero(near)) / total))
        pixels = pixels[~near]
    return sorted(found, key=lambda color: -color.share)


def name_colors(found: Sequence[FoundColor]) -> ColorName:
    """One name for all (at least one) colours of a garment; shades of one name count together."""
    named = [(color_name(color.lab), color.share) for color in found]
    shares: defaultdict[str, float] = defaultdict(float)
    for label, share in named:
        shares[label.name] += share
    name, rival, *_ = [*sorted(shares, key=shares.__getitem__, reverse=True), ""]
    share = shares[name]
    if share < LEAST_SHARE or (share < SINGLE_SHARE and shares[rival] > RIVAL * share):
        return ColorName(MULTICOLOUR, MULTICOLOUR_CONFIDENCE)
    sureness = max(label.confidence for label, _ in named if label.name == name)
    return ColorName(name, round(sureness * min(1.0, 0.5 + 0.6 * share), 2))


def _densest(pixels: Floats) -> Floats:
    """Mean shift from the fullest bin: where most of the pixels are."""
    bins = np.clip(np.floor(pixels / BIN_LAB) + BINS // 2, 0, BINS - 1).astype(np.int64) @ np.array(
        [BINS * BINS, BINS, 1]
    )
    middle = pixels[bins == np.bincount(bins).argmax()].mean(axis=0)
    for _ in range(6):
        middle = pixels[color_distance(pixels, middle) < CLUSTER_LAB].mean(axis=0)
    return np.asarray(middle, dtype=np.float32)


def _anchors() -> dict[str, Floats]:
    return {name: np.array([_lab_of(code) for code in codes.split()]) for name, codes in FASHION_PALETTE.items()}


def _lab_of(code: str) -> Floats:
    rgb = np.frombuffer(bytes.fromhex(code.removeprefix("#")), dtype=np.uint8).reshape(1, 1, 3)
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2LAB)[0, 0], np.float32)


_ANCHORS = _anchors()
