"""What answers are made of, as types: OpenAPI is written from them and every answer in the tests is held against it.

They describe, they do not work: a view's own dictionary is what is sent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import all_errors

Moment = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", json_schema_extra={"format": "date-time"}),
]
WebAddress = Annotated[str, Field(pattern="^https?://", json_schema_extra={"format": "uri"})]
ErrorCode = Literal[tuple(kind.error_code for kind in all_errors())]  # type: ignore[valid-type]


class AnswerModel(BaseModel):
    """Base of every answer: nothing but these fields. One with a default may be left out; null is written as such."""

    model_config = ConfigDict(extra="forbid")


class NoticeAnswer(AnswerModel):
    code: str
    message: str


class PageMeta(AnswerModel):
    """`next_cursor`: the `cursor` of the next page, null on the last one."""

    next_cursor: str | None


class ErrorAnswer(AnswerModel):
    """Every error. `error` is a sentence for a person; `details.fields` maps a field to what is wrong with it."""

    success: Literal[False]
    error: str
    error_code: ErrorCode  # type: ignore[valid-type]
    retryable: bool
    request_id: str
    details: dict[str, Any] = Field(default_factory=dict)
