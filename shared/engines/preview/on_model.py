"""A garment photographed on somebody: cut out of the picture where that can be done well, else refused.

It can be done before a studio ground, of somebody who faces the camera, when nothing (arm, hair, bag) lies over the
garment and all of it is in the picture. A half-hidden garment would put a hole on the next wearer.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.base import GarmentType
from shared.engines.preview.background import disk
from shared.engines.preview.evidence import shows_body
from shared.engines.preview.garment import CLEAR_CONTRAST_LAB, Garment, spread_colours
from shared.engines.preview.outline import main_components
from shared.engines.preview.parsing import Part, PartProbabilities, shared_parser
from shared.engines.preview.person import Person, find_person
from shared.errors import ImageRejectedError

MAIN_SHARE = 0.9  # of the garment's pixels in its largest piece
MAX_HIDDEN = 0.02  # of the garment's area may lie behind arms, hair or bags
MIN_AREA = 0.03  # of the picture
DRESS_SHARE = 0.6  # of all clothes but shoes: then it is a dress
INSET = 0.003  # of the longer side: the border to skin and other clothes is off by some px
CLOTHES = (Part.UPPER, Part.LOWER, Part.DRESS)

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def look_at(rgb: Image, alpha: Floats | None = None) -> PartProbabilities:
    """One look of the network at a garment's picture; what is transparent is white to it."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    if alpha is not None:
        bgr = np.asarray(255.0 + alpha[..., None] * (bgr - np.float32(255.0)), dtype=np.uint8)
    return shared_parser()(bgr, flip=False)


def shows_wearer(rgb: Image, seen: PartProbabilities) -> bool:
    """Whether somebody is in a garment's picture."""
    return shows_body(np.ascontiguousarray(rgb[..., ::-1]), seen)


def worn_garment(rgb: Image, wanted: GarmentType) -> tuple[Garment, GarmentType]:
    """The garment that the person in the picture wears, and what it is.

    Raises ImageRejectedError: garment_on_model.
    """
    try:
        person = find_person(rgb)
    except ImageRejectedError as error:
        raise ImageRejectedError("garment_on_model") from error
    if not person.ground.is_plain or person.warnings:
        raise ImageRejectedError("garment_on_model")
    kind = wanted if wanted is not GarmentType.AUTO else _likeliest(person)
    if kind in (GarmentType.DRESS, GarmentType.FULL) and not person.legs_visible:
        raise ImageRejectedError("garment_on_model")
    mask = _region(person, kind)
    if _is_hidden(person, mask) or mask[-2:].any() or mask.mean() < MIN_AREA:
        raise ImageRejectedError("garment_on_model")
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)
    alpha = np.asarray(np.minimum(soft, person.alpha), dtype=np.float32)
    garment = Garment(spread_colours(rgb, alpha > 0.97, inset_px=2), alpha, CLEAR_CONTRAST_LAB, worn=True)
    return garment, kind


def _likeliest(person: Person) -> GarmentType:
    """A dress, or the top where only that is whole. Raises ImageRejectedError when it could be top or trousers."""
    clothes = np.isin(person.parts, CLOTHES)
    if int(np.count_nonzero(person.parts == Part.DRESS)) > DRESS_SHARE * int(np.count_nonzero(clothes)):
        return GarmentType.DRESS
    if person.legs_visible:
        raise ImageRejectedError("garment_on_model")
    return GarmentType.UPPER


def _region(person: Person, kind: GarmentType) -> Mask:
    """Where the garment is seen. Raises ImageRejectedError when it falls apart."""
    wanted = {
        GarmentType.UPPER: (Part.UPPER,),
        GarmentType.OUTER: (Part.UPPER,),
        GarmentType.LOWER: (Part.LOWER,),
        GarmentType.DRESS: (Part.DRESS, Part.UPPER),
        GarmentType.FULL: CLOTHES,
    }[kind]
    found = np.isin(person.parts, wanted) & ~person.head
    main = main_components(found, share=1.0)
    if int(np.count_nonzero(main)) < MAIN_SHARE * int(np.count_nonzero(found)):
        raise ImageRejectedError("garment_on_model")
    side = max(found.shape)
    smooth = cv2.GaussianBlur(main.astype(np.float32), (0, 0), INSET * side) > 0.5
    inner = cv2.erode(smooth.astype(np.uint8), disk(INSET * side), borderType=cv2.BORDER_REPLICATE) > 0
    return np.asarray(main_components(np.asarray(inner), share=1.0), dtype=np.bool_)


def _is_hidden(person: Person, mask: Mask) -> bool:
    """Arms, hair or bags have the garment on both sides of them in too many pixels."""
    before = np.maximum.accumulate(mask, axis=1)
    after = np.maximum.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    over = person.arms | np.isin(person.parts, (Part.HAIR, Part.OTHER))
    hidden = int(np.count_nonzero(before & after & over & ~mask))
    return hidden > MAX_HIDDEN * int(np.count_nonzero(mask))
