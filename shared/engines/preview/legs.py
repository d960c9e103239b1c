"""Hips, knees and ankles: from the feet up where they are in the picture, else from the trunk down."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Lengths by the head unit (see joints.py), the whole height or the shoulder width; means of the sample people.
TRUNK = 1.67  # shoulder to hip, head units
HIP_BY_HEIGHT = 0.467  # hip below the top of the head, by the whole height
CROTCH_DROP = 0.065  # crotch below the hip joints, by the whole height
HIP_HALF = 0.28  # half distance of the hip joints, by the shoulder width
KNEE_BY_LEG = 0.48  # knee between hip and ankle
LEG = 3.1  # hip to ankle, head units, when the feet are not in the picture
ANKLE_UP = 0.40  # ankle above the lowest pixel of the foot, head units
FOOT_ROW = 0.45  # head units above the lowest pixel: where two feet are told apart
WHOLE_HEIGHT = (5.0, 8.8)  # of a standing person, head units

Mask = NDArray[np.bool_]
Point = tuple[float, float]


def add_legs(joints: dict[str, Point], body: Mask, head: tuple[float, float], width: float) -> bool:
    """Add hips, knees and ankles to `joints` (which has shoulders and neck); True when the feet are in the picture.

    `body`: silhouette without bags; `head`: row of its top, and the head unit in px; `width`: shoulder width in px.
    """
    top, unit = head
    bottom = float(np.flatnonzero(body.any(axis=1))[-1])
    tall = WHOLE_HEIGHT[0] * unit <= bottom - top <= WHOLE_HEIGHT[1] * unit
    feet_seen = bool(tall and bottom < body.shape[0] - 2)
    shoulder_y = (joints["left_shoulder"][1] + joints["right_shoulder"][1]) / 2
    hip_y = _hip_row(body, head, (joints["neck"][0], shoulder_y), bottom if feet_seen else None)
    middle = _trunk_middle(body, hip_y, joints["neck"][0], width)
    hips = {side: (middle + sign * HIP_HALF * width, hip_y) for side, sign in (("left", 1), ("right", -1))}
    ankles = _ankles(body, middle, bottom, unit, width) if feet_seen else _hanging_down(hips, LEG * unit)
    for side, hip in hips.items():
        joints[f"{side}_hip"] = hip
        joints[f"{side}_knee"] = _knee(body, hip, ankles[side], middle, width)
        joints[f"{side}_ankle"] = ankles[side]
    return feet_seen


def run_at(row: Mask, x: float) -> tuple[int, int] | None:
    """First and last column of the run of True that holds `x`, or of the nearest one; None when there is none."""
    runs = runs_of(row)
    if not runs:
        return None
    return min(runs, key=lambda run: max(0.0, run[0] - x, x - run[1]))


def runs_of(row: Mask) -> list[tuple[int, int]]:
    """First and last column of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _hip_row(body: Mask, head: tuple[float, float], shoulders: Point, bottom: float | None) -> float:
    """Mean of what the trunk, the whole height and the gap between the legs say."""
    top, unit = head
    guesses = [shoulders[1] + TRUNK * unit]
    if bottom is not None:
        height = bottom - top
        guesses.append(top + HIP_BY_HEIGHT * height)
        crotch = _crotch(body, shoulders[0], round(top + 0.49 * height), round(top + 0.60 * height))
        if crotch is not None:
            guesses.append(crotch - CROTCH_DROP * height)
    return float(np.mean(guesses))


def _crotch(body: Mask, x: float, first: int, last: int) -> float | None:
    """First row from `first` on in which the middle is open between two legs."""
    reach = max(3, (last - first) // 2)
    for row in range(first, min(last, body.shape[0])):
        runs = [run for run in runs_of(body[row]) if run[1] - run[0] > reach // 2]
        gaps = [(left[1] + right[0]) / 2 for left, right in pairwise(runs)]
        if any(abs(gap - x) < reach for gap in gaps):
            return float(row)
    return None


def _trunk_middle(body: Mask, row: float, x: float, width: float) -> float:
    """Middle column of the trunk at the hips; a run much wider than the shoulders holds an arm or a coat."""
    if row >= body.shape[0]:
        return x
    run = run_at(body[round(row)], x)
    if run is None or run[1] - run[0] > 1.3 * width:
        return x
    return float(np.clip((run[0] + run[1]) / 2, x - 0.3 * width, x + 0.3 * width))


def _hanging_down(hips: dict[str, Point], length: float) -> dict[str, Point]:
    return {side: (x, y + length) for side, (x, y) in hips.items()}


def _ankles(body: Mask, middle: float, bottom: float, unit: float, width: float) -> dict[str, Point]:
    """Two feet stand apart or one run holds both; each foot has its own lowest row."""
    row = round(bottom - FOOT_ROW * unit)
    runs = [run for run in runs_of(body[row]) if run[1] - run[0] > 0.08 * unit and _near(run, middle, 1.1 * width)]
    runs = sorted(sorted(runs, key=lambda run: run[0] - run[1])[:2])
    if len(runs) == 2:
        return {side: _ankle(body, run, row, bottom, unit) for side, run in zip(("right", "left"), runs, strict=True)}
    left, right = runs[0] if runs else (round(middle - 0.2 * unit), round(middle + 0.2 * unit))
    quarter = min((right - left) / 4, 0.4 * width)
    x, y = (left + right) / 2, bottom - ANKLE_UP * unit
    return {"left": (x + quarter, y), "right": (x - quarter, y)}


def _near(run: tuple[int, int], x: float, reach: float) -> bool:
    return abs((run[0] + run[1]) / 2 - x) < reach


def _ankle(body: Mask, run: tuple[int, int], row: int, bottom: float, unit: float) -> Point:
    """The foot below `run`: its lowest row, and the ankle above it."""
    left, right = run
    margin = round(0.1 * unit)
    foot = body[row : round(bottom) + 1, max(0, left - margin) : right + margin + 1]
    lowest = row + int(np.flatnonzero(foot.any(axis=1))[-1])
    y = lowest - ANKLE_UP * unit
    at_ankle = run_at(body[round(y)], (left + right) / 2) or run
    if at_ankle[1] - at_ankle[0] > 1.6 * (right - left):
        at_ankle = run
    return (at_ankle[0] + at_ankle[1]) / 2, y


def _knee(body: Mask, hip: Point, ankle: Point, middle: float, width: float) -> Point:
    """Middle of the leg at the knee's row; in a skirt or with closed legs, on the way from the hip to the ankle."""
    y = hip[1] + KNEE_BY_LEG * (ankle[1] - hip[1])
    usual = hip[0] + KNEE_BY_LEG * (ankle[0] - hip[0])
    if not 0 <= y < body.shape[0]:
        return usual, y
    run = run_at(body[round(y)], usual)
    if run is None or run[1] - run[0] > 0.65 * width:
        return usual, y
    x = (run[0] + run[1]) / 2
    return (x if abs(x - usual) < 0.25 * width else usual), y
