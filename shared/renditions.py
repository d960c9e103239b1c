"""Smaller copies of stored pictures, made when somebody asks for them and kept while there is room.

A copy of a photo shows the same person, so it lives no longer than the photo: it lies in the same store under
`renditions/<key of the original>/`, goes when the original goes, and is not given out without it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from PIL import Image

from shared.cpu import CpuGate
from shared.errors import (
    ImageRejectedError,
    NotFoundError,
    PayloadTooLargeError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from shared.image_color import to_eight_bits, to_srgb, without_needless_alpha
from shared.image_encoding import encode_rendition
from shared.image_formats import NEAR_ENOUGH, ImageLimits, open_picture, sniff, typed_decoder_errors
from shared.logger import get_logger
from shared.single_flight import SingleFlight
from shared.storage import LocalStorage, StorageService

log = get_logger(__name__)

RENDITIONS = "renditions"
WIDTHS = (160, 320, 480, 640, 960, 1280, 1600)
"""Pixels. A short list: a link to one picture can make the server draw fourteen copies and no more."""

_STORED = ImageLimits(max_bytes=128 * 1024 * 1024)
"""What lies in the store was judged when it came."""

_KEPT_SHARE = 0.8
"""Of the room: what is left after the oldest copies had to go."""

_UNREADABLE = (ImageRejectedError, PayloadTooLargeError, UnsupportedMediaTypeError, ValidationError)


class StoreWithRenditions(LocalStorage):
    """A LocalStorage whose pictures take their copies with them. The numbers it answers count originals."""

    def delete_image(self, file_path: str) -> bool:
        deleted = super().delete_image(file_path)
        self._drop_copies(file_path)
        return deleted

    def delete_tree(self, prefix: str) -> int:
        deleted = super().delete_tree(prefix)
        self._drop_copies(prefix)
        return deleted

    def _drop_copies(self, prefix: str) -> None:
        """After the original: a copy that is being made meanwhile finds it gone, and is dropped by its maker."""
        with suppress(ValidationError):  # a name that is too long to have copies
            super().delete_tree(f"{RENDITIONS}/{prefix}")


@dataclass(frozen=True, slots=True)
class Rendition:
    data: bytes
    mime: str


class Renditions:
    """Thread-safe. Requests for the same copy at the same time make it once."""

    def __init__(self, storage: StorageService, gate: CpuGate, max_bytes: int) -> None:
        """`max_bytes`: room for all copies together; the oldest go first. 0: none is kept."""
        self._storage = storage
        self._gate = gate
        self._max_bytes = max_bytes
        self._flight: SingleFlight[bytes] = SingleFlight()
        self._lock = threading.Lock()
        self._used: int | None = None

    def get(self, key: str, width: int, *, webp: bool) -> Rendition:
        """A copy at most `width` pixels wide, never enlarged: WebP, else JPEG, or PNG where there is transparency.

        What says of itself that it was made (XMP) goes on saying so. A picture that is narrow enough already and one
        that cannot be read come as they are. Raises NotFoundError, ServiceUnavailableError (out of memory).
        """
        copy = _copy_key(key, width, self._version(key), webp=webp)
        try:
            data = self._storage.read_image(copy)
        except (NotFoundError, ValidationError):
            data = self._flight.do(copy, lambda: self._made(key, width, copy, webp=webp))
        return Rendition(data, sniff(data).value)

    def belongs(self, copy: str) -> bool:
        """Whether the original of this copy is still there and the same."""
        key, _, name = copy.removeprefix(f"{RENDITIONS}/").rpartition("/")
        try:
            return name.partition(".")[0].endswith(f"-{self._version(key)}")
        except (NotFoundError, ValidationError):
            return False

    def _version(self, key: str) -> str:
        """Differs when the picture under this key was replaced. Raises NotFoundError."""
        return f"{self._storage.written_at(key).timestamp() * 1e6:.0f}-{self._storage.size(key)}"

    def _made(self, key: str, width: int, copy: str, *, webp: bool) -> bytes:
        with suppress(NotFoundError, ValidationError):  # somebody else may have made it a moment ago
            return self._storage.read_image(copy)
        original = self._storage.read_image(key)
        try:
            with self._gate.interactive():
                data = _drawn(original, width, webp=webp)
        except _UNREADABLE:
            log.warning("a stored picture cannot be read", extra={"key": key})
            return original
        if data is not original:
            self._keep(key, copy, data)
        return data

    def _keep(self, key: str, copy: str, data: bytes) -> None:
        """A copy that cannot be kept is no reason not to show it."""
        if len(data) > self._max_bytes:
            return
        try:
            self._storage.upload_image(data, copy)
        except (ServiceUnavailableError, ValidationError):
            log.warning("a rendition could not be kept", extra={"key": key})
            return
        if not self._storage.exists(key):
            self._storage.delete_image(copy)
        self._make_room(len(data))

    def _make_room(self, added: int) -> None:
        with self._lock:
            self._used = sum(size for _, size, _ in self._kept()) if self._used is None else self._used + added
            if self._used > self._max_bytes:
                self._used = self._drop_oldest()

    def _drop_oldest(self) -> int:
        """Bytes that are left."""
        kept = sorted(self._kept())
        left = sum(size for _, size, _ in kept)
        for _, size, copy in kept:
            if left <= _KEPT_SHARE * self._max_bytes:
                break
            self._storage.delete_image(copy)
            left -= size
        return left

    def _kept(self) -> Iterable[tuple[datetime, int, str]]:
        for copy in self._storage.keys(RENDITIONS):
            with suppress(NotFoundError):
                yield self._storage.written_at(copy), self._storage.size(copy), copy


def width_of(text: str | None) -> int | None:
    """The `w` of an address; None when it has none. Raises ValidationError for a width that is not on the list."""
    if text is None:
        return None
    widths = {str(width): width for width in WIDTHS}
    if text not in widths:
        rule = f"must be one of {', '.join(widths)}"
        raise ValidationError(f"The width w {rule}.", fields={"w": rule})
    return widths[text]


def _copy_key(key: str, width: int, version: str, *, webp: bool) -> str:
    return f"{RENDITIONS}/{key}/{width}-{version}.{'webp' if webp else 'plain'}"


def _drawn(original: bytes, width: int, *, webp: bool) -> bytes:
    """The copy, or `original` itself when there is nothing to be done."""
    picture = open_picture(original, _STORED)
    if width >= picture.width and not webp:
        return original
    width = min(width, picture.width)
    size = width, max(1, round(picture.height * width / picture.width))
    with typed_decoder_errors():
        # The codec may stop at NEAR_ENOUGH of what it is asked for, and nothing is to be enlarged after it.
        image = picture.decode(ceil(max(size) / NEAR_ENOUGH))
        mark, profile = image.info.get("xmp"), image.info.get("icc_profile")
        image = to_srgb(without_needless_alpha(to_eight_bits(image)), profile)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return encode_rendition(image, mark, webp=webp)
