"""The person's measures that clothes hang on: trunk edges, shoulder line, armpits, arms and legs, in px of the photo.

Joints say where to look, the silhouette says how wide. Where arms touch the trunk the silhouette is no help; then the
arm's own line bounds the trunk. Index 0 is the person's right (left in the picture), 1 the left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.limbs import Limb
from shared.engines.preview.scene import HAIR, LOWER, SHOES, SKIN, Scene

SIDES = ("right", "left")
NECK_HALF_RANGE = (0.15, 0.29)  # by shoulder width
SEAM_OUTWARDS = 0.07  # a sleeve's seam lies so far outside of the joint, by shoulder width
TRUNK_HALF = ((0.0, 0.46), (0.42, 0.43), (0.9, 0.36), (1.35, 0.42), (2.0, 0.46))  # (below shoulders, half width): usual
TRUNK_TRUST = (0.72, 1.6)  # measured half widths outside of this range of the usual are misread
ARMHOLE_END = 0.3  # of the upper arm: cloth that ends above is the edge of a sleeveless top
LONG_TROUSERS = 0.75  # of hip to ankle: what ends above is a skirt or shorts, its width is not the leg's
EDGE_STEP_PX = 4  # trunk edges are looked for in every so many rows
ARMPIT_DEPTH = (0.24, 0.42, 0.75)  # below the joint, least, usual and most, by shoulder width

Points = NDArray[np.float64]


class Figure:
    """Measures of one person in one scene. `width`: shoulder width in px, the unit of most thresholds."""

    def __init__(self, scene: Scene, joints: Mapping[str, tuple[float, float]], width: float) -> None:
        self.scene, self.width = scene, float(width)
        self._joints = joints
        self.shape = scene.alpha.shape[:2]
        self.shoulders = np.array([joints[f"{side}_shoulder"] for side in SIDES], dtype=np.float64)
        middle = self.shoulders.mean(axis=0)
        fallback = middle + np.array([0.0, 1.4 * self.width])
        self.hips = np.array([joints.get(f"{side}_hip", tuple(fallback)) for side in SIDES], dtype=np.float64)
        self.shoulder_y, self.hip_y = float(middle[1]), float(self.hips[:, 1].mean())
        self.torso = max(0.6 * self.width, self.hip_y - self.shoulder_y)

    def joint(self, side: int, name: str) -> Points | None:
        found = self._joints.get(f"{SIDES[side]}_{name}")
        return None if found is None else np.array(found, dtype=np.float64)

    def centre_x(self, y: float) -> float:
        """The body's middle line, from between the shoulders to between the hips."""
        top, low = self.shoulders[:, 0].mean(), self.hips[:, 0].mean()
        return float(top + np.clip((y - self.shoulder_y) / self.torso, -0.5, 1.5) * (low - top))

    @cached_property
    def edges(self) -> Points:
        """(H, 2) x of the trunk's right and left edge in every row; arms excluded; usual widths where unclear."""
        height = self.shape[0]
        step = np.arange(0, height, EDGE_STEP_PX)
        found = np.array([self._row_edges(int(y)) for y in step])
        rows = np.stack([np.interp(np.arange(height), step, found[:, side]) for side in (0, 1)], axis=1).astype(
            np.float32
        )
        size = 2 * round(0.03 * self.width) + 1
        calm = np.stack([_median(rows[:, side], size) for side in (0, 1)], axis=1)
        return np.asarray(cv2.GaussianBlur(calm, (1, size), 0), dtype=np.float64)

    def edge(self, side: int, y: float) -> float:
        return float(self.edges[int(np.clip(y, 0, self.shape[0] - 1)), side])

    def _row_edges(self, y: int) -> tuple[float, float]:
        centre = self.centre_x(y)
        usual = self._usual_half(y)
        row = self._trunk_mask[y]
        out = []
        for side in (0, 1):
            half = _reach(row, centre, side, TRUNK_TRUST[1] * usual)
            half = min(half, self._arm_bound(side, y, usual))
            half = usual if half < TRUNK_TRUST[0] * usual else half
            out.append(centre + (half if side else -half))
        return out[0], out[1]

    @cached_property
    def _trunk_mask(self) -> NDArray[np.bool_]:
        return np.asarray((self.scene.alpha > 0.5) & ~self.scene.arms, dtype=np.bool_)

    def _usual_half(self, y: float) -> float:
        below, half = zip(*TRUNK_HALF, strict=True)
        return float(np.interp((y - self.shoulder_y) / self.width, below, half)) * self.width

    def _arm_bound(self, side: int, y: float, usual: float) -> float:
        """Half width at which the arm begins, where the arm hangs beside the trunk."""
        x = self.arms[side].x_at(y)
        if x is None:
            return float("inf")
        half = (x - self.centre_x(y)) * (1 if side else -1) - 0.1 * self.width
        return half if half > 0.85 * usual else float("inf")

    @cached_property
    def arms(self) -> tuple[Limb, Limb]:
        return self._arm(0), self._arm(1)

    def _arm(self, side: int) -> Limb:
        shoulder = self.shoulders[side]
        elbow = self.joint(side, "elbow")
        elbow = shoulder + np.array([0.0, 0.75 * self.width]) if elbow is None else elbow
        wrist = self.joint(side, "wrist")
        wrist = elbow + 0.85 * (elbow - shoulder) if wrist is None else wrist
        return Limb(np.array([shoulder, elbow, wrist]), outwards=1.0 if side else -1.0)

    def arms_down_to(self, ends: tuple[float, float], past: float) -> NDArray[np.bool_]:
        """(H, W) True on and beside the arms from the shoulders to `ends` (px along them) less `past` px."""
        found = np.zeros(self.shape, dtype=np.bool_)
        for arm, end in zip(self.arms, ends, strict=True):
            box = arm.box(end, 0.35 * self.width, self.shape)
            along, across = arm.coordinates(*np.mgrid[box].astype(np.float32)[::-1])
            found[box] |= (along < end - past) & (np.abs(across) < 0.35 * self.width)
        return found

    @cached_property
    def neck_half(self) -> float:
        """Half width of the neck: the narrowest row between chin and shoulders, hair left out."""
        neck_y = self._joints.get("neck", (0.0, self.shoulder_y - 0.32 * self.width))[1]
        solid = (self.scene.alpha > 0.5) & (self.scene.parts != HAIR)
        rows = range(max(0, int(neck_y - 0.2 * self.width)), max(1, int(neck_y + 0.05 * self.width)))
        halves = [
            (_reach(solid[y], x, 0, self.width) + _reach(solid[y], x, 1, self.width)) / 2
            for y in rows
            for x in (self.centre_x(y),)
        ]
        low, high = NECK_HALF_RANGE
        return float(np.clip(min(halves, default=0.0), low * self.width, high * self.width))

    @cached_property
    def neck_y(self) -> float:
        """Row of the neck's foot, where a collar begins."""
        usual = self.shoulder_y - 0.32 * self.width
        known = self._joints.get("neck", (0.0, usual))[1]
        return float(np.clip(known, usual - 0.1 * self.width, usual + 0.1 * self.width))

    @cached_property
    def shoulder_tops(self) -> Points:
        """`shoulder_top` of every column."""
        outs = np.arange(self.shape[1]) - self.centre_x(self.shoulder_y)
        right, left = (np.interp(np.abs(outs), line[:, 0], line[:, 1]) for line in self._shoulder_lines)
        return np.asarray(np.where(outs > 0, left, right), dtype=np.float64)

    def shoulder_top(self, x: float) -> float:
        """The upper edge of the shoulders (trapezius line) at column `x`."""
        lines = self._shoulder_lines
        side = 1 if x > self.centre_x(self.shoulder_y) else 0
        return float(np.interp(abs(x - self.centre_x(self.shoulder_y)), lines[side][:, 0], lines[side][:, 1]))

    @cached_property
    def _shoulder_lines(self) -> tuple[Points, Points]:
        return self._shoulder_line(0), self._shoulder_line(1)

    def _shoulder_line(self, side: int) -> Points:
        """(n, 2) distance from the middle, y: the silhouette's top, held near the line from neck to joint."""
        middle = self.centre_x(self.shoulder_y)
        joint = self.shoulders[side]
        reach = abs(joint[0] - middle)
        outs = np.linspace(self.neck_half + 0.02 * self.width, reach + 0.16 * self.width, 24)
        guess = np.interp(outs, [self.neck_half, reach], [joint[1] - 0.3 * self.width, joint[1] - 0.14 * self.width])
        guess += np.maximum(0.0, outs - reach) * 0.9
        tops = [self._top_near(middle + (out if side else -out), y) for out, y in zip(outs, guess, strict=True)]
        near = np.clip(tops, guess - 0.13 * self.width, guess + 0.13 * self.width)
        calm = _median(near.astype(np.float32), 5)
        return np.stack([outs, calm], axis=1).astype(np.float64)

    def _top_near(self, x: float, guess: float) -> float:
        column = int(np.clip(round(x), 0, self.shape[1] - 1))
        first = int(np.clip(guess - 0.25 * self.width, 0, self.shape[0] - 1))
        last = int(np.clip(guess + 0.3 * self.width, first + 1, self.shape[0]))
        solid = (self.scene.alpha[first:last, column] > 0.5) & (self.scene.parts[first:last, column] != HAIR)
        return float(first + int(solid.argmax())) if solid.any() else guess

    @cached_property
    def armpits(self) -> Points:
        """(2, 2): where arm and trunk part; by proportion where they touch."""
        return np.array([self._armpit(side) for side in (0, 1)])

    def _armpit(self, side: int) -> tuple[float, float]:
        joint = self.shoulders[side]
        least, usual, most = (value * self.width for value in ARMPIT_DEPTH)
        y = joint[1] + usual
        for row in range(int(joint[1] + least), int(min(self.shape[0] - 1, joint[1] + most))):
            x = self.arms[side].x_at(row)
            inside = self.edge(side, row)
            if x is not None and self.daylight(row, inside, x):
                y = min(float(row), y)
                break
        return self.edge(side, y), y

    def daylight(self, row: int, start: float, end: float) -> bool:
        """Whether the background shows between two columns of a row."""
        row = int(np.clip(row, 0, self.shape[0] - 1))
        low, high = sorted((int(start), int(end)))
        low, high = max(0, low), min(self.shape[1], high)
        return bool(high > low and (self.scene.alpha[row, low:high] < 0.5).any())

    @cached_property
    def waist_y(self) -> float:
        """The natural waist, by proportion between shoulders and hips."""
        return self.shoulder_y + 0.68 * self.torso

    def lowest(self, side: int) -> float:
        """Lowest row of this side's leg or shoe."""
        ankle = self.joint(side, "ankle")
        if ankle is None:
            return float(self.shape[0])
        near = self.scene.alpha[:, int(np.clip(ankle[0], 0, self.shape[1] - 1))] > 0.5
        rows = np.nonzero(near)[0]
        return float(rows[-1]) if rows.size else float(ankle[1])

    @cached_property
    def crotch_y(self) -> float:
        """Where daylight begins between the legs; a little under the hips where there is none."""
        first = int(self.hip_y + 0.12 * self.width)
        last = int(min(self.shape[0] - 1, self.hip_y + 0.6 * self.width))
        for y in range(first, last):
            x = int(np.clip(self.centre_x(y), 3, self.shape[1] - 4))
            if (self.scene.alpha[y, x - 3 : x + 4] < 0.5).all():
                return float(y)
        return self.hip_y + 0.32 * self.width

    def leg_edges(self, side: int, y: float) -> tuple[float, float]:
        """(x left in picture, x right) of one leg in row `y`; legs that touch are parted at the middle."""
        row = int(np.clip(min(y, self._last_leg_row), 0, self.shape[0] - 1))
        axis = self.leg_x(side, y)
        other = self.leg_x(1 - side, y)
        solid = self._leg_mask[row]
        outer = _reach(solid, axis, side, 0.4 * self.width)
        inner = min(_reach(solid, axis, 1 - side, 0.4 * self.width), abs(other - axis) / 2)
        usual = 0.2 * self.width
        outer, inner = (usual if value < 2 else value for value in (outer, inner))
        return (axis - outer, axis + inner) if side == 0 else (axis - inner, axis + outer)

    @cached_property
    def _last_leg_row(self) -> float:
        """Below it shoes and feet are wider than the leg: its width there is that of this row."""
        ankle = max(self.ankle_y(0), self.ankle_y(1)) - 0.05 * self.width
        old = self.lower_bottom()
        long = old is not None and old > self.hip_y + LONG_TROUSERS * (ankle - self.hip_y)
        return min(ankle, old - 0.02 * self.width) if long and old is not None else ankle

    @cached_property
    def _leg_mask(self) -> NDArray[np.bool_]:
        return np.asarray((self.scene.body > 0.5) & ~self.scene.arms & (self.scene.parts != SHOES), dtype=np.bool_)

    def leg_x(self, side: int, y: float) -> float:
        """Middle of the leg in row `y`: the line hip, knee, ankle."""
        hip = self.hips[side]
        knee = self.joint(side, "knee")
        knee = hip + np.array([0.0, 1.2 * self.width]) if knee is None else knee
        ankle = self.joint(side, "ankle")
        ankle = knee + np.array([0.0, 1.15 * self.width]) if ankle is None else ankle
        return float(np.interp(y, [hip[1], knee[1], ankle[1]], [hip[0], knee[0], ankle[0]]))

    def ankle_y(self, side: int) -> float:
        ankle = self.joint(side, "ankle")
        return float(ankle[1]) if ankle is not None else self.hip_y + 2.35 * self.width

    def old_sleeve_end(self, side: int) -> float:
        """How far down the arm (px from the joint) the worn sleeve reaches; 0 for a bare arm."""
        arm = self.arms[side]
        steps = np.arange(0.1 * arm.length, arm.length, max(2.0, 0.01 * arm.length))
        parts = [_part_at(self.scene.parts, arm.point_at(step)) for step in steps]
        bare = [step for step, part in zip(steps, parts, strict=True) if part == SKIN]
        if not bare:
            return arm.length
        return float(bare[0]) if bare[0] > ARMHOLE_END * arm.upper else 0.0

    def lower_top(self) -> float | None:
        """Highest row where the worn trousers or skirt show in the middle, if they do."""
        x = int(np.clip(self.centre_x(self.hip_y), 6, self.shape[1] - 7))
        share = (self.scene.parts[:, x - 6 : x + 7] == LOWER).mean(axis=1)
        rows = np.nonzero(share > 0.5)[0]
        rows = rows[rows > self.shoulder_y + 0.4 * self.torso]
        return float(rows[0]) if rows.size else None

    def seat_half(self, side: int, row: float) -> float:
        """Half width of the hips in a row; under a top that hangs over them, that of the first visible row."""
        top = self.lower_top()
        return self.body_half(side, row if top is None else max(row, top + 0.05 * self.width))

    def body_half(self, side: int, row: float) -> float:
        """Half width of the silhouette, arms excluded, at the hips."""
        centre = self.centre_x(row)
        solid = self._leg_mask[int(np.clip(row, 0, self.shape[0] - 1))]
        half = _reach(solid, centre, side, TRUNK_TRUST[1] * self._usual_half(row))
        if half > 0.6 * self._usual_half(row):
            return half
        return abs(self.leg_edges(side, row)[side] - centre)  # between the legs the middle shows the background

    def lower_bottom(self) -> float | None:
        """Lowest row where the worn trousers or skirt show on either leg, if they do."""
        share = (self.scene.parts == LOWER).sum(axis=1)
        rows = np.nonzero(share > 0.05 * self.width)[0]
        return float(rows[-1]) if rows.size else None


def _reach(row: NDArray[np.bool_], x: float, side: int, most: float) -> float:
    """How far the row stays True from `x` to one side, at most `most` px."""
    start = int(np.clip(round(x), 0, len(row) - 1))
    run = row[start:] if side else row[start::-1]
    stop = int(np.argmin(run)) if not run.all() else len(run)
    return float(min(stop, most))


def _median(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Running median, ends repeated."""
    padded = np.pad(values, size // 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, size), axis=1), dtype=np.float32)


def _part_at(parts: NDArray[np.uint8], point: Points) -> int:
    y = int(np.clip(round(point[1]), 0, parts.shape[0] - 1))
    return int(parts[y, int(np.clip(round(point[0]), 0, parts.shape[1] - 1))])
