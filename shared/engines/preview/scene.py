"""The picture while it is being dressed: colours, silhouette, parts. Every garment changes it for the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.parsing import Part
from shared.engines.preview.person import Person

BACKGROUND, HAIR, SKIN, UPPER, LOWER, DRESS, SHOES, OTHER = (int(part) for part in Part)
MIN_PLAIN, MAX_SD_LAB = 0.80, 5.0  # a ground known so well may be drawn where old clothes stood before it
SHRINK = 4  # the ground changes slowly: its correction is found at a quarter of the size
NEAR_GROUND = (0.02, 0.06, 0.2, 0.6)  # blur sizes by the longer side; the nearest that sees ground counts most

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """`rgb` (H, W, 3) float32 0..255; `alpha` (H, W) soft silhouette; `parts` (H, W) numbers of parsing.Part.

    `body`: the silhouette of the photo, without new clothes. `head`: what is given back untouched at the end.
    `arms`, `legs`: bare skin of limbs. `skin_hint`: where else to learn the skin's colour (the face). `ground`: the
    empty background (H, W, 3), None where it is not plain enough. `fresh`: covered by new garments: they stay where
    another one of them is shorter.
    """

    rgb: Floats
    alpha: Floats
    parts: NDArray[np.uint8]
    body: Floats
    head: Mask
    arms: Mask
    legs: Mask
    skin_hint: Mask
    ground: NDArray[np.uint8] | None
    fresh: Mask


def bounds(mask: NDArray[Any]) -> tuple[slice, slice]:
    """Rows and columns of all that is not 0; empty slices where there is nothing."""
    left, top, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    return slice(top, top + height), slice(left, left + width)


@dataclass(frozen=True, slots=True)
class Studied:
    """All that a photo must be analysed for. `ground`: the empty background (H, W, 3) uint8, None where not known."""

    person: Person
    ground: NDArray[np.uint8] | None

    @property
    def size_bytes(self) -> int:
        person = self.person
        held = (person.rgb, person.alpha, person.parts, person.face, person.head, person.arms, person.legs, self.ground)
        return sum(array.nbytes for array in held if array is not None)


def studied(person: Person) -> Studied:
    """The person without what only the analysis needed, and the ground behind."""
    ground = None
    if person.ground.plain >= MIN_PLAIN and person.ground.sd <= MAX_SD_LAB:
        plane = np.ascontiguousarray(person.ground.render()[..., ::-1]).astype(np.float32)
        ground = np.rint(_near_ground(plane, person.rgb.astype(np.float32), person.alpha)).astype(np.uint8)
    light = replace(person.ground, distance=np.zeros((1, 1), dtype=np.float32))
    return Studied(replace(person, ground=light), ground)


def scene_of(found: Studied) -> Scene:
    """The photo before the first garment."""
    person = found.person
    return Scene(
        rgb=person.rgb.astype(np.float32),
        alpha=person.alpha,
        parts=person.parts,
        body=person.alpha,
        head=person.head,
        arms=person.arms,
        legs=person.legs,
        skin_hint=person.face,
        ground=found.ground,
        fresh=np.zeros(person.alpha.shape, dtype=np.bool_),
    )


def _near_ground(plane: Floats, rgb: Floats, alpha: Floats) -> Floats:
    """The fitted ground, corrected by what is seen of it beside the person: a filled place must not show as a patch."""
    height, width = alpha.shape
    small = (max(1, width // SHRINK), max(1, height // SHRINK))
    kernel = np.ones((2 * SHRINK + 1, 2 * SHRINK + 1), dtype=np.uint8)
    seen = (cv2.dilate(alpha, kernel) < 0.02).astype(np.float32)
    error = cv2.resize((rgb - plane) * seen[..., None], small, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(seen, small, interpolation=cv2.INTER_AREA)
    total, known = np.zeros_like(error), np.full_like(weight, 1e-6)
    for share in NEAR_GROUND:
        size = 2 * max(1, round(share * max(small))) + 1
        near = cv2.blur(weight, (size, size))
        trust = near * (0.02 / share) ** 2
        total = total + cv2.blur(error, (size, size)) * (0.02 / share) ** 2
        known = known + trust
    correction = cv2.resize(
        (total / known[..., None]).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(np.clip(plane + correction, 0.0, 255.0), dtype=np.float32)
