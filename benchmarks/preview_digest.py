"""Prints the digest of one try-on: `preview_quality.py` starts it as another process, to compare byte by byte."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.preview_quality import digest

if __name__ == "__main__":
    print(digest(Path(sys.argv[1]), Path(sys.argv[2])))
