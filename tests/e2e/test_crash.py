"""kill -9 with 20 jobs running and 20 waiting, then a restart: all 40 finish, each result stored once."""

from __future__ import annotations

import io
import sqlite3
import time
from pathlib import Path

import requests
from PIL import Image, ImageDraw

from benchmarks.servers import Client, ServerProcess
from shared.engines.fake_gemini import FakeGemini

RUNNING, WAITING = 20, 20


def drawn(colour: str) -> bytes:
    image = Image.new("RGB", (480, 640), "#dddddd")
    ImageDraw.Draw(image).rectangle((140, 120, 340, 600), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def counts(client: Client, jobs: list[str]) -> dict[str, int]:
    found = [str(client.job(job)["status"]) for job in jobs]
    return {status: found.count(status) for status in set(found)}


def test_a_kill_loses_no_job_and_doubles_no_result(tmp_path: Path) -> None:
    with FakeGemini(latency_seconds=12.0) as fake:
        settings = {
            "GEMINI_API_KEY": "planted-key",
            "GEMINI_BASE_URL": fake.base_url,
            "TRYON_WORKERS": RUNNING,
            "MAX_QUEUE_SIZE": RUNNING + WAITING,
        }
        with ServerProcess(tmp_path, **settings) as server:
            client = Client(server.url)
            answers = [client.try_on(drawn("#804020"), drawn(f"#20{6 * n:02x}a0")) for n in range(RUNNING + WAITING)]
            jobs = [answer.json()["data"]["job_id"] for answer in answers]
            wait_for_calls(fake, RUNNING)
            assert counts(client, jobs) == {"processing": RUNNING, "queued": WAITING}
            server.kill()
            fake.latency_seconds = 0.2
            server.start()
            ended = [client.wait(job) for job in jobs]
        assert [job["status"] for job in ended] == ["done"] * len(jobs)
        assert all(b"planted-key" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        one_result_each(tmp_path, jobs)
        every_call_is_on_record(tmp_path, fake)


def wait_for_calls(fake: FakeGemini, number: int) -> None:
    end = time.monotonic() + 30
    while len(fake.calls) < number:
        assert time.monotonic() < end, f"only {len(fake.calls)} calls came"
        time.sleep(0.02)


def one_result_each(folder: Path, jobs: list[str]) -> None:
    stored = sorted(path.name[:36] for path in (folder / "images" / "tryon-results").rglob("*.jpg"))
    assert stored == sorted(jobs)


def every_call_is_on_record(folder: Path, fake: FakeGemini) -> None:
    with sqlite3.connect(folder / "data.db") as db:
        outcomes = [row[0] for row in db.execute("SELECT outcome FROM provider_calls")]
    assert len(outcomes) == len(fake.calls) == RUNNING + RUNNING + WAITING
    assert outcomes.count("unknown") == RUNNING
    assert outcomes.count("ok") == RUNNING + WAITING


def test_the_picture_can_be_fetched_after_the_restart(tmp_path: Path) -> None:
    with FakeGemini() as fake, ServerProcess(tmp_path, GEMINI_API_KEY="k", GEMINI_BASE_URL=fake.base_url) as server:
        client = Client(server.url)
        job = client.wait(client.try_on(drawn("#804020"), drawn("#2040a0")).json()["data"]["job_id"])
        server.kill()
        server.start()
        picture = requests.get(str(job["result_url"]), timeout=10)
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert Image.open(io.BytesIO(picture.content)).size == (480, 640)
