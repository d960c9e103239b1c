"""P1, P2 and submit to start: the job engine against a bare thread pool, Huey and Dramatiq, with one job body for all.

Ours is the production path: job rows in a migrated database, claims, leases, stage reports with their events, the
ledger's sweep, finishing; only pictures are left out, and the engine sleeps. All run in this process with 50 threads
and 50 clients that each wait for their job before they send the next; the body tells the client itself, so that no
anchor pays for a result store. Dramatiq's Redis appends to a file each second, as durable as our WAL.

    python -m benchmarks.queue_bench [--rounds 5] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import logging
import pstats
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.common import in_turns, percentile, print_machine
from benchmarks.goals import AT_LEAST, HEADER, Row
from benchmarks.servers import free_port, listens
from features.tryon.budgets import Budgets, Caps
from features.tryon.claims import ClaimTable, Shares
from features.tryon.job_queue import TryOnWork, WorkLimits
from features.tryon.leases import LeaseTable
from features.tryon.ledger import Ledger
from features.tryon.model import KIND, ResultFacts, TryOnJob, TryOnJobTable
from features.tryon.usage import ProviderCallTable
from features.tryon.waiting import JobChanges
from migrations.migration_manager import MigrationManager
from shared.clock import to_text, utc_now
from shared.database import DatabaseManager
from shared.engines.base import CallLedger, Deadline, EngineResult, TryOnInput
from shared.engines.chain import EngineChain
from shared.job_owners import ProcessMark
from shared.jobs import Claim, JobEngine

try:
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
except ImportError:
    dramatiq = None
try:
    import huey
except ImportError:
    huey = None  # type: ignore[assignment]

CLIENTS = WORKERS = 50
JOBS = 200
SLEEP_SECONDS = 2.0
IDLE_JOBS = 60
IDLE_PAUSE_SECONDS = 0.02
REQUEST = {"garments": [{"key": "k", "url": None, "type": "upper", "details": {}}], "options": {}}


@dataclass
class Watch:
    """Tells clients when their job began and ended, by the clock of this process."""

    sleep_seconds: float = 0.0
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, threading.Event] = field(default_factory=dict)

    def expect(self, name: str) -> threading.Event:
        self.ended[name] = event = threading.Event()
        return event

    def body(self, name: str) -> None:
        """What a job of an anchor does."""
        self.began[name] = time.monotonic()
        if self.sleep_seconds:
            time.sleep(self.sleep_seconds)
        self.ended[name].set()


Submit = Callable[[str], object]
"""Start the job of this name."""


@dataclass(frozen=True)
class Contender:
    watch: Watch
    submit: Submit

    def run(self, jobs: int = JOBS, clients: int = CLIENTS) -> tuple[float, list[float]]:
        """Jobs per second, and seconds of each job beyond its sleep."""

        def client(_: int) -> list[float]:
            return [self._one() for _ in range(jobs // clients)]

        began = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            over = [value for values in pool.map(client, range(clients)) for value in values]
        return len(over) / (time.monotonic() - began), over

    def _one(self) -> float:
        name = str(uuid.uuid4())
        ended = self.watch.expect(name)
        sent = time.monotonic()
        self.submit(name)
        if not ended.wait(60):
            raise RuntimeError("a job did not end")
        return time.monotonic() - sent - self.watch.sleep_seconds

    def seconds_to_start(self) -> float:
        name = str(uuid.uuid4())
        ended = self.watch.expect(name)
        sent = time.monotonic()
        self.submit(name)
        ended.wait(60)
        return self.watch.began[name] - sent


# --- ours ---


class NoPictures:
    """Stands for features.tryon.pictures.JobPictures."""

    def stored_result(self, job: TryOnJob, attempt: int) -> None:
        return None

    def load(self, job: TryOnJob, ledger: CallLedger) -> TryOnInput:
        return TryOnInput(b"", (), calls=ledger)

    def store_result(self, job: TryOnJob, attempt: int, result: EngineResult) -> tuple[str, ResultFacts]:
        return f"tryon-results/{job.job_id}-{attempt}.jpg", ResultFacts.of(result)


class SleepingEngine:
    name = "sleeping"
    version = "1"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._picture = Image.linear_gradient("L").resize((8, 8))

    def ready(self) -> str | None:
        return None

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        if self._watch.sleep_seconds:
            deadline.sleep(self._watch.sleep_seconds)
        return EngineResult(self._picture, self.name, None, preview=False)


class WatchedWork(TryOnWork):
    """Says when a job began and, after its row was finished, ended."""

    watch: Watch

    def run(self, claim: Claim) -> None:
        self.watch.began[claim.job_id] = time.monotonic()
        super().run(claim)
        self.watch.ended[claim.job_id].set()


@contextmanager
def ours(folder: Path) -> Iterator[Contender]:
    watch, db = Watch(), DatabaseManager(folder / "data.db")
    MigrationManager(db).run()
    users = [_new_user(db, number) for number in range(CLIENTS)]
    jobs, engine = _job_engine(db, watch)
    engine.start()

    def submit(name: str) -> None:
        user = users[int(name[:8], 16) % CLIENTS]
        job = TryOnJob(name, user, utc_now(), REQUEST, person_image_path="p", garment_image_path="g")
        with db.transaction():  # as submitting does: the queue's length and the row in one unit of work
            jobs.waiting()
            jobs.add(job)
        engine.submit(KIND, name)

    try:
        yield Contender(watch, submit)
    finally:
        engine.stop(0)
        db.close()


def _new_user(db: DatabaseManager, number: int) -> str:
    user, now = f"user-{number}", to_text(utc_now())
    db.execute(
        "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
        " VALUES (?, ?, '-', 'A', 'L', ?, ?)",
        (user, f"{user}@example.com", now, now),
    )
    return user


def _job_engine(db: DatabaseManager, watch: Watch) -> tuple[TryOnJobTable, JobEngine]:
    jobs, calls, shares = TryOnJobTable(db), ProviderCallTable(db), Shares(WORKERS, 10, WORKERS)
    ledger = Ledger(db, calls, Budgets(calls, Caps()), max_calls=3)
    parts: dict[str, Any] = {"pictures": NoPictures(), "retention": _NoSweep(), "links": None, "cache": _NoCache()}
    work = WatchedWork(
        claims=ClaimTable(db, shares),
        leases=LeaseTable(db),
        jobs=jobs,
        ledger=ledger,
        chain=EngineChain([SleepingEngine(watch)]),
        limits=WorkLimits(retention=timedelta(days=90)),
        changes=JobChanges(),
        **parts,
    )
    work.watch = watch
    return jobs, JobEngine({KIND: work}, ProcessMark(db.path.parent / "workers"), threads=shares.threads)


class _NoCache:
    def answer_for(self, job: TryOnJob) -> None:
        """No two of these jobs are equal."""


class _NoSweep:
    def sweep(self) -> None:
        """Nothing is old here."""


# --- anchors ---


@contextmanager
def thread_pool(_: Path) -> Iterator[Contender]:
    watch = Watch()
    with ThreadPoolExecutor(WORKERS) as pool:
        yield Contender(watch, lambda name: pool.submit(watch.body, name))


@contextmanager
def huey_sqlite(folder: Path) -> Iterator[Contender]:
    """With the short polling that its makers advise for quick jobs (-d .01 -m .05)."""
    watch = Watch()
    queue = huey.SqliteHuey(filename=str(folder / "huey.db"), results=False)
    task = queue.task()(watch.body)
    consumer = queue.create_consumer(workers=WORKERS, worker_type="thread", initial_delay=0.01, max_delay=0.05,
                                     periodic=False, check_worker_health=False)  # fmt: skip
    consumer.start()
    try:
        yield Contender(watch, task)
    finally:
        consumer.stop(graceful=True)


@contextmanager
def dramatiq_redis(folder: Path) -> Iterator[Contender]:
    watch, port = Watch(), free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "everysec"]
    redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not listens(port):
            time.sleep(0.05)
        broker = RedisBroker(host="127.0.0.1", port=port, max_connections=4 * (CLIENTS + WORKERS), middleware=[])
        actor = dramatiq.actor(watch.body, broker=broker, actor_name="body")
        worker = dramatiq.Worker(broker, worker_threads=WORKERS)
        worker.start()
        try:
            yield Contender(watch, actor.send)
        finally:
            worker.stop()
            broker.close()
    finally:
        redis.terminate()
        redis.wait(10)


def durable_anchors() -> dict[str, Callable[[Path], Any]]:
    """Those that are installed."""
    found: dict[str, Callable[[Path], Any]] = {}
    if huey:
        found["Huey (SQLite)"] = huey_sqlite
    if dramatiq and shutil.which("redis-server"):
        found["Dramatiq (Redis)"] = dramatiq_redis
    return found


# --- rows ---


def rows(rounds: int) -> list[Row]:
    logging.getLogger().setLevel(logging.WARNING)
    return [start_row(rounds), *rate_rows(rounds), overhead_row(rounds)]


@contextmanager
def running(**makers: Callable[[Path], Any]) -> Iterator[dict[str, Contender]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = {}
        for number, (name, make) in enumerate(makers.items()):
            own = folder / str(number)
            own.mkdir()
            found[name] = stack.enter_context(make(own))
        yield found


def start_row(rounds: int) -> Row:
    """One job after the other on an idle engine: from before the row is added until its work begins, p95."""

    def p95_ms(contender: Contender) -> float:
        waits = []
        for _ in range(IDLE_JOBS):
            waits.append(contender.seconds_to_start())
            time.sleep(IDLE_PAUSE_SECONDS)
        return percentile(waits, 0.95) * 1000

    with running(pool=thread_pool, ours=ours) as found:
        measured = in_turns({name: lambda c=one: p95_ms(c) for name, one in found.items()}, rounds)
    return Row("P1", "submit to start, idle, p95", "ms", measured["ours"], "thread pool", measured["pool"],
               limit=10, limit_stretch=5)  # fmt: skip


def rate_rows(rounds: int) -> list[Row]:
    """Each is started for its turn alone: idle workers that poll, as Huey's do, would take their time from the
    others."""

    def rate(make: Callable[[Path], Any]) -> float:
        with running(only=make) as found:
            found["only"].run()  # threads and connections are made
            return found["only"].run()[0]

    makers = {"pool": thread_pool, "ours": ours, **durable_anchors()}
    measured = in_turns({name: lambda m=make: rate(m) for name, make in makers.items()}, rounds, warm_up=0)
    own = measured.pop("ours")
    pool = measured.pop("pool")
    what = "jobs per second, 0 s upstream"
    durable = [
        Row("P2", what, "/s", own, name, value, goal=1.0, stretch=1.5, sense=AT_LEAST)
        for name, value in measured.items()
    ]
    missing = Row("P2", what, "/s", own, "no durable library installed", goal=1.0, sense=AT_LEAST)
    return [*(durable or [missing]), Row("P2", what, "/s", own, "thread pool", pool)]


def overhead_row(rounds: int) -> Row:
    def p95_ms(contender: Contender) -> float:
        contender.watch.sleep_seconds = SLEEP_SECONDS
        return percentile(contender.run()[1], 0.95) * 1000

    with running(pool=thread_pool, ours=ours) as found:
        measured = in_turns({name: lambda c=one: p95_ms(c) for name, one in found.items()}, rounds)
    return Row("P1", f"time beyond a {SLEEP_SECONDS:g} s upstream, 50 at once, p95", "ms", measured["ours"],
               "thread pool", measured["pool"], goal=3, stretch=2, limit=25, limit_stretch=15)  # fmt: skip


def profile() -> None:
    """Of one worker, with an upstream of 0 s."""
    with running(ours=ours) as found:
        contender = found["ours"]
        contender.run()
        profiler = cProfile.Profile()
        work = WatchedWork.run
        lock = threading.Lock()

        def profiled(self: WatchedWork, claim: Claim) -> None:
            if lock.acquire(blocking=False):
                with lock_released(lock):
                    profiler.runcall(work, self, claim)
            else:
                work(self, claim)

        WatchedWork.run = profiled  # type: ignore[method-assign]
        contender.run(400, 1)
        WatchedWork.run = work  # type: ignore[method-assign]
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


@contextmanager
def lock_released(lock: threading.Lock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.profile:
        profile()
        return
    print_machine()
    print(HEADER)
    for row in rows(options.rounds):
        print(row.line(), flush=True)


if __name__ == "__main__":
    main()
