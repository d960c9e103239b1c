"""Extraction against parsing alone: python3 -m benchmarks.extraction [FOLDER] [--per-page] [--rounds N].

FOLDER holds pages (.html or .html.gz); without one it is ../shared/pages beside the repository. The address of a page
is read from a MANIFEST.csv (file,url) in the folder, else it is made up. Pages below 20 kB are left out: they cost
nothing and their ratios are noise. All contenders work on one page after another in the same round, so that a busy
machine slows all alike; only the ratios are worth quoting.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup
from lxml import html

from benchmarks.common import ROOT, Timing, alternate
from features.garments.extractors.registry import extract
from features.garments.product import Page
from shared.errors import ExtractionError

SMALLEST = 20_000
GOAL_LXML, GOAL_SOUP = 3.0, 0.3


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds per MB of one page, and how extraction compares."""

    name: str
    megabytes: float
    lxml_ms: float
    soup_ms: float
    extract_ms: float

    @property
    def to_lxml(self) -> float:
        return self.extract_ms / self.lxml_ms

    @property
    def to_soup(self) -> float:
        return self.extract_ms / self.soup_ms


def pages_of(folder: Path) -> list[tuple[str, Page]]:
    """Name and page of each file, by name."""
    urls: dict[str, str] = {}
    manifest = folder / "MANIFEST.csv"
    if manifest.exists():
        with manifest.open(newline="") as lines:
            urls = {row["file"]: row["url"] for row in csv.DictReader(lines)}
    found = []
    for path in sorted([*folder.glob("**/*.html"), *folder.glob("**/*.html.gz")]):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        name = path.name.removesuffix(".gz")
        if len(raw) >= SMALLEST:
            found.append(
                (name, Page(urls.get(name, f"https://shop.example/{path.stem}"), raw.decode("utf-8", "replace")))
            )
    return found


def _extract(page: Page) -> object:
    try:
        return extract(page)
    except ExtractionError as error:
        return error


def measure(name: str, page: Page, rounds: int) -> Result:
    data = page.html.encode("utf-8", "replace")
    timings = alternate(
        {
            "lxml": lambda: html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8")),
            "extract": lambda: _extract(page),
            "soup": lambda: BeautifulSoup(page.html, "html.parser"),
        },
        rounds,
    )
    megabytes = len(data) / 1e6

    def per_mb(timing: Timing) -> float:
        return timing.cpu_ms.median / megabytes

    return Result(name, megabytes, per_mb(timings["lxml"]), per_mb(timings["soup"]), per_mb(timings["extract"]))


def _median(results: list[Result], name: str) -> float:
    return float(statistics.median(getattr(each, name) for each in results))


def report(results: list[Result], per_page: bool) -> str:
    lines = [
        f"{'page':28s}{'MB':>7s}{'lxml':>9s}{'soup':>9s}{'extract':>9s}{'x lxml':>9s}{'x soup':>9s}   (CPU ms per MB)"
    ]
    for each in results if per_page else []:
        lines.append(
            f"{each.name[:27]:28s}{each.megabytes:7.2f}{each.lxml_ms:9.1f}{each.soup_ms:9.1f}{each.extract_ms:9.1f}"
            f"{each.to_lxml:9.2f}{each.to_soup:9.3f}"
        )
    middle = [_median(results, name) for name in ("lxml_ms", "soup_ms", "extract_ms")]
    ratios = [_median(results, name) for name in ("to_lxml", "to_soup")]
    columns = "".join(f"{value:9.1f}" for value in middle)
    lines.append(f"{'median of ' + str(len(results)) + ' pages':35s}{columns}{ratios[0]:9.2f}{ratios[1]:9.3f}")
    met = ratios[0] <= GOAL_LXML and ratios[1] <= GOAL_SOUP
    lines.append(f"goal: at most {GOAL_LXML} x lxml and {GOAL_SOUP} x html.parser: {'met' if met else 'MISSED'}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "pages")
    parser.add_argument("--per-page", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    pages = pages_of(wanted.folder)
    if not pages:
        print(f"no pages of at least {SMALLEST} bytes in {wanted.folder}")
        return 2
    print(report([measure(name, page, wanted.rounds) for name, page in pages], wanted.per_page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
