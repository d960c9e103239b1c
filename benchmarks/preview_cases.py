"""Labelled photos and try-ons of the preview engine with all that is known about them, for the preview benchmarks."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.engines.base import Deadline, GarmentInput
from shared.engines.preview.dressing import dress_person
from shared.engines.preview.engine import result_in_frame, working_copy
from shared.engines.preview.garment import Garment
from shared.engines.preview.person import Person, find_person
from shared.engines.preview.pieces import piece_of
from shared.engines.preview.scene import scene_of, studied

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Numbers of the street photos' labels (labels.txt of the clothing-co-parsing set).
SKIN, HAIR = 41, 19
ONE_PIECE = (14, 35, 50)
UPPER_CLOTHES = (4, 5, 6, 8, 10, 11, 13, 22, 24, 26, 38, 46, 48, 49, 51, 54, 55, *ONE_PIECE)
LOWER_CLOTHES = (25, 27, 30, 31, 40, 42, 45, 53)
SHOES = (7, 12, 16, 21, 28, 32, 36, 39, 43, 44, 58)
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Case:
    """A photo (file bytes and pixels) with its labels (H, W)."""

    name: str
    photo: bytes
    rgb: Pixels
    labels: Pixels


@dataclass(frozen=True)
class Dressing:
    """`rgb`: the picture, in the photo's frame. `cover` (H, W): the placed garment. Working size is the photo's."""

    rgb: Pixels
    cover: Floats
    person: Person
    garment: Garment
    kind: str


def pictures(folder: Path) -> dict[str, Path]:
    return {
        file.stem: file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in ENDINGS and not file.stem.endswith("_labels")
    }


def read_case(file: Path) -> Case:
    with Image.open(file.with_name(f"{file.stem}_labels.png")) as labels:
        numbers = np.asarray(labels, dtype=np.uint8)
    photo = file.read_bytes()
    return Case(file.stem, photo, rgb_of(photo), numbers)


def dress(photo: bytes, garment: bytes) -> Dressing:
    """One garment on one person, without the gate and the answer. Raises ImageRejectedError."""
    deadline = Deadline(600)
    piece = piece_of(GarmentInput(garment))
    rgb = rgb_of(photo)
    person = find_person(working_copy(rgb))
    before = scene_of(studied(person))
    worn = dress_person(before, person, [piece], deadline)[-1]
    return Dressing(result_in_frame(rgb, before, worn.scene), worn.cover, person, piece.garment, piece.kind.value)


def rgb_of(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def jpeg(rgb: Pixels, quality: int = 95) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return file.getvalue()


def flipped(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def scaled(rgb: Pixels, factor: float) -> Pixels:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=how), dtype=np.uint8)


def padded(rgb: Pixels, share: float) -> Pixels:
    """The scene continued at the left by a share of the width, mirrored."""
    left = round(share * rgb.shape[1])
    return np.asarray(cv2.copyMakeBorder(rgb, 0, 0, left, 0, cv2.BORDER_REFLECT_101), dtype=np.uint8)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(one & other)) / max(1.0, float(np.count_nonzero(one | other)))
