"""Items of a wardrobe for the tests of its routes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

ITEMS = "/api/wardrobe/items"
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "garment"
TYPED = {"category_section": "upper_body", "category": "shirts"}
"""With a category nobody has to look at the picture."""


def drawn(color: str = "#804020", size: tuple[int, int] = (96, 128), kind: str = "JPEG") -> bytes:
    """A block of a colour on a light ground."""
    image = Image.new("RGB", size, "#f2f2f2")
    width, height = size
    ImageDraw.Draw(image).rectangle((width // 4, height // 8, width * 3 // 4, height * 7 // 8), fill=color)
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def sample(name: str = "tshirt") -> bytes:
    return (SAMPLES / f"{name}.jpg").read_bytes()


def resized(data: bytes, scale: float) -> bytes:
    image = Image.open(io.BytesIO(data))
    file = io.BytesIO()
    image.resize((round(image.width * scale), round(image.height * scale))).save(file, "JPEG", quality=80)
    return file.getvalue()


def form(image: bytes | None = None, **fields: Any) -> dict[str, Any]:
    """Of a multipart request."""
    return {"garment_image": (io.BytesIO(image or drawn()), "garment.jpg"), **TYPED, **fields}


def add(person: Any, image: bytes | None = None, **fields: Any) -> dict[str, Any]:
    answer = person.post(ITEMS, data=form(image, **fields))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    item: dict[str, Any] = answer.json["data"]
    return item


def files(config: Any) -> set[str]:
    """Keys of everything that is stored."""
    root = config.images_dir
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def opened(person: Any, url: str) -> Image.Image:
    answer = person.http.get(url)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.data))
