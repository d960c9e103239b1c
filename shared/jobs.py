"""The job engine: threads that claim rows under a lease, woken at once, and a sweep that returns what the dead left.

It knows kinds and ids, leases and threads; what a job does is its kind's business. The rows are the truth: nothing
about a job lives only in memory, so a kill at any moment loses none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from shared.errors import BecauseFutureError
from shared.job_owners import Held, LeaseWatch, ProcessMark
from shared.logger import get_logger, log_context
from shared.metrics import JOBS_RUNNING, JOBS_WAITING

log = get_logger(__name__)
SWEEP_SECONDS = 1.0
TIDY_SECONDS = 60.0
CLAIM_SECONDS = 1.0
"""How much longer than the grace time a stop waits for a claim that is just being made."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process holds. `attempt` is the fence: what an older attempt writes is refused."""

    kind: str
    job_id: str
    owner: str
    attempt: int
    row: Any = field(default=None, compare=False)
    """What the kind read when it claimed."""
    lost: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set when going on is pointless: cancelled, deleted, or taken over by another process."""


class JobKind(Protocol):
    """A table whose rows are jobs, and what is done with one."""

    def claim(self, owner: str, lease: timedelta) -> tuple[str, int, Any] | None:
        """Take the next waiting row with one guarded statement: (job id, attempt number, what `run` finds in
        `Claim.row`)."""

    def renew(self, owner: str, job_ids: Sequence[str], lease: timedelta) -> set[str]:
        """Prolong the leases of these jobs; the ids that the owner still holds and that are still wanted."""

    def release(self, claim: Claim) -> None:
        """Give the row back unharmed, as if it had not been claimed."""

    def held(self) -> Sequence[Held]:
        """The rows that somebody works on, in any process."""

    def take_back(self, orphan: Held) -> None:
        """Return this row to the queue, or end it when tried too often, unless somebody renewed it meanwhile."""

    def end_late(self) -> None:
        """End waiting rows whose start deadline has passed; called about once a second."""

    def waiting(self) -> int:
        """How many rows wait."""

    def tidy(self) -> None:
        """Remove what is kept no longer; called about once a minute."""

    def run(self, claim: Claim) -> None:
        """Do the work and finish the row, only if it is still held."""


class JobEngine:
    """`inline`: `submit` runs the job before it returns, for tests. Otherwise `start` first."""

    def __init__(
        self,
        kinds: Mapping[str, JobKind],
        mark: ProcessMark,
        *,
        threads: int,
        lease_seconds: float = 30,
        inline: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kinds = kinds
        self._mark = mark
        self._lease = timedelta(seconds=lease_seconds)
        self._inline = inline
        self._watches = {name: LeaseWatch(mark, lease_seconds, clock) for name in kinds}
        lock = threading.Lock()
        self._changed = threading.Condition(lock)  # for a stop, and the sweep
        self._wanted = threading.Condition(lock)  # for workers alone: each signal wakes as many as it needs
        self._signals = 0
        self._stopping = False
        self._claiming = 0
        self._running: dict[tuple[str, str], Claim] = {}
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(threads)]
        self._sweeper = threading.Thread(target=self._sweep_forever, name="job-sweep", daemon=True)
        self._tidier = threading.Thread(target=self._tidy_forever, name="job-tidy", daemon=True)

    # --- for services ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what an earlier process left, then begin to work."""
        self._recover()
        self._mark.bury_all_dead()
        if not self._inline:
            for thread in [*self._threads, self._sweeper, self._tidier]:
                thread.start()
            self._signal(len(self._threads))

    def submit(self, kind: str, job_id: str) -> None:
        """Say that a row waits. The row must be committed; the call may get lost, the row will not."""
        if self._inline:
            self._drain()
        else:
            self._signal(1)

    def cancel(self, kind: str, job_id: str) -> None:
        """Tell a job that runs here to stop at its next step. Elsewhere it learns from its row."""
        with self._changed:
            claim = self._running.get((kind, job_id))
        if claim:
            claim.lost.set()

    def running(self) -> int:
        with self._changed:
            return len(self._running)

    def alive(self) -> bool:
        """Whether this process works on jobs."""
        return self._inline or (not self._stopping and self._sweeper.is_alive())

    def stop(self, grace_seconds: float) -> None:
        """Claim nothing more; running jobs get `grace_seconds`, then they go back to the queue."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            self._wanted.notify_all()
            self._changed.wait_for(lambda: not (self._claiming or self._running), grace_seconds)
            self._changed.wait_for(lambda: not self._claiming, CLAIM_SECONDS)
            left = list(self._running.values())
        for claim in left:
            claim.lost.set()
            _guarded(partial(self._kinds[claim.kind].release, claim))
        self._mark.close()

    # --- threads ---------------------------------------------------------------------------------------------------

    def _signal(self, count: int) -> None:
        with self._changed:
            self._signals = min(self._signals + count, len(self._threads))
            self._wanted.notify(count)

    def _work(self) -> None:
        while self._wait():
            _guarded(self._drain)  # a claim that fails in an unforeseen way must not take the thread along

    def _wait(self) -> bool:
        with self._changed:
            self._wanted.wait_for(lambda: self._signals > 0 or self._stopping)
            self._signals = max(0, self._signals - 1)
            return not self._stopping

    def _drain(self) -> None:
        while claim := self._claim():
            self._run(claim)

    def _claim(self) -> Claim | None:
        with self._changed:
            if self._stopping:
                return None
            self._claiming += 1
        try:
            return self._claim_of_any_kind()
        finally:
            with self._changed:
                self._claiming -= 1
                if self._stopping:
                    self._changed.notify_all()

    def _claim_of_any_kind(self) -> Claim | None:
        for name, kind in self._kinds.items():
            try:
                found = kind.claim(self._mark.owner, self._lease)
            except BecauseFutureError as error:  # a busy database: the sweep will signal again
                log.warning("no claim: %s", error.error_code)
                continue
            if found:
                job_id, attempt, row = found
                claim = Claim(name, job_id, self._mark.owner, attempt, row)
                with self._changed:
                    self._running[name, job_id] = claim
                return claim
        return None

    def _run(self, claim: Claim) -> None:
        with log_context(job_id=claim.job_id):
            try:
                self._kinds[claim.kind].run(claim)
            except Exception:
                # Its lease is renewed no more: when it was silent for as long as a lease, the job is taken up again.
                log.exception("a job's end could not be recorded")
        with self._changed:
            place = (claim.kind, claim.job_id)
            if self._running.get(place) is claim:  # a row that was given back may run here again already
                del self._running[place]
            if self._stopping:
                self._changed.notify_all()

    def _sweep_forever(self) -> None:
        every = {self._renew: self._lease.total_seconds() / 3, self._look: SWEEP_SECONDS}
        due = {step: time.monotonic() + seconds for step, seconds in every.items()}
        while not self._stopping:
            for step, seconds in every.items():
                if time.monotonic() >= due[step]:
                    _guarded(step)
                    due[step] = time.monotonic() + seconds
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, min(SWEEP_SECONDS, self._lease.total_seconds() / 6))

    def _look(self) -> None:
        _guarded(self._recover)
        waiting = sum(kind.waiting() for kind in self._kinds.values())
        JOBS_WAITING.set(waiting)
        JOBS_RUNNING.set(self.running())
        self._signal(waiting)

    def _tidy_forever(self) -> None:
        """In a thread of its own: with many files it may take longer than a lease."""
        while not self._stopping:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, TIDY_SECONDS)
            if not self._stopping:
                _guarded(self._tidy)

    def _tidy(self) -> None:
        for kind in self._kinds.values():
            kind.tidy()

    def _renew(self) -> None:
        with self._changed:
            claims = list(self._running.values())
        for name, kind in self._kinds.items():
            mine = [claim for claim in claims if claim.kind == name]
            ids = [claim.job_id for claim in mine]
            held = kind.renew(self._mark.owner, ids, self._lease) if mine else set()
            for claim in mine:
                if claim.job_id not in held:
                    claim.lost.set()

    def _recover(self) -> None:
        for name, kind in self._kinds.items():
            held = kind.held()
            with self._changed:
                here = {job_id for kind_name, job_id in self._running if kind_name == name}
            for orphan in self._watches[name].orphans(held, here):
                _guarded(partial(kind.take_back, orphan))  # a row that cannot be taken back must not hold up the others
            kind.end_late()


def _guarded(step: Callable[[], None]) -> None:
    """Go on whatever happens: the sweep is what brings lost jobs back, workers are what all jobs need, and what goes
    wrong with one row must not touch another."""
    try:
        step()
    except Exception:
        log.exception("a step of the job engine failed")
