"""What is free goes back to the system, also where blocks in use lie around it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.memory import CALM_SECONDS, CalmReturn

ROOT = Path(__file__).resolve().parents[2]
HOLES = """
import sys
from pathlib import Path
from shared.memory import give_memory_back, share_heaps

def rss_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

if not share_heaps():
    sys.exit("not here")
before = rss_mb()
pairs = [(bytearray(b"x") * 64000, bytearray(b"x") * 1000) for _ in range(1600)]
full = rss_mb()
small = [pair[1] for pair in pairs]  # lie between the large ones
del pairs
given = give_memory_back()
print(given, full - before, rss_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are glibc's")
def test_what_lies_between_blocks_in_use_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], cwd=ROOT, capture_output=True, text=True, check=False)
    if "not here" in done.stderr:
        pytest.skip("another C library")
    given, full, left = done.stdout.split()
    assert given == "True" and float(full) > 90 and float(left) < 30


class Hours:
    """A clock that moves only when somebody waits; `meanwhile` happens during the first wait."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.now = 0.0
        self._meanwhile = [meanwhile]

    def pause(self, seconds: float) -> None:
        if self._meanwhile:
            self.now += seconds / 2
            self._meanwhile.pop()()
            seconds /= 2
        self.now += seconds


def test_it_goes_back_once_and_only_when_it_is_calm() -> None:
    given: list[float] = []
    done = threading.Event()

    def ask_again() -> None:
        calm.soon()
        calm.soon()

    def give() -> None:
        given.append(hours.now)
        done.set()

    hours = Hours(ask_again)
    calm = CalmReturn(give, clock=lambda: hours.now, pause=hours.pause)
    calm.soon()
    assert done.wait(10) and given == [pytest.approx(1.5 * CALM_SECONDS)]
    done.clear()
    calm.soon()
    assert done.wait(10) and len(given) == 2, "it can be asked for again"
