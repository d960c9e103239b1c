from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageFilter

from shared.engines.framing import (
    MAX_DELIVERED_SIDE,
    decode,
    decode_small,
    deliver,
    delivered_size,
    encode_jpeg,
    is_plain_jpeg,
    pad_person,
    person_box,
    plan_frame,
    quickly_shrunk,
    ratio_value,
    to_bgr,
)
from shared.engines.models import FOURTEEN_RATIOS, TEN_RATIOS
from shared.errors import ImageRejectedError
from tests.unit.engines.engine_parts import encoded, person_picture

SIDES = st.integers(64, 2016)
MOST = 40_000_000


def saved(image: Image.Image, **options: Image.Exif) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


def mean_difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, dtype=float) - np.asarray(second)).mean())


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, st.sampled_from([TEN_RATIOS, FOURTEEN_RATIOS]), st.sampled_from([None, *FOURTEEN_RATIOS]))
def test_the_person_is_never_cut_and_the_ratio_is_met(
    width: int, height: int, allowed: tuple[str, ...], asked: str | None
) -> None:
    frame = plan_frame((width, height), allowed, asked)
    sent_width, sent_height = frame.sent
    assert frame.ratio in allowed
    assert (frame.person.width, frame.person.height) == (width, height)
    for box in (frame.person, frame.delivered):
        left, top, right, bottom = box.corners
        assert 0 <= left < right <= sent_width and 0 <= top < bottom <= sent_height
    assert abs(sent_width - sent_height * ratio_value(frame.ratio)) <= 1 + ratio_value(frame.ratio)
    if asked is None:
        assert frame.delivered == frame.person
        assert width == sent_width or height == sent_height  # no more padding than needed


@pytest.mark.parametrize(("size", "ratio"), [((300, 400), "3:4"), ((1080, 1920), "9:16"), ((640, 640), "1:1")])
def test_a_photo_that_fits_is_not_padded(size: tuple[int, int], ratio: str) -> None:
    frame = plan_frame(size, TEN_RATIOS)
    image = Image.new("RGB", size)
    assert (frame.ratio, frame.padded) == (ratio, False)
    assert pad_person(image, frame) is image


@pytest.mark.parametrize("size", [(150, 400), (400, 150), (333, 500), (301, 397)])
def test_padding_comes_off_again_pixel_by_pixel(size: tuple[int, int]) -> None:
    image = person_picture(*size)
    frame = plan_frame(size, TEN_RATIOS)
    padded = pad_person(image, frame)
    assert padded.size == frame.sent
    assert deliver(padded, frame).tobytes() == image.tobytes()


@pytest.mark.parametrize("size", [(150, 400), (400, 150)])
def test_margins_continue_the_edge_calmly(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (200, 180, 160))
    image.paste((20, 20, 20), (size[0] // 2 - 20, size[1] // 2 - 20, size[0] // 2 + 20, size[1] // 2 + 20))
    padded = np.asarray(pad_person(image, plan_frame(size, ["1:1"])), dtype=int)
    assert abs(padded[0, 0] - (200, 180, 160)).max() <= 1
    assert abs(padded[-1, -1] - (200, 180, 160)).max() <= 1


@pytest.mark.parametrize("answer", [(864, 1184), (1696, 2400), (150, 200), (896, 1200)])
def test_an_answer_of_any_size_comes_back_in_the_frame_of_the_photo(answer: tuple[int, int]) -> None:
    image = person_picture(255, 345)
    frame = plan_frame(image.size, TEN_RATIOS)
    back = deliver(pad_person(image, frame).resize(answer), frame)
    assert back.size == image.size
    assert mean_difference(back, image) < 2


def test_a_provider_that_cut_the_padding_off_by_itself() -> None:
    image = person_picture(200, 480)
    frame = plan_frame(image.size, TEN_RATIOS)
    assert frame.padded
    back = deliver(image.resize((400, 960)), frame)
    assert back.size == image.size and mean_difference(back, image) < 2


def test_a_provider_that_chose_its_own_ratio_loses_nothing_of_the_person() -> None:
    image = Image.new("RGB", (300, 400), "white")
    answer = Image.new("RGB", (400, 400), "white")
    answer.paste("red", (0, 190, 20, 210))  # at the very edge
    back = deliver(answer, plan_frame(image.size, TEN_RATIOS))
    assert back.size == image.size
    assert any(red > 180 and green < 90 for red, green, _ in np.asarray(back).reshape(-1, 3).tolist())


@pytest.mark.parametrize("asked", ["1:1", "16:9", "9:16", "21:9", "1:8"])
def test_an_asked_for_ratio_is_delivered(asked: str) -> None:
    image = person_picture(1200, 1600)
    frame = plan_frame(image.size, TEN_RATIOS, asked)
    delivered = deliver(pad_person(image, frame), frame)
    assert delivered.width / delivered.height == pytest.approx(ratio_value(asked), rel=0.01)
    assert max(delivered.size) <= MAX_DELIVERED_SIDE


@pytest.mark.parametrize("ratio", ["", "3", "3:", "0:4", "3:-4", "a:b", "1:2:3", "1.5:1"])
def test_what_is_no_ratio(ratio: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ratio_value(ratio)


@pytest.mark.parametrize(("given_size", "side", "size"), [((300, 600), 200, (100, 200)), ((30, 60), 200, (30, 60))])
def test_pictures_are_sent_as_small_jpeg_without_metadata(
    given_size: tuple[int, int], side: int, size: tuple[int, int]
) -> None:
    image = person_picture(*given_size)
    image.info["comment"] = b"secret place"
    sent = Image.open(io.BytesIO(encode_jpeg(image, side)))
    assert (sent.format, sent.size, dict(sent.getexif())) == ("JPEG", size, {})


def test_a_picture_with_alpha_lies_on_white() -> None:
    transparent = Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    assert decode(encoded(transparent, "PNG"), max_pixels=MOST).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"<svg/>", encoded(person_picture())[:700], encoded(person_picture(), "GIF")]
)
def test_damaged_pictures_are_refused(data: bytes) -> None:
    with pytest.raises(ImageRejectedError) as caught:
        decode(data, max_pixels=MOST)
    assert caught.value.reason == "damaged"


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(ImageRejectedError):
        decode(encoded(person_picture(100, 100)), max_pixels=9_999)
    assert decode(encoded(person_picture(100, 100)), max_pixels=10_000).size == (100, 100)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 255), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_no_damage_is_worse_than_a_refusal(position: int, value: int, kind: str) -> None:
    data = bytearray(encoded(person_picture(), kind))
    data[position % len(data)] = value
    try:
        assert decode(bytes(data), max_pixels=MOST).mode == "RGB"
    except ImageRejectedError as error:
        assert error.reason == "damaged"


@pytest.mark.parametrize("asked", [None, "1:1", "16:9", "9:16"])
@pytest.mark.parametrize("size", [(300, 400), (1200, 1600), (1600, 2016)])
def test_the_photo_is_found_in_what_is_delivered(size: tuple[int, int], asked: str | None) -> None:
    frame = plan_frame(size, TEN_RATIOS, asked)
    photo = person_picture(*size)
    box = person_box(frame)
    delivered = deliver(pad_person(photo, frame), frame)
    assert delivered.size == delivered_size(frame)
    assert mean_difference(delivered.crop(box.corners), photo.resize((box.width, box.height))) < 2


@pytest.mark.parametrize(("kind", "most"), [("JPEG", 210), ("PNG", 800)])
def test_a_small_version_is_never_smaller_than_asked(kind: str, most: int) -> None:
    small = decode_small(encoded(person_picture(600, 800), kind), 100, max_pixels=MOST)
    assert 100 <= min(small.size) <= max(small.size) <= most


def test_which_bytes_every_reader_shows_alike() -> None:
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    image = person_picture()
    pictures = {
        "plain": encoded(image),
        "turned": saved(image, exif=turned),
        "grey": encoded(image.convert("L")),
        "cmyk": encoded(image.convert("CMYK")),
        "png": encoded(image, "PNG"),
        "broken": b"\xff\xd8\xff\xe0",
    }
    assert [name for name, data in pictures.items() if is_plain_jpeg(data)] == ["plain"]


@pytest.mark.parametrize(
    ("sides", "share", "decibels"),
    [((1513, 2015), 0.254, 55), ((1067, 1600), 0.32, 55), ((701, 1499), 0.49, 50), ((900, 601), 0.52, 44)],
)
def test_a_quick_copy_is_near_the_exact_mean(sides: tuple[int, int], share: float, decibels: float) -> None:
    picture = to_bgr(person_picture(*sides).filter(ImageFilter.GaussianBlur(0.8)))
    size = round(sides[0] * share), round(sides[1] * share)
    exact = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(quickly_shrunk(picture, size), exact) > decibels


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(1, 900)] * 2), st.tuples(*[st.integers(1, 700)] * 2))
def test_a_quick_copy_of_any_size_has_the_size_that_was_asked_for(
    sides: tuple[int, int], size: tuple[int, int]
) -> None:
    copy = quickly_shrunk(np.full((sides[1], sides[0], 3), 77, dtype=np.uint8), size)
    assert copy.shape == (size[1], size[0], 3) and (copy == 77).all()
