"""P10: memory of the server above idle, with 50 jobs in flight, and with 50 that wait; two 12-megapixel photos each.

In flight: the highest of the whole time, uploads and decoding included. Waiting: what is held once all are accepted.

    python -m benchmarks.memory_bench [--rounds 3]
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from benchmarks.common import Spread
from benchmarks.goals import Row, run_alone
from benchmarks.load import Person, Pictures, at_once, try_on_server
from benchmarks.servers import ServerProcess
from benchmarks.upload import phone_photo

JOBS = 50
LATENCY_SECONDS = 8.0
LONG_SECONDS = 30.0
"""Of the job that others wait for: it must not come to its end while they are accepted and counted."""
SETTLED_SECONDS = 1.5
CLEAR_PEAK = "5"  # see proc(5), clear_refs


def rows(rounds: int) -> list[Row]:
    photo = phone_photo()
    pictures = Pictures(photo, photo)
    flying, waiting = [in_flight(pictures) for _ in range(rounds)], [held_waiting(pictures) for _ in range(rounds)]
    return [
        Row("P10", "memory above idle, 50 in flight, highest", "MB", Spread.of(flying), limit=250, limit_stretch=200),
        Row("P10", "memory above idle, 50 waiting", "MB", Spread.of(waiting), limit=20, limit_stretch=10),
    ]


def in_flight(pictures: Pictures) -> float:
    with try_on_server(LATENCY_SECONDS) as (server, person):
        idle = idle_mb(server, person, pictures)
        for worker in processes(server):
            (worker / "clear_refs").write_text(CLEAR_PEAK)
        jobs = at_once(JOBS, lambda _: person.submit(pictures).job_id)
        for job_id in jobs:
            person.waited(job_id)
        return memory_mb(server, "VmHWM:") - idle


def held_waiting(pictures: Pictures) -> float:
    """One worker has a job that takes long; 50 wait behind it."""
    settings = {"TRYON_WORKERS": 1, "TRYON_EXPRESS_WORKERS": 0}
    with try_on_server(LONG_SECONDS, **settings) as (server, person):
        idle = idle_mb(server, person, pictures)
        at_once(JOBS + 1, lambda _: person.submit(pictures))
        time.sleep(SETTLED_SECONDS)
        return memory_mb(server, "VmRSS:") - idle


def idle_mb(server: ServerProcess, person: Person, pictures: Pictures) -> float:
    """After one job: all that is loaded when it is first needed is there. A large body that is refused then makes the
    server give back what the job left, so that it does not count as idle."""
    person.waited(person.submit(pictures).job_id)
    with suppress(RuntimeError):
        person.submit(Pictures(b"no picture" * 200_000, b""))
    time.sleep(SETTLED_SECONDS)
    return memory_mb(server, "VmRSS:")


def memory_mb(server: ServerProcess, field: str) -> float:
    """Of the server's processes together."""
    return sum(_field_mb(process, field) for process in processes(server))


def processes(server: ServerProcess) -> list[Path]:
    """The server's own, its workers and what they started, as folders of /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:  # gone meanwhile
            continue
        if group == server.pid:
            found.append(folder)
    return found


def _field_mb(process: Path, field: str) -> float:
    for line in (process / "status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    run_alone(__doc__, rows, rounds=3)
