"""A status poll that does not go through Flask answers exactly as one that does, and only when it is plain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from test_tryon import form

from features.operations.rate_limits import rate_limits
from features.tryon.service import TryOnService
from shared.engines.fake import FakeEngine

ORIGIN = {"Origin": "http://localhost:3000"}


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def running(make_app: Callable[..., Flask], sign_up: Callable[..., Any], hold: threading.Event) -> tuple[Any, str]:
    """A signed-in client and the path of its job, which the engine holds."""
    client = sign_up(make_app(engines=[FakeEngine(hold=hold)]))
    path = "/api/job/" + client.post("/api/tryon", data=form()).get_json()["data"]["job_id"]
    end = time.monotonic() + 10
    while client.get(path).get_json()["data"]["stage"] != "generating":
        assert time.monotonic() < end
        time.sleep(0.01)
    return client, path


def test_both_ways_give_the_same_answer(running: tuple[Any, str]) -> None:
    client, path = running
    fast, full = client.get(path), client.get(path + "?wait=0")
    data = [answer.get_json()["data"] for answer in (fast, full)]
    estimates = [one.pop("estimated_time") for one in data]
    assert fast.status_code == full.status_code == 200
    assert data[0] == data[1] and abs(estimates[0] - estimates[1]) < 5
    own = {"X-Request-ID", "Content-Length"}
    assert {(name, value) for name, value in fast.headers if name not in own} == {
        (name, value) for name, value in full.headers if name not in own
    }


def test_flask_is_not_asked_for_a_plain_poll(running: tuple[Any, str]) -> None:
    client, path = running
    client.http.application.view_functions["jobs.get_job_status"] = lambda **_: ("asked", 418)
    assert client.get(path).status_code == 200
    assert client.get(path + "?wait=0").status_code == 418
    assert client.get(path, headers=ORIGIN).status_code == 418


def test_a_page_of_an_origin_gets_its_headers(running: tuple[Any, str]) -> None:
    client, path = running
    answer = client.get(path, headers=ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]


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
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.get_json()["error_code"]) == (status, code)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


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


def test_polls_are_counted_under_their_route(running: tuple[Any, str]) -> None:
    client, path = running
    client.get(path)
    counted = client.get("/metrics").get_data(as_text=True)
    assert 'http_requests_total{method="GET",route="/api/job/<job_id>",status="200"}' in counted


def test_the_route_has_no_rate_limit(config: Any) -> None:
    assert "jobs.get_job_status" not in {limit.endpoint for limit in rate_limits(config)}
