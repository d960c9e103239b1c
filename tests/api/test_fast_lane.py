"""A status poll that does not go through Flask answers exactly as one that does, and only when it is plain."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request
from test_tryon import form

from features.operations.rate_limits import rate_limits
from features.tryon.service import TryOnService
from shared.engines.fake import FakeEngine
from shared.logger import JsonFormatter

ORIGIN = {"Origin": "http://localhost:3000"}
STRANGER = {"Origin": "https://evil.com"}
PRIVATE_NETWORK = {**ORIGIN, "Access-Control-Request-Private-Network": "true"}
PAGES = ("https://app.example.com", "chrome-extension://abcdefgh", "http://localhost:*")
ORIGINS = [
    *("https://app.example.com", "chrome-extension://abcdefgh", "http://localhost:3000"),
    *("HTTPS://App.Example.Com", "chrome-extension://ABCDEFGH", "http://LOCALHOST:3000"),
    *("https://evil.com", "https://app-example.com", "https://app.example.com.evil.com", "chrome-extension://other"),
    *("https://app.example.com:443", "https://app.example.com/", "https://app.example.com ", "http://localhost:123456"),
    *("http://localhost:", "http://localhost:*", "https://app.example.com, https://evil.com"),
    *("", " ", "*", ".*", "null", "file://", "caf\xe9", "x" * 5000, "https://app.example.com\r\nX-Evil: 1"),
]


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def run(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], hold: threading.Event
) -> Callable[..., tuple[Any, str]]:
    """`run(cors_origins=(...))`: a signed-in client of an app so set, and the path of its job, which the engine
    holds."""

    def start(**settings: Any) -> tuple[Any, str]:
        client = sign_up(make_app(engines=[FakeEngine(hold=hold)], **settings))
        path = "/api/job/" + client.post("/api/tryon", data=form()).get_json()["data"]["job_id"]
        end = time.monotonic() + 10
        while client.get(path).get_json()["data"]["stage"] != "generating":
            assert time.monotonic() < end
            time.sleep(0.01)
        return client, path

    return start


@pytest.fixture
def running(run: Callable[..., tuple[Any, str]]) -> tuple[Any, str]:
    return run()


def seen_by_flask(app: Flask) -> list[str]:
    """The polls that Flask answers from now on, by address."""
    seen: list[str] = []
    view = app.view_functions["jobs.get_job_status"]

    def noted(**values: Any) -> Any:
        seen.append(request.full_path)
        return view(**values)

    app.view_functions["jobs.get_job_status"] = noted
    return seen


def headers_of(answer: Any) -> list[tuple[str, str]]:
    """What two answers to the same poll have in common; the body's length is not: it has an estimate in it."""
    return sorted((name, value) for name, value in answer.headers if name not in {"X-Request-ID", "Content-Length"})


@pytest.mark.parametrize("headers", [{}, ORIGIN, STRANGER])
def test_both_ways_give_the_same_answer(running: tuple[Any, str], headers: dict[str, str]) -> None:
    client, path = running
    seen = seen_by_flask(client.http.application)
    fast, full = client.get(path, headers=headers), client.get(path + "?wait=0", headers=headers)
    assert seen == [path + "?wait=0"]
    data = [answer.get_json()["data"] for answer in (fast, full)]
    estimates = [one.pop("estimated_time") for one in data]
    assert fast.status_code == full.status_code == 200
    assert data[0] == data[1] and abs(estimates[0] - estimates[1]) < 5
    assert headers_of(fast) == headers_of(full)


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({"cors_origins": PAGES}, 3),
        ({"cors_origins": PAGES[:1]}, 1),
        ({"cors_origins": ("*",)}, len(ORIGINS) - 2),
        ({"cors_origins": (*PAGES, "*")}, len(ORIGINS) - 2),
        ({"flask_env": "production"}, 0),
    ],
)
def test_a_page_gets_what_flask_cors_gives(
    run: Callable[..., tuple[Any, str]], settings: dict[str, Any], allowed: int
) -> None:
    client, path = run(**settings)

    def answers(address: str) -> dict[str, list[tuple[str, str]]]:
        asked = {origin: client.get(address, environ_overrides={"HTTP_ORIGIN": origin}) for origin in ORIGINS}
        return {origin: headers_of(answer) for origin, answer in asked.items()}

    full = answers(path + "?wait=0")
    for _ in range(2):  # the second time from memory
        seen = seen_by_flask(client.http.application)
        assert answers(path) == full
        assert len(seen) <= 1, "only the value that is no header at all"
    assert sum(("Access-Control-Allow-Origin", origin) in full[origin] for origin in ORIGINS) == allowed


@pytest.mark.parametrize("headers", [{}, ORIGIN, STRANGER])
def test_flask_is_not_asked_for_a_plain_poll(running: tuple[Any, str], headers: dict[str, str]) -> None:
    client, path = running
    client.http.application.view_functions["jobs.get_job_status"] = lambda **_: ("asked", 418)
    assert client.get(path, headers=headers).status_code == 200
    assert client.get(path + "?wait=0", headers=headers).status_code == 418


def test_what_flask_cors_makes_of_more_than_the_origin_is_left_to_flask(running: tuple[Any, str]) -> None:
    client, path = running
    answer = client.get(path, headers=PRIVATE_NETWORK)
    assert answer.headers["Access-Control-Allow-Private-Network"] == "false"
    preflight = client.http.options(path, headers={**ORIGIN, "Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 200 and "GET" in preflight.headers["Access-Control-Allow-Methods"]


def test_a_page_gets_its_headers(running: tuple[Any, str]) -> None:
    client, path = running
    answer = client.get(path, headers={**ORIGIN, "X-Request-ID": "page-1"})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers.getlist("Vary") == ["Origin"]
    assert answer.headers["X-Request-ID"] == "page-1"
    assert answer.headers["Cache-Control"] == "no-store"


def test_both_ways_leave_the_same_line(running: tuple[Any, str], caplog: pytest.LogCaptureFixture) -> None:
    client, path = running
    caplog.set_level("INFO", "access")
    caplog.handler.setFormatter(JsonFormatter(()))
    caplog.clear()
    for address in (path, path + "?wait=0"):
        client.get(address, headers={**ORIGIN, "X-Request-ID": "page-1"})
    fast, full = (json.loads(line) for line in caplog.text.splitlines())
    for line in (fast, full):
        assert line.pop("time") and line.pop("ms") >= 0
    assert fast == full
    assert fast == {
        "level": "INFO",
        "logger": "access",
        "message": f"GET {path} 200",
        "request_id": "page-1",
        "user_id": client.user["userid"],
    }


def test_an_unforeseen_error_ends_in_the_envelope(
    running: tuple[Any, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, path = running

    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret text")

    monkeypatch.setattr(TryOnService, "get", broken)
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["error_code"]) == (500, "ERROR")
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert "secret text" not in answer.get_data(as_text=True)
    assert "a plain answer failed" in caplog.text


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 401, "AUTH_REQUIRED"),
        ({"Authorization": "Basic abc"}, 401, "AUTH_REQUIRED"),
        ({"Authorization": "Bearer wrong"}, 401, "AUTHENTICATION_ERROR"),
    ],
)
def test_refusals_are_told_in_full(running: tuple[Any, str], headers: dict[str, str], status: int, code: str) -> None:
    client, path = running
    answer = client.get(path, headers={**ORIGIN, **headers})
    assert (answer.status_code, answer.get_json()["error_code"]) == (status, code)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


def test_a_token_that_was_ended_opens_nothing(running: tuple[Any, str]) -> None:
    client, path = running
    assert client.get(path).status_code == 200
    client.post("/api/logout")
    assert client.get(path).status_code == 401


def test_a_job_of_somebody_else_is_not_found(running: tuple[Any, str], sign_up: Callable[..., Any]) -> None:
    client, path = running
    other = sign_up(client.http.application)
    assert other.get(path).status_code == 404
    assert other.get("/api/job/").status_code == 404
    assert client.get(path + "/nothing").status_code == 404


def test_a_finished_job_has_its_picture(running: tuple[Any, str], hold: threading.Event) -> None:
    client, path = running
    hold.set()
    end = time.monotonic() + 10
    while (job := client.get(path).get_json()["data"])["status"] != "done":
        assert time.monotonic() < end
        time.sleep(0.01)
    assert job["result_url"].startswith("http://localhost/images/")


def test_other_methods_are_left_to_flask(running: tuple[Any, str]) -> None:
    client, path = running
    assert client.request("HEAD", path).status_code == 200
    assert client.post(path).status_code == 405
    assert client.delete(path).get_json()["data"]["outcome"] == "cancelling"


@pytest.mark.parametrize("headers", [{}, ORIGIN])
def test_polls_are_counted_under_their_route(running: tuple[Any, str], headers: dict[str, str]) -> None:
    client, path = running
    name = 'http_requests_total{method="GET",route="/api/job/<job_id>",status="200"} '

    def counted() -> float:
        text = client.get("/metrics").get_data(as_text=True)
        return float(text.partition(name)[2].partition("\n")[0])

    before = counted()
    client.get(path, headers=headers)
    assert counted() == before + 1


def test_the_route_has_no_rate_limit(config: Any) -> None:
    assert "jobs.get_job_status" not in {limit.endpoint for limit in rate_limits(config)}
