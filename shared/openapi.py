"""OpenAPI out of the code: `documented` says on a view what it takes and gives, `make_document` writes it all down.

Nothing of this stands in a request's way: the view is left as it is. What can be read off a route is not said again:
who may call it (`require_auth`), that it takes pictures, and the errors that follow from either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from flask import Flask
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.routing import Rule

from shared import errors
from shared.answers import ErrorAnswer
from shared.errors import BecauseFutureError
from shared.validators import InputModel

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]

API_VERSION = "0.1.0"
HEADERS: dict[str, Schema] = {
    "X-Request-ID": {"description": "Names this request in the logs; a sane one is taken over.",
                     "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}},
    "Idempotency-Key": {"description": "The same key and body within 24 hours is the same job; another body is a 422.",
                        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}},
    "X-Deadline-Seconds": {"description": "A job that has not started by then fails and costs nothing.",
                           "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 604800}},
    "Prefer": {"description": "`wait=N`: answer only once the job has ended, after at most N seconds (up to 60).",
               "schema": {"type": "string"}},
    "Last-Event-ID": {"description": "Only events after this one.",
                      "schema": {"type": "integer", "minimum": 0}},
    "Retry-After": {"description": "Seconds to wait before the next try.",
                    "schema": {"type": "integer", "minimum": 1}},
    "Location": {"description": "Where the new thing is found.", "schema": {"type": "string", "format": "uri"}},
    "Content-Disposition": {"description": "Under which name to save it.", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "`wait=N` as it was kept to; left out when it was not.",
                           "schema": {"type": "string"}},
}  # fmt: skip
OPTIONAL_HEADERS = frozenset({"Preference-Applied"})
"""Of an answer: only some carry them."""

_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_SKIPPED_METHODS = {"HEAD", "OPTIONS"}
_FILE: Schema = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class Documented:
    """A decorator. `data`: the type of the envelope's data; None: there is only a message, or no JSON at all.

    `also`: further statuses with their data. `media`: what comes besides JSON, or alone when `data` is None.
    `body`, `query`: what the view parses. `pictures`: parts of a form, or base64 in JSON; `required`: those that must
    be there. `files`: parts that only a form can bring, and how many of each. `takes`, `gives`: names of HEADERS.
    `errors`: those that do not follow from the route itself.
    """

    tag: str
    data: Any = None
    _: KW_ONLY
    status: int = 200
    also: Mapping[int, Any] | None = None
    meta: type[BaseModel] | None = None
    media: str | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    pictures: tuple[str, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    errors: tuple[type[BecauseFutureError], ...] = ()

    def __call__(self, view: View) -> View:
        view.documented = self  # type: ignore[attr-defined]
        return view


documented = Documented


@dataclass(frozen=True)
class Route:
    """One method of one documented view."""

    rule: Rule
    method: str
    view: Callable[..., Any]
    said: Documented

    @property
    def path(self) -> str:
        return path_of(self.rule.rule)

    @property
    def is_open(self) -> bool:
        return not getattr(self.view, "requires_auth", False)

    @property
    def types(self) -> dict[str, tuple[Mode, Any]]:
        """What the schemas of this route are made from, by part."""
        said = self.said
        answers = {said.status: said.data, **(said.also or {})}
        parts: dict[str, tuple[Mode, Any]] = {
            str(status): ("serialization", data) for status, data in answers.items() if data is not None
        }
        parts |= {"body": ("validation", said.body)} if said.body else {}
        return parts | ({"meta": ("serialization", said.meta)} if said.meta else {})


class _Schemas(GenerateJsonSchema):
    """Without titles that only repeat names, and without defaults that only say "left out"."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Schema:
        return (
            self.generate_inner(schema["schema"])
            if schema.get("default") in (None, "")
            else super().default_schema(schema)
        )


def path_of(rule: str) -> str:
    """`/api/job/<job_id>` as OpenAPI writes it."""
    return _VARIABLE.sub(r"{\1}", rule)


def documented_routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        said: Documented | None = getattr(view, "documented", None)
        if said is not None:
            methods = sorted((rule.methods or set()) - _SKIPPED_METHODS)
            yield from (Route(rule, method, view, said) for method in methods)


def make_document(app: Flask) -> Schema:
    """OpenAPI 3.1 for the documented views of this app, in the order in which they were registered."""
    routes = list(documented_routes(app))
    writer = _Writer(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = writer.operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Because Future", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.said.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": writer.components,
            "headers": HEADERS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


_DESCRIPTION = (
    "A photo and a garment become a picture. Sign up or log in, send the token as `Authorization: Bearer <token>`,"
    " start a try-on and poll its job. Errors share one envelope; `docs/errors.md` says what to do about each code."
)


class _Writer:
    def __init__(self, routes: Iterable[Route]) -> None:
        wanted = [((route.rule.endpoint, part), mode, TypeAdapter(kind))
                  for route in routes for part, (mode, kind) in route.types.items()]  # fmt: skip
        wanted.append((("", "error"), "serialization", TypeAdapter(ErrorAnswer)))
        made, rest = TypeAdapter.json_schemas(
            wanted, ref_template="#/components/schemas/{model}", schema_generator=_Schemas
        )
        self._made = {key: schema for (key, _), schema in made.items()}
        self.components: Schema = dict(sorted(rest["$defs"].items()))

    def operation(self, route: Route) -> Schema:
        name = route.view.__name__
        found: Schema = {
            "operationId": name,
            "summary": name.replace("_", " ").title(),
            "description": " ".join((route.view.__doc__ or "").split()),
            "tags": [route.said.tag],
            "security": [] if route.is_open else [{"bearer": []}],
            "parameters": _parameters(route),
            "responses": {**self._successes(route), **self._failures(route)},
        }
        content = self._content(route)
        return {**found, "requestBody": {"required": True, "content": content}} if content else found

    def _content(self, route: Route) -> Schema:
        """Forms and JSON alike; pictures are parts of the one and base64 texts in the other."""
        said = route.said
        ref = self._made.get((route.rule.endpoint, "body"))
        if not said.pictures and not said.files:
            kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
            return {kind: {"schema": ref} for kind in kinds} if ref else {}
        plain = self.components[ref["$ref"].rsplit("/", 1)[1]]["properties"] if ref else {}
        parts = {name: _FILE for name in said.pictures} | {name: _files(most) for name, most in said.files.items()}
        texts = {name: {"type": "string", "contentEncoding": "base64"} for name in said.pictures}
        form = {**parts, **{name: _in_form(schema) for name, schema in plain.items()}}
        bodies = {"multipart/form-data": form, **({} if said.files else {"application/json": {**texts, **plain}})}
        return {kind: {"schema": _object(body, said.required, open=True)} for kind, body in bodies.items()}

    def _successes(self, route: Route) -> Schema:
        said = route.said
        return {str(status): self._success(route, status) for status in (said.status, *(said.also or {}))}

    def _success(self, route: Route, status: int) -> Schema:
        said = route.said
        answer: Schema = {"description": HTTPStatus(status).phrase, "headers": _headers("X-Request-ID", *said.gives)}
        data = self._made.get((route.rule.endpoint, str(status)))
        content = {said.media: {"schema": _raw(said.media)}} if said.media else {}
        if data or not said.media:
            content["application/json"] = {"schema": _envelope(data, self._made.get((route.rule.endpoint, "meta")))}
        return {**answer, "content": content} if status not in _WITHOUT_BODY else answer

    def _failures(self, route: Route) -> Schema:
        by_status: dict[int, list[type[BecauseFutureError]]] = {}
        for kind in sorted(set(_errors(route)), key=lambda kind: (kind.status_code, kind.error_code)):
            by_status.setdefault(kind.status_code, []).append(kind)
        return {str(status): self._failure(status, kinds) for status, kinds in by_status.items()}

    def _failure(self, status: int, kinds: list[type[BecauseFutureError]]) -> Schema:
        codes = {"properties": {"error_code": {"enum": [kind.error_code for kind in kinds]}}}
        return {
            "description": " ".join(f"`{kind.error_code}`: {kind.advice}" for kind in kinds),
            "headers": _headers("X-Request-ID", *(("Retry-After",) if status in (429, 503) else ())),
            "content": {"application/json": {"schema": {"allOf": [self._made["", "error"], codes]}}},
        }


def _errors(route: Route) -> Iterator[type[BecauseFutureError]]:
    said = route.said
    yield from (*said.errors, errors.InternalError, errors.ServiceUnavailableError)
    if not route.is_open:
        yield from (errors.AuthRequiredError, errors.AuthenticationError)
    if said.body or said.pictures or said.files:
        yield from (errors.ValidationError, errors.PayloadTooLargeError, errors.UnsupportedMediaTypeError)
    if said.pictures:
        yield errors.ImageRejectedError
    if said.query and issubclass(said.query, InputModel):
        yield errors.ValidationError
    if route.rule.arguments:
        yield errors.NotFoundError


def _parameters(route: Route) -> list[Schema]:
    """Of the path, the query and the headers, in this order."""
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
             for name in _VARIABLE.findall(route.rule.rule)]  # fmt: skip
    query = route.said.query.model_json_schema(schema_generator=_Schemas) if route.said.query else {"properties": {}}
    named += [{"name": name, "in": "query", "required": name in query.get("required", ()), "schema": schema}
              for name, schema in query["properties"].items()]  # fmt: skip
    return named + [{"name": name, "in": "header", **HEADERS[name]} for name in ("X-Request-ID", *route.said.takes)]


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _files(most: int) -> Schema:
    return _FILE if most == 1 else {"type": "array", "items": _FILE, "minItems": 1, "maxItems": most}


def _in_form(schema: Schema) -> Schema:
    """What is an object in JSON is its text in a form."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rsplit("/", 1)[1]
    return {"type": "string", "format": "json", "description": f"{name} as JSON text."}


def _raw(media: str) -> Schema:
    """Of a body without envelope."""
    if media.endswith("json"):
        return {"type": "object"}
    return {"type": "string"} if media.startswith("text/") else {"type": "string", "format": "binary"}


def _envelope(data: Schema | None, meta: Schema | None) -> Schema:
    parts: Schema = {"success": {"type": "boolean", "const": True}, "message": {"type": "string"}}
    parts |= {name: schema for name, schema in (("data", data), ("meta", meta)) if schema is not None}
    return _object(parts, ["success", *(list(parts)[2:] or ["message"])])


def _object(properties: Schema, required: Iterable[str], *, open: bool = False) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "required": list(required)}
    return found if open else {**found, "additionalProperties": False}
