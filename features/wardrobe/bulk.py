"""Many pictures at once: each becomes an item or says why it does not, and none stops the others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from features.wardrobe.bulk_schemas import BulkFields, OwnFields
from features.wardrobe.service import AddedItem, NewItem
from shared.errors import BecauseFutureError, ValidationError
from shared.validators import parse_model


class Picture(Protocol):
    def read(self) -> bytes:
        """Once, when its turn comes. Raises ValidationError, PayloadTooLargeError."""


class AddsItems(Protocol):
    def check(self, user_id: str, said: Mapping[str, Any]) -> None:
        """Raises ValidationError for a section or a category that is none of the person's."""

    def add(self, user_id: str, new: NewItem) -> AddedItem: ...


@dataclass(frozen=True)
class Outcome:
    """Of the picture at this place in the request: it was added or was there, or what went wrong."""

    index: int
    result: AddedItem | BecauseFutureError

    @property
    def name(self) -> Literal["created", "exists", "failed"]:
        if isinstance(self.result, AddedItem):
            return "exists" if self.result.existed else "created"
        return "failed"


class BulkService:
    """One picture after the other: it is read, judged and stored before the next one takes memory."""

    def __init__(self, wardrobe: AddsItems) -> None:
        self._wardrobe = wardrobe

    def add(self, user_id: str, pictures: Sequence[Picture], wanted: BulkFields) -> list[Outcome]:
        """Raises ValidationError, before anything is added, for what is said of all of them."""
        if len(wanted.items or ()) > len(pictures):
            raise ValidationError(
                "More garments are described than there are pictures.",
                fields={"items": f"may have at most {len(pictures)} entries"},
            )
        if wanted.category_section is None and not wanted.items:
            raise ValidationError("Say where the garments go.", fields={"category_section": "is required"})
        self._wardrobe.check(user_id, wanted.sent())
        own = [*(wanted.items or ()), *[None] * len(pictures)]
        return [
            Outcome(index, self._result(user_id, picture, wanted, own[index])) for index, picture in enumerate(pictures)
        ]

    def _result(
        self, user_id: str, picture: Picture, wanted: BulkFields, own: Mapping[str, Any] | None
    ) -> AddedItem | BecauseFutureError:
        try:
            fields = parse_model(OwnFields, own or {})
            said = {**wanted.sent(), **fields.sent()}
            if not said.get("category_section"):
                raise ValidationError("Say where the garment goes.", fields={"category_section": "is required"})
            image = picture.read()
            return self._wardrobe.add(user_id, NewItem(said, image, fields.upload_key or _key(wanted, image)))
        except BecauseFutureError as error:
            return error


def _key(wanted: BulkFields, image: bytes) -> str | None:
    """By what the picture is and not by its place: whoever repeats only what failed must not meet another's item."""
    if wanted.upload_key is None:
        return None
    return f"{wanted.upload_key}/{hashlib.sha256(image).hexdigest()[:32]}"
