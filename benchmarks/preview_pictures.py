"""Dress every person of one folder in every garment of another: a contact sheet, times and checks.

    python benchmarks/preview_pictures.py samples/person samples/garment sheet.png [--pairs top+trousers ...]

Garments joined by + are worn together, in that order (file names without ending). Refusals are listed, with the reason.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from shared.cpu import CpuGate  # noqa: E402 (the repository's root must be on the path first)
from shared.engines.base import Deadline, GarmentInput, TryOnInput  # noqa: E402
from shared.engines.preview.engine import PreviewEngine  # noqa: E402
from shared.errors import ImageRejectedError  # noqa: E402

CELL_HEIGHT = 640
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def pictures(folder: Path) -> dict[str, Path]:
    return {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in ENDINGS}


def dress(engine: PreviewEngine, person: Path, garments: list[Path]) -> np.ndarray | None:
    """The result (RGB), None for a refusal; prints one line."""
    wanted = TryOnInput(person.read_bytes(), tuple(GarmentInput(file.read_bytes()) for file in garments))
    label = f"{person.stem:18} {'+'.join(file.stem for file in garments):26}"
    started, cpu = time.perf_counter(), time.process_time()
    try:
        result = engine.try_on(wanted, Deadline(120))
    except ImageRejectedError as refused:
        print(f"{label} refused: {refused.details}")
        return None
    seconds = f"{time.perf_counter() - started:5.2f} s ({time.process_time() - cpu:5.2f} s of CPU)"
    warnings = [notice.code for notice in result.warnings[1:]]
    print(f"{label} {seconds} {warnings} {result.checks['garments']}")
    return np.asarray(result.image)


def cell(picture: np.ndarray | None, width: int) -> np.ndarray:
    canvas = np.full((CELL_HEIGHT, width, 3), 40, dtype=np.uint8)
    if picture is None:
        return canvas
    scale = min(CELL_HEIGHT / picture.shape[0], width / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left = (width - small.shape[1]) // 2
    canvas[: small.shape[0], left : left + small.shape[1]] = small[:CELL_HEIGHT, :width]
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("persons", type=Path)
    parser.add_argument("garments", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--pairs", nargs="*", default=[], help="further outfits: names joined by +")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    engine = PreviewEngine(CpuGate(1))
    garments = pictures(given.garments)
    outfits = [[file] for file in garments.values()]
    outfits += [[garments[name] for name in pair.split("+")] for pair in given.pairs]
    rows = []
    for person in pictures(given.persons).values():
        results = [dress(engine, person, outfit) for outfit in outfits]
        with Image.open(person) as picture:
            photo = np.asarray(picture.convert("RGB"))
        rows.append(np.hstack([cell(picture, CELL_HEIGHT * 3 // 4) for picture in [photo, *results]]))
    cv2.imwrite(str(given.sheet), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
