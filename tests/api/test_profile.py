"""The own account: seen, changed in parts, closed for good."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config import Config
from features.users.service import UserService
from shared.database import DatabaseManager
from shared.errors import ConflictError, ServiceUnavailableError
from shared.middleware import provide
from shared.passwords import PasswordHasher
from shared.tokens import TokenService

PASSWORD, NEW = "correct horse battery", "another good staple"
PROFILE = "/api/users/profile"
CHANGE = f"{PROFILE}/change-password"


@pytest.fixture
def db(app: Flask, config: Config) -> DatabaseManager:
    return DatabaseManager(config.database_path)


def change(person: Any, current: str = PASSWORD, new: str = NEW, again: str | None = None) -> Any:
    body = {"current_password": current, "new_password": new, "confirm_password": again or new}
    return person.post(CHANGE, json=body)


def login(person: Any, password: str) -> int:
    answer = person.http.post("/api/login", json={"email": person.email, "password": password})
    return int(answer.status_code)


# --- change --------------------------------------------------------------------------------------------------------


def test_only_what_is_sent_changes(person: Any) -> None:
    before = person.get(PROFILE).json["data"]
    assert before == person.user
    answer = person.put(PROFILE, json={"city": " Paris ", "gender": "female", "birthday": "1990-01-15", "id": 99})
    expected = {**before, "city": "Paris", "gender": "female", "birthday": "1990-01-15"}
    shown = answer.json["data"]
    assert answer.status_code == 200 and shown["updated_at"] > before["updated_at"]
    assert {**shown, "updated_at": before["updated_at"]} == expected
    assert person.get(PROFILE).json["data"] == shown


def test_null_clears_what_may_be_empty(person: Any) -> None:
    person.put(PROFILE, json={"city": "Paris", "street": "1 Rue", "birthday": "1990-01-15", "gender": "other"})
    shown = person.put(PROFILE, json={"city": None, "street": "", "birthday": None, "gender": None}).json["data"]
    assert [shown[name] for name in ("city", "street", "birthday", "gender")] == [None] * 4


def test_nothing_sent_nothing_changed(person: Any) -> None:
    answer = person.put(PROFILE, json={})
    assert answer.status_code == 200 and answer.json["data"]["first_name"] == "Ada"


def test_a_form_does_as_well(person: Any) -> None:
    shown = person.put(PROFILE, data={"city": "Rome", "street": ""}).json["data"]
    assert (shown["city"], shown["first_name"]) == ("Rome", "Ada")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None), ("email", "x"), ("email", 5), ("first_name", None), ("first_name", ""), ("last_name", "  "),
        ("last_name", "x" * 256), ("gender", "robot"), ("birthday", "2999-01-01"), ("birthday", "yesterday"),
        ("street", []), ("city", True), ("city", "a\x00"),
    ],
)  # fmt: skip
def test_wrong_values_are_named_and_change_nothing(person: Any, field: str, value: Any) -> None:
    answer = person.put(PROFILE, json={field: value, "street": "new"} if field != "street" else {field: value})
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == [field]
    assert person.get(PROFILE).json["data"] == person.user


def test_what_is_not_editable_stays(person: Any, db: DatabaseManager) -> None:
    forbidden = {"userid": "x", "is_active": False, "token_version": 9, "password": "x", "created_at": "x"}
    assert person.put(PROFILE, json=forbidden).status_code == 200
    row = db.fetch_one("SELECT * FROM users")
    assert row is not None and (row["userid"], row["token_version"]) == (person.user["userid"], 1)
    assert login(person, PASSWORD) == 200


def test_a_new_address_is_free_and_in_small_letters(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    other = sign_up(app)
    taken = person.put(PROFILE, json={"email": other.email.upper(), "city": "Paris"})
    assert (taken.status_code, taken.json["error_code"]) == (409, "EMAIL_EXISTS")
    assert person.get(PROFILE).json["data"]["city"] is None, "all or nothing"
    assert person.put(PROFILE, json={"email": person.email.upper()}).status_code == 200, "the own one is no conflict"
    assert person.put(PROFILE, json={"email": "New@Example.com"}).json["data"]["email"] == "new@example.com"
    person.email = "NEW@example.com"
    assert login(person, PASSWORD) == 200 and person.get(PROFILE).status_code == 200


def test_changes_at_once_keep_each_other(person: Any, app: Flask) -> None:
    fields = ["first_name", "last_name", "street", "city"]

    def put(field: str) -> None:
        app.test_client().put(PROFILE, json={field: f"new {field}"}, headers=person.headers)

    threads = [threading.Thread(target=put, args=(field,)) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = person.get(PROFILE).json["data"]
    assert [shown[field] for field in fields] == [f"new {field}" for field in fields]


def test_everybody_sees_only_the_own_account(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    other = sign_up(app)
    person.put(PROFILE, json={"userid": other.user["userid"], "user_id": other.user["userid"], "city": "Paris"})
    assert other.get(PROFILE).json["data"] == other.user
    assert other.user["userid"] not in person.get(PROFILE).get_data(as_text=True)


# --- password ------------------------------------------------------------------------------------------------------


def test_a_new_password_ends_all_tokens_but_the_fresh_one(person: Any) -> None:
    second = person.http.post("/api/login", json={"email": person.email, "password": PASSWORD}).json["data"]["token"]
    answer = change(person)
    assert answer.status_code == 200 and "argon2" not in answer.get_data(as_text=True)
    for token in (person.token, second):
        assert person.http.get(PROFILE, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    person.headers = {"Authorization": f"Bearer {answer.json['data']['token']}"}
    assert person.get(PROFILE).status_code == 200
    assert (login(person, PASSWORD), login(person, NEW)) == (401, 200)


def test_the_current_password_is_asked_for(person: Any) -> None:
    answer = change(person, current="a wrong guess")
    assert (answer.status_code, answer.json["error_code"]) == (401, "AUTHENTICATION_ERROR")
    assert person.get(PROFILE).status_code == 200 and login(person, PASSWORD) == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"new_password": "short", "confirm_password": "short"}, "new_password"),
        ({"new_password": "password123", "confirm_password": "password123"}, "new_password"),
        ({"confirm_password": "something else"}, "confirm_password"),
        ({"current_password": 5}, "current_password"),
        ({"current_password": "x" * 2000}, "current_password"),
    ],
)
def test_wrong_passwords_are_named(person: Any, body: dict[str, Any], field: str) -> None:
    good = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
    answer = person.post(CHANGE, json={**good, **body})
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == [field]


def test_of_two_changes_at_once_one_counts(person: Any, app: Flask) -> None:
    answers: list[Any] = []

    def race(new: str) -> None:
        body = {"current_password": PASSWORD, "new_password": new, "confirm_password": new}
        answers.append((new, app.test_client().post(CHANGE, json=body, headers=person.headers)))

    threads = [threading.Thread(target=race, args=(f"new password {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [(new, answer) for new, answer in answers if answer.status_code == 200]
    assert len(won) == 1 and {answer.status_code for _, answer in answers} <= {200, 401, 409}
    assert login(person, won[0][0]) == 200
    fresh = {"Authorization": f"Bearer {won[0][1].json['data']['token']}"}
    assert person.http.get(PROFILE, headers=fresh).status_code == 200


# --- the end -------------------------------------------------------------------------------------------------------


def test_closing_needs_the_password(person: Any) -> None:
    answer = person.delete(PROFILE, json={"password": "a wrong guess"})
    assert (answer.status_code, answer.json["error_code"]) == (401, "AUTHENTICATION_ERROR")
    assert person.delete(PROFILE).status_code == 400
    assert person.get(PROFILE).status_code == 200


def test_closing_takes_everything_along(sign_up: Callable[..., Any], app: Flask, db: DatabaseManager) -> None:
    person, other = sign_up(app, height=170), sign_up(app, height=180)
    person.http.post("/api/logout", headers=other.headers)  # a row that must stay
    answer = person.delete(PROFILE, json={"password": PASSWORD})
    assert answer.status_code == 200 and answer.json["data"]["jobs"] == 0
    assert person.get(PROFILE).status_code == 401 and login(person, PASSWORD) == 401
    assert [row["user_id"] for row in db.fetch_all("SELECT user_id FROM body_measurements")] == [other.user["userid"]]
    assert [row["userid"] for row in db.fetch_all("SELECT userid FROM users")] == [other.user["userid"]]
    again = sign_up(app)
    assert again.user["userid"] != person.user["userid"]


class Files:
    """An eraser that has three files, or trouble."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.erased: list[str] = []

    def count(self, user_id: str) -> dict[str, int]:
        return {"avatars": 2, "jobs": 1}

    def erase(self, user_id: str) -> dict[str, int]:
        if self.error:
            raise self.error
        self.erased.append(user_id)
        return {"files": 3}


def with_erasers(app: Flask, db: DatabaseManager, config: Config, *erasers: Files) -> None:
    tokens = TokenService(db, config.jwt_secret_key)
    provide(app, UserService(db, PasswordHasher(), tokens, erasers=erasers))


def test_counts_are_added_up(person: Any, app: Flask, db: DatabaseManager, config: Config) -> None:
    one, two = Files(), Files()
    with_erasers(app, db, config, one, two)
    assert person.delete(PROFILE, json={"password": "a wrong guess"}).status_code == 401 and one.erased == []
    assert person.delete(PROFILE, json={"password": PASSWORD}).json["data"] == {"avatars": 4, "jobs": 2, "files": 6}
    assert one.erased == two.erased == [person.user["userid"]]


@pytest.mark.parametrize("trouble", [ServiceUnavailableError("full"), OSError(5, "disk"), ConflictError("x")])
def test_trouble_with_some_files_keeps_no_others(
    person: Any, app: Flask, db: DatabaseManager, config: Config, trouble: Exception
) -> None:
    good = Files()
    with_erasers(app, db, config, Files(trouble), good)
    answer = person.delete(PROFILE, json={"password": PASSWORD})
    assert answer.status_code == 200 and answer.json["data"] == {"avatars": 4, "jobs": 2, "files": 3}
    assert good.erased == [person.user["userid"]]


def test_no_file_of_the_person_is_left(person: Any, config: Config, samples: Path) -> None:
    with (samples / "person" / "woman_light.jpg").open("rb") as photo:
        assert person.post("/api/save-avatar", data={"avatar": (photo, "me.jpg")}).status_code == 200
    assert [path for path in config.images_dir.rglob("*") if path.is_file()]
    counts = person.delete(PROFILE, json={"password": PASSWORD}).json["data"]
    assert counts["files"] == 2 and counts["avatars"] == 1
    assert not [path for path in config.images_dir.rglob("*") if path.is_file()]


@pytest.fixture
def samples() -> Path:
    return Path(__file__).resolve().parents[2] / "samples"
