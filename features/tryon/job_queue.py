"""What a try-on job does, from claimed row to stored picture, and the queue that clients' requests go through."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from features.tryon.claims import ClaimTable
from features.tryon.leases import LeaseTable
from features.tryon.ledger import JobLedger, Ledger
from features.tryon.links import GarmentLinks
from features.tryon.model import KIND, JobError, ResultFacts, Stage, TryOnJob, TryOnJobTable
from features.tryon.patience import patiently
from features.tryon.pictures import JobPictures
from features.tryon.result_cache import ResultCache, picture_of
from features.tryon.retention import Retention
from features.tryon.stages import GENERATING_PROGRESS, ToldStages
from features.tryon.waiting import JobChanges
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
from shared.job_owners import Held
from shared.jobs import Claim, JobEngine
from shared.logger import get_logger
from shared.metrics import JOB_SECONDS, JOBS, JOBS_RECOVERED

log = get_logger(__name__)


@dataclass(frozen=True)
class WorkLimits:
    timeout_seconds: float = 300
    max_attempts: int = 3
    retention: timedelta = timedelta(days=90)


class TryOnWork:
    """The JobKind of try-ons. Thread-safe: all workers share it."""

    def __init__(
        self,
        claims: ClaimTable,
        leases: LeaseTable,
        jobs: TryOnJobTable,
        ledger: Ledger,
        pictures: JobPictures,
        chain: EngineChain,
        cache: ResultCache,
        retention: Retention,
        links: GarmentLinks,
        limits: WorkLimits,
        changes: JobChanges,
        clock: Clock = utc_now,
    ) -> None:
        self._claims = claims
        self._leases = leases
        self._jobs = jobs
        self._ledger = ledger
        self._pictures = pictures
        self._chain = chain
        self._cache = cache
        self._retention = retention
        self._links = links
        self._limits = limits
        self._changes = changes
        self._clock = clock

    # --- JobKind ---------------------------------------------------------------------------------------------------

    def claim(self, owner: str, lease: timedelta) -> tuple[str, int, TryOnJob] | None:
        job = self._claims.claim(owner, self._clock(), lease)
        if job is None:
            return None
        self._changes.changed(job.job_id)
        return job.job_id, job.attempts, job

    def renew(self, owner: str, job_ids: Sequence[str], lease: timedelta) -> set[str]:
        return self._leases.renew(owner, job_ids, self._clock(), lease)

    def release(self, claim: Claim) -> None:
        now = self._clock()
        self._ledger.give_up(claim.job_id, now)
        self._leases.release(claim, now)
        self._changes.changed(claim.job_id)

    def held(self) -> Sequence[Held]:
        return self._leases.held()

    def take_back(self, orphan: Held) -> None:
        now = self._clock()
        self._ledger.give_up(orphan.job_id, now)  # first: once the row waits again, its owner may cancel or delete it
        status = self._leases.take_back(orphan, now, self._limits.max_attempts, self._has_result)
        if status == "queued":
            JOBS_RECOVERED.inc()
            self._changes.changed(orphan.job_id)
        elif status:
            self._ended_by_sweep(orphan.job_id, status)
            self._drop_answers(orphan.job_id)

    def end_late(self) -> None:
        for job_id in self._leases.end_late(self._clock()):
            self._ended_by_sweep(job_id, "failed")

    def _ended_by_sweep(self, job_id: str, status: str) -> None:
        self._changes.changed(job_id)
        JOBS.labels(status, "none").inc()

    def _drop_answers(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is not None:
            self._ledger.drop_answers(job.user_id, job_id)

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
        job: TryOnJob = claim.row
        books = self._ledger.of(job.job_id, job.user_id, claim.attempt)
        self._to_its_end(claim, job, books)
        if books.may_have_answers and self._has_ended(job.job_id):
            self._ledger.drop_answers(job.user_id, job.job_id)

    def _has_ended(self, job_id: str) -> bool:
        job = self._jobs.get(job_id)
        return job is None or job.ended

    def _to_its_end(self, claim: Claim, job: TryOnJob, books: JobLedger) -> None:
        try:
            self._try_on(claim, job, books)
        except JobCancelledError:
            self._end_cancelled(claim)
        except (DatabaseError, DatabaseBusyError):
            raise
        except BecauseFutureError as error:
            self._fail(claim, job, error)
        except Exception as error:
            log.exception("a job ended with an unforeseen error")
            self._fail(claim, job, InternalError("Something went wrong on our side. Start the job again."), error)

    # --- one job ---------------------------------------------------------------------------------------------------

    def _try_on(self, claim: Claim, job: TryOnJob, books: JobLedger) -> None:
        deadline = Deadline(self._limits.timeout_seconds, cancelled=claim.lost)
        if claim.attempt > 1:
            self._ledger.give_up(job.job_id, self._clock())
        stored = patiently(lambda: self._pictures.stored_result(job, claim.attempt), deadline)
        if stored is not None:  # an earlier attempt got this far, and was paid for
            self._finish(claim, job, *stored)
            return
        if any(item["key"] is None for item in job.request["garments"]):
            self._report(claim, Stage.FETCHING_PRODUCT, 8)
            job = self._with_fetched_garments(claim, job, deadline)
            if self._cache.is_being_made(job):  # known only now: back into the queue, where it waits for that one
                self.release(claim)
                return
            self._report(claim, Stage.PREPARING_IMAGES, 20)  # claiming says so already when there is nothing to fetch
        if self._is_answered(claim, job, deadline):
            return
        result = _checked(self._painted(claim, job, books, deadline))
        self._report_if_possible(claim, Stage.STORING, 90)
        stored = patiently(lambda: self._pictures.store_result(job, claim.attempt, result), deadline)
        self._finish(claim, job, *stored)

    def _painted(self, claim: Claim, job: TryOnJob, books: JobLedger, deadline: Deadline) -> EngineResult:
        wanted = self._pictures.load(job, books)
        self._report(claim, Stage.GENERATING, GENERATING_PROGRESS)
        stages = ToldStages(lambda stage, progress: self._report_if_wanted(claim, stage, progress))
        allow_preview = bool(job.request["options"].get("allow_preview", True))
        return self._chain.try_on(replace(wanted, stages=stages), deadline, allow_preview=allow_preview)

    def _with_fetched_garments(self, claim: Claim, job: TryOnJob, deadline: Deadline) -> TryOnJob:
        request = self._links.fetched(job, deadline, self._pictures)
        key = self._cache.key_of(job.person_image_path, request)
        request = {**request, "content_key": key}
        in_row = None if request["options"].get("force_refresh") else key
        if not self._leases.update_request(claim, request, in_row, self._clock()):
            raise JobCancelledError("The job was cancelled.")
        return replace(job, request=request, content_key=in_row)

    def _is_answered(self, claim: Claim, job: TryOnJob, deadline: Deadline) -> bool:
        """By a job with the same content: with its picture, or with the failure of what both waited for."""
        source = self._cache.answer_for(job)
        if source is None:
            return False
        if source.error is not None:
            self._end_failed(claim, job, source.error)
            return True
        key = patiently(lambda: self._pictures.copy_result(source, job, claim.attempt), deadline)
        if key is None:
            return False
        facts = ResultFacts(source.engine or "", source.model, bool(source.preview), source.warnings, source.checks)
        self._finish(claim, job, key, facts, picture_of(source))
        return True

    def _report(self, claim: Claim, stage: Stage, progress: int) -> None:
        if not self._leases.report(claim, stage, progress, self._clock()):
            raise JobCancelledError("The job was cancelled.")
        self._changes.changed(claim.job_id)

    def _report_if_possible(self, claim: Claim, stage: Stage, progress: int) -> None:
        """From here on there is a picture that may have cost money: a busy database must not lose it."""
        try:
            self._report(claim, stage, progress)
        except (DatabaseError, DatabaseBusyError) as error:
            log.warning("the stage could not be reported: %s", error.error_code)

    def _report_if_wanted(self, claim: Claim, stage: Stage, progress: int) -> None:
        """Within an engine: what it holds was paid for and shall be settled as it was, so a cancel is told later."""
        with suppress(JobCancelledError):
            self._report_if_possible(claim, stage, progress)

    def _finish(self, claim: Claim, job: TryOnJob, key: str, facts: ResultFacts, made_by: str | None = None) -> None:
        """`made_by`: the job whose picture it is, when another one made it."""
        now = self._clock()
        expires_at = now + job.kept_for(self._limits.retention)
        content = job.request.get("content_key")
        if not self._leases.finish_done(claim, key, facts, now, expires_at, content, made_by):
            self._pictures.delete(key)
            raise JobCancelledError("The job was cancelled.")
        self._changes.changed(claim.job_id)
        self._count("done", job, now, "cache" if made_by else facts.engine)

    def _fail(self, claim: Claim, job: TryOnJob, error: BecauseFutureError, cause: BaseException | None = None) -> None:
        told = JobError(error.error_code, error.message, error.retryable, error.details)
        if self._end_failed(claim, job, told):
            log.warning("job failed: %s", error.error_code, exc_info=error.__cause__ or cause)

    def _end_failed(self, claim: Claim, job: TryOnJob, told: JobError) -> bool:
        now = self._clock()
        ended = self._leases.finish_failed(claim, told, now)
        if ended:
            self._changes.changed(claim.job_id)
            self._count("failed", job, now, "none")
        else:
            self._end_cancelled(claim)
        return ended

    def _end_cancelled(self, claim: Claim) -> None:
        """Only if it was cancelled: whoever merely lost the row leaves it to its new owner."""
        if self._leases.finish_cancelled(claim, self._clock()):
            self._changes.changed(claim.job_id)
            JOBS.labels("cancelled", "none").inc()

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
