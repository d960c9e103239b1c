"""One training sample out of one photo: framing, pose of the camera, colours of clothes and skin, background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.dataset import DRESS, HAIR, LOWER, SHOES, SKIN, UPPER, Image, Labels, Photo
from training.scenes import Floats, background, photographed

LETTERBOX_GREY = 114  # as at run time
FLAT_SHARE = 0.45  # of the pictures on a drawn background
BARE = 0.28  # from this share of skin beside the shoulders on, a photo counts as sleeveless (the upper quarter)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Framing:
    """`matrix`: photo -> sample (2x3). `inside`: where the chosen part of the photo lies in the sample."""

    matrix: NDArray[np.float32]
    scale: float
    inside: tuple[int, int, int, int]


def sample(photos: list[Photo], index: int, height: int, width: int, r: Generator) -> tuple[Image, Labels]:
    """A picture (height, width, 3 BGR) and its classes. The same `r` gives the same sample."""
    if r.random() < 0.03:
        empty = photographed(background(photos, height, width, r), r)
        return empty, np.zeros((height, width), np.uint8)
    photo, replaced = photos[index], r.random() < 0.5
    box = _chosen_part(photo, r)
    framing = _framing(box if replaced else _within(box, photo), height, width, r)
    picture, labels = _warped(photo, framing, height, width)
    picture = _recoloured(picture, labels, r)
    behind = background(photos, height, width, r) if replaced else None
    if behind is not None:
        if r.random() < FLAT_SHARE:
            picture = _flat_clothes(picture, labels, behind, r)
        picture = _on_background(picture, labels, behind, r)
    seen = photographed(picture, r)
    if not (replaced and r.random() < 0.6):
        _letterbox(seen, labels, framing.inside)
    return seen, labels


def _chosen_part(photo: Photo, r: Generator) -> Box:
    """Full body, half body (a selfie), without the head, or any crop. Sleeveless tops are cropped closer."""
    kind = r.random()
    if photo.bare > BARE and kind < 0.5:
        return _half_body(photo, r, longest=0.6)
    if kind < 0.34:
        return _full_body(photo, r)
    if kind < 0.74:
        return _half_body(photo, r, longest=0.75)
    return _headless(photo, r) if kind < 0.82 else _any_crop(photo, r)


def _full_body(photo: Photo, r: Generator) -> Box:
    left, top, right, bottom = photo.box
    wide, high = right - left, bottom - top
    return (
        left - r.uniform(0.02, 0.7) * wide,
        top - r.uniform(0, 0.2) * high,
        right + r.uniform(0.02, 0.7) * wide,
        bottom + r.uniform(0, 0.12) * high,
    )


def _half_body(photo: Photo, r: Generator, *, longest: float) -> Box:
    left, top, right, bottom = photo.box
    high = r.uniform(0.22, longest) * (bottom - top)
    wide = r.uniform(0.55, 1.25) * high * 1.1
    centre = (left + right) / 2 + r.uniform(-0.15, 0.15) * wide
    return (centre - wide / 2, top - r.uniform(-0.01, 0.25) * high, centre + wide / 2, top + high)


def _headless(photo: Photo, r: Generator) -> Box:
    left, top, right, bottom = photo.box
    wide, high = right - left, bottom - top
    first, last = top + r.uniform(0.07, 0.2) * high, top + r.uniform(0.55, 1.05) * high
    return (left - r.uniform(0, 0.4) * wide, first, right + r.uniform(0, 0.4) * wide, last)


def _any_crop(photo: Photo, r: Generator) -> Box:
    high, wide = photo.labels.shape
    share = r.uniform(0.45, 1.15)
    new_wide, new_high = share * wide, share * high
    left = r.uniform(min(0.0, wide - new_wide), max(0.0, wide - new_wide))
    top = r.uniform(min(0.0, high - new_high), max(0.0, high - new_high))
    return (left, top, left + new_wide, top + new_high)


def _within(box: Box, photo: Photo) -> Box:
    high, wide = photo.labels.shape
    return (max(0, box[0]), max(0, box[1]), min(wide, box[2]), min(high, box[3]))


def _framing(box: Box, height: int, width: int, r: Generator) -> Framing:
    wide, high = max(16.0, box[2] - box[0]), max(16.0, box[3] - box[1])
    stretch = float(np.exp(r.uniform(-0.14, 0.14))) if r.random() < 0.4 else 1.0
    scale = min(width / (wide * stretch), height / high)
    angle = np.deg2rad(r.normal(0, 6) if r.random() < 0.9 else r.uniform(-30, 30))
    mirror = -1 if r.random() < 0.5 else 1
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cosine * stretch * mirror, -sine], [sine * stretch * mirror, cosine]])
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    shift = np.array([width / 2, height / 2]) - turn @ middle
    new_wide, new_high = wide * stretch * scale, high * scale
    left, top = (width - new_wide) / 2, (height - new_high) / 2
    inside = (round(left), round(top), round(left + new_wide), round(top + new_high))
    return Framing(np.c_[turn, shift].astype(np.float32), scale, inside)


def _warped(photo: Photo, framing: Framing, height: int, width: int) -> tuple[Floats, Labels]:
    source = photo.image
    if framing.scale < 0.6:  # warpAffine does not average
        source = cv2.GaussianBlur(source, (0, 0), 0.3 / framing.scale)
    size = (width, height)
    picture = cv2.warpAffine(source, framing.matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    labels = cv2.warpAffine(photo.labels, framing.matrix, size, flags=cv2.INTER_NEAREST, borderValue=0)
    return picture.astype(np.float32), np.asarray(labels, dtype=np.uint8)


def _recoloured(picture: Floats, labels: Labels, r: Generator) -> Floats:
    if r.random() < 0.35:
        for part in range(UPPER, SHOES + 1):
            if r.random() < 0.6:
                picture = _blended(picture, _dyed(picture, r), labels == part)
    if r.random() < 0.4:
        picture = _blended(picture, _other_skin(picture, r), labels == SKIN)
    if r.random() < 0.15:
        dyed = np.clip(picture * np.float32(r.uniform(0.4, 2.2)) + r.uniform(0, 25, 3).astype(np.float32), 0, 255)
        picture = _blended(picture, dyed, labels == HAIR)
    return picture


def _dyed(picture: Floats, r: Generator) -> Floats:
    grey = picture.mean(axis=2, keepdims=True)
    tint = r.uniform(0.35, 1.4, 3).astype(np.float32)
    dyed = (grey + (picture - grey) * np.float32(r.uniform(0, 1.3))) * tint + np.float32(r.uniform(-20, 40))
    return np.asarray(np.clip(dyed, 0, 255), dtype=np.float32)


def _flat_clothes(picture: Floats, labels: Labels, behind: Floats, r: Generator) -> Floats:
    """Plain cloth with hardly a fold, often of nearly the wall's colour: a white tee before a white wall."""
    for part in (UPPER, LOWER, DRESS):
        where = labels == part
        if np.count_nonzero(where) < 50:
            continue
        own = picture[where].mean(axis=0)
        colour = _like_the_wall(behind, r) if r.random() < 0.6 else own
        flat = colour + (picture - own) * np.float32(r.uniform(0.0, 0.35))
        picture = _blended(picture, np.clip(flat, 0, 255).astype(np.float32), where)
    return picture


def _like_the_wall(behind: Floats, r: Generator) -> Floats:
    """One colour near the wall's mean, or the wall itself, gradient and all, a little darker or lighter."""
    offset = (r.uniform(-32, 16) + r.normal(0, 5, 3)).astype(np.float32)
    if r.random() < 0.5:
        return np.asarray(behind.mean(axis=(0, 1)) + offset, dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(behind, (0, 0), 12) + offset, dtype=np.float32)


def _other_skin(picture: Floats, r: Generator) -> Floats:
    """Mostly darker, down to very dark; sometimes lighter or redder: the data set's people are mostly light."""
    if r.random() < 0.8:
        factor = np.array([0.83, 0.92, 1.0]) ** r.uniform(0.5, 1.6) * r.uniform(0.28, 0.9)
        return np.asarray(picture * factor.astype(np.float32), dtype=np.float32)
    lighter = picture * r.uniform([0.95, 0.95, 1.0], [1.15, 1.12, 1.2]).astype(np.float32)
    return np.asarray(np.clip(lighter, 0, 255), dtype=np.float32)


def _blended(picture: Floats, other: Floats, where: NDArray[np.bool_]) -> Floats:
    soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1)[..., None]
    return np.asarray(picture * (1 - soft) + other * soft, dtype=np.float32)


def _on_background(picture: Floats, labels: Labels, behind: Floats, r: Generator) -> Floats:
    """The edge is drawn in by a varying amount: the labels' outlines are off by some pixels."""
    alpha = cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), r.uniform(0.6, 1.3))
    alpha = np.clip((alpha - np.float32(r.uniform(0.1, 0.45))) / np.float32(0.5), 0, 1)[..., None]
    if r.random() < 0.3:
        fallen = np.roll(alpha[..., 0], (r.integers(-8, 9), r.integers(-12, 13)), (0, 1))
        shadow = cv2.GaussianBlur(fallen, (0, 0), r.uniform(3, 12))[..., None]
        behind = behind * (1 - np.float32(r.uniform(0.1, 0.5)) * shadow)
    return np.asarray(behind * (1 - alpha) + picture * alpha, dtype=np.float32)


def _letterbox(picture: Image, labels: Labels, inside: tuple[int, int, int, int]) -> None:
    """In place: what lies outside of the chosen part is grey, as at run time."""
    left, top, right, bottom = (max(0, edge) for edge in inside)
    for plane, value in ((picture, LETTERBOX_GREY), (labels, 0)):
        plane[:top], plane[bottom:], plane[:, :left], plane[:, right:] = value, value, value, value
