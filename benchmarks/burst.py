"""P4: try-ons through the whole server against a provider that takes its time: the seconds beyond the provider's own.

Beside it a bare ThreadPoolExecutor that makes the same calls in the same run.

    python -m benchmarks.burst [--jobs 50] [--latency 9] [--rounds 3] [--quick]

Burst: 50 at once, two 12-megapixel photos each. Accepted: from sending until the 202 is here. Done: until the row says
finished, by the server's own stamp, less the provider's latency; everything is in it: upload, decoding, storing,
queue, the call, checking, encoding, storing. Steady: five a second, two photos of the size that apps send. Pool: the
same HTTP calls to the same fake from a thread pool, nothing else. Clients, fake and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import base64
import io
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from PIL import Image, ImageOps

from benchmarks.common import Spread, percentile, print_machine
from benchmarks.goals import HEADER, Row
from benchmarks.load import Accepted, Person, Pictures, at_once, at_rate, stamp, try_on_server
from benchmarks.servers import fake_provider
from benchmarks.upload import SAMPLES, phone_photo_of

JOBS, PER_SECOND = 50, 5.0
LATENCY_SECONDS = 9.0  # about what the provider took when the goals were set; today's takes 15 to 40 s
STEADY_LATENCY_SECONDS = 2.0
STEADY_JOBS = 60
MODEL = "gemini-nano-banana-2.1"
PERSON, GARMENT = "person/woman_light.jpg", "garment/tshirt.jpg"  # of samples/


@dataclass(frozen=True)
class Round:
    """Sorted seconds: until accepted, and until done beyond the provider."""

    accepted: list[float]
    beyond: list[float]


def app_photo(sample: str) -> bytes:
    """As an app sends it: 768 by 1024."""
    with Image.open(SAMPLES / sample) as opened:
        image = ImageOps.fit(opened.convert("RGB"), (768, 1024), Image.Resampling.LANCZOS, centering=(0.5, 0.0))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def rows(rounds: int, jobs: int = JOBS, latency: float = LATENCY_SECONDS) -> list[Row]:
    return [*burst_rows(rounds, jobs, latency), steady_row(rounds)]


def burst_rows(rounds: int, jobs: int, latency: float) -> list[Row]:
    pictures = Pictures(phone_photo_of(PERSON), phone_photo_of(GARMENT))
    found, bare = [], []
    with try_on_server(latency) as (_, person), fake_provider(latency) as fake_url:
        call = bare_call(fake_url, pictures)
        burst(person, pictures, 2, latency)  # warm up
        for _ in range(rounds):
            found.append(burst(person, pictures, jobs, latency))
            bare.append(percentile([seconds - latency for seconds in at_once(jobs, call)], 0.95))
    what = f"{jobs} at once, two 12 MP photos each"
    accepted = Spread.of([percentile(one.accepted, 0.95) for one in found])
    beyond = Spread.of([percentile(one.beyond, 0.95) for one in found])
    return [
        Row("P4", f"{what}: accepted, p95", "s", accepted, limit=4.5, limit_stretch=3.5),
        Row("P4", f"{what}: done beyond {latency:g} s, p95", "s", beyond, "thread pool", Spread.of(bare),
            limit=10, limit_stretch=6),
    ]  # fmt: skip


def steady_row(rounds: int) -> Row:
    pictures = Pictures(app_photo(PERSON), app_photo(GARMENT))
    with try_on_server(STEADY_LATENCY_SECONDS) as (_, person):
        burst(person, pictures, 2, STEADY_LATENCY_SECONDS)  # warm up
        found = [steady(person, pictures) for _ in range(rounds)]
    p95 = Spread.of([percentile(one.beyond, 0.95) * 1000 for one in found])
    return Row("P4", "steady 5/s over HTTP beyond upstream, p95", "ms", p95, limit=300, limit_stretch=200)


def burst(person: Person, pictures: Pictures, jobs: int, latency: float) -> Round:
    return _ended(person, at_once(jobs, lambda _: person.submit(pictures)), latency)


def steady(person: Person, pictures: Pictures) -> Round:
    sent = at_rate(STEADY_JOBS, PER_SECOND, lambda _: person.submit(pictures))
    return _ended(person, sent, STEADY_LATENCY_SECONDS)


def _ended(person: Person, sent: list[Accepted], latency: float) -> Round:
    time.sleep(latency)  # no need to ask before; asking would cost the server
    beyond = [stamp(person.waited(one.job_id)["finished_at"]) - one.sent - latency for one in sent]
    return Round(sorted(one.seconds for one in sent), sorted(beyond))


def bare_call(fake_url: str, pictures: Pictures) -> Callable[[int], float]:
    """The bare call, with what the product would send: it shrinks photos before."""
    parts = [_sent(pictures.person), _sent(pictures.garment), {"text": "Create one photo."}]
    body = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "3:4"}},
    }
    url = f"{fake_url}/v1beta/models/{MODEL}:generateContent"

    def call(_: int) -> float:
        began = time.time()
        requests.post(url, json=body, headers={"x-goog-api-key": "k"}, timeout=120).raise_for_status()
        return time.time() - began

    return call


def _sent(photo: bytes) -> dict[str, object]:
    small = io.BytesIO()
    image = Image.open(io.BytesIO(photo))
    image.draft("RGB", (1512, 1134))
    image.save(small, "JPEG", quality=90)
    return {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(small.getvalue()).decode()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--latency", type=float, default=LATENCY_SECONDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    print_machine()
    print(HEADER)
    for row in rows(1 if options.quick else options.rounds, options.jobs, options.latency):
        print(row.line(), flush=True)


if __name__ == "__main__":
    main()
