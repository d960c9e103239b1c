"""What a stop does to requests and jobs that are under way, and what gunicorn is told about proxies."""

from __future__ import annotations

import http.client
import io
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from benchmarks.servers import Client, ServerProcess, free_port
from scripts.bootstrap import ROOT
from shared.engines.fake_gemini import FakeGemini

TINY_APP = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from config import Config
from shared.serving import serve

class Tiny:
    def __init__(self):
        self.extensions = {{"drain": self.drain, "close": lambda: self.note("closed")}}
    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            self.note("asked")
            time.sleep(1)
            self.note("answered")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.url_scheme"].encode()]
    def drain(self):
        self.note("draining")
        time.sleep({drain_seconds})
    def note(self, event):
        with Path("events").open("a") as file:
            file.write(event + "\\n")

serve(Tiny, Config(port=int(sys.argv[1]), shutdown_grace_seconds={grace}))
"""


class TinyServer:
    def __init__(self, folder: Path, drain_seconds: float = 0.0, grace: int = 5) -> None:
        self.port = free_port()
        self._events = folder / "events"
        code = textwrap.dedent(TINY_APP.format(root=str(ROOT), drain_seconds=drain_seconds, grace=grace))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.port)], cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(self.is_up)

    def is_up(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def get(self, path: str, **headers: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers=headers)
        body = connection.getresponse().read()
        connection.close()
        return body

    def events(self) -> list[str]:
        return self._events.read_text().split() if self._events.exists() else []


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.02)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Callable[..., TinyServer]]:
    started: list[TinyServer] = []

    def start(**options: float) -> TinyServer:
        started.append(TinyServer(tmp_path, **options))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.wait(10)


def test_forwarded_headers_do_not_reach_the_scheme(tiny: Callable[..., TinyServer]) -> None:
    """gunicorn would believe those of this machine by itself; shared/frame.py decides about them."""
    server = tiny()
    assert server.get("/", **{"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}) == b"http"


def test_a_request_under_way_is_answered_while_jobs_drain(tiny: Callable[..., TinyServer]) -> None:
    server = tiny()
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(server.get("/slow")))
    asking.start()
    wait_for(lambda: server.events() == ["asked"])
    server.process.terminate()
    assert server.process.wait(10) == 0
    asking.join(5)
    assert answers == [b"http"]
    assert server.events() == ["asked", "draining", "answered", "closed"]


def test_a_second_ctrl_c_does_not_wait_for_jobs(tiny: Callable[..., TinyServer]) -> None:
    server = tiny(drain_seconds=60, grace=60)
    server.process.send_signal(signal.SIGINT)
    wait_for(lambda: server.events() == ["draining"])
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(5) == 0
    assert server.events() == ["draining", "closed"]


def test_a_drain_that_hangs_is_cut_off(tiny: Callable[..., TinyServer]) -> None:
    server = tiny(drain_seconds=120, grace=0)
    server.process.terminate()
    assert server.process.wait(15) == 0
    assert server.events() == ["draining"]
    assert not server.is_up()


def picture(colour: str) -> bytes:
    image = Image.new("RGB", (480, 640), "#dddddd")
    ImageDraw.Draw(image).rectangle((140, 120, 340, 600), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def job_row(folder: Path, job_id: str) -> tuple[str, int]:
    connection = sqlite3.connect(folder / "data.db")
    try:
        row = connection.execute("SELECT status, attempts FROM tryon_jobs WHERE job_id = ?", (job_id,)).fetchone()
    finally:
        connection.close()
    return str(row[0]), int(row[1])


@pytest.mark.parametrize(("latency_seconds", "status", "calls"), [(2.0, "done", 1), (30.0, "queued", 2)])
def test_a_running_job_ends_in_the_grace_time_or_goes_back(
    tmp_path: Path, latency_seconds: float, status: str, calls: int
) -> None:
    with FakeGemini(latency_seconds=latency_seconds) as fake:
        settings = {"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": fake.base_url, "SHUTDOWN_GRACE_SECONDS": 4}
        with ServerProcess(tmp_path, **settings) as server:
            client = Client(server.url)
            job_id = client.try_on(picture("#804020"), picture("#2040a0")).json()["data"]["job_id"]
            wait_for(lambda: len(fake.calls) == 1)
            assert server.stop(20) == 0
            assert job_row(tmp_path, job_id)[0] == status
            fake.latency_seconds = 0.0
            server.start()
            assert client.wait(job_id)["status"] == "done"
            assert len(fake.calls) == calls
