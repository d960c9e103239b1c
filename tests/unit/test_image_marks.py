"""Results kept as the bytes that came: marked and on record, with every pixel and every other segment as it was."""

from __future__ import annotations

import io
from xml.etree import ElementTree as Xml

import pytest
from drawn_pictures import CAMERA, camera_exif, drawn, encoded, wide_gamut_profile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.image_encoding import encode_result, keep_result, read_result_metadata
from shared.image_marks import marked

XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
CLAIM = b"JP\x00\x01\x00\x00\x00\x01 jumb c2pa claim of the provider"
BY_MODEL = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def answer(*segments: bytes, exif: bool = False) -> bytes:
    """A provider's JPEG; `segments` stand behind its first one."""
    jpeg = encoded(drawn(), quality=83, **({"exif": camera_exif()} if exif else {}))
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:end] + b"".join(segments) + jpeg[end:]


def kept(picture: bytes, **metadata: object) -> bytes:
    data = keep_result(picture, {"job_id": "j1", **metadata})
    assert data is not None
    assert read_result_metadata(data) == {"job_id": "j1", **metadata}
    return data


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def packet(data: bytes) -> Xml.Element:
    return Xml.fromstring(opened(data).info["xmp"].split(b"?>", 1)[1].rsplit(b"<?", 1)[0])


def test_nothing_but_two_segments_is_added() -> None:
    came = answer()
    data = kept(came)
    place = 4 + int.from_bytes(came[4:6], "big")
    assert data.startswith(came[:place]) and data.endswith(came[place:])
    assert opened(data).tobytes() == opened(came).tobytes()


def test_the_claims_and_the_colours_of_the_provider_stay() -> None:
    came = answer(segment(0xEB, CLAIM), segment(0xE2, b"ICC_PROFILE\0\x01\x01" + wide_gamut_profile()), exif=True)
    data = kept(came)
    assert segment(0xEB, CLAIM) in data
    assert opened(data).info["icc_profile"] == wide_gamut_profile()
    assert opened(data).getexif()[0x010F] == CAMERA


def test_exif_stays_where_readers_expect_it() -> None:
    jpeg = encoded(drawn(), exif=camera_exif())
    only_exif = b"\xff\xd8" + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]
    assert only_exif[2:4] == b"\xff\xe1"
    data = kept(only_exif)
    assert data[2:4] == b"\xff\xe1" and data[6:10] == b"Exif"


@pytest.mark.parametrize(
    ("preview", "label", "source"),
    [(False, "AI generated", "trainedAlgorithmicMedia"), (True, "Preview", "compositeCapture")],
)
def test_the_mark_is_xmp_that_tools_can_read(preview: bool, label: str, source: str) -> None:
    for data in (kept(answer(), preview=preview), encode_result(drawn(), {"preview": preview})):
        description = packet(data)[0][0]
        values = {name.rsplit("}", 1)[1]: value for name, value in description.attrib.items()}
        assert values["Label"] == label
        assert values["DigitalSourceType"] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{source}"
        assert "".join(description.itertext()) == f"{label}: virtual try-on"


def test_a_mark_that_came_is_kept() -> None:
    theirs = segment(0xE1, XMP_HEAD + b"<x:xmpmeta theirs='1'>" + BY_MODEL + b"</x:xmpmeta>")
    data = kept(answer(theirs))
    assert theirs in data and data.count(XMP_HEAD) == 1


@pytest.mark.parametrize(
    ("words", "preview"),
    [(b"digitalCapture", False), (b"nothing of the kind", False), (BY_MODEL, True)],
    ids=["says a camera made it", "says nothing", "a preview is not made by a model"],
)
def test_a_packet_that_says_otherwise_is_replaced(words: bytes, preview: bool) -> None:
    theirs = [segment(0xE1, XMP_HEAD + b"<x:xmpmeta theirs='1'>" + words) for _ in range(2)]
    data = kept(answer(*theirs), preview=preview)
    assert b"theirs" not in data and data.count(XMP_HEAD) == 1
    assert (BY_MODEL in data) is not preview


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_other_formats_have_to_be_encoded_anew(file_format: str) -> None:
    assert keep_result(encoded(drawn(), file_format), {}) is None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd8",
        b"\xff\xd8" + b"\xff\xe1\x00\x00" * 3,
        answer()[:60],
        b"\xff\xd8\xff\xff" * 9,
    ],
)
def test_a_damaged_head_is_no_jpeg(damaged: bytes) -> None:
    assert keep_result(damaged, {}) is None


def test_a_picture_that_viewers_would_turn_is_not_kept() -> None:
    """Its pixels were judged as they lie."""
    assert keep_result(encoded(drawn(), exif=camera_exif(6)), {}) is None


def test_a_head_without_end_is_given_up() -> None:
    assert keep_result(b"\xff\xd8" + segment(0xE5, b"") * 3_000, {}) is None


@given(st.binary(max_size=200))
def test_noise_neither_crashes_nor_has_a_record(noise: bytes) -> None:
    assert read_result_metadata(noise) is None
    assert read_result_metadata(b"\xff\xd8" + noise) is None
    assert keep_result(noise, {}) is None or noise[:2] == b"\xff\xd8"


def test_a_kept_result_that_is_not_whole_has_no_record() -> None:
    data = kept(answer(segment(0xEB, CLAIM), exif=True))
    assert all(read_result_metadata(data[:length]) is None for length in range(0, len(data), 7))
    for at in range(0, len(data), 3):
        changed = bytearray(data)
        changed[at] ^= 1
        assert read_result_metadata(bytes(changed)) is None, at


def test_marking_twice_changes_nothing() -> None:
    once = marked(answer(), preview=False)
    assert marked(once, preview=False) == once
