"""A garment freed from its packshot: one thing lying (or hanging) on a plain ground, or a picture with real alpha.

The ground is known to a few Lab units (`background.fit_ground`), so the outline is where the picture leaves it. What is
refused here is refused early: a cut-out from a busy ground would put a piece of that ground on a person.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from shared.engines.base import Notice
from shared.engines.preview.background import Ground, fit_ground, to_lab
from shared.errors import REJECTION_MESSAGES, ImageRejectedError
from shared.image_formats import typed_decoder_errors

WORKING_SIDE = 1024  # px of the longer side: more than a garment ever covers of a working photo
MIN_PLAIN, MAX_SD_LAB = 0.72, 9.0  # studio grounds measured > .9 and < 3, street photos < .3 and > 9
AREA_RANGE = (0.02, 0.92)  # share of the picture
MIN_MAIN_SHARE = 0.85  # of all found pixels in the largest piece: screenshots and collages fall apart
MIN_SOLIDITY = 0.42  # area by convex hull; long sleeves spread wide measured .55, screenshots .2 to .4
LEAST_CONTRAST_LAB = 2.5  # white on white: what is found then is torn
LOW_CONTRAST_LAB = 6.0
CLEAR_CONTRAST_LAB = 20.0  # from here on a hole through which the ground is seen is a hole, not a white print
PALE_SENSITIVITY = 1.5  # how much weaker a difference counts on the second look
PALE_CONTRAST_LAB = 45.0  # below it parts of the garment may have the ground's colour
SHADOW_CONTRAST_LAB = 28.0  # a garment so different from its ground cannot be mistaken for a shadow on it
SHADOW_CHROMA_LAB = 3.5
SHADOW_DARKENING = (1.0, 24.0)  # in L
SHADOW_SLOPE = 4.0  # L per px: a shadow is soft, a grey seam is not
SHREDS = 0.007  # half width, by the picture's longer side
COLOURED_LAB = 20.0  # chroma between cloth and ground
SMOOTHING = 0.0022  # of the outline, by the picture's longer side
MIN_TRANSPARENT_SHARE = 0.02  # an alpha channel that hides less than this is no cut-out
GUIDED_EPS = 1e-4

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Garment:
    """`rgb`: (h, w, 3) uint8, colours continued past the outline. `alpha`: (h, w) float32 0..1.

    `contrast`: median Lab distance between garment and ground (100 for pictures with alpha).
    `worn`: cut out of a picture of its wearer: the inside of the collar is not seen.
    """

    rgb: Image
    alpha: Floats
    contrast: float
    warnings: tuple[Notice, ...] = ()
    worn: bool = False


def cut_out_garment(data: bytes) -> Garment:
    """Free the garment of a JPEG, or of a PNG with alpha.

    Raises ImageRejectedError: garment_background (no plain ground), garment_not_found (no single thing on it).
    """
    rgb, alpha = read_picture(data)
    if alpha is not None:
        _refuse_no_garment(alpha > 0.5)
        return _finished(rgb, alpha, 100.0)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    ground = fit_ground(bgr)
    if not _is_plain(ground):
        raise ImageRejectedError("garment_background", details={"plain": round(ground.plain, 2)})
    mask, contrast = _outline(bgr, ground)
    _refuse_no_garment(mask)
    return _finished(rgb, _soft(bgr, _largest(mask)), contrast)


def packshot_alpha(bgr: Image) -> Floats | None:
    """Soft mask (H, W) float32 0..1 of the one thing on a plain ground, or None when there is no such thing."""
    scale = min(1.0, WORKING_SIDE / max(bgr.shape[:2]))
    small = _resized(bgr, scale)
    ground = fit_ground(small)
    if not _is_plain(ground):
        return None
    mask, _ = _outline(small, ground)
    if _flaw(mask):
        return None
    alpha = _soft(small, _largest(mask))
    height, width = bgr.shape[:2]
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def read_picture(data: bytes) -> tuple[Image, Floats | None]:
    """RGB at the working size and, where the file has a meaningful alpha channel, that."""
    with typed_decoder_errors(), Pictures.open(io.BytesIO(data)) as picture:
        has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
        pixels = np.asarray(picture.convert("RGBA" if has_alpha else "RGB"), dtype=np.uint8)
    scale = min(1.0, WORKING_SIDE / max(pixels.shape[:2]))
    rgb = _resized(np.ascontiguousarray(pixels[..., :3]), scale)
    if not has_alpha:
        return rgb, None
    alpha = _resized(np.ascontiguousarray(pixels[..., 3]), scale).astype(np.float32) / np.float32(255.0)
    return rgb, alpha if float(np.mean(alpha < 0.5)) > MIN_TRANSPARENT_SHARE else None


def _resized(pixels: Image, scale: float) -> Image:
    if scale >= 1.0:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _is_plain(ground: Ground) -> bool:
    return ground.plain > MIN_PLAIN and ground.sd < MAX_SD_LAB


def _outline(bgr: Image, ground: Ground) -> tuple[Mask, float]:
    """What differs from the ground, and by how much (median Lab distance); a pale garment needs a finer look."""
    mask, contrast = _differing(bgr, ground, blur_px=3, sensitivity=1.0)
    if _flaw(mask):
        finer = _differing(bgr, ground, blur_px=7, sensitivity=PALE_SENSITIVITY)
        return finer if not _flaw(finer[0]) and finer[1] > LEAST_CONTRAST_LAB else (mask, contrast)
    return mask, contrast


def _differing(bgr: Image, ground: Ground, blur_px: int, sensitivity: float) -> tuple[Mask, float]:
    low, high = max(2.0, 2.5 * ground.sd) / sensitivity, max(5.0, 5.0 * ground.sd) / sensitivity
    distance = np.asarray(cv2.GaussianBlur(ground.distance, (blur_px, blur_px), 0), dtype=np.float32)
    mask = _connected_to_clear(distance > low, distance > high)
    if not mask.any() or float(np.median(distance[mask])) < PALE_CONTRAST_LAB:
        mask = _closed(mask)
    mask = _without_outside(mask)
    inside = distance[mask]
    contrast = float(np.median(inside)) if inside.size else 0.0
    if contrast > SHADOW_CONTRAST_LAB:
        mask = _without_shadow(mask, _shadow(bgr, ground, mask))
    if contrast > CLEAR_CONTRAST_LAB:
        mask &= ~_holes(mask & (distance <= low))
    return _smoothed(mask), contrast


def _connected_to_clear(candidates: Mask, clear: Mask) -> Mask:
    """Hysteresis: weak pixels count where they hang together with clear ones."""
    count, labels = cv2.connectedComponents(candidates.astype(np.uint8), connectivity=8)
    wanted = np.zeros(count, dtype=np.bool_)
    wanted[np.unique(labels[clear])] = True
    wanted[0] = False
    return np.asarray(wanted[labels], dtype=np.bool_)


def _closed(mask: Mask) -> Mask:
    """Bridge what pale stripes open at the sides: gaps up to about 1 % of the picture from top to bottom.

    Only upright bridges: a slit between sleeve and body runs upright itself and must stay open.
    """
    size = 2 * round(0.006 * max(mask.shape)) + 1
    padded = np.pad(mask, ((size, size), (0, 0))).astype(np.uint8)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((size, 1), dtype=np.uint8))
    return np.asarray(closed[size:-size] > 0, dtype=np.bool_)


def _smoothed(mask: Mask) -> Mask:
    """Without hairs and specks, the outline freed of the noise of a few pixels."""
    sigma = SMOOTHING * max(mask.shape)
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) > 0.5, dtype=np.bool_)


def _without_outside(mask: Mask) -> Mask:
    """Everything but what the border can reach: pale prints inside the outline belong to the garment."""
    padded = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    cv2.floodFill(padded, None, (0, 0), 2)
    return np.asarray(padded[1:-1, 1:-1] != 2, dtype=np.bool_)


def _shadow(bgr: Image, ground: Ground, mask: Mask) -> Mask:
    """The soft contact shadow around a packshot: a little darker than the ground, colourless, smooth, at the rim."""
    difference = to_lab(bgr) - to_lab(ground.render())
    low, high = SHADOW_DARKENING
    darker = (difference[..., 0] < -low) & (difference[..., 0] > -high)
    grey = np.hypot(difference[..., 1], difference[..., 2]) < SHADOW_CHROMA_LAB
    slope = cv2.morphologyEx(difference[..., 0], cv2.MORPH_GRADIENT, np.ones((3, 3), dtype=np.uint8))
    colour = float(np.median(np.hypot(difference[..., 1], difference[..., 2])[mask])) if mask.any() else 0.0
    steepest = SHADOW_SLOPE if colour < COLOURED_LAB else np.inf  # next to coloured cloth grey is shadow, steep or not
    candidates = mask & darker & grey & (slope < steepest)
    reach = max(3, round(0.025 * max(mask.shape)))
    rim = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3) < reach
    outside = ~mask
    return _connected_to_clear((candidates & rim) | outside, outside) & mask


def _without_shadow(mask: Mask, shadow: Mask) -> Mask:
    """`mask` less the shadow; what stays beside it in shreds goes too, and straps elsewhere are left alone."""
    size = 2 * max(1, round(SHREDS * max(mask.shape))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    left = mask & ~shadow
    opened = cv2.morphologyEx(left.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    beside = cv2.dilate(shadow.astype(np.uint8), kernel) > 0
    return np.asarray(np.where(beside, opened, left), dtype=np.bool_)


def _holes(ground_coloured: Mask) -> Mask:
    """Openings inside the outline (between sleeve and body), not small pale prints."""
    _, labels = cv2.connectedComponents(ground_coloured.astype(np.uint8), connectivity=4)
    large = np.bincount(labels.ravel()) > 0.004 * ground_coloured.size
    large[0] = False
    return np.asarray(large[labels], dtype=np.bool_)


def _largest(mask: Mask) -> Mask:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:])), dtype=np.bool_)


def _flaw(mask: Mask) -> str | None:
    """Why this is no single garment, or None."""
    area = float(mask.mean())
    if not AREA_RANGE[0] < area < AREA_RANGE[1]:
        return "area"
    main = _largest(mask)
    if float(main.sum()) < MIN_MAIN_SHARE * float(mask.sum()):
        return "pieces"
    contours, _ = cv2.findContours(main.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = float(cv2.contourArea(cv2.convexHull(max(contours, key=cv2.contourArea))))
    return "solidity" if float(main.sum()) < MIN_SOLIDITY * hull else None


def _refuse_no_garment(mask: Mask) -> None:
    flaw = _flaw(mask)
    if flaw:
        raise ImageRejectedError("garment_not_found", details={"cause": flaw})


def _soft(bgr: Image, mask: Mask) -> Floats:
    """A soft outline that follows the picture: guided filter of the hard mask, kept hard away from the outline."""
    guide = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32) / np.float32(255.0)
    hard = mask.astype(np.float32)
    soft = guided_filter(guide, hard, radius=3, eps=GUIDED_EPS)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    soft = np.where(inside > 4, np.float32(1.0), np.where(outside > 3, np.float32(0.0), soft))
    return np.asarray(np.clip((soft - 0.06) / 0.88, 0.0, 1.0), dtype=np.float32)


def guided_filter(guide: Floats, values: Floats, *, radius: int, eps: float) -> Floats:
    """Smooth `values` (H, W) so that they change where `guide` (H, W, 0..1) changes. `radius` in px."""
    size = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_values = cv2.blur(guide, size), cv2.blur(values, size)
    slope = (cv2.blur(guide * values, size) - mean_guide * mean_values) / (
        cv2.blur(guide * guide, size) - mean_guide * mean_guide + np.float32(eps)
    )
    offset = mean_values - slope * mean_guide
    return np.asarray(cv2.blur(slope, size) * guide + cv2.blur(offset, size), dtype=np.float32)


def _finished(rgb: Image, alpha: Floats, contrast: float) -> Garment:
    warnings: tuple[Notice, ...] = ()
    if contrast < LOW_CONTRAST_LAB:
        warnings = (Notice("garment_low_contrast", REJECTION_MESSAGES["garment_low_contrast"]),)
    return Garment(spread_colours(rgb, alpha > 0.97, inset_px=2), alpha, contrast, warnings)


def spread_colours(rgb: Image, core: Mask, *, inset_px: int = 0) -> Image:
    """The picture with colours of `core` (less `inset_px`) continued over its rim and some way outside.

    Edge pixels of a packshot hold a share of the white ground; on a dark photo that share would shine.
    """
    if inset_px:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * inset_px + 1, 2 * inset_px + 1))
        core = np.asarray(cv2.erode(core.astype(np.uint8), kernel) > 0, dtype=np.bool_)
    out = rgb.astype(np.float32)
    known = core.astype(np.float32)
    out *= known[..., None]
    for size in (5, 11, 25, 61):
        weight = cv2.blur(known, (size, size))
        colour = cv2.blur(out, (size, size)) / np.maximum(weight, np.float32(1e-4))[..., None]
        fresh = (known == 0) & (weight > 1e-3)
        out[fresh] = colour[fresh]
        known[fresh] = 1.0
    out[known == 0] = rgb[known == 0]
    return np.asarray(np.clip(out + 0.5, 0, 255), dtype=np.uint8)
