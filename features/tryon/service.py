"""Use cases of jobs that exist: look, cancel, keep, rate. No Flask, no SQL."""

from __future__ import annotations

from datetime import timedelta

from features.tryon.job_queue import JobQueue
from features.tryon.model import HistoryFilter, JobStatus, TryOnJob, TryOnJobTable
from features.tryon.pictures import JobPictures
from features.tryon.schemas import JobView
from features.tryon.views import JobViews
from features.tryon.waiting import JobChanges
from shared.clock import Clock, utc_now
from shared.errors import JobCancelledError, JobFailedError, NotFoundError, ResultExpiredError


class TryOnService:
    def __init__(
        self,
        jobs: TryOnJobTable,
        views: JobViews,
        pictures: JobPictures,
        queue: JobQueue,
        changes: JobChanges,
        retention: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        """`retention`: how long a picture is kept."""
        self._jobs = jobs
        self._views = views
        self._pictures = pictures
        self._queue = queue
        self._changes = changes
        self._retention = retention
        self._clock = clock

    # --- look ------------------------------------------------------------------------------------------------------

    def get(self, user_id: str, job_id: str) -> JobView:
        return self._views.of(self._own(user_id, job_id))

    def history(self, user_id: str, wanted: HistoryFilter) -> tuple[list[JobView], str | None]:
        jobs, cursor = self._jobs.history(user_id, wanted)
        return self._views.of_many(jobs), cursor

    def result_key(self, job: TryOnJob) -> str | None:
        """Where the picture lies; None before the end, and after its time."""
        expired = job.expires_at is not None and job.expires_at <= self._clock()
        return None if expired else job.result_image_path

    def finished_result(self, user_id: str, job_id: str) -> tuple[JobView, str | None]:
        """The key of the picture, or None while the job runs. Raises JobFailedError, JobCancelledError,
        ResultExpiredError."""
        view = self.get(user_id, job_id)
        if view.job.status == JobStatus.FAILED and view.job.error:
            raise JobFailedError(view.job.error.message, details={"error": view.job.error.to_dict()})
        if view.job.status == JobStatus.CANCELLED:
            raise JobCancelledError("The job was cancelled.")
        key = self.result_key(view.job)
        if view.job.status == JobStatus.DONE and key is None:
            raise ResultExpiredError("The picture was deleted after its keeping time. Start a new try-on.")
        return view, key

    def _own(self, user_id: str, job_id: str) -> TryOnJob:
        job = self._jobs.get_for_user(job_id, user_id)
        if job is None:
            raise NotFoundError("There is no such job.")
        return job

    # --- change ----------------------------------------------------------------------------------------------------

    def remove(self, user_id: str, job_id: str) -> str:
        """'cancelled': it had not begun. 'cancelling': it stops at its next step. 'deleted': it had ended."""
        job = self._own(user_id, job_id)
        now = self._clock()
        if self._jobs.cancel_waiting(job_id, user_id, now):
            self._changes.changed(job_id)
            self._pictures.delete_inputs(user_id, job_id)
            self._pictures.delete_results(job)  # an attempt that was interrupted may have left one
            return "cancelled"
        if self._jobs.request_cancel(job_id, user_id, now):
            self._queue.cancel(job_id)
            return "cancelling"
        gone = self._jobs.delete_ended(job_id, user_id)
        if gone is not None:
            self._changes.changed(job_id)
            self._pictures.delete_inputs(user_id, job_id)
            self._pictures.delete_results(gone)
            return "deleted"
        return self.remove(user_id, job_id)  # it changed between two steps: look again

    def set_favorite(self, user_id: str, job_id: str, favorite: bool) -> JobView:
        """Favourites are kept; the keeping time of others runs from now on when the mark is taken away."""
        if favorite:
            self._jobs.set_favorite(job_id, user_id)
        else:
            kept = self._own(user_id, job_id).kept_for(self._retention)
            self._jobs.unset_favorite(job_id, user_id, self._clock() + kept)
        return self.get(user_id, job_id)

    def set_rating(self, user_id: str, job_id: str, rating: int) -> JobView:
        """-1, 0 or 1. A picture that its owner does not like is never given as the answer to a later equal request."""
        self._jobs.set_rating(job_id, user_id, rating)
        return self.get(user_id, job_id)

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        for job_id in self._jobs.running_ids(user_id):
            self._queue.cancel(job_id)
        return {"jobs": self._jobs.count(user_id)}

    def erase(self, user_id: str) -> dict[str, int]:
        return {"files": self._pictures.delete_user(user_id)}
