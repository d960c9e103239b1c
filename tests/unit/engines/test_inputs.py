"""What a provider is sent: all of the person in a ratio that it paints, at a size that is worth its upload."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.engines.base import Quality
from shared.engines.framing import Frame, plan_frame, ratio_value
from shared.engines.inputs import LARGEST_SIDE, input_side, prepare_inputs
from shared.engines.models import FOURTEEN_RATIOS, TEN_RATIOS
from shared.errors import ImageRejectedError
from tests.unit.engines.engine_parts import encoded, garment, wanted

MOST = 40_000_000
SIDE = 1536
EXTREMES = [(64, 2016), (2016, 64), (65, 67), (2016, 2016), (1512, 2016), (2016, 1512), (750, 2016), (101, 1999)]
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 220, 30)


def cornered(width: int, height: int) -> bytes:
    """A photo with another colour in each corner: whatever is cut off shows."""
    image = Image.new("RGB", (width, height), (128, 128, 128))
    draw, side = ImageDraw.Draw(image), min(width, height) // 4
    for colour, x, y in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (YELLOW, 1, 1)):
        left, top = x * (width - side), y * (height - side)
        draw.rectangle((left, top, left + side, top + side), fill=colour)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=95, subsampling=0)
    return target.getvalue()


def sent_picture(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "JPEG"
        return opened.convert("RGB")


@pytest.mark.parametrize("size", EXTREMES)
@pytest.mark.parametrize("ratios", [TEN_RATIOS, FOURTEEN_RATIOS], ids=["ten", "fourteen"])
def test_all_of_the_photo_is_sent_in_an_allowed_ratio(size: tuple[int, int], ratios: tuple[str, ...]) -> None:
    inputs = prepare_inputs(wanted(photo=cornered(*size)), ratios, SIDE, max_pixels=MOST)
    picture = sent_picture(inputs.person)
    assert inputs.frame.ratio in ratios and max(picture.size) <= SIDE
    if inputs.frame.padded:
        assert picture.width == pytest.approx(picture.height * ratio_value(inputs.frame.ratio), abs=2)
    assert_corners(picture, inputs.frame)


@pytest.mark.parametrize("asked", FOURTEEN_RATIOS)
@pytest.mark.parametrize("ratios", [TEN_RATIOS, FOURTEEN_RATIOS], ids=["ten", "fourteen"])
def test_every_ratio_that_can_be_asked_for_keeps_all_of_the_photo(asked: str, ratios: tuple[str, ...]) -> None:
    size = (1512, 2016)
    inputs = prepare_inputs(wanted(photo=cornered(*size), aspect_ratio=asked), ratios, SIDE, max_pixels=MOST)
    picture = sent_picture(inputs.person)
    assert inputs.frame.ratio == (asked if asked in ratios else plan_frame(size, ratios, asked).ratio)
    assert max(picture.size) <= SIDE
    assert_corners(picture, inputs.frame)


def assert_corners(picture: Image.Image, frame: Frame) -> None:
    """The photo lies in the middle, each corner of it in its colour."""
    scale = picture.width / frame.sent[0]
    pixels = np.asarray(picture, dtype=int)
    width, height = frame.person.width * scale, frame.person.height * scale
    inset = min(width, height) / 8
    for colour, x, y in ((RED, -1, -1), (GREEN, 1, -1), (BLUE, -1, 1), (YELLOW, 1, 1)):
        column = round(picture.width / 2 + x * (width / 2 - inset))
        row = round(picture.height / 2 + y * (height / 2 - inset))
        assert np.abs(pixels[row, column] - colour).max() < 40, (colour, tuple(pixels[row, column]))


def test_a_banner_around_a_large_photo_takes_no_canvas_of_that_size() -> None:
    photo = cornered(1512, 2016)
    tracemalloc.start()
    prepare_inputs(wanted(photo=photo, aspect_ratio="8:1"), TEN_RATIOS, SIDE, max_pixels=MOST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    inputs = prepare_inputs(wanted(photo=photo, aspect_ratio="8:1"), TEN_RATIOS, SIDE, max_pixels=MOST)
    assert inputs.frame.sent[0] == 8 * 2016  # the frame is still told in pixels of the photo
    assert sent_picture(inputs.person).width == SIDE and peak < 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("quality", "standard", "side"),
    [
        (Quality.FAST, 1536, 1024),
        (Quality.FAST, 768, 768),
        (Quality.STANDARD, 1536, 1536),
        (Quality.STANDARD, 768, 768),
        (Quality.HIGH, 1536, LARGEST_SIDE),
        (Quality.HIGH, 768, LARGEST_SIDE),
    ],
)
def test_the_size_follows_the_quality(quality: Quality, standard: int, side: int) -> None:
    assert input_side(quality, standard) == side
    item = garment()
    large = type(item)(encoded(Image.new("RGB", (2016, 1000), "navy")))
    asked = wanted(photo=cornered(1512, 2016), garments=[large], quality=quality)
    inputs = prepare_inputs(asked, TEN_RATIOS, standard, max_pixels=MOST)
    assert [max(sent_picture(data).size) for data in (inputs.person, *inputs.garments)] == [side, side]


def test_what_fits_is_sent_byte_by_byte() -> None:
    asked = wanted(photo=cornered(600, 800))
    inputs = prepare_inputs(asked, TEN_RATIOS, SIDE, max_pixels=MOST)
    assert (inputs.person, inputs.garments) == (asked.person, [asked.garments[0].image])


def test_a_garment_with_alpha_lies_on_white() -> None:
    item = garment()
    transparent = type(item)(encoded(Image.new("RGBA", (80, 80), (255, 0, 0, 0)), "PNG"))
    inputs = prepare_inputs(wanted(garments=[transparent]), TEN_RATIOS, SIDE, max_pixels=MOST)
    assert sent_picture(inputs.garments[0]).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("photo", [b"\xff\xd8\xff", b"<svg/>"])
def test_damage_is_told_before_anything_is_sent(photo: bytes) -> None:
    with pytest.raises(ImageRejectedError):
        prepare_inputs(wanted(photo=photo), TEN_RATIOS, SIDE, max_pixels=MOST)
