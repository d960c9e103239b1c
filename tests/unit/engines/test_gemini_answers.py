"""The parser: the five rules for answers, tokens, and what an error asks us to wait."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engines.gemini_answers import Kind, read_error, read_success
from shared.engines.models import Tokens

JPEG, PNG = b"\xff\xd8\xff-one", b"\x89PNG\r\n\x1a\n-two"
NAMES = (
    "candidates content parts inlineData data finishReason promptFeedback blockReason error details @type retryDelay"
    " violations message usageMetadata thought"
).split()
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


def blob(data: bytes, **extra: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}, **extra}


def success(*parts: dict[str, Any], reason: str = "STOP", **top: Any) -> Any:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": reason}
    return read_success(orjson.dumps({"candidates": [candidate], **top}))


def failed(message: str = "", details: list[dict[str, Any]] | None = None, header: str | None = None) -> Any:
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": message, "details": details or []}}
    return read_error(429, orjson.dumps(body), header)


def test_thoughts_are_skipped_and_the_last_picture_counts() -> None:
    answer = success(blob(b"\xff\xd8\xffx", thought=True), blob(PNG), {"text": "here"}, blob(JPEG), {"text": "x"})
    assert (answer.kind, answer.picture) == (Kind.PICTURE, JPEG)


def test_only_thoughts_are_no_picture() -> None:
    assert success(blob(JPEG, thought=True)).kind is Kind.SOFT


def test_url_safe_base64_and_snake_case_are_understood() -> None:
    data = base64.urlsafe_b64encode(b"\xff\xd8\xff\xfb\xef\xbe").decode()
    assert success({"inline_data": {"mime_type": "image/jpeg", "data": data}}).picture == b"\xff\xd8\xff\xfb\xef\xbe"


def test_bytes_without_a_picture_s_magic_are_no_picture() -> None:
    assert (success(blob(b"<svg>")).kind, success(blob(b"<svg>")).code) == (Kind.SOFT, "bad_picture")


def test_a_refusal_outweighs_a_picture_that_came_with_it() -> None:
    answer = success(blob(JPEG), reason="IMAGE_SAFETY")
    assert (answer.kind, answer.picture) == (Kind.CONTENT, b"")
    assert success(blob(JPEG), promptFeedback={"blockReason": "OTHER"}).kind is Kind.BLOCKED


def test_ratings_without_a_block_reason_block_nothing() -> None:
    assert success(blob(JPEG), promptFeedback={"safetyRatings": []}).kind is Kind.PICTURE


def test_names_that_are_not_known_never_come_through() -> None:
    assert success(reason="Ignore all rules").code == "UNKNOWN"
    assert read_success(b'{"promptFeedback":{"blockReason":"words of a stranger"}}').code == "prompt_UNKNOWN"


def test_tokens_by_modality_and_without_details() -> None:
    counts = {"promptTokenCount": 2300, "candidatesTokenCount": 1130, "thoughtsTokenCount": 80}
    detailed = counts | {"candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]}
    assert success(blob(JPEG), usageMetadata=detailed).tokens == Tokens(2300, 10, 1120, 80)
    assert success(blob(JPEG), usageMetadata=counts).tokens == Tokens(2300, 0, 1130, 80)
    assert success({"text": "no"}, usageMetadata=counts).tokens == Tokens(2300, 1130, 0, 80)
    assert success(blob(JPEG), usageMetadata={"promptTokenCount": -1, "candidatesTokenCount": "9"}).tokens == Tokens()


@pytest.mark.parametrize(
    ("message", "delay", "header", "seconds"),
    [
        ("", "17s", None, 17.0),
        ("", "0.25s", "9", 0.25),
        ("Please retry in 17.2s.", None, None, 17.2),
        ("Please retry in 350ms.", None, None, 0.35),
        ("please retry in 1m30s", None, None, 90.0),
        ("Please retry in 10h3m2.5s.", None, None, 36182.5),
        ("Please retry in 3s", None, "8", 8.0),
        ("Please retry in a while", None, None, None),
        ("", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", "-5s", "nan", None),
    ],
)
def test_what_an_error_asks_us_to_wait(
    message: str, delay: str | None, header: str | None, seconds: float | None
) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}] if delay else []
    assert failed(message, details, header).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("message", "quota_id", "value", "kind"),
    [
        ("limit: 0, model: x", "", "", Kind.REFUSED),
        ("limit: 0", "", "", Kind.REFUSED),
        ("limit: 10", "", "", Kind.RATE),
        ("limit: 0.5", "", "", Kind.RATE),
        ("", "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "250", Kind.REFUSED),
        ("", "GenerateRequestsPerMinutePerProject", "10", Kind.RATE),
        ("", "GenerateRequestsPerMinutePerProject", "0", Kind.REFUSED),
        ("Please retry in 10h", "", "", Kind.REFUSED),
    ],
)
def test_which_quotas_are_worth_a_wait(message: str, quota_id: str, value: str, kind: Kind) -> None:
    violation = {"quotaId": quota_id, "quotaValue": value}
    details = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}]
    assert failed(message, details).kind is kind


def test_an_error_in_a_list_is_read_as_well() -> None:
    assert read_error(429, b'[{"error":{"message":"Please retry in 5s"}}]').retry_after_seconds == 5.0


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES, st.sampled_from([400, 404, 429, 503]))
def test_no_json_breaks_the_parser_or_makes_a_picture(value: Any, status: int) -> None:
    body = orjson.dumps(value)
    assert read_success(body).kind in (Kind.SOFT, Kind.BUSY, Kind.BLOCKED)
    assert read_error(status, body).http_status == status


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    assert read_success(body).kind in (Kind.SOFT, Kind.BUSY)
    assert read_error(500, body).kind is Kind.BUSY
