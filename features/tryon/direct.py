"""The specification's two functions without a job around them: one picture in, one picture out, at once.

For scripts and trials. Nothing is recorded; what is paid for goes through jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.cpu import CpuGate
from shared.engines.base import CutOut, Deadline, GarmentInput, GarmentType, ImageEngine, TryOnInput
from shared.image_encoding import encode_png, encode_result
from shared.image_processing import ImageLimits, prepare_photo

LONGEST_SECONDS = 300.0


def process_tryon(
    engine: ImageEngine,
    person_image: bytes,
    garment_image: bytes,
    garment_type: str = "auto",
    garment_details: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> bytes:
    """A JPEG of the person in the garment. Raises what `ImageEngine.try_on` and `prepare_photo` raise."""
    gate, limits = CpuGate(), ImageLimits()
    garment = GarmentInput(
        prepare_photo(garment_image, limits, gate).data, GarmentType(garment_type), garment_details or {}
    )
    person = prepare_photo(person_image, limits, gate).data
    wanted = TryOnInput(person, (garment,), aspect_ratio=(options or {}).get("aspect_ratio"))
    result = engine.try_on(wanted, Deadline(LONGEST_SECONDS))
    return encode_result(result.image, {"engine": result.engine, "preview": result.preview})


def remove_background(cut_out: CutOut, image_data: bytes) -> bytes:
    """A PNG with real transparency around the person, or around the one thing on a plain ground."""
    return encode_png(cut_out.cut_out(prepare_photo(image_data, ImageLimits(), CpuGate()).data).image)
