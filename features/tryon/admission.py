"""Whether there is room for more jobs: of this user, in the queue, and in what may be spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from features.tryon.model import TryOnJobTable
from features.tryon.views import JobViews
from shared.errors import QueueFullError, TooManyJobsError


@dataclass(frozen=True)
class Room:
    """`queue_size`: jobs that may wait. `jobs_per_user`: unfinished ones, waiting and running. `spends`: the engine
    that is asked first costs money. `has_preview`: one that costs nothing can step in."""

    queue_size: int = 50
    jobs_per_user: int = 50
    spends: bool = False
    has_preview: bool = False


class KnowsBudgets(Protocol):
    def check(self, user_id: str) -> None:
        """Raises BudgetExhaustedError when the user's next paid call would not be allowed."""


class Admission:
    def __init__(self, jobs: TryOnJobTable, views: JobViews, budgets: KnowsBudgets, room: Room) -> None:
        self._jobs = jobs
        self._views = views
        self._budgets = budgets
        self._room = room

    def check_room(self, user_id: str, new: int) -> None:
        """Raises TooManyJobsError, QueueFullError. Inside of the unit of work that adds the jobs, none slips past."""
        if new == 0:
            return
        own = self._jobs.unfinished(user_id)
        if own + new > self._room.jobs_per_user:
            raise TooManyJobsError(
                f"You have {own} unfinished try-ons of at most {self._room.jobs_per_user}. Nothing was created.",
                details={"unfinished": own, "limit": self._room.jobs_per_user},
                retry_after_seconds=self._views.typical_seconds(),
            )
        if self._jobs.waiting() + new > self._room.queue_size:
            wait = self._views.typical_seconds()
            raise QueueFullError("Too many try-ons are waiting. Nothing was created.", retry_after_seconds=wait)

    def check_budget(self, user_id: str, *, allow_preview: bool) -> None:
        """Raises BudgetExhaustedError where only a paid engine could answer, and may not be asked."""
        if self._room.spends and not (allow_preview and self._room.has_preview):
            self._budgets.check(user_id)
