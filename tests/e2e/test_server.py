"""`python app.py` as a process: it comes up, answers, and goes when it is told to."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT
from scripts.test import clean_environment

START_SECONDS = 60.0
WITHOUT_GUNICORN = "import sys; sys.modules['gunicorn.app.base'] = None; sys.path.insert(0, {root!r}); import app; "
COMMANDS = {
    "gunicorn": [str(ROOT / "app.py")],
    "waitress": ["-c", WITHOUT_GUNICORN.format(root=str(ROOT)) + "sys.exit(app.main())"],
}


class Server:
    """A started `app.py` in a folder of its own and, like a terminal's, a process group of its own."""

    def __init__(self, folder: Path, kind: str, **environ: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        settings = {"PORT": str(self.port), "TRYON_WORKERS": "2", "SHUTDOWN_GRACE_SECONDS": "5", **environ}
        self.process = subprocess.Popen(
            [sys.executable, *COMMANDS[kind]],
            cwd=folder,
            env={**clean_environment(os.environ.copy()), **settings},
            stdin=subprocess.DEVNULL,
            stderr=(folder / "stderr").open("ab"),
            start_new_session=True,
        )

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def wait_until_up(self) -> None:
        wait_for(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.stderr
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False

    def end(self) -> None:
        """Whatever is left of the group; its leader is ours and not yet reaped, so the id is not another's."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def begin(kind: str = "gunicorn", **environ: str) -> Server:
        started.append(Server(tmp_path, kind, **environ))
        return started[-1]

    yield begin
    for server in started:
        server.end()


@pytest.mark.parametrize("kind", COMMANDS)
def test_it_answers_and_a_sigterm_ends_it(start: Callable[..., Server], kind: str) -> None:
    server = start(kind)
    server.wait_until_up()
    assert server.get("/health")[1]["data"] == {"status": "healthy", "database": "connected"}
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert "serving at" in (server.folder / "logs" / "app.log").read_text()
    assert "Traceback" not in server.stderr
    assert all(line.startswith("{") for line in server.stderr.splitlines())


def test_ctrl_c_and_a_second_one_end_it(start: Callable[..., Server]) -> None:
    server = start()
    server.wait_until_up()
    os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does it
    time.sleep(0.1)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(8) == 0
    assert "Traceback" not in server.stderr


def test_two_sigterms_and_an_idle_connection_do_not_hold_it_up(start: Callable[..., Server]) -> None:
    server = start(SHUTDOWN_GRACE_SECONDS="30")
    server.wait_until_up()
    with socket.create_connection(("127.0.0.1", server.port)):
        server.process.terminate()
        time.sleep(0.1)
        server.process.terminate()
        assert server.process.wait(12) == 0


def test_after_a_kill_it_starts_again_on_the_same_port(start: Callable[..., Server]) -> None:
    first = start()
    first.wait_until_up()
    first.process.kill()
    first.process.wait(10)
    second = start(PORT=str(first.port))
    second.port = first.port
    wait_for(lambda: "serving at" in second.stderr.split("serving at", 1)[1], START_SECONDS)
    second.wait_until_up()
    second.process.terminate()
    assert second.process.wait(15) == 0


def test_a_taken_port_is_told_in_one_sentence(start: Callable[..., Server]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server = start(PORT=str(other.getsockname()[1]))
        assert server.process.wait(30) == 2
    assert server.stderr.startswith("error: Port ")
    assert server.stderr.count("\n") == 1


def test_a_wrong_setting_is_told_in_one_sentence(start: Callable[..., Server]) -> None:
    server = start(FLASK_ENV="production")
    assert server.process.wait(30) == 2
    assert server.stderr.startswith("error: SECRET_KEY is not set")


def test_a_broken_database_stops_the_start(start: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "database.db").write_bytes(b"this is not a database" * 100)
    server = start()
    assert server.process.wait(30) == 4
    assert "cannot start" in server.stderr
    assert "Traceback" not in server.stderr


def test_the_debugging_server_answers_and_its_child_goes_along(start: Callable[..., Server]) -> None:
    server = start(FLASK_DEBUG="1", HOST="0.0.0.0")
    server.wait_until_up()
    marks = server.folder / "database.db.workers"
    assert len(list(marks.iterdir())) == 1  # one process works on jobs, not both
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(10) == 0
    wait_for(lambda: not _is_open(server.port), 10)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
