"""Garments that come as links: the page becomes a picture and words, in the worker, through the guarded fetcher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.garments.categories import garment_type_of
from features.garments.packshots import Packshots
from features.garments.product import Product, Reason
from features.garments.service import GarmentService
from features.tryon.model import TryOnJob
from features.tryon.modesty import refuse_underwear_and_swimwear
from features.tryon.pictures import JobPictures
from shared.cpu import CpuGate
from shared.engines.base import Deadline, GarmentType
from shared.errors import ExtractionError
from shared.image_formats import ImageLimits
from shared.image_processing import PreparedImage


@dataclass(frozen=True)
class LinkedGarment:
    image: PreparedImage
    garment_type: GarmentType
    details: Mapping[str, str]


DRESSING_ORDER = ("lower", "dress", "full", "upper", "outer", "shoes", "accessory", "auto")


class GarmentLinks:
    def __init__(
        self,
        garments: GarmentService,
        limits: ImageLimits,
        gate: CpuGate,
        *,
        allow_underwear_and_swimwear: bool = False,
    ) -> None:
        self._packshots = Packshots(garments, limits, gate, gate.background)
        self._allow_underwear_and_swimwear = allow_underwear_and_swimwear

    def fetched(self, job: TryOnJob, deadline: Deadline, pictures: JobPictures) -> dict[str, Any]:
        """The job's request with a stored picture, a type and words for every garment, in order of dressing.

        Raises ExtractionError with its reason, ImageRejectedError for a picture that cannot be used,
        ContentBlockedError for a page that sells underwear or swimwear where these are not allowed.
        """
        garments = [
            item if item["key"] else self._fetched(job, number, item, deadline, pictures)
            for number, item in enumerate(job.request["garments"], 1)
        ]
        garments.sort(key=lambda item: DRESSING_ORDER.index(item["type"]))
        return {**job.request, "garments": garments}

    def _fetched(
        self, job: TryOnJob, number: int, item: Mapping[str, Any], deadline: Deadline, pictures: JobPictures
    ) -> dict[str, Any]:
        found = self._resolved(item, deadline)
        key = pictures.store_garment(job.user_id, job.job_id, number, found.image)
        return {**item, "key": key, "type": found.garment_type.value, "details": dict(found.details)}

    def _resolved(self, item: Mapping[str, Any], deadline: Deadline) -> LinkedGarment:
        """The error says which link; a new one, for requests that wait for the same page share theirs."""
        try:
            return self.resolve(item["url"], GarmentType(item["type"]), item["details"], deadline)
        except ExtractionError as error:
            named = ExtractionError(error.message, details={**error.details, "url": item["url"]})
            named.retryable = error.retryable  # type: ignore[misc]
            raise named from error

    def resolve(self, url: str, wanted: GarmentType, details: Mapping[str, str], deadline: Deadline) -> LinkedGarment:
        """`details` are the client's and win over the page's; `wanted` wins over what the page seems to sell."""
        product = self._packshots.product(url, deadline)
        if product is None:
            return LinkedGarment(self._packshots.first([url], deadline), wanted, details)
        if product.wearable is False and wanted is GarmentType.AUTO:
            raise _not_wearable(product)
        said = _details(product)
        if not self._allow_underwear_and_swimwear:
            refuse_underwear_and_swimwear(said)
        image = self._packshots.best(product, deadline)
        return LinkedGarment(image, _worn_as(product, wanted), {**said, **details})


def _worn_as(product: Product, wanted: GarmentType) -> GarmentType:
    if wanted is not GarmentType.AUTO:
        return wanted
    return GarmentType(garment_type_of(product.type, product.category) or GarmentType.AUTO)


def _details(product: Product) -> dict[str, str]:
    """What the prompt may use: quoted there as data, never followed."""
    found: dict[str, Any] = {
        "title": product.title,
        "brand": product.brand,
        "category": product.type,
        "color": product.selected_color or (product.colors[0] if len(product.colors) == 1 else None),
        "material": product.material,
    }
    return {name: str(value)[:200] for name, value in found.items() if value}


def _not_wearable(product: Product) -> ExtractionError:
    return ExtractionError(
        "This page does not sell something to wear. If it does, send garment_type with the request.",
        details={"reason": Reason.NOT_A_PRODUCT.value},
    )
