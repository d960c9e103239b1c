"""Use cases of the avatar: one row says which pictures count, and files follow it, never the other way round."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from PIL import Image

from features.avatar.model import Avatar, AvatarTable
from shared.clock import Clock, utc_now
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.engines.base import CutOut, Notice
from shared.engines.preview.cut_out import flatten_on_plain
from shared.errors import BecauseFutureError, ImageRejectedError, NotFoundError
from shared.image_formats import ImageLimits
from shared.image_keys import AVATARS, avatar_key
from shared.image_processing import PreparedImage, encode_jpeg, encode_png, prepare_photo
from shared.logger import get_logger
from shared.storage import StorageService

NOT_A_PERSON = "no_person"
log = get_logger(__name__)


@dataclass(frozen=True)
class StoredPhoto:
    """A picture of an avatar as it lies in the store: what was cut out (PNG with alpha), or the photo itself."""

    data: bytes
    cut_out: bool


@dataclass(frozen=True)
class CutOutPicture:
    """`png`: with alpha."""

    png: bytes
    warnings: tuple[Notice, ...]


class AvatarService:
    def __init__(
        self,
        db: DatabaseManager,
        storage: StorageService,
        cut_out: CutOut,
        gate: CpuGate,
        limits: ImageLimits,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._avatars = AvatarTable(db)
        self._storage = storage
        self._cut_out = cut_out
        self._gate = gate
        self._limits = limits
        self._clock = clock

    # --- look ------------------------------------------------------------------------------------------------------

    def current(self, user_id: str) -> Avatar | None:
        return self._avatars.get(user_id)

    def get(self, user_id: str) -> Avatar:
        """Raises NotFoundError."""
        return _existing(self.current(user_id))

    def person_photo(self, user_id: str, background: str | None = None) -> bytes | None:
        """For a try-on: the person on a plain light ground (JPEG), or the photo as it was stored when `background` is
        "original" or nothing was cut out. None: there is no avatar."""
        stored = self.stored_photo(user_id, background)
        return self.on_plain_ground(stored) if stored else None

    def stored_photo(self, user_id: str, background: str | None = None) -> StoredPhoto | None:
        """What `person_photo` is made from. Costs no decoding."""
        avatar = self.current(user_id)
        if avatar is None:
            return None
        key = None if background == "original" else avatar.cutout_key
        try:
            return StoredPhoto(self._storage.read_image(key or avatar.original_key), cut_out=key is not None)
        except NotFoundError:
            if self.current(user_id) == avatar:
                raise
        return self.stored_photo(user_id, background)  # it was replaced between the row and the file

    def on_plain_ground(self, stored: StoredPhoto) -> bytes:
        """A photo that was not cut out stays as it is."""
        if not stored.cut_out:
            return stored.data
        with self._gate.interactive():
            return encode_jpeg(flatten_on_plain(Image.open(io.BytesIO(stored.data))))

    # --- change ----------------------------------------------------------------------------------------------------

    def save(self, user_id: str, photo: bytes) -> Avatar:
        """Keep the photo and, when there is a person in it, the cut-out. Under new names: an address that was given
        out for the old avatar never shows the new one, nor a cache the other way round.

        Raises what `prepare_photo` raises; on any failure the old avatar stays and no new file is left.
        """
        original = prepare_photo(photo, self._limits, self._gate)
        cutout, notices = self._person_cut_out(original)
        with ExitStack() as undo:
            avatar = self._store(undo, user_id, original, cutout, notices)
            old = self._put(avatar)
            undo.pop_all()
        self._discard(old.keys if old else ())
        return avatar

    def undo_cutout(self, user_id: str) -> Avatar:
        """Back to the original photo. Raises NotFoundError."""
        avatar = self.get(user_id)
        now = self._clock()
        if avatar.cutout_key is None:
            return avatar
        if not self._avatars.drop_cutout(avatar, now):
            return self.undo_cutout(user_id)  # it was replaced in between: look again
        self._discard([avatar.cutout_key])
        return replace(avatar, cutout_key=None, updated_at=now)

    def delete(self, user_id: str) -> None:
        """Raises NotFoundError."""
        self._discard(_existing(self._avatars.delete(user_id)).keys)

    def remove_background(self, photo: bytes) -> CutOutPicture:
        """The person, or the one thing on a plain ground; nothing is stored.

        Raises what `prepare_photo` raises, ImageRejectedError when nothing is found.
        """
        prepared = prepare_photo(photo, self._limits, self._gate)
        with self._gate.interactive():
            found = self._cut_out.cut_out(prepared.data)
            return CutOutPicture(encode_png(found.image), found.warnings)

    def _person_cut_out(self, photo: PreparedImage) -> tuple[bytes | None, tuple[Notice, ...]]:
        """A photo that does not suit is no error here: it is kept, and the person told."""
        with self._gate.interactive():
            try:
                found = self._cut_out.cut_out(photo.data)
            except ImageRejectedError as error:
                refusal = Notice(error.reason, error.message)
                return None, _each_once([refusal, *self._cut_out.advise(photo.data)])
            # A picture that came cut out is taken at its word; whether a person is in it was not looked at yet.
            notices = _each_once([*found.warnings, *(self._cut_out.advise(photo.data) if photo.has_alpha else ())])
            is_person = all(notice.code != NOT_A_PERSON for notice in notices)
            return encode_png(found.image) if is_person else None, notices

    def _store(
        self, undo: ExitStack, user_id: str, original: PreparedImage, cutout: bytes | None, notices: Sequence[Notice]
    ) -> Avatar:
        now, name = self._clock(), secrets.token_urlsafe(16)
        kind = "png" if original.has_alpha else "jpg"
        original_key = self._upload(undo, avatar_key(user_id, f"{name}.{kind}"), original.data)
        cutout_key = self._upload(undo, avatar_key(user_id, f"{name}-cutout.png"), cutout) if cutout else None
        warnings = [{"code": notice.code, "message": notice.message} for notice in notices]
        return Avatar(user_id, original_key, cutout_key, warnings, now, now)

    def _upload(self, undo: ExitStack, key: str, picture: bytes) -> str:
        undo.callback(self._discard, [key])
        self._storage.upload_image(picture, key)
        return key

    def _put(self, avatar: Avatar) -> Avatar | None:
        """Returns what it replaces. In one unit of work: of two at once each deletes the files of the one before."""
        with self._db.transaction():
            old = self._avatars.get(avatar.user_id)
            self._avatars.put(avatar)
        return old

    def _discard(self, keys: Iterable[str]) -> None:
        """Files that no row names (any more). What is done is done: a file that will not go is only logged."""
        for key in keys:
            try:
                self._storage.delete_image(key)
            except (BecauseFutureError, OSError):
                log.exception("a replaced picture is left", extra={"key": key})

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"avatars": 1 if self.current(user_id) else 0}

    def belongs(self, key: str) -> bool:
        """Whether a stored picture is somebody's avatar now."""
        avatar = self._avatars.get(key.split("/")[1])
        return avatar is not None and key in avatar.keys

    def erase(self, user_id: str) -> dict[str, int]:
        return {"files": self._storage.delete_tree(f"{AVATARS}/{user_id}")}


def _existing(avatar: Avatar | None) -> Avatar:
    if avatar is None:
        raise NotFoundError("There is no avatar yet.")
    return avatar


def _each_once(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    found: dict[str, Notice] = {}
    for notice in notices:
        found.setdefault(notice.code, notice)
    return tuple(found.values())
