"""Holds every answer that a test gets against the OpenAPI document of its app."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator, FormatChecker

from shared.docs_pages import openapi_document
from shared.openapi import OPTIONAL_HEADERS, path_of

UNATTRIBUTED = {405}
"""Answers that belong to no operation."""
ADDED_OUTSIDE = {"X-Request-ID"}
"""By the outer frame, which stands around Flask: this check runs before it. tests/api/test_frame.py looks there."""
_validators: dict[str, Draft202012Validator] = {}
_documents: dict[str, dict[str, Any]] = {}


class AnswerCheck:
    """Collects what is wrong: Flask would turn an error raised here into an answer of its own."""

    def __init__(self, app: Flask) -> None:
        self.findings: list[str] = []
        self._app = app
        # Functions of this list run from its end to its start: as the first one it sees the answer as it leaves.
        app.after_request_funcs.setdefault(None, []).insert(0, self._look)

    def _look(self, response: Response) -> Response:
        if request.url_rule and request.method not in {"HEAD", "OPTIONS"} and response.status_code not in UNATTRIBUTED:
            view = self._app.view_functions[request.url_rule.endpoint]
            if hasattr(view, "documented"):
                self.findings += check(document_of(self._app), response)
        return response


def document_of(app: Flask) -> dict[str, Any]:
    """Apps with the same routes share it: making one for every test would take longer than many a test."""
    key = repr(app.url_map)
    if key not in _documents:
        _documents[key] = json.loads(openapi_document(app))
    return _documents[key]


def check(document: dict[str, Any], response: Response) -> list[str]:
    """What the document does not allow about this answer to the current request."""
    path = path_of(request.url_rule.rule if request.url_rule else "")
    where = f"{request.method} {path} -> {response.status_code}"
    answers = document["paths"][path][request.method.lower()]["responses"]
    if str(response.status_code) not in answers:
        return [f"{where}: this status is not documented: {response.get_json(silent=True)}"]
    answer = answers[str(response.status_code)]
    expected = set(answer["headers"]) - OPTIONAL_HEADERS - ADDED_OUTSIDE
    missing = [f"{where}: {name} is missing" for name in sorted(expected) if name not in response.headers]
    return missing + check_body(document, answer, response, where)


def check_body(document: dict[str, Any], answer: dict[str, Any], response: Response, where: str) -> list[str]:
    content = answer.get("content", {})
    kind = next((kind for kind in content if fnmatch(response.mimetype, kind)), None)
    if kind is None:
        return [f"{where}: {response.mimetype} is not documented"] if content else []
    if response.mimetype != "application/json":
        return []
    found = validator(document, content[kind]["schema"]).iter_errors(response.get_json())
    return [f"{where}: {'.'.join(map(str, error.path))}: {error.message}" for error in found]


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Schemas repeat from app to app, so their validators are kept."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        whole = {**schema, "components": document["components"]}
        _validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
    return _validators[key]
