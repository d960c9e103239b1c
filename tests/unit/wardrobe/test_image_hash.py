"""Fingerprints of pictures: copies are alike, other garments and plain pictures are not."""

from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from shared.cpu import CpuGate
from shared.image_formats import ImageLimits
from shared.image_hash import image_hash, nearest
from shared.image_processing import thumbnail

GARMENTS = sorted((Path(__file__).resolve().parents[3] / "samples" / "garment").glob("*.jpg"))
_made: dict[bytes, str | None] = {}


def saved(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


def hashed(data: bytes) -> str:
    """As an item's picture is: by its thumbnail."""
    found = image_hash(thumbnail(data, ImageLimits(), CpuGate(1)).data)
    assert found is not None
    return found


def opened(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def scaled(image: Image.Image, scale: float) -> Image.Image:
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def trimmed(image: Image.Image) -> Image.Image:
    x, y = image.width // 100, image.height // 100
    return image.crop((x, y, image.width - x, image.height - y))


COPIES = {
    "half": lambda image: saved(scaled(image, 0.5), 80),
    "quarter": lambda image: saved(scaled(image, 0.25), 60),
    "larger": lambda image: saved(scaled(image, 1.3)),
    "rough": lambda image: saved(image, 40),
    "trimmed": lambda image: saved(trimmed(image)),
    "brighter": lambda image: saved(ImageEnhance.Brightness(image).enhance(1.05)),
}


@pytest.mark.parametrize("garment", GARMENTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_alike(garment: Path, copy: str) -> None:
    image = opened(garment)
    assert nearest(hashed(COPIES[copy](image)), [hashed(saved(image))]) == 0


def test_different_garments_are_not() -> None:
    hashes = [hashed(path.read_bytes()) for path in GARMENTS]
    assert all(nearest(one, [other]) is None for one, other in combinations(hashes, 2))


@pytest.mark.parametrize("turn", [60, 128, 190])
def test_another_colour_of_the_same_cut_is_another_garment(turn: int) -> None:
    image = opened(next(path for path in GARMENTS if path.stem == "tshirt"))
    hue, saturation, value = image.convert("HSV").split()
    hue = hue.point(lambda angle: (angle + turn) % 256)
    dyed = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    assert nearest(hashed(saved(dyed)), [hashed(saved(image))]) is None


@pytest.mark.parametrize("color", ["white", "black", "#7a8b9c"])
def test_plain_pictures_have_none(color: str) -> None:
    assert image_hash(saved(Image.new("RGB", (300, 300), color))) is None


def test_transparent_parts_count_as_white() -> None:
    cut = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    cut.paste((0, 60, 120, 255), (50, 40, 150, 190))
    flat = Image.new("RGB", (200, 200), "white")
    flat.paste((0, 60, 120), (50, 40, 150, 190))
    file = io.BytesIO()
    cut.save(file, "PNG")
    png, jpeg = image_hash(file.getvalue()), image_hash(saved(flat, 95))
    assert png is not None and jpeg is not None and nearest(png, [jpeg]) == 0


def test_the_nearest_of_several_is_meant() -> None:
    image = opened(GARMENTS[0])
    others = [hashed(GARMENTS[1].read_bytes()), hashed(saved(trimmed(image), 40)), hashed(saved(image))]
    assert nearest(hashed(saved(image)), others) == 2
    assert nearest(others[0], []) is None
