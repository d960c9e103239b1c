"""What was worn and is not covered by the new garment: made skin, ground or trousers, so that no sliver of it stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.bare_legs import bare_legs
from shared.engines.preview.figure import Figure
from shared.engines.preview.garment import spread_colours
from shared.engines.preview.keypoints import Kind
from shared.engines.preview.scene import BACKGROUND, DRESS, LOWER, OTHER, SHOES, SKIN, UPPER, Scene, bounds
from shared.engines.preview.skin import bare_arm, skin_colour

HALO = 0.045  # the old clothes' soft rim beyond their mask, by shoulder width
COLLAR_RIM = 0.02  # so near to the old collar skin may be collar: the border of parts is off by some px
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
ARM_HALF = 0.14  # by shoulder width
WISP = 0.025  # by shoulder width: thinner rests beside the new cloth are not drawn out, they would look frayed
THROAT = (-0.16, 0.08)  # rows about the foot of the neck, by shoulder width
SCARF_HALF = 1.7  # by half the neck's width
BARE_THROAT = 0.4  # share of skin there
THROAT_SHADE, THROAT_REACH = 0.16, 0.22  # under a chin it is so much darker; how far down, by shoulder width
RIM_SHADE, RIM_REACH = 0.3, 0.04  # of an arm that is drawn over an old sleeve; reach by shoulder width
NECK_ROUND = 0.12  # a neck's sides are so much darker than its middle

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Colours = NDArray[np.float32] | NDArray[np.uint8]

WORN = {
    Kind.TOP: (UPPER, DRESS),
    Kind.DRESS: (UPPER, LOWER, DRESS),
    Kind.TROUSERS: (LOWER,),
    Kind.SKIRT: (LOWER,),
}


@dataclass(frozen=True, slots=True)
class Fill:
    """Colours (H, W, 3; 0..255), soft mask (H, W), and what is there afterwards: its silhouette and its part number."""

    rgb: Colours
    mask: Floats
    alpha: Floats | float
    part: int | NDArray[np.uint8]


def worn(scene: Scene, kind: Kind) -> Mask:
    """Pixels of the old clothes that a garment of this kind replaces."""
    return np.asarray(np.isin(scene.parts, WORN[kind]) & ~scene.fresh, dtype=np.bool_)


def clear(
    scene: Scene, figure: Figure, kind: Kind, cover: Floats, cloth: Colours, hem_y: float, sleeved: Mask, *, over: bool
) -> Scene:
    """The scene without the uncovered rests of what the new garment replaces.

    `cover`: the new garment's alpha in the photo. `cloth`: its colours, continued a little past its outline.
    `sleeved`: where the arms are inside of its sleeves. `over`: it is worn over the old clothes: they stay, but for
    what bulges out of its sleeves.
    """
    rest = worn(scene, kind) & (cover < 0.5) & ~scene.head
    if over:
        rim = _with_halo(scene, rest & sleeved, figure, cover)
        return _filled(scene, [_outside(scene, figure, rim, cover, cloth)])
    rows = np.arange(figure.shape[0])[:, None]
    below = rows > (hem_y if kind is Kind.TOP else hem_y - HEM_SWING * figure.width)
    upper: Iterable[Fill] = ()
    if kind in (Kind.TOP, Kind.DRESS):
        sleeves = rest & _along_arms(figure)
        upper = _upper_fills(scene, figure, rest & (sleeves | ~below), cover, cloth, sleeved)
        rest &= ~sleeves
    if kind is Kind.TOP:
        lower = _lower_fill(scene, figure, rest & below, cover)
    else:
        lower = _leg_fill(scene, figure, rest & below, cover, hem_y)
    return _filled(scene, chain(upper, lower, _inner_layer(scene, cover, cloth, sleeved)))


def _inner_layer(scene: Scene, cover: Floats, cloth: Colours, sleeved: Mask) -> Iterator[Fill]:
    """A new garment that bulges out of the sleeves of the next one: it takes the colour of what it would push out."""
    bulge = scene.fresh & sleeved & (cover < 0.5) & ~scene.head & np.isin(scene.parts, WORN[Kind.TOP])
    if bulge.any():
        yield Fill(cloth, _soft(bulge), 1.0, UPPER)


def _along_arms(figure: Figure) -> Mask:
    """The arms down to the wrists, no wider than arms are: sleeves that go on below the new hem."""
    found = np.zeros(figure.shape, dtype=np.bool_)
    for arm in figure.arms:
        reach = ARM_HALF * figure.width
        box = arm.box(arm.length, reach, figure.shape)
        along, across = arm.coordinates(*np.mgrid[box].astype(np.float32)[::-1])
        found[box] |= (along < arm.length) & (np.abs(across) < reach)
    return found


def _upper_fills(
    scene: Scene, figure: Figure, rest: Mask, cover: Floats, cloth: Colours, sleeved: Mask
) -> Iterator[Fill]:
    """Rests above the hem: neck and chest, arms, and what lies outside of the body. One by one: each is as large as
    the photo."""
    body = _chest(figure)
    collar = body & (scene.parts == SKIN) & (cover < 0.5) & _grown(worn(scene, Kind.TOP), COLLAR_RIM * figure.width)
    rim = _with_halo(scene, rest, figure, cover) | (collar & ~scene.head)
    chest = body & rim
    in_sleeve = scene.arms & sleeved & (cover < 0.5)
    rim |= in_sleeve
    pockets = _pockets(rest | in_sleeve, cover, figure, bool(sleeved.any()))
    chest = chest & ~pockets & ~in_sleeve & (scene.parts != BACKGROUND)
    rim &= ~pockets
    if not _throat_is_bare(scene, figure):
        rim &= ~(chest | _around_neck(figure))
        chest = np.zeros_like(chest)
    yield _outside(scene, figure, rim & ~chest & (in_sleeve | (scene.parts != SKIN)), cover, cloth)
    yield Fill(cloth, _soft(pockets), 1.0, UPPER)
    if chest.any():
        yield Fill(_chest_colours(scene, rim, chest, figure), _soft(chest), 1.0, SKIN)
    for side in (0, 1) if rest.any() else ():
        yield from _arm_fills(scene, figure, side, rim & ~chest, cover)


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


def _throat_is_bare(scene: Scene, figure: Figure) -> bool:
    """Whether skin is seen between chin and collar. A scarf or high collar stays: the neck under it is not known."""
    xs = np.abs(np.arange(figure.shape[1]) - figure.centre_x(figure.neck_y)) < 0.7 * figure.neck_half
    first, last = (int(np.clip(figure.neck_y + share * figure.width, 0, figure.shape[0])) for share in THROAT)
    throat = scene.parts[first:last, xs]
    known = np.isin(throat, (SKIN, UPPER, DRESS, OTHER))
    return not known.any() or float((throat[known] == SKIN).mean()) > BARE_THROAT


def _around_neck(figure: Figure) -> Mask:
    """Where a scarf or a high collar lies."""
    across = np.abs(np.arange(figure.shape[1]) - figure.centre_x(figure.neck_y)) < SCARF_HALF * figure.neck_half
    rows = np.arange(figure.shape[0]) < figure.neck_y + 0.12 * figure.width
    return np.asarray(rows[:, None] & across[None, :], dtype=np.bool_)


def _chest_colours(scene: Scene, rim: Mask, chest: Mask, figure: Figure) -> NDArray[np.uint8]:
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
    out = scene.rgb.astype(np.uint8)
    own = cv2.resize(calm, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    seen = np.clip(6.0 * cv2.GaussianBlur(core.astype(np.float32), (0, 0), 0.08 * figure.width), 0.0, 1.0)
    shaded = own * (1.0 + (1.0 - seen[..., None]) * (_neck_light(figure, box)[..., None] - 1.0))
    out[box] = np.clip(shaded, 0.0, 255.0)
    return out


def _neck_light(figure: Figure, box: tuple[slice, slice]) -> Floats:
    """How the light falls on a neck that nothing is seen of: dark under the chin, round."""
    ys, xs = (axis.astype(np.float32) for axis in np.mgrid[box])
    under = np.clip((ys - figure.neck_y + 0.2 * figure.width) / (THROAT_REACH * figure.width), 0.0, 1.0)
    out = np.clip(np.abs(xs - figure.centre_x(figure.neck_y)) / (1.1 * figure.neck_half), 0.0, 1.0)
    neck = np.clip(1.0 - (ys - figure.neck_y) / (0.2 * figure.width), 0.0, 1.0)
    return np.asarray((1.0 - THROAT_SHADE * (1.0 - under)) * (1.0 - NECK_ROUND * neck * out**3), dtype=np.float32)


def _outside(scene: Scene, figure: Figure, mask: Mask, cover: Floats, cloth: Colours) -> Fill:
    """Outside of the body: the empty ground where it is known, else the new cloth drawn out a little."""
    if scene.ground is not None:
        return Fill(scene.ground, _soft(mask), 0.0, BACKGROUND)
    distance = cv2.distanceTransform((cover < 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    near = mask & (distance < SLIVER * figure.width) & (scene.parts != BACKGROUND)
    size = 2 * max(1, round(WISP * figure.width)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    whole = cv2.morphologyEx((near | (cover > 0.5)).astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return Fill(cloth, _soft(near & whole), scene.alpha, UPPER)


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
        rounded = (limb.rgb * _roundness(scene, figure)[..., None]).astype(np.uint8)
        return [Fill(rounded, _soft(old), scene.alpha, SKIN)]
    part = np.where(alpha > 0.5, np.uint8(SKIN), np.uint8(BACKGROUND))
    return [Fill(_before(scene.ground, limb.rgb, alpha), _soft(zone), alpha, part)]


def _before(ground: NDArray[np.uint8], rgb: NDArray[np.uint8], alpha: Floats) -> NDArray[np.uint8]:
    """A bare limb before the empty ground."""
    out = ground.copy()
    box = bounds(alpha)
    empty = ground[box].astype(np.float32)
    out[box] = empty + alpha[box][..., None] * (rgb[box] - empty)
    return out


def _roundness(scene: Scene, figure: Figure) -> Floats:
    """(H, W) factor: the silhouette's rim turns away from the light."""
    depth = cv2.distanceTransform((scene.alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(1.0 - RIM_SHADE * np.exp(-depth / (RIM_REACH * figure.width)), dtype=np.float32)


def _lower_fill(scene: Scene, figure: Figure, rest: Mask, cover: Floats) -> Iterator[Fill]:
    """Under the new hem: the trousers' upper part, mirrored from what is seen of them; else the ground."""
    lower = scene.parts == LOWER
    if int(lower.sum()) < 0.02 * figure.width**2:
        return
    first = np.where(lower.any(axis=0), lower.argmax(axis=0), -1)
    rows = np.arange(figure.shape[0])[:, None]
    mirrored = np.clip(2 * first[None, :] - rows + 4, 0, figure.shape[0] - 1).astype(np.int32)
    columns = np.broadcast_to(np.arange(figure.shape[1])[None, :], mirrored.shape)
    fits = lower[mirrored, columns] & (first[None, :] >= 0)
    rim = _with_halo(scene, rest & (scene.parts == UPPER), figure, cover)
    yield Fill(scene.rgb.astype(np.uint8)[mirrored, columns], _soft(rim & fits), 1.0, LOWER)
    if scene.ground is not None:
        yield Fill(scene.ground, _soft(rim & ~fits), 0.0, BACKGROUND)


def _leg_fill(scene: Scene, figure: Figure, rest: Mask, cover: Floats, hem_y: float) -> Iterator[Fill]:
    """Below a skirt or shorts: bare legs before the ground; over an unknown ground the trousers stay."""
    if scene.ground is None or int(rest.sum()) < MIN_LEG_AREA * figure.width**2:
        return
    rest = rest | _trouser_ends(scene, figure, rest)
    legs = bare_legs(scene, figure, hem_y - 0.25 * figure.width)
    mask = _soft(_with_halo(scene, rest, figure, cover))
    yield Fill(_before(scene.ground, legs.rgb, legs.alpha), mask, legs.alpha, SKIN)


def _trouser_ends(scene: Scene, figure: Figure, rest: Mask) -> Mask:
    """The trousers' last rows, which pass for shoes: near the trousers, and more of their colour than of the shoes'."""
    shoes: Mask = np.asarray(scene.parts == SHOES, dtype=np.bool_)
    near: Mask = shoes & _grown(rest, TROUSER_END * figure.width)
    apart = shoes & ~near
    if not near.any() or not apart.any():
        return near
    low = rest & _grown(near, TROUSER_END * figure.width)
    cloth_mask = low if low.any() else rest
    box = bounds(shoes | cloth_mask)
    lab = cv2.cvtColor(scene.rgb[box] / np.float32(255.0), cv2.COLOR_RGB2LAB)
    colours = [np.median(lab[mask[box]], axis=0) for mask in (cloth_mask, apart)]
    cloth, leather = (np.linalg.norm(lab - colour, axis=2) for colour in colours)
    found = np.zeros_like(near)
    found[box] = cv2.dilate((near[box] & (cloth < leather)).astype(np.uint8), np.ones((5, 5), dtype=np.uint8)) > 0
    return np.asarray(found & near, dtype=np.bool_)


def _soft(mask: Mask) -> Floats:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _filled(scene: Scene, fills: Iterable[Fill]) -> Scene:
    """The scene with the fills laid over it, one after the other."""
    rgb, parts, alpha, arms = scene.rgb.copy(), scene.parts.copy(), scene.alpha.copy(), scene.arms.copy()
    for fill in fills:
        mask = np.where(scene.head, np.float32(0), fill.mask)
        box = bounds(mask)
        weight, inside = mask[box], mask[box] > 0.5
        change = fill.rgb[box] - rgb[box]
        change *= weight[..., None]
        rgb[box] += change
        part = fill.part[box] if isinstance(fill.part, np.ndarray) else np.uint8(fill.part)
        parts[box] = np.where(inside, part, parts[box])
        silhouette = fill.alpha[box] if isinstance(fill.alpha, np.ndarray) else np.float32(fill.alpha)
        alpha[box] += weight * (silhouette - alpha[box])
        arms[box] = np.where(inside, parts[box] == SKIN, arms[box])
    return replace(scene, rgb=rgb, parts=parts, alpha=alpha, arms=arms)
