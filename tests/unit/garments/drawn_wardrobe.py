"""Garments of twelve colours and six types drawn on a studio ground: folds, soft light, the grain of a camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 400
GROUND = (247, 247, 245)

Pixels = NDArray[np.uint8]
Point = tuple[float, float]

# RGB as a shop's photographs show them; the name is what the colour must be called.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (28, 27, 30),
    "white": (252, 252, 252),
    "grey": (140, 141, 144),
    "navy": (30, 40, 78),
    "blue": (40, 92, 178),
    "red": (198, 32, 44),
    "pink": (240, 170, 190),
    "orange": (235, 120, 35),
    "yellow": (245, 208, 55),
    "green": (45, 125, 70),
    "beige": (216, 196, 165),
    "brown": (104, 68, 44),
}

# Right halves, from the top middle down to the bottom middle, in hundredths of the picture.
_HALVES: dict[str, list[Point]] = {
    "tee": [(50, 21), (57, 18), (72, 22), (87, 40), (77, 45), (69, 37), (69, 80), (50, 81)],
    "long sleeve": [(50, 20), (57, 17), (70, 21), (92, 62), (84, 66), (68, 39), (68, 78), (50, 79)],
    "trousers": [(50, 10), (64, 10), (69, 30), (69, 91), (55, 91), (51, 34)],
    "shorts": [(50, 25), (66, 25), (74, 70), (54, 72), (51, 48)],
    "skirt": [(50, 22), (62, 22), (77, 78), (50, 80)],
    "dress": [(50, 9), (57, 7), (62, 9), (61, 23), (58, 36), (76, 90), (50, 92)],
}
CATEGORY = {
    "tee": "upper_body",
    "long sleeve": "upper_body",
    "trousers": "lower_body",
    "shorts": "lower_body",
    "skirt": "lower_body",
    "dress": "dress",
}
TYPES = tuple(_HALVES)


def draw(type_: str, colour: tuple[int, int, int], *, ground: tuple[int, int, int] = GROUND, seed: int = 1) -> Pixels:
    """RGB (HEIGHT, WIDTH, 3)."""
    alpha = _outline(_HALVES[type_])[..., None]
    chance = np.random.default_rng(seed)
    cloth = np.asarray(colour, dtype=np.float64) * _folds(chance)[..., None]
    behind = (
        np.asarray(ground, dtype=np.float64)
        * _studio_light()[..., None]
        * (1 - 0.1 * _shadow(alpha[..., 0]))[..., None]
    )
    mixed = alpha * cloth + (1 - alpha) * behind + chance.normal(0.0, 1.5, (HEIGHT, WIDTH, 3))
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _outline(half: list[Point]) -> NDArray[np.float64]:
    points = half + [(100 - x, y) for x, y in reversed(half)]
    corners = np.rint(np.array(points) * (WIDTH * 4 / 100, HEIGHT * 4 / 100)).astype(np.int32)
    large = np.zeros((HEIGHT * 4, WIDTH * 4), dtype=np.uint8)
    cv2.fillPoly(large, [corners], (255,))
    return cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float64) / 255.0


def _folds(chance: np.random.Generator) -> NDArray[np.float64]:
    """Light and shade of cloth: between .8 and 1.05 of its colour."""
    rough = cv2.GaussianBlur(chance.normal(0.0, 1.0, (HEIGHT, WIDTH)), (0, 0), sigmaX=6, sigmaY=30)
    return np.clip(0.94 + 0.06 * rough / rough.std(), 0.8, 1.05)


def _studio_light() -> NDArray[np.float64]:
    return np.linspace(1.0, 0.975, HEIGHT)[:, None] * np.ones((1, WIDTH))


def _shadow(alpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the garment casts on the ground: a little to the right and down."""
    moved = cv2.warpAffine(alpha, np.array([[1.0, 0.0, 4.0], [0.0, 1.0, 5.0]]), (WIDTH, HEIGHT))
    return cv2.GaussianBlur(moved, (0, 0), 4)
