"""What the comparisons share: alternating rounds, medians with their range, CPU time of a thread, memory of a process.

Contenders run in turns (A, B, C, A, B, C, ...), so that a busy machine slows all alike; only ratios are worth quoting.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, smallest and largest of the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:8.1f} ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one contender, and its CPU time as a multiple of the anchor's in the same round."""

    cpu_ms: Spread
    wall_ms: Spread
    ratio: Spread


def alternate(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Run all contenders `rounds` times in turns after one warm-up; the first one is the anchor of the ratios."""
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    wall: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, work in contenders.items():
            measured = time_once(work)
            if turn:
                cpu[name].append(measured[0])
                wall[name].append(measured[1])
    anchor = cpu[next(iter(contenders))]
    ratios = {name: [own / other for own, other in zip(cpu[name], anchor, strict=True)] for name in contenders}
    return {name: Timing(Spread.of(cpu[name]), Spread.of(wall[name]), Spread.of(ratios[name])) for name in contenders}


def in_turns(contenders: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: int = 1) -> dict[str, Spread]:
    """What each contender says it took, over `rounds` turns; the first `warm_up` turns do not count."""
    said: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + warm_up):
        for name, work in contenders.items():
            value = work()
            if turn >= warm_up:
                said[name].append(value)
    return {name: Spread.of(values) for name, values in said.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def time_once(work: Callable[[], object]) -> tuple[float, float]:
    """CPU milliseconds of this thread, and wall milliseconds."""
    cpu, wall = time.thread_time(), time.perf_counter()
    work()
    return (time.thread_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def rss_mb(*, peak: bool = False) -> float:
    """Memory of this process in MB, now or at its highest so far (Linux)."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    raise OSError(f"{wanted} is not in /proc/self/status")


def in_fresh_process(script: Path, arguments: Sequence[str], stdin: bytes = b"") -> str:
    """What a new interpreter prints: for memory, where the history of this process would count."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=True, env=environment)
    return done.stdout.decode()


def print_timings(title: str, timings: Mapping[str, Timing]) -> None:
    print(f"\n{title}\n{'':28}{'CPU ms, median (range)':>30}{'x anchor, median (range)':>32}")
    for name, timing in timings.items():
        ratio = f"{timing.ratio.median:.2f} ({timing.ratio.low:.2f} to {timing.ratio.high:.2f})"
        print(f"{name:28}{timing.cpu_ms!s:>30}{ratio:>32}")


def print_machine() -> None:
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}")
