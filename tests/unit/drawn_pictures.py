"""Pictures drawn for the tests, with everything that cameras and editors put into files."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

TOP, BOTTOM_LEFT, BOTTOM_RIGHT = (200, 30, 30), (30, 180, 30), (30, 30, 200)
GPS_DATE = "2026:01:02"
CAMERA = "Drawn Camera Works"
ICC_MARK = b"drawn wide gamut"


def drawn(width: int = 96, height: int = 160, mode: str = "RGB") -> Image.Image:
    """Red above, green below on the left, blue below on the right: every turn and flip of it is another picture."""
    image = Image.new("RGB", (width, height), TOP)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=BOTTOM_LEFT)
    draw.rectangle((width // 2, height // 2, width, height), fill=BOTTOM_RIGHT)
    return image if mode == "RGB" else image.convert(mode)


def encoded(image: Image.Image, file_format: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def camera_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = CAMERA
    exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (7.0, 8.0, 9.0), 29: GPS_DATE})
    return exif


def looks_drawn(image: Image.Image, tolerance: int = 12) -> bool:
    """Whether the three colours of `drawn` are where they belong."""
    width, height = image.size
    places = {(0.5, 0.25): TOP, (0.25, 0.75): BOTTOM_LEFT, (0.75, 0.75): BOTTOM_RIGHT}
    found = {at: image.convert("RGB").getpixel((int(width * at[0]), int(height * at[1]))) for at in places}
    return all(close(found[at], colour, tolerance) for at, colour in places.items())


def close(found: Any, expected: tuple[int, ...], tolerance: int) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(found, expected, strict=True))


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_header(width: int, height: int, bits: int = 8, colour_type: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def png(width: int, height: int, bits: int, colour_type: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG that Pillow cannot write itself; `rows` are the bytes of one row, repeated."""
    pixels = zlib.compress((b"\0" + rows) * height)
    body = png_header(width, height, bits, colour_type), *extra, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")
    return b"".join(body)


def wide_gamut_profile() -> bytes:
    """A matrix profile (ICC v2) with the primaries of Display P3, adapted to D50, and a gamma of 2.2."""
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
        b"wtpt": (0.96420, 1.0, 0.82491),
    }
    contents = {name: b"XYZ \0\0\0\0" + _fixed(*xyz) for name, xyz in primaries.items()}
    contents |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), struct.pack(">4sIIHH", b"curv", 0, 1, round(2.2 * 256), 0))
    name = ICC_MARK + b"\0"
    contents[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78 + (-len(name)) % 4)
    return _icc_file(contents)


def _icc_file(contents: dict[bytes, bytes]) -> bytes:
    at, table, body = 128 + 4 + 12 * len(contents), struct.pack(">I", len(contents)), b""
    for name, content in contents.items():
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">4x4sI4s4s4s12x4s28x", b"test", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += _fixed(0.96420, 1.0, 0.82491)
    return struct.pack(">I", at + len(body)) + head[4:].ljust(124, b"\0") + table + body


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
