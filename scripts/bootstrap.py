"""Makes `.venv` and keeps it in step with the requirements files. Standard library only: it runs before anything is
installed, and its syntax suits older Pythons so that they can be told which one is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
INSTALL_LOG = VENV / "install.log"
UNFINISHED = VENV / ".unfinished"
"""There while packages are written: what a kill leaves behind then cannot be trusted."""

MINIMUM = (3, 11)
QUIET_SECONDS = 5.0
UNREACHABLE = ("connection", "name resolution", "timed out", "timeout", "could not find a version", "sslerror", "proxy")


class SetupError(Exception):
    """One or two sentences: what is missing on this machine and how to mend it."""


def check_python() -> None:
    """Raises SetupError when this Python cannot run the project or cannot make an environment."""
    if sys.version_info < MINIMUM:
        found, needed = (".".join(str(part) for part in version[:2]) for version in (sys.version_info, MINIMUM))
        raise SetupError(
            f"Python {needed} or newer is needed; this is {found}. Start with a newer one, e.g. python3.12."
        )
    if not _can_run(PYTHON) and not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise SetupError(f"This Python cannot make virtual environments. On Debian or Ubuntu: apt install {package}")


def ensure(*requirements: str) -> Path:
    """The Python of an environment that holds what the files `requirements` name. Quick when nothing has changed.

    A file that was installed once is left alone until it changes. Raises SetupError.
    """
    check_python()
    with _one_at_a_time():
        _ensure_venv()
        for name in requirements:
            if not _is_installed(name):
                _install(name)
    return PYTHON


def start_in_environment(missing: ModuleNotFoundError) -> NoReturn:
    """Begin the same script again with the Python of `.venv`; for scripts that need the project's packages."""
    if Path(sys.prefix).resolve() != VENV.resolve() and _can_run(PYTHON):
        raise SystemExit(subprocess.run([str(PYTHON), *sys.argv], check=False).returncode)
    raise SystemExit(f"error: {missing.name} is not installed. Run python3 scripts/run.py once: it installs all.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two starts at once must not install into each other; the lock goes with the process."""
    with (ROOT / "requirements.txt").open() as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ensure_venv() -> None:
    if _can_run(PYTHON) and not UNFINISHED.exists():
        return
    if VENV.exists():
        say("The environment .venv is broken: it is made anew.")
        shutil.rmtree(VENV)
    say("Making the environment .venv ...")
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(f"The environment could not be made: {_last_line(done.stdout + done.stderr)}")


def _can_run(python: Path) -> bool:
    """Whether it starts, is new enough, and finds its pip (a make that was broken off has none)."""
    code = f"import sys, importlib.util as u; sys.exit(sys.version_info < {MINIMUM} or u.find_spec('pip') is None)"
    try:
        return subprocess.run([str(python), "-I", "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _stamp(name: str) -> Path:
    return VENV / f".installed-{name}"


def _is_installed(name: str) -> bool:
    return _stamp(name).exists() and _stamp(name).read_text() == _wanted(name)


def _wanted(name: str) -> str:
    """What the stamp of an installed file holds: a hash of the file and of the Python whose packages they are."""
    described = (VENV / "pyvenv.cfg").read_bytes() + (ROOT / name).read_bytes()
    return hashlib.sha256(described).hexdigest()


def _install(name: str) -> None:
    wanted = _wanted(name)
    total = sum(1 for line in (ROOT / name).read_text().splitlines() if "==" in line)
    say(f"Installing {total} packages from {name} (the first time takes a minute or two) ...")
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "-r", str(ROOT / name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, cwd=ROOT) as pip:  # fmt: skip
        output = "".join(_shown(pip.stdout or (), total))
    INSTALL_LOG.write_text(output)
    if pip.returncode:
        raise SetupError(_why(output, name))
    UNFINISHED.unlink(missing_ok=True)
    _stamp(name).write_text(wanted)


def _shown(lines: Iterable[str], total: int) -> Iterator[str]:
    """Pass pip's lines on, and show how far it is: one line that changes, or now and then a line in a log."""
    live, done, told = sys.stdout.isatty(), 0, time.monotonic()
    for line in lines:
        yield line
        if line.startswith("Installing collected"):
            UNFINISHED.touch()
        done += line.startswith(("Collecting", "Requirement already"))
        text = f"  {min(done, total)} of {total}: {line.split(' (')[0].strip()[:70]}"
        if live:
            print(f"\r{text:<90}", end="", flush=True)
        elif time.monotonic() - told > QUIET_SECONDS:
            told = time.monotonic()
            say(text)
    if live:
        print(f"\r{'':<90}\r", end="", flush=True)


def _why(output: str, name: str) -> str:
    problems = [line for line in output.splitlines() if line.startswith("ERROR")] or output.splitlines()[-3:]
    found = " ".join(problems)[:600]
    if any(sign in output.lower() for sign in UNREACHABLE):
        return (
            f"The packages of {name} could not be fetched: no package index was reached, or it lacks one of them. "
            f"Check the network, a proxy, or pip's settings (pip config list). pip says: {found}"
        )
    return f"Installing {name} failed. pip says: {found} (All of it: {INSTALL_LOG.relative_to(ROOT)})"


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason was given")


def say(text: str) -> None:
    print(text, flush=True)
