"""P7: how long after a job's end does its client know? Long-polling and server-sent events, beside asking each second.

Three jobs a second on a real server whose provider takes half a second; the lag is from the server's own `finished_at`
until the client has read the answer that says so.

    python -m benchmarks.wait_bench [--rounds 3]
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable

from benchmarks.common import in_turns, percentile
from benchmarks.goals import Row, run_alone
from benchmarks.load import ENDED, Person, Pictures, at_rate, read, stamp, try_on_server
from benchmarks.upload import small_photo

LATENCY_SECONDS = 0.5
JOBS, PER_SECOND = 30, 3.0
POLL_SECONDS = 1.0
Wait = Callable[[Person, str], None]
"""Returns when the client knows that the job has ended."""


def by_long_poll(person: Person, job_id: str) -> None:
    with person.connected() as connection:
        job = _look(connection, person, f"/api/job/{job_id}")
        while job["status"] not in ENDED:
            job = _look(connection, person, f"/api/job/{job_id}?wait=30&since={job['event_id']}")


def by_stream(person: Person, job_id: str) -> None:
    with person.connected() as connection:
        connection.request("GET", f"/api/job/{job_id}/events", headers=person.headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read()!r}")
        while line := answer.readline():
            if line.startswith(b"data: ") and json.loads(line[6:])["status"] in ENDED:
                return
    raise RuntimeError("the stream ended before the job")


def by_polling(person: Person, job_id: str) -> None:
    with person.connected() as connection:
        while _look(connection, person, f"/api/job/{job_id}")["status"] not in ENDED:
            time.sleep(POLL_SECONDS)


def _look(connection: http.client.HTTPConnection, person: Person, path: str) -> dict[str, object]:
    connection.request("GET", path, headers=person.headers)
    return read(connection.getresponse())


def rows(rounds: int) -> list[Row]:
    pictures = Pictures(small_photo(), small_photo("#2040a0"))
    waits: dict[str, Wait] = {"long-poll": by_long_poll, "stream": by_stream, "polling": by_polling}
    with try_on_server(LATENCY_SECONDS) as (_, person):
        measured = in_turns({name: lambda w=wait: p95_ms(person, pictures, w) for name, wait in waits.items()}, rounds)
    return [
        Row("P7", f"done to client knows, p95, {name}", "ms", measured[key], "asking each second", measured["polling"],
            limit=50, limit_stretch=20)
        for key, name in (("long-poll", "long-poll"), ("stream", "server-sent events"))
    ]  # fmt: skip


def p95_ms(person: Person, pictures: Pictures, wait: Wait) -> float:
    def one(_: int) -> float:
        job_id = person.submit(pictures).job_id
        wait(person, job_id)
        known = time.time()
        return known - stamp(person.job(job_id)["finished_at"])

    return percentile(at_rate(JOBS, PER_SECOND, one), 0.95) * 1000


if __name__ == "__main__":
    run_alone(__doc__, rows, rounds=3)
