"""What the benchmarks over HTTP share: a person who tries on over bare connections, and servers with a fake provider.

Bodies are written once: the clients share the machine with the server, and what they cost is not what is measured.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.servers import Client, ServerProcess, fake_provider

T = TypeVar("T")
ENDED = ("done", "failed", "cancelled")
BOUNDARY = "8a7f0c2e"
NO_LIMITS = {"DAILY_USD": 0, "DAILY_USD_PER_USER": 0, "MAX_JOBS_PER_USER": 5000, "MAX_QUEUE_SIZE": 5000}


@dataclass(frozen=True)
class Pictures:
    """The parts of a form that are the same for every job."""

    person: bytes
    garment: bytes

    def body(self) -> bytes:
        """No two are alike: a garment of a brand of its own is no case for the result cache."""
        options = json.dumps({"garment_details": {"brand": uuid.uuid4().hex}}).encode()
        parts = [
            (b'name="selfie"; filename="p.jpg"', self.person),
            (b'name="garment_image"; filename="g.jpg"', self.garment),
            (b'name="options"', options),
        ]
        line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
        return b"".join(line + head + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + f"--{BOUNDARY}--".encode()


@dataclass(frozen=True)
class Accepted:
    """`sent`: by the wall clock, as the server's own stamps. `seconds`: until the 202 was here."""

    job_id: str
    sent: float
    seconds: float


@dataclass(frozen=True)
class Person:
    """Signed in. Thread-safe: each call has its own connection, as phones do."""

    port: int
    token: str

    def submit(self, pictures: Pictures) -> Accepted:
        body = pictures.body()
        sent = time.time()
        data = self._asked("POST", "/api/tryon", body, f"multipart/form-data; boundary={BOUNDARY}")
        return Accepted(data["job_id"], sent, time.time() - sent)

    def job(self, job_id: str, query: str = "") -> dict[str, Any]:
        return self._asked("GET", f"/api/job/{job_id}{query}")

    def waited(self, job_id: str, pause: float = 0.3) -> dict[str, Any]:
        """The job once it has ended. Raises RuntimeError when that was not by `done`."""
        while (job := self.job(job_id))["status"] not in ENDED:
            time.sleep(pause)
        if job["status"] != "done":
            raise RuntimeError(f"a job ended as {job['status']}: {job['error']}")
        return job

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        try:
            yield connection
        finally:
            connection.close()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.token}

    def _asked(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        with self.connected() as connection:
            connection.request(method, path, body, {**self.headers, **({"Content-Type": kind} if kind else {})})
            return read(connection.getresponse())


def read(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The data of an answer. Raises RuntimeError when there is none."""
    text = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{answer.status}: {text[:500]!r}")
    data: dict[str, Any] = json.loads(text)["data"]
    return data


def stamp(text: object) -> float:
    """Seconds of the wall clock."""
    return datetime.fromisoformat(str(text)).timestamp()


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    together = threading.Barrier(count)

    def run(number: int) -> T:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def at_rate(count: int, per_second: float, work: Callable[[int], T]) -> list[T]:
    """A new one every 1 / `per_second` seconds, whatever became of those before."""
    with ThreadPoolExecutor(count) as pool:
        began, started = time.monotonic(), []
        for number in range(count):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            started.append(pool.submit(work, number))
        return [one.result() for one in started]


@contextmanager
def try_on_server(latency_seconds: float, **settings: object) -> Iterator[tuple[ServerProcess, Person]]:
    """A server whose provider is the protocol fake, in a process of its own, and somebody who is signed in."""
    with tempfile.TemporaryDirectory() as folder, fake_provider(latency_seconds) as fake_url:
        wanted = {**NO_LIMITS, "GEMINI_API_KEY": "k", "GEMINI_BASE_URL": fake_url, **settings}
        with ServerProcess(Path(folder), **wanted) as server:
            client = Client(server.url)
            yield server, Person(server.port, str(client.http.headers["Authorization"]))
