"""How well the preview engine finds people: `python -m benchmarks.person_masks PATH/TO/tryon-cases`.

Street photos with pixel labels (`street/NNNN.jpg`, `street/NNNN_labels.png`, person = label > 0) give the overlap of
the outline; all photos of `street` and `person` give how many are found and how long one photo takes. The sample people
with exact masks are measured too. One thread; times are those of this machine, load included.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.engines.preview.person import Person, find_person
from shared.errors import ImageRejectedError

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@dataclass
class Measured:
    """`overlaps`: IoU per photo with a mask, 0 for a person not found. `refused`: file and reason."""

    overlaps: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def measure(photos: list[tuple[Path, Path | None]]) -> Measured:
    result = Measured()
    for photo, mask in photos:
        rgb = _read(photo, "RGB")
        started = time.perf_counter()
        person = _find(rgb, photo, result)
        result.seconds.append(time.perf_counter() - started)
        if mask is not None:
            result.overlaps.append(0.0 if person is None else _overlap(person.alpha > 0.5, _truth(mask)))
    return result


def _read(file: Path, mode: str) -> NDArray[np.uint8]:
    with Image.open(file) as picture:
        return np.asarray(picture if mode == "" else picture.convert(mode), dtype=np.uint8)


def _find(rgb: NDArray[np.uint8], photo: Path, result: Measured) -> Person | None:
    try:
        return find_person(rgb)
    except ImageRejectedError as refusal:
        result.refused.append(f"{photo.name}: {refusal.reason}")
        return None


def _truth(mask: Path) -> NDArray[np.bool_]:
    """Label maps mark the person by labels over 0, alpha masks by more than one half."""
    values = _read(mask, "")
    return np.asarray(values > (127 if mask.stem.endswith("_alpha") else 0), dtype=np.bool_)


def _overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(np.mean(found & truth) / np.mean(found | truth))


def report(title: str, measured: Measured) -> None:
    count = len(measured.seconds)
    print(f"{title}: {count} photos, {count - len(measured.refused)} people found")
    if measured.overlaps:
        median, tenth, worst = np.percentile(measured.overlaps, [50, 10, 0])
        print(f"  outline IoU (not found counts as 0): median {median:.3f}, p10 {tenth:.3f}, worst {worst:.3f}")
    median, slow = np.percentile(measured.seconds, [50, 90])
    print(f"  seconds per photo: median {median:.2f}, p90 {slow:.2f}")
    for line in measured.refused:
        print(f"  refused {line}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("cases", type=Path, help="the folder tryon-cases (with street/ and person/)")
    cases: Path = arguments.parse_args().cases
    cv2.setNumThreads(1)
    samples = sorted((SAMPLES / "person").glob("*.jpg"))
    masks = SAMPLES / "masks"
    find_person(_read(samples[0], "RGB"))  # loads the network: not timed
    report("samples, exact masks", measure([(file, masks / f"{file.stem}_alpha.png") for file in samples]))
    street = sorted((cases / "street").glob("*.jpg"))
    report("street, labelled", measure([(file, file.with_name(f"{file.stem}_labels.png")) for file in street]))
    report("studio, not labelled", measure([(file, None) for file in sorted((cases / "person").glob("*.jpg"))]))


if __name__ == "__main__":
    main()
