"""What surrounds a person and what a camera does to the picture: drawn backgrounds, light, colour, noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.dataset import Image, Photo

Floats = NDArray[np.float32]

_NOISE = np.random.default_rng(99).standard_normal((700, 700, 3)).astype(np.float32)
"""Drawn once: fresh noise for each sample took longer than all the rest together."""


def background(photos: list[Photo], height: int, width: int, r: Generator) -> Floats:
    """A studio wall with gradients and a floor, or the empty strip beside the person of another photo."""
    if r.random() < 0.72:
        return _studio(height, width, r)
    return _street(photos, height, width, r)


def _studio(height: int, width: int, r: Generator) -> Floats:
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = _wall_colour(r)
    if r.random() < 0.6:
        picture += (_gradient(height, width, r) * np.float32(r.uniform(10, 70)))[..., None]
    if r.random() < 0.25:
        floor = int(r.uniform(0.6, 0.95) * height)
        picture[floor:] = picture[floor:] * r.uniform(0.6, 1.1) + r.uniform(-15, 15, 3)
    if r.random() < 0.3:
        blotches = r.normal(0, r.uniform(3, 25), (r.integers(3, 12), r.integers(3, 10), 3)).astype(np.float32)
        picture += cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    return picture


def _wall_colour(r: Generator) -> NDArray[np.float64]:
    kind = r.random()
    if kind < 0.3:
        return np.full(3, r.uniform(200, 255)) + r.uniform(-8, 8, 3)
    if kind < 0.5:
        return np.full(3, r.uniform(20, 200)) + r.uniform(-10, 10, 3)
    return r.uniform(20, 250, 3)


def _gradient(height: int, width: int, r: Generator) -> Floats:
    angle = r.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ramp = np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)
    if r.random() < 0.4:
        ramp -= 2 * ((x / width - r.uniform(0.3, 0.7)) ** 2 + (y / height - r.uniform(0.2, 0.7)) ** 2)
    return np.asarray(ramp, dtype=np.float32)


def _street(photos: list[Photo], height: int, width: int, r: Generator) -> Floats:
    other = photos[r.integers(len(photos))]
    left, _, right, _ = other.box
    whole = other.image.shape[1]
    strip = other.image[:, : max(2, left - 3)] if left > whole - right else other.image[:, min(right + 3, whole - 2) :]
    how = cv2.INTER_AREA if strip.shape[1] > width else cv2.INTER_LINEAR
    picture = cv2.resize(strip, (width, height), interpolation=how).astype(np.float32)
    return cv2.GaussianBlur(picture, (0, 0), r.uniform(1, 5)) if r.random() < 0.5 else picture


def photographed(picture: Floats, r: Generator) -> Image:
    """Exposure, colour cast, blur, noise and compression as phones make them."""
    seen = np.clip(picture, 0, 255).astype(np.uint8)
    if r.random() < 0.8:
        seen = _toned(seen, r)
    if r.random() < 0.08:
        seen = cv2.cvtColor(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if r.random() < 0.15:
        light = 1 + np.float32(r.uniform(0.1, 0.5)) * _gradient(*seen.shape[:2], r)
        seen = cv2.convertScaleAbs(seen * light[..., None])
    if r.random() < 0.15:
        seen = cv2.GaussianBlur(seen, (0, 0), r.uniform(0.4, 1.6))
    if r.random() < 0.2:
        seen = _noisy(seen, r)
    if r.random() < 0.15:
        quality = int(r.integers(25, 80))
        seen = cv2.imdecode(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return np.ascontiguousarray(seen)


def _toned(picture: Image, r: Generator) -> Image:
    curve = 255 * (np.arange(256, dtype=np.float32) / 255) ** r.uniform(0.65, 1.5)
    curve = curve * r.uniform(0.7, 1.25) + r.uniform(-18, 18)
    table = np.clip(curve[:, None] * r.uniform(0.88, 1.12, 3), 0, 255).astype(np.uint8)[None]
    toned = cv2.LUT(picture, table)
    grey = cv2.cvtColor(cv2.cvtColor(toned, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    share = r.uniform(0.4, 1.5)
    return np.asarray(cv2.addWeighted(toned, share, grey, 1 - share, 0), dtype=np.uint8)


def _noisy(picture: Image, r: Generator) -> Image:
    height, width = picture.shape[:2]
    top, left = r.integers(0, 700 - height), r.integers(0, 700 - width)
    grain = _NOISE[top : top + height, left : left + width] * np.float32(r.uniform(2, 12))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)
