"""What is free goes back to the system, also where blocks in use lie around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
