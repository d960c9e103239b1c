"""Light on the new cloth: broad folds of the old one, round edges, and the shadow it throws on what lies under it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.scene import bounds

FINE, BROAD = 0.03, 0.22  # blur of the old clothes' light and of its surroundings, by shoulder width
STRENGTH = 0.65  # exponent, for clothes of one colour; by lightness, which runs flatter than luminance
PRINT_LAB = 20.0
COLOUR_WEIGHT = np.array([0.8, 1.4, 1.4], dtype=np.float32)  # folds change lightness, prints the hue as well
LIGHT_RANGE = (0.82, 1.14)
EDGE_DARKENING, EDGE_REACH = 0.12, 0.03
SHADOW, SHADOW_BLUR, SHADOW_DROP = 0.30, 0.022, 0.022

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def folds(rgb: Floats, old: Mask, width: float) -> Floats:
    """(H, W) factor: how the light runs over the old clothes at the scale of folds; 1 where there were none.

    Prints and the borders of layers are no folds: what differs much from the clothes' usual colour says nothing.
    """
    if int(old.sum()) < 100:
        return np.ones(old.shape, dtype=np.float32)
    box = bounds(old)
    lab = cv2.cvtColor(rgb[box] / np.float32(255.0), cv2.COLOR_RGB2LAB)
    away = np.linalg.norm((lab - np.median(lab[old[box]], axis=0)) * COLOUR_WEIGHT, axis=2)
    plain, light = np.zeros_like(old), np.zeros(old.shape, dtype=np.float32)
    plain[box] = old[box] & (away < PRINT_LAB)
    light[box] = lab[..., 0] / np.float32(100.0) + np.float32(0.06)
    one_colour = float(np.clip((plain.sum() / old.sum() - 0.5) / 0.4, 0.0, 1.0))
    inner = cv2.erode(plain.astype(np.uint8), np.ones((5, 5), dtype=np.uint8)).astype(np.float32)
    ratio = _mean(light, inner, FINE * width) / _mean(light, inner, BROAD * width)
    known = cv2.GaussianBlur(inner, (0, 0), FINE * width)
    factor = np.clip(ratio, *LIGHT_RANGE) ** (STRENGTH * one_colour)
    return np.asarray(1.0 + (factor - 1.0) * np.clip(1.5 * known, 0.0, 1.0), dtype=np.float32)


def _mean(values: Floats, weight: Floats, sigma: float) -> Floats:
    """Blur of the values where the weight is, at a quarter of the size when the blur is wide."""
    shrink = 0.25 if sigma > 12 else 1.0
    size = (max(1, round(values.shape[1] * shrink)), max(1, round(values.shape[0] * shrink)))
    pair = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (values * weight, weight)]
    top, bottom = (cv2.GaussianBlur(part, (0, 0), sigma * shrink) for part in pair)
    mean = (top + np.float32(1e-4)) / (bottom + np.float32(2e-4))
    return np.asarray(cv2.resize(mean, values.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def rounded(alpha: Floats, width: float) -> Floats:
    """(H, W) factor that darkens cloth towards its outline, as it turns away from the light."""
    inside = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(1.0 - EDGE_DARKENING * np.exp(-inside / (EDGE_REACH * width)), dtype=np.float32)


def shadow(alpha: Floats, width: float) -> Floats:
    """(H, W) factor for what lies under the cloth: its soft shadow, falling a little downwards."""
    drop = np.array([[1, 0, 0], [0, 1, SHADOW_DROP * width]], dtype=np.float32)
    fallen = cv2.warpAffine(alpha, drop, alpha.shape[::-1])
    soft = cv2.GaussianBlur(fallen, (0, 0), max(0.6, SHADOW_BLUR * width))
    return np.asarray(1.0 - SHADOW * soft, dtype=np.float32)
