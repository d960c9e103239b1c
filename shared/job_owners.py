"""Who works on a row, and whether it still does: told by locked files and by silence, never by the time of day."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: silence alone tells who is dead
    fcntl = None  # type: ignore[assignment]


class Life(Enum):
    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """It runs on another machine, or left no mark: then only its silence tells."""


class ProcessMark:
    """Tells the living from the dead: a locked file that the operating system frees when its process ends."""

    def __init__(self, folder: Path) -> None:
        self.owner = secrets.token_hex(8)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / self.owner).open("w")
        if fcntl:
            fcntl.flock(self._file, fcntl.LOCK_EX)  # waits while another process asks whether we are dead

    def life(self, owner: str) -> Life:
        if owner == self.owner:
            return Life.ALIVE
        if not fcntl:
            return Life.UNKNOWN
        try:
            with (self._folder / owner).open("r") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Life.ALIVE
        except FileNotFoundError:
            return Life.UNKNOWN
        return Life.DEAD

    def is_dead(self, owner: str) -> bool:
        """True only when it is certain."""
        return self.life(owner) is Life.DEAD

    def bury_all_dead(self) -> None:
        """Remove the marks of processes that are gone; call it once their rows were taken care of."""
        for path in self._folder.iterdir():
            if self.is_dead(path.name):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """From now on this process counts as dead; its file stays until the next start has looked after its rows."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Held:
    """A row that somebody works on. `beat` changes with every renewal of its lease."""

    job_id: str
    owner: str
    beat: str


class LeaseWatch:
    """Finds the rows of one table that nobody works on any more.

    Of a dead process: at once. Of a living process of this machine: never. Of this process, when the job does not run
    here (its end could not be recorded), and of strangers: when the row was silent for a lease, by the monotonic clock.
    So a wall clock that jumps neither takes a job from its worker nor keeps one from being taken up.
    """

    def __init__(self, mark: ProcessMark, lease_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._mark = mark
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._silent_since: dict[Held, float] = {}

    def orphans(self, held: Sequence[Held], running_here: Collection[str]) -> list[Held]:
        """`running_here`: ids of jobs that a thread of this process works on. Call it again and again: what it saw
        before counts."""
        silent = [row for row in held if self._may_be_orphan(row, running_here)]
        now = self._clock()
        self._silent_since = {row: self._silent_since.get(row, now) for row in silent}
        return [row for row in silent if self._is_over(row, now)]

    def _may_be_orphan(self, row: Held, running_here: Collection[str]) -> bool:
        if row.owner == self._mark.owner:
            return row.job_id not in running_here
        return self._mark.life(row.owner) is not Life.ALIVE

    def _is_over(self, row: Held, now: float) -> bool:
        return self._mark.is_dead(row.owner) or now - self._silent_since[row] >= self._lease_seconds
