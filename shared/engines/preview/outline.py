"""From the network's rough probabilities to a soft outline, and edge colours without the old background in them.

Lengths are fractions of the picture's longer side, so the result does not depend on the size. Every random choice
inside OpenCV is seeded: the same picture gives the same bytes in any process.
"""

from __future__ import annotations

import cv2
import numpy as np

from shared.engines.preview.background import Floats, Ground, Image, Mask, disk, to_lab
from shared.engines.preview.gaps import settled, without_flaws

GRABCUT_SIDE = 512  # px: GrabCut's time grows with the area; finer edges come from the matte
GRABCUT_ROUNDS = 1
GRABCUT_MARGIN = 0.12  # of the longer side: background farther away says little about what is beside the person
BAND_FRACTION = 0.009  # half width of the strip in which GrabCut may move the network's edge
NETWORK_SHARE = 0.6  # vote of the network against GrabCut: keeps colour look-alikes from spilling
COMPONENT_SHARE = 0.1  # a loose piece stays when it has this share of the largest one's area
MATTE_FRACTION = 0.004  # half width of the strip in which alpha is soft
CLEAR_CONTRAST_LAB = 18.0  # from here on the colours alone say how transparent an edge pixel is
STRIP_ROWS = 512
SEED = 7


def rough_outline(bgr: Image, foreground: Floats, ground: Ground) -> Mask:
    """What `foreground` (H, W probability) marks in `bgr`, its edge moved to the edges of the picture."""
    rough = settled(foreground, ground) if ground.is_plain else foreground
    return without_flaws(bgr, main_components(_grabcut(bgr, rough)))


def main_components(mask: Mask, share: float = COMPONENT_SHARE) -> Mask:
    """The largest connected piece and every piece with at least `share` of its area."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    if count <= 2:
        return mask
    areas = np.bincount(labels.ravel())  # in half the time of connectedComponentsWithStats
    areas[0] = 0
    return np.asarray((areas >= share * areas.max())[labels], dtype=np.bool_)


def enlarged(mask: Mask, height: int, width: int) -> Mask:
    """The mask at another size, its outline smooth."""
    if mask.shape == (height, width):
        return mask
    return np.asarray(cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)


def _grabcut(bgr: Image, foreground: Floats) -> Mask:
    """The network's outline moved to the nearest edge of the colours, (H, W) bool."""
    height, width = foreground.shape
    scale = min(1.0, GRABCUT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    probability = np.asarray(cv2.resize(foreground, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    labels = _seeds(probability)
    if (labels == cv2.GC_FGD).any() and (labels == cv2.GC_BGD).any():
        box = _surroundings(labels)
        part = np.ascontiguousarray(labels[box])
        cv2.setRNGSeed(SEED)
        front, back = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(
            np.ascontiguousarray(small[box]), part, (0, 0, 0, 0), back, front, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK
        )
        labels[box] = part
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    vote = (1.0 - NETWORK_SHARE) * cut + NETWORK_SHARE * probability
    return np.asarray(cv2.resize(vote, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5, dtype=np.bool_)


def _surroundings(labels: Image) -> tuple[slice, slice]:
    """Rows and columns of all that is not surely background, and some of that around it to learn its colours from."""
    left, top, width, height = cv2.boundingRect((labels != cv2.GC_BGD).astype(np.uint8))
    margin = round(GRABCUT_MARGIN * max(labels.shape))
    return slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin)


def _seeds(probability: Floats) -> Image:
    """GrabCut's four labels: sure on both sides of the band, probable within it."""
    inside = (probability > 0.5).astype(np.uint8)
    kernel = disk(BAND_FRACTION * max(probability.shape))
    labels = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.erode(inside, kernel) > 0] = cv2.GC_FGD
    labels[cv2.dilate(inside, kernel) == 0] = cv2.GC_BGD
    return labels


def matte(bgr: Image, inside: Mask, ground: Image | None = None) -> Floats:
    """Soft alpha (H, W, 0..1) at the edge of `inside`: how much of a pixel's colour comes from either side of the edge.

    `ground`: the background as it would be without the object, where it is known; else it is taken from outside.
    Works in strips of rows, so a large photo needs little memory.
    """
    radius = MATTE_FRACTION * max(inside.shape)
    halo = int(np.ceil(7 * radius)) + 2
    alpha = inside.astype(np.float32)
    for first in range(0, inside.shape[0], STRIP_ROWS):
        start, end = max(0, first - halo), min(inside.shape[0], first + STRIP_ROWS + halo)
        columns = _columns(inside[start:end], halo)
        strip = (slice(start, end), columns)
        if inside[strip].any() and not inside[strip].all():
            known = None if ground is None else ground[strip]
            soft = _matte_strip(bgr[strip], inside[strip], known, radius)
            alpha[first : first + STRIP_ROWS, columns] = soft[first - start : first - start + STRIP_ROWS]
    return alpha


def _columns(mask: Mask, margin: int) -> slice:
    """From the mask's first to its last column, and a margin."""
    left, _, width, _ = cv2.boundingRect(mask.astype(np.uint8))
    return slice(max(0, left - margin), left + width + margin)


def _matte_strip(bgr: Image, inside: Mask, ground: Image | None, radius: float) -> Floats:
    sure, possible = _strip(inside, radius)
    colours = to_lab(bgr)
    front = _spread(colours, sure, radius)
    back = to_lab(ground) if ground is not None else _spread(colours, ~possible, radius)
    across = front - back
    contrast = np.einsum("hwc,hwc->hw", across, across)
    by_colour = np.einsum("hwc,hwc->hw", colours - back, across) / np.maximum(contrast, 1.0)
    by_place = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), max(0.8, radius * 0.35))
    trust = np.clip(np.sqrt(contrast) / CLEAR_CONTRAST_LAB, 0.0, 1.0)
    alpha = trust * np.clip(by_colour, 0.0, 1.0) + (1.0 - trust) * by_place
    alpha = cv2.GaussianBlur(np.clip((alpha - 0.08) / 0.84, 0.0, 1.0).astype(np.float32), (0, 0), 0.6)
    alpha[sure] = 1.0
    alpha[~possible] = 0.0
    return np.asarray(alpha, dtype=np.float32)


def _strip(inside: Mask, radius: float) -> tuple[Mask, Mask]:
    """Surely in front, and possibly in front."""
    kernel = disk(radius)
    mask = inside.astype(np.uint8)
    # Outside the picture the object goes on: without the replicated border its cut sides would turn soft.
    sure = cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE) > 0
    return np.asarray(sure), np.asarray(cv2.dilate(mask, kernel) > 0)


def _spread(colours: Floats, known: Mask, radius: float) -> Floats:
    """`colours` where known, elsewhere the mean of the known ones nearby; far from any, the colour itself."""
    weight = known.astype(np.float32)
    result = colours.copy()
    missing = ~known
    for reach in (1.5, 4.0):
        size = 2 * max(1, round(radius * reach)) + 1
        total = cv2.blur(weight, (size, size))
        mean = cv2.blur(colours * weight[..., None], (size, size)) / np.maximum(total, 1e-6)[..., None]
        fill = missing & (total > 1e-3)
        result[fill] = mean[fill]
        missing = missing & ~fill
    return result


def clean_edges(bgr: Image, alpha: Floats) -> Image:
    """`bgr` with the colours of half-transparent pixels replaced by the object's own: no fringe of the old ground."""
    radius = MATTE_FRACTION * max(alpha.shape)
    result = bgr.copy()
    columns = _columns(alpha > 0, int(np.ceil(7 * radius)) + 2)
    result[:, columns] = _clean_strip(bgr[:, columns], alpha[:, columns], radius)
    return result


def _clean_strip(bgr: Image, alpha: Floats, radius: float) -> Image:
    sure = np.asarray(cv2.erode((alpha > 0.97).astype(np.uint8), disk(1), borderType=cv2.BORDER_REPLICATE) > 0)
    own = _spread(bgr.astype(np.float32), sure, radius)
    mixed = np.clip((1.0 - alpha) * 4.0, 0.0, 1.0)[..., None]
    return np.asarray(np.clip(bgr * (1.0 - mixed) + own * mixed + 0.5, 0, 255), dtype=np.uint8)
