"""HEIC without letting its decoder into this process: the header is read here, the pixels come from a child."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from shared.errors import ImageRejectedError, UnsupportedMediaTypeError

log = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("heic_child.py")
_TIMEOUT_SECONDS = 30

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_SEQUENCE_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
_LONGEST_BRAND_LIST = 256
_MOST_BOXES = 100
"""At the top of a file; cameras write about four."""
_SIZE_BOX = re.compile(rb"\0\0\0\x14ispe\0\0\0\0(.{4})(.{4})", re.DOTALL)


def check_brand(data: bytes) -> None:
    """`data` begins like some ISO media file; raises unless it is a HEIC still (animated, AVIF, MP4, ...)."""
    box_length = min(int.from_bytes(data[:4], "big"), _LONGEST_BRAND_LIST)
    major, compatible = data[8:12], {data[at : at + 4] for at in range(16, box_length, 4)}
    if major in _SEQUENCE_BRANDS:
        raise ImageRejectedError("animated")
    if major not in _HEIC_BRANDS and not (major == b"mif1" and compatible & _HEIC_BRANDS):
        raise UnsupportedMediaTypeError("This kind of picture cannot be used. Send a JPEG, PNG, WebP or HEIC picture.")


def heic_size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the header announces, before rotation. Raises ValueError."""
    found = [(int.from_bytes(width, "big"), int.from_bytes(height, "big")) for width, height in _size_boxes(data)]
    return max(found, key=lambda size: size[0] * size[1])


def decode_heic(data: bytes, max_pixels: int, max_side: int) -> Image.Image:
    """The primary picture, turned as the file says, RGB or RGBA, at most `max_side`; an ICC profile in `info`.

    Raises ImageRejectedError, also when the decoder crashes or hangs.
    """
    command = [sys.executable, "-P", str(_CHILD), str(max_pixels), str(max_side)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_TIMEOUT_SECONDS, check=True)  # noqa: S603 (no part of it is from outside)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning("heic not decoded", extra={"code": getattr(error, "returncode", "timeout"), "bytes": len(data)})
        raise ImageRejectedError("damaged") from error
    line, _, rest = done.stdout.partition(b"\n")
    head = json.loads(line)
    profile, pixels = rest[: head["profile_bytes"]], rest[head["profile_bytes"] :]
    image = Image.frombytes(head["mode"], tuple(head["size"]), pixels)
    image.info["icc_profile"] = profile
    return image


def _size_boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """All `ispe` boxes (ISO/IEC 23008-12) of the metadata; the pixel data behind it may contain anything."""
    at = 0
    for _ in range(_MOST_BOXES):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"meta":
            return _SIZE_BOX.findall(data, at, at + length)
        if length == 1:  # the real length follows in eight bytes
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        at += max(length, 8)
    return []
