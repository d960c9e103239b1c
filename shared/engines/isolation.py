"""A garment that somebody wears in its picture, shown alone: cropped to it, everybody and everything else gone.

A picture model that sees another person tends to take over that person's face, pose or other clothes. So the wearer is
laid under a plain light ground before the picture is sent. That is done only where the parsing network is sure of one
garment; everywhere else the picture stays whole, and the prompt says what to take from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from shared.engines.base import GarmentType
from shared.engines.framing import quickly_shrunk, to_bgr
from shared.engines.preview.background import Floats, Image, Mask, disk
from shared.engines.preview.cut_out import PLAIN_LIGHT_RGB
from shared.engines.preview.evidence import shows_body
from shared.engines.preview.outline import main_components
from shared.engines.preview.parsing import Part, PartProbabilities, shared_parser

WORKING_SIDE = 640  # px of the longer side: where a face is searched anyway
CLOTHES = (Part.UPPER, Part.LOWER, Part.DRESS)
NOBODY_SHARE, NOBODY_CONFIDENCE = 0.015, 0.6  # of skin; people have over .045 and .69: with less nobody is looked for
MIN_AREA = 0.03  # of the picture: what is smaller has no detail left
MIN_CONFIDENCE = 0.62  # mean probability of the garment's parts inside it
MIN_WHOLE = 0.8  # of all that is taken for the garment, in its largest piece: two people wear two of them
MOST_OF_THE_CLOTHES = 0.8  # so much of what is worn must be one part before it is taken for the garment unasked
DRESS_VOTE = 0.25  # of a one-piece in the eyes of the network, which calls much of a dress upper or lower
MARGIN = 0.05  # of the garment's longer side, around it
RIM = 0.008  # of the picture's longer side: kept around the garment, where the outline may be a little off
GAP = 0.02  # of the picture's longer side: locks of hair and straps as narrow as this stay in front of the garment
MOST_COVERED = 0.04  # of the garment's hull by bags, scarves and the like: with more a piece of it would be missing
SOFT_PX = 1.0  # at the working size


@dataclass(frozen=True, slots=True)
class Worn:
    """Somebody wears it. `garment`: where it is, in the picture's frame at any size; None when that is not sure."""

    garment: Mask | None


def find_worn(picture: Pictures.Image, worn_as: GarmentType) -> Worn | None:
    """None when nobody wears it. `picture`: RGB; more pixels than WORKING_SIDE show no more."""
    small = _working_copy(picture)
    if _is_without_skin(shared_parser()(small, flip=False)):
        return None
    probabilities = shared_parser().focused(small)
    return Worn(_garment(probabilities, worn_as)) if shows_body(small, probabilities) else None


def _working_copy(picture: Pictures.Image) -> Image:
    scale = min(1.0, WORKING_SIDE / max(picture.size))
    bgr = to_bgr(picture)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return quickly_shrunk(bgr, size) if scale < 1.0 else bgr


def _is_without_skin(probabilities: PartProbabilities) -> bool:
    """The quick look that most packshots need no more than."""
    parts, skin = probabilities.argmax(axis=2), probabilities[..., Part.SKIN]
    called = parts == Part.SKIN
    least = max(1.0, NOBODY_SHARE * np.count_nonzero(parts))
    return bool(np.count_nonzero(called) < least or float(skin[called].mean()) < NOBODY_CONFIDENCE)


def _garment(probabilities: PartProbabilities, worn_as: GarmentType) -> Mask | None:
    """Where the one garment is, at the working size; None when the network is not sure enough."""
    parts = probabilities.argmax(axis=2).astype(np.uint8)
    wanted = _parts_of(parts, worn_as)
    found = np.isin(parts, wanted)
    if not wanted or found.mean() < MIN_AREA:
        return None
    garment = main_components(np.asarray(found, dtype=np.bool_), share=1.0)
    if np.count_nonzero(garment) < MIN_WHOLE * np.count_nonzero(found):
        return None
    sure = probabilities[..., list(wanted)].sum(axis=2)[garment].mean()
    if float(sure) < MIN_CONFIDENCE or _covered_share(parts, garment) > MOST_COVERED:
        return None
    kept = cv2.morphologyEx(garment.astype(np.uint8), cv2.MORPH_CLOSE, disk(GAP * max(garment.shape)))
    kept = cv2.dilate(kept, disk(RIM * max(garment.shape)))
    # Hands and jewellery in front of the garment belong to its picture, skin beside it does not.
    return _without_holes(np.asarray(garment | ((kept > 0) & (parts != Part.SKIN)), dtype=np.bool_))


def _covered_share(parts: NDArray[np.uint8], garment: Mask) -> float:
    contours, _ = cv2.findContours(garment.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.fillConvexPoly(np.zeros(garment.shape, dtype=np.uint8), cv2.convexHull(np.vstack(contours)), 1) > 0
    return float(np.mean(parts[hull] == Part.OTHER))


def _without_holes(mask: Mask) -> Mask:
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2, dtype=np.bool_)


def _parts_of(parts: NDArray[np.uint8], worn_as: GarmentType) -> tuple[Part, ...]:
    """The network's parts that the garment is made of; none where they do not tell it from the rest."""
    count = {part: int(np.count_nonzero(parts == part)) for part in CLOTHES}
    clothes = sum(count.values())
    is_dress = count[Part.DRESS] > DRESS_VOTE * max(1, clothes)
    if worn_as in (GarmentType.DRESS, GarmentType.FULL) or (worn_as is GarmentType.AUTO and is_dress):
        return CLOTHES
    if worn_as in (GarmentType.UPPER, GarmentType.OUTER, GarmentType.LOWER):
        part = Part.LOWER if worn_as is GarmentType.LOWER else Part.UPPER
        return () if is_dress else (part,)
    largest = max(CLOTHES, key=lambda part: count[part])
    return (largest,) if worn_as is GarmentType.AUTO and count[largest] > MOST_OF_THE_CLOTHES * clothes else ()


def on_light_ground(picture: Pictures.Image, garment: Mask) -> Pictures.Image:
    """Cropped to the garment with a margin; outside of it the light ground."""
    left, top, right, bottom = box = _crop(garment, picture.size)
    soft = cv2.GaussianBlur(garment.astype(np.float32), (0, 0), SOFT_PX)
    alpha = np.asarray(cv2.resize(soft, picture.size)[top:bottom, left:right], dtype=np.float32)
    return _on_ground(picture.crop(box), alpha)


def _crop(kept: Mask, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels of the picture."""
    growth_x, growth_y = size[0] / kept.shape[1], size[1] / kept.shape[0]
    left, top, width, height = cv2.boundingRect(kept.astype(np.uint8))
    margin = MARGIN * max(width, height)
    return (
        max(0, round((left - margin) * growth_x)),
        max(0, round((top - margin) * growth_y)),
        min(size[0], round((left + width + margin) * growth_x)),
        min(size[1], round((top + height + margin) * growth_y)),
    )


def _on_ground(picture: Pictures.Image, alpha: Floats) -> Pictures.Image:
    weight = Pictures.fromarray(np.clip(alpha * 255.0 + 0.5, 0, 255).astype(np.uint8))
    return Pictures.composite(picture, Pictures.new("RGB", picture.size, PLAIN_LIGHT_RGB), weight)
