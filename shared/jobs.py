"""The job engine: threads that claim rows under a lease, woken at once, and a sweep that returns what the dead left.

It knows kinds and ids, leases and threads; what a job does is its kind's business. The rows are the truth: nothing
about a job lives only in memory, so a kill at any moment loses none.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from shared.clock import Clock, utc_now
from shared.errors import BecauseFutureError
from shared.logger import get_logger, log_context
from shared.metrics import JOBS_RUNNING, JOBS_WAITING

try:
    import fcntl
except ImportError:  # Windows: leases alone tell who is dead
    fcntl = None  # type: ignore[assignment]

log = get_logger(__name__)
SWEEP_SECONDS = 1.0
TIDY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process holds. `attempt` is the fence: what an older attempt writes is refused."""

    kind: str
    job_id: str
    owner: str
    attempt: int
    lost: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set when going on is pointless: cancelled, deleted, or taken over by another process."""


class JobKind(Protocol):
    """A table whose rows are jobs, and what is done with one. Times are passed as `clock()` gives them."""

    def claim(self, owner: str, lease: timedelta) -> tuple[str, int] | None:
        """Take the next waiting row with one guarded statement: (job id, attempt number)."""

    def renew(self, owner: str, job_ids: Sequence[str], lease: timedelta) -> set[str]:
        """Prolong the leases of these jobs; the ids that the owner still holds and that are still wanted."""

    def release(self, claim: Claim) -> None:
        """Give the row back unharmed, as if it had not been claimed."""

    def owners(self) -> set[str]:
        """Who holds rows now."""

    def recover(self, dead_owners: Sequence[str]) -> None:
        """Return rows with an expired lease or a dead owner to the queue, or end them when tried too often."""

    def waiting(self) -> int:
        """How many rows wait."""

    def tidy(self) -> None:
        """Remove what is kept no longer; called about once a minute."""

    def run(self, claim: Claim) -> None:
        """Do the work and finish the row, only if it is still held."""


class ProcessMark:
    """Tells the living from the dead: a locked file that the operating system frees when its process ends."""

    def __init__(self, folder: Path) -> None:
        self.owner = secrets.token_hex(8)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / self.owner).open("w")
        if fcntl:
            fcntl.flock(self._file, fcntl.LOCK_EX)  # waits while another process asks whether we are dead

    def is_dead(self, owner: str) -> bool:
        """True only when it is certain; False also when nothing is known, then the lease decides."""
        if owner == self.owner or not fcntl:
            return False
        try:
            with (self._folder / owner).open("r") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):  # it lives, or was taken care of, or runs on another machine
            return False
        return True

    def bury(self, owner: str) -> None:
        (self._folder / owner).unlink(missing_ok=True)

    def bury_all_dead(self) -> None:
        """Remove the marks of processes that are gone; call it once their rows were taken care of."""
        for path in self._folder.iterdir():
            if self.is_dead(path.name):
                self.bury(path.name)

    def close(self) -> None:
        self._file.close()
        self.bury(self.owner)


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
        clock: Clock = utc_now,
    ) -> None:
        self._kinds = kinds
        self._mark = mark
        self._lease = timedelta(seconds=lease_seconds)
        self._inline = inline
        self._clock = clock
        self._changed = threading.Condition()
        self._signals = 0
        self._stopping = False
        self._running: dict[tuple[str, str], Claim] = {}
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(threads)]
        self._sweeper = threading.Thread(target=self._sweep_forever, name="job-sweep", daemon=True)

    # --- for services ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what an earlier process left, then begin to work."""
        self._recover()
        self._mark.bury_all_dead()
        if not self._inline:
            for thread in [*self._threads, self._sweeper]:
                thread.start()

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
            self._changed.wait_for(lambda: not self._running, grace_seconds)
            left = list(self._running.values())
        for claim in left:
            claim.lost.set()
            self._kinds[claim.kind].release(claim)
        self._mark.close()

    # --- threads ---------------------------------------------------------------------------------------------------

    def _signal(self, count: int) -> None:
        with self._changed:
            self._signals = min(self._signals + count, len(self._threads))
            self._changed.notify(count)

    def _work(self) -> None:
        while self._wait():
            self._drain()

    def _wait(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._signals > 0 or self._stopping)
            self._signals = max(0, self._signals - 1)
            return not self._stopping

    def _drain(self) -> None:
        while claim := self._claim():
            self._run(claim)

    def _claim(self) -> Claim | None:
        if self._stopping:
            return None
        for name, kind in self._kinds.items():
            try:
                found = kind.claim(self._mark.owner, self._lease)
            except BecauseFutureError as error:  # a busy database: the sweep will signal again
                log.warning("no claim: %s", error.error_code)
                continue
            if found:
                claim = Claim(name, found[0], self._mark.owner, found[1])
                with self._changed:
                    self._running[name, claim.job_id] = claim
                return claim
        return None

    def _run(self, claim: Claim) -> None:
        with log_context(job_id=claim.job_id):
            try:
                self._kinds[claim.kind].run(claim)
            except Exception:
                # Its lease is renewed no more: once it has run out, the job is taken up again.
                log.exception("a job's end could not be recorded")
        with self._changed:
            self._running.pop((claim.kind, claim.job_id), None)
            self._changed.notify_all()

    def _sweep_forever(self) -> None:
        every = {self._renew: self._lease.total_seconds() / 3, self._tidy: TIDY_SECONDS, self._look: SWEEP_SECONDS}
        due = {step: time.monotonic() + seconds for step, seconds in every.items()}
        while not self._stopping:
            for step, seconds in every.items():
                if time.monotonic() >= due[step]:
                    _guarded(step)
                    due[step] = time.monotonic() + seconds
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, min(SWEEP_SECONDS, self._lease.total_seconds() / 6))

    def _look(self) -> None:
        self._recover()
        waiting = sum(kind.waiting() for kind in self._kinds.values())
        JOBS_WAITING.set(waiting)
        JOBS_RUNNING.set(self.running())
        self._signal(waiting)

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
        for kind in self._kinds.values():
            kind.recover([owner for owner in kind.owners() if self._mark.is_dead(owner)])


def _guarded(step: Callable[[], None]) -> None:
    """The sweep goes on whatever happens: it is what brings lost jobs back."""
    try:
        step()
    except Exception:
        log.exception("sweep failed")
