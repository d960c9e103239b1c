"""Bare skin where a sleeve or a trouser leg was: the limb's own colours, continued along it.

What can be seen of the arm says how its colour runs from one edge to the other; that profile is drawn on up the limb.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.limbs import Limb
from shared.engines.preview.scene import SKIN, Scene

BINS = 17  # of the profile across the limb
SAMPLE_LENGTH = 0.2  # of the limb that the profile is taken from, by shoulder width
PAST_SLEEVE = 0.08  # the arm is painted on to here below the old sleeve's end, by shoulder width
PAST_WRIST = 1.15  # of the arm's length: the wrist under a long sleeve is a guess
HIDDEN_ARM = 0.8  # of the arm under the sleeve: the hand alone does not show how light runs over an arm
TAPER = 0.16  # an upper arm is that much wider at the shoulder than where the sleeve ended
EDGE_DARKENING = 0.22  # of a round limb without any visible skin to learn from
MIN_PIXELS = 60
FACE_SHARE = 0.5  # of the face's pixels: less of a limb says little about the skin
SAME_HUE_LAB, SAME_LIGHT_LAB = 13.0, 24.0  # between a person's face and limbs
USUAL_SKIN_RGB = (198.0, 152.0, 128.0)

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BareLimb:
    """`rgb` (H, W, 3; 0..255) and `alpha` (H, W): the limb without its clothes, 0 where it is not.

    `zone` (H, W): where the clothes of this limb can have been. `inner` (H, W): its side towards the trunk.
    """

    rgb: NDArray[np.uint8]
    alpha: Floats
    zone: Mask
    inner: Mask


def bare_arm(scene: Scene, arm: Limb, covered_to: float, width: float) -> BareLimb:
    """The arm from the shoulder to where the worn sleeve ended (`covered_to`, px along the arm)."""
    at = min(covered_to + PAST_SLEEVE * width, 0.97 * arm.length)
    last = PAST_WRIST * arm.length if covered_to > HIDDEN_ARM * arm.length else at
    box = arm.box(last + SAMPLE_LENGTH * width, 0.4 * width, scene.alpha.shape)
    ys, xs = np.mgrid[box].astype(np.float32)
    along, across = arm.coordinates(xs, ys)
    halves = [_half(scene, arm, at, sign, width) for sign in (1.0, -1.0)]
    grow = 1.0 + TAPER * np.clip((at - along) / arm.upper, 0.0, 1.2)
    half = np.where(across > 0, np.float32(halves[0]), np.float32(halves[1])) * grow.astype(np.float32)
    offset = np.clip(across / np.maximum(half, 1.0), -1.5, 1.5)
    inside = np.where(along < 0, half - np.hypot(along, across), half - np.abs(across))
    rgb, alpha = np.zeros(scene.rgb.shape, dtype=np.uint8), np.zeros_like(scene.alpha)
    zone = np.zeros(scene.alpha.shape, dtype=np.bool_)
    hidden = at > HIDDEN_ARM * arm.length
    profile = round_profile(skin_colour(scene)) if hidden else _profile(scene, box, along, offset, at, width)
    rgb[box] = _painted(profile, offset)
    alpha[box] = np.clip(inside / 1.5 + 0.5, 0.0, 1.0)
    zone[box] = (along < last) & (along > -0.16 * width) & (np.abs(across) < 0.24 * width)
    zone[box] &= (along < at) | (scene.parts[box] != SKIN)  # the hand stays
    inner = zone.copy()
    inner[box] &= across < 0
    return BareLimb(rgb, alpha, zone, inner)


def _half(scene: Scene, arm: Limb, at: float, sign: float, width: float) -> float:
    """Half width of the bare arm, measured a little below the sleeve; by proportion where it is hidden."""
    found = [arm.reach_across(scene.alpha, at + step * width, sign, 0.2 * width) for step in (0.0, 0.05, 0.1)]
    half = float(np.median(found))
    return half if 0.05 * width < half < 0.17 * width else 0.1 * width


def _profile(scene: Scene, box: tuple[slice, slice], along: Floats, offset: Floats, at: float, width: float) -> Floats:
    """(BINS, 3) mean colour from the limb's inner to its outer edge."""
    wanted = scene.arms[box] & (np.abs(along - at - 0.5 * SAMPLE_LENGTH * width) < 0.5 * SAMPLE_LENGTH * width)
    wanted &= (np.abs(offset) < 1.0) & (scene.alpha[box] > 0.97)
    if int(wanted.sum()) < MIN_PIXELS:
        return round_profile(skin_colour(scene))
    bins = np.clip(((offset[wanted] + 1.0) / 2.0 * BINS).astype(np.intp), 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS).astype(np.float64)
    sums = [np.bincount(bins, weights=scene.rgb[box][wanted][:, c], minlength=BINS) for c in range(3)]
    known = np.nonzero(counts > 2)[0]
    means = [np.interp(np.arange(BINS), known, (total / np.maximum(counts, 1))[known]) for total in sums]
    rows = np.stack(means, axis=1).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(rows, (1, 5), 0, borderType=cv2.BORDER_REPLICATE), dtype=np.float32)


def skin_colour(scene: Scene) -> Floats:
    """Median RGB of the visible limbs; of the face where little of them is seen, or where they have another colour."""
    face = _median_colour(scene, scene.skin_hint)
    enough = max(MIN_PIXELS, FACE_SHARE * int(scene.skin_hint.sum()))
    for mask in (scene.arms, scene.legs):
        colour = _median_colour(scene, mask) if int(mask.sum()) >= enough else None
        if colour is not None and (face is None or _alike(colour, face)):
            return colour
    return face if face is not None else np.array(USUAL_SKIN_RGB, dtype=np.float32)


def _median_colour(scene: Scene, mask: Mask) -> Floats | None:
    if int(mask.sum()) < MIN_PIXELS:
        return None
    return np.asarray(np.median(scene.rgb[mask], axis=0), dtype=np.float32)


def _alike(limb: Floats, face: Floats) -> bool:
    """Tights and gloves pass for skin; the same person's skin has nearly one hue, and limbs are not much darker."""
    pair = np.stack([limb, face])[None] / np.float32(255.0)
    first, second = cv2.cvtColor(pair, cv2.COLOR_RGB2LAB)[0]
    return bool(np.hypot(*(first - second)[1:]) < SAME_HUE_LAB and abs(first[0] - second[0]) < SAME_LIGHT_LAB)


def round_profile(colour: Floats) -> Floats:
    """A profile as of a cylinder lit from the front."""
    offset = np.linspace(-1.0, 1.0, BINS, dtype=np.float32)
    return np.asarray(colour[None, :] * (1.0 - EDGE_DARKENING * offset**4)[:, None], dtype=np.float32)


def _painted(profile: Floats, offset: Floats) -> Floats:
    """The profile's colour for every pixel, interpolated across the limb."""
    position = np.clip((offset + 1.0) / 2.0 * BINS - 0.5, 0, BINS - 1).astype(np.float32)
    rows = np.zeros_like(position)
    strip = np.ascontiguousarray(profile[None, :, :])
    return np.asarray(cv2.remap(strip, position, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
