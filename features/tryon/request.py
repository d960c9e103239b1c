"""A request for a try-on out of its parts: which person, which garments, in which order. Every 400 comes from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from features.tryon.schemas import (
    MULTI_IMAGES,
    PERSON_FIELDS,
    TRYON_IMAGES,
    WARDROBE_FIELDS,
    TryOnFields,
    TryOnOptions,
    WardrobeIds,
)
from shared.engines.base import GarmentType
from shared.errors import BecauseFutureError, ValidationError
from shared.image_processing import PreparedImage
from shared.validators import parse_model, validate_url

GARMENT_FIELDS = (*WARDROBE_FIELDS, "garment_image", "item_urls", "garment_url")
MOST_GARMENTS = 5
LONGEST_DEADLINE_SECONDS = 7 * 86400


@dataclass(frozen=True)
class GarmentWish:
    """A garment as a picture (`image`), or as a link (`url`) to one or to a product page, or as an item or an outfit
    of the wardrobe. `field` brought it. A picture may have a link as well: where it is from. `details`: what is known
    of the garment already."""

    garment_type: GarmentType
    field: str
    image: bytes | PreparedImage | None = None
    url: str | None = None
    details: Mapping[str, str] | None = None
    item_id: int | None = None
    outfit_id: int | None = None


@dataclass(frozen=True)
class TryOnRequest:
    """A request whose form is right. `person` None: the saved avatar. `garments`: in order of dressing, 1 to 5; an
    outfit counts as one until its items are known. `item`: its number in a batch, from 0."""

    person: bytes | None
    garments: tuple[GarmentWish, ...]
    options: TryOnOptions
    fields: Mapping[str, Any] = field(default_factory=dict)
    person_field: str = PERSON_FIELDS[0]
    item: int | None = None

    @classmethod
    def from_parts(
        cls, fields: Mapping[str, Any], images: Mapping[str, bytes], *, from_form: bool = False
    ) -> TryOnRequest:
        """`fields`: of a form or a JSON object; `images`: the bytes of those that are pictures."""
        source = next((name for name in GARMENT_FIELDS if name in images or _is_sent(fields.get(name))), None)
        if source is None:
            ways = "wardrobe_item_id, outfit_id, garment_image, item_urls or garment_url"
            raise _missing("garment_image", f"Send a garment: {ways}.")
        refuse_text_for_pictures(fields, images, TRYON_IMAGES)
        parsed = _parse(fields)
        wanted = GarmentType(parsed.garment_type)
        if source in WARDROBE_FIELDS:
            garments: tuple[GarmentWish, ...] = (_of_wardrobe(source, wanted, fields[source], from_form),)
        elif source in images:
            garments = (GarmentWish(wanted, source, image=images[source]),)
        else:
            garments = tuple(GarmentWish(wanted, source, url=url) for url in _links(source, fields, parsed.options))
        return cls(_person(images), garments, parsed.options, _plain(fields, images), _person_field(images))

    @classmethod
    def multi_from_parts(cls, fields: Mapping[str, Any], images: Mapping[str, bytes]) -> TryOnRequest:
        """A top and a bottom: trousers or skirt go on first, the top goes over them."""
        refuse_text_for_pictures(fields, images, MULTI_IMAGES)
        lower = _part("bottom", GarmentType.LOWER, fields, images)
        upper = _part("top", GarmentType.UPPER, fields, images)
        options = _parse(fields).options
        return cls(_person(images), (lower, upper), options, _plain(fields, images), _person_field(images))


@contextmanager
def naming_item(number: int | None) -> Iterator[None]:
    """Let an error that is raised inside say which item of a batch it is about; None: there is no batch."""
    try:
        yield
    except BecauseFutureError as error:
        if number is not None:
            rest = {name: value for name, value in error.details.items() if name not in ("field", "fields")}
            error.details = {**rest, "fields": _of_item(number, error)}
        raise


def _of_item(number: int, error: BecauseFutureError) -> dict[str, str]:
    fields = error.details.get("fields") or {error.details.get("field", ""): error.message}
    names = {name: "image" if name == "garment_image" else name for name in fields}
    return {f"items[{number}].{names[name]}".rstrip("."): told for name, told in fields.items()}


def _is_sent(value: Any) -> bool:
    """0 and false are sent, and wrong; an empty text or list is as good as nothing."""
    return value is not None and value not in ("", [])


def _of_wardrobe(source: str, wanted: GarmentType, given: Any, from_form: bool) -> GarmentWish:
    ids = parse_model(WardrobeIds, {source: given}, from_form=from_form)
    item_id = ids.item_id if ids.wardrobe_item_id is None else ids.wardrobe_item_id
    return GarmentWish(wanted, source, item_id=item_id, outfit_id=ids.outfit_id)


def _part(part: str, worn: GarmentType, fields: Mapping[str, Any], images: Mapping[str, bytes]) -> GarmentWish:
    image, url = f"{part}_garment_image", f"{part}_garment_url"
    if image in images:
        return GarmentWish(worn, image, image=images[image])
    if fields.get(url):
        return GarmentWish(worn, url, url=_link(url, fields[url]))
    raise _missing(image, f"Send {image} with the {part}'s picture, or {url}.")


def _links(source: str, fields: Mapping[str, Any], options: TryOnOptions) -> list[str]:
    """`item_urls` comes as a list, as its JSON text, or as a form field that is repeated; `garment_index` picks one."""
    given = fields[source]
    found = [given] if source == "garment_url" else _listed(given)
    if not 1 <= len(found) <= MOST_GARMENTS:
        sentence = f"must be a list of 1 to {MOST_GARMENTS} addresses"
        raise ValidationError(f"{source} {sentence}.", fields={source: sentence})
    links = [_link(source, item) for item in found]
    if options.garment_index is None:
        return links
    if options.garment_index >= len(links):
        sentence = f"must be less than the number of links, which is {len(links)}"
        raise ValidationError(f"garment_index {sentence}.", fields={"options.garment_index": sentence})
    return [links[options.garment_index]]


def _listed(given: Any) -> list[Any]:
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            raise ValidationError("item_urls is not valid JSON.", fields={"item_urls": "is not valid JSON"}) from None
    return given if isinstance(given, list) else [given]


def _link(source: str, given: Any) -> str:
    try:
        return validate_url(given if isinstance(given, str) else "")
    except ValidationError as error:
        raise ValidationError(error.message, fields={source: error.details["fields"]["url"]}) from None


def _parse(fields: Mapping[str, Any]) -> TryOnFields:
    """`options` comes as an object, or as its JSON text in a form."""
    found = {name: fields[name] for name in ("garment_type", "options") if fields.get(name) not in (None, "")}
    if isinstance(found.get("options"), str):
        try:
            found["options"] = orjson.loads(found["options"])
        except orjson.JSONDecodeError:
            raise ValidationError("options is not valid JSON.", fields={"options": "is not valid JSON"}) from None
    return parse_model(TryOnFields, found)


def _person_field(images: Mapping[str, bytes]) -> str:
    return next((name for name in PERSON_FIELDS if name in images), PERSON_FIELDS[0])


def _person(images: Mapping[str, bytes]) -> bytes | None:
    return next((images[name] for name in PERSON_FIELDS if name in images), None)


def _plain(fields: Mapping[str, Any], images: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in images}


def _missing(name: str, sentence: str) -> ValidationError:
    return ValidationError(sentence, fields={name: "is required"})


def refuse_text_for_pictures(fields: Mapping[str, Any], images: Mapping[str, bytes], names: Sequence[str]) -> None:
    """A form's text where a file belongs would else be overlooked, and another picture used."""
    wrong = [name for name in names if fields.get(name) and name not in images]
    if wrong:
        sentence = "must be a picture: a file in a form, base64 in JSON"
        raise ValidationError(f"{wrong[0]} {sentence}.", fields=dict.fromkeys(wrong, sentence))


def parse_deadline(text: str | None) -> float | None:
    """X-Deadline-Seconds: how long the job may wait for its start."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST_DEADLINE_SECONDS:
        sentence = f"must be a number of seconds, more than 0 and at most {LONGEST_DEADLINE_SECONDS}"
        raise ValidationError(f"X-Deadline-Seconds {sentence}.", fields={"X-Deadline-Seconds": sentence})
    return seconds


def parse_idempotency_key(text: str | None) -> str | None:
    if text is not None and not (1 <= len(text) <= 255 and all("!" <= letter <= "~" for letter in text)):
        sentence = "must be 1 to 255 visible ASCII characters"
        raise ValidationError(f"Idempotency-Key {sentence}.", fields={"Idempotency-Key": sentence})
    return text
