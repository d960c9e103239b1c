"""What a cover shows: garments without their grounds, photos as cards, and never an error."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from features.outfits.cover import GROUND, SIZE, Piece, make_cover
from features.outfits.layout import Role

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "garment"
RED, BLUE, WHITE = (200, 20, 30), (30, 60, 200), (255, 255, 255)
Pixels = NDArray[np.int16]


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def cut_out(colour: tuple[int, int, int]) -> bytes:
    image = Image.new("RGBA", (200, 240), (0, 255, 0, 0))
    ImageDraw.Draw(image).ellipse((40, 40, 160, 200), fill=(*colour, 255))
    return encoded(image, "PNG")


def photo(colour: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> bytes:
    image = Image.new("RGB", (400, 500), ground)
    ImageDraw.Draw(image).rectangle((100, 120, 300, 400), fill=colour)
    return encoded(image, "JPEG")


def busy() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (20, 16, 3), dtype=np.uint8)
    return encoded(Image.fromarray(noise).resize((400, 500), Image.Resampling.NEAREST), "PNG")


def pixels(pieces: list[Piece]) -> Pixels:
    made = make_cover(pieces)
    assert made is not None
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", SIZE, "RGB")
        return np.asarray(image, dtype=np.int16)


def share(found: Pixels, colour: tuple[int, int, int], tolerance: int = 12) -> float:
    return float(np.mean(np.abs(found - np.array(colour)).max(axis=2) <= tolerance))


def test_cut_outs_lie_on_a_plain_light_ground() -> None:
    found = pixels([Piece(cut_out(RED), Role.TOP), Piece(cut_out(BLUE), Role.BOTTOM)])
    assert share(found, RED) > 0.1 and share(found, BLUE) > 0.1 and share(found, GROUND) > 0.3
    assert share(found, (0, 255, 0), 60) == 0, "what is transparent is not seen, not even at the rim"
    corners = found[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert np.abs(corners - np.array(GROUND)).max() <= 3
    reds, blues = (np.argwhere(np.abs(found - np.array(colour)).max(axis=2) <= 12) for colour in (RED, BLUE))
    assert reds[:, 0].max() < blues[:, 0].min(), "the top is above the bottom"


def test_a_plain_ground_is_taken_away() -> None:
    found = pixels([Piece(photo(RED), Role.TOP)])
    assert share(found, RED) > 0.3 and share(found, WHITE, 3) < 0.01


@pytest.mark.parametrize("picture", [busy(), photo((252, 252, 252))], ids=["busy ground", "white on white"])
def test_what_cannot_be_freed_stays_in_its_photo(picture: bytes) -> None:
    """As a card: straight edges and round corners."""
    found = pixels([Piece(picture, Role.TOP)])
    rows = np.argwhere(np.abs(found - np.array(GROUND)).max(axis=2) > 8)
    top, left = rows.min(axis=0)
    bottom, right = rows.max(axis=0)
    assert bottom - top > 600 and right - left > 500
    assert np.abs(found[top, left] - np.array(GROUND)).max() <= 8, "a round corner"


@pytest.mark.parametrize("broken", [b"", b"no picture", photo(RED)[:200]])
def test_a_broken_picture_is_left_out(broken: bytes) -> None:
    found = pixels([Piece(broken, Role.TOP), Piece(cut_out(BLUE), Role.BOTTOM)])
    assert share(found, BLUE) > 0.1
    assert make_cover([Piece(broken, Role.TOP)]) is None


def test_without_pieces_there_is_no_cover() -> None:
    assert make_cover([]) is None


def test_a_picture_that_is_all_transparent() -> None:
    assert make_cover([Piece(encoded(Image.new("RGBA", (80, 80)), "PNG"), Role.TOP)]) is not None


def test_twenty_pieces_fit() -> None:
    found = pixels([Piece(cut_out(RED), role) for role in (*Role, *Role, *Role)][:18] + [Piece(busy(), Role.TOP)] * 2)
    assert share(found, RED) > 0.1


def test_sample_garments_lose_their_white_ground() -> None:
    pieces = [Piece((SAMPLES / f"{name}.jpg").read_bytes(), role)
              for name, role in (("tshirt", Role.TOP), ("trousers", Role.BOTTOM))]  # fmt: skip
    found = pixels(pieces)
    assert share(found, WHITE, 2) < 0.002
    assert float(np.mean((found[..., 0] > 150) & (found[..., 1] < 90))) > 0.08, "the red shirt"
