"""What a preview costs on one core: seconds, and the ratio to one `cv2.grabCut` of 4 iterations at 420 px in turns.

    python benchmarks/preview_speed.py [--rounds 3]

The grabCut cuts the sample person out of a photo of 420 px from a rectangle. Memory is the peak of a fresh process that
makes one preview, less what it held after loading.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.common import alternate, in_fresh_process, print_machine, print_timings, rss_mb  # noqa: E402 (path)
from shared.cpu import CpuGate  # noqa: E402
from shared.engines.base import Deadline, GarmentInput, TryOnInput  # noqa: E402
from shared.engines.preview.cut_out import LocalCutOut  # noqa: E402
from shared.engines.preview.engine import PreviewEngine  # noqa: E402
from shared.engines.preview.parsing import shared_parser  # noqa: E402

SAMPLES = REPOSITORY / "samples"
SIDE, ANCHOR_SIDE = 1024, 420


def photo(side: int) -> Image.Image:
    with Image.open(SAMPLES / "person" / "woman_tan.jpg") as picture:
        scale = side / max(picture.size)
        return picture.convert("RGB").resize((round(picture.width * scale), round(picture.height * scale)))


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return file.getvalue()


def grabcut() -> Callable[[], object]:
    bgr = np.ascontiguousarray(np.asarray(photo(ANCHOR_SIDE))[..., ::-1])
    height, width = bgr.shape[:2]
    box = (round(0.15 * width), round(0.02 * height), round(0.7 * width), round(0.96 * height))

    def cut() -> None:
        cv2.setRNGSeed(1)
        labels, back, front = np.zeros((height, width), np.uint8), np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(bgr, labels, box, back, front, 4, cv2.GC_INIT_WITH_RECT)

    return cut


def contenders() -> dict[str, Callable[[], object]]:
    person = jpeg(photo(SIDE))
    shirt, trousers = (
        GarmentInput((SAMPLES / "garment" / f"{name}.jpg").read_bytes()) for name in ("longsleeve", "trousers")
    )
    one, two = TryOnInput(person, (shirt,)), TryOnInput(person, (shirt, trousers))
    warm, cut_out = PreviewEngine(CpuGate(1)), LocalCutOut()
    bgr = np.ascontiguousarray(np.asarray(photo(SIDE))[..., ::-1])
    return {
        "grabCut 4 x, 420 px": grabcut(),
        "network, one pass": lambda: shared_parser()(bgr, flip=False),
        "one garment, cold": lambda: PreviewEngine(CpuGate(1)).try_on(one, Deadline(600)),
        "one garment, cached": lambda: warm.try_on(one, Deadline(600)),
        "two garments, cold": lambda: PreviewEngine(CpuGate(1)).try_on(two, Deadline(600)),
        "cut-out": lambda: cut_out.cut_out(person),
    }


def print_memory(side: int) -> None:
    """In its own process: how much memory one preview adds at its peak."""
    engine = PreviewEngine(CpuGate(1))
    shared_parser()(np.zeros((64, 64, 3), dtype=np.uint8), flip=False)
    idle = rss_mb()
    garment = GarmentInput((SAMPLES / "garment" / "dress_sleeved.jpg").read_bytes())
    engine.try_on(TryOnInput(jpeg(photo(side)), (garment,)), Deadline(600))
    print(f"{idle:.0f} MB idle, {rss_mb(peak=True) - idle:.0f} MB more at the peak")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--memory", type=int, metavar="SIDE", help="only the memory, of a photo of so many px")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    if given.memory:
        print_memory(given.memory)
        return
    print_machine()
    print_timings(f"preview of {SIDE} px, one core", alternate(contenders(), given.rounds))
    for side in (SIDE, 1536):
        print(f"a preview of {side} px: {in_fresh_process(Path(__file__), ['--memory', str(side)]).strip()}")


if __name__ == "__main__":
    main()
