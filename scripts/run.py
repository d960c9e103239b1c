"""From a fresh clone to a server: `python3 scripts/run.py` (`--demo` shows a try-on, `--debug` reloads on changes).

Makes `.venv`, installs what changed, makes `.env` with random secrets, then runs `app.py`, which migrates and serves.
Standard library only.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import NoReturn

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import ROOT, SetupError, ensure, say
from scripts.demo import DemoError, Progress, tell, try_on

APP = ROOT / "app.py"
DEMO = ROOT / "demo"
DEFAULT_PORT = 8000
START_SECONDS = 60.0
STOP_SECONDS = 40.0


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    os.chdir(ROOT)  # .env, the database and the pictures lie beside app.py
    os.environ.update(_settings(options))
    try:
        python = ensure("requirements.txt")
        _make_secrets(python)
        return _demo(python, options) if options.demo else _become([str(python), str(APP)])
    except (SetupError, DemoError) as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Set up and start the server; settings are read from .env.")
    parser.add_argument("--host", help="address to listen on (127.0.0.1; 0.0.0.0 for the whole network)")
    parser.add_argument("--port", type=int, help=f"port to listen on ({DEFAULT_PORT})")
    parser.add_argument("--debug", action="store_true", help="start again when a file changes; this machine only")
    parser.add_argument("--demo", action="store_true", help="show one try-on with sample pictures; data under demo/")
    parser.add_argument("--exit", action="store_true", help="with --demo: end instead of serving on")
    return parser.parse_args(arguments)


def _settings(options: argparse.Namespace) -> dict[str, str]:
    given = {"HOST": options.host, "PORT": options.port and str(options.port)}
    settings = {name: value for name, value in given.items() if value}
    return {**settings, "FLASK_DEBUG": "1", "HOST": "127.0.0.1"} if options.debug else settings


def _make_secrets(python: Path) -> None:
    """What is wrong with the settings, `app.py` says itself."""
    env_file = ROOT / ".env"
    if env_file.exists():
        return
    code = "from config import Config; Config.from_env()"
    subprocess.run([str(python), "-c", code], cwd=ROOT, capture_output=True, check=False)
    if env_file.exists():
        say("Made .env with random secrets; env.template lists what else can be set there.")


def _become(command: list[str]) -> int:
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606  signals reach the server itself
    with subprocess.Popen(command) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:  # the console sent it to the server too
            return server.wait()


def _demo(python: Path, options: argparse.Namespace) -> int:
    port = options.port or _free_port()
    base_url = f"http://127.0.0.1:{port}"
    signal.signal(signal.SIGTERM, _stop)
    DEMO.mkdir(exist_ok=True)
    with (DEMO / "server.log").open("w") as log:
        server = subprocess.Popen([str(python), str(APP)], stdout=log, stderr=log, env=_demo_settings(port))
    try:
        _wait_until_ready(server, base_url)
        say("A try-on with the sample pictures:")
        result = try_on(base_url, DEMO / "try-on.jpg", Progress())
        tell(base_url, result, server_stays=not options.exit)
        return 0 if options.exit else _serve_on(server, base_url)
    finally:
        _end(server)


def _demo_settings(port: int) -> dict[str, str]:
    """The user's own settings, but for what would touch the user's data or lead away from this machine."""
    return {
        **os.environ,
        "DATABASE_PATH": str(DEMO / "database.db"),
        "IMAGES_DIR": str(DEMO / "images"),
        "LOGS_DIR": str(DEMO / "logs"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_BASE_URL": "",
        "FLASK_DEBUG": "0",
    }


def _free_port() -> int:
    """The usual port, or another one when that is taken."""
    for wanted in (DEFAULT_PORT, 0):
        with socket.socket() as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No free port was found on this machine.")


def _wait_until_ready(server: subprocess.Popen[bytes], base_url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(f"{base_url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    last = (DEMO / "server.log").read_text().strip().splitlines()[-3:]
    raise DemoError("The server did not start. Its last words:\n" + "\n".join(last))


def _serve_on(server: subprocess.Popen[bytes], base_url: str) -> int:
    say(f"The server stays at {base_url} until Ctrl-C; its log is demo/server.log.")
    return server.wait()


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
