"""Sign-up, sign-in and tokens, as clients see them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash

from config import Config
from shared.database import DatabaseManager
from shared.tokens import TokenService

PASSWORD = "correct horse battery"
ACCOUNT = {
    "email": "ada@example.com",
    "password": PASSWORD,
    "confirm_password": PASSWORD,
    "first_name": "Ada",
    "last_name": "Lovelace",
}
USER_FIELDS = [
    *("id", "userid", "email", "first_name", "last_name", "gender", "birthday", "street", "city", "is_active"),
    *("created_at", "updated_at"),
]


@pytest.fixture
def db(app: Flask, config: Config) -> DatabaseManager:
    return DatabaseManager(config.database_path)


def sign_up(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/api/create-account", json={**ACCOUNT, **changes})


def login(client: FlaskClient, email: str = ACCOUNT["email"], password: str = PASSWORD) -> Any:
    return client.post("/api/login", json={"email": email, "password": password})


def profile(client: FlaskClient, token: str) -> Any:
    return client.get("/api/users/profile", headers={"Authorization": f"Bearer {token}"})


def wrong_fields(answer: Any) -> dict[str, str]:
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR"), answer.json
    fields: dict[str, str] = answer.json["details"]["fields"]
    return fields


# --- sign-up -------------------------------------------------------------------------------------------------------


def test_sign_up_answers_a_token_and_the_user(client: FlaskClient, config: Config) -> None:
    personal = {"gender": "prefer-not-to-say", "birthday": "1990-01-15", "street": "1 Main St", "city": "London"}
    answer = sign_up(client, email="  Ada@Example.COM ", **personal)
    assert answer.status_code == 201 and set(answer.json["data"]) == {"token", "user"}
    user = answer.json["data"]["user"]
    assert list(user) == USER_FIELDS
    assert user["email"] == "ada@example.com" and user["is_active"] is True and len(user["userid"]) >= 22
    assert {name: user[name] for name in personal} == personal
    assert user["created_at"].endswith("Z") and user["updated_at"] == user["created_at"]
    claims = jwt.decode(answer.json["data"]["token"], config.jwt_secret_key, algorithms=["HS256"])
    assert set(claims) == {"user_id", "email", "iat", "exp", "jti", "ver"}
    assert (claims["user_id"], claims["email"], claims["ver"]) == (user["userid"], "ada@example.com", 1)
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert profile(client, answer.json["data"]["token"]).json["data"] == user


def test_optional_fields_may_be_missing_null_or_empty(client: FlaskClient) -> None:
    answer = sign_up(client, gender=None, birthday=None, street="", nonsense={"ignored": True}, is_active=False)
    user = answer.json["data"]["user"]
    assert answer.status_code == 201 and user["is_active"] is True
    assert [user[name] for name in ("gender", "birthday", "street", "city")] == [None] * 4


def test_the_hash_is_argon2_and_in_no_answer(client: FlaskClient, db: DatabaseManager) -> None:
    token = sign_up(client).json["data"]["token"]
    row = db.fetch_one("SELECT password FROM users")
    assert row is not None and row["password"].startswith("$argon2id$")
    for answer in (sign_up(client, email="b@example.com"), login(client), profile(client, token)):
        text = answer.get_data(as_text=True)
        assert "argon2" not in text and "password" not in text and PASSWORD not in text


def test_user_and_measurements_together(client: FlaskClient, db: DatabaseManager) -> None:
    answer = sign_up(client, unit="imperial", height=68, inseam=32)
    assert answer.status_code == 201 and "warnings" not in answer.json["data"]
    row = db.fetch_one("SELECT * FROM body_measurements")
    assert row is not None and (row["height"], row["inseam"], row["unit"]) == (172.72, 81.28, "imperial")
    assert row["user_id"] == answer.json["data"]["user"]["userid"]
    odd = sign_up(client, email="tall@example.com", height=215)
    assert [item["field"] for item in odd.json["data"]["warnings"]] == ["height"]


def test_no_measurements_no_row(client: FlaskClient, db: DatabaseManager) -> None:
    assert sign_up(client, unit="imperial", height=None).status_code == 201
    assert db.fetch_one("SELECT * FROM body_measurements") is None


@pytest.mark.parametrize(
    "measurement", [{"height": 68}, {"height": "175"}, {"height": True}, {"weight": 1e308}, {"foot_width": -9}]
)
def test_a_wrong_measurement_leaves_no_user(client: FlaskClient, db: DatabaseManager, measurement: Any) -> None:
    assert list(wrong_fields(sign_up(client, **measurement))) == list(measurement)
    assert db.fetch_one("SELECT * FROM users") is None
    assert sign_up(client).status_code == 201, "the address is free"


def test_a_failing_store_leaves_no_user(client: FlaskClient, db: DatabaseManager) -> None:
    db.execute("ALTER TABLE body_measurements RENAME TO away")
    assert sign_up(client, height=170).status_code == 500
    assert db.fetch_one("SELECT * FROM users") is None


@pytest.mark.parametrize("field", list(ACCOUNT))
@pytest.mark.parametrize("value", [None, 7, True, [], {}, ""])
def test_required_fields_have_their_types(client: FlaskClient, field: str, value: Any) -> None:
    assert field in wrong_fields(sign_up(client, **{field: value}))


@pytest.mark.parametrize("field", list(ACCOUNT))
def test_required_fields_are_required(client: FlaskClient, field: str) -> None:
    answer = client.post("/api/create-account", json={key: ACCOUNT[key] for key in ACCOUNT if key != field})
    assert field in wrong_fields(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-at.example.com"), ("email", "a@b"), ("email", f"{'a' * 250}@example.com"),
        ("email", "a b@example.com"), ("first_name", "x" * 256), ("last_name", "   "), ("last_name", "a\x00b"),
        ("gender", "unknown"), ("gender", ""), ("gender", 1), ("birthday", "15.01.1990"), ("birthday", "1990-02-30"),
        ("birthday", "2999-01-01"), ("birthday", "1800-01-01"), ("birthday", 19900115), ("birthday", "1990-W01-1"),
        ("street", "x" * 256), ("city", 5), ("unit", "feet"), ("confirm_password", "something else"),
    ],
)  # fmt: skip
def test_wrong_values_are_named(client: FlaskClient, field: str, value: Any) -> None:
    assert list(wrong_fields(sign_up(client, **{field: value}))) == [field]


def test_all_wrong_fields_come_at_once(client: FlaskClient) -> None:
    answer = sign_up(client, email="x", password="short", gender="?", height="tall", first_name=3)
    assert set(wrong_fields(answer)) == {"email", "password", "gender", "height", "first_name"}
    assert "tall" not in answer.get_data(as_text=True), "what was sent is not echoed"


@pytest.mark.parametrize("body", ["{", "[1]", '"text"', "null", '{"height": NaN}', '{"email": "\\ud800@x.de"}'])
def test_bodies_that_are_no_json_object(client: FlaskClient, body: str) -> None:
    answer = client.post("/api/create-account", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("password", ["short 7", "x" * 129, "password123", "PASSWORD123", "aaaaaaaaaa"])
def test_weak_passwords(client: FlaskClient, password: str) -> None:
    answer = sign_up(client, password=password, confirm_password=password)
    assert list(wrong_fields(answer)) == ["password"] and password not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "password", ["8 letter", "x y" * 42, "  blanks count  ", "pbkdf2:sha256:1$a$b", "пароль 世界 🔑"]
)
def test_strong_passwords_work_as_they_are(client: FlaskClient, password: str) -> None:
    assert sign_up(client, password=password, confirm_password=password).status_code == 201
    assert login(client, password=password).status_code == 200
    assert login(client, password=password.strip() + " ").status_code == 401


def test_a_form_does_as_well(client: FlaskClient, db: DatabaseManager) -> None:
    form = {**ACCOUNT, "height": "170.5", "weight": "", "birthday": "1990-01-15", "street": ""}
    assert client.post("/api/create-account", data=form).status_code == 201
    assert client.post("/api/login", data={"email": "ADA@example.com", "password": PASSWORD}).status_code == 200
    row = db.fetch_one("SELECT height, weight FROM body_measurements")
    assert row is not None and (row["height"], row["weight"]) == (170.5, None)
    again = client.post("/api/create-account", data={**form, "email": "b@example.com", "height": "nan"})
    assert list(wrong_fields(again)) == ["height"]


def test_one_account_for_an_address_in_any_case(client: FlaskClient, db: DatabaseManager) -> None:
    sign_up(client)
    answer = sign_up(client, email="ADA@EXAMPLE.COM")
    assert (answer.status_code, answer.json["error_code"]) == (409, "EMAIL_EXISTS")
    assert answer.json["details"]["fields"] == {"email": "is taken"}
    assert len(db.fetch_all("SELECT id FROM users")) == 1


def test_racing_sign_ups_make_one_account(app: Flask, db: DatabaseManager) -> None:
    codes: list[int] = []
    start = threading.Barrier(6)

    def race(number: int) -> None:
        start.wait()
        address = "Ada@example.com" if number % 2 else "ada@example.com"
        codes.append(sign_up(app.test_client(), email=address, height=160 + number).status_code)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201, 409, 409, 409, 409, 409]
    assert len(db.fetch_all("SELECT 1 AS one FROM users JOIN body_measurements ON user_id = userid")) == 1


# --- sign-in -------------------------------------------------------------------------------------------------------


def test_login_in_any_case(client: FlaskClient) -> None:
    user = sign_up(client).json["data"]["user"]
    answer = login(client, " ADA@example.com ")
    assert answer.status_code == 200 and answer.json["data"]["user"] == user
    assert profile(client, answer.json["data"]["token"]).status_code == 200


def test_nobody_learns_which_part_was_wrong(client: FlaskClient, db: DatabaseManager) -> None:
    sign_up(client)
    sign_up(client, email="closed@example.com")
    db.execute("UPDATE users SET is_active = FALSE WHERE email = 'closed@example.com'")
    answers = [
        login(client, password="wrong password"),
        login(client, "nobody@example.com"),
        login(client, "closed@example.com"),
        login(client, "not an address"),
    ]
    bodies = [{key: value for key, value in answer.json.items() if key != "request_id"} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert bodies[0]["error_code"] == "AUTHENTICATION_ERROR" and all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"email": 1, "password": 2}, {"email": None}])
def test_login_needs_both(client: FlaskClient, body: Any) -> None:
    assert wrong_fields(client.post("/api/login", json=body))


@pytest.mark.parametrize("method", ["pbkdf2:sha256:1000", "scrypt:1024:8:1"])
def test_an_old_hash_counts_and_is_renewed(client: FlaskClient, db: DatabaseManager, method: str) -> None:
    token = sign_up(client).json["data"]["token"]
    db.execute("UPDATE users SET password = ?", (generate_password_hash(PASSWORD, method=method),))
    assert login(client, password="wrong password").status_code == 401
    assert login(client).status_code == 200
    row = db.fetch_one("SELECT password FROM users")
    assert row is not None and row["password"].startswith("$argon2id$")
    assert login(client).status_code == 200 and profile(client, token).status_code == 200, "tokens stay"


def test_login_is_limited_by_address_and_account(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit_login=3).test_client()
    codes = [login(client, "a@example.com").status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429] and login(client, "b@example.com").status_code == 401


# --- tokens --------------------------------------------------------------------------------------------------------


def test_logout_ends_one_token(client: FlaskClient) -> None:
    one, two = sign_up(client).json["data"]["token"], login(client).json["data"]["token"]
    answer = client.post("/api/logout", headers={"Authorization": f"Bearer {one}"})
    assert answer.status_code == 200 and answer.json["success"] is True
    refused = profile(client, one)
    assert (refused.status_code, refused.json["error_code"]) == (401, "AUTHENTICATION_ERROR")
    assert profile(client, two).status_code == 200


def test_refresh_gives_a_second_token(client: FlaskClient) -> None:
    old = sign_up(client).json["data"]["token"]
    answer = client.post("/api/token/refresh", headers={"Authorization": f"Bearer {old}"})
    fresh = answer.json["data"]["token"]
    assert answer.status_code == 200 and fresh != old
    assert profile(client, fresh).status_code == profile(client, old).status_code == 200
    client.post("/api/logout", headers={"Authorization": f"Bearer {old}"})
    assert profile(client, old).status_code == 401 and profile(client, fresh).status_code == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_tokens_that_are_not_ours(client: FlaskClient, db: DatabaseManager, config: Config) -> None:
    token = sign_up(client).json["data"]["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    late = TokenService(db, config.jwt_secret_key, clock=lambda: datetime.now(UTC) - timedelta(hours=24, seconds=1))
    forged = [
        late.generate_token(claims["user_id"], claims["email"]),
        jwt.encode(claims, "k" * 40, algorithm="HS256"),
        jwt.encode(claims, config.jwt_secret_key, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode({**claims, "ver": 2}, config.jwt_secret_key, algorithm="HS256"),
        jwt.encode({**claims, "user_id": "somebody"}, config.jwt_secret_key, algorithm="HS256"),
        jwt.encode({key: claims[key] for key in claims if key != "jti"}, config.jwt_secret_key, algorithm="HS256"),
        jwt.encode({**claims, "exp": "never"}, config.jwt_secret_key, algorithm="HS256"),
        f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", f"{head}.{body}", "a.b.c", "nonsense",
    ]  # fmt: skip
    for wrong in forged:
        answer = profile(client, wrong)
        assert (answer.status_code, answer.json["error_code"]) == (401, "AUTHENTICATION_ERROR"), wrong
    assert profile(client, token).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x"])
def test_no_token_at_all(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/users/profile", headers={"Authorization": header})
    assert (answer.status_code, answer.json["error_code"]) == (401, "AUTH_REQUIRED")


@pytest.mark.parametrize("path", ["/api/logout", "/api/token/refresh"])
def test_routes_of_a_token_need_one(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 401
