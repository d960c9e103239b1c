"""Ordinary pictures: what phones, cameras and editors write, and what becomes of it."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from drawn_pictures import (
    BOTTOM_LEFT,
    CAMERA,
    GPS_DATE,
    ICC_MARK,
    TOP,
    camera_exif,
    close,
    drawn,
    encoded,
    looks_drawn,
    png,
    png_chunk,
    wide_gamut_profile,
)
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngInfo

from shared.cpu import CpuGate
from shared.errors import ValidationError
from shared.image_heic import decode_heic, heic_size
from shared.image_processing import (
    ImageLimits,
    PreparedImage,
    normalize_image,
    prepare_photo,
    preprocess_image,
    resize_image,
    thumbnail,
    validate_image,
)

HEIC = (Path(__file__).parent.parent / "data" / "drawn.heic").read_bytes()
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture must be stored so that the orientation brings it back."""


def prepare(data: bytes, **options: Any) -> PreparedImage:
    return prepare_photo(data, ImageLimits(), CpuGate(1), **options)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG", "PNG"])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_every_format_becomes_a_jpeg(file_format: str) -> None:
    made = prepare(encoded(drawn(), file_format))
    image = opened(made.data)
    assert (made.mime, made.width, made.height, made.has_alpha) == ("image/jpeg", 96, 160, False)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (96, 160))
    assert looks_drawn(image)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_all_orientations_end_upright(file_format: str, orientation: int) -> None:
    turn = TURNS[orientation]
    stored = drawn() if turn is None else drawn().transpose(turn)
    made = prepare(encoded(stored, file_format, exif=camera_exif(orientation)))
    assert (made.width, made.height) == (96, 160)
    assert looks_drawn(opened(made.data))


def test_orientation_in_xmp_alone_is_ignored() -> None:
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert looks_drawn(opened(prepare(encoded(drawn(), xmp=packet)).data))


def test_orientation_holds_when_the_codec_shrinks() -> None:
    stored = drawn(600, 800).transpose(TURNS[6])
    made = prepare(encoded(stored, exif=camera_exif(6)), max_side=400)
    assert (made.width, made.height) == (300, 400)
    assert looks_drawn(opened(made.data))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_senseless_orientations_change_nothing(orientation: int) -> None:
    assert looks_drawn(opened(prepare(encoded(drawn(), exif=camera_exif(orientation))).data))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_cost_the_photo() -> None:
    assert looks_drawn(opened(prepare(encoded(drawn(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\0")).data))


def test_heic_is_turned_once() -> None:
    assert GPS_DATE.encode() in HEIC
    made = prepare(HEIC)
    assert (made.mime, made.width, made.height) == ("image/jpeg", 96, 160)
    assert looks_drawn(opened(made.data))


def test_a_heic_comes_shrunk_from_its_decoder() -> None:
    assert decode_heic(HEIC, 10**6, 80).size == (48, 80)
    made = prepare(HEIC, max_side=80)
    assert (made.width, made.height) == (48, 80)
    assert looks_drawn(opened(made.data))


def test_the_size_of_a_heic_is_that_of_its_largest_picture() -> None:
    """Phones cut a photo into tiles and add a preview; each announces its own size."""
    boxes = b"".join(
        b"\0\0\0\x14ispe\0\0\0\0" + struct.pack(">II", *size) for size in ((512, 512), (4032, 3024), (320, 240))
    )
    head = HEIC[:28] + struct.pack(">I4s", 8 + len(boxes), b"meta") + boxes
    assert heic_size(head + b"\0\0\0\x14ispe\0\0\0\0" + b"\xff" * 8) == (4032, 3024)


def test_a_photo_with_a_gain_map_is_no_series() -> None:
    pair = encoded(drawn(), "MPO", save_all=True, append_images=[drawn(64, 64)])
    assert Image.open(io.BytesIO(pair)).n_frames == 2
    made = prepare(pair)
    assert (made.width, made.height) == (96, 160)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4032, 64 * 4), (2016, 128)),
        ((4080, 300), (2016, 148)),
        ((4034, 300), (2016, 150)),
        ((4000, 300), (2000, 150)),
        ((3000, 300), (2016, 202)),
    ],
)
def test_jpegs_shrink_to_the_limit(size: tuple[int, int], expected: tuple[int, int]) -> None:
    made = prepare(encoded(drawn(*size)))
    assert (made.width, made.height) == expected
    assert looks_drawn(opened(made.data))


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "L"])
def test_other_pictures_shrink_to_the_limit(mode: str) -> None:
    made = prepare(encoded(drawn(400, 300, mode), "PNG"), max_side=100)
    assert (made.width, made.height) == (100, 75)


def test_small_pictures_are_not_enlarged() -> None:
    made = prepare(encoded(drawn(64, 64)))
    assert (made.width, made.height) == (64, 64)


def test_metadata_is_gone_from_jpeg() -> None:
    comment, xmp = b"a private remark", b"<x:xmpmeta>a private packet</x:xmpmeta>"
    icc = wide_gamut_profile()
    data = encoded(drawn(), exif=camera_exif(), comment=comment, xmp=xmp, icc_profile=icc, dpi=(299, 299))
    marks = [GPS_DATE.encode(), CAMERA.encode(), comment, xmp, ICC_MARK]
    assert [mark in data for mark in marks] == [True] * len(marks)
    made = prepare(data)
    assert [mark in made.data for mark in marks] == [False] * len(marks)
    assert set(opened(made.data).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_metadata_is_gone_from_transparent_png() -> None:
    words = PngInfo()
    words.add_text("Comment", "a private remark")
    words.add_itxt("XML:com.adobe.xmp", "a private packet")
    image = drawn(mode="RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    data = encoded(image, "PNG", pnginfo=words, exif=camera_exif(), icc_profile=wide_gamut_profile())
    assert b"a private remark" in data
    assert b"eXIf" in data
    made = prepare(data)
    assert made.mime == "image/png"
    assert opened(made.data).info == {}
    assert not [name for name in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"pHYs") if name in made.data]


def test_metadata_is_gone_from_webp() -> None:
    data = encoded(drawn(), "WEBP", exif=camera_exif(), xmp=b"<x:xmpmeta>a private packet</x:xmpmeta>")
    assert GPS_DATE.encode() in data
    assert b"private" in data
    made = prepare(data)
    assert GPS_DATE.encode() not in made.data
    assert b"private" not in made.data


def _srgb_of_wide_gamut(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """By the matrices of both colour spaces (D50), clipped; independent of the colour engine."""
    wide = ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
    to_srgb = (
        (3.1338561, -1.6168667, -0.4906146),
        (-0.9787684, 1.9161415, 0.0334540),
        (0.0719453, -0.2289914, 1.4052427),
    )
    linear = [(level / 255) ** 2.2 for level in colour]
    xyz = [sum(weight * value for weight, value in zip(row, linear, strict=True)) for row in wide]
    mixed = [sum(weight * value for weight, value in zip(row, xyz, strict=True)) for row in to_srgb]
    clipped = [min(1.0, max(0.0, value)) for value in mixed]
    return tuple(round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in clipped)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_wide_gamut_colours_become_srgb(file_format: str) -> None:
    colour = (180, 90, 60)
    expected = _srgb_of_wide_gamut(colour)
    assert not close(colour, expected, 8)
    options = {} if file_format == "PNG" else {"quality": 100}
    data = encoded(Image.new("RGB", (80, 80), colour), file_format, icc_profile=wide_gamut_profile(), **options)
    assert close(opened(prepare(data).data).getpixel((40, 40)), expected, 4)


def test_wide_gamut_colours_become_srgb_beside_alpha() -> None:
    image = Image.new("RGBA", (80, 80), (180, 90, 60, 255))
    image.paste((0, 0, 0, 0), (0, 0, 40, 80))
    found = opened(prepare(encoded(image, "PNG", icc_profile=wide_gamut_profile())).data)
    assert found.getpixel((10, 10)) == (0, 0, 0, 0)
    assert close(found.getpixel((60, 40)), (*_srgb_of_wide_gamut((180, 90, 60)), 255), 3)


@pytest.mark.parametrize("profile", [b"no profile", wide_gamut_profile()[:200], wide_gamut_profile() + bytes(2**21)])
def test_a_damaged_profile_is_ignored(profile: bytes) -> None:
    assert looks_drawn(opened(prepare(encoded(drawn(), icc_profile=profile)).data))


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert prepare(encoded(drawn(), icc_profile=profile)).data == prepare(encoded(drawn())).data


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_a_profile_of_another_colour_space_is_ignored(mode: str) -> None:
    plain, tagged = encoded(drawn(mode=mode)), encoded(drawn(mode=mode), icc_profile=wide_gamut_profile())
    assert prepare(tagged).data == prepare(plain).data


@pytest.mark.parametrize(("mode", "file_format"), [("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP")])
def test_colour_modes_keep_their_colours(mode: str, file_format: str) -> None:
    made = prepare(encoded(drawn(mode=mode), file_format))
    assert made.mime == "image/jpeg"
    assert looks_drawn(opened(made.data), 40)


@pytest.mark.parametrize(("mode", "file_format"), [("L", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("1", "PNG")])
def test_grey_pictures_become_rgb(mode: str, file_format: str) -> None:
    source = drawn().convert("L").point(lambda level: 255 if level > 80 else 0).convert(mode)
    image = opened(prepare(encoded(source, file_format)).data)
    assert image.mode == "RGB"
    assert close(image.getpixel((20, 120)), (255, 255, 255), 4)
    assert close(image.getpixel((80, 120)), (0, 0, 0), 4)


def test_sixteen_bit_pictures_keep_their_upper_bits() -> None:
    grey = png(80, 80, 16, 0, b"\x80\x40" * 80)
    colour = png(80, 80, 16, 2, b"\xc0\x00\x40\x00\x20\x00" * 80)
    assert close(opened(prepare(grey).data).getpixel((9, 9)), (128, 128, 128), 2)
    assert close(opened(prepare(colour).data).getpixel((9, 9)), (192, 64, 32), 3)


def test_sixteen_bit_grey_with_a_transparent_level() -> None:
    row = b"\x80\x40" * 40 + b"\x10\x20" * 40
    made = prepare(png(80, 80, 16, 0, row, png_chunk(b"tRNS", b"\x10\x20")))
    image = opened(made.data)
    assert made.has_alpha
    assert (image.getpixel((9, 9)), image.getpixel((70, 9))) == ((128, 128, 128, 255), (0, 0, 0, 0))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_real_transparency_is_kept(mode: str) -> None:
    """As a channel, as a palette entry, as one colour that counts as clear."""
    image = Image.new("RGBA", (80, 80), (*BOTTOM_LEFT, 255))
    image.paste((0, 0, 0, 0), (0, 0, 40, 80))
    flat = {"RGB": (0, 0, 0), "L": 0, "P": 0}
    source = image.convert(mode) if mode != "P" else image.convert("RGB").quantize(2, kmeans=1)
    if mode == "P":
        flat["P"] = source.getpixel((5, 5))
    data = encoded(source, "PNG", **({"transparency": flat[mode]} if mode in flat else {}))
    made = prepare(data)
    found = opened(made.data)
    assert (made.mime, made.has_alpha, found.mode) == ("image/png", True, "RGBA")
    assert [found.getpixel(at)[3] for at in ((10, 10), (70, 10))] == [0, 255]


def test_an_opaque_alpha_channel_counts_as_none() -> None:
    made = prepare(encoded(drawn(mode="RGBA"), "PNG"))
    assert (made.mime, made.has_alpha) == ("image/jpeg", False)


def test_a_large_photo_reaches_the_decoder_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between pieces the decoder waits for the interpreter, which fifty other requests want too."""
    pieces: list[int] = []
    read = JpegImageFile.load_read

    def counted(self: JpegImageFile, most: int) -> bytes:
        pieces.append(len(piece := read(self, most)))
        return piece

    monkeypatch.setattr(JpegImageFile, "load_read", counted)
    photo = encoded(Image.effect_noise((1200, 1600), 60).convert("RGB"), quality=95)
    prepare(photo)
    assert pieces == [len(photo)] and len(photo) > 500_000


def test_decoding_waits_for_the_gate() -> None:
    class SpyGate(CpuGate):
        passed = 0

        def _enter(self, line: Any) -> None:
            self.passed += 1
            super()._enter(line)

    gate = SpyGate(1)
    prepare_photo(encoded(drawn()), ImageLimits(), gate)
    thumbnail(encoded(drawn()), ImageLimits(), gate)
    resize_image(encoded(drawn()), 80, gate=gate)
    normalize_image(encoded(drawn()), "PNG", gate=gate)
    assert gate.passed == 4
    with gate.background():
        prepare_photo(encoded(drawn()), ImageLimits(), gate)
    assert gate.passed == 5


def test_thumbnails_are_small_and_stay_transparent() -> None:
    image = drawn(800, 600, "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 400, 600))
    made = thumbnail(encoded(image, "PNG"), ImageLimits(), CpuGate(1))
    assert (made.mime, made.width, made.height) == ("image/png", 320, 240)


def test_validate_image_reads_the_header() -> None:
    info = validate_image(encoded(drawn(), "WEBP"), "holiday.gif")
    assert (info.mime, info.width, info.height) == ("image/webp", 96, 160)


def test_resize_image_keeps_the_shape() -> None:
    assert opened(resize_image(encoded(drawn(400, 800)), 200)).size == (100, 200)
    assert opened(resize_image(encoded(drawn()), 4000)).size == (96, 160)


@pytest.mark.parametrize(("wanted", "found"), [("PNG", "PNG"), ("jpeg", "JPEG"), ("jpg", "JPEG")])
def test_normalize_image_converts(wanted: str, found: str) -> None:
    image = opened(normalize_image(encoded(drawn(), "WEBP"), wanted))
    assert image.format == found
    assert looks_drawn(image)


def test_normalize_image_puts_transparency_on_white() -> None:
    image = Image.new("RGBA", (80, 80), (*TOP, 0))
    assert close(opened(normalize_image(encoded(image, "PNG"), "JPEG")).getpixel((9, 9)), (255, 255, 255), 2)


@pytest.mark.parametrize("wanted", ["GIF", "", "../PNG", json.dumps(["PNG"])])
def test_normalize_image_refuses_other_targets(wanted: str) -> None:
    with pytest.raises(ValidationError):
        normalize_image(encoded(drawn()), wanted)


def test_preprocess_image_is_prepare_photo() -> None:
    data = encoded(drawn(400, 800), exif=camera_exif())
    assert preprocess_image(data, "me.jpg", 200) == prepare(data, max_side=200)
