"""Pictures out: cut-outs without a background to be found in them, results with a record that proves them whole."""

from __future__ import annotations

import hashlib
import io

import pytest
from drawn_pictures import TOP, drawn, encoded, looks_drawn
from PIL import Image

from shared.cpu import CpuGate
from shared.image_processing import ImageLimits, encode_png, encode_result, prepare_photo, read_result_metadata


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG", "PNG"])


def test_clear_pixels_lose_their_colour_and_half_clear_ones_do_not() -> None:
    image = Image.new("RGBA", (80, 80), (*TOP, 0))
    image.paste((*TOP, 1), (40, 0, 80, 80))
    found = opened(encode_png(image))
    assert (found.getpixel((10, 10)), found.getpixel((60, 10))) == ((0, 0, 0, 0), (*TOP, 1))
    assert image.getpixel((10, 10)) == (*TOP, 0)


def test_a_result_carries_its_record() -> None:
    record = {"job_id": "j1", "preview": False, "checks": {"score": 0.5, "name": "Zoë"}, "none": None}
    data = encode_result(drawn(), record)
    assert read_result_metadata(data) == record
    image = opened(data)
    assert looks_drawn(image)
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in image.info["xmp"]


def test_a_preview_is_not_marked_as_made_by_a_model() -> None:
    packet = opened(encode_result(drawn(), {"preview": True})).info["xmp"]
    assert b"compositeCapture" in packet
    assert b"trainedAlgorithmicMedia" not in packet


def test_a_result_that_is_not_whole_has_no_record() -> None:
    data = encode_result(drawn(64, 64), {"job_id": "j1"})
    assert all(read_result_metadata(data[:length]) is None for length in range(len(data)))
    assert read_result_metadata(data + b"\0") is None
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        assert read_result_metadata(bytes(changed)) is None, at


def test_other_pictures_have_no_record() -> None:
    assert read_result_metadata(encoded(drawn())) is None
    assert read_result_metadata(encoded(drawn(), comment=b"because-future/1 00 {}")) is None
    assert read_result_metadata(encoded(drawn(), "PNG")) is None


def with_record(text: bytes) -> bytes:
    plain = encoded(drawn())
    record = b"because-future/1 " + hashlib.sha256(plain + text).hexdigest().encode() + b" " + text
    return plain[:20] + b"\xff\xfe" + (len(record) + 2).to_bytes(2, "big") + record + plain[20:]


@pytest.mark.parametrize("text", [b"[1]", b"{", b"[" * 30_000, b"\xff", b""])
def test_a_forged_record_is_no_record(text: bytes) -> None:
    assert read_result_metadata(with_record(b'{"a": 1}')) == {"a": 1}
    assert read_result_metadata(with_record(text)) is None


def test_a_record_is_json_and_fits() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_result(drawn(), {"score": float("nan")})
    with pytest.raises(ValueError, match="segment"):
        encode_result(drawn(), {"words": "x" * 66_000})


def test_a_result_that_was_prepared_anew_is_clean() -> None:
    made = prepare_photo(encode_result(drawn(), {"job_id": "a-secret-job"}), ImageLimits(), CpuGate(1))
    assert b"a-secret-job" not in made.data
    assert read_result_metadata(made.data) is None
