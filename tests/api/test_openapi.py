"""The OpenAPI document is whole, valid and true; the page that shows it calls nobody else."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answer_check import AnswerCheck, document_of, validator
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from shared.docs_pages import ASSETS
from shared.errors import all_errors
from shared.frame import PUBLIC_ENDPOINTS, takes_body
from shared.openapi import API_VERSION, HEADERS, documented, documented_routes, path_of
from shared.response import success_response

ROOT = Path(__file__).resolve().parents[2]
ASSET_ROUTES = {"docs.get_docs_start", "docs.get_docs_asset"}
ADDRESS = re.compile(r"https?://([^/\"'\s)]+)")


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    return copy.deepcopy(document_of(app))


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["operationId"]: item for path in document["paths"].values() for item in path.values()}


def test_the_document_follows_the_rules_of_openapi(document: dict[str, Any]) -> None:
    validate(document)
    document["paths"]["/health"]["get"]["responses"] = "none"
    with pytest.raises(Exception, match="none"):
        validate(document)


def test_the_document_is_served(client: FlaskClient, document: dict[str, Any]) -> None:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200 and answer.json == document
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == API_VERSION


def test_every_route_is_documented(app: Flask, document: dict[str, Any]) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in ASSET_ROUTES]
    served = {(path_of(rule.rule), method.lower()) for rule in rules for method in (rule.methods or set())}
    said = {(path, method) for path, item in document["paths"].items() for method in item}
    assert said == {(path, method) for path, method in served if method not in {"head", "options"}}
    assert len(operations(document)) == len(said), "every operation has a name of its own"


def test_who_may_call_is_said_as_it_is(app: Flask) -> None:
    for route in documented_routes(app):
        operation = document_of(app)["paths"][route.path][route.method.lower()]
        is_public = route.rule.endpoint in PUBLIC_ENDPOINTS
        assert operation["security"] == ([] if is_public else [{"bearer": []}]), route.path
        assert is_public or "401" in operation["responses"], route.path
    assert document_of(app)["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_what_takes_pictures_takes_them_in_forms_and_json(app: Flask) -> None:
    for route in documented_routes(app):
        takes_pictures = getattr(route.view, "body_limit", "plain") == "pictures"
        assert takes_pictures is bool(route.said.pictures or route.said.files), route.path
    body = operations(document_of(app))["create_tryon_job"]["requestBody"]["content"]
    parts, texts = (body[kind]["schema"]["properties"] for kind in ("multipart/form-data", "application/json"))
    names = (
        "selfie person_image outfit_id wardrobe_item_id item_id garment_image item_urls garment_url"
        " garment_type options"
    )
    assert set(parts) == set(texts) == set(names.split())
    assert parts["selfie"]["format"] == "binary" and texts["selfie"]["contentEncoding"] == "base64"
    assert parts["options"]["type"] == "string" and "TryOnOptions" in texts["options"]["$ref"]


def test_files_come_in_forms_alone(document: dict[str, Any]) -> None:
    many, one = (operations(document)[name]["requestBody"]["content"] for name in ("add_items", "import_wardrobe"))
    assert set(many) == set(one) == {"multipart/form-data"}
    images = many["multipart/form-data"]["schema"]["properties"]["images"]
    assert (images["type"], images["maxItems"], images["items"]["format"]) == ("array", 50, "binary")
    assert one["multipart/form-data"]["schema"]["properties"] == {"file": {"type": "string", "format": "binary"}}
    assert set(operations(document)["export_wardrobe"]["responses"]["200"]["content"]) == {"application/zip"}


def test_plain_bodies_are_json_or_forms(document: dict[str, Any]) -> None:
    content = operations(document)["create_account"]["requestBody"]["content"]
    assert set(content) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    model = document["components"]["schemas"][name]
    assert set(model["required"]) == {"email", "password", "confirm_password", "first_name", "last_name"}
    assert "waist_circumference" in model["properties"]


def test_headers_and_parameters(document: dict[str, Any]) -> None:
    found = operations(document)
    start = found["create_tryon_job"]
    names = {item["name"] for item in start["parameters"]}
    assert names == {"Idempotency-Key", "Prefer", "X-Deadline-Seconds", "X-Request-ID"}
    assert "Location" in start["responses"]["202"]["headers"]
    for operation in found.values():
        for status, answer in operation["responses"].items():
            assert "X-Request-ID" in answer["headers"]
            assert ("Retry-After" in answer["headers"]) is (status in {"429", "503"})
    assert {item["name"] for item in found["get_history"]["parameters"]} >= {"status", "favorite", "limit", "cursor"}
    assert [item["name"] for item in found["get_image"]["parameters"] if item.get("required")] == ["key", "exp", "sig"]
    assert set(document["components"]["headers"]) == set(HEADERS)


def test_errors_are_named_under_their_status(document: dict[str, Any]) -> None:
    statuses = {kind.error_code: str(kind.status_code) for kind in all_errors()}
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                base, codes = answer["content"]["application/json"]["schema"]["allOf"]
                assert base == {"$ref": "#/components/schemas/ErrorAnswer"}
                assert {statuses[code] for code in codes["properties"]["error_code"]["enum"]} == {status}


def test_no_outside_address(client: FlaskClient, document: dict[str, Any]) -> None:
    assert ADDRESS.findall(json.dumps(document)) == []
    page, start = client.get("/docs"), client.get("/docs/start.js")
    assert page.mimetype == "text/html" and start.mimetype == "text/javascript"
    assert ADDRESS.findall(page.text + start.text) == [] and "validatorUrl: null" in start.text


def test_the_page_gets_all_it_needs_from_here(client: FlaskClient) -> None:
    page = client.get("/docs")
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(f"/{name}").status_code == 200, name
    assert b"SwaggerUIBundle" in client.get("/docs/swagger-ui-bundle.js").data
    assert "@import" not in (ASSETS / "swagger-ui.css").read_text()


def test_the_page_has_a_policy_of_its_own(client: FlaskClient) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert client.get("/openapi.json").headers["Content-Security-Policy"].startswith("default-src 'none'; frame")


@pytest.mark.parametrize("name", ["../flask_swagger_ui.py", "%2e%2e/flask_swagger_ui.py", "nothing.js", ".."])
def test_assets_lead_nowhere_else(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")


def test_documented_leaves_the_view_as_it_is() -> None:
    @takes_body("pictures")
    def view() -> str:
        return "answer"

    assert documented("Tag")(view) is view and view() == "answer"


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ({"data": {"status": "healthy", "database": "connected"}}, None),
        ({"data": {"status": "ill", "database": "connected"}}, "'healthy' was expected"),
        ({"data": {"status": "healthy"}}, "'database' is a required property"),
        ({"data": {"status": "healthy", "database": "connected", "more": 1}}, "'more' was unexpected"),
        ({"data": {"status": "healthy", "database": "connected"}, "meta": {}}, "'meta' was unexpected"),
        ({"data": None}, "'data' is a required property"),
        ({"data": {"status": "healthy", "database": "connected"}, "status_code": 201}, "not documented"),
    ],
)
def test_an_answer_that_the_document_does_not_know_is_found(
    config: Any, make_app: Callable[..., Flask], answer: dict[str, Any], finding: str | None
) -> None:
    """The check that `make_app` puts on every app, on one whose /health does not keep its word."""
    app = make_app()
    app.after_request_funcs[None].pop(0)  # the app's own check would fail this test at its end
    check = AnswerCheck(app)
    view = app.view_functions["operations.health"]

    def other() -> Any:
        return success_response(**answer)

    other.documented = view.documented  # type: ignore[attr-defined]
    app.view_functions["operations.health"] = other
    app.test_client().get("/health")
    assert (finding is None) is (check.findings == []) and (finding or "") in "".join(check.findings)


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "2026-01-01T00:00:00.000000+00:00"])
def test_times_have_one_form(document: dict[str, Any], moment: str) -> None:
    schema = document["components"]["schemas"]["UserAnswer"]["properties"]["created_at"]
    assert not validator(document, schema).is_valid(moment)
    assert validator(document, schema).is_valid("2026-01-01T00:00:00.000000Z")
