"""How good the preview engine's pictures are: `python -m benchmarks.preview_quality PATH/TO/tryon-cases [--quick]`.

`street/NNNN.jpg` with `street/NNNN_labels.png` (numbers of `labels.txt`, 0 = background) are photos of one person with
pixel labels; every garment of `garment/` and of `samples/garment` is tried on each. Prints every figure beside its goal
and its stretch. The colour, cover and framing rows use `t05_green_tee` on all; garments that are refused are counted.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import in_fresh_process
from benchmarks.preview_cases import (
    HAIR,
    LOWER_CLOTHES,
    SHOES,
    SKIN,
    UPPER_CLOTHES,
    Case,
    Dressing,
    Floats,
    Pixels,
    dress,
    flipped,
    jpeg,
    overlap,
    padded,
    pictures,
    read_case,
    rgb_of,
    scaled,
)
from shared.engines.preview.parsing import Part
from shared.errors import ImageRejectedError

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
TEE = "t05_green_tee"
TOPS = (TEE, "t01_tee", "t02_stripes34", "longsleeve", "tshirt")
DILATED_SHARE = 0.025  # of the photo's height: clothes may lie so far outside of the person (12 px at 480)
CHANGED_LEVELS = 6  # a pixel has changed when a channel differs by more
UNSTEADY = 0.85  # such photos are named
HEAD_SHARE = 0.13  # of the person's height: skin above is the face

Mask = NDArray[np.bool_]


@dataclass
class Figures:
    """Everything measured; lists hold one value per photo or per pair."""

    found: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    person: list[float] = field(default_factory=list)
    clothes: list[float] = field(default_factory=list)
    skin_hair: list[float] = field(default_factory=list)
    shoes: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    head: list[float] = field(default_factory=list)
    true_head: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    covered_long: list[float] = field(default_factory=list)
    chroma: list[float] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    steady: dict[str, list[float]] = field(default_factory=dict)


def measure(cases: list[Case], garments: dict[str, bytes], names: Iterable[str]) -> Figures:
    """One row per photo on the console while it runs."""
    figures = Figures()
    for case in cases:
        worn = {name: _tried(case, garments[name], figures) for name in names}
        tee = worn.get(TEE)
        if tee is None:
            figures.person.append(0.0)
            continue
        figures.found += 1
        _parts(case, tee, figures)
        for name, dressing in worn.items():
            if dressing is not None:
                _pair(case, dressing, figures, is_tee=name == TEE)
        print(f"{case.name}: person {figures.person[-1]:.3f} covered {figures.covered[-1]:.2f}", flush=True)
    return figures


def _tried(case: Case, garment: bytes, figures: Figures) -> Dressing | None:
    try:
        return dress(case.photo, garment)
    except ImageRejectedError as refusal:
        figures.refused[f"{case.name} {refusal.reason}"] += 1
        return None


def _parts(case: Case, dressing: Dressing, figures: Figures) -> None:
    parts, labels = dressing.person.parts, case.labels
    figures.person.append(overlap(dressing.person.alpha > 0.5, labels > 0))
    dressed = np.isin(parts, (Part.UPPER, Part.LOWER, Part.DRESS))
    figures.clothes.append(overlap(dressed, np.isin(labels, UPPER_CLOTHES + LOWER_CLOTHES)))
    figures.skin_hair.append(overlap(np.isin(parts, (Part.SKIN, Part.HAIR)), np.isin(labels, (SKIN, HAIR))))
    figures.shoes.append(overlap(parts == Part.SHOES, np.isin(labels, SHOES)))


def _pair(case: Case, dressing: Dressing, figures: Figures, *, is_tee: bool) -> None:
    changed = np.abs(dressing.rgb.astype(np.int16) - case.rgb).max(axis=2) > CHANGED_LEVELS
    person = case.labels > 0
    near = _grown(person, DILATED_SHARE * len(person))
    figures.head.append(float(np.mean(dressing.rgb[dressing.person.head] == case.rgb[dressing.person.head])))
    figures.true_head.append(float(np.mean(~changed[_true_head(case)])))
    if not dressing.cover.any():
        return
    inside = float(np.mean(near[dressing.cover > 0.5]))
    figures.inside.append(inside)
    if inside < 0.5:
        figures.beside.append(case.name)
    old = np.isin(case.labels, UPPER_CLOTHES)
    gone = float(np.mean(changed[old])) if old.any() else 1.0
    if dressing.kind == "top" and _lowest(dressing.cover > 0.5) >= _lowest(old) - 0.02 * len(old):
        figures.covered_long.append(gone)
    if is_tee:
        figures.outside.append(float(np.mean(changed & ~near)))
        figures.covered.append(gone)
        figures.chroma.append(_chroma_shift(dressing))


def _true_head(case: Case) -> Mask:
    """Hair above the shoulders and the skin of the face, by the labels."""
    rows = np.flatnonzero((case.labels > 0).any(axis=1))
    low = rows[0] + HEAD_SHARE * len(rows)
    above = np.arange(len(case.labels))[:, None] < low
    return np.asarray(np.isin(case.labels, (SKIN, HAIR)) & above)


def _lowest(mask: Mask) -> float:
    rows = np.flatnonzero(mask.sum(axis=1) > 0.02 * mask.shape[1])
    return float(rows[-1]) if len(rows) else 0.0


def _grown(mask: Mask, reach: float) -> Mask:
    size = 2 * round(reach) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def _chroma_shift(dressing: Dressing) -> float:
    """Distance of the median a and b of the cloth in the packshot and in the picture."""
    there = dressing.rgb[(dressing.cover > 0.95) & ~dressing.person.head & ~dressing.person.arms]
    here = dressing.garment.rgb[dressing.garment.alpha > 0.97]
    return float(np.linalg.norm(_chroma(there) - _chroma(here)))


def _chroma(rgb: Pixels) -> NDArray[np.float64]:
    lab = cv2.cvtColor(np.ascontiguousarray(rgb[None]).astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)[0]
    return np.asarray(np.median(lab[:, 1:], axis=0), dtype=np.float64)


def measure_steadiness(cases: list[Case], tee: bytes, figures: Figures) -> None:
    """The same photo mirrored, at other sizes, and with the scene continued at one side gives the same picture."""
    shirt = rgb_of(tee)
    changes: dict[str, tuple[Callable[[Pixels], Pixels], Callable[[Floats], Floats], bytes]] = {
        "mirror": (flipped, lambda mask: np.ascontiguousarray(mask[:, ::-1]), jpeg(flipped(shirt))),
        "three quarters of the size": (lambda rgb: scaled(rgb, 0.75), lambda mask: mask, tee),
        "double size": (lambda rgb: scaled(rgb, 2.0), lambda mask: mask, tee),
        "shift by 20 %": (lambda rgb: padded(rgb, 0.2), lambda mask: mask[:, -round(mask.shape[1] / 1.2) :], tee),
    }
    for case in cases:
        plain = dress(jpeg(case.rgb, 97), tee)
        for name, (change, undo, garment) in changes.items():
            try:
                other = dress(jpeg(change(case.rgb), 97), garment)
            except ImageRejectedError as refusal:
                print(f"{case.name} {name}: {refusal.reason}")
                figures.steady.setdefault(name, []).append(0.0)
                continue
            cover = cv2.resize(undo(other.cover), plain.cover.shape[::-1], interpolation=cv2.INTER_AREA)
            same = overlap(cover > 0.5, plain.cover > 0.5)
            figures.steady.setdefault(name, []).append(same)
            if same < UNSTEADY:
                print(f"{case.name} {name}: only {same:.2f} the same place")


def digest(photo: Path, garment: Path) -> str:
    return hashlib.sha256(dress(photo.read_bytes(), garment.read_bytes()).rgb.tobytes()).hexdigest()


def same_in_another_process(photo: Path, garment: Path) -> bool:
    script = Path(__file__).with_name("preview_digest.py")
    return in_fresh_process(script, [str(photo), str(garment)]).strip() == digest(photo, garment)


def report(figures: Figures, count: int) -> None:
    print(f"\n{'':52}{'measured':>18}{'goal':>14}{'stretch':>14}")
    _row("street photos found", f"{figures.found} of {count}", "13 of 14", "14")
    _row("garment beside the person", str(len(figures.beside)), "0", "")
    _row("person mask IoU, median / p10", _two(figures.person), "0.95 / 0.90", "0.965 / 0.93")
    classes = " / ".join(f"{_median(values):.3f}" for values in (figures.clothes, figures.skin_hair, figures.shoes))
    _row("IoU clothes / skin and hair / shoes, median", classes, ".83/.70/.63", ".88/.78/.72")
    _row("pixels changed outside the person, p90", f"{np.percentile(figures.outside, 90):.3%}", "0.3 %", "0.1 %")
    _row("head pixels unchanged, worst", f"{min(figures.head):.4%}", "100 %", "")
    _row("  hair and face by the labels, median / p10", _two(figures.true_head), "", "")
    _row("garment inside the person, median / p10", _two(figures.inside), "0.97", "")
    _row("old upper clothes covered, garment long enough", f"{_median(figures.covered_long):.3f}", "0.90", "0.96")
    _row("  the same, green tee on all, long enough or not", f"{_median(figures.covered):.3f}", "", "")
    _row("chroma shift of the cloth, median, Lab", f"{_median(figures.chroma):.1f}", "8", "5")
    for name, values in figures.steady.items():
        _row(f"{name}: IoU of the placed garment, median / p10", _two(values), "measured", "")
    for reason, times in sorted(figures.refused.items()):
        print(f"refused: {reason} ({times} garments)")


def _row(title: str, value: str, goal: str, stretch: str) -> None:
    print(f"{title:52}{value:>18}{goal:>14}{stretch:>14}")


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def _two(values: list[float]) -> str:
    middle, low = np.percentile(values, [50, 10]) if values else (float("nan"),) * 2
    return f"{middle:.3f} / {low:.3f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("cases", type=Path, help="the folder tryon-cases (with street/ and garment/)")
    arguments.add_argument("--quick", action="store_true", help="the green tee only, and fewer photos for steadiness")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    files = pictures(given.cases / "garment") | pictures(SAMPLES / "garment")
    cases = [read_case(file) for file in pictures(given.cases / "street").values()]
    garments = {name: file.read_bytes() for name, file in files.items()}
    figures = measure(cases, garments, [TEE] if given.quick else TOPS)
    found = [case for case, overlapping in zip(cases, figures.person, strict=True) if overlapping > 0]
    measure_steadiness(found[:: 5 if given.quick else 2], garments[TEE], figures)
    report(figures, len(cases))
    photo = next(iter(pictures(given.cases / "street").values()))
    same = same_in_another_process(photo, files[TEE])
    _row("the same bytes in another process", "yes" if same else "NO", "yes", "")
    sys.exit(0 if same and not figures.beside else 1)


if __name__ == "__main__":
    main()
