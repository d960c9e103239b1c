"""The frame around every route: one envelope, ids, limits, CORS, proxies, and no door left open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_tryon import form

from shared.engines.fake import FakeEngine
from shared.frame import PUBLIC_ENDPOINTS

ENVELOPE = {"success", "error", "error_code", "retryable", "request_id"}


def is_error(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["error_code"]) == (status, code), answer.json
    assert set(answer.json) - {"details"} == ENVELOPE and answer.json["success"] is False
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_a_route_is_closed_unless_it_is_on_the_list(app: Flask) -> None:
    client = app.test_client()
    closed = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC_ENDPOINTS:
            continue
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            is_error(client.open(path, method=method), 401, "AUTH_REQUIRED")
            closed += 1
    assert closed >= 15
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC_ENDPOINTS, "the list names no dead routes"


def test_unknown_routes_and_wrong_methods(client: FlaskClient) -> None:
    is_error(client.get("/api/nothing"), 404, "NOT_FOUND")
    answer = client.delete("/api/login")
    is_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    "body", [b"{broken", b"[1]", b'"text"', b"1", b"null", b'{"a": NaN}', b"\xff\xfe", b"{" * 5000]
)
def test_json_that_is_no_object(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/login", data=body, content_type="application/json")
    is_error(answer, 400, "VALIDATION_ERROR")


def test_other_kinds_of_body(client: FlaskClient) -> None:
    is_error(client.post("/api/login", data=b"<a/>", content_type="text/xml"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_too_large_is_refused_by_its_length(make_app: Callable[..., Flask]) -> None:
    client = make_app(max_json_size=1000).test_client()
    answer = client.post("/api/login", data=b"x" * 1001, content_type="application/json")
    is_error(answer, 413, "PAYLOAD_TOO_LARGE")
    assert "1000 bytes" in answer.json["error"]


def test_a_body_without_length_is_cut_off(make_app: Callable[..., Flask]) -> None:
    client = make_app(max_json_size=1000).test_client()

    class Endless:
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += max(size, 0)
            return b"x" * max(size, 0)

        def readline(self, size: int = -1) -> bytes:
            return self.read(size)

    stream = Endless()
    answer = client.post(
        "/api/login",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "", "wsgi.input": stream, "wsgi.input_terminated": True},
    )
    is_error(answer, 413, "PAYLOAD_TOO_LARGE")
    assert stream.read_bytes < 100_000


@pytest.mark.parametrize(("given", "taken"), [("abc-123_x.y", True), ("a b", False), ("x" * 65, False), ("<b>", False)])
def test_request_ids(client: FlaskClient, given: str, taken: bool) -> None:
    found = client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (found == given) is taken and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", found)


def test_security_headers_are_on_every_answer(client: FlaskClient) -> None:
    for path in ("/health", "/api/nothing", "/api/users/profile"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", True),
        ("chrome-extension://abcdefgh", True),
        ("https://app-example.com", False),
        ("https://app.example.com.evil.com", False),
        ("https://evil.com", False),
        ("null", False),
    ],
)
def test_cors_is_exact(make_app: Callable[..., Flask], origin: str, allowed: bool) -> None:
    app = make_app(cors_origins=("https://app.example.com", "chrome-extension://abcdefgh"))
    answer = app.test_client().get("/health", headers={"Origin": origin})
    assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
    if allowed:
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert all(name in exposed for name in ("X-Request-ID", "Retry-After", "Location"))


@pytest.mark.parametrize("origin", [None, "https://evil.com", "https://app.example.com"])
@pytest.mark.parametrize("path", ["/health", "/api/nothing", "/api/users/profile"])
def test_whoever_keeps_an_answer_keeps_it_for_one_origin(
    make_app: Callable[..., Flask], path: str, origin: str | None
) -> None:
    client = make_app(cors_origins=("https://app.example.com",)).test_client()
    answer = client.get(path, headers={"Origin": origin} if origin else {})
    assert answer.headers.getlist("Vary") == ["Origin"]
    assert answer.headers.get("Access-Control-Allow-Origin") in (None, "https://app.example.com")


def test_cors_defaults(make_app: Callable[..., Flask]) -> None:
    def allowed(app: Flask, origin: str) -> str | None:
        return app.test_client().get("/health", headers={"Origin": origin}).headers.get("Access-Control-Allow-Origin")

    assert allowed(make_app(), "http://localhost:3000") == "http://localhost:3000"
    assert allowed(make_app(), "http://localhost.evil.com") is None
    assert allowed(make_app(flask_env="production"), "http://localhost:3000") is None


def test_preflight(make_app: Callable[..., Flask]) -> None:
    app = make_app(cors_origins=("https://app.example.com",))
    answer = app.test_client().options(
        "/api/tryon",
        headers={
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key",
        },
    )
    assert answer.status_code == 200
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"].lower()


def location(app: Flask, sign_up: Callable[..., Any], peer: str) -> str:
    answer = sign_up(app).post(
        "/api/tryon",
        data=form(),
        environ_overrides={"REMOTE_ADDR": peer},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.com", "X-Forwarded-For": "9.9.9.9"},
    )
    assert answer.status_code == 202
    return str(answer.headers["Location"]).partition("/api/")[0]


def test_forwarded_headers_count_only_from_trusted_proxies(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any]
) -> None:
    app = make_app(engines=[FakeEngine()], trusted_proxies=("10.0.0.0/8",))
    assert location(app, sign_up, "10.1.2.3") == "https://api.example.com"
    assert location(app, sign_up, "192.0.2.1") == "http://localhost"


def test_a_public_base_url_goes_before_everything(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = make_app(engines=[FakeEngine()], public_base_url="https://cdn.example.com/v1")
    assert location(app, sign_up, "192.0.2.1") == "https://cdn.example.com/v1"


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/capabilities"])
def test_operations(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200 and answer.json["success"] is True


def test_health_says_what_is_down(app: Flask, config: Any) -> None:
    app.extensions["close"]()
    client = app.test_client()
    answer = client.get("/ready")
    is_error(answer, 503, "UNHEALTHY")
    assert answer.json["details"]["workers"] == "stopped" and int(answer.headers["Retry-After"]) >= 1


def test_metrics_count_requests_by_route_not_by_address(client: FlaskClient) -> None:
    client.get("/api/job/some-private-id")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'route="/api/job/<job_id>"' in text and "some-private-id" not in text


def test_limits_of_attempts(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit_login=3).test_client()
    body = {"email": "a@example.com", "password": "wrong password"}
    codes = [client.post("/api/login", json=body).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    answer = client.post("/api/login", json=body)
    is_error(answer, 429, "RATE_LIMITED")
    assert answer.json["retryable"] is True and 1 <= int(answer.headers["Retry-After"]) <= 60
    other = client.post("/api/login", json={**body, "email": "b@example.com"})
    assert other.status_code == 401, "another e-mail is counted by itself"
