"""Pictures that mean harm, and files that are none: every one ends as a typed error or as a clean picture."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from drawn_pictures import drawn, encoded, png, png_chunk, png_header
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from shared.cpu import CpuGate
from shared.errors import (
    BecauseFutureError,
    ImageRejectedError,
    PayloadTooLargeError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from shared.image_formats import open_picture
from shared.image_guards import MAX_JPEG_SCANS, MAX_JPEG_SEGMENTS, MAX_PNG_CHUNKS
from shared.image_heic import decode_heic
from shared.image_processing import ImageLimits, PreparedImage, prepare_photo, validate_image

HEIC = (Path(__file__).parent.parent / "data" / "drawn.heic").read_bytes()
GATE = CpuGate(2)


def prepare(data: bytes, limits: ImageLimits | None = None) -> PreparedImage:
    return prepare_photo(data, limits or ImageLimits(), GATE)


def reason_for(data: bytes) -> str:
    with pytest.raises(ImageRejectedError) as caught:
        prepare(data)
    return caught.value.reason


class Decoded(BaseException):
    """No `except` of the product takes it for damage."""


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Decoded

    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)
    monkeypatch.setattr(subprocess, "run", refuse)


def webp_extended(width: int, height: int) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless(width: int, height: int) -> bytes:
    body = b"WEBPVP8L" + struct.pack("<IBI", 5, 0x2F, width - 1 | (height - 1) << 14) + bytes(32)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossy(width: int, height: int) -> bytes:
    body = b"WEBPVP8 " + struct.pack("<I", 30) + b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(20)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_header(width: int, height: int) -> bytes:
    """An ordinary JPEG whose frame header lies about the size."""
    data = encoded(drawn(64, 64))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


BOMBS = {
    "png": png_header(30_000, 30_000) + png_chunk(b"IDAT", zlib.compress(bytes(1000))),
    "png of 2**31": png_header(2**31 - 1, 2**31 - 1) + png_chunk(b"IDAT", b""),
    "jpeg": jpeg_header(65_500, 65_500),
    "webp extended": webp_extended(16_384, 16_384),
    "webp lossless": webp_lossless(16_383, 16_383),
    "webp lossy": webp_lossy(16_383, 16_383),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
@pytest.mark.usefixtures("no_decoding")
def test_pixel_bombs_are_refused_by_their_header(data: bytes) -> None:
    with pytest.raises(PayloadTooLargeError, match="60 million") as caught:
        prepare(data)
    assert caught.value.details == {"max_pixels": 60_000_000}


@pytest.mark.usefixtures("no_decoding")
def test_the_pixel_limit_is_a_setting() -> None:
    data = encoded(drawn(100, 100))
    with pytest.raises(PayloadTooLargeError):
        validate_image(data, limits=ImageLimits(max_pixels=9_999))
    assert validate_image(data, limits=ImageLimits(max_pixels=10_000)).width == 100


def test_too_many_bytes_are_refused_before_anything_is_read() -> None:
    data = encoded(drawn())
    with pytest.raises(PayloadTooLargeError, match="MB") as caught:
        prepare(data, ImageLimits(max_bytes=len(data) - 1))
    assert caught.value.details == {"max_bytes": len(data) - 1}
    with pytest.raises(PayloadTooLargeError, match="15 MB"):
        prepare(bytes(15 * 1024 * 1024 + 1))
    assert prepare(data, ImageLimits(max_bytes=len(data))).width == 96


def test_nothing_is_refused_as_empty() -> None:
    with pytest.raises(ValidationError):
        prepare(b"")


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 20_000), (63, 640), (640, 63)])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
@pytest.mark.usefixtures("no_decoding")
def test_tiny_pictures(size: tuple[int, int], file_format: str) -> None:
    assert reason_for(encoded(Image.new("RGB", size), file_format)) == "too_small"


def test_a_line_is_no_photo() -> None:
    with pytest.raises(ImageRejectedError, match="narrow") as caught:
        prepare(encoded(Image.new("RGB", (64, 1281))))
    assert caught.value.reason == "too_small"
    assert prepare(encoded(Image.new("RGB", (64, 1280)))).height == 1280


NOT_TAKEN = {
    "gif": encoded(drawn(), "GIF"),
    "bmp": encoded(drawn(), "BMP"),
    "tiff": encoded(drawn(), "TIFF"),
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(80),
    "avif by its second name": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(80),
    "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(80),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": encoded(drawn(), "PDF"),
    "eps": encoded(drawn(), "EPS"),
    "ico": encoded(drawn(64, 64), "ICO"),
    "jpeg 2000": encoded(drawn(), "JPEG2000"),
    "psd": b"8BPS\0\1" + bytes(100),
    "text": "ein Foto".encode("utf-16"),
    "one byte": b"\xff",
    "jpeg after a newline": b"\n" + encoded(drawn()),
}


@pytest.mark.parametrize("data", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_other_files_are_refused_whatever_their_name(data: bytes) -> None:
    for refuse in (prepare, lambda data: validate_image(data, "photo.jpg")):
        with pytest.raises(UnsupportedMediaTypeError):
            refuse(data)


def test_animations_are_refused() -> None:
    frames = [Image.new("RGB", (80, 80), (shade, 0, 0)) for shade in (0, 120, 240)]
    options = {"save_all": True, "append_images": frames[1:], "duration": 50}
    assert reason_for(encoded(frames[0], "PNG", **options)) == "animated"
    assert reason_for(encoded(frames[0], "WEBP", **options)) == "animated"
    assert reason_for(HEIC.replace(b"ftypheic", b"ftyphevc")) == "animated"
    assert reason_for(HEIC.replace(b"ftypheic", b"ftypmsf1")) == "animated"


SAMPLES = {
    "jpeg": encoded(drawn(80, 80), quality=60),
    "progressive": encoded(drawn(80, 80), quality=60, progressive=True),
    "cmyk": encoded(drawn(80, 80, "CMYK"), quality=60),
    "png": encoded(drawn(80, 80, "RGBA"), "PNG"),
    "palette": encoded(drawn(80, 80, "P"), "PNG"),
    "webp": encoded(drawn(80, 80), "WEBP", quality=60),
    "webp lossless": encoded(drawn(80, 80, "RGBA"), "WEBP", lossless=True),
    "heic": HEIC,
}


def judged(data: bytes) -> PreparedImage | BecauseFutureError:
    """A picture that can be read, or a typed error whose words are ours."""
    try:
        made = prepare(data)
    except BecauseFutureError as error:
        assert not isinstance(error, ServiceUnavailableError)
        assert not re.search(r"Error|decoder|PIL|0x|truncated|stream|chunk", error.message)
        return error
    with Image.open(io.BytesIO(made.data), formats=["JPEG", "PNG"]) as image:
        image.load()
        assert image.size == (made.width, made.height)
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_files(name: str) -> None:
    data = SAMPLES[name]
    assert isinstance(judged(data), PreparedImage)
    step = max(1, len(data) // (15 if name == "heic" else 150))
    verdicts = [judged(data[:length]) for length in range(0, len(data) - 2, step)]
    damaged = [isinstance(verdict, ImageRejectedError) and verdict.reason == "damaged" for verdict in verdicts]
    assert all(isinstance(verdict, BecauseFutureError) for verdict in verdicts[: len(verdicts) // 2])
    assert sum(damaged) > len(verdicts) * 0.8


IN_PROCESS = [name for name in SAMPLES if name != "heic"]


@pytest.mark.parametrize("name", IN_PROCESS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(draws=st.data())
def test_changed_bytes(name: str, draws: st.DataObject) -> None:
    data = bytearray(SAMPLES[name])
    for _ in range(draws.draw(st.integers(1, 6))):
        data[draws.draw(st.integers(0, len(data) - 1))] = draws.draw(st.integers(0, 255))
    judged(bytes(data))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, len(HEIC) - 1), value=st.integers(0, 255))
def test_changed_bytes_of_a_heic(at: int, value: int) -> None:
    judged(HEIC[:at] + bytes([value]) + HEIC[at + 1 :])


def test_a_heic_that_crashes_its_decoder_takes_nobody_along() -> None:
    """One wrong byte in the table of contents: a segmentation fault in pi-heif 1.4."""
    broken = HEIC[:227] + bytes([182]) + HEIC[228:]
    assert reason_for(broken) == "damaged"


def test_a_heic_that_hangs_its_decoder_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.image_heic._TIMEOUT_SECONDS", 0.001)
    assert reason_for(HEIC) == "damaged"


def test_a_heic_whose_pixels_outgrow_its_header_is_damaged() -> None:
    with pytest.raises(ImageRejectedError):
        decode_heic(HEIC, 96 * 160 - 1, 2016)
    assert decode_heic(HEIC, 96 * 160, 2016).size == (96, 160)


@pytest.mark.parametrize(("width", "refused"), [(30_000, PayloadTooLargeError), (10, ImageRejectedError)])
@pytest.mark.usefixtures("no_decoding")
def test_the_header_of_a_heic_is_judged_without_its_decoder(width: int, refused: type[Exception]) -> None:
    at = HEIC.index(b"ispe") + 8
    with pytest.raises(refused):
        prepare(HEIC[:at] + struct.pack(">II", width, 30_000) + HEIC[at + 8 :])


@pytest.mark.parametrize("data", [HEIC[:40], HEIC.replace(b"ispe", b"free"), HEIC.replace(b"meta", b"free")])
@pytest.mark.usefixtures("no_decoding")
def test_a_heic_without_a_size_is_damaged(data: bytes) -> None:
    assert reason_for(data) == "damaged"


@pytest.mark.parametrize("name", IN_PROCESS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(draws=st.data())
def test_moved_and_foreign_parts(name: str, draws: st.DataObject) -> None:
    data = SAMPLES[name]
    start, end = sorted(draws.draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
    judged(data[:start] + draws.draw(st.binary(max_size=64)) + data[end:])


@settings(max_examples=200, deadline=None)
@given(head=st.sampled_from([sample[:24] for sample in SAMPLES.values()]), rest=st.binary(max_size=200))
def test_noise_after_a_true_beginning(head: bytes, rest: bytes) -> None:
    judged(head + rest)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "heic"])
def test_what_is_hidden_behind_a_picture_stays_behind(name: str) -> None:
    payload = b"PK\x03\x04<script>alert(document.cookie)</script><?php system($_GET[0]); ?>"
    verdict = judged(SAMPLES[name] + payload)
    assert isinstance(verdict, PreparedImage)
    assert b"<script>" not in verdict.data
    assert b"<?php" not in verdict.data


def test_a_page_inside_a_jpeg_comment_is_gone() -> None:
    verdict = judged(encoded(drawn(), comment=b"*/=1;alert(1)/*<script>"))
    assert isinstance(verdict, PreparedImage)
    assert b"<script>" not in verdict.data


def jpeg_with_scans(count: int) -> bytes:
    """A progressive JPEG whose last refinement scan comes again and again."""
    data = encoded(drawn(80, 80), progressive=True)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    there = data.count(b"\xff\xda")
    return data[:last] + data[last:end] * (count - there + 1) + data[end:]


@pytest.mark.usefixtures("no_decoding")
def test_a_jpeg_with_thousands_of_scans_is_not_decoded() -> None:
    assert reason_for(jpeg_with_scans(5000)) == "damaged"
    assert reason_for(jpeg_with_scans(MAX_JPEG_SCANS + 1)) == "damaged"
    with pytest.raises(Decoded):
        prepare(jpeg_with_scans(MAX_JPEG_SCANS))


def test_what_only_looks_like_scans_is_no_reason() -> None:
    film = b"\xff\xda\xff\xda" * 5000
    assert prepare(encoded(drawn(), progressive=True) + film).width == 96
    assert prepare(encoded(drawn(), progressive=True, comment=film[:20_000])).width == 96


def jpeg_with_segments(count: int) -> bytes:
    data = encoded(drawn())
    return data[:2] + b"\xff\xe5\0\x02" * count + data[2:]


def png_with_chunks(count: int) -> bytes:
    return png(80, 80, 8, 2, bytes(240), png_chunk(b"prVt", b"") * count)


@pytest.fixture
def no_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Decoded

    monkeypatch.setattr(ImageFile.ImageFile, "__init__", refuse)


@pytest.mark.usefixtures("no_opening")
def test_files_of_countless_parts_are_not_even_opened() -> None:
    assert reason_for(jpeg_with_segments(MAX_JPEG_SEGMENTS + 1)) == "damaged"
    assert reason_for(png_with_chunks(MAX_PNG_CHUNKS)) == "damaged"
    assert reason_for(b"\xff\xd8" + b"\xff" * 1_000_000 + encoded(drawn())[2:]) == "damaged"
    assert reason_for(b"\xff\xd8\xff" + b"\xd0\xff" * 5_000 + encoded(drawn())[3:]) == "damaged"
    with pytest.raises(Decoded):
        prepare(encoded(drawn()))


def test_files_of_many_parts_are_taken() -> None:
    assert prepare(jpeg_with_segments(MAX_JPEG_SEGMENTS - 50)).width == 96
    assert prepare(png_with_chunks(MAX_PNG_CHUNKS - 50)).width == 80
    assert prepare(encoded(drawn())[:2] + b"\xff" * 900 + encoded(drawn())[2:]).width == 96


def test_a_text_bomb_in_a_png_does_not_unpack() -> None:
    bomb = b"Comment\0\0" + zlib.compress(bytes(50_000_000))
    verdict = judged(png(80, 80, 8, 2, bytes(240), png_chunk(b"zTXt", bomb), png_chunk(b"zTXt", bomb)))
    assert isinstance(verdict, PreparedImage | ImageRejectedError)


def test_a_png_that_promises_more_rows_than_it_has_is_damaged() -> None:
    data = png_header(6000, 6000) + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")
    assert reason_for(data) == "damaged"


@pytest.mark.parametrize("error", [OSError, SyntaxError, ValueError, struct.error, EOFError, zlib.error, RuntimeError])
def test_words_of_a_decoder_never_reach_the_client(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", _raising(error("/srv/secret at 0xdeadbeef")))
    with pytest.raises(ImageRejectedError) as caught:
        prepare(encoded(drawn()))
    assert "secret" not in caught.value.message + str(caught.value.details)


def test_memory_that_runs_out_is_not_the_pictures_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", _raising(MemoryError()))
    with pytest.raises(ServiceUnavailableError):
        prepare(encoded(drawn()))


def test_a_programming_error_is_not_hidden_when_the_header_is_judged() -> None:
    with pytest.raises(TypeError):
        open_picture("text", ImageLimits())  # type: ignore[arg-type]


def _raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail
