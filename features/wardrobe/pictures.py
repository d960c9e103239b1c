"""The pictures of an item: what was sent, what is shown, and a small copy of that. Each change has new names."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from PIL import Image

from shared.cpu import CpuGate
from shared.engines.base import CutOut
from shared.errors import BecauseFutureError, ImageRejectedError
from shared.image_formats import ImageLimits
from shared.image_hash import image_hash
from shared.image_keys import WARDROBE, wardrobe_key
from shared.image_processing import PreparedImage, encode_png, prepare_photo, thumbnail
from shared.logger import get_logger
from shared.storage import StorageService

SAID_AS_IT_IS = ("too_dark", "several_people", "damaged")
"""Refusals that are true of a garment too; the others speak of a person who was looked for."""
log = get_logger(__name__)


@dataclass(frozen=True)
class ShownPicture:
    """Storage keys. `image_path`: what is shown, the original or its cut-out; `thumbnail_path`: a small copy of it."""

    image_path: str
    thumbnail_path: str

    def columns(self) -> dict[str, Any]:
        """By names of model.CHANGEABLE."""
        return asdict(self)


@dataclass(frozen=True)
class StoredPicture(ShownPicture):
    """A new original."""

    original_path: str
    image_hash: str | None = None


class ItemPictures:
    """Files come before rows and leave after them: `undo` deletes what was written when the row does not follow
    (call `undo.pop_all()` once it has), `discard` what no row names any more."""

    def __init__(self, storage: StorageService, cut_out: CutOut, gate: CpuGate, limits: ImageLimits) -> None:
        self._storage = storage
        self._cut_out = cut_out
        self._gate = gate
        self._limits = limits

    def store(self, undo: ExitStack, user_id: str, data: bytes | PreparedImage) -> StoredPicture:
        """A picture as somebody sent it. Raises what `prepare_photo` raises; then nothing is left behind."""
        original = prepare_photo(data, self._limits, self._gate) if isinstance(data, bytes) else data
        name = secrets.token_hex(16)
        key = self._upload(undo, user_id, name, original)
        small = self._small(original.data)
        small_key = self._upload(undo, user_id, f"{name}-{secrets.token_hex(4)}", small)
        return StoredPicture(key, small_key, key, image_hash(small.data))

    def store_cut_out(
        self, undo: ExitStack, user_id: str, original_path: str, data: bytes | PreparedImage
    ) -> ShownPicture:
        """A background-free version of a stored original, made elsewhere (an import). Raises as `store` does."""
        picture = prepare_photo(data, self._limits, self._gate) if isinstance(data, bytes) else data
        return self._shown(undo, user_id, original_path, picture)

    def cut_out(self, undo: ExitStack, user_id: str, original_path: str) -> ShownPicture:
        """The garment without its background. Raises ImageRejectedError, NotFoundError (no such picture)."""
        data = self._storage.read_image(original_path)
        with self._gate.interactive():
            image = self._freed(data)
            png = PreparedImage(encode_png(image), "image/png", image.width, image.height, has_alpha=True)
        return self._shown(undo, user_id, original_path, png)

    def original(self, undo: ExitStack, user_id: str, original_path: str) -> ShownPicture:
        """Show the original (again). Raises NotFoundError."""
        small = self._small(self._storage.read_image(original_path))
        name = f"{_stem(original_path)}-{secrets.token_hex(4)}"
        return ShownPicture(original_path, self._upload(undo, user_id, name, small))

    def read(self, key: str) -> bytes:
        """Raises NotFoundError."""
        return self._storage.read_image(key)

    def discard(self, keys: Iterable[str]) -> None:
        """Files that no row names (any more). What is done is done: a file that will not go is only logged."""
        for key in keys:
            try:
                self._storage.delete_image(key)
            except (BecauseFutureError, OSError):
                log.exception("a picture without an item is left", extra={"key": key})

    def delete_all(self, user_id: str) -> int:
        """How many files there were."""
        return self._storage.delete_tree(f"{WARDROBE}/{user_id}")

    def _freed(self, data: bytes) -> Image.Image:
        try:
            return self._cut_out.cut_out(data).image
        except ImageRejectedError as error:
            if error.reason in SAID_AS_IT_IS:
                raise
            raise ImageRejectedError("garment_background") from error

    def _shown(self, undo: ExitStack, user_id: str, original_path: str, picture: PreparedImage) -> ShownPicture:
        name = f"{_stem(original_path)}-{secrets.token_hex(4)}"
        key = self._upload(undo, user_id, f"{name}-cutout", picture)
        small = self._upload(undo, user_id, name, self._small(picture.data))
        return ShownPicture(key, small)

    def _small(self, data: bytes) -> PreparedImage:
        return thumbnail(data, self._limits, self._gate)

    def _upload(self, undo: ExitStack, user_id: str, name: str, picture: PreparedImage) -> str:
        key = wardrobe_key(user_id, name + (".png" if picture.has_alpha else ".jpg"))
        undo.callback(self.discard, [key])
        self._storage.upload_image(picture.data, key)
        return key


def originals_of(key: str) -> tuple[str, str]:
    """The original that a picture of an item was made from, under the two names that it can have."""
    stem = str(PurePosixPath(key).with_name(_stem(key)))
    return f"{stem}.jpg", f"{stem}.png"


def _stem(key: str) -> str:
    """Every picture that is made from an original begins with its name."""
    return PurePosixPath(key).name.partition(".")[0].partition("-")[0]
