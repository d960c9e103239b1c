"""What clients say about many pictures at once, and what they get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BeforeValidator, Field, WithJsonSchema

from features.wardrobe.answers import AddedItemAnswer
from features.wardrobe.schemas import NOT_STORED, EmptyIsNone, ItemFields, Section, UploadKey
from shared.answers import AnswerModel, ErrorCode

MOST_IMAGES = 50


def _from_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValueError("is not valid JSON") from None


Items = Annotated[
    list[dict[str, Any] | None],
    Field(max_length=MOST_IMAGES),
    BeforeValidator(_from_text),
    WithJsonSchema(
        {
            "type": "string",
            "format": "json",
            "description": "A list as JSON text: fields of the first picture's item, of the second's, ... or null.",
        }
    ),
]


class OwnFields(ItemFields):
    """Of one picture's item. `upload_key`: as with one item."""

    category_section: Annotated[Section | None, EmptyIsNone] = None
    upload_key: Annotated[UploadKey | None, EmptyIsNone] = None

    def sent(self) -> dict[str, Any]:
        return {name: value for name, value in super().sent().items() if name not in NOT_STORED}


class BulkFields(OwnFields):
    """Of all items; `items` says what is different for some. `upload_key`: chosen by the client for this request. Sent
    again with the same pictures, in any order, it adds only those that were not added the first time."""

    items: Annotated[Items | None, EmptyIsNone] = None

    def sent(self) -> dict[str, Any]:
        return {name: value for name, value in super().sent().items() if name != "items"}


class BulkErrorAnswer(AnswerModel):
    """As an error of the route for one item."""

    code: ErrorCode  # type: ignore[valid-type]
    message: str
    retryable: bool
    details: dict[str, Any] = Field(default_factory=dict)


class BulkOutcomeAnswer(AnswerModel):
    """`index`: the picture's place in the request, from 0. `exists`: its `upload_key` was used before."""

    index: Annotated[int, Field(ge=0)]
    outcome: Literal["created", "exists", "failed"]
    item: AddedItemAnswer | None
    error: BulkErrorAnswer | None


class BulkMeta(AnswerModel):
    created: int
    exists: int
    failed: int
