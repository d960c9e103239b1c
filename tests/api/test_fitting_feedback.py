"""Feedback moves later advice, of its own person; everything goes with the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from test_fitting import ASK, CHART, FIT

FEEDBACK = f"{FIT}/feedback"
BODY = {"breast_circumference": 91, "waist_circumference": 73, "hip_circumference": 97}
DRESS = {"brand": "Acme", "category": "dress"}
TOLD = {**DRESS, "size_chart": CHART}


@pytest.fixture
def ada(app: Flask, sign_up: Callable[..., Any]) -> Any:
    return sign_up(app, gender="female", **BODY)


def say(person: Any, **fields: Any) -> Any:
    answer = person.post(FEEDBACK, json={**DRESS, "size": "M", "outcome": "small", **fields})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["data"]


def ask(person: Any, **fields: Any) -> Any:
    return person.post(ASK, json={**TOLD, **fields}).json["data"]


def test_what_is_known_now(ada: Any) -> None:
    assert say(ada, kept=False) == {
        "size": "M",
        "outcome": "small",
        "kept": False,
        "counts": {"small": 1, "fit": 0, "large": 0},
        "own": 1,
        "others": 0,
        "shift_sizes": 0.0625,
    }


@pytest.mark.parametrize(("outcome", "larger", "runs"), [("small", True, "small"), ("large", False, "large")])
def test_feedback_shifts_later_advice_and_says_so(ada: Any, outcome: str, larger: bool, runs: str) -> None:
    before = ask(ada)
    for size in ("XS", "S", "M", "L", "XL"):
        say(ada, size=size, outcome=outcome)
    after = ask(ada)
    assert (after["probabilities"]["L"] > before["probabilities"]["L"]) is larger
    assert (after["probabilities"]["S"] < before["probabilities"]["S"]) is larger
    assert f"By feedback it runs {runs}" in after["reasoning"] and "feedback" not in before["reasoning"]


def test_a_size_that_fitted_shifts_nothing(ada: Any) -> None:
    before = ask(ada)
    say(ada, outcome="fit")
    assert ask(ada) == before


@pytest.mark.parametrize(
    "other", [{"brand": "Zenith"}, {"brand": None}, {"category": "jeans"}], ids=["brand", "no-brand", "category"]
)
def test_other_things_are_not_shifted(ada: Any, other: dict[str, Any]) -> None:
    before = ask(ada, **other)
    say(ada)
    assert ask(ada, **other) == before


@pytest.mark.parametrize("other", [{"brand": " ACME"}, {"category": "Dresses"}, {"category": "jumpsuit"}])
def test_the_same_thing_in_other_words(ada: Any, other: dict[str, Any]) -> None:
    say(ada)
    assert "feedback" in ask(ada, **other)["reasoning"]


def test_saying_it_again_replaces_it(ada: Any) -> None:
    say(ada)
    assert say(ada, size="m", outcome="large")["counts"] == {"small": 0, "fit": 0, "large": 1}


def test_nobody_learns_of_another_persons_feedback(app: Flask, sign_up: Callable[..., Any], ada: Any) -> None:
    eve = sign_up(app, gender="female", **BODY)
    link = "https://shop.example/p/dress"
    before = say(eve, outcome="fit", garment_url=link), ask(eve)
    for size in ("S", "M", "L"):
        say(ada, size=size, garment_url=link)
    assert (say(eve, outcome="fit", garment_url=link), ask(eve)) == before


def test_other_people_count_from_five_on(app: Flask, sign_up: Callable[..., Any], ada: Any) -> None:
    """For the same page, as a number."""
    link = "https://shop.example/p/dress?utm_source=mail"
    for _ in range(5):
        say(sign_up(app), garment_url=link)
    told = say(ada, outcome="fit", garment_url="https://shop.example/p/dress")
    assert (told["counts"], told["own"], told["others"]) == ({"small": 5, "fit": 1, "large": 0}, 1, 5)


def test_the_same_thing_that_was_too_small_is_warned_of(ada: Any) -> None:
    link = "http://127.0.0.1:1/p/dress"
    say(ada, garment_url=link)
    told = ask(ada, garment_url=link)
    assert told["recommended_size"] == "M"
    assert "You said of this garment that M was small for you." in {item["message"] for item in told["warnings"]}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"brand": None}, "brand"),
        ({"category": None}, "category"),
        ({"category": "quux"}, "category"),
        ({"size": None}, "size"),
        ({"size": ""}, "size"),
        ({"size": 38}, "size"),
        ({"outcome": "tight"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"kept": "yes"}, "kept"),
        ({"kept": 1}, "kept"),
        ({"garment_url": "nowhere"}, "garment_url"),
        ({"brand": "x" * 256}, "brand"),
    ],
)
def test_wrong_fields_are_named_and_keep_nothing(ada: Any, fields: dict[str, Any], wrong: str) -> None:
    answer = ada.post(FEEDBACK, json={**DRESS, "size": "M", "outcome": "small", **fields})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR"), answer.json
    assert list(answer.json["details"]["fields"]) == [wrong]
    assert say(ada)["own"] == 1


def test_it_goes_with_the_account(ada: Any) -> None:
    say(ada)
    say(ada, size="L")
    gone = ada.delete("/api/users/profile", json={"password": "correct horse battery"})
    assert gone.json["data"]["fit_feedback"] == 2
