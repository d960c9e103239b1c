"""What a provider is sent: the person padded to a ratio that it paints, the garments each alone, all at a wise size.

A picture costs the same number of tokens at any size (about 1120, by Google's price page of 2026-10), so the size only
decides about upload, time and detail. Details: docs/provider-inputs.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from shared.engines.base import GarmentInput, Quality, TryOnInput
from shared.engines.framing import (
    Box,
    Frame,
    as_jpeg,
    decode,
    decode_small,
    encode_jpeg,
    pad_person,
    plan_frame,
    resized,
    size_of,
)
from shared.engines.isolation import WORKING_SIDE, find_worn, on_light_ground

FAST_SIDE = 1024  # px: as large as the picture that comes back
LARGEST_SIDE = 2016  # px: photos are kept no larger


@dataclass(frozen=True, slots=True)
class Inputs:
    """JPEG as it is sent to models that know the same ratios."""

    frame: Frame
    person: bytes
    garments: Sequence[bytes]


def prepare_inputs(wanted: TryOnInput, ratios: Sequence[str], standard_side: int, *, max_pixels: int) -> Inputs:
    """`standard_side`: px of the longer side at standard quality. Raises ImageRejectedError("damaged")."""
    side = input_side(wanted.quality, standard_side)
    frame = plan_frame(size_of(wanted.person), ratios, wanted.aspect_ratio)
    if frame.padded:
        person = encode_jpeg(_padded(decode(wanted.person, max_pixels=max_pixels), frame, side), side)
    else:
        person = as_jpeg(wanted.person, side, max_pixels=max_pixels)
    return Inputs(frame, person, [as_jpeg(item.image, side, max_pixels=max_pixels) for item in wanted.garments])


def input_side(quality: Quality, standard_side: int) -> int:
    """Px of the longer side of what is sent."""
    if quality is Quality.HIGH:
        return LARGEST_SIDE
    return min(standard_side, FAST_SIDE) if quality is Quality.FAST else standard_side


def alone(garments: Iterable[GarmentInput], *, max_pixels: int) -> tuple[GarmentInput, ...]:
    """The garments freed of those who wear them, or marked `on_model` where that is not possible.

    Takes two looks of the parsing network for each. Raises ImageRejectedError("damaged").
    """
    return tuple(_alone(garment, max_pixels) for garment in garments)


def _alone(garment: GarmentInput, max_pixels: int) -> GarmentInput:
    worn = find_worn(decode_small(garment.image, WORKING_SIDE, max_pixels=max_pixels), garment.garment_type)
    if worn is None or worn.garment is None:
        return replace(garment, on_model=worn is not None)
    alone = on_light_ground(decode(garment.image, max_pixels=max_pixels), worn.garment)
    return replace(garment, picture=encode_jpeg(alone, LARGEST_SIDE))


def _padded(person: Image.Image, frame: Frame, side: int) -> Image.Image:
    """Made small first: a banner's ratio around a large photo would else be a canvas of a hundred megapixels."""
    scale = min(1.0, side / max(frame.sent))
    if scale == 1.0:
        return pad_person(person, frame)
    (width, height), sent = _scaled(person.size, scale), _scaled(frame.sent, scale)
    box = Box((sent[0] - width) // 2, (sent[1] - height) // 2, width, height)
    return pad_person(resized(person, (width, height)), replace(frame, sent=sent, person=box))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
