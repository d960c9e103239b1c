"""What stands between an engine and a paid call: caps are asked and the row committed before the call is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from features.tryon.budgets import Budgets
from features.tryon.kept_answers import KeptAnswers, KeptFacts
from features.tryon.usage import NewCall, ProviderCallTable
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.engines.base import LeftAnswer, Usage
from shared.errors import (
    BudgetExhaustedError,
    DatabaseBusyError,
    DatabaseError,
    JobCancelledError,
    NotFoundError,
)
from shared.logger import get_logger
from shared.metrics import PROVIDER_CALLS, PROVIDER_COST

NO_USAGE = Usage()
log = get_logger(__name__)


class Ledger:
    """Thread-safe; all workers share it."""

    def __init__(
        self,
        db: DatabaseManager,
        calls: ProviderCallTable,
        budgets: Budgets,
        *,
        max_calls: int,
        answers: KeptAnswers | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """`max_calls`: of one job, over all attempts, retries and models. `answers`: None where none are kept."""
        self._db = db
        self._calls = calls
        self._budgets = budgets
        self._max_calls = max_calls
        self._answers = answers
        self._clock = clock

    def of(self, job_id: str, user_id: str, attempt: int) -> JobLedger:
        return JobLedger(self, job_id, user_id, attempt)

    def start(self, call: NewCall) -> str:
        """The id of a committed row. Caps and row in one unit of work: no two workers spend the same last dollar.

        Raises BudgetExhaustedError, and JobCancelledError when this attempt is not wanted any more, as after a cancel
        or when another worker has the job now; then there is no row.
        """
        with self._db.transaction():
            made = self._calls.made_beyond_grants(call.job_id, call.attempt)
            if made is None:
                raise JobCancelledError("The job was cancelled.")
            if made >= self._max_calls:
                raise BudgetExhaustedError(
                    f"This try-on has used its {self._max_calls} calls to the provider.",
                    details={"cap": "calls_per_job", "limit": self._max_calls},
                )
            self._budgets.check(call.user_id, call.reserved_usd)
            return self._calls.add(call, self._clock())

    def settle(self, call_id: str, outcome: str, usage: Usage) -> None:
        """A database that is busy now must not cost the picture that was just paid for: the call stays `started`, and
        becomes `unknown` later; the log has what it cost."""
        try:
            model = self._calls.settle(call_id, outcome, usage, self._clock())
        except (DatabaseError, DatabaseBusyError) as error:
            told = {"call_id": call_id, "outcome": outcome, "cost_usd": usage.cost_usd}
            log.warning("a call could not be settled: %s", error.error_code, extra=told)
            return
        if model:
            PROVIDER_CALLS.labels(model, outcome).inc()
            PROVIDER_COST.labels(model).inc(usage.cost_usd or 0.0)

    def give_up(self, job_id: str, now: datetime) -> None:
        """Calls of earlier attempts that never reported back count as made: at what they cost where the answer was
        kept, else at the price that was reserved."""
        for call in self._calls.of_job(job_id):
            if call.is_open:
                known = self._known(call.user_id, job_id, call.call_id)
                self._calls.give_up(call.call_id, known.usage if known else NO_USAGE, now)

    # --- kept answers ----------------------------------------------------------------------------------------------

    def keep(self, owner: tuple[str, str], call_id: str, picture: bytes, known: KeptFacts) -> bool:
        """`owner`: user and job."""
        return self._answers is not None and self._answers.keep(owner, call_id, picture, known)

    def kept(self, owner: tuple[str, str], call_id: str) -> bytes:
        """Raises NotFoundError."""
        if self._answers is None:
            raise NotFoundError("There is no such picture (any more).")
        return self._answers.picture(owner, call_id)

    def left(self, user_id: str, job_id: str, attempt: int) -> list[LeftAnswer]:
        """Of the attempts before this one."""
        made = [call for call in self._calls.of_job(job_id) if call.attempt < attempt]
        found = [(call, self._known(user_id, job_id, call.call_id)) for call in made]
        return [LeftAnswer(call.call_id, call.outcome, known.usage, known.facts) for call, known in found if known]

    def drop_answers(self, user_id: str, job_id: str) -> None:
        """When the job has ended."""
        if self._answers is not None:
            self._answers.drop((user_id, job_id))

    def _known(self, user_id: str, job_id: str, call_id: str) -> KeptFacts | None:
        return self._answers.known((user_id, job_id), call_id) if self._answers is not None else None


class JobLedger:
    """A CallLedger for one attempt at one job. `may_have_answers`: whether there can be any to be dropped."""

    def __init__(self, ledger: Ledger, job_id: str, user_id: str, attempt: int) -> None:
        self._ledger = ledger
        self._job = (job_id, user_id, attempt)
        self._owner = (user_id, job_id)
        self.may_have_answers = attempt > 1

    def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
        return self._ledger.start(NewCall(*self._job, provider, model, reserve_usd))

    def settle(self, call_id: str, outcome: str, usage: Usage = NO_USAGE) -> None:
        self._ledger.settle(call_id, outcome, usage)

    def keep(self, call_id: str, picture: bytes, usage: Usage, facts: Mapping[str, Any]) -> bool:
        self.may_have_answers = True
        return self._ledger.keep(self._owner, call_id, picture, KeptFacts(usage, facts))

    def kept(self, call_id: str) -> bytes:
        return self._ledger.kept(self._owner, call_id)

    def left(self) -> Sequence[LeftAnswer]:
        _, _, attempt = self._job
        return self._ledger.left(*self._owner, attempt) if attempt > 1 else ()
