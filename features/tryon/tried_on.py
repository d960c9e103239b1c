"""What the wardrobe may know of a job: the garment that was tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.tryon.model import JobStatus, TryOnJobTable
from features.tryon.pictures import JobPictures
from features.wardrobe.tried_on import TriedOn
from shared.engines.base import GarmentType
from shared.errors import ConflictError, NotFoundError, ResultExpiredError, ValidationError

Garment = Mapping[str, Any]


class FinishedJobs:
    """The KnowsJobs of the wardrobe."""

    def __init__(self, jobs: TryOnJobTable, pictures: JobPictures) -> None:
        self._jobs = jobs
        self._pictures = pictures

    def garment_of_job(self, user_id: str, job_id: str, number: int | None) -> TriedOn:
        job = self._jobs.get_for_user(job_id, user_id)
        if job is None:
            raise NotFoundError("There is no such try-on.")
        if job.status != JobStatus.DONE:
            raise ConflictError("Only the garment of a finished try-on can be added.")
        garment = _chosen(job.request["garments"], number)
        picture = self._pictures.kept(garment["key"])
        if picture is None and not garment["url"]:
            raise ResultExpiredError("The garment's picture was deleted after its keeping time. Upload it again.")
        worn = garment["type"]
        return TriedOn(picture, None if worn == GarmentType.AUTO else worn, garment["url"], garment["details"])


def _chosen(garments: Sequence[Garment], number: int | None) -> Garment:
    if number is None and len(garments) > 1:
        raise _wrong(f"is needed: this try-on has {len(garments)} garments, numbered from 0 in order of dressing")
    if (number or 0) >= len(garments):
        raise _wrong(f"must be less than the number of garments, which is {len(garments)}")
    return garments[number or 0]


def _wrong(sentence: str) -> ValidationError:
    return ValidationError(f"garment_index {sentence}.", fields={"garment_index": sentence})
