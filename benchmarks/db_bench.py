"""P12: writes and reads of job rows by eight threads, against a connection for each call with SQLite's own settings.

python -m benchmarks.db_bench [--rounds 5]
"""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import in_turns
from benchmarks.goals import AT_LEAST, Row, run_alone
from shared.database import DatabaseManager

THREADS = 8
SECONDS = 1.0
JOBS = 1000
SCHEMA = "CREATE TABLE jobs (job_id TEXT PRIMARY KEY, status TEXT NOT NULL, progress INTEGER NOT NULL)"
WRITE = "UPDATE jobs SET status = 'processing', progress = progress + 1 WHERE job_id = ?"
READ = "SELECT job_id, status, progress FROM jobs WHERE job_id = ?"


@dataclass(frozen=True)
class Store:
    write: Callable[[str], object]
    read: Callable[[str], object]


def rows(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, kept(Path(folder)) as ours:
        plain = opened_each_time(Path(folder))
        writes = in_turns({"ours": lambda: rate(ours.write), "plain": lambda: rate(plain.write)}, rounds)
        reads = in_turns({"ours": lambda: rate(ours.read), "plain": lambda: rate(plain.read)}, rounds)
    return [
        Row("P12", f"{kind} per second, {THREADS} threads", "/s", found["ours"], "a connection per call",
            found["plain"], goal=goal, sense=AT_LEAST)
        for kind, goal, found in (("job-state writes", 20, writes), ("reads by job_id", 8, reads))
    ]  # fmt: skip


@contextmanager
def kept(folder: Path) -> Iterator[Store]:
    db = DatabaseManager(folder / "ours.db")
    db.execute(SCHEMA)
    db.execute_many("INSERT INTO jobs VALUES (?, 'queued', 0)", [(name,) for name in names()])
    yield Store(lambda name: db.execute(WRITE, (name,)), lambda name: db.fetch_one(READ, (name,)))
    db.close()


def opened_each_time(folder: Path) -> Store:
    """Rollback journal and full synchronisation, as SQLite is when nobody sets it up."""
    path = folder / "plain.db"

    def run(sql: str, *names: str) -> object:
        with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            return connection.execute(sql, names).fetchall()

    run(SCHEMA)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO jobs VALUES (?, 'queued', 0)", [(name,) for name in names()])
    return Store(lambda name: run(WRITE, name), lambda name: run(READ, name))


def names() -> list[str]:
    return [f"{number:08x}-0000-4000-8000-000000000000" for number in range(JOBS)]


def rate(call: Callable[[str], object]) -> float:
    """Calls per second of all threads together."""
    until = time.monotonic() + SECONDS

    def one(start: int) -> int:
        made = 0
        for name in itertools.islice(itertools.cycle(names()), start, None):
            if time.monotonic() >= until:
                return made
            call(name)
            made += 1
        return made

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(one, range(0, JOBS, JOBS // THREADS))) / SECONDS


if __name__ == "__main__":
    run_alone(__doc__, rows, rounds=5)
