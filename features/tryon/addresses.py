"""Where a job is found on the web: absolute addresses of this server."""

from __future__ import annotations

from collections.abc import Callable

from features.tryon.model import TryOnJob
from features.tryon.schemas import JobView
from features.tryon.service import TryOnService
from shared.clock import utc_now
from shared.image_links import ImageLinks
from shared.middleware import resolve
from shared.url_utils import image_url, to_absolute_url


def job_links(job_id: str) -> dict[str, str | None]:
    """The four addresses that a new job is answered with."""
    status_url = to_absolute_url(f"/api/job/{job_id}")
    return {
        "status_url": status_url,
        "result_url": status_url + "/result",
        "cancel_url": status_url,
        "events_url": status_url + "/events",
    }


def shown(view: JobView) -> dict[str, object]:
    """The job with the address of its picture, as long as there is one."""
    key = resolve(TryOnService).result_key(view.job)
    return view.to_dict(image_url(key) if key else None)


def result_addresses() -> Callable[[TryOnJob], str | None]:
    """The address of a job's picture, for use when the request is over and only its answer is still being sent."""
    service, links, base = resolve(TryOnService), resolve(ImageLinks), to_absolute_url("")

    def address(job: TryOnJob) -> str | None:
        key = service.result_key(job)
        return base + links.sign(key, utc_now()) if key else None

    return address
