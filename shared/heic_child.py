"""Decodes one HEIC picture in a process of its own: standard input to standard output, run by `shared.image_heic`.

Damaged files were seen to crash libheif's binding (a segmentation fault), which no `except` can catch. Here it takes
nobody along. Imports nothing of the project, so that it starts quickly.
"""

from __future__ import annotations

import io
import json
import sys

import pi_heif
from PIL import Image

try:
    import resource
except ImportError:  # Windows has no such limits; the parent's timeout remains
    resource = None  # type: ignore[assignment]

_CPU_SECONDS = 15
_MEMORY_BYTES = 2 * 1024**3
"""Sixty megapixels need less than half of it."""


def main() -> None:
    """Arguments: most pixels, longest side wanted. Answers a line of JSON, then the ICC profile and the pixels."""
    max_pixels, max_side = (int(argument) for argument in sys.argv[1:])
    _limit_resources()
    pi_heif.options.DECODE_THREADS = 1  # the parent counts one core per picture
    picture = pi_heif.HeifImageFile(io.BytesIO(sys.stdin.buffer.read()))
    if picture.width * picture.height > max_pixels:
        raise ValueError("more pixels than the header announced")
    image = _shrunk(_eight_bits(picture), max_side)
    profile = picture.info.get("icc_profile") or b""
    head = {"mode": image.mode, "size": image.size, "profile_bytes": len(profile)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + profile + image.tobytes())


def _limit_resources() -> None:
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Colours come with eight bits already; deep greys are left to the parent, which knows them from PNG."""
    if picture.mode.startswith("I"):
        picture.load()
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _shrunk(image: Image.Image, max_side: int) -> Image.Image:
    """Here and not in the parent: fewer bytes through the pipe."""
    scale = max_side / max(image.size)
    if scale >= 1 or image.mode.startswith("I"):
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


if __name__ == "__main__":
    main()
