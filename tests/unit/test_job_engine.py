"""The engine with a kind of jobs that lives in memory: threads, wake-up, recovery, stop."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from shared.job_owners import Held, ProcessMark
from shared.jobs import Claim, JobEngine


class MemoryKind:
    """Rows in a dict: id -> [status, owner, attempt]."""

    def __init__(self, work: Callable[[Claim], None] | None = None) -> None:
        self.rows: dict[str, list[object]] = {}
        self.work = work or (lambda claim: None)
        self.lock = threading.Lock()
        self.unwanted: set[str] = set()
        self.fails_to_release: str | None = None
        self.fails_to_take_back: str | None = None
        self.looks = 0
        self.while_tidying: Callable[[], object] = lambda: None
        self.before_claim: Callable[[], object] = lambda: None
        self.beats: dict[str, int] = {}

    def add(self, job_id: str, status: str = "queued", owner: str | None = None, attempt: int = 0) -> None:
        self.rows[job_id] = [status, owner, attempt]

    def claim(self, owner: str, lease: timedelta) -> tuple[str, int, object] | None:
        self.before_claim()
        with self.lock:
            for job_id, row in self.rows.items():
                if row[0] == "queued":
                    row[:] = ["processing", owner, int(str(row[2])) + 1]
                    return job_id, int(str(row[2])), f"row of {job_id}"
        return None

    def renew(self, owner: str, job_ids: Sequence[str], lease: timedelta) -> set[str]:
        return {job_id for job_id in job_ids if self.rows[job_id][1] == owner and job_id not in self.unwanted}

    def release(self, claim: Claim) -> None:
        if self.fails_to_release == claim.job_id:
            raise RuntimeError("boom")
        self.rows[claim.job_id] = ["queued", None, claim.attempt - 1]

    def held(self) -> list[Held]:
        rows = list(self.rows.items())
        return [
            Held(job_id, str(row[1]), str(self.beats.get(job_id))) for job_id, row in rows if row[0] == "processing"
        ]

    def take_back(self, orphan: Held) -> None:
        if self.fails_to_take_back == orphan.job_id:
            raise RuntimeError("boom")
        row = self.rows[orphan.job_id]
        if row[:2] == ["processing", orphan.owner]:
            row[:2] = ["queued", None]

    def end_late(self) -> None:
        self.looks += 1

    def waiting(self) -> int:
        return sum(row[0] == "queued" for row in self.rows.values())

    def tidy(self) -> None:
        self.while_tidying()

    def run(self, claim: Claim) -> None:
        self.work(claim)
        if self.rows[claim.job_id][1:] == [claim.owner, claim.attempt]:
            self.rows[claim.job_id][0] = "done"

    def all_are(self, status: str) -> bool:
        return all(row[0] == status for row in self.rows.values())


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., JobEngine]]:
    engines: list[JobEngine] = []

    def make(kind: MemoryKind, threads: int = 4, **options: object) -> JobEngine:
        engine = JobEngine({"k": kind}, ProcessMark(tmp_path / "marks"), threads=threads, **options)
        engines.append(engine)
        engine.start()
        return engine

    yield make
    for engine in engines:
        engine.stop(0)


def test_many_jobs_run_at_once_and_each_once(start: Callable[..., JobEngine]) -> None:
    together = threading.Barrier(8, timeout=5)
    starts: list[str] = []

    def work(claim: Claim) -> None:
        starts.append(claim.job_id)
        together.wait()  # breaks unless eight run at the same time

    kind = MemoryKind(work)
    engine = start(kind, threads=8)
    for number in range(16):
        kind.add(f"job{number}")
        engine.submit("k", f"job{number}")
    wait_until(lambda: kind.all_are("done"))
    assert sorted(starts) == sorted(kind.rows)


def test_what_was_read_with_the_claim_is_there_when_the_job_runs(start: Callable[..., JobEngine]) -> None:
    rows: list[object] = []
    kind = MemoryKind(lambda claim: rows.append(claim.row))
    engine = start(kind)
    kind.add("a")
    engine.submit("k", "a")
    wait_until(lambda: kind.all_are("done"))
    assert rows == ["row of a"]


def test_a_row_whose_signal_was_lost_is_found(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind()
    start(kind)
    kind.add("forgotten")
    wait_until(lambda: kind.all_are("done"))


def test_inline_jobs_are_done_when_submit_returns(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind()
    engine = start(kind, inline=True)
    kind.add("a")
    engine.submit("k", "a")
    assert kind.all_are("done")


def test_a_job_that_raises_does_not_take_its_thread_along(start: Callable[..., JobEngine]) -> None:
    def work(claim: Claim) -> None:
        if claim.job_id == "bad":
            raise RuntimeError("boom")

    kind = MemoryKind(work)
    engine = start(kind, threads=1)
    for name in ("bad", "good"):
        kind.add(name)
        engine.submit("k", name)
    wait_until(lambda: kind.rows["good"][0] == "done")
    assert kind.rows["bad"][0] == "processing"
    wait_until(lambda: engine.running() == 0)


def test_a_job_whose_end_could_not_be_recorded_is_taken_up_again(start: Callable[..., JobEngine]) -> None:
    """By the process that ran it, when it was silent for as long as a lease."""

    def work(claim: Claim) -> None:
        if claim.attempt == 1:
            raise RuntimeError("boom")

    kind = MemoryKind(work)
    engine = start(kind, lease_seconds=0.05)
    kind.add("a")
    engine.submit("k", "a")
    wait_until(lambda: kind.rows["a"][0] == "done")
    assert kind.rows["a"][2] == 2


def test_a_job_that_runs_here_is_never_taken_from_its_thread(start: Callable[..., JobEngine]) -> None:
    """Not even when its lease was not renewed for long, as while the database is busy."""
    go = threading.Event()
    kind = MemoryKind(lambda claim: bool(go.wait(10)) and None)
    engine = start(kind, lease_seconds=0.01)
    kind.add("slow")
    engine.submit("k", "slow")
    looks = kind.looks
    wait_until(lambda: kind.looks >= looks + 3)
    assert kind.rows["slow"][:1] == ["processing"] and kind.rows["slow"][2] == 1
    go.set()
    wait_until(lambda: kind.all_are("done"))


def test_what_a_dead_process_held_is_taken_up(start: Callable[..., JobEngine], tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from shared.job_owners import ProcessMark\n"
        "mark = ProcessMark(pathlib.Path(sys.argv[1])); print(mark.owner, flush=True); sys.stdin.read()"
    )
    folder = tmp_path / "marks"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout and other.stdin
    owner = other.stdout.readline().strip()
    kind = MemoryKind()
    kind.add("held", "processing", owner, 1)
    start(kind)
    time.sleep(0.2)
    assert kind.rows["held"] == ["processing", owner, 1], "the living keep their jobs"
    other.kill()
    other.wait()
    wait_until(lambda: kind.rows["held"][0] == "done")
    assert kind.rows["held"][2] == 2
    assert ProcessMark(folder).is_dead(owner), "its mark stays until the next start"
    start(MemoryKind())
    assert not (folder / owner).exists()


def test_cancel_reaches_the_running_job(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind(lambda claim: claim.lost.wait(5) or pytest.fail("not told"))
    engine = start(kind)
    kind.add("a")
    engine.submit("k", "a")
    wait_until(lambda: engine.running() == 1)
    engine.cancel("k", "a")
    wait_until(lambda: engine.running() == 0)


def test_a_lost_lease_is_noticed_by_the_heartbeat(start: Callable[..., JobEngine]) -> None:
    told = threading.Event()
    kind = MemoryKind(lambda claim: told.set() if claim.lost.wait(5) else None)
    engine = start(kind, lease_seconds=0.3)
    kind.add("a")
    engine.submit("k", "a")
    wait_until(lambda: engine.running() == 1)
    kind.unwanted.add("a")
    assert told.wait(5)


def test_stop_lets_running_jobs_finish_and_claims_no_more(start: Callable[..., JobEngine]) -> None:
    go = threading.Event()
    kind = MemoryKind(lambda claim: bool(go.wait(5)) and None)
    engine = start(kind, threads=1)
    for name in ("first", "second"):
        kind.add(name)
        engine.submit("k", name)
    wait_until(lambda: engine.running() == 1)
    threading.Timer(0.1, go.set).start()
    engine.stop(grace_seconds=5)
    assert [row[0] for row in kind.rows.values()] == ["done", "queued"]
    assert not engine.alive()


def test_what_does_not_finish_in_time_goes_back_unharmed(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind(lambda claim: bool(claim.lost.wait(5)) and None)
    engine = start(kind)
    kind.add("slow")
    engine.submit("k", "slow")
    wait_until(lambda: engine.running() == 1)
    engine.stop(grace_seconds=0.05)
    assert kind.rows["slow"] == ["queued", None, 0]


def test_one_release_that_fails_does_not_prevent_another(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind(lambda claim: bool(claim.lost.wait(5)) and None)
    kind.fails_to_release = "bad"
    engine = start(kind)
    for name in ("bad", "good"):
        kind.add(name)
        engine.submit("k", name)
    wait_until(lambda: engine.running() == 2)
    engine.stop(grace_seconds=0)
    assert kind.rows["good"] == ["queued", None, 0]


def test_one_row_that_cannot_be_taken_back_does_not_hold_up_another(start: Callable[..., JobEngine]) -> None:
    kind = MemoryKind()
    kind.fails_to_take_back = "bad"
    for name in ("bad", "good"):
        kind.add(name, "processing", "stranger", 1)
    start(kind, lease_seconds=0.05)
    wait_until(lambda: kind.rows["good"][0] == "done")
    assert kind.rows["bad"] == ["processing", "stranger", 1]


def test_tidying_holds_nothing_up(start: Callable[..., JobEngine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.jobs.TIDY_SECONDS", 0.01)
    tidying, go, told = threading.Event(), threading.Event(), threading.Event()
    kind = MemoryKind(lambda claim: told.set() if claim.lost.wait(5) else None)
    kind.while_tidying = lambda: (tidying.set(), go.wait(10))
    start(kind, lease_seconds=0.3)
    assert tidying.wait(5)
    kind.unwanted.add("a")
    kind.add("a")
    assert told.wait(5), "its signal was lost, and its lease is to be looked after"
    go.set()


def test_a_claim_that_fails_unforeseen_does_not_take_its_thread_along(start: Callable[..., JobEngine]) -> None:
    kind, failures = MemoryKind(), iter([RuntimeError("boom")])

    def fail_once() -> None:
        for error in failures:
            raise error

    kind.before_claim = fail_once
    start(kind, threads=1)
    kind.add("a")
    wait_until(lambda: kind.all_are("done"))


def test_a_job_that_gives_its_row_back_does_not_hide_the_next_attempt(start: Callable[..., JobEngine]) -> None:
    """The row may run again, in another thread, before the first one is through with it."""
    again, go = threading.Event(), threading.Event()

    def work(claim: Claim) -> None:
        if claim.attempt > 1:
            again.set()
            go.wait(10)
        else:
            kind.rows["a"][:2] = ["queued", None]
            engine.submit("k", "a")
            assert again.wait(10)

    kind = MemoryKind(work)
    engine = start(kind, threads=2, lease_seconds=0.1)
    kind.add("a")
    engine.submit("k", "a")
    assert again.wait(10)
    looks = kind.looks
    wait_until(lambda: kind.looks >= looks + 3 or kind.rows["a"][2] != 2)
    go.set()
    wait_until(lambda: kind.all_are("done"))
    assert kind.rows["a"][2] == 2, "a running job was taken from its thread"


def test_a_claim_that_is_being_made_at_a_stop_goes_back_too(start: Callable[..., JobEngine]) -> None:
    claiming, go = threading.Event(), threading.Event()
    kind = MemoryKind(lambda claim: bool(claim.lost.wait(5)) and None)
    kind.before_claim = lambda: (claiming.set(), go.wait(5))
    engine = start(kind, threads=1)
    kind.add("a")
    engine.submit("k", "a")
    assert claiming.wait(5)
    threading.Timer(0.1, go.set).start()
    engine.stop(grace_seconds=0)
    assert kind.rows["a"] == ["queued", None, 0]


def test_what_waited_before_the_start_begins_at_once(
    start: Callable[..., JobEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.SWEEP_SECONDS", 1000.0)  # so it is not the sweep that finds them
    kind = MemoryKind()
    for name in ("a", "b"):
        kind.add(name)
    start(kind, lease_seconds=6000.0)
    wait_until(lambda: kind.all_are("done"))
