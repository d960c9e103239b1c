"""The table of the speed goals, P1 to P13: ours beside an anchor in alternating rounds, medians with their range.

    python -m benchmarks.run [--only p1,p5] [--rounds 5] [--quick] [--kills 200] [--json FILE]

`--quick` is for CI: two rounds and 10 kills, and only P3 and P10 decide: all else would depend on the noise of a shared
machine. Exit status 1 when a row misses its goal. What is measured how stands in each script's own text. The system
that this one replaced is not here, so its column is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import (
    burst,
    crash,
    db_bench,
    login,
    memory_bench,
    poll_bench,
    queue_bench,
    upload,
    wait_bench,
    wardrobe,
)
from benchmarks.common import Spread, print_machine
from benchmarks.goals import AT_LEAST, HEADER, MISSED, SHOWN, Row

QUICK_ROUNDS, QUICK_KILLS, QUICK_ITEMS = 2, 10, 10_000
GATES = {"P3", "P10"}
"""What `--quick` may fail for: neither depends on how busy the machine is."""


@dataclass(frozen=True)
class Plan:
    rounds: int
    kills: int
    items: int


Rows = Callable[[Plan], list[Row]]


def crash_rows(plan: Plan) -> list[Row]:
    """P3: kills under load, and the story that rows, files and the provider tell afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        story = crash.run(Path(folder), plan.kills, say=_say)
    good = sum(check.passed for check in story.checks) / len(story.checks) * 100
    wrong = "; ".join(check.name for check in story.checks if not check.passed)
    what = f"checks passed after {plan.kills} kills under load"
    return [Row("P3", what, "%", Spread.of([good]), limit=100, sense=AT_LEAST, note=wrong)]


def _say(text: str) -> None:
    print(text, file=sys.stderr)


SUITES: dict[str, Rows] = {
    "p1,p2": lambda plan: queue_bench.rows(plan.rounds),
    "p3": crash_rows,
    "p4": lambda plan: burst.rows(plan.rounds),
    "p5,p6": lambda plan: poll_bench.rows(plan.rounds),
    "p7": lambda plan: wait_bench.rows(plan.rounds),
    "p8,p9": lambda plan: upload.rows(plan.rounds),
    "p10": lambda plan: memory_bench.rows(min(plan.rounds, 3)),
    "p11": lambda plan: wardrobe.rows(plan.rounds, plan.items),
    "p12": lambda plan: db_bench.rows(plan.rounds),
    "p13": lambda plan: login.rows(plan.rounds),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="some of them, as p1,p5")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="write the rows to this file as well")
    options = parser.parse_args()
    plan = Plan(options.rounds, options.kills, 100_000)
    if options.quick:
        plan = Plan(QUICK_ROUNDS, QUICK_KILLS, QUICK_ITEMS)
    wanted = {name.strip().lower() for name in options.only.split(",") if name.strip()}
    rows = measure(plan, wanted)
    if options.json:
        options.json.write_text(json.dumps(report(rows), indent=1))
    missed = [row for row in rows if row.verdict == MISSED and (not options.quick or row.metric in GATES)]
    print(f"\n{summary(rows)}")
    return 1 if missed else 0


def measure(plan: Plan, wanted: set[str]) -> list[Row]:
    """One suite after the other; each row is printed when it is there."""
    print_machine()
    print(HEADER, flush=True)
    rows: list[Row] = []
    for names, suite in SUITES.items():
        if wanted and wanted.isdisjoint(names.split(",")):
            continue
        began = time.monotonic()
        found = [row for row in suite(plan) if not wanted or row.metric.lower() in wanted]
        for row in found:
            print(row.line(), flush=True)
        _say(f"{names}: {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
        rows += found
    return rows


def summary(rows: list[Row]) -> str:
    judged = [row for row in rows if row.verdict != SHOWN]
    missed = sorted({row.metric for row in judged if row.verdict == MISSED}, key=lambda name: int(name[1:]))
    said = f"missed: {', '.join(missed)}" if missed else "no goal missed"
    return f"{len(judged)} rows judged, {said}; load {os.getloadavg()[0]:.1f} at the end"


def report(rows: list[Row]) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
        "rows": [row.to_dict() for row in rows],
    }


if __name__ == "__main__":
    sys.exit(main())
