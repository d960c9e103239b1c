"""A 12-megapixel phone photo becomes a stored JPEG of at most 2016 px: CPU and memory against libjpeg-turbo and Pillow.

    python benchmarks/upload.py [--quick]

The anchor is the full decode alone (simplejpeg), below which nobody gets who looks at every coefficient of the file.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Spread, alternate, in_fresh_process, print_machine, print_timings, rss_mb
from benchmarks.goals import Row
from config import Config
from shared.cpu import CpuGate
from shared.engines.base import GarmentInput, TryOnInput
from shared.engines.inputs import prepare_inputs
from shared.image_processing import MAX_SIDE, ImageLimits, prepare_photo

PHOTO_SIZE = (4032, 3024)
SEED = 20261121
SENSOR_NOISE = 11  # grey levels before the lens's blur; such files have about 4 MB
SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def phone_photo() -> bytes:
    """Colours at several scales and a little sensor noise; q95 4:2:0, turned by EXIF, with a place in it; 4 MB."""
    random = np.random.default_rng(SEED)
    picture = np.zeros((PHOTO_SIZE[1], PHOTO_SIZE[0], 3), np.float32)
    for cells, strength in ((6, 90), (40, 40), (300, 14)):
        coarse = Image.fromarray(random.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=np.uint8))
        picture += (np.asarray(coarse.resize(PHOTO_SIZE, Image.Resampling.BICUBIC), np.float32) - 128) * (
            strength / 128
        )
    picture += random.normal(128, SENSOR_NOISE, (*picture.shape[:2], 1)).astype(np.float32)
    return _as_phones_save(picture)


def phone_photo_of(sample: str) -> bytes:
    """As `phone_photo`, of somebody or something in samples/: its upper part, held upright."""
    with Image.open(SAMPLES / sample) as opened:
        upright = ImageOps.fit(opened.convert("RGB"), PHOTO_SIZE[::-1], Image.Resampling.BICUBIC, centering=(0.5, 0.0))
    picture = np.asarray(upright.transpose(Image.Transpose.ROTATE_90), np.float32)
    noise = np.random.default_rng(SEED).normal(0, SENSOR_NOISE, (*picture.shape[:2], 1))
    return _as_phones_save(picture + noise.astype(np.float32))


def _as_phones_save(picture: NDArray[np.float32]) -> bytes:
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(0.6))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 34.0, 56.0)})
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, subsampling="4:2:0", exif=exif)
    return file.getvalue()


def small_photo(colour: str = "#804020") -> bytes:
    """Half a megapixel that is quick to make, for what does not measure pictures."""
    image = Image.effect_noise((480, 640), 20).convert("RGB")
    image.paste(colour, (140, 120, 340, 600))
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def anchor(data: bytes) -> object:
    return simplejpeg.decode_jpeg(data)


def ours(data: bytes) -> object:
    return prepare_photo(data, ImageLimits(), CpuGate())


def plain_pillow(data: bytes) -> object:
    """What one would write first: decode all, turn, shrink, encode."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    side = MAX_SIDE / max(upright.size)
    small = upright.resize((round(upright.width * side), round(upright.height * side)), Image.Resampling.LANCZOS)
    small.save(io.BytesIO(), "JPEG", quality=90)
    return small


CONTENDERS: dict[str, Callable[[bytes], object]] = {
    "full decode (simplejpeg)": anchor,
    "prepare_photo": ours,
    "plain Pillow": plain_pillow,
}


def print_own_memory(name: str) -> None:
    """In a process of its own: MB before (all imports done, the file in memory), and the peak above that."""
    data = sys.stdin.buffer.read()
    before = rss_mb()
    CONTENDERS[name](data)
    print(f"{before:.0f} {rss_mb(peak=True) - before:.0f}")


def rows(rounds: int) -> list[Row]:
    """P8 and P9."""
    data = phone_photo()
    contenders = {name: lambda work=work: work(data) for name, work in CONTENDERS.items()}
    timings = alternate(contenders, rounds)
    full, mine = (timings[name].cpu_ms for name in ("full decode (simplejpeg)", "prepare_photo"))
    above = float(in_fresh_process(Path(__file__), ["--memory-of", "prepare_photo"], data).split()[1])
    return [
        Row("P8", "12 MP photo to a stored JPEG, CPU", "ms", mine, "full decode", full, goal=1.5),
        Row("P8", "12 MP photo to a stored JPEG, peak memory above the start", "MB", Spread.of([above]), limit=60),
        bytes_row(data),
    ]


def bytes_row(data: bytes) -> Row:
    """What a job sends to the provider, against two PNG of 2048 px, which is what one would send first."""
    stored = prepare_photo(data, ImageLimits(), CpuGate()).data
    wanted = TryOnInput(stored, (GarmentInput(stored),))
    sent = prepare_inputs(wanted, ["3:4"], Config().gemini_input_side, max_pixels=ImageLimits().max_pixels)
    plain = io.BytesIO()
    ImageOps.exif_transpose(Image.open(io.BytesIO(data))).resize((1536, 2048)).save(plain, "PNG")
    ours = (len(sent.person) + len(sent.garments[0])) / 1e6
    return Row("P9", "bytes that a job sends upstream", "MB", Spread.of([ours]), "two PNG, 2048 px",
               Spread.of([2 * len(plain.getvalue()) / 1e6]), goal=1 / 8)  # fmt: skip


def compare(rounds: int) -> None:
    data = phone_photo()
    print_machine()
    print(f"{PHOTO_SIZE[0]}x{PHOTO_SIZE[1]}, {len(data) / 1e6:.1f} MB, EXIF orientation 6; {rounds} rounds")
    contenders = {name: lambda work=work: work(data) for name, work in CONTENDERS.items()}
    print_timings("CPU of one thread", alternate(contenders, rounds))
    print("\nMemory of a fresh process, MB: before, and the peak above it")
    for name in CONTENDERS:
        before, above = in_fresh_process(Path(__file__), ["--memory-of", name], data).split()
        print(f"{name:28}{before:>8}{'+' + above:>8}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 15")
    parser.add_argument("--memory-of", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        print_own_memory(arguments.memory_of)
    else:
        compare(3 if arguments.quick else 15)


if __name__ == "__main__":
    main()
