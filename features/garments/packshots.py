"""The picture behind a link that shows the garment best: of a product page its packshot, or the address itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

from features.garments.picture import look_at
from features.garments.product import Product, Reason
from features.garments.scraper import is_image_url
from features.garments.service import GarmentService
from shared.cpu import CpuGate
from shared.engines.base import Deadline
from shared.errors import (
    BecauseFutureError,
    ExtractionError,
    ImageRejectedError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
)
from shared.image_formats import ImageLimits
from shared.image_processing import PreparedImage, prepare_photo

TRIED_PICTURES = 3
"""A shop's first address may be gone; its third picture is as far as a garment is still shown as a whole."""
PAGE_SECONDS = 25.0
UNUSABLE = (ExtractionError, ImageRejectedError, UnsupportedMediaTypeError, PayloadTooLargeError)


class Packshots:
    """`turn`: how to wait for the CPU, `gate.background` in a worker, `gate.interactive` where somebody waits."""

    def __init__(
        self,
        garments: GarmentService,
        limits: ImageLimits,
        gate: CpuGate,
        turn: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._garments = garments
        self._limits = limits
        self._gate = gate
        self._turn = turn

    def product(self, url: str, deadline: Deadline) -> Product | None:
        """What the page sells; None when the address is a picture itself. Raises ExtractionError with its reason."""
        deadline.check()
        if is_image_url(url):
            return None
        try:
            return self._garments.scrape(url, deadline_seconds=_seconds(deadline)).product
        except ExtractionError as error:
            if error.details.get("reason") != Reason.UNSUPPORTED.value:
                raise
            return None  # a picture without an ending

    def best(self, product: Product, deadline: Deadline) -> PreparedImage:
        """The shop's own packshot; where it names none, the first of its pictures that shows the garment alone.

        Raises what the last picture failed with, ExtractionError when there is none.
        """
        if product.flat_image:
            return self.first([product.flat_image, *product.images], deadline)
        seen: list[PreparedImage] = []
        for address in product.images[:TRIED_PICTURES]:
            with suppress(*UNUSABLE):
                seen.append(self._fetch(address, deadline))
                if self._shows_garment_alone(seen[-1]):
                    return seen[-1]
        return seen[0] if seen else self.first(product.images, deadline)

    def first(self, addresses: Sequence[str], deadline: Deadline) -> PreparedImage:
        """The first that can be had. Raises what the last one failed with."""
        failure: BecauseFutureError = _no_picture()
        for address in dict.fromkeys(addresses[:TRIED_PICTURES]):
            try:
                return self._fetch(address, deadline)
            except UNUSABLE as error:
                failure = error
        raise failure

    def _shows_garment_alone(self, picture: PreparedImage) -> bool:
        with self._turn():
            return look_at(picture.data, self._gate).on_model is False

    def _fetch(self, address: str, deadline: Deadline) -> PreparedImage:
        deadline.check()
        picture = self._garments.picture(address, deadline_seconds=_seconds(deadline))
        with self._turn():
            return prepare_photo(picture, self._limits, self._gate)


def _seconds(deadline: Deadline) -> float:
    return min(PAGE_SECONDS, deadline.remaining_seconds())


def _no_picture() -> ExtractionError:
    return ExtractionError(
        "The page shows no picture of the garment that could be used. Upload the picture instead.",
        details={"reason": Reason.NOT_A_PRODUCT.value},
    )
