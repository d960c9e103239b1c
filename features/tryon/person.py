"""The person of a request: a photo that came along, or the saved avatar; decoded once for all jobs of the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from features.avatar.service import StoredPhoto
from features.tryon.content import digest
from features.tryon.request import TryOnRequest
from shared.errors import ValidationError, naming_field
from shared.image_processing import PreparedImage

AS_IT_IS = "original"
_WAYS = "Send a photo as selfie or person_image, or save an avatar first."


class KnowsAvatars(Protocol):
    def stored_photo(self, user_id: str, background: str | None = None) -> StoredPhoto | None: ...

    def on_plain_ground(self, stored: StoredPhoto) -> bytes: ...


class PersonPhotos:
    """Of one request of one user. Not shared between threads."""

    def __init__(
        self, user_id: str, wanted: TryOnRequest, avatars: KnowsAvatars, prepare: Callable[[bytes], PreparedImage]
    ) -> None:
        self._user_id = user_id
        self._sent = wanted.person
        self._field = wanted.person_field
        self._avatars = avatars
        self._prepare = prepare
        self._found: dict[bool, StoredPhoto] = {}
        self._digests: dict[bool, str] = {}
        self._prepared: dict[bool, PreparedImage] = {}

    def source(self, background: str | None) -> StoredPhoto:
        """The photo before any decoding. Raises ValidationError when there is none."""
        original = self._original(background)
        if original not in self._found:
            self._found[original] = self._look(AS_IT_IS if original else None)
        return self._found[original]

    def digest(self, background: str | None) -> str:
        """Of `source`. Raises what it raises."""
        original = self._original(background)
        if original not in self._digests:
            self._digests[original] = digest(self.source(background).data)
        return self._digests[original]

    def prepared(self, background: str | None) -> PreparedImage:
        """Raises what `source` and the decoding raise."""
        original = self._original(background)
        if original not in self._prepared:
            photo = self._avatars.on_plain_ground(self.source(background)) if self._sent is None else self._sent
            with naming_field(self._field):
                self._prepared[original] = self._prepare(photo)
        return self._prepared[original]

    def _original(self, background: str | None) -> bool:
        """A photo that was sent is one photo, whatever shall become of its ground later."""
        return self._sent is not None or background == AS_IT_IS

    def _look(self, background: str | None) -> StoredPhoto:
        if self._sent is not None:
            return StoredPhoto(self._sent, cut_out=False)
        stored = self._avatars.stored_photo(self._user_id, background)
        if stored is None:
            raise ValidationError(f"There is no photo of a person. {_WAYS}", fields={"selfie": "is required"})
        return stored
