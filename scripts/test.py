"""Run every check: `python3 scripts/test.py [arguments for pytest]`. Sets up what it needs in `.venv` by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import ROOT, SetupError, ensure, say

FOREIGN = (
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "MYPYPATH", "RUFF_CONFIG",
    "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD",
    "GOOGLE_API_KEY",
)  # fmt: skip

PARALLEL = ("-n", "auto", "--dist", "worksteal")
"""Without arguments of one's own: a process a core."""


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    seconds: float


def main(pytest_arguments: list[str]) -> int:
    try:
        python = ensure("requirements.txt", "requirements-dev.txt")
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    environment = clean_environment(os.environ.copy())
    checks = {
        "ruff check": [str(python), "-m", "ruff", "check", "."],
        "ruff format": [str(python), "-m", "ruff", "format", "--check", "."],
        "mypy": [str(python), "-m", "mypy"],
        "lint-imports": [str(python), "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        "pytest": [str(python), "-m", "pytest", *(pytest_arguments or PARALLEL)],
    }
    outcomes = [run(name, command, environment) for name, command in checks.items()]
    show(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def clean_environment(environ: dict[str, str]) -> dict[str, str]:
    """Without what `config.py` would read (a key, a port) and what steers Python and the tools from outside."""
    template = (ROOT / "env.template").read_text()
    ours = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", template, re.MULTILINE))
    kept = {name: value for name, value in environ.items() if name not in ours and name not in FOREIGN}
    # A proxy of the machine must not stand between a test and its own server.
    return {**kept, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def run(name: str, command: list[str], environment: dict[str, str]) -> Outcome:
    say(f"\n=== {name} " + "=" * (70 - len(name)))
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
    return Outcome(name, status == 0, time.monotonic() - started)


def show(outcomes: list[Outcome]) -> None:
    say("\n=== all checks " + "=" * 60)
    for outcome in outcomes:
        say(f"{outcome.name:<14} {'ok' if outcome.passed else 'FAILED':<7} {outcome.seconds:6.1f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
