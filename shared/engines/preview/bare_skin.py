"""Skin that the network calls cloth: bare shoulders beside a strap, hands before trousers.

The face says what skin looks like, the cloth what cloth looks like; a pixel near known skin goes to the likelier one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.background import Floats, Image, Mask, disk, to_lab
from shared.engines.preview.parsing import Part

CORRECTED = (Part.UPPER, Part.LOWER, Part.DRESS, Part.OTHER)
LOOKING_SIDE = 512  # px: colours need no detail
REACH = 0.06  # of the longer side: so far from known skin
CLOTH_AWAY = 0.025  # of the longer side: cloth nearer to skin than this may be skin itself and teaches nothing
SKIN_SPREAD = np.array([14.0, 4.0, 4.5], dtype=np.float32)  # Lab: light falls differently on shoulders than on a face
SKIN_LIMIT = 2.2  # spreads
RATIO = 0.6  # as likely cloth as this times skin: stays cloth
CLOTH_COLOURS = 4
RARE = 0.3  # share of the cloth
MAX_SAMPLES = 3000
MIN_SAMPLES = 60
SEED = 7


def with_bare_skin(bgr: Image, parts: NDArray[np.uint8], face: Mask) -> NDArray[np.uint8]:
    """`parts` (H, W) with missed skin added. `bgr`: (H, W, 3); `face`: where to learn the skin's colour."""
    height, width = parts.shape
    scale = min(1.0, LOOKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(parts, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    lab = to_lab(np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    where = cv2.resize(face.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    found = _missed(lab, small, np.asarray(where)).astype(np.float32)
    grown = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    return np.where(grown & np.isin(parts, CORRECTED), np.uint8(Part.SKIN), parts).astype(np.uint8)


def _missed(lab: Floats, parts: NDArray[np.uint8], face: Mask) -> Mask:
    found = np.zeros(parts.shape, dtype=np.bool_)
    model = _colours(lab, face & (parts == Part.SKIN), 2)
    if model is None:
        return found
    side = max(parts.shape)
    away = cv2.distanceTransform((parts != Part.SKIN).astype(np.uint8), cv2.DIST_L2, 3)
    for part in CORRECTED:
        candidates = (away < REACH * side) & (parts == part)
        if candidates.any():
            cloth = _cloth(lab, np.asarray((away > CLOTH_AWAY * side) & (parts == part)), model)
            found[candidates] = _is_skin(lab[candidates], model, cloth)
    return _joined(found, np.asarray(away < 0.004 * side), side)


def _colours(lab: Floats, where: Mask, count: int) -> Floats | None:
    """The `count` main colours there, None with too little to learn from."""
    samples = lab[where]
    if len(samples) < MIN_SAMPLES:
        return None
    samples = np.ascontiguousarray(samples[:: max(1, len(samples) // MAX_SAMPLES)])
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    labels = np.zeros((len(samples), 1), dtype=np.int32)
    _, _, centres = cv2.kmeans(samples, count, labels, stop, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres, dtype=np.float32)


def _cloth(lab: Floats, where: Mask, skin: Floats) -> Floats | None:
    """The cloth's main colours. A rare one that looks like skin is more of the missed skin: it is left out."""
    colours = _colours(lab, where, CLOTH_COLOURS)
    if colours is None:
        return None
    samples = lab[where][:: max(1, np.count_nonzero(where) // MAX_SAMPLES)]
    owner = np.argmin([np.linalg.norm(samples - colour, axis=1) for colour in colours], axis=0)
    share = np.bincount(owner, minlength=len(colours)) / len(owner)
    kept = colours[(share > RARE) | (_nearest(colours, skin) > SKIN_LIMIT)]
    return kept if len(kept) else colours


def _is_skin(colours: Floats, skin: Floats, cloth: Floats | None) -> Mask:
    to_skin = _nearest(colours, skin)
    if cloth is None:
        return np.asarray(to_skin < SKIN_LIMIT)
    return np.asarray((to_skin < SKIN_LIMIT) & (to_skin < RATIO * _nearest(colours, cloth)))


def _nearest(colours: Floats, centres: Floats) -> Floats:
    distances = [np.linalg.norm((colours - centre) / SKIN_SPREAD, axis=1) for centre in centres]
    return np.asarray(np.min(distances, axis=0), dtype=np.float32)


def _joined(found: Mask, at_skin: Mask, side: int) -> Mask:
    """Clean pieces that touch known skin."""
    clean = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, disk(0.003 * side))
    clean = cv2.morphologyEx(clean, cv2.MORPH_OPEN, disk(0.003 * side))
    _, labels = cv2.connectedComponents(np.asarray(clean))
    touching = np.unique(labels[at_skin])
    return np.asarray(np.isin(labels, touching[touching > 0]) & (found | (clean > 0)))
