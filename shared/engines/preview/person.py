"""The person in a photo: outline, parts, head, bare arms and legs, joints."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.base import Notice
from shared.engines.preview.arms import Limb, arm_skin
from shared.engines.preview.background import Floats, Ground, Image, Mask, disk, fit_ground
from shared.engines.preview.bare_skin import with_bare_skin
from shared.engines.preview.evidence import Evidence, look_for_person
from shared.engines.preview.joints import FaceBox, Skeleton, find_skeleton
from shared.engines.preview.outline import enlarged, main_components, matte, rough_outline
from shared.engines.preview.parsing import Part, PartProbabilities, shared_parser
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

WORKING_SIDE = 1024  # px: everything is found at this size and scaled back
MIN_SHOULDER_PX = 60.0  # of the photo itself: below it a garment has no detail left
TURNED_RATIO = 0.45  # shoulder width by trunk length; facing the camera: .6 .. .95


@dataclass(frozen=True, slots=True)
class Person:
    """All arrays and points are in the pixels of `rgb`.

    `alpha`: soft outline, 0..1. `parts`: values of `Part`, 0 where alpha is below one half. `face`: skin of the head.
    `head`: all that must survive a try-on: face, hair, glasses, hat; not the neck. `arms`, `legs`: bare skin.
    `joints`: left_/right_ shoulder, elbow, wrist, hip, knee, ankle, and neck; "left" is the person's left, on the right
    of the picture; joints outside the picture are guesses, `joints_seen` names those inside it.
    """

    rgb: Image
    alpha: Floats
    parts: NDArray[np.uint8]
    face: Mask
    head: Mask
    arms: Mask
    legs: Mask
    joints: dict[str, tuple[float, float]]
    joints_seen: frozenset[str]
    shoulder_width: float
    ground: Ground
    warnings: tuple[Notice, ...]

    @property
    def legs_visible(self) -> bool:
        """Both knees are in the picture: trousers and dresses can be shown."""
        return {"left_knee", "right_knee"} <= self.joints_seen


def find_person(rgb: Image) -> Person:
    """Analyse an upright photo (H, W, 3 uint8).

    Raises ImageRejectedError: no_person, several_people, upside_down, person_too_small, too_dark.
    """
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    small, scale = scaled_to(bgr, WORKING_SIDE)
    probabilities = shared_parser().focused(small)
    evidence = look_for_person(small, probabilities)
    ground = fit_ground(small)
    inside = rough_outline(small, _person_probability(probabilities), ground)
    likeliest = _likeliest(probabilities)
    parts = _parts(small, likeliest, inside, evidence)
    skeleton = find_skeleton(inside, parts, _face_box(evidence, parts))
    if skeleton.shoulder_width / scale < MIN_SHOULDER_PX:
        raise ImageRejectedError("person_too_small")
    height, width = bgr.shape[:2]
    ground = ground.resized(height, width)
    alpha = matte(bgr, enlarged(inside, height, width), ground.render() if ground.is_plain else None)
    everywhere = np.where(inside, parts, likeliest).astype(np.uint8)
    return _person(rgb, alpha, _Found(inside, parts, everywhere, skeleton, ground, scale))


def scaled_to(bgr: Image, side: int) -> tuple[Image, float]:
    """The picture with its longer side at most `side`, and the factor that did it (1.0: unchanged)."""
    scale = min(1.0, side / max(bgr.shape[:2]))
    if scale == 1.0:
        return bgr, 1.0
    return np.asarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _person_probability(probabilities: PartProbabilities) -> Floats:
    return np.asarray(1.0 - probabilities[..., Part.BACKGROUND], dtype=np.float32)


def _parts(bgr: Image, likeliest: NDArray[np.uint8], inside: Mask, evidence: Evidence) -> NDArray[np.uint8]:
    """The likeliest part of every pixel of the person: the outline decides what belongs to it, not the network."""
    parts = np.where(inside, likeliest, Part.BACKGROUND).astype(np.uint8)
    box = _face_box(evidence, parts)
    rows, columns = np.ogrid[: parts.shape[0], : parts.shape[1]]
    face = np.hypot(columns - box.x, rows - box.y) < 0.45 * box.size
    return with_bare_skin(bgr, parts, np.asarray(face, dtype=np.bool_))


def _likeliest(probabilities: PartProbabilities) -> NDArray[np.uint8]:
    """The likeliest part, background excepted."""
    return np.asarray(1 + probabilities[..., 1:].argmax(axis=2), dtype=np.uint8)


def _face_box(evidence: Evidence, parts: NDArray[np.uint8]) -> FaceBox:
    """The detector's box, or a guess from the topmost large piece of skin."""
    if evidence.face is not None:
        return FaceBox(*evidence.face.centre, evidence.face.size, sure=True)
    rows = np.flatnonzero((parts > 0).any(axis=1))
    first = int(rows[0]) if len(rows) else 0
    last = first + max(1, round(0.3 * len(rows)))
    skin = main_components(parts[first:last] == Part.SKIN, share=0.99)
    ys, xs = np.nonzero(skin)
    if len(ys) == 0:
        raise ImageRejectedError("no_person")
    width = float(np.quantile(skin.sum(axis=1)[np.unique(ys)], 0.7)) * 1.1
    return FaceBox(float(np.median(xs)), first + float(ys.min()) + 0.55 * width, width, sure=False)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found at the working size; `scale`: working px per photo px; `everywhere`: parts, outside too."""

    inside: Mask
    parts: NDArray[np.uint8]
    everywhere: NDArray[np.uint8]
    skeleton: Skeleton
    ground: Ground
    scale: float


def _person(rgb: Image, alpha: Floats, found: _Found) -> Person:
    parts, skeleton, scale = found.parts, found.skeleton, found.scale
    height, width = rgb.shape[:2]
    face, head = head_regions(parts, skeleton)
    limb = Limb(found.inside, (parts == Part.SKIN) & ~face, skeleton.head.unit, skeleton.joints)
    arms = arm_skin("left", limb) | arm_skin("right", limb)
    return Person(
        rgb=rgb,
        alpha=alpha,
        parts=np.where(alpha > 0.5, _enlarged_labels(found.everywhere, width, height), Part.BACKGROUND).astype(
            np.uint8
        ),
        face=enlarged(face, height, width),
        head=enlarged(head, height, width) & (alpha > 0),
        arms=enlarged(arms, height, width),
        legs=enlarged(leg_skin(parts, arms, skeleton), height, width),
        joints={name: (x / scale, y / scale) for name, (x, y) in skeleton.joints.items()},
        joints_seen=skeleton.seen,
        shoulder_width=skeleton.shoulder_width / scale,
        ground=found.ground,
        warnings=_warnings(skeleton),
    )


def head_regions(parts: NDArray[np.uint8], skeleton: Skeleton) -> tuple[Mask, Mask]:
    """Skin of the face, and the whole head: the face, hair (also where it falls on the chest), glasses, hat.

    The head reaches a few pixels beyond the silhouette, so that soft hair belongs to it.
    """
    head = skeleton.head
    rows, columns = np.ogrid[: parts.shape[0], : parts.shape[1]]
    near = np.abs(columns - head.face_x) < max(0.5 * skeleton.shoulder_width, 0.62 * head.unit)
    # The chin is round: towards the sides the head ends higher than in the middle.
    jaw = head.chin + 0.06 * head.unit - 1.2 * (columns - head.face_x) ** 2 / head.unit
    above = near & (rows <= np.maximum(jaw, head.chin - 0.35 * head.unit))
    hair = main_components(parts == Part.HAIR, share=0.08) & (rows < head.neck_foot + 1.6 * head.unit) & near
    whole = (above & (parts > 0)) | hair
    rim = cv2.dilate(whole.astype(np.uint8), disk(0.006 * max(parts.shape))) > 0
    face = above & (parts == Part.SKIN)
    return np.asarray(face, dtype=np.bool_), np.asarray(whole | (rim & (parts == 0)), dtype=np.bool_)


def leg_skin(parts: NDArray[np.uint8], arms: Mask, skeleton: Skeleton) -> Mask:
    """Skin below the hips that is no arm."""
    hip_y = skeleton.joints["left_hip"][1]
    below = np.arange(parts.shape[0])[:, None] > hip_y
    return np.asarray((parts == Part.SKIN) & below & ~arms)


def _enlarged_labels(labels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if labels.shape == (height, width):
        return labels
    return np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _warnings(skeleton: Skeleton) -> tuple[Notice, ...]:
    trunk = skeleton.joints["left_hip"][1] - skeleton.joints["left_shoulder"][1]
    if skeleton.shoulder_width < TURNED_RATIO * trunk:
        return (Notice("turned", REJECTION_MESSAGES["turned"]),)
    return ()
