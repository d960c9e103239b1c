"""The one envelope of every answer."""

from __future__ import annotations

import math
from typing import Any

import orjson
from flask import Flask, Response, g
from flask.json.provider import JSONProvider

from shared.errors import BecauseFutureError


class OrjsonProvider(JSONProvider):
    """JSON without NaN and infinity in both directions."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def use_orjson(app: Flask) -> None:
    app.json = OrjsonProvider(app)


def success_response(
    data: Any = None, status_code: int = 200, *, message: str | None = None, meta: dict[str, Any] | None = None
) -> Response:
    body: dict[str, Any] = {"success": True}
    for name, value in (("message", message), ("data", data), ("meta", meta)):
        if value is not None:
            body[name] = value
    return _json(body, status_code)


def error_response(error: BecauseFutureError) -> Response:
    response = error_response_from_string(error.message, error.status_code, error.error_code, error=error)
    if error.status_code in (429, 503) or error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_seconds or 5)))
    return response


def error_response_from_string(
    message: str, status_code: int, error_code: str, *, error: BecauseFutureError | None = None
) -> Response:
    body: dict[str, Any] = {
        "success": False,
        "error": message,
        "error_code": error_code,
        "retryable": error.retryable if error else False,
        "request_id": g.get("request_id", ""),
    }
    if error and error.details:
        body["details"] = error.details
    return _json(body, status_code)


def _json(body: dict[str, Any], status_code: int) -> Response:
    return Response(orjson.dumps(body), status_code, mimetype="application/json")
