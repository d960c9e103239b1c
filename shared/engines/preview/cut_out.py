"""Background removal without any provider: a person, or else the one thing on a plain ground."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from shared.engines.base import CutOutResult, Notice
from shared.engines.preview.background import Floats, Image
from shared.engines.preview.checkerboard import has_checkerboard
from shared.engines.preview.outline import clean_edges
from shared.engines.preview.person import Person, find_person
from shared.errors import REJECTION_MESSAGES, ImageRejectedError
from shared.image_formats import typed_decoder_errors

Packshot = Callable[[NDArray[np.uint8]], NDArray[np.float32] | None]

MIN_TRANSPARENT_SHARE = 0.02  # an alpha channel that hides less than this is no cut-out
PLAIN_LIGHT_RGB = (242, 242, 242)  # #F2F2F2: a light studio ground that white clothes still stand out from
NOT_HELPED_BY_A_PACKSHOT = ("too_dark", "several_people", "upside_down")
NOTHING_LEFT = 0.0005  # of the picture: a cut-out of less shows nothing
CHECKERBOARD = Notice(
    "checkerboard",
    "A transparency checkerboard is painted into the picture. Save it with real transparency, or use the original.",
)


class LocalCutOut:
    """A CutOut. Thread-safe: keeps nothing between calls.

    `packshot`: given BGR (H, W, 3), the alpha (H, W, 0..1) of the one thing on a plain ground, or None.
    """

    def __init__(self, packshot: Packshot | None = None) -> None:
        self._packshot = packshot

    def cut_out(self, photo: bytes) -> CutOutResult:
        """See `CutOut`. A picture that has real alpha keeps it.

        Raises ImageRejectedError: the reasons of `find_person`, when there is no single thing on a plain ground either.
        """
        rgb, alpha = read_rgba(photo)
        if alpha is not None:
            if np.mean(alpha > 0.5) < NOTHING_LEFT:
                raise ImageRejectedError("no_person")
            return CutOutResult(_rgba(rgb, alpha))
        try:
            person = find_person(rgb)
        except ImageRejectedError as refusal:
            return self._thing(rgb, refusal)
        clean = clean_edges(np.ascontiguousarray(rgb[..., ::-1]), person.alpha)[..., ::-1]
        return CutOutResult(_rgba(clean, _open_corners(person.alpha)), (*_advice(person), *_checkerboard(rgb)))

    def advise(self, photo: bytes) -> tuple[Notice, ...]:
        """See `CutOut`. Codes: reasons of ImageRejectedError, and `checkerboard`."""
        rgb, alpha = read_rgba(photo)
        if alpha is not None:
            rgb = np.asarray(flatten_on_plain(_rgba(rgb, alpha)))
        try:
            found = _advice(find_person(rgb))
        except ImageRejectedError as refusal:
            found = (_notice(refusal.reason),)
        return (*found, *_checkerboard(rgb))

    def _thing(self, rgb: Image, refusal: ImageRejectedError) -> CutOutResult:
        """No person: the one thing on a plain ground, else the refusal."""
        if self._packshot is None or refusal.reason in NOT_HELPED_BY_A_PACKSHOT:
            raise refusal
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        alpha = self._packshot(bgr)
        if alpha is None:
            raise refusal
        soft = _open_corners(np.asarray(alpha, dtype=np.float32))
        return CutOutResult(_rgba(clean_edges(bgr, soft)[..., ::-1], soft), (_notice(refusal.reason),))


def read_rgba(photo: bytes) -> tuple[Image, Floats | None]:
    """RGB (H, W, 3) and, where the picture has alpha that hides something, alpha (H, W) 0..1."""
    with typed_decoder_errors(), Pictures.open(io.BytesIO(photo)) as picture:
        pixels = np.asarray(picture.convert("RGBA"), dtype=np.uint8)
    alpha = pixels[..., 3]
    rgb = np.ascontiguousarray(pixels[..., :3])
    if np.mean(alpha < 128) < MIN_TRANSPARENT_SHARE:
        return rgb, None
    return rgb, alpha.astype(np.float32) / np.float32(255.0)


def flatten_on_plain(image: Pictures.Image, ground: tuple[int, int, int] = PLAIN_LIGHT_RGB) -> Pictures.Image:
    """The cut-out (RGBA) on a plain light ground, as RGB."""
    plain = Pictures.new("RGBA", image.size, (*ground, 255))
    plain.alpha_composite(image.convert("RGBA"))
    return plain.convert("RGB")


def _rgba(rgb: Image, alpha: Floats) -> Pictures.Image:
    channel = np.clip(alpha * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return Pictures.fromarray(np.dstack([np.where(channel[..., None] > 0, rgb, 0).astype(np.uint8), channel]))


def _open_corners(alpha: Floats) -> Floats:
    """Corners fully transparent, as the contract says, also where a faint rest of the matte reaches one."""
    result = alpha.copy()
    size = max(1, round(0.01 * min(alpha.shape)))
    for rows in (slice(0, size), slice(-size, None)):
        for columns in (slice(0, size), slice(-size, None)):
            result[rows, columns] = 0.0
    return result


def _notice(reason: str) -> Notice:
    return Notice(reason, REJECTION_MESSAGES[reason])


def _advice(person: Person) -> tuple[Notice, ...]:
    return person.warnings if person.legs_visible else (*person.warnings, _notice("person_cropped"))


def _checkerboard(rgb: Image) -> tuple[Notice, ...]:
    return (CHECKERBOARD,) if has_checkerboard(rgb) else ()
