"""Is there a person, and only one, the right way up? The parsing network alone cannot say: a shirt is foreground too.

A face that the Haar cascade sees *and* the network calls skin is proof. Without one (profile, sunglasses, head turned)
hair and skin at the top of the silhouette are accepted when the network is sure of them: on garments and upside-down
people it is not.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import Image, Mask, to_lab
from shared.engines.preview.face_places import Window, face_places
from shared.engines.preview.outline import main_components
from shared.engines.preview.parsing import Part, PartProbabilities, shared_parser
from shared.errors import ImageRejectedError

SEARCH_SIDE = 640  # px: a face of a person who fills the photo's height is 50 px there
MAX_GROWTH = 4.0  # thumbnails are enlarged: the cascade needs 24 px, then "too small" can be said instead of "nobody"
SCALE_STEP = 1.15
MIN_FACE_PX = 24
MIN_SKIN_SHARE = 0.55  # of the box's middle; measured: true faces >= .76, false ones <= .16
MIN_WEIGHT = 1.0  # cascade's score; true faces >= 2.1 (measured on 25 photos)
SEARCH_MARGIN = 0.1  # of the figure's longer side: room around it for the face box
FACE_LOWEST = 0.55  # the face's centre lies in this upper share of the person (half bodies: .3)
SECOND_FACE_SHARE = 0.5  # another face with half of the largest box's width is another person
CROWD_WEIGHT = 7.0  # score of a face that counts without the network's word; false ones <= 6.0 (25 photos)
DARK_MEDIAN_L, DARK_BRIGHT_L = 25.0, 45.0  # Lab: most pixels under the first and nearly all under the second
HEAD_SHARE = 0.2  # of the silhouette's height, from its top: where head evidence is looked for
HAIR_SHARE, SKIN_SHARE = 0.07, 0.10  # of that region; people without a found face: >= .10 and >= .38
HEAD_CONFIDENCE = 0.72  # mean probability of hair and skin there: people >= .76 (21 photos), patterned garments <= .54
UPSIDE_DOWN, LYING = (cv2.ROTATE_180,), (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
SURE = 0.8  # probability
LIMB_SHARE, CLOTHES_SHARE = 0.08, 0.06  # of the figure; bodies without heads: >= .096 (5 of 6), garments <= .03
MIN_PERSON_SHARE = 0.01  # of the picture: anything smaller is a figure in the distance


@dataclass(frozen=True, slots=True)
class Face:
    """A face box in pixels of the picture that was searched; `weight` is the cascade's score."""

    x: float
    y: float
    size: float
    weight: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.size / 2, self.y + self.size / 2


class FaceFinder:
    """OpenCV's frontal Haar cascade (in the wheel, Apache-2.0). Thread-safe: one search at a time."""

    def __init__(self) -> None:
        data = Path(cv2.__file__).parent / "data"
        self._cascade = cv2.CascadeClassifier(str(data / "haarcascade_frontalface_default.xml"))
        self._lock = threading.Lock()

    def find(self, bgr: Image, step: float = SCALE_STEP, within: Window | None = None) -> list[Face]:
        """All candidates, in reading order; most of them in a street photo are false. `within`: rows and columns."""
        scale = min(MAX_GROWTH, SEARCH_SIDE / max(bgr.shape[:2]))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=how)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        rows, columns = (_scaled(part, scale) for part in within or (slice(0, len(bgr)), slice(0, bgr.shape[1])))
        top, left = rows.start, columns.start
        with self._lock:
            boxes, _, weights = self._cascade.detectMultiScale3(
                grey[rows, columns], step, 4, outputRejectLevels=True, minSize=(MIN_FACE_PX, MIN_FACE_PX)
            )
        found = [
            Face(float(x + left) / scale, float(y + top) / scale, float(size) / scale, float(weight))
            for (x, y, size, _), weight in zip(boxes, np.ravel(weights), strict=True)
        ]
        return sorted(found, key=lambda face: (face.y, face.x, face.size))


def _scaled(part: slice, scale: float) -> slice:
    return slice(max(0, int(part.start * scale)), int(np.ceil(part.stop * scale)))


@lru_cache(maxsize=1)
def shared_finder() -> FaceFinder:
    return FaceFinder()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a person. `face`: the validated face, None when hair and skin had to do."""

    face: Face | None
    inside: Mask


def look_for_person(bgr: Image, probabilities: PartProbabilities) -> Evidence:
    """Raises ImageRejectedError: too_dark, several_people, upside_down, no_person."""
    if is_too_dark(bgr):
        raise ImageRejectedError("too_dark")
    evidence = _evidence(bgr, probabilities)
    if _is_crowd(bgr):
        raise ImageRejectedError("several_people")
    if evidence is not None and evidence.face is not None:
        return evidence
    if _has_face_when_turned(bgr, UPSIDE_DOWN if evidence is not None else UPSIDE_DOWN + LYING):
        raise ImageRejectedError("upside_down")
    if evidence is None:
        raise ImageRejectedError("no_person")
    return evidence


def shows_body(bgr: Image, probabilities: PartProbabilities) -> bool:
    """Whether somebody is in a garment's picture: a face, a head, or a body whose head is cut off."""
    parts = probabilities.argmax(axis=2)
    inside = main_components(parts != Part.BACKGROUND)
    if inside.mean() < MIN_PERSON_SHARE:
        return False
    if _has_head(probabilities, parts, inside) or _has_limbs(probabilities, inside):
        return True
    return bool(_faces(bgr, parts, inside))


def _has_limbs(probabilities: PartProbabilities, inside: Mask) -> bool:
    """Skin, a top and trousers, each for sure: no garment alone looks like all of them."""
    sure = [inside & (probabilities[..., part] > SURE) for part in (Part.SKIN, Part.UPPER, Part.LOWER)]
    shares = [np.count_nonzero(mask) / np.count_nonzero(inside) for mask in sure]
    return bool(shares[0] > LIMB_SHARE and min(shares[1:]) > CLOTHES_SHARE)


def is_too_dark(bgr: Image) -> bool:
    """Hardly anything in the photo is brighter than deep shadow; a bright person before black is not too dark."""
    light = to_lab(bgr[::2, ::2])[..., 0]
    median, bright = np.percentile(light, [50, 95])
    return bool(median < DARK_MEDIAN_L and bright < DARK_BRIGHT_L)


def _evidence(bgr: Image, probabilities: PartProbabilities) -> Evidence | None:
    """None: nobody found. Raises ImageRejectedError several_people."""
    parts = probabilities.argmax(axis=2)
    inside = main_components(parts != Part.BACKGROUND)
    if inside.mean() < MIN_PERSON_SHARE:
        return None
    faces = _faces(bgr, parts, inside)
    if faces:
        faces.sort(key=_largest_first)
        if _is_second_person(faces):
            raise ImageRejectedError("several_people")
        return Evidence(faces[0], inside)
    return Evidence(None, inside) if _has_head(probabilities, parts, inside) else None


def _faces(bgr: Image, parts: NDArray[np.intp], inside: Mask) -> list[Face]:
    """The real faces. Only skin in the upper part of the figure is searched.

    To the sides as far as there is skin: of a crowd, those at the edges may be no part of the figure.
    """
    scale = min(MAX_GROWTH, SEARCH_SIDE / max(bgr.shape[:2]))
    skin = parts == Part.SKIN
    if not skin.any():
        return []
    top, height = cv2.boundingRect(inside.astype(np.uint8))[1::2]
    left, _, width, _ = cv2.boundingRect((inside | main_components(skin)).astype(np.uint8))
    margin = SEARCH_MARGIN * max(width, height)
    last = top + (FACE_LOWEST + SEARCH_MARGIN) * height + margin
    rows = slice(round(max(0.0, top - margin)), round(min(len(bgr), last)))
    columns = slice(round(max(0.0, left - margin)), round(min(bgr.shape[1], left + width + margin)))
    places = face_places(skin, MIN_FACE_PX / scale, (rows, columns))
    found = [face for place in places for face in shared_finder().find(bgr, within=place)]
    return [face for face in found if _is_real(face, parts, inside)]


def _is_real(face: Face, parts: NDArray[np.intp], inside: Mask) -> bool:
    """The network sees skin in the middle of the box, and the box is where a head can be."""
    if face.weight < MIN_WEIGHT:
        return False
    x, y, size = round(face.x), round(face.y), round(face.size)
    middle = parts[y + size // 5 : y + size - size // 8, x + size // 5 : x + size - size // 5]
    if middle.size == 0 or np.mean(middle == Part.SKIN) < MIN_SKIN_SHARE:
        return False
    rows = np.flatnonzero(inside.any(axis=1))
    lowest: float = rows[0] + FACE_LOWEST * len(rows)
    return face.centre[1] <= lowest


def _largest_first(face: Face) -> tuple[float, float, float]:
    return -face.size, face.y, face.x


def _is_second_person(faces: list[Face]) -> bool:
    """Another face of similar size beside the first; overlapping boxes are the same face found twice."""
    first = faces[0]
    return any(
        other.size >= SECOND_FACE_SHARE * first.size and abs(other.centre[0] - first.centre[0]) > 0.8 * first.size
        for other in faces[1:]
    )


def _is_crowd(bgr: Image) -> bool:
    """Several sure faces beside each other. Looked for in landscape photos: each person of a group is so small there
    that the network sees one wide figure, or nobody."""
    if bgr.shape[1] <= bgr.shape[0]:
        return False
    faces = sorted((face for face in shared_finder().find(bgr) if face.weight >= CROWD_WEIGHT), key=_largest_first)
    return bool(faces) and _is_second_person(faces)


def _has_head(probabilities: PartProbabilities, parts: NDArray[np.intp], inside: Mask) -> bool:
    """Hair and skin in the upper fifth of the silhouette, and a network that is sure of them."""
    rows = np.flatnonzero(inside.any(axis=1))
    head = slice(int(rows[0]), int(rows[0]) + max(1, round(HEAD_SHARE * len(rows))))
    area = max(1, int(np.count_nonzero(inside[head])))
    hair = inside[head] & (parts[head] == Part.HAIR)
    skin = inside[head] & (parts[head] == Part.SKIN)
    if np.count_nonzero(hair) < HAIR_SHARE * area or np.count_nonzero(skin) < SKIN_SHARE * area:
        return False
    return float(probabilities[head].max(axis=2)[hair | skin].mean()) >= HEAD_CONFIDENCE


def _has_face_when_turned(bgr: Image, turns: tuple[int, ...]) -> bool:
    """Turned one of these ways, the photo shows a face."""
    scale = min(1.0, SEARCH_SIDE / max(bgr.shape[:2]))
    small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for turn in turns:
        turned = np.asarray(cv2.rotate(small, turn), dtype=np.uint8)
        parts = shared_parser()(turned, flip=False).argmax(axis=2)
        inside = main_components(parts != Part.BACKGROUND)
        if inside.any() and _faces(turned, parts, inside):
            return True
    return False
