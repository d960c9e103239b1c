"""Fixtures: an app on a fresh database, and people who are signed in to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answer_check import AnswerCheck
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from config import Config

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Small limits where a test would wait, no rate limits, everything under the test's own folder."""
    return Config(
        flask_env="testing",
        secret_key="s" * 40,
        jwt_secret_key="j" * 40,
        database_path=tmp_path / "test.db",
        images_dir=tmp_path / "images",
        logs_dir=tmp_path / "logs",
        tryon_workers=4,
        rate_limit_login=0,
        rate_limit_signup=0,
        rate_limit_tryon=0,
        rate_limit_remove_bg=0,
    )


@pytest.fixture
def make_app(config: Config) -> Iterator[Callable[..., Flask]]:
    """`make_app(engines=[...], inline_jobs=True, max_queue_size=2)`: settings and seams by name.

    Every answer of these apps must be one that their OpenAPI document allows, or the test fails at its end.
    """
    made: list[Flask] = []
    checks: list[AnswerCheck] = []

    def make(*, engines: Any = None, inline_jobs: bool = False, **settings: Any) -> Flask:
        made.append(create_app(replace(config, **settings), engines=engines, inline_jobs=inline_jobs))
        checks.append(AnswerCheck(made[-1]))
        return made[-1]

    yield make
    for app in made:
        app.extensions["close"]()
    findings = [finding for check in checks for finding in check.findings]
    assert not findings, "not as OpenAPI says:\n" + "\n".join(findings)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Person:
    """A signed-up user and a client that sends the token along."""

    def __init__(self, app: Flask, **extra: Any) -> None:
        self.email = f"person{next(_numbers)}@example.com"
        self.http = app.test_client()
        answer = self.http.post(
            "/api/create-account",
            json={
                "email": self.email,
                "password": PASSWORD,
                "confirm_password": PASSWORD,
                "first_name": "Ada",
                "last_name": "Lovelace",
                **extra,
            },
        )
        assert answer.status_code == 201, answer.get_data(as_text=True)
        self.token: str = answer.json["data"]["token"]
        self.user: dict[str, Any] = answer.json["data"]["user"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = {**self.headers, **kwargs.pop("headers", {})}
        return self.http.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.request("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.request("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Any:
        return self.request("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)


@pytest.fixture
def sign_up() -> Callable[..., Person]:
    """`sign_up(app, height=170)` makes a new person on the app."""
    return Person


@pytest.fixture
def person(app: Flask) -> Person:
    return Person(app)
