"""Sizes over HTTP: the story of a person with a tape, and what the answers promise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

FIT = "/api/fitting"
ASK = f"{FIT}/size-recommendation"
CHART = {
    "S": {"chest": "84-88", "waist": "66-70", "hip": "90-94"},
    "M": {"chest": "88-92", "waist": "70-74", "hip": "94-98"},
    "L": {"chest": "92-98", "waist": "74-80", "hip": "98-104"},
}
BODY = {"breast_circumference": 90, "waist_circumference": 72, "hip_circumference": 96}
OLD_KEYS = {"fits", "recommended_size", "fit_analysis", "areas", "reasoning", "confidence"}


@pytest.fixture
def ada(app: Flask, sign_up: Callable[..., Any]) -> Any:
    """Between the bounds of M everywhere."""
    return sign_up(app, gender="female", **BODY)


def ask(person: Any, path: str = ASK, **fields: Any) -> Any:
    answer = person.post(path, json={"size_chart": CHART, "garment_type": "dress", **fields})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"]


def test_inches_against_a_chart_in_centimetres(app: Flask, sign_up: Callable[..., Any]) -> None:
    """The whole story: an explanation zone by zone, and what the loss of one measurement costs."""
    body = {"breast_circumference": 35.5, "waist_circumference": 28.5, "hip_circumference": 37.8, "height": 66}
    eve = sign_up(app, gender="female", unit="imperial", **body)
    told = ask(eve)
    assert (told["recommended_size"], told["decision"], told["fits"]) == ("M", "recommended", True)
    zones = {zone["zone"]: zone for zone in told["zones"]}
    assert {name: zone["body_cm"] for name, zone in zones.items()} == {"chest": 90.2, "waist": 72.4, "hip": 96.0}
    assert all(zone["body_source"] == "measured" and zone["verdict"] == "ideal" for zone in zones.values())
    assert told["chart"]["unit_in"] == "cm" and " in" in told["fit_analysis"]["waist"]
    assert told["areas"] == dict.fromkeys(zones, "ideal")

    eve.put("/api/body-measurements", json={"waist_circumference": None})
    less = ask(eve)
    assert less["confidence"] < told["confidence"]
    missing = {item["field"]: item["confidence_if_added"] for item in less["missing_measurements"]}
    assert missing["waist_circumference"] >= less["confidence"]
    assert "waist" in less["reasoning"] and "waist" not in {zone["zone"] for zone in less["zones"]}


def test_an_answer_is_whole(ada: Any) -> None:
    told = ask(ada)
    assert told.keys() >= OLD_KEYS and told["chart"]["source"] == "shop"
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=0.001)
    assert list(told["probabilities"]) == ["S", "M", "L"]
    assert told["fit_preference"] == "regular" and "M" in told["reasoning"]


@pytest.mark.parametrize(
    ("size", "verdicts"),
    [("S", {"too_small", "tight"}), ("M", {"fits"}), ("L", {"too_large", "loose"})],
)
def test_the_verdict_of_one_size(ada: Any, size: str, verdicts: set[str]) -> None:
    told = ask(ada, f"{FIT}/check", size=size)
    assert told["size"] == size and told["size_verdict"] in verdicts
    assert told["fits"] is (told["size_verdict"] in ("tight", "fits", "loose"))
    assert told["recommended_size"] == "M" and f"Size {size}" in told["reasoning"]


def test_a_size_far_off_does_not_fit(ada: Any) -> None:
    chart = {**CHART, "XXL": {"chest": "110-118", "waist": "92-100", "hip": "114-120"}}
    told = ask(ada, f"{FIT}/check", size="XXL", size_chart=chart)
    assert (told["size_verdict"], told["fits"]) == ("too_large", False)
    assert {zone["verdict"] for zone in told["zones"]} == {"too_loose"} and told["zones"][0]["deviation_cm"] < 0


@pytest.mark.parametrize("size", ["m", " M ", "Medium"])
def test_a_size_in_other_words(ada: Any, size: str) -> None:
    assert ask(ada, f"{FIT}/check", size=size)["size"] == "M"


def test_an_unknown_size_names_the_known_ones(ada: Any) -> None:
    answer = ada.post(f"{FIT}/check", json={"size_chart": CHART, "size": "Grande Plus"})
    assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")
    assert answer.json["details"]["sizes"] == ["S", "M", "L"] and "size" in answer.json["details"]["fields"]


def test_the_analysis_tells_every_size(ada: Any) -> None:
    told = ask(ada, f"{FIT}/analyze-fit", size="L")
    assert (told["size"], told["recommended_size"]) == ("L", "M")
    assert [size["size"] for size in told["sizes"]] == ["S", "M", "L"]
    assert {size["size"]: size["probability"] for size in told["sizes"]} == told["probabilities"]
    assert all(len(size["zones"]) == 3 for size in told["sizes"]) and told["zones"] == told["sizes"][2]["zones"]
    assert ask(ada, f"{FIT}/analyze-fit")["size"] == "M", "without a size: the best one"


def test_the_query_says_what_the_body_says(ada: Any) -> None:
    query = {"size_chart": json.dumps(CHART), "garment_type": "dress", "measurements": json.dumps({"height": 170})}
    answer = ada.get(ASK, query_string=query)
    assert answer.status_code == 200
    assert answer.json["data"] == ask(ada, measurements={"height": 170})


def test_a_form_does_as_well(ada: Any) -> None:
    answer = ada.post(ASK, data={"size_chart": json.dumps(CHART), "garment_type": "dress", "stretch_percent": "0"})
    assert answer.json["data"] == ask(ada, stretch_percent=0)


# --- measurements of the request -----------------------------------------------------------------------------------


def test_measurements_of_the_request_win_and_are_not_stored(ada: Any) -> None:
    before = ada.get("/api/body-measurements").json["data"]
    larger = {"breast_circumference": 95, "waist_circumference": 77, "hip_circumference": 101}
    assert ask(ada, measurements=larger)["recommended_size"] == "L"
    assert ada.get("/api/body-measurements").json["data"] == before
    assert ask(ada)["recommended_size"] == "M"


def test_a_legacy_name_wins_over_the_stored_modern_one(ada: Any) -> None:
    zones = {zone["zone"]: zone for zone in ask(ada, measurements={"chest": 94.5, "waist": 76})["zones"]}
    assert (zones["chest"]["body_cm"], zones["waist"]["body_cm"], zones["hip"]["body_cm"]) == (94.5, 76, 96)
    assert zones["chest"]["body_source"] == "legacy"


def test_null_leaves_one_out(ada: Any) -> None:
    told = ask(ada, measurements={"waist_circumference": None})
    assert "waist" not in {zone["zone"] for zone in told["zones"]}
    assert "waist_circumference" in {item["field"] for item in told["missing_measurements"]}


def test_inches_in_the_request(ada: Any) -> None:
    inches = {name: value / 2.54 for name, value in BODY.items()}
    told, metric = ask(ada, measurements=inches, unit="imperial"), ask(ada)
    assert told["zones"] == metric["zones"] and told["probabilities"] == metric["probabilities"]
    assert " in" in told["fit_analysis"]["waist"] and " cm" in metric["fit_analysis"]["waist"]


def test_measurements_may_say_their_unit_themselves(ada: Any) -> None:
    inches = {"unit": "imperial", **{name: value / 2.54 for name, value in BODY.items()}}
    assert ask(ada, measurements=inches)["zones"] == ask(ada)["zones"]
    assert " cm" in ask(ada, measurements=inches, unit="metric")["fit_analysis"]["waist"]


def test_charts_in_inches_and_centimetres_say_the_same(ada: Any) -> None:
    def inches(cell: str) -> str:
        return "-".join(f"{float(bound) / 2.54:.4f}" for bound in cell.split("-"))

    chart = {size: {zone: inches(cell) for zone, cell in row.items()} for size, row in CHART.items()}
    told, metric = ask(ada, size_chart=chart), ask(ada)
    assert told["chart"]["unit_in"] == "in" and told["recommended_size"] == metric["recommended_size"]
    assert told["probabilities"] == pytest.approx(metric["probabilities"], abs=0.01)


def test_odd_but_possible_measurements_are_warned_of(ada: Any) -> None:
    told = ask(ada, measurements={"waist_circumference": 40.5})
    assert "unusual_value" in {item["code"] for item in told["warnings"]}


# --- what is not known ---------------------------------------------------------------------------------------------


def test_nothing_known_of_the_body_is_no_size(person: Any) -> None:
    told = ask(person)
    assert (told["decision"], told["recommended_size"], told["fits"]) == ("insufficient_data", None, None)
    assert {"breast_circumference", "waist_circumference"} <= {item["field"] for item in told["missing_measurements"]}
    assert told["zones"] == [] and told["confidence"] == 0 and "chest" in told["reasoning"]


def test_a_check_of_nothing_is_undecided(person: Any) -> None:
    told = ask(person, f"{FIT}/check", size="M")
    assert (told["fits"], told["size"], told["size_verdict"]) == (None, "M", "uncertain")


def test_no_zone_in_common_never_fits(ada: Any) -> None:
    told = ask(ada, f"{FIT}/check", size="40", size_chart={"40": {"foot_length": 25.5}, "41": {"foot_length": 26}})
    assert (told["decision"], told["fits"]) == ("insufficient_data", None)
    assert [item["field"] for item in told["missing_measurements"]] == ["foot_length"]


def test_estimates_are_marked_and_never_sure(app: Flask, sign_up: Callable[..., Any]) -> None:
    told = ask(sign_up(app, gender="female", height=168, weight=62))
    sources = {zone["zone"]: zone["body_source"] for zone in told["zones"]}
    assert sources.get("chest") == "estimated" and "waist" not in sources, "women's waist is never estimated"
    assert told["confidence"] <= 0.5 and told["confidence_label"] == "low"
    assert "estimated from height and weight" in told["reasoning"]


@pytest.mark.parametrize(
    "profile",
    [{"gender": "other"}, {}, {"gender": "female", "birthday": "2014-05-01"}],
    ids=["other", "unsaid", "child"],
)
def test_who_is_not_estimated(app: Flask, sign_up: Callable[..., Any], profile: dict[str, str]) -> None:
    told = ask(sign_up(app, height=168, weight=62, **profile))
    assert told["decision"] == "insufficient_data" and told["zones"] == []


def test_preference_and_two_axes(app: Flask, sign_up: Callable[..., Any]) -> None:
    bob = sign_up(app, gender="male", waist_circumference=84, inner_leg_length=86, hip_circumference=100)
    chart = {
        f"W{waist} L{length}": {"waist": waist, "inseam": length} for waist in (31, 32, 33, 34) for length in (32, 34)
    }
    told = ask(bob, size_chart=chart, garment_type="jeans", chart_unit="in", fit_preference="slim")
    assert told["recommended_size"] in chart and told["fit_preference"] == "slim"
    assert set(told["axes"]) == {"waist", "length"} and set(told["axes"]["length"]) == {"32", "34"}
