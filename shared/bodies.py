"""Reading JSON and form bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from shared.errors import UnsupportedMediaTypeError, ValidationError
from shared.validators import Model, parse_model

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def is_form() -> bool:
    return request.mimetype in _FORMS


def read_json_object() -> dict[str, Any]:
    """The body as a JSON object; an empty body counts as an empty object."""
    body = request.get_data(cache=True)
    if not request.content_length and len(body) >= (request.max_content_length or len(body) + 1):
        raise RequestEntityTooLarge  # read up to the limit: a body of unknown length was cut off
    if body and not request.is_json:
        raise UnsupportedMediaTypeError("Send JSON (Content-Type: application/json) or, where pictures go, a form.")
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise ValidationError(
            "The body is not valid JSON, or a number in it is too large.", fields={"body": "is not valid JSON"}
        ) from None
    if not isinstance(found, dict):
        raise ValidationError("The body must be a JSON object.", fields={"body": "must be a JSON object"})
    return found


def read_fields(repeated: Sequence[str] = ()) -> dict[str, Any]:
    """The fields of a JSON or a form body. Of a repeated form field the first one, of those in `repeated` all."""
    if not is_form():
        return read_json_object()
    if request.content_length and not request.form and not request.files:
        raise ValidationError("The form is empty, incomplete or has another boundary than its header says.")
    many = {name: request.form.getlist(name) for name in repeated}
    return {**request.form.to_dict(), **{name: values for name, values in many.items() if len(values) > 1}}


def forget_body() -> None:
    """Let go of a body that was read, and of all that Flask keeps of it: pictures are large, and some answers take a
    minute to come. To be called once nobody reads it any more."""
    asked = request._get_current_object()  # type: ignore[attr-defined]
    asked.close()
    for kept in ("_cached_data", "_cached_json"):
        vars(asked).pop(kept, None)


def read_body(model: type[Model]) -> Model:
    return parse_model(model, read_fields(), from_form=is_form())
