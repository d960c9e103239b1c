"""All checks of one answer against the photo, in about the time of two looks of the parsing network.

Limits were chosen on one half of the pictures of `benchmarks/faults.py` and confirmed on the other; they leave room for
what picture models do to every pixel. What cannot be measured on a photo (no face, a drawing) is reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.checks.answer import NEW_PIXEL, Answer, look_at
from shared.engines.checks.colours import presence, to_lab
from shared.engines.checks.heads import Head, find_head
from shared.engines.checks.likeness import SLACK, compare, face_patch
from shared.engines.checks.people import count_strangers
from shared.engines.checks.reference import Image, Mask, Reference
from shared.engines.checks.registration import Alignment
from shared.engines.checks.report import Check, Fault, Report
from shared.engines.preview.parsing import Part

MAX_SHIFT = 0.03  # of the side, at the picture's middle
MAX_SCALE = 0.045
MAX_STRETCH = 0.04  # one side against the other; sizes of providers are up to 2.7 % off their nominal ratio
MAX_CUT = 0.02  # of the person's height or width, beyond the frame
MIN_LIKENESS = 0.72
MAX_TONE = 16.0  # Lab, between the mean colours of the faces: other light is less, other skin mostly more
MIN_CHANGE = 6.0  # grey levels, in the block of the person that changed most
MIN_COLOUR = 0.4  # of what is new on the person
MIN_PERSON = 0.35  # of the photo's silhouette: with less, somebody else stands far away
BLOCK = 16  # px


@dataclass(frozen=True, slots=True)
class Inspection:
    report: Report
    answer: Answer


def inspect(reference: Reference, picture: Image) -> Inspection:
    """`picture`: BGR, the answer in the frame of the person's photo, at any size."""
    answer = look_at(reference, picture)
    face, tone = _compare_faces(reference, picture, answer.alignment)
    known = face is not None and face >= MIN_LIKENESS
    head = reference.head if known else find_head(answer.bgr, answer.parts, answer.confidence)
    checks = [
        _unchanged(reference, answer),
        _person(reference, answer, head),
        _people(reference, answer),
        Check("face_likeness", Fault.FACE, face, MIN_LIKENESS, at_least=True),
        Check("skin_tone", Fault.FACE, tone, MAX_TONE),
        _cropped(reference, answer.alignment),
        *_framing(reference, answer.alignment, head),
        _colour(reference, answer),
    ]
    return Inspection(Report(checks), answer)


def _unchanged(reference: Reference, answer: Answer) -> Check:
    """The block of the person that differs most. Without a head what looks like a person may be a fleck on the ground,
    and all of the picture counts."""
    where = reference.person & ~reference.head_mask
    change = np.where(where, answer.change, 0.0) if reference.head is not None and where.any() else answer.change
    height, width = (side // BLOCK * BLOCK for side in change.shape)
    blocks = change[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(1, 3))
    return Check("strongest_change", Fault.UNCHANGED, float(blocks.max()), MIN_CHANGE, at_least=True)


def _person(reference: Reference, answer: Answer, head: Head | None) -> Check:
    """Share of the photo's silhouette that is a person again; nothing without a head as sure as the photo's."""
    area = None
    if reference.head is not None:
        is_seen = head is not None and (head.sure or not reference.head.sure)
        area = _area(answer.parts) / max(1, _area(reference.parts)) if is_seen else 0.0
    return Check("person_area", Fault.NO_PERSON, area, MIN_PERSON, at_least=True)


def _area(parts: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(parts))


def _people(reference: Reference, answer: Answer) -> Check:
    strangers = None if reference.head is None else float(count_strangers(reference, answer))
    return Check("more_people", Fault.SEVERAL_PEOPLE, strangers, 0)


def _compare_faces(
    reference: Reference, picture: Image, alignment: Alignment | None
) -> tuple[float | None, float | None]:
    """Likeness of edges, and distance of the colours (Lab)."""
    if reference.face is None or reference.head is None:
        return None, None
    head = reference.head.scaled(picture.shape[1] / reference.bgr.shape[1])
    return compare(reference.face, face_patch(picture, head, alignment or Alignment(), SLACK))


def _cropped(reference: Reference, alignment: Alignment | None) -> Check:
    """The longest piece of the person that lies outside of the answer's frame."""
    cut = None
    if alignment is not None and reference.head is not None:
        rows, columns = np.nonzero(reference.person)
        height, width = reference.person.shape
        across = _cut(columns / width, 1 / width, alignment.scale_x, alignment.shift_x)
        cut = max(across, _cut(rows / height, 1 / height, alignment.scale_y, alignment.shift_y))
    return Check("cut_off", Fault.CROPPED, cut, MAX_CUT)


def _cut(places: NDArray[np.float64], pixel: float, scale: float, shift: float) -> float:
    """Along one axis (0..1): share of the person's extent outside of the frame."""
    first, last = float(places.min()), float(places.max()) + pixel
    outside = max(-(scale * first + shift), scale * last + shift - 1.0, 0.0)
    return outside / (scale * (last - first))


def _framing(reference: Reference, alignment: Alignment | None, head: Head | None) -> list[Check]:
    shift, scale, stretch = _geometry(reference, alignment, head)
    return [
        Check("shift", Fault.FRAMING, shift, MAX_SHIFT),
        Check("scale", Fault.FRAMING, scale, MAX_SCALE),
        Check("stretch", Fault.FRAMING, stretch, MAX_STRETCH),
    ]


def _geometry(
    reference: Reference, alignment: Alignment | None, head: Head | None
) -> tuple[float | None, float | None, float | None]:
    """Shift, scale and stretch, each 0 for a picture that lies as the photo does."""
    if alignment is not None:
        size = float(np.sqrt(alignment.scale_x * alignment.scale_y))
        stretch = max(alignment.scale_x, alignment.scale_y) / min(alignment.scale_x, alignment.scale_y)
        return max(abs(part) for part in alignment.centre_shift()), abs(size - 1.0), stretch - 1.0
    if reference.head is None or head is None:
        return None, None, None
    height, width = reference.parts.shape
    away = max(abs(head.x - reference.head.x) / width, abs(head.y - reference.head.y) / height)
    return away, abs(head.size / reference.head.size - 1.0), None


def _colour(reference: Reference, answer: Answer) -> Check:
    """Palettes against what is new on the person."""
    value = None
    if reference.head is not None and len(new := answer.bgr[_new_clothes(answer)]) > 0:
        value = presence(to_lab(new[None])[0], reference.palettes)
    return Check("garment_colour", Fault.COLOUR, value, MIN_COLOUR, at_least=True)


def _new_clothes(answer: Answer) -> Mask:
    worn = (answer.parts != Part.BACKGROUND) & (answer.parts != Part.HAIR)
    return np.asarray(worn & (answer.change > NEW_PIXEL), dtype=np.bool_)
