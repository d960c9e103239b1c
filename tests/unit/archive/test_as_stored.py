"""Pictures that come back byte for byte, and those that are made anew because something clings to them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from shared.cpu import CpuGate
from shared.errors import ImageRejectedError, UnsupportedMediaTypeError
from shared.image_as_stored import as_stored
from shared.image_formats import ImageLimits
from shared.image_processing import prepare_photo

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
LIMITS = ImageLimits()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def image(mode: str = "RGB", size: tuple[int, int] = (100, 120)) -> Image.Image:
    return Image.effect_noise(size, 40).convert(mode)


def cut_out() -> bytes:
    free = image("RGBA")
    free.paste((0, 0, 0, 0), (0, 0, 30, 120))
    return saved(free, "PNG")


@pytest.mark.parametrize(
    ("sent", "has_alpha"), [((SAMPLES / "garment" / "dress.jpg").read_bytes(), False), (cut_out(), True)]
)
def test_what_was_stored_comes_back(sent: bytes, has_alpha: bool) -> None:
    stored = prepare_photo(sent, LIMITS, CpuGate(1))
    assert stored.has_alpha == has_alpha and as_stored(stored.data, LIMITS) == stored


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


OTHERS: dict[str, Callable[[], bytes]] = {
    "tail": lambda: saved(image(), "JPEG") + b"tail",
    "comment": lambda: saved(image(), "JPEG", comment=b"hello"),
    "exif": lambda: saved(image(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "profile": lambda: saved(image(), "JPEG", icc_profile=b"x" * 200),
    "progressive": lambda: saved(image(), "JPEG", progressive=True),
    "grey": lambda: saved(image("L"), "JPEG"),
    "four colours": lambda: saved(image("CMYK"), "JPEG"),
    "large": lambda: saved(image(size=(2100, 200)), "JPEG"),
    "unknown segment": lambda: (lambda data: data[:20] + segment(0xEC, b"secret") + data[20:])(saved(image(), "JPEG")),
    "PNG without alpha": lambda: saved(image(), "PNG"),
    "PNG of a palette": lambda: saved(image("P"), "PNG"),
    "PNG with a size": lambda: saved(image("RGBA"), "PNG", dpi=(72, 72)),
    "PNG with a tail": lambda: saved(image("RGBA"), "PNG") + b"tail",
    "WebP": lambda: saved(image(), "WEBP"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_everything_else_is_made_anew(name: str) -> None:
    assert as_stored(OTHERS[name](), LIMITS) is None


def test_what_is_no_picture() -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        as_stored(b"no picture", LIMITS)
    with pytest.raises(ImageRejectedError):
        as_stored(saved(image(size=(20, 20)), "JPEG"), LIMITS)


def test_cut_off_anywhere_it_is_not_kept() -> None:
    data = saved(image(), "JPEG")
    for length in range(200, len(data), 97):
        try:
            assert as_stored(data[:length], LIMITS) is None
        except ImageRejectedError:
            continue
