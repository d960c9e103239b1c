"""Where a job is found on the web: absolute addresses of this server."""

from __future__ import annotations

from features.tryon.schemas import JobView
from features.tryon.service import TryOnService
from shared.middleware import resolve
from shared.url_utils import image_url, to_absolute_url


def job_links(job_id: str) -> dict[str, str | None]:
    """The four addresses that a new job is answered with."""
    status_url = to_absolute_url(f"/api/job/{job_id}")
    return {
        "status_url": status_url,
        "result_url": status_url + "/result",
        "cancel_url": status_url,
        "events_url": None,
    }


def shown(view: JobView) -> dict[str, object]:
    """The job with the address of its picture, as long as there is one."""
    key = resolve(TryOnService).result_key(view.job)
    return view.to_dict(image_url(key) if key else None)
