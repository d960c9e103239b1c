"""50 try-ons at once against a provider that takes 2 s: the time beyond the provider's own.

Beside it a bare ThreadPoolExecutor that makes the same calls in the same run.

    python benchmarks/burst.py [--jobs 50] [--latency 2] [--rounds 3] [--quick]

"server": from just before POST /api/tryon until the job's row says finished, less the provider's latency; everything
is in it: upload, decoding, storing, queue, the call, checking, encoding, storing. "pool": the same HTTP calls to the
same fake from a thread pool, nothing else. Clients, fake and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import base64
import io
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import requests
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.servers import ROOT, Client, ServerProcess, free_port


def picture(colour: str) -> bytes:
    image = Image.effect_noise((768, 1024), 20).convert("RGB")
    ImageDraw.Draw(image).rectangle((200, 200, 560, 980), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


PERSON, GARMENT = picture("#804020"), picture("#2040a0")


def at_once(count: int, work: Callable[[int], float]) -> list[float]:
    together = threading.Barrier(count)

    def run(number: int) -> float:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(run, range(count)))


def through_server(client: Client, jobs: int) -> list[float]:
    """Seconds from sending to the finished row, by the server's own stamp: polling does not count."""

    def one(_: int) -> float:
        sent = time.time()
        answer = requests.post(
            f"{client.url}/api/tryon",
            files={"selfie": ("p.jpg", PERSON), "garment_image": ("g.jpg", GARMENT)},
            headers=dict(client.http.headers),
            timeout=120,
        )
        answer.raise_for_status()
        sent_jobs.append((sent, answer.json()["data"]["job_id"]))
        return time.time() - sent

    sent_jobs: list[tuple[float, str]] = []
    at_once(jobs, one)
    seconds = []
    for sent, job_id in sent_jobs:
        job = client.wait(job_id, pause=0.25)
        if job["status"] != "done":
            raise RuntimeError(f"a job ended as {job['status']}: {job['error']}")
        seconds.append(datetime.fromisoformat(str(job["finished_at"])).timestamp() - sent)
    return sorted(seconds)


def through_pool(fake_url: str, jobs: int) -> list[float]:
    parts = [
        {"text": "Image 1 - garment:"},
        {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(GARMENT).decode()}},
        {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(PERSON).decode()}},
        {"text": "Create one photo."},
    ]
    body = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "3:4"}},
    }
    url = f"{fake_url}/v1beta/models/gemini-nano-banana-2.1:generateContent"

    def one(_: int) -> float:
        sent = time.time()
        requests.post(url, json=body, headers={"x-goog-api-key": "k"}, timeout=120).raise_for_status()
        return time.time() - sent

    return at_once(jobs, one)


def row(name: str, seconds: list[float], latency: float) -> str:
    p50, p95 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
    return f"{name:8} p50 {p50 - latency:6.2f} s   p95 {p95 - latency:6.2f} s   last {seconds[-1] - latency:6.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    print(f"{options.jobs} at once, provider {options.latency} s; time beyond the provider:")
    with tempfile.TemporaryDirectory() as folder, fake_process(options.latency) as fake_url:
        settings = {"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": fake_url, "MAX_QUEUE_SIZE": options.jobs}
        with ServerProcess(Path(folder), **settings) as server:
            rounds = 1 if options.quick else options.rounds
            compare(Client(server.url), fake_url, options.jobs, rounds, options.latency)


@contextmanager
def fake_process(latency: float) -> Iterator[str]:
    """The fake in a process of its own: it must not share an interpreter with the clients."""
    port = free_port()
    command = [sys.executable, str(ROOT / "scripts" / "fake_gemini.py"), "--port", str(port), "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()  # it says where it is once it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def compare(client: Client, fake_url: str, jobs: int, rounds: int, latency: float) -> None:
    through_server(client, 2)  # warm up
    through_pool(fake_url, 2)
    for number in range(1, rounds + 1):
        ours, bare = through_server(client, jobs), through_pool(fake_url, jobs)
        print(f"round {number}")
        print("  " + row("server", ours, latency))
        print("  " + row("pool", bare, latency), flush=True)


if __name__ == "__main__":
    main()
