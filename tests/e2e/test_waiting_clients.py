"""Half of a real server's threads wait and stream at most; the rest goes on answering, and a stop ends them all."""

from __future__ import annotations

import http.client
import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from PIL import Image, ImageDraw

from benchmarks.servers import Client, ServerProcess
from scripts.bootstrap import ROOT
from shared.engines.fake_gemini import FakeGemini

PLACES = 32
WAITING_APP = """
import sys, time, types
from pathlib import Path
sys.path.insert(0, sys.argv[2])
if sys.argv[3] == "waitress":
    sys.modules["gunicorn.app.base"] = None
from shared.hang_up import has_hung_up
from shared.serving import serve

class App:
    extensions = {"drain": lambda: None, "close": lambda: None}

    def __call__(self, environ, start):
        Path("asked").touch()
        while not has_hung_up(environ):
            time.sleep(0.02)
        Path("gone").touch()
        start("200 OK", [])
        return []

serve(App, types.SimpleNamespace(
    host="127.0.0.1", port=int(sys.argv[1]), server_threads=2, shutdown_grace_seconds=0, flask_debug=False))
"""


def picture(colour: str) -> bytes:
    image = Image.new("RGB", (480, 640), "#dddddd")
    ImageDraw.Draw(image).rectangle((140, 120, 340, 600), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.05)


class Listening:
    """A stream of events on a connection of its own."""

    def __init__(self, server: ServerProcess, client: Client, job_id: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {"Authorization": str(client.http.headers["Authorization"])}
        self._connection.request("GET", f"/api/job/{job_id}/events", headers=headers)
        self._answer = self._connection.getresponse()
        self.status = self._answer.status

    def line(self) -> str:
        return self._answer.readline().decode()

    def rest(self) -> str:
        return self._answer.read().decode()

    def hang_up(self) -> None:
        self._answer.close()
        self._connection.close()


@pytest.fixture
def slow_job(tmp_path: Path) -> Iterator[tuple[ServerProcess, Client, str]]:
    """A server, a client, and a job whose provider does not answer for a minute."""
    with FakeGemini(latency_seconds=60.0) as fake:
        settings = {"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": fake.base_url, "SERVER_THREADS": 2 * PLACES}
        with ServerProcess(tmp_path, SHUTDOWN_GRACE_SECONDS=0, **settings) as server:
            client = Client(server.url)
            job_id = client.try_on(picture("#804020"), picture("#2040a0")).json()["data"]["job_id"]
            until(lambda: client.job(job_id)["stage"] == "generating")
            yield server, client, job_id


class Waiter(threading.Thread):
    """Long-polls one after the other until the server is gone."""

    def __init__(self, client: Client, job_id: str) -> None:
        super().__init__(daemon=True)
        self._url, self._headers = f"{client.url}/api/job/{job_id}?wait=60", dict(client.http.headers)
        self.answers: list[int] = []
        self.start()

    def run(self) -> None:
        with suppress(requests.RequestException):
            while True:
                self.answers.append(requests.get(self._url, headers=self._headers, timeout=70).status_code)
                time.sleep(0.1)


def test_half_of_the_threads_may_wait(slow_job: tuple[ServerProcess, Client, str]) -> None:
    server, client, job_id = slow_job
    waiters = [Waiter(client, job_id) for _ in range(PLACES)]
    until(lambda: not _has_place(server, client, job_id))
    until(lambda: _are_silent(waiters))  # one was sent away while the question above had its place
    before = _answers(waiters)
    assert server.healthy() and client.job(job_id)["status"] == "processing"
    full = client.http.get(f"{server.url}/api/job/{job_id}?wait=60", timeout=20)
    assert full.json()["data"]["status"] == "processing", "no place: the answer comes at once"
    assert _answers(waiters) == before, "those who have a place go on waiting"
    server.stop()
    for waiter in waiters:
        waiter.join(10)
        assert waiter.answers and set(waiter.answers) == {200}, "a stop answers those who wait"


def _answers(waiters: list[Waiter]) -> int:
    return sum(len(waiter.answers) for waiter in waiters)


def _are_silent(waiters: list[Waiter]) -> bool:
    before = _answers(waiters)
    time.sleep(1.0)
    return _answers(waiters) == before


def test_a_place_is_free_again_when_its_client_is_gone(slow_job: tuple[ServerProcess, Client, str]) -> None:
    server, client, job_id = slow_job
    streams = [Listening(server, client, job_id) for _ in range(PLACES)]
    assert [one.status for one in streams] == [200] * PLACES
    assert Listening(server, client, job_id).status == 503
    streams.pop().hang_up()
    until(lambda: _has_place(server, client, job_id), 10)
    assert streams[0].line() == "retry: 2000\n"
    server.stop()
    assert '"status":"processing"' in streams[0].rest(), "a stop ends a stream properly"


@pytest.mark.parametrize("kind", ["gunicorn", "waitress"])
def test_each_server_tells_who_has_hung_up(tmp_path: Path, kind: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", WAITING_APP, str(port), str(ROOT), kind]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, cwd=tmp_path, stderr=log) as server:
        try:
            until(lambda: _listens(port))
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
                until((tmp_path / "asked").exists)
                assert not (tmp_path / "gone").exists()
            until((tmp_path / "gone").exists, 10)
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def _has_place(server: ServerProcess, client: Client, job_id: str) -> bool:
    one = Listening(server, client, job_id)
    one.hang_up()
    return one.status == 200
