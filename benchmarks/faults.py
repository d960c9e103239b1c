"""How many spoiled provider answers do the checks recognise, and how many good ones do they refuse?

    python benchmarks/faults.py [FOLDER ...] [--rounds 2]

FOLDER holds `person/` (and perhaps `street/`) and `garment/`; default: samples/, and tryon-cases/ beside the repository
when it is there. Every person is dressed by the preview engine; the pictures are then spoiled as `planted_faults` says,
brought into a provider's ratio and size, saved as its JPEG and judged as the engine would. Persons of even and of odd
number are counted apart: limits were chosen on the first half, the second one confirms them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.common import print_machine, time_once  # noqa: E402 (the repository's root must be on the path first)
from benchmarks.planted_faults import FAULTS, Donor, Image, Scene, clean, donor_of, jpeg, redrawn  # noqa: E402
from shared.cpu import CpuGate  # noqa: E402
from shared.engines.base import Deadline, GarmentInput, GarmentType, TryOnInput  # noqa: E402
from shared.engines.checks.colours import palette  # noqa: E402
from shared.engines.checks.figure import Figure  # noqa: E402
from shared.engines.checks.inspection import MIN_CHANGE, inspect  # noqa: E402
from shared.engines.checks.reference import Reference, make_reference  # noqa: E402
from shared.engines.checks.report import Fault, Report  # noqa: E402
from shared.engines.framing import deliver, pad_person, plan_frame  # noqa: E402
from shared.engines.gemini_judge import MAX_PIXELS  # noqa: E402
from shared.engines.models import TEN_RATIOS  # noqa: E402
from shared.engines.preview.engine import PreviewEngine  # noqa: E402
from shared.engines.suitability import look_at_person  # noqa: E402
from shared.errors import ImageRejectedError  # noqa: E402

DEFAULT_FOLDERS = (REPOSITORY / "samples", REPOSITORY.parent / "shared" / "tryon-cases")
GARMENTS_EACH = 4
PROVIDER_PIXELS = 1024 * 1024  # what "1K" means, sides in steps of 16
GOALS = {"clean": "at most 2 %", "other head": "90 %", **dict.fromkeys(("redrawn", "no person", "other colour"), "")}
# Which findings count as having recognised a fault; any other one is luck.
RIGHT = {
    "crop": {Fault.CROPPED, Fault.FRAMING},
    "shift": {Fault.CROPPED, Fault.FRAMING},
    "ratio": {Fault.CROPPED, Fault.FRAMING},
    "other head": {Fault.FACE},
    "unchanged": {Fault.UNCHANGED},
    "second person": {Fault.SEVERAL_PEOPLE},
    "no person": {Fault.NO_PERSON, Fault.FACE},
    "other colour": {Fault.COLOUR},
}


@dataclass(frozen=True, slots=True)
class Case:
    half: int
    scene: Scene
    reference: Reference


def pictures(folders: Sequence[Path], *names: str) -> list[Path]:
    return [file for folder in folders for name in names for file in sorted((folder / name).glob("*.jpg"))]


def cases(folders: Sequence[Path]) -> Iterator[Case]:
    persons, garments = pictures(folders, "person", "street"), pictures(folders, "garment")
    donors = {file: donor_of(file.stem, read(file)) for file in persons}
    able = [donor for donor in donors.values() if donor is not None]
    engine = PreviewEngine(CpuGate(1))
    for number, person in enumerate(persons):
        for turn in range(GARMENTS_EACH):
            garment = garments[(number * 5 + turn * 3) % len(garments)]
            dressed = dress(engine, person, garment)
            if dressed is not None:
                yield from case(number % 2, person, garment, dressed, donors[person], able)


def dress(engine: PreviewEngine, person: Path, garment: Path) -> Image | None:
    wanted = TryOnInput(person.read_bytes(), (GarmentInput(garment.read_bytes()),))
    try:
        result = engine.try_on(wanted, Deadline(120))
    except ImageRejectedError:
        return None
    if "card" in result.checks:  # both side by side is no picture of a dressed person
        return None
    return np.ascontiguousarray(np.asarray(result.image)[..., ::-1])


def case(
    half: int, person: Path, garment: Path, dressed: Image, own: Donor | None, donors: Sequence[Donor]
) -> Iterator[Case]:
    """Nothing for a photo that is refused or without a head, or a preview in which nothing is new to begin with."""
    photo, packshot = read(person), read(garment)
    figure = figure_of(person)
    if figure is None:
        return
    reference = make_reference(photo, [palette(packshot, GarmentType.AUTO)], figure)
    if reference.head is None or dressed.shape != photo.shape:
        return
    head = own.head if own is not None else reference.head.scaled(photo.shape[1] / reference.bgr.shape[1])
    if (inspect(reference, dressed).report.value("strongest_change") or 0.0) >= 2 * MIN_CHANGE:
        yield Case(half, Scene(person.stem, photo, packshot, dressed, head, donors), reference)


def figure_of(person: Path) -> Figure | None:
    """As the engine sees it before it pays; None when it refuses the photo."""
    try:
        return look_at_person(person.read_bytes(), max_pixels=MAX_PIXELS).figure
    except ImageRejectedError:
        return None


def read(file: Path) -> Image:
    return np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR), dtype=np.uint8)


def through_a_provider(picture: Image, quality: int) -> Image:
    """Padded to a ratio, painted at the provider's size, and cut back to the photo's frame."""
    height, width = picture.shape[:2]
    frame = plan_frame((width, height), TEN_RATIOS)
    padded = pad_person(Pictures.fromarray(np.ascontiguousarray(picture[..., ::-1])), frame)
    ratio = frame.sent[0] / frame.sent[1]
    size = [
        max(16, round(side / 16) * 16) for side in ((PROVIDER_PIXELS * ratio) ** 0.5, (PROVIDER_PIXELS / ratio) ** 0.5)
    ]
    painted = np.asarray(padded.resize((size[0], size[1]), Pictures.Resampling.LANCZOS))
    came = jpeg(painted, quality)
    return np.ascontiguousarray(np.asarray(deliver(Pictures.fromarray(came), frame))[..., ::-1])


def judged(name: str, seed: int, found: Sequence[Case], rounds: int) -> Iterator[tuple[Case, Report, float]]:
    """Reports, and CPU milliseconds of the checks."""
    spoil = {"clean": clean, "redrawn": redrawn, **FAULTS}[name]
    for turn in range(rounds):
        for index, each in enumerate(found):
            random = np.random.default_rng((seed, turn, index))
            answer = through_a_provider(spoil(each.scene, random), int(random.integers(85, 96)))
            started = time.thread_time()
            report = inspect(each.reference, answer).report
            yield each, report, 1000 * (time.thread_time() - started)


def count(name: str, seed: int, found: Sequence[Case], rounds: int) -> list[float]:
    """Prints a row; CPU milliseconds of the checks."""
    hits: dict[int, list[bool]] = {0: [], 1: []}
    times, others = [], 0
    for each, report, cpu in judged(name, seed, found, rounds):
        wanted = RIGHT.get(name)
        hits[each.half].append(bool(wanted & set(report.faults)) if wanted else bool(report.faults))
        others += bool(wanted) and bool(report.faults) and not hits[each.half][-1]
        times.append(cpu)
    shares = [
        f"{sum(half)}/{len(half)} {sum(half) / max(1, len(half)):6.1%}" for half in (*hits.values(), hits[0] + hits[1])
    ]
    print(f"{name:14}{shares[0]:>16}{shares[1]:>16}{shares[2]:>16}{others:>8}   {GOALS.get(name, '95 %')}")
    return times


def grab_cut(picture: Image) -> Callable[[], None]:
    """The anchor: 4 iterations at 420 px."""
    small = cv2.resize(
        picture, None, fx=420 / max(picture.shape), fy=420 / max(picture.shape), interpolation=cv2.INTER_AREA
    )
    height, width = small.shape[:2]

    def work() -> None:
        cv2.setRNGSeed(1)
        mask = np.zeros((height, width), np.uint8)
        box = (width // 6, height // 20, width * 2 // 3, height * 9 // 10)
        cv2.grabCut(small, mask, box, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_RECT)

    return work


def print_times(times: Sequence[float], found: Sequence[Case]) -> None:
    some = found[:: max(1, len(found) // 15)]
    anchor = statistics.median(time_once(grab_cut(each.scene.photo))[0] for each in some)
    photo = statistics.median(time_once(partial(make_reference, each.scene.photo, []))[0] for each in some)
    usual, longest = statistics.median(times), float(np.percentile(times, 95))
    print(f"\nCPU; x: by a grabCut of 4 iterations at 420 px, which took {anchor:.0f} ms in this run")
    print(f"checks of one answer: {usual:.0f} ms = {usual / anchor:.2f} x (95 % within {longest:.0f} ms); goal 150 ms")
    print(f"analysis of the photo, once per job: {photo:.0f} ms = {photo / anchor:.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=2, help="times that each picture is spoiled in each way")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    found = list(cases(given.folders or [folder for folder in DEFAULT_FOLDERS if folder.is_dir()]))
    print_machine()
    print(f"{len(found)} good try-ons, each spoiled {given.rounds} times in every way\n")
    print(f"{'':14}{'first half':>16}{'second half':>16}{'all':>16}{'misnamed':>8}   goal")
    names = ["clean", "redrawn", *FAULTS]
    times = [cpu for seed, name in enumerate(names) for cpu in count(name, seed, found, given.rounds)]
    print_times(times, found)


if __name__ == "__main__":
    main()
