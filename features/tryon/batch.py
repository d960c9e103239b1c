"""A request for many try-ons of one person out of its parts. Each item becomes a request like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from features.tryon.request import TryOnRequest, naming_item, refuse_text_for_pictures
from features.tryon.schemas import MOST_ITEMS, PERSON_FIELDS, BatchItem
from shared.errors import ValidationError
from shared.validators import parse_model

_COMMON = ("garment_type", "options")


@dataclass(frozen=True)
class BatchRequest:
    """Items whose form is right; whether each has a garment that can be used is judged by `requests`."""

    fields: Mapping[str, Any]
    items: Sequence[BatchItem]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> BatchRequest:
        """Raises ValidationError."""
        listed = _listed(fields.get("items"))
        return cls(fields, [_item(number, given) for number, given in enumerate(listed)])

    @property
    def picture_names(self) -> tuple[str, ...]:
        """Under which names pictures come: the person's and the items' own."""
        return tuple(dict.fromkeys([*PERSON_FIELDS, *(item.image for item in self.items if item.image)]))

    def requests(self, images: Mapping[str, bytes]) -> list[TryOnRequest]:
        """Raises ValidationError, which names the item."""
        refuse_text_for_pictures(self.fields, images, PERSON_FIELDS)
        people = {name: images[name] for name in PERSON_FIELDS if name in images}
        common = {name: self.fields[name] for name in _COMMON if self.fields.get(name) not in (None, "")}
        common["options"] = _object(common.get("options", {}))
        return [self._request(number, common, people, images) for number in range(len(self.items))]

    def plain(self, images: Mapping[str, bytes]) -> dict[str, Any]:
        """What was sent besides the pictures."""
        return {name: value for name, value in self.fields.items() if name not in images}

    def _request(
        self, number: int, common: Mapping[str, Any], people: Mapping[str, bytes], images: Mapping[str, bytes]
    ) -> TryOnRequest:
        item = self.items[number]
        with naming_item(number):
            own = item.model_dump(exclude={"image"}, exclude_none=True)
            options = {**common["options"], **own.get("options", {})}
            pictures = {**people, **_picture(item, images)}
            return replace(TryOnRequest.from_parts({**common, **own, "options": options}, pictures), item=number)


def _listed(given: Any) -> list[Any]:
    found = _parsed("items", given) if isinstance(given, str) else given
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_ITEMS:
        sentence = f"must be a list of 1 to {MOST_ITEMS} garments"
        raise ValidationError(f"items {sentence}.", fields={"items": sentence})
    return found


def _object(given: Any) -> Mapping[str, Any]:
    found = _parsed("options", given) if isinstance(given, str) else given
    if not isinstance(found, dict):
        raise ValidationError("options must be an object.", fields={"options": "must be an object"})
    return found


def _parsed(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValidationError(f"{name} is not valid JSON.", fields={name: "is not valid JSON"}) from None


def _item(number: int, given: Any) -> BatchItem:
    with naming_item(number):
        if not isinstance(given, dict):
            raise ValidationError("Each of the items must be an object.", fields={"": "must be an object"})
        item = parse_model(BatchItem, given)
        if not (item.garment_url or item.image or item.wardrobe_item_id or item.item_id):
            ways = "garment_url, wardrobe_item_id or image"
            raise ValidationError(f"Send a garment with each of the items: {ways}.", fields={"": f"needs {ways}"})
        return item


def _picture(item: BatchItem, images: Mapping[str, bytes]) -> dict[str, bytes]:
    if item.image is None:
        return {}
    if item.image not in images:
        raise ValidationError(
            "An item names a picture that did not come along.", fields={"image": "names no picture of this request"}
        )
    return {"garment_image": images[item.image]}
