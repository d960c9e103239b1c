"""The new cloth in the picture: over the cleaned person, under the arms, hands and head, with light and shadow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.cleaning import clear, worn
from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import Placed
from shared.engines.preview.garment import spread_colours
from shared.engines.preview.keypoints import Kind
from shared.engines.preview.scene import BACKGROUND, DRESS, LOWER, SKIN, UPPER, Scene, bounds
from shared.engines.preview.shading import folds, rounded, shadow
from shared.engines.preview.warp import Cloth

SLEEVE_END = 0.05  # by shoulder width: a sleeve's end is slanted, only above this distance from it the arm is hidden
ARMHOLE = 0.4  # by shoulder width: so far down the arm a sleeveless top lies over shoulder and armpit
HEM_UNEVEN = 0.06  # by shoulder width: a hem that leaves its middle height by more is misread
PART = {Kind.TOP: UPPER, Kind.DRESS: DRESS, Kind.TROUSERS: LOWER, Kind.SKIRT: LOWER}

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Dressed:
    """The scene with the garment on, and measures: garment area (share of the picture), old clothes covered (0..1)."""

    scene: Scene
    cover: Floats
    area: float
    old_covered: float | None


def compose(
    scene: Scene, cloths: Iterable[Cloth], figure: Figure, kind: Kind, placed: Placed, *, over: bool = False
) -> Dressed:
    """Dress the scene in the warped pieces of one garment, given in drawing order.

    `over`: a coat. What was worn stays under it; only what would bulge out of its sleeves goes.
    """
    shown = [_shown(cloth, scene, kind, figure.width) for cloth in cloths]
    cover = _union(shown)
    old = worn(scene, kind)
    light = folds(scene.rgb, worn(scene, Kind.TROUSERS if kind is Kind.TROUSERS else Kind.TOP) & old, figure.width)
    armpit_y = float(figure.armpits[:, 1].mean())
    sleeved = _sleeved(figure, placed)
    cleaned = clear(
        scene,
        figure,
        kind,
        cover,
        shown[0].rgb,
        placed.hem_y,
        sleeved if placed.sleeve_ends else np.zeros_like(sleeved),
        over=over,
    )
    cleaned = replace(cleaned, arms=cleaned.arms & ~(sleeved & (cover > 0.02)))
    round_edges = rounded(cover, figure.width)
    rgb = _under_shadow(cleaned.rgb, cover, cleaned, figure.width)
    for cloth in shown:
        cloth_light = round_edges if cloth.over_arms else round_edges * light
        rgb = _laid_on(rgb, cloth, cloth_light, armpit_y, figure.width)
        if not cloth.over_arms:
            rgb = _arms_in_front(rgb, cleaned, cover)
    rgb = np.where(scene.head[..., None], scene.rgb, rgb)
    after = _after(cleaned, rgb, shown, cover, kind)
    return Dressed(after, cover, float((cover > 0.5).mean()), _covered(old, after, kind))


def _sleeved(figure: Figure, placed: Placed) -> Mask:
    """Where the arms are inside of sleeves, or under the edge of a sleeveless top: no skin is drawn over cloth there.

    What the neckline leaves open is not part of it.
    """
    ends = placed.sleeve_ends
    if placed.neckline is None:
        return np.zeros(figure.shape, dtype=np.bool_)
    if ends is None:
        ends = (ARMHOLE * figure.width, ARMHOLE * figure.width)
    xs = np.arange(figure.shape[1])
    beside = (xs < placed.neckline[0, 0]) | (xs > placed.neckline[-1, 0])
    return np.asarray(figure.arms_down_to(ends, SLEEVE_END * figure.width) & beside[None, :], dtype=np.bool_)


def _shown(cloth: Cloth, scene: Scene, kind: Kind, width: float) -> Cloth:
    """The piece without what must stay in front of it: the head, and a top that hangs over trousers."""
    hidden = scene.head.astype(np.float32)
    if kind in (Kind.TROUSERS, Kind.SKIRT):
        hidden = np.maximum(hidden, _soft_mask(_down_to_hem(scene, width)))
    return replace(cloth, alpha=cloth.alpha * (1.0 - hidden))


def _down_to_hem(scene: Scene, width: float) -> Mask:
    """The worn top and all beside it down to its hem: a waistband under it must not look out at the sides."""
    upper: Mask = np.asarray((scene.parts == UPPER) & ~scene.arms, dtype=np.bool_)
    if not upper.any():
        return upper
    height = upper.shape[0]
    hems = np.where(upper.any(axis=0), height - 1 - upper[::-1].argmax(axis=0), 0)
    trunk = np.flatnonzero(hems > hems.max() - 0.3 * width)
    usual = float(np.median(hems[trunk]))
    first, last = int(trunk[0]), int(trunk[-1])
    hems[:first], hems[last + 1 :] = hems[first], hems[last]
    even = np.clip(hems, usual - HEM_UNEVEN * width, usual + HEM_UNEVEN * width)
    return np.asarray(np.arange(height)[:, None] <= even[None, :], dtype=np.bool_)


def _soft_mask(mask: Mask) -> Floats:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8), dtype=np.float32)


def _union(cloths: Sequence[Cloth]) -> Floats:
    open_share = np.ones_like(cloths[0].alpha)
    for cloth in cloths:
        open_share *= 1.0 - cloth.alpha
    return np.asarray(1.0 - open_share, dtype=np.float32)


def _under_shadow(rgb: Floats, cover: Floats, scene: Scene, width: float) -> Floats:
    """The picture with the garment's soft shadow on the person."""
    person = np.where(scene.head, np.float32(0.0), scene.alpha)
    return np.asarray(rgb * (1.0 + (shadow(cover, width) - 1.0) * person)[..., None], dtype=np.float32)


def _laid_on(rgb: Floats, cloth: Cloth, light: Floats, armpit_y: float, width: float) -> Floats:
    """One piece over the picture, in place. A sleeve throws a shadow on the trunk, but not along its seam."""
    if cloth.over_arms:
        rows = np.arange(rgb.shape[0], dtype=np.float32)[:, None]
        below = np.clip((rows - armpit_y) / (0.12 * width), 0.0, 1.0)
        rgb *= (1.0 + 0.7 * (shadow(cloth.alpha, width) - 1.0) * below)[..., None]
    box = bounds(cloth.alpha)
    change = cloth.rgb[box] * light[box][..., None]
    np.clip(change, 0.0, 255.0, out=change)
    change -= rgb[box]
    change *= cloth.alpha[box][..., None]
    rgb[box] += change
    return rgb


def _arms_in_front(rgb: Floats, scene: Scene, cover: Floats) -> Floats:
    """In place: bare arms and hands over the trunk's cloth, their rims in skin colours, not the old background's."""
    arms = scene.arms & (cv2.dilate(cover, np.ones((9, 9), dtype=np.uint8)) > 0.02)
    if not arms.any():
        return rgb
    ys, xs = np.nonzero(arms)
    box = np.s_[max(0, ys.min() - 4) : ys.max() + 5, max(0, xs.min() - 4) : xs.max() + 5]
    skin = spread_colours(scene.rgb[box].astype(np.uint8), arms[box] & (scene.alpha[box] > 0.97), inset_px=1)
    inner = arms[box] & (cv2.erode(arms[box].astype(np.uint8), np.ones((5, 5), dtype=np.uint8)) > 0)
    colours = np.where(inner[..., None], scene.rgb[box], skin.astype(np.float32))
    weight = (_soft_mask(arms[box]) * scene.alpha[box])[..., None]
    rgb[box] += weight * (colours - rgb[box])
    return rgb


def _after(scene: Scene, rgb: Floats, cloths: Sequence[Cloth], cover: Floats, kind: Kind) -> Scene:
    """What the next garment will see."""
    over = np.zeros(cover.shape, dtype=np.bool_)
    for cloth in cloths:
        over |= (cloth.alpha > 0.5) & (~scene.arms | cloth.over_arms)
    parts = np.where(over, np.uint8(PART[kind]), scene.parts)
    alpha = np.maximum(scene.alpha, cover)
    return replace(
        scene,
        rgb=rgb,
        parts=parts,
        alpha=alpha,
        arms=scene.arms & ~over,
        legs=scene.legs & ~over,
        fresh=scene.fresh | over,
    )


def _covered(old: Mask, after: Scene, kind: Kind) -> float | None:
    """Share of the old clothes' pixels that now show the new garment, skin or the ground."""
    if not old.any():
        return None
    return float(np.isin(after.parts[old], (PART[kind], SKIN, BACKGROUND)).mean())
