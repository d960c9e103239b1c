"""One set of measurements a person, in the unit of the person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from config import Config
from features.body_measurements.model import FIELD_NAMES
from shared.database import DatabaseManager

PATH = "/api/body-measurements"
ADULT = {"gender": "female", "birthday": "1990-01-15"}
WOMAN = {"height": 165, "weight": 65, "hip_circumference": 99, "waist_circumference": 74, "inner_leg_length": 78}


def numbers(answer: Any) -> dict[str, float]:
    """What is set."""
    data = answer.json["data"]
    assert set(FIELD_NAMES) <= set(data)
    return {name: data[name] for name in FIELD_NAMES if data[name] is not None}


def odd(answer: Any) -> list[tuple[str, str]]:
    return [(item["code"], item["field"]) for item in answer.json["data"]["warnings"]]


def missing(answer: Any) -> list[str]:
    return [item["field"] for item in answer.json["data"]["missing"]]


# --- keep and change -----------------------------------------------------------------------------------------------


def test_first_created_then_updated(person: Any) -> None:
    first = person.post(PATH, json={"height": 165, "weight": 65, "calf_circumference": 36})
    second = person.post(PATH, json={"weight": 66.5, "calf_circumference": None, "hip_circumference": 99})
    assert (first.status_code, second.status_code) == (201, 200)
    assert numbers(second) == {"height": 165, "weight": 66.5, "hip_circumference": 99}
    assert person.get(PATH).json == second.json
    before, after = first.json["data"], second.json["data"]
    assert before["created_at"] == before["updated_at"] == after["created_at"] < after["updated_at"]


def test_put_changes_what_is_there(person: Any) -> None:
    person.post(PATH, json=WOMAN)
    answer = person.put(PATH, json={"height": 166, "weight": None})
    assert answer.status_code == 200 and person.get(PATH).json == answer.json
    assert numbers(answer) == {**{name: WOMAN[name] for name in WOMAN if name != "weight"}, "height": 166}


def test_there_are_none_at_first(person: Any) -> None:
    for answer in (person.get(PATH), person.put(PATH, json={"height": 170}), person.get(PATH)):
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")


def test_those_of_sign_up_are_there(app: Flask, sign_up: Callable[..., Any]) -> None:
    person = sign_up(app, height=68, chest=36.5, unit="imperial")
    answer = person.get(PATH)
    assert numbers(answer) == {"height": 68, "chest": 36.5} and answer.json["data"]["unit"] == "imperial"
    assert person.post(PATH, json={"weight": 150}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("body", [{}, {"user_id": "x", "sleeve": 3}, {"unit": None}])
def test_nothing_to_save_is_said(person: Any, method: str, body: dict[str, Any]) -> None:
    answer = person.request(method, PATH, json=body)
    assert answer.status_code == 400 and "body" in answer.json["details"]["fields"]
    assert person.get(PATH).status_code == 404


def test_a_form_does_as_well(person: Any) -> None:
    answer = person.post(PATH, data={"height": "165.5", "weight": "", "unit": "metric"})
    assert answer.status_code == 201 and numbers(answer) == {"height": 165.5}


def test_legacy_fields_stay_what_they_are(person: Any) -> None:
    sent = {"chest": 90, "waist": 74, "hips": 99, "inseam": 78, "shoulder_width": 37}
    assert numbers(person.post(PATH, json=sent)) == sent


def test_many_at_once_are_one_set(person: Any, app: Flask, config: Config) -> None:
    names = ["height", "neck_circumference", "calf_circumference", "foot_length"]
    value = {"height": 170, "neck_circumference": 34, "calf_circumference": 36, "foot_length": 25}
    statuses: list[int] = []

    def post(name: str) -> None:
        answer = app.test_client().post(PATH, json={name: value[name]}, headers=person.headers)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=post, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201] and numbers(person.get(PATH)) == value
    assert len(DatabaseManager(config.database_path).fetch_all("SELECT 1 AS one FROM body_measurements")) == 1


# --- units ---------------------------------------------------------------------------------------------------------


def test_inches_and_pounds_come_back_as_they_were_sent(person: Any) -> None:
    sent = {"height": 65.25, "weight": 150.5, "hip_circumference": 38.5, "foot_length": 9.7}
    answer = person.post(PATH, json={**sent, "unit": "imperial"})
    assert numbers(answer) == sent and answer.json["data"]["unit"] == "imperial"
    metric = person.get(f"{PATH}?unit=metric")
    assert numbers(metric) == {"height": 165.735, "weight": 68.266, "hip_circumference": 97.79, "foot_length": 24.638}
    assert metric.json["data"]["unit"] == "metric" and numbers(person.get(PATH)) == sent


def test_a_change_of_unit_changes_no_body(person: Any, config: Config) -> None:
    person.post(PATH, json=WOMAN)
    db = DatabaseManager(config.database_path)
    columns = f"SELECT {', '.join(FIELD_NAMES)} FROM body_measurements"
    before = db.fetch_one(columns)
    for unit in ("imperial", "metric", "imperial"):
        answer = person.put(PATH, json={"unit": unit})
        assert answer.status_code == 200 and answer.json["data"]["unit"] == unit
    assert db.fetch_one(columns) == before and numbers(person.get(f"{PATH}?unit=metric")) == WOMAN


def test_numbers_are_read_in_the_unit_that_is_preferred(person: Any) -> None:
    person.post(PATH, json={"unit": "imperial"})
    assert numbers(person.put(PATH, json={"height": 65})) == {"height": 65}
    assert numbers(person.get(f"{PATH}?unit=metric")) == {"height": 165.1}
    assert numbers(person.post(f"{PATH}?unit=metric", json={"neck_circumference": 13})) == {
        "height": 165.1, "neck_circumference": 33.02,
    }  # fmt: skip
    assert person.get(PATH).json["data"]["unit"] == "imperial", "the query is about one answer"


def test_the_unit_of_a_body_counts_from_then_on(person: Any) -> None:
    person.post(PATH, json={"height": 165})
    answer = person.put(PATH, json={"neck_circumference": 13, "unit": "imperial"})
    assert numbers(answer) == {"height": 64.961, "neck_circumference": 13}
    assert person.get(PATH).json["data"]["unit"] == "imperial"


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "value",
    [0, -5, 99.9, 250.1, 1e300, 2**62, "170", "", True, [170], {"cm": 170}, {"a": {"b": []}}],
)
def test_wrong_values_are_named_and_change_nothing(person: Any, method: str, value: Any) -> None:
    person.post(PATH, json=WOMAN)
    before = person.get(PATH).json
    answer = person.request(method, PATH, json={"height": value, "weight": 70})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json["details"]["fields"]) == ["height"] and person.get(PATH).json == before


@pytest.mark.parametrize(
    "body",
    ['{"height": NaN}', '{"height": Infinity}', '{"height": 1e999}', '{"height": 1' + "0" * 30 + "}", "[]", "7", "{"],
)
def test_bodies_that_are_no_measurements(person: Any, body: str) -> None:
    answer = person.post(PATH, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "wide", "9" * 400])
def test_forms_that_are_no_measurements(person: Any, value: str) -> None:
    answer = person.post(PATH, data={"height": value})
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == ["height"]


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"height": 68}, "height", "inches?"),
        ({"height": 172, "unit": "imperial"}, "height", "inches?"),
        ({"hip_circumference": 39}, "hip_circumference", "inches?"),
        ({"weight": 400}, "weight", "pounds?"),
    ],
)
def test_the_other_unit_is_guessed(person: Any, body: dict[str, Any], field: str, hint: str) -> None:
    assert hint in person.post(PATH, json=body).json["details"]["fields"][field]


def test_a_refused_unit_is_not_kept(person: Any) -> None:
    person.post(PATH, json=WOMAN)
    assert person.put(PATH, json={"unit": "imperial", "height": 172}).status_code == 400
    assert person.get(PATH).json["data"]["unit"] == "metric"


@pytest.mark.parametrize("unit", ["feet", "", 1, ["metric"], True])
def test_wrong_units_are_named(person: Any, unit: Any) -> None:
    answer = person.post(PATH, json={"height": 170, "unit": unit})
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == ["unit"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(("query", "field"), [("unit=feet", "unit"), ("estimate=maybe", "estimate")])
def test_wrong_queries_are_named_and_nothing_is_kept(person: Any, method: str, query: str, field: str) -> None:
    body = {} if method == "GET" else {"json": {"height": 170}}
    answer = person.request(method, f"{PATH}?{query}", **body)
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == [field]
    assert person.get(PATH).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nobody_without_a_token(person: Any, method: str) -> None:
    assert person.http.open(PATH, method=method, json={"height": 170}).status_code == 401


# --- what is odd, missing or guessed -------------------------------------------------------------------------------


def test_warnings_are_about_the_whole_body(person: Any) -> None:
    assert odd(person.post(PATH, json={"inner_leg_length": 100, "height": 205})) == [("unusual_value", "height")]
    answer = person.put(PATH, json={"height": 160})
    assert odd(answer) == odd(person.get(PATH)) == [("contradiction", "inner_leg_length")]
    assert odd(person.put(PATH, json={"inner_leg_length": 77})) == []


def test_warnings_speak_the_unit_of_the_answer(person: Any) -> None:
    person.post(PATH, json={"height": 205})
    told = [person.get(f"{PATH}?unit={unit}").json["data"]["warnings"][0]["message"] for unit in ("metric", "imperial")]
    assert "from 138 to 202 cm" in told[0] and "from 54.4 to 79.5 in" in told[1]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (ADULT, [("check_unit", "hip_circumference")]),
        ({"gender": "male"}, [("check_unit", "hip_circumference")]),
        ({"gender": "female", "birthday": "2015-01-15"}, []),
        ({"gender": "other"}, []),
        ({}, []),
    ],
)
def test_what_does_not_go_with_height_and_weight(
    app: Flask, sign_up: Callable[..., Any], profile: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    person = sign_up(app, **profile)
    person.post(PATH, json={"height": 165, "weight": 65})
    assert odd(person.put(PATH, json={"hip_circumference": 130})) == odd(person.get(PATH)) == expected


def test_the_most_useful_comes_first(person: Any) -> None:
    answer = person.post(PATH, json={"calf_circumference": 36})
    assert missing(answer) == [
        "breast_circumference", "waist_circumference", "hip_circumference", "height", "weight", "inner_leg_length",
        "foot_length",
    ]  # fmt: skip
    assert answer.json["data"]["missing"][0]["term"] == "bust girth" and answer.json["data"]["missing"][0]["why"]


def test_a_legacy_twin_is_not_missing(person: Any) -> None:
    body = {"chest": 90, "waist": 74, "hips": 99, "inseam": 78, "height": 165, "weight": 65}
    assert missing(person.post(PATH, json=body)) == ["foot_length"]
    assert missing(person.put(PATH, json={"hips": None})) == ["hip_circumference", "foot_length"]


def test_estimates_are_marked_and_only_for_what_is_not_measured(app: Flask, sign_up: Callable[..., Any]) -> None:
    person = sign_up(app, **ADULT)
    sent = {"height": 165, "weight": 65, "chest": 90, "calf_circumference": 36}
    data = person.post(f"{PATH}?estimate=true", json=sent).json["data"]
    assert data["estimates_reason"] is None and not {"breast_circumference", "calf_circumference"} & set(
        data["estimates"]
    )
    hip = {"value": 98.7, "plus_minus": 7.3, "unit": "cm", "source": "height_and_weight"}
    assert data["estimates"]["hip_circumference"] == hip and "waist_circumference" not in data["estimates"]
    inches = person.get(f"{PATH}?estimate=true&unit=imperial").json["data"]["estimates"]["hip_circumference"]
    assert inches == {**hip, "value": 38.9, "plus_minus": 2.9, "unit": "in"}


def test_estimates_are_never_stored(app: Flask, sign_up: Callable[..., Any], config: Config) -> None:
    person = sign_up(app, **ADULT)
    sent = {"height": 165, "weight": 65}
    assert numbers(person.post(f"{PATH}?estimate=true", json=sent)) == sent
    plain = person.get(PATH)
    assert numbers(plain) == sent and not {"estimates", "estimates_reason"} & set(plain.json["data"])
    row = DatabaseManager(config.database_path).fetch_one("SELECT * FROM body_measurements")
    assert row is not None and {name for name in FIELD_NAMES if row[name] is not None} == set(sent)


@pytest.mark.parametrize(
    ("profile", "body", "said"),
    [
        ({}, {"height": 165, "weight": 65}, "gender in the profile"),
        ({"gender": "other"}, {"height": 165, "weight": 65}, "Without a gender"),
        ({"gender": "prefer-not-to-say"}, {"height": 165, "weight": 65}, "Without a gender"),
        ({"gender": "male", "birthday": "2015-01-15"}, {"height": 150, "weight": 45}, "under 16"),
        (ADULT, {"height": 165}, "the height and the weight"),
        (ADULT, {"height": 125, "weight": 65}, "outside"),
    ],
)
def test_no_estimates_have_a_reason(
    app: Flask, sign_up: Callable[..., Any], profile: dict[str, str], body: dict[str, float], said: str
) -> None:
    person = sign_up(app, **profile)
    data = person.post(f"{PATH}?estimate=1", json=body).json["data"]
    assert data["estimates"] == {} and said in data["estimates_reason"]


def test_all_measured_nothing_to_guess(app: Flask, sign_up: Callable[..., Any]) -> None:
    person = sign_up(app, **ADULT)
    person.post(PATH, json=WOMAN)
    guessed = person.get(f"{PATH}?estimate=true").json["data"]["estimates"]
    data = person.put(f"{PATH}?estimate=true", json={name: item["value"] for name, item in guessed.items()}).json[
        "data"
    ]
    assert data["estimates"] == {} and "is measured" in data["estimates_reason"]


# --- whose -----------------------------------------------------------------------------------------------------


def test_everybody_sees_and_changes_only_the_own(person: Any, app: Flask, sign_up: Callable[..., Any]) -> None:
    other = sign_up(app)
    person.post(PATH, json=WOMAN)
    theirs = {"user_id": person.user["userid"], "userid": person.user["userid"], "id": 1, "height": 199}
    assert other.get(PATH, query_string=theirs).status_code == 404 and other.put(PATH, json=theirs).status_code == 404
    assert other.post(PATH, json=theirs, query_string={"user_id": person.user["userid"]}).status_code == 201
    assert numbers(other.get(PATH)) == {"height": 199} and numbers(person.get(PATH)) == WOMAN
    assert person.user["userid"] not in other.get(PATH).get_data(as_text=True)


def test_a_closed_account_has_none(person: Any, config: Config) -> None:
    person.post(PATH, json=WOMAN)
    counts = person.delete("/api/users/profile", json={"password": "correct horse battery"}).json["data"]
    assert counts["measurements"] == 1 and person.get(PATH).status_code == 401
    assert DatabaseManager(config.database_path).fetch_all("SELECT 1 AS one FROM body_measurements") == []
