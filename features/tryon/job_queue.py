"""What a try-on job does, from claimed row to stored picture, and the queue that clients' requests go through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from features.tryon.leases import LeaseTable
from features.tryon.links import GarmentLinks
from features.tryon.model import KIND, JobError, ResultFacts, Stage, TryOnJob, TryOnJobTable
from features.tryon.pictures import JobPictures
from features.tryon.retention import Retention
from features.tryon.usage import JobLedger, ProviderCallTable
from shared.clock import Clock, utc_now
from shared.engines.base import Deadline, EngineResult
from shared.engines.chain import EngineChain
from shared.errors import (
    BecauseFutureError,
    DatabaseBusyError,
    DatabaseError,
    ExternalServiceError,
    InternalError,
    JobCancelledError,
)
from shared.jobs import Claim, JobEngine
from shared.logger import get_logger
from shared.metrics import JOB_SECONDS, JOBS

log = get_logger(__name__)


@dataclass(frozen=True)
class WorkLimits:
    timeout_seconds: float = 300
    max_attempts: int = 3
    max_provider_calls: int = 3
    retention: timedelta = timedelta(days=90)


class TryOnWork:
    """The JobKind of try-ons. Thread-safe: all workers share it."""

    def __init__(
        self,
        leases: LeaseTable,
        jobs: TryOnJobTable,
        calls: ProviderCallTable,
        pictures: JobPictures,
        chain: EngineChain,
        retention: Retention,
        links: GarmentLinks,
        limits: WorkLimits,
        clock: Clock = utc_now,
    ) -> None:
        self._leases = leases
        self._jobs = jobs
        self._calls = calls
        self._pictures = pictures
        self._chain = chain
        self._retention = retention
        self._links = links
        self._limits = limits
        self._clock = clock

    # --- JobKind ---------------------------------------------------------------------------------------------------

    def claim(self, owner: str, lease: timedelta) -> tuple[str, int] | None:
        return self._leases.claim(owner, self._clock(), lease)

    def renew(self, owner: str, job_ids: Sequence[str], lease: timedelta) -> set[str]:
        return self._leases.renew(owner, job_ids, self._clock(), lease)

    def release(self, claim: Claim) -> None:
        self._leases.release(claim, self._clock())

    def owners(self) -> set[str]:
        return self._leases.owners()

    def recover(self, dead_owners: Sequence[str]) -> None:
        now = self._clock()
        for job_id in self._leases.recover(dead_owners, now, self._limits.max_attempts, self._has_result):
            self._calls.give_up(job_id, now)
            JOBS.labels("recovered", "none").inc()

    def _has_result(self, job_id: str) -> bool:
        job = self._jobs.get(job_id)
        return job is not None and self._pictures.has_result(job)

    def waiting(self) -> int:
        return self._jobs.waiting()

    def tidy(self) -> None:
        self._retention.sweep()

    def run(self, claim: Claim) -> None:
        """What goes wrong in the job itself becomes the job's error. Only a database that cannot be written raises:
        then nothing can be recorded, and the job is taken up again."""
        job = self._jobs.get(claim.job_id)
        if job is None:
            return
        try:
            self._try_on(claim, job)
        except JobCancelledError:
            if self._leases.finish_cancelled(claim, self._clock()):
                JOBS.labels("cancelled", "none").inc()
        except (DatabaseError, DatabaseBusyError):
            raise
        except BecauseFutureError as error:
            self._fail(claim, job, error)
        except Exception as error:
            log.exception("a job ended with an unforeseen error")
            self._fail(claim, job, InternalError("Something went wrong on our side. Start the job again."), error)

    # --- one job ---------------------------------------------------------------------------------------------------

    def _try_on(self, claim: Claim, job: TryOnJob) -> None:
        deadline = Deadline(self._limits.timeout_seconds, cancelled=claim.lost)
        self._calls.give_up(job.job_id, self._clock())
        stored = self._pictures.stored_result(job, claim.attempt)
        if stored is not None:  # an earlier attempt got this far, and was paid for
            self._finish(claim, job, *stored)
            return
        if any(item["key"] is None for item in job.request["garments"]):
            self._report(claim, Stage.FETCHING_PRODUCT, 8)
            job = self._with_fetched_garments(claim, job, deadline)
        self._report(claim, Stage.PREPARING_IMAGES, 20)
        ledger = self._ledger(claim, job)
        wanted = self._pictures.load(job, ledger)
        self._report(claim, Stage.GENERATING, 30)
        allow_preview = bool(job.request["options"].get("allow_preview", True))
        result = self._chain.try_on(wanted, deadline, allow_preview=allow_preview)
        self._report_if_possible(claim, Stage.CHECKING, 80)
        result = _checked(result)
        self._report_if_possible(claim, Stage.STORING, 90)
        self._finish(claim, job, *self._pictures.store_result(job, claim.attempt, result))

    def _with_fetched_garments(self, claim: Claim, job: TryOnJob, deadline: Deadline) -> TryOnJob:
        request = self._links.fetched(job, deadline, self._pictures)
        if not self._leases.update_request(claim, request, self._clock()):
            raise JobCancelledError("The job was cancelled.")
        return replace(job, request=request)

    def _ledger(self, claim: Claim, job: TryOnJob) -> JobLedger:
        return JobLedger(
            self._calls,
            job.job_id,
            job.user_id,
            claim.attempt,
            max_calls=self._limits.max_provider_calls,
            clock=self._clock,
        )

    def _report(self, claim: Claim, stage: Stage, progress: int) -> None:
        if not self._leases.report(claim, stage, progress, self._clock()):
            raise JobCancelledError("The job was cancelled.")

    def _report_if_possible(self, claim: Claim, stage: Stage, progress: int) -> None:
        """From here on there is a picture that may have cost money: a busy database must not lose it."""
        try:
            self._report(claim, stage, progress)
        except (DatabaseError, DatabaseBusyError) as error:
            log.warning("the stage could not be reported: %s", error.error_code)

    def _finish(self, claim: Claim, job: TryOnJob, key: str, facts: ResultFacts) -> None:
        now = self._clock()
        if not self._leases.finish_done(claim, key, facts, now, now + job.kept_for(self._limits.retention)):
            self._pictures.delete(key)
            raise JobCancelledError("The job was cancelled.")
        self._count("done", job, now, facts.engine)

    def _fail(self, claim: Claim, job: TryOnJob, error: BecauseFutureError, cause: BaseException | None = None) -> None:
        now = self._clock()
        told = JobError(error.error_code, error.message, error.retryable, error.details)
        if self._leases.finish_failed(claim, told, now):
            self._count("failed", job, now, "none")
            log.warning("job failed: %s", error.error_code, exc_info=error.__cause__ or cause)

    def _count(self, status: str, job: TryOnJob, now: datetime, engine: str) -> None:
        JOBS.labels(status, engine).inc()
        started = job.started_at or now
        JOB_SECONDS.labels(engine).observe(max(0.0, (now - started).total_seconds()))
        log.info("job ended", extra={"status": status, "engine": engine, "attempt": job.attempts})


def _checked(result: EngineResult) -> EngineResult:
    """A picture of one colour is no picture, whoever made it."""
    darkest_and_brightest = result.image.convert("L").getextrema()
    if darkest_and_brightest[0] == darkest_and_brightest[1]:
        raise ExternalServiceError("The engine returned an empty picture. Try again.")
    return result


class JobQueue:
    """The specification's name for the way in: rows are added by the service, this wakes the workers."""

    def __init__(self, engine: JobEngine, jobs: TryOnJobTable) -> None:
        self._engine = engine
        self._jobs = jobs

    def create_job(self, job_id: str) -> None:
        """Tell the workers that a committed row waits."""
        self._engine.submit(KIND, job_id)

    def cancel(self, job_id: str) -> None:
        self._engine.cancel(KIND, job_id)

    def get_job_status(self, job_id: str, user_id: str) -> TryOnJob | None:
        return self._jobs.get_for_user(job_id, user_id)

    def stop(self, grace_seconds: float = 0) -> None:
        self._engine.stop(grace_seconds)
