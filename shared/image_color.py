"""Colours of any picture brought to what all later steps expect: eight bits, sRGB, RGB or RGBA."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageCms

Transform = ImageCms.ImageCmsTransform

_LARGEST_PROFILE = 2 * 1024 * 1024
"""Bytes; profiles of printing presses reach 2 MB, those of cameras a few kB. A larger one is not worth keeping."""

_UNSEEN_LEVELS = 2
"""Levels of 255 by which a profile may differ from sRGB before its conversion is worth the time."""


def to_eight_bits(image: Image.Image) -> Image.Image:
    """One of the modes L, RGB, CMYK and RGBA. Transparency of palettes and of single colours becomes a channel."""
    if image.mode.startswith("I"):
        return _from_sixteen_bits(image)
    if image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def without_needless_alpha(image: Image.Image) -> Image.Image:
    """RGB when every pixel is opaque, else the picture as it is."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in sRGB. A damaged profile, or one for another kind of picture, counts as none."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    usable = profile is not None and 0 < len(profile) <= _LARGEST_PROFILE
    converted = _apply(_transform(profile, colours.mode) if profile and usable else None, colours)
    if alpha:
        converted.putalpha(alpha)
    return converted


def _apply(transform: Transform | None, image: Image.Image) -> Image.Image:
    if transform:
        return transform.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    grey = Image.fromarray((np.clip(values, 0, 0xFFFF) >> 8).astype(np.uint8))
    hidden = image.info.get("transparency")
    if not isinstance(hidden, int):
        return grey
    alpha = np.where(values == hidden, 0, 255).astype(np.uint8)
    return Image.merge("RGBA", (grey, grey, grey, Image.fromarray(alpha)))


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Transform | None:
    """How to get from `profile` to sRGB; None when there is no way or no need. Phones of one maker share a profile."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: Transform) -> bool:
    """True for sRGB under any of its many names: judged by what happens to 216 colours, not by the label."""
    steps = range(0, 256, 51)
    probe = Image.new("RGB", (216, 1))
    probe.putdata([(red, green, blue) for red in steps for green in steps for blue in steps])
    difference = ImageChops.difference(probe, transform.apply(probe)).getextrema()
    return all(isinstance(band, tuple) and band[1] <= _UNSEEN_LEVELS for band in difference)
