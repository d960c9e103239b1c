"""One row of the table: our figure beside its anchor's, the goal, the stretch, and the verdict."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.common import Spread, print_machine

AT_MOST, AT_LEAST = "<=", ">="
MISSED, REACHED, STRETCHED, SHOWN = "MISSED", "goal", "stretch", "-"


@dataclass(frozen=True)
class Row:
    """`goal` and `stretch` hold for the ratio to the anchor, those in `unit` (`limit`) for our own median.

    A row with neither is only shown. `note`: what a reader must know to judge it.
    """

    metric: str
    what: str
    unit: str
    ours: Spread
    anchor_name: str = ""
    anchor: Spread | None = None
    goal: float | None = None
    stretch: float | None = None
    limit: float | None = None
    limit_stretch: float | None = None
    sense: str = AT_MOST
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours.median / self.anchor.median if self.anchor and self.anchor.median else None

    @property
    def verdict(self) -> str:
        if self.ratio is None and self.goal is not None and self.limit is None:
            return SHOWN  # its anchor is not installed
        if not self._within(self.goal, self.limit):
            return MISSED
        if self.goal is None and self.limit is None:
            return SHOWN
        has_stretch = self.stretch is not None or self.limit_stretch is not None
        return STRETCHED if has_stretch and self._within(self.stretch, self.limit_stretch) else REACHED

    def _within(self, ratio: float | None, own: float | None) -> bool:
        pairs = [(self.ratio, ratio), (self.ours.median, own)]
        return all(self._is_good(value, bound) for value, bound in pairs if value is not None and bound is not None)

    def _is_good(self, value: float, bound: float) -> bool:
        return value >= bound if self.sense == AT_LEAST else value <= bound

    def wanted(self, ratio: float | None, own: float | None) -> str:
        parts = [f"{ratio:g}x" if ratio is not None else "", f"{own:g} {self.unit}" if own is not None else ""]
        return f"{self.sense} " + " and ".join(part for part in parts if part) if any(parts) else ""

    def line(self) -> str:
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        anchor = f"{self.anchor_name} {self.anchor}" if self.anchor else (self.anchor_name or "")
        goal, stretch = self.wanted(self.goal, self.limit), self.wanted(self.stretch, self.limit_stretch)
        line = (
            f"{self.metric:4} {self.what:58} {self.ours!s:>26} {self.unit:4} {anchor:46} {ratio:>8}"
            f"  {goal:18} {stretch:16} {self.verdict}"
        )
        return f"{line}\n     {self.note}" if self.note else line

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


HEADER = (
    f"{'':4} {'':58} {'ours, median (range)':>26} {'':4} {'anchor, median (range)':46} {'ratio':>8}"
    f"  {'goal':18} {'stretch':16}"
)


def run_alone(description: str | None, rows: Callable[[int], Iterable[Row]], *, rounds: int) -> None:
    """A benchmark by itself, as a command with `--rounds`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    options = parser.parse_args()
    print_machine()
    print(HEADER)
    for row in rows(options.rounds):
        print(row.line(), flush=True)
