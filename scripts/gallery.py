"""Everybody of one folder in everything of another, on one page to be judged by eye:

    python3 scripts/gallery.py samples/person samples/garment --outfits tshirt+trousers

`demo/gallery/index.html` shows each result (point at it to see the photo again) with its time, warnings and check
figures, and each refusal with its reason. It is written anew after every picture: a browser can have it open meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from config import Config, ConfigError
    from features.tryon.model import ResultFacts
    from scripts.gallery_files import Cell, GalleryFiles, Outfit, Picture, Refusal, pictures_in, read_picture
    from scripts.gallery_page import page
    from shared.cpu import CpuGate
    from shared.engines.base import (
        Deadline,
        EngineResult,
        GarmentInput,
        ImageEngine,
        NoLedger,
        Quality,
        TryOnInput,
    )
    from shared.engines.fake import FakeEngine
    from shared.engines.preview.engine import PreviewEngine
    from shared.errors import BecauseFutureError, BudgetExhaustedError
    from wiring import make_engines
except ModuleNotFoundError as missing:
    start_in_environment(missing)

TARGET = Path("demo") / "gallery"
ENGINES = ("preview", "gemini", "fake")
LONGEST_SECONDS = 300.0
MOST_CALLS = 20


class GalleryError(Exception):
    """One sentence: why there is nothing to show, and how to mend it."""


class Purse(NoLedger):
    """Paid calls of the whole gallery, up to a limit."""

    def __init__(self, most_calls: int) -> None:
        super().__init__()
        self._most_calls = most_calls

    def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
        if len(self.calls) >= self._most_calls:
            raise BudgetExhaustedError(f"The gallery may make {self._most_calls} paid calls: --calls allows more.")
        return super().start(provider, model)

    @property
    def cost_usd(self) -> float:
        return sum(usage.cost_usd or 0.0 for _, _, _, usage in self.calls)


class Gallery:
    def __init__(self, engine: ImageEngine, files: GalleryFiles, quality: Quality, purse: Purse) -> None:
        self._engine = engine
        self._files = files
        self._quality = quality
        self._purse = purse
        self._cells: list[Cell] = []

    def run(self, persons: Sequence[Picture], outfits: Sequence[Outfit]) -> list[Cell]:
        """One line a picture on the terminal."""
        whole = len(persons) * len(outfits)
        for person in persons:
            for outfit in outfits:
                self._cells.append(self._cell(person, outfit))
                print(f"[{len(self._cells):>{len(str(whole))}}/{whole}] {told(self._cells[-1])}", flush=True)
                self._files.write_page(page(persons, outfits, self._cells, self._engine.name, self._purse.cost_usd))
        return self._cells

    def _cell(self, person: Picture, outfit: Outfit) -> Cell:
        refused = next((item.refusal for item in (person, *outfit.garments) if item.refusal), None)
        if refused is not None:
            return Cell(person.name, outfit.name, 0.0, refusal=refused)
        garments = tuple(GarmentInput(item.data) for item in outfit.garments)
        wanted = TryOnInput(person.data, garments, self._quality, calls=self._purse)
        started = time.perf_counter()
        try:
            result = self._engine.try_on(wanted, Deadline(LONGEST_SECONDS))
        except BecauseFutureError as error:
            seconds = time.perf_counter() - started
            cell = Cell(person.name, outfit.name, seconds, refusal=Refusal.of(error))
            return self._files.keep_refusal(cell, person, outfit)
        return self._kept(result, person, outfit, time.perf_counter() - started)

    def _kept(self, result: EngineResult, person: Picture, outfit: Outfit, seconds: float) -> Cell:
        cell = Cell(person.name, outfit.name, seconds, facts=asdict(ResultFacts.of(result)))
        return self._files.keep_result(cell, result.image, person, outfit)


def told(cell: Cell) -> str:
    what = f"{cell.person:<18} {cell.outfit:<26}"
    if cell.refusal is not None:
        return f"{what} refused: {cell.refusal.reason}: {cell.refusal.message}"
    codes = ", ".join(item["code"] for item in cell.facts["warnings"])
    return f"{what} {cell.seconds:6.2f} s  {codes}"


def chosen_engine(name: str, gate: CpuGate) -> ImageEngine:
    """Raises GalleryError when it cannot work."""
    if name == "fake":
        return FakeEngine()
    if name == "preview":
        return PreviewEngine(gate)
    try:
        (engine,) = make_engines(replace(Config.from_env(), tryon_engines=(name,)), gate)
    except ConfigError as error:
        raise GalleryError(str(error)) from error
    if (lacking := engine.ready()) is not None:
        raise GalleryError(lacking)
    return engine


def chosen_outfits(garments: Mapping[str, Picture], joined: Sequence[str], *, singles: bool) -> list[Outfit]:
    """Each garment by itself, and those that are `joined` by +, in this order. Raises GalleryError."""
    alone = [Outfit(name, (picture,)) for name, picture in garments.items()] if singles else []
    return alone + [_outfit(name, garments) for name in joined]


def _outfit(joined: str, garments: Mapping[str, Picture]) -> Outfit:
    unknown = [name for name in joined.split("+") if name not in garments]
    if unknown:
        raise GalleryError(f"There is no garment named {unknown[0]}: use {', '.join(garments)}.")
    return Outfit(joined, tuple(garments[name] for name in joined.split("+")))


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    gate = CpuGate()
    try:
        engine = chosen_engine(given.engine, gate)
        persons = _read(given.persons, gate, is_person=True)
        garments = _read(given.garments, gate, is_person=False)
        outfits = chosen_outfits(garments, given.outfits, singles=not given.only_outfits)
        files = GalleryFiles(given.to, strips=given.strips, thumbnail_width=given.width)
        files.keep_inputs([*persons.values(), *garments.values()])
    except GalleryError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    cells = Gallery(engine, files, Quality(given.quality), Purse(given.calls)).run(list(persons.values()), outfits)
    refused = sum(cell.refusal is not None for cell in cells)
    print(f"\n{len(cells) - refused} pictures, {refused} refused. Open {given.to / 'index.html'}")
    return 0


def _read(folder: Path, gate: CpuGate, *, is_person: bool) -> dict[str, Picture]:
    """By name. Raises GalleryError when there is nothing in the folder."""
    files = pictures_in(folder)
    if not files:
        raise GalleryError(f"There are no pictures in {folder}.")
    kind = "person" if is_person else "garment"
    stems = Counter(file.stem for file in files)
    names = [file.stem if stems[file.stem] == 1 else file.name for file in files]
    return {
        name: read_picture(file, name, f"{kind}-{number:02}", gate, flat=is_person)
        for number, (name, file) in enumerate(zip(names, files, strict=True), 1)
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("persons", type=Path, help="a folder of photos, one person each")
    parser.add_argument("garments", type=Path, help="a folder of pictures of garments")
    parser.add_argument("--to", type=Path, default=TARGET, help=f"the folder of the page ({TARGET})")
    parser.add_argument("--engine", choices=ENGINES, default="preview", help="gemini uses the key of the settings")
    parser.add_argument("--quality", choices=[item.value for item in Quality], default=Quality.STANDARD.value)
    parser.add_argument("--outfits", nargs="*", default=[], metavar="A+B", help="garments worn together, by file name")
    parser.add_argument("--only-outfits", action="store_true", help="leave out the garments by themselves")
    parser.add_argument("--calls", type=int, default=MOST_CALLS, help=f"most paid calls of all ({MOST_CALLS})")
    parser.add_argument("--width", type=int, default=300, help="of the pictures on the page, in pixels (300)")
    parser.add_argument("--strips", action="store_true", help="also one picture per try-on: photo, garments, result")
    return parser


if __name__ == "__main__":
    sys.exit(main())
