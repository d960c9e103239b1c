"""Good and spoiled provider answers, drawn from the sample people with their exact masks."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.engines.base import GarmentType
from shared.engines.checks.colours import palette
from shared.engines.checks.reference import Reference, make_reference

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
PEOPLE: dict[str, Any] = {
    Path(entry["file"]).stem: entry for entry in json.loads((SAMPLES / "manifest.json").read_text())["persons"]
}
SKIN, HAIR, UPPER = 1, 2, 3  # labels of the *_parts.png masks
BLUE, RED = (150, 60, 20), (30, 30, 190)  # BGR

Pixels = NDArray[np.uint8]


@lru_cache(maxsize=8)
def photo(name: str) -> Pixels:
    return np.asarray(cv2.imread(str(SAMPLES / "person" / f"{name}.jpg")), dtype=np.uint8)


def packshot(colour: tuple[int, int, int] = BLUE) -> Pixels:
    picture = np.full((300, 240, 3), 255, dtype=np.uint8)
    picture[60:260, 50:190] = colour
    return picture


@lru_cache(maxsize=8)
def dressed(name: str, colour: tuple[int, int, int] = BLUE) -> Pixels:
    """The person in a top of this colour, its folds kept."""
    before = photo(name)
    light = cv2.cvtColor(before, cv2.COLOR_BGR2GRAY).astype(np.float32)
    top = labels(name) == UPPER
    folds = np.clip(light / max(1.0, float(np.median(light[top]))), 0.6, 1.3)[..., None]
    cloth = np.clip(folds * np.array(colour, np.float32), 0, 255)
    weight = cv2.GaussianBlur(top.astype(np.float32), (0, 0), 1.0)[..., None]
    return np.asarray(before + weight * (cloth - before), dtype=np.uint8)


@lru_cache(maxsize=8)
def labels(name: str) -> Pixels:
    with Image.open(SAMPLES / "masks" / f"{name}_parts.png") as picture:
        return np.asarray(picture, dtype=np.uint8)


@lru_cache(maxsize=8)
def reference(name: str, colour: tuple[int, int, int] = BLUE) -> Reference:
    return make_reference(photo(name), [palette(packshot(colour), GarmentType.UPPER)])


def pixels(picture: Any) -> Pixels:
    """What OpenCV gives, as what it is."""
    return np.asarray(picture, dtype=np.uint8)


def jpeg(picture: Pixels, quality: int = 88) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg_bytes(picture, quality), np.uint8), 1), dtype=np.uint8)


def jpeg_bytes(picture: Pixels, quality: int = 95) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def moved(picture: Pixels, scale: tuple[float, float] = (1.0, 1.0), shift: tuple[float, float] = (0.0, 0.0)) -> Pixels:
    """Scaled about the middle and shifted (shares of the sides), the edges drawn out."""
    height, width = picture.shape[:2]
    x, y = width * (shift[0] + 0.5 * (1 - scale[0])), height * (shift[1] + 0.5 * (1 - scale[1]))
    matrix = np.array([[scale[0], 0.0, x], [0.0, scale[1], y]])
    out = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, dtype=np.uint8)


def with_head_of(name: str, other: str) -> Pixels:
    """`dressed(name)` with the other person's face and hair in the same place and size."""
    (x, y, side, _), (x2, y2, side2, _) = (PEOPLE[each]["face_haar"][0] for each in (name, other))
    factor = side / side2
    matrix = np.array([[factor, 0.0, x + side / 2 - factor * (x2 + side2 / 2)], [0.0, factor, y - factor * y2]])
    size = dressed(name).shape[1::-1]
    head = np.isin(labels(other), (SKIN, HAIR)) & (np.arange(len(labels(other)))[:, None] < y2 + 1.05 * side2)
    weight = cv2.GaussianBlur(cv2.warpAffine(head.astype(np.float32), matrix, size), (0, 0), 2.0)[..., None]
    face = cv2.warpAffine(photo(other), matrix, size).astype(np.float32)
    return np.asarray(dressed(name) + weight * (face - dressed(name)), dtype=np.uint8)


def with_second_person(name: str, other: str) -> Pixels:
    """`dressed(name)` with the other person, at 70 %, at the left edge."""
    figure = cv2.resize(photo(other), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    mask = cv2.resize((labels(other) > 0).astype(np.float32), figure.shape[1::-1], interpolation=cv2.INTER_AREA)
    columns = np.flatnonzero((mask > 0.5).any(axis=0))
    middle, half = int(columns.mean()), round(0.17 * dressed(name).shape[1])
    cut = np.s_[:, max(0, middle - half) : middle + half]
    out = dressed(name).copy()
    height = min(len(out), len(figure))
    box = out[:height, : figure[cut].shape[1]]
    weight = mask[cut][:height, :, None]
    box[:] = (box + weight * (figure[cut][:height].astype(np.float32) - box)).astype(np.uint8)
    return out
