"""scripts/users.py: accounts for operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from config import Config
from scripts.users import main


@pytest.fixture
def run(config: Config) -> Callable[..., int]:
    return lambda *arguments: main(list(arguments), config)


def test_list_shows_accounts_and_no_hash(run: Any, person: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    shown = capsys.readouterr().out
    assert person.email in shown and person.user["userid"] in shown and "  active" in shown
    assert "argon2" not in shown


def test_a_closed_account_is_out_at_once_and_its_old_tokens_stay_out(run: Any, person: Any, app: Flask) -> None:
    credentials = {"email": person.email, "password": "correct horse battery"}
    assert run("deactivate", person.email.upper()) == 0
    assert person.get("/api/users/profile").status_code == 401
    refused = app.test_client().post("/api/login", json=credentials)
    wrong = app.test_client().post("/api/login", json={**credentials, "password": "something else"})
    assert refused.status_code == 401 and refused.json["error"] == wrong.json["error"]
    assert run("activate", person.email) == 0
    assert person.get("/api/users/profile").status_code == 401, "a token from before"
    assert app.test_client().post("/api/login", json=credentials).status_code == 200


def test_a_new_password_is_shown_once(run: Any, person: Any, app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reset-password", person.email) == 0
    password = capsys.readouterr().out.split()[-1]
    assert len(password) == 16
    assert person.get("/api/users/profile").status_code == 401
    answer = app.test_client().post("/api/login", json={"email": person.email, "password": password})
    assert answer.status_code == 200
    run("list")
    assert password not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["deactivate", "activate", "reset-password"])
def test_an_unknown_address(run: Any, app: Flask, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "nobody@example.com") == 1
    assert capsys.readouterr().out == "", "no password for nobody"


def test_without_a_database(run: Any, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 2
    assert "no database" in capsys.readouterr().err and not config.database_path.exists()


def test_unknown_commands(run: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        run("promote", "ada@example.com")
    assert caught.value.code == 2
