"""Write requirements.txt and requirements-dev.txt from the .in files: `python3 scripts/lock.py [--upgrade]`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import BIN, ROOT

OPTIONS = ("--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet")
FILES = ("requirements", "requirements-dev")  # in this order: the second is held to the first


def main(extra: list[str]) -> int:
    uv = shutil.which("uv", path=str(BIN)) or shutil.which("uv")
    if uv is None:
        print("error: uv is missing. Install it with: .venv/bin/python -m pip install uv", file=sys.stderr)
        return 1
    for name in FILES:
        command = [uv, "pip", "compile", *OPTIONS, *extra, f"{name}.in", "--output-file", f"{name}.txt"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
        print(f"wrote {name}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
