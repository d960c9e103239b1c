"""A real server in a process of its own, for benchmarks and end-to-end tests. Stopped by its own pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import requests

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "correct horse battery"
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def python_server(module: str, option: str, seconds: float = 30.0) -> Iterator[int]:
    """`python -m module option PORT` until the block ends; gives the port once something listens there."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, option, str(port)], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + seconds
        while not listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{module} did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def fake_provider(latency_seconds: float) -> Iterator[str]:
    """The protocol fake in a process of its own: it must not share an interpreter with those who measure. Its URL."""
    port = free_port()
    command = [sys.executable, str(ROOT / "scripts" / "fake_gemini.py"), "--port", str(port)]
    process = subprocess.Popen([*command, "--latency-seconds", str(latency_seconds)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()  # it says where it is once it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class ServerProcess:
    """`python app.py` with its data under `folder`. Settings by their environment names.

    `command`: what is started in place of app.py, for a test that needs a server with a fault built in.
    """

    def __init__(self, folder: Path, command: Sequence[str] = (str(ROOT / "app.py"),), /, **settings: object) -> None:
        self.folder = folder
        self.command = command
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {name: str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, seconds: float = 60.0) -> None:
        """Returns once /health answers. Raises RuntimeError with the end of the log when it does not."""
        self.launch()
        self.wait_until_up(seconds)

    def launch(self) -> None:
        """The process only; it may not answer for a while."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that kill() reaches the server's own children as well
            )

    def wait_until_up(self, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not self.healthy():
            if self.ended() or time.monotonic() > end:
                raise RuntimeError("the server did not start:\n" + self.log()[-3000:])
            time.sleep(0.05)

    def ended(self) -> bool:
        """Whether the process is gone, by itself or killed."""
        return self._process is None or self._process.poll() is not None

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        own = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "FLASK_ENV": "testing",
            "SECRET_KEY": "s" * 40,
            "JWT_SECRET_KEY": "j" * 40,
            "DATABASE_PATH": str(self.folder / "data.db"),
            "IMAGES_DIR": str(self.folder / "images"),
            "LOGS_DIR": str(self.folder / "logs"),
            "LOG_LEVEL": "WARNING",
            "RATE_LIMIT_LOGIN": "0",
            "RATE_LIMIT_SIGNUP": "0",
            "RATE_LIMIT_TRYON": "0",
        }
        return {**kept, **own, **self._settings}

    def healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL to the server and its own children: what a power cut leaves."""
        self._signal_group(signal.SIGKILL)

    def kill_worker(self) -> bool:
        """SIGKILL to the serving process alone, as a kernel short of memory does it; its parent starts another one.
        False when there is none yet. Linux only."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return False
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        return bool(children)

    def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM; the exit code. Killed when it takes longer."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _signal_group(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(10)

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Client:
    """A signed-up person who talks to a server."""

    def __init__(self, url: str, email: str = "ada@example.com") -> None:
        self.url = url
        self.http = requests.Session()
        body = {"email": email, "password": PASSWORD, "confirm_password": PASSWORD, "first_name": "A", "last_name": "L"}
        answer = self.http.post(f"{url}/api/create-account", json=body, timeout=30)
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['data']['token']}"

    def try_on(self, person: bytes, garment: bytes, **fields: str) -> requests.Response:
        files = {"selfie": ("me.jpg", person), "garment_image": ("garment.jpg", garment)}
        return self.http.post(f"{self.url}/api/tryon", files=files, data=fields, timeout=60)

    def job(self, job_id: str) -> dict[str, object]:
        answer = self.http.get(f"{self.url}/api/job/{job_id}", timeout=30)
        answer.raise_for_status()
        found: dict[str, object] = answer.json()["data"]
        return found

    def wait(self, job_id: str, seconds: float = 120.0, pause: float = 0.1) -> dict[str, object]:
        """The job once it has ended."""
        end = time.monotonic() + seconds
        while (job := self.job(job_id))["status"] in ("queued", "processing"):
            if time.monotonic() > end:
                raise TimeoutError(f"job {job_id} is still {job['status']}")
            time.sleep(pause)
        return job
