"""Elbow and wrist of one arm: a bare arm or hand shows as skin; else the arm is taken to hang along the outline."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Lengths by the head unit (see joints.py), means of the four sample people.
UPPER_ARM = 0.95
FOREARM = 0.73
HAND = 0.60
ARM_INSET = 0.16  # bone inside the outline
STRAIGHT = 0.88  # an arm longer than this share of its bones is taken as straight
MIN_HAND_AREA = 0.02  # of the squared unit: less is a wrist watch or noise
BONES = UPPER_ARM + FOREARM
ELBOW_SHARE = UPPER_ARM / BONES
COMPLETE = 0.9  # skin that reaches this share of the bones' length from the shoulder includes the hand

Mask = NDArray[np.bool_]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Limb:
    """What `find_arm` looks at: silhouette, skin, head unit in px, and joints found so far (shoulders, hips, knees)."""

    inside: Mask
    skin: Mask
    unit: float
    joints: dict[str, Point]

    def sign(self, side: str) -> int:
        return 1 if side == "left" else -1


def find_arm(side: str, limb: Limb) -> tuple[Point, Point]:
    """Elbow and wrist. Never fails: without any trace of the hand the arm hangs down."""
    piece = arm_skin(side, limb)
    shoulder = limb.joints[f"{side}_shoulder"]
    wrist = _wrist(piece, shoulder, limb.unit)
    if wrist is None:
        wrist = _hanging_wrist(side, limb)
    return _elbow(side, limb, shoulder, wrist), wrist


def arm_skin(side: str, limb: Limb) -> Mask:
    """Skin of the arm and hand on one side (H, W bool), empty when it is covered or out of the picture."""
    shoulder = limb.joints[f"{side}_shoulder"]
    beside = _pieces(side, limb, _arm_zone(side, limb, across_trunk=False))
    ys, xs = np.nonzero(beside)
    if len(ys) and np.hypot(xs - shoulder[0], ys - shoulder[1]).max() > COMPLETE * BONES * limb.unit:
        return beside  # down to the hand: skin before the trunk is belly, not forearm
    return _pieces(side, limb, _arm_zone(side, limb, across_trunk=True))


def _pieces(side: str, limb: Limb, zone: Mask) -> Mask:
    candidates = (limb.skin & zone).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(candidates)
    box = np.s_[y : y + height, x : x + width]
    found = np.zeros(zone.shape, dtype=np.bool_)
    if not width:
        return found
    count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates[box])
    lowest = limb.joints[f"{side}_hip"][1] + 0.35 * limb.unit - y
    keep = np.zeros(count, dtype=np.bool_)
    for label in range(1, count):
        big = stats[label, cv2.CC_STAT_AREA] >= MIN_HAND_AREA * limb.unit**2
        high = stats[label, cv2.CC_STAT_TOP] < lowest
        keep[label] = bool(big and high) and _is_arm(np.asarray(labels == label), (x, y), side, limb)
    found[box] = keep[labels]
    return found


def _is_arm(piece: Mask, corner: tuple[int, int], side: str, limb: Limb) -> bool:
    """Neither the bare shoulder of a wide neckline nor a strip of belly. `corner`: x, y of the piece's first pixel."""
    shoulder = limb.joints[f"{side}_shoulder"]
    neck_x = limb.joints["neck"][0]
    ys, xs = np.nonzero(piece)
    xs, ys = xs + corner[0], ys + corner[1]
    if np.hypot(xs - shoulder[0], ys - shoulder[1]).max() < 0.55 * limb.unit:
        return False
    away = (xs - neck_x) * limb.sign(side)
    return bool(away.min() > 0.15 * limb.unit or away.max() > 0.9 * abs(shoulder[0] - neck_x))


def _arm_zone(side: str, limb: Limb, *, across_trunk: bool) -> Mask:
    """Where an arm of this side can be: beside the neck's column, from the shoulder to the thighs, not in the face."""
    height, width = limb.inside.shape
    neck_x = limb.joints["neck"][0]
    shoulder = limb.joints[f"{side}_shoulder"]
    hip = limb.joints[f"{side}_hip"]
    away = (np.arange(width) - neck_x)[None, :] * limb.sign(side)
    rows = np.arange(height)[:, None]
    half = abs(shoulder[0] - neck_x)
    upper = (rows > shoulder[1] - 0.25 * limb.unit) & (away > 0.72 * half)
    middle = (rows > shoulder[1] + 0.75 * limb.unit) & (away > (0.05 * limb.unit if across_trunk else 0.72 * half))
    thigh = rows > hip[1] + 0.30 * limb.unit
    beside = away > abs(hip[0] - neck_x) + 0.10 * limb.unit
    return np.asarray((upper | middle) & (~thigh | beside) & (rows < hip[1] + 0.95 * limb.unit))


def _wrist(piece: Mask, shoulder: Point, unit: float) -> Point | None:
    """From the finger tips a hand's length back; of a covered arm the hand's upper end."""
    ys, xs = _farthest_piece(piece, shoulder, unit)
    if len(ys) == 0:
        return None
    reach = np.hypot(xs - shoulder[0], ys - shoulder[1])
    far = reach >= np.quantile(reach, 0.985)
    tip = float(xs[far].mean()), float(ys[far].mean())
    cut = ys.max() >= piece.shape[0] - 2 or xs.min() <= 1 or xs.max() >= piece.shape[1] - 2
    hand_gone = reach.max() < 0.75 * BONES * unit and reach.min() < 0.5 * unit
    if hand_gone or (cut and reach.max() < (BONES + 0.6 * HAND) * unit):
        return tip  # the hand is in a pocket or outside the picture: what is seen last is the nearest to the wrist
    from_tip = np.hypot(xs - tip[0], ys - tip[1])
    ring = np.abs(from_tip - HAND * unit) < 0.08 * unit
    if not ring.any():
        ring = reach <= np.quantile(reach, 0.08)
    return float(xs[ring].mean()), float(ys[ring].mean())


def _farthest_piece(piece: Mask, shoulder: Point, unit: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the connected piece that ends farthest from the shoulder, within an arm's reach of it."""
    _, labels = cv2.connectedComponents(piece.astype(np.uint8))
    ys, xs = np.nonzero(piece)
    reach = np.hypot(xs - shoulder[0], ys - shoulder[1])
    possible = reach < 1.12 * (BONES + HAND) * unit
    ys, xs, reach = ys[possible], xs[possible], reach[possible]
    if len(ys) == 0:
        return ys, xs
    same = labels[ys, xs] == labels[ys[np.argmax(reach)], xs[np.argmax(reach)]]
    return ys[same], xs[same]


def _hanging_wrist(side: str, limb: Limb) -> Point:
    """The arm hangs: at the hips, a little inside the outline."""
    shoulder = limb.joints[f"{side}_shoulder"]
    y = shoulder[1] + 0.94 * (UPPER_ARM + FOREARM) * limb.unit
    outer = _outer(side, limb, y)
    usual = shoulder[0] + limb.sign(side) * 0.10 * limb.unit
    if outer is None or abs(outer - usual) > 0.6 * limb.unit:
        return usual, y
    return outer - limb.sign(side) * ARM_INSET * limb.unit, y


def _outer(side: str, limb: Limb, y: float) -> float | None:
    """Column of the outline on this side at row `y`."""
    if not 0 <= y < limb.inside.shape[0]:
        return None
    columns = np.flatnonzero(limb.inside[round(y)])
    if len(columns) == 0:
        return None
    return float(columns[-1] if side == "left" else columns[0])


def _elbow(side: str, limb: Limb, shoulder: Point, wrist: Point) -> Point:
    """On the line or bent outwards, then moved to the middle of the arm that the outline shows."""
    x, y = _bent(side, limb, shoulder, wrist)
    outer = _outer(side, limb, y)
    if outer is None:
        return x, y
    on_bone = outer - limb.sign(side) * ARM_INSET * limb.unit
    if (x - on_bone) * limb.sign(side) > 0:
        # Bent out of the silhouette: the arm points to the camera, it is not spread.
        y = shoulder[1] + ELBOW_SHARE * (wrist[1] - shoulder[1])
        return _on_outline(side, limb, shoulder[0] + ELBOW_SHARE * (wrist[0] - shoulder[0]), y)
    return _on_outline(side, limb, x, y)


def _on_outline(side: str, limb: Limb, x: float, y: float) -> Point:
    """`x` drawn to the bone that the outline at row `y` suggests, unless a bag or a coat is what sticks out there."""
    outer = _outer(side, limb, y)
    if outer is None:
        return x, y
    on_bone = outer - limb.sign(side) * ARM_INSET * limb.unit
    return (x if abs(on_bone - x) > 0.45 * limb.unit else 0.35 * x + 0.65 * on_bone), y


def _bent(side: str, limb: Limb, shoulder: Point, wrist: Point) -> Point:
    """Two bones of known length between shoulder and wrist, the elbow away from the trunk."""
    across, down = wrist[0] - shoulder[0], wrist[1] - shoulder[1]
    length = max(1.0, float(np.hypot(across, down)))
    upper, fore = UPPER_ARM * limb.unit, FOREARM * limb.unit
    if length >= STRAIGHT * (upper + fore):
        return shoulder[0] + ELBOW_SHARE * across, shoulder[1] + ELBOW_SHARE * down
    along = float(np.clip((length**2 + upper**2 - fore**2) / (2 * length), -upper, upper))
    aside = float(np.sqrt(max(0.0, upper**2 - along**2))) * limb.sign(side)
    x = shoulder[0] + (along * across + aside * down) / length
    y = shoulder[1] + (along * down - aside * across) / length
    return x, y
