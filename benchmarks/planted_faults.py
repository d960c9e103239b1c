"""What a picture model gets wrong, drawn on purpose: each function spoils a good try-on in one way.

All take and give BGR pictures and a seeded generator, so a run can be repeated to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.figure import parts_of
from shared.engines.checks.heads import Head, find_head, head_mask
from shared.engines.preview.person import find_person, scaled_to
from shared.errors import ImageRejectedError

Image = NDArray[np.uint8]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Donor:
    """Somebody to take a head or a whole figure from. `figure`: BGR with alpha, cut to the silhouette."""

    name: str
    photo: Image
    head: Head
    head_alpha: NDArray[np.float32]
    figure: Image


@dataclass(frozen=True, slots=True)
class Scene:
    """`dressed`: a good try-on of `photo`. `garment`: the packshot. `head`: in pixels of the photo."""

    name: str
    photo: Image
    garment: Image
    dressed: Image
    head: Head
    donors: Sequence[Donor]

    def stranger(self, random: Random) -> Donor:
        others = [donor for donor in self.donors if donor.name != self.name]
        return others[int(random.integers(len(others)))]


def jpeg(picture: Image, quality: int) -> Image:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def moved(picture: Image, scale: tuple[float, float], shift: tuple[float, float]) -> Image:
    """Scaled about the middle and shifted (shares of the sides), the edges drawn out."""
    height, width = picture.shape[:2]
    matrix = np.array(
        [
            [scale[0], 0.0, width * (shift[0] + 0.5 * (1.0 - scale[0]))],
            [0.0, scale[1], height * (shift[1] + 0.5 * (1.0 - scale[1]))],
        ]
    )
    out = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, dtype=np.uint8)


def relit(picture: Image, random: Random) -> Image:
    """Brightness by up to 3 %, and noise that changes slowly over the picture (a few grey levels)."""
    height, width = picture.shape[:2]
    coarse = random.normal(0.0, 2.0, (max(2, height // 40), max(2, width // 40), 3)).astype(np.float32)
    noise = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(picture * random.uniform(0.97, 1.03) + noise, 0, 255), dtype=np.uint8)


def clean(scene: Scene, random: Random) -> Image:
    scale, shift = (1.0, 1.0), (0.0, 0.0)
    if random.random() < 0.5:
        scale = (random.uniform(0.99, 1.01),) * 2
    else:
        shift = (random.uniform(-0.01, 0.01), random.uniform(-0.01, 0.01))
    picture = relit(moved(scene.dressed, scale, shift), random)
    return jpeg(picture, int(random.integers(85, 96)))


def redrawn(scene: Scene, random: Random) -> Image:
    """What models do to every pixel, beyond the clean ones: textures smoothed, contrast and shapes a little off."""
    height, width = scene.dressed.shape[:2]
    reach = 0.003 * max(height, width)
    grid = [random.normal(0.0, reach, (5, 4)).astype(np.float32) for _ in range(2)]
    bend = [cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in grid]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(scene.dressed, columns + bend[0], rows + bend[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.bilateralFilter(bent, 7, 30, 5).astype(np.float32)
    contrast = random.uniform(0.9, 1.1)
    return jpeg(relit(np.clip((smooth - 128) * contrast + 128, 0, 255).astype(np.uint8), random), 90)


def cropped(scene: Scene, random: Random) -> Image:
    """One to three sides lose 8 to 15 %; what is left fills the frame."""
    height, width = scene.dressed.shape[:2]
    sides = random.permutation([True, *(random.random(3) < 0.3)])
    left, top, right, bottom = np.where(sides, random.uniform(0.08, 0.15, 4), 0.0)
    part = scene.dressed[
        round(top * height) : round((1 - bottom) * height), round(left * width) : round((1 - right) * width)
    ]
    whole = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
    return clean_copy(np.asarray(whole, dtype=np.uint8), random)


def shifted(scene: Scene, random: Random) -> Image:
    distance = float(random.uniform(0.05, 0.08) * random.choice([-1, 1]))
    shift = (distance, 0.0) if random.random() < 0.5 else (0.0, distance)
    return clean_copy(moved(scene.dressed, (1.0, 1.0), shift), random)


def stretched(scene: Scene, random: Random) -> Image:
    """One side 5 to 8 % too long or too short for the other."""
    factor = float((1.0 + random.uniform(0.05, 0.08)) ** random.choice([-1, 1]))
    scale = (factor, 1.0) if random.random() < 0.5 else (1.0, factor)
    return clean_copy(moved(scene.dressed, scale, (0.0, 0.0)), random)


def unchanged(scene: Scene, random: Random) -> Image:
    """The photo as it was sent, through a JPEG of quality 40 to 90."""
    return jpeg(relit(scene.photo, random), int(random.integers(40, 91)))


def other_head(scene: Scene, random: Random) -> Image:
    """A stranger's face and hair where the person's were, of the same size."""
    donor = scene.stranger(random)
    factor = scene.head.size / donor.head.size
    matrix = np.array(
        [
            [factor, 0.0, scene.head.x - factor * donor.head.x],
            [0.0, factor, scene.head.y - factor * donor.head.y],
        ]
    )
    height, width = scene.dressed.shape[:2]
    head = cv2.warpAffine(donor.photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(donor.head_alpha, matrix, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    mixed = scene.dressed + alpha * (head.astype(np.float32) - scene.dressed)
    return clean_copy(np.clip(mixed, 0, 255).astype(np.uint8), random)


def second_person(scene: Scene, random: Random) -> Image:
    """A stranger beside the person, 70 to 100 % as large, head inside the frame."""
    donor = scene.stranger(random)
    height, width = scene.dressed.shape[:2]
    factor = scene.head.size / donor.head.size * random.uniform(0.7, 1.0)
    figure = cv2.resize(donor.figure, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)[:height]
    left_is_free = scene.head.x > width / 2
    reach = round(min(figure.shape[1], max(0.9 * scene.head.x, 0.9 * (width - scene.head.x)) - scene.head.size))
    middle = figure.shape[1] // 2
    start = max(0, middle - reach // 2)
    figure = figure[:, start : start + reach]
    x = round(random.uniform(0.0, 0.04) * width) if left_is_free else width - figure.shape[1]
    y = min(height - figure.shape[0], max(0, round(scene.head.y - 1.2 * scene.head.size)))
    out = scene.dressed.astype(np.float32)
    box = out[y : y + figure.shape[0], x : x + figure.shape[1]]
    alpha = figure[: box.shape[0], : box.shape[1], 3:].astype(np.float32) / 255
    box += alpha * (figure[: box.shape[0], : box.shape[1], :3] - box)
    return clean_copy(np.clip(out, 0, 255).astype(np.uint8), random)


def no_person(scene: Scene, random: Random) -> Image:
    """The garment alone, as large as the frame allows."""
    height, width = scene.dressed.shape[:2]
    factor = min(height / scene.garment.shape[0], width / scene.garment.shape[1])
    flat = cv2.resize(scene.garment, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    below, right = height - flat.shape[0], width - flat.shape[1]
    sides = (below // 2, below - below // 2, right // 2, right - right // 2)
    return clean_copy(np.asarray(cv2.copyMakeBorder(flat, *sides, cv2.BORDER_REPLICATE), dtype=np.uint8), random)


def other_colour(scene: Scene, random: Random) -> Image:
    """What was dressed comes in another colour: a turn of the hue by a third, and a change of light."""
    changed = (np.abs(scene.dressed.astype(np.int16) - scene.photo).max(axis=2) > 24).astype(np.uint8)
    lab = cv2.cvtColor(scene.dressed, cv2.COLOR_BGR2LAB).astype(np.float32)
    turn = float(random.choice([-1, 1])) * 2.1
    a, b = lab[..., 1] - 128, lab[..., 2] - 128
    lab[..., 1] = 128 + np.cos(turn) * a - np.sin(turn) * b + 30 * np.sign(turn)
    lab[..., 2] = 128 + np.sin(turn) * a + np.cos(turn) * b + 30
    light = lab[..., 0]
    lab[..., 0] = np.where(light > 128, 0.55 * light, 90 + 0.7 * light)
    other = cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2BGR)
    weight = cv2.GaussianBlur(
        cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)).astype(np.float32), (0, 0), 1.5
    )
    mixed = scene.dressed + weight[..., None] * (other.astype(np.float32) - scene.dressed)
    return clean_copy(np.clip(mixed, 0, 255).astype(np.uint8), random)


def clean_copy(picture: Image, random: Random) -> Image:
    return jpeg(relit(picture, random), int(random.integers(85, 96)))


FAULTS: dict[str, Callable[[Scene, Random], Image]] = {
    "crop": cropped,
    "shift": shifted,
    "other head": other_head,
    "unchanged": unchanged,
    "second person": second_person,
    "ratio": stretched,
    "no person": no_person,
    "other colour": other_colour,
}


def donor_of(name: str, photo: Image) -> Donor | None:
    """None for photos whose face or outline is not found well enough to be pasted elsewhere."""
    small, scale = scaled_to(photo, 1024)
    parts, confidence = parts_of(small)
    head = find_head(small, parts, confidence)
    if head is None or not head.sure:
        return None
    try:
        person = find_person(np.ascontiguousarray(photo[..., ::-1]))
    except ImageRejectedError:
        return None
    mask = head_mask(parts, head).astype(np.float32)
    alpha = cv2.resize(mask, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR)
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.03 * head.size / scale), dtype=np.float32)
    large = head.scaled(1 / scale)
    whole = np.dstack([photo, (person.alpha * 255).astype(np.uint8)])
    ys, xs = np.nonzero(person.alpha > 0.5)
    return Donor(name, photo, large, soft, whole[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1])
