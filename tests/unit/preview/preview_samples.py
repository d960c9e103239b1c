"""The sample people and garments (`samples/`, exact masks) and pictures drawn for the preview engine's tests."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.engines.preview.person import Person, find_person

REPOSITORY = Path(__file__).resolve().parents[3]
SAMPLES = REPOSITORY / "samples"
CASES = REPOSITORY.parent / "shared" / "tryon-cases"
MANIFEST: dict[str, Any] = json.loads((SAMPLES / "manifest.json").read_text())
PEOPLE = {Path(entry["file"]).stem: entry for entry in MANIFEST["persons"]}
FULL_LENGTH = ("man_dark", "woman_light", "woman_tan")
TRUE_SKIN, TRUE_HAIR = 1, 2  # labels of the *_parts.png masks

Pixels = NDArray[np.uint8]


def rgb_of(file: Path) -> Pixels:
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


@lru_cache(maxsize=8)
def photo(name: str) -> Pixels:
    return rgb_of(SAMPLES / PEOPLE[name]["file"])


@lru_cache(maxsize=8)
def person(name: str) -> Person:
    return find_person(photo(name))


def true_alpha(name: str) -> NDArray[np.float64]:
    with Image.open(SAMPLES / PEOPLE[name]["alpha"]) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float64) / 255.0


def true_parts(name: str) -> Pixels:
    with Image.open(SAMPLES / PEOPLE[name]["parts"]) as picture:
        return np.asarray(picture, dtype=np.uint8)


def body_height(name: str) -> float:
    """Of the whole body in px; the upper-body photo shows about half of it (height by the true trunk length)."""
    joints = PEOPLE[name]["joints"]
    trunk = joints["left_hip"][1] - joints["left_shoulder"][1]
    return float(trunk / 0.255)  # shoulder to hip by body height, mean of the three full-length samples


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(one & other) / max(1, np.count_nonzero(one | other)))


def jpeg(rgb: Pixels, quality: int = 92) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return file.getvalue()


def flat_grey() -> Pixels:
    return np.full((640, 480, 3), 128, dtype=np.uint8)


def noise() -> Pixels:
    return np.random.default_rng(5).integers(0, 256, (640, 480, 3), dtype=np.uint8)


def landscape() -> Pixels:
    picture = np.zeros((480, 640, 3), dtype=np.uint8)
    picture[:240] = (120, 180, 230)
    picture[240:] = (70, 140, 60)
    cv2.circle(picture, (520, 90), 40, (250, 230, 120), -1)
    cv2.fillPoly(picture, [np.array([[60, 240], [180, 100], [300, 240]])], (110, 100, 95))
    return picture


def screenshot() -> Pixels:
    picture = np.full((800, 450, 3), 247, dtype=np.uint8)
    cv2.rectangle(picture, (0, 0), (450, 70), (40, 90, 200), -1)
    for row in range(6):
        top = 90 + row * 115
        cv2.rectangle(picture, (15, top), (110, top + 95), (210 - 20 * row, 120 + 15 * row, 90), -1)
        for line in range(3):
            cv2.putText(picture, "Soft cotton shirt", (125, top + 25 + line * 28), 0, 0.7, (50, 50, 50), 1)
    return picture


def drawn_shirt() -> Pixels:
    picture = np.full((640, 560, 3), 250, dtype=np.uint8)
    outline = [[190, 110], [230, 130], [330, 130], [370, 110], [500, 200], [450, 280], [400, 240]]
    outline += [[400, 540], [160, 540], [160, 240], [110, 280], [60, 200]]
    cv2.fillPoly(picture, [np.array(outline)], (180, 60, 90))
    cv2.ellipse(picture, (280, 118), (52, 26), 0, 0, 180, (120, 35, 60), -1)
    return picture


NEGATIVES = {
    "flat_grey": flat_grey,
    "noise": noise,
    "landscape": landscape,
    "screenshot": screenshot,
    "drawn_shirt": drawn_shirt,
}
