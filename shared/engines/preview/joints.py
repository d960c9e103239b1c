"""Where the joints are, from the silhouette and the parts alone: pure geometry, no pose network.

Every length is a multiple of the *head unit*: top of the head to the foot of the neck. It shows in nearly every photo
and varies less between people than the face box. The ratios were measured on the sample people (three full figures and
one upper body, `samples/manifest.json`) and checked by eye on studio and street photos; they are averages, so a joint
is a good guess, not a measurement. "Left" is the person's left, on the right of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.arms import Limb, find_arm
from shared.engines.preview.legs import add_legs, run_at
from shared.engines.preview.parsing import Part

UNIT_BY_FACE = 1.52  # head unit by the size of the Haar box (samples 1.44 .. 1.71)
UNIT_RANGE = (1.28, 1.73)  # a unit outside this is a hat, tall hair or a hidden neck
FOOT_BY_FACE = 0.80  # foot of the neck below the middle of the face, by the size of the box (samples .67 .. .94)
UNIT_RANGE_UNSURE = (0.9, 2.6)  # when the box was guessed from skin
NECK_WIDENING = 1.4  # the neck ends where the silhouette is this much wider than its narrowest row
CHIN_UP = 0.22  # chin above the foot of the neck
SHOULDER_DROP = (0.30, 0.62)  # allowed drop of the shoulder joint below the foot of the neck
SHOULDER_DROP_USUAL = 0.45
SHOULDER_SLOPE = 0.40  # the outline turns downwards at the shoulder: less sideways than this per step down
SHOULDER_INSET = 0.21  # joint inside the outline (deltoid and sleeve)
SHOULDER_HALF = (0.30, 0.90)  # allowed distance of the joint from the neck's middle
SHOULDER_LEAST = 0.46  # of somebody who faces the camera

Mask = NDArray[np.bool_]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Middle and side of a square around the face, px; `sure`: a detector saw it, else it is guessed from skin."""

    x: float
    y: float
    size: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Head:
    """`top`, `chin`, `neck_foot`: rows; `x`, `face_x`: columns of neck and face; `unit`: px from top to neck foot."""

    top: float
    chin: float
    neck_foot: float
    x: float
    face_x: float
    unit: float


@dataclass(frozen=True, slots=True)
class Skeleton:
    """All joints in pixels, also those outside the picture (a guess); `seen`: the ones inside it."""

    head: Head
    joints: dict[str, Point]
    seen: frozenset[str]
    shoulder_width: float


def find_skeleton(inside: Mask, parts: NDArray[np.uint8], face: FaceBox) -> Skeleton:
    """`inside`: silhouette (H, W); `parts`: values of Part (H, W)."""
    head = find_head(inside, parts, face)
    joints: dict[str, Point] = {}
    left, right = _shoulders(inside, parts, head)
    joints["left_shoulder"], joints["right_shoulder"] = left, right
    width = max(1.0, float(np.hypot(left[0] - right[0], left[1] - right[1])))
    joints["neck"] = (head.x, head.neck_foot)
    feet_seen = add_legs(joints, inside & (parts != Part.OTHER), (head.top, head.unit), width)
    for side in ("left", "right"):
        arm = find_arm(side, Limb(inside, parts == Part.SKIN, head.unit, joints))
        joints[f"{side}_elbow"], joints[f"{side}_wrist"] = arm
    return Skeleton(head, joints, _seen(joints, inside.shape, feet_seen), width)


def find_head(inside: Mask, parts: NDArray[np.uint8], face: FaceBox) -> Head:
    """The head around the given face; the neck's foot is searched, or guessed when hair or a scarf hides it."""
    x, y, size = face.x, face.y, face.size
    column = slice(max(0, round(x - 0.3 * size)), round(x + 0.3 * size) + 1)
    rows = np.flatnonzero(inside[:, column].any(axis=1))
    top = float(rows[0]) if len(rows) else y - 0.9 * size
    foot, neck_x = _neck(inside & (parts != Part.HAIR), x, y, size)
    unit = foot - top
    low, high = UNIT_RANGE if face.sure else UNIT_RANGE_UNSURE
    if not low * size <= unit <= high * size:
        unit = UNIT_BY_FACE * size
        foot = y + FOOT_BY_FACE * size
        top = foot - unit
        neck_x = x
    return Head(top, foot - CHIN_UP * unit, foot, neck_x, x, unit)


def _neck(body: Mask, x: float, y: float, size: float) -> tuple[float, float]:
    """Row where the neck widens into the shoulders, and the neck's middle column."""
    runs: list[tuple[int, int]] = []
    start, end = round(y + 0.48 * size), min(body.shape[0] - 1, round(y + 1.5 * size))
    middle = x
    for row in range(start, end):
        run = run_at(body[row], middle)
        if run is None:
            break
        runs.append(run)
        middle = 0.7 * middle + 0.3 * float(np.clip(sum(run) / 2, x - 0.4 * size, x + 0.4 * size))
    if not runs:
        return y + FOOT_BY_FACE * size, x
    widths = np.array([right - left for left, right in runs], dtype=np.float64)
    narrowest = int(np.argmin(widths[: max(1, round(0.6 * size))]))
    wider = np.flatnonzero(widths[narrowest:] > NECK_WIDENING * widths[narrowest])
    foot = narrowest + (int(wider[0]) if len(wider) else 0)
    left, right = runs[narrowest]
    return float(start + foot), (left + right) / 2


def _shoulders(inside: Mask, parts: NDArray[np.uint8], head: Head) -> tuple[Point, Point]:
    """Left and right shoulder joint: where the outline below the neck turns downwards, a deltoid further in."""
    body = inside & (parts != Part.HAIR)
    (left, left_drop), (right, right_drop) = (_shoulder(body, head, sign) for sign in (1, -1))
    # One narrow side is hidden by hair; two narrow sides are a person who is turned.
    least = min(SHOULDER_LEAST * head.unit, max(left, right))
    middle = (left_drop + right_drop) / 2
    return (
        (head.x + max(left, least), head.neck_foot + (left_drop + middle) / 2),
        (head.x - max(right, least), head.neck_foot + (right_drop + middle) / 2),
    )


def _shoulder(body: Mask, head: Head, sign: int) -> tuple[float, float]:
    """Distance from the neck's middle, and drop below its foot; `sign`: +1 for the picture's right half, else -1."""
    reach = _outline(body, head, sign)
    step = max(1, round(0.06 * head.unit))
    low, high = (round(part * head.unit) for part in SHOULDER_DROP)
    slope = (reach[step:] - reach[:-step]) / step
    flat = np.flatnonzero(slope[low : high + 1] < SHOULDER_SLOPE)
    drop = low + int(flat[0]) + step / 2 if len(flat) else SHOULDER_DROP_USUAL * head.unit
    outer = float(reach[min(len(reach) - 1, round(drop))])
    nearest, farthest = SHOULDER_HALF
    return float(np.clip(outer - SHOULDER_INSET * head.unit, nearest * head.unit, farthest * head.unit)), drop


def _outline(body: Mask, head: Head, sign: int) -> NDArray[np.float64]:
    """Distance of the outline from the neck's column, for each row from the neck's foot on (0.9 units); smooth."""
    first = int(np.clip(round(head.neck_foot), 0, body.shape[0] - 1))
    last = min(body.shape[0], first + max(4, round(0.9 * head.unit)))
    reach = np.zeros(last - first)
    limit = 1.25 * head.unit
    for index, row in enumerate(range(first, last)):
        columns = (np.flatnonzero(body[row]) - head.x) * sign
        near = columns[(columns > 0) & (columns < limit)]
        reach[index] = near.max() if len(near) else 0.0
    kernel = max(1, round(0.05 * head.unit))
    padded = np.pad(reach, kernel, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(2 * kernel + 1) / (2 * kernel + 1), mode="valid"))


def _seen(joints: dict[str, Point], shape: tuple[int, ...], feet_seen: bool) -> frozenset[str]:
    height, width = shape[:2]
    inside = {name for name, (x, y) in joints.items() if 0 <= x < width and 0 <= y < height - 1}
    return frozenset(inside if feet_seen else inside - {"left_ankle", "right_ankle"})
