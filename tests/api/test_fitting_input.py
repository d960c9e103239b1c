"""Whatever is sent, the answer is an answer or says which field is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fitting import ASK, CHART, FIT

PATHS = (f"{FIT}/check", ASK, f"{FIT}/analyze-fit", f"{FIT}/feedback")
NESTED: Any = {"M": {"chest": 90}}
for _ in range(60):
    NESTED = {"M": NESTED}


@pytest.mark.parametrize(("method", "path"), [*(("POST", path) for path in PATHS), ("GET", ASK)])
def test_only_with_a_token(client: Any, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={"size_chart": CHART, "size": "M"})
    assert (answer.status_code, answer.json["error_code"]) == (401, "AUTH_REQUIRED")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"size_chart": None}, "size_chart"),
        ({"size_chart": None, "category": "dress"}, "gender"),
        ({"size_chart": None, "category": "dress", "gender": "other"}, "gender"),
        ({"size_chart": None, "brand": "Acme"}, "size_chart"),
        ({"size_chart": None, "garment_type": "bag", "gender": "female"}, "garment_type"),
        ({"category": "perfume"}, "category"),
        ({"size_chart": None, "category": "accessory", "gender": "male"}, "category"),
        ({"category": 7}, "category"),
        ({"category": "x" * 101}, "category"),
        ({"garment_type": ["dress"]}, "garment_type"),
        ({"brand": {}}, "brand"),
        ({"brand": "a\x00"}, "brand"),
        ({"gender": "robot"}, "gender"),
        ({"fit_preference": "tight"}, "fit_preference"),
        ({"chart_source": "friend"}, "chart_source"),
        ({"chart_kind": "flat"}, "chart_kind"),
        ({"chart_unit": "mm"}, "chart_unit"),
        ({"unit": "ell"}, "unit"),
        ({"stretch_percent": -1}, "stretch_percent"),
        ({"stretch_percent": 101}, "stretch_percent"),
        ({"stretch_percent": True}, "stretch_percent"),
        ({"stretch_percent": "5"}, "stretch_percent"),
        ({"garment_url": "shop"}, "garment_url"),
        ({"garment_url": "ftp://shop.example/p"}, "garment_url"),
        ({"garment_url": 7}, "garment_url"),
        ({"wardrobe_item_id": "3"}, "wardrobe_item_id"),
        ({"wardrobe_item_id": 0}, "wardrobe_item_id"),
        ({"wardrobe_item_id": 2**63}, "wardrobe_item_id"),
        ({"measurements": [90]}, "measurements"),
        ({"measurements": "90"}, "measurements"),
        ({"measurements": {"unit": "ell"}}, "measurements"),
        ({"measurements": {"unit": []}}, "measurements"),
        ({"measurements": {"waist_circumference": "90"}}, "measurements.waist_circumference"),
        ({"measurements": {"waist_circumference": True}}, "measurements.waist_circumference"),
        ({"measurements": {"waist_circumference": {}}}, "measurements.waist_circumference"),
        ({"measurements": {"waist_circumference": 1e308}}, "measurements.waist_circumference"),
        ({"measurements": {"waist_circumference": -70}}, "measurements.waist_circumference"),
        ({"measurements": {"height": 30}}, "measurements.height"),
        ({"measurements": {"height": 170}, "unit": "imperial"}, "measurements.height"),
    ],
)
@pytest.mark.parametrize("path", PATHS[:3])
def test_wrong_fields_are_named(person: Any, path: str, fields: dict[str, Any], wrong: str) -> None:
    answer = person.post(path, json={"size_chart": CHART, "size": "M", **fields})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR"), answer.json
    assert wrong in answer.json["details"]["fields"], answer.json


@pytest.mark.parametrize("size", [None, "", 7, [], "x" * 61, "M\x00"])
def test_a_check_needs_a_size(person: Any, size: Any) -> None:
    answer = person.post(f"{FIT}/check", json={"size_chart": CHART, "size": size})
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["size"])


@pytest.mark.parametrize(
    "chart",
    [
        {}, [], "", "S: 90", 7, True, 0, [[]], {"M": None}, {"M": {}}, {"M": []}, {"M": {"chest": None}},
        {"M": {"chest": True}}, {"M": {"chest": -90}}, {"M": {"chest": 0}}, {"M": {"chest": 1e308}},
        {"M": {"chest": "wide"}}, {"M": {"mood": "90-94"}}, {"M": {"chest": {"min": {}, "max": []}}}, NESTED,
        {f"{number}": {"chest": 50 + number} for number in range(201)}, {"M": {"chest": "9" * 70_000}},
    ],
    ids=lambda chart: json.dumps(chart)[:30],
)  # fmt: skip
def test_a_chart_that_is_none(person: Any, chart: Any) -> None:
    answer = person.post(ASK, json={"size_chart": chart})
    assert (answer.status_code, answer.json["error_code"]) == (422, "SIZE_CHART_INVALID"), answer.json
    assert answer.json["details"]["path"] and len(answer.json["error"]) > 20


@pytest.mark.parametrize("field", ["size_chart", "measurements"])
@pytest.mark.parametrize("text", ["{", "{'M': 1}", "NaN", '{"M": Infinity}', '{"a": 1e999}', "[" * 3000, "{}x"])
def test_broken_json_in_the_query(person: Any, field: str, text: str) -> None:
    query = {"size_chart": json.dumps(CHART), field: text}
    answer = person.get(ASK, query_string=query)
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, [field]), answer.json


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, "size_chart"),
        ({"size_chart": ""}, "size_chart"),
        ({"size_chart": "null"}, "size_chart"),
        ({"measurements": "[1]"}, "measurements"),
        ({"stretch_percent": "nan"}, "stretch_percent"),
        ({"stretch_percent": "much"}, "stretch_percent"),
        ({"wardrobe_item_id": "x"}, "wardrobe_item_id"),
        ({"wardrobe_item_id": "9" * 30}, "wardrobe_item_id"),
        ({"gender": "robot"}, "gender"),
    ],
)
def test_wrong_queries(person: Any, query: dict[str, str], wrong: str) -> None:
    answer = person.get(ASK, query_string=query)
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, [wrong]), answer.json


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"M"', b'{"size_chart": NaN}', b'{"measurements": {"height": 1e999}}'])
def test_broken_bodies(person: Any, body: bytes) -> None:
    answer = person.post(ASK, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")


NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(["M", "96-101", "34½", "chest", "waist", "size", "up to 90", "W32 L34"])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["M", "L", "size", "chest", "hip", "rows"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chart=JSON, path=st.sampled_from(PATHS[:3]))
def test_any_json_as_a_chart_is_answered(person: Any, chart: Any, path: str) -> None:
    body = {"size_chart": chart, "size": "M", "measurements": {"chest": 96, "hips": 100, "waist": 80}}
    answer = person.post(path, json=body)
    assert answer.status_code in (200, 400, 404, 422), answer.json
    if answer.status_code == 200:
        told = answer.json["data"]
        assert told["recommended_size"] is None or told["recommended_size"] in told["probabilities"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["measurements", "size", "gender", "stretch_percent", "unit", "category", "brand", "garment_type"]
        ),
        JSON,
        max_size=4,
    )
)
def test_any_json_in_the_other_fields_is_answered(person: Any, fields: dict[str, Any]) -> None:
    answer = person.post(f"{FIT}/analyze-fit", json={"size_chart": CHART, **fields})
    assert answer.status_code in (200, 400, 404), answer.json
