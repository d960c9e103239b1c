"""What was worn and is not covered by the new garment: made skin, ground or trousers, so that no sliver of it stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.bare_legs import bare_legs
from shared.engines.preview.figure import Figure
from shared.engines.preview.garment import spread_colours
from shared.engines.preview.keypoints import Kind
from shared.engines.preview.scene import BACKGROUND, DRESS, LOWER, SHOES, SKIN, UPPER, Scene
from shared.engines.preview.skin import bare_arm, skin_colour

HALO = 0.045  # the old clothes' soft rim beyond their mask, by shoulder width
SLIVER = 0.13  # by shoulder width: without a known ground, the new cloth is drawn out over rests this near to it
POCKET = 0.04
SLEEVE_POCKET = 0.09  # between a sleeve and the trunk
ARMPIT_REST = 0.09  # what was worn so near to the new cloth, on the arm's inner side, was arm and not ground
HEM_SWING = 0.2  # the hem of a skirt swings up so far from its lowest row
TRUNK_INSET = 0.85  # below the armpits skin shows only well inside the trunk's edges
CHEST_SHRINK = 4
TROUSER_END = 0.1
MIN_ARM_AREA = 0.002
MIN_LEG_AREA = 0.02  # of the squared shoulder width: less is the ragged end of trousers that were covered
CHEST_INSET = 0.05

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

WORN = {
    Kind.TOP: (UPPER, DRESS),
    Kind.DRESS: (UPPER, LOWER, DRESS),
    Kind.TROUSERS: (LOWER,),
    Kind.SKIRT: (LOWER,),
}


@dataclass(frozen=True, slots=True)
class Fill:
    """Colours (H, W, 3), soft mask (H, W), and what is there afterwards: its silhouette and its part number."""

    rgb: Floats
    mask: Floats
    alpha: Floats
    part: int | NDArray[np.uint8]


def worn(scene: Scene, kind: Kind) -> Mask:
    """Pixels of the clothes that a garment of this kind replaces."""
    return np.asarray(np.isin(scene.parts, WORN[kind]), dtype=np.bool_)


def clear(scene: Scene, figure: Figure, kind: Kind, cover: Floats, cloth: Floats, hem_y: float, sleeved: Mask) -> Scene:
    """The scene without the uncovered rests of what the new garment replaces.

    `cover`: the new garment's alpha in the photo. `cloth`: its colours, continued a little past its outline.
    `sleeved`: where the arms are inside of its sleeves.
    """
    rest = worn(scene, kind) & (cover < 0.5) & ~scene.head
    rows = np.arange(figure.shape[0])[:, None]
    below = rows > (hem_y if kind is Kind.TOP else hem_y - HEM_SWING * figure.width)
    fills: list[Fill] = []
    if kind in (Kind.TOP, Kind.DRESS):
        upper = rest & ~below
        fills += _upper_fills(scene, figure, upper, cover, cloth, sleeved)
    if kind is Kind.TOP:
        fills += _lower_fill(scene, figure, rest & below, cover)
    else:
        fills += _leg_fill(scene, figure, rest & below, cover, hem_y)
    for fill in fills:
        scene = _filled(scene, fill)
    return scene


def _upper_fills(scene: Scene, figure: Figure, rest: Mask, cover: Floats, cloth: Floats, sleeved: Mask) -> list[Fill]:
    """Rests above the hem: neck and chest, arms, and what lies outside of the body."""
    body = _chest(figure)
    collar = body & (scene.parts == SKIN) & (cover < 0.5) & _grown(worn(scene, Kind.TOP), HALO * figure.width)
    rim = _with_halo(scene, rest, figure, cover) | (collar & ~scene.head)
    chest = body & rim
    in_sleeve = scene.arms & sleeved & (cover < 0.5)
    rim |= in_sleeve
    pockets = _pockets(rest | in_sleeve, cover, figure, bool(sleeved.any()))
    chest = chest & ~pockets & ~in_sleeve & (scene.parts != BACKGROUND)
    rim &= ~pockets
    fills = [_outside(scene, figure, rim & ~chest & (in_sleeve | (scene.parts != SKIN)), cover, cloth)]
    fills.append(Fill(cloth, _soft(pockets), np.ones(cover.shape, dtype=np.float32), UPPER))
    if chest.any():
        colours = _chest_colours(scene, rim, chest, figure)
        fills.append(Fill(colours, _soft(chest), np.ones(cover.shape, dtype=np.float32), SKIN))
    sides = (0, 1) if rest.any() else ()
    return fills + [fill for side in sides for fill in _arm_fills(scene, figure, side, rim & ~chest, cover)]


def _with_halo(scene: Scene, rest: Mask, figure: Figure, cover: Floats) -> Mask:
    """The rests and their soft rim on the background, where the new cloth does not hide it."""
    grown = _grown(rest, HALO * figure.width)
    free = rest | np.isin(scene.parts, (BACKGROUND, SKIN))
    return np.asarray(grown & free & (cover < 0.98) & ~scene.head, dtype=np.bool_)


def _grown(mask: Mask, reach: float) -> Mask:
    size = 2 * max(2, round(reach)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0, dtype=np.bool_)


def _pockets(rim: Mask, cover: Floats, figure: Figure, sleeved: bool) -> Mask:
    """Narrow rests between two pieces of the new garment, as at an armpit: they become cloth."""
    size = 2 * max(1, round((SLEEVE_POCKET if sleeved else POCKET) * figure.width)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    below_neck = np.arange(figure.shape[0])[:, None] > figure.shoulder_y
    closed = cv2.morphologyEx((cover > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    return np.asarray((closed > 0) & rim & below_neck, dtype=np.bool_)


def _chest(figure: Figure) -> Mask:
    """Neck, shoulders and chest: where an open neckline shows skin, inside of the arms."""
    height, width = figure.shape
    xs = np.arange(width)
    tops = figure.shoulder_tops + CHEST_INSET * figure.width
    near = (
        np.abs(xs - figure.centre_x(figure.shoulder_y))
        < np.abs(figure.shoulders[:, 0] - figure.shoulders[:, 0].mean()).mean()
    )
    out = np.abs(xs - figure.centre_x(figure.shoulder_y)) / figure.neck_half
    tops[out < 1.3] = np.minimum(tops[out < 1.3], figure.neck_y)
    tops[out < 1.04] = np.minimum(tops[out < 1.04], figure.neck_y - 0.2 * figure.width)
    rows = np.arange(height)[:, None]
    above = near[None, :] & (rows > tops[None, :]) & (rows < figure.armpits[:, 1].mean())
    middle = figure.edges.mean(axis=1, keepdims=True)
    half = (figure.edges[:, 1:] - figure.edges[:, :1]) / 2
    below = (np.abs(xs[None, :] - middle) < TRUNK_INSET * half) & (rows >= figure.armpits[:, 1].mean())
    return np.asarray(above | below, dtype=np.bool_)


def _chest_colours(scene: Scene, rim: Mask, chest: Mask, figure: Figure) -> Floats:
    """Skin of the neck and the shoulders continued over the chest; the limbs' colour where none is near."""
    ys, xs = np.nonzero(chest)
    margin = round(0.2 * figure.width)
    box = np.s_[max(0, ys.min() - margin) : ys.max() + margin, max(0, xs.min() - margin) : xs.max() + margin]
    skin = ((scene.parts[box] == SKIN) & (scene.alpha[box] > 0.97) & ~rim[box] & ~scene.head[box]).astype(np.uint8)
    core = cv2.erode(skin, np.ones((5, 5), dtype=np.uint8)) > 0
    painted = np.where(core[..., None], scene.rgb[box], skin_colour(scene)).astype(np.uint8)
    height, width = core.shape
    small = (max(1, width // CHEST_SHRINK), max(1, height // CHEST_SHRINK))
    few = cv2.resize(core.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
    wide = spread_colours(np.asarray(cv2.resize(painted, small, interpolation=cv2.INTER_AREA), dtype=np.uint8), few)
    calm = cv2.GaussianBlur(wide, (0, 0), 1.5)
    out = scene.rgb.copy()
    out[box] = cv2.resize(calm, (width, height), interpolation=cv2.INTER_LINEAR)
    return out


def _outside(scene: Scene, figure: Figure, mask: Mask, cover: Floats, cloth: Floats) -> Fill:
    """Outside of the body: the empty ground where it is known, else the new cloth drawn out a little."""
    if scene.ground is not None:
        return Fill(scene.ground, _soft(mask), np.zeros(cover.shape, dtype=np.float32), BACKGROUND)
    distance = cv2.distanceTransform((cover < 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    near = mask & (distance < SLIVER * figure.width) & (scene.parts != BACKGROUND)
    return Fill(cloth, _soft(near), scene.alpha, UPPER)


def _arm_fills(scene: Scene, figure: Figure, side: int, rim: Mask, cover: Floats) -> list[Fill]:
    """A bare arm where the old sleeve was longer than the new one, and the ground beside it.

    What passes for skin near the old sleeve's end is painted again: the border of parts is off by some px.
    """
    end = figure.old_sleeve_end(side)
    if end <= 0:
        return []
    limb = bare_arm(scene, figure.arms[side], end, figure.width)
    zone = limb.zone & (rim | (scene.parts == SKIN)) & (cover < 0.98) & ~scene.head
    if int((zone & rim).sum()) < MIN_ARM_AREA * figure.width**2:
        return []
    far = cv2.distanceTransform((cover < 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    armpit = limb.inner & (far < ARMPIT_REST * figure.width) & np.isin(scene.parts, (UPPER, DRESS, SKIN))
    alpha = np.maximum(limb.alpha, armpit.astype(np.float32))
    if scene.ground is None:  # the whole old sleeve becomes skin: what is behind it is not known
        old = zone & (scene.parts != BACKGROUND)
        return [Fill(limb.rgb, _soft(old), scene.alpha, SKIN)]
    part = np.where(alpha > 0.5, np.uint8(SKIN), np.uint8(BACKGROUND))
    return [Fill(scene.ground + alpha[..., None] * (limb.rgb - scene.ground), _soft(zone), alpha, part)]


def _lower_fill(scene: Scene, figure: Figure, rest: Mask, cover: Floats) -> list[Fill]:
    """Under the new hem: the trousers' upper part, mirrored from what is seen of them; else the ground."""
    lower = scene.parts == LOWER
    if int(lower.sum()) < 0.02 * figure.width**2:
        return []
    first = np.where(lower.any(axis=0), lower.argmax(axis=0), -1)
    rows = np.arange(figure.shape[0])[:, None]
    mirrored = np.clip(2 * first[None, :] - rows + 4, 0, figure.shape[0] - 1)
    columns = np.broadcast_to(np.arange(figure.shape[1])[None, :], mirrored.shape)
    fits = lower[mirrored, columns] & (first[None, :] >= 0)
    rim = _with_halo(scene, rest & (scene.parts == UPPER), figure, cover)
    fills = [Fill(scene.rgb[mirrored, columns], _soft(rim & fits), np.ones(cover.shape, dtype=np.float32), LOWER)]
    if scene.ground is not None:
        fills.append(Fill(scene.ground, _soft(rim & ~fits), np.zeros(cover.shape, dtype=np.float32), BACKGROUND))
    return fills


def _leg_fill(scene: Scene, figure: Figure, rest: Mask, cover: Floats, hem_y: float) -> list[Fill]:
    """Below a skirt or shorts: bare legs before the ground; over an unknown ground the trousers stay."""
    if scene.ground is None or int(rest.sum()) < MIN_LEG_AREA * figure.width**2:
        return []
    rest = rest | _trouser_ends(scene, figure, rest)
    legs = bare_legs(scene, figure, hem_y - 0.25 * figure.width)
    weight = legs.alpha[..., None]
    mask = _soft(_with_halo(scene, rest, figure, cover))
    return [Fill(scene.ground + weight * (legs.rgb - scene.ground), mask, legs.alpha, SKIN)]


def _trouser_ends(scene: Scene, figure: Figure, rest: Mask) -> Mask:
    """The trousers' last rows, which pass for shoes: near the trousers, and more of their colour than of the shoes'."""
    shoes: Mask = np.asarray(scene.parts == SHOES, dtype=np.bool_)
    near: Mask = shoes & _grown(rest, TROUSER_END * figure.width)
    apart = shoes & ~near
    if not near.any() or not apart.any():
        return near
    lab = cv2.cvtColor(scene.rgb / np.float32(255.0), cv2.COLOR_RGB2LAB)
    low = rest & _grown(near, TROUSER_END * figure.width)
    colours = [np.median(lab[mask], axis=0) for mask in (low if low.any() else rest, apart)]
    cloth, leather = (np.linalg.norm(lab - colour, axis=2) for colour in colours)
    kernel = np.ones((5, 5), dtype=np.uint8)
    found = cv2.dilate((near & (cloth < leather)).astype(np.uint8), kernel) > 0
    return np.asarray(found & near, dtype=np.bool_)


def _soft(mask: Mask) -> Floats:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _filled(scene: Scene, fill: Fill) -> Scene:
    """The scene with one fill laid over it."""
    weight = (fill.mask * np.where(scene.head, np.float32(0), np.float32(1)))[..., None]
    rgb = scene.rgb + weight * (fill.rgb - scene.rgb)
    mask = weight[..., 0]
    inside = mask > 0.5
    parts = np.where(inside, np.asarray(fill.part, dtype=np.uint8), scene.parts)
    alpha = scene.alpha + mask * (fill.alpha - scene.alpha)
    arms = np.where(inside, parts == SKIN, scene.arms)
    return replace(scene, rgb=rgb, parts=parts, alpha=alpha, arms=arms)
