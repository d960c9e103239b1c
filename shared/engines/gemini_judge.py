"""What a picture that came is worth: checked against the photo, brought into its frame, the person's head put back.

Pictures are judged before anything is delivered or tried again, so that an answer that shows somebody else costs a
retry and not a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.engines.base import GarmentType, Notice, TryOnInput
from shared.engines.checks.blending import Blend, blend, kept_everything, plan_blend
from shared.engines.checks.colours import Palette, palette
from shared.engines.checks.figure import Figure
from shared.engines.checks.inspection import Inspection, inspect
from shared.engines.checks.reference import Reference, make_reference
from shared.engines.checks.report import Fault, Report
from shared.engines.framing import (
    Box,
    Frame,
    decode,
    decode_small,
    deliver,
    is_plain_jpeg,
    person_box,
    resized,
    to_bgr,
    to_rgb_image,
)
from shared.engines.gemini_answers import Answer, Kind
from shared.errors import ImageRejectedError

MAX_PIXELS = 40_000_000  # a 4K square has 16.8 million
MIN_ANSWER_SIDE = 64
PALETTE_SIDE = 192  # px; JPEG decoders make small pictures in a fraction of the time

WARNINGS = {
    Fault.FRAMING: "The picture's frame, or the person's size in it, differs from the photo.",
    Fault.COLOUR: "The garment's colour in the picture may differ from the garment's own.",
}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Painting:
    """`encoded`: the bytes as they came, when `image` is exactly them."""

    image: Image.Image
    report: Report
    checks: dict[str, Any]
    encoded: bytes | None = field(default=None, repr=False)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        return tuple(Notice(fault.value, WARNINGS[fault]) for fault in self.report.faults if fault in WARNINGS)


class Judge:
    """Of one job. Not shared between threads; heavy, so call it inside the CPU gate."""

    def __init__(self, wanted: TryOnInput, figure: Figure | None = None) -> None:
        """`figure`: who is on the person's photo, if it was looked at already."""
        self._wanted = wanted
        self._figure = figure
        self._reference: Reference | None = None

    def judge(self, answer: Answer, frame: Frame, garments: Sequence[bytes]) -> tuple[Answer, Painting | None]:
        """The answer with the kind that it turned out to be, and its picture if that may be shown.

        `garments`: their pictures as they were sent, in the order of the request.

        A painting beside another kind than PICTURE has faults that its `warnings` name.
        """
        picture = _readable(answer.picture)
        if picture is None:
            return replace(answer, kind=Kind.SOFT, code="bad_picture"), None
        image, box = deliver(picture, frame), person_box(frame)
        whole = to_bgr(image)
        photo = to_bgr(decode(self._wanted.person, max_pixels=MAX_PIXELS))
        reference = self._seen(photo, garments)
        inspection = inspect(reference, whole[box.top : box.top + box.height, box.left : box.left + box.width])
        judged = _verdict(answer, inspection.report)
        if not inspection.report.deliverable:
            return judged, None
        whole_bytes = picture.size == image.size and is_plain_jpeg(answer.picture)
        if whole_bytes and kept_everything(reference, inspection):
            figures = _figures(inspection, None, picture.size)
            return judged, Painting(image, inspection.report, figures, answer.picture)
        plan = plan_blend(reference, inspection, margins=(box.width, box.height) != image.size)
        painted = image if plan is None else _blended(photo, whole, box, plan)
        came = answer.picture if plan is None and whole_bytes else None
        return judged, Painting(painted, inspection.report, _figures(inspection, plan, picture.size), came)

    def _seen(self, photo: Pixels, garments: Sequence[bytes]) -> Reference:
        """The photo is looked at once, when the first picture came."""
        if self._reference is None:
            kinds = [garment.garment_type for garment in self._wanted.garments]
            palettes = [_palette(picture, kind) for picture, kind in zip(garments, kinds, strict=True)]
            self._reference = make_reference(photo, palettes, self._figure)
        return self._reference


def _blended(photo: Pixels, whole: Pixels, box: Box, plan: Blend) -> Image.Image:
    if photo.shape[:2] != (box.height, box.width):
        photo = to_bgr(resized(to_rgb_image(photo), (box.width, box.height)))
    left, top, right, bottom = box.corners
    whole[top:bottom, left:right] = blend(photo, np.ascontiguousarray(whole[top:bottom, left:right]), plan)
    return to_rgb_image(whole)


def _readable(data: bytes) -> Image.Image | None:
    """None for a damaged picture, which is the provider's fault and not the client's, and for a dot."""
    try:
        picture = decode(data, max_pixels=MAX_PIXELS)
    except ImageRejectedError:
        return None
    return picture if min(picture.size) >= MIN_ANSWER_SIDE else None


def _verdict(answer: Answer, report: Report) -> Answer:
    if not report.faults:
        return answer
    kind = Kind.UNCHANGED if report.faults[0] is Fault.UNCHANGED else Kind.FAULTY
    return replace(answer, kind=kind, code=report.faults[0].value)


def _figures(inspection: Inspection, plan: Blend | None, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "results": inspection.report.to_list(),
        "aligned": inspection.answer.alignment is not None,
        "kept_of_photo": round(plan.share, 3) if plan is not None else 0.0,
        "head_kept": plan is not None and plan.head,
        "provider_size": list(size),
    }


def _palette(picture: bytes, kind: GarmentType) -> Palette:
    return palette(to_bgr(decode_small(picture, PALETTE_SIDE, max_pixels=MAX_PIXELS)), kind)
