"""What an answer of the Gemini API means. Pure: bytes in, a typed `Answer` out, and no word of the upstream in it.

Names from the answer are only ever compared with the lists below; an unknown one becomes "UNKNOWN". So nothing that a
provider (or whoever answers in its place) writes can reach a message or a log line.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from shared.engines.models import NO_TOKENS, Tokens


class Kind(StrEnum):
    """Classes of outcomes that are handled alike; the ladder says how."""

    PICTURE = "picture"
    UNCHANGED = "unchanged"  # a picture, but the photo as it was sent (judged by us)
    FAULTY = "faulty"  # a picture that failed another check (judged by us; the code names it)
    SOFT = "soft"  # answered without a usable picture
    CONTENT = "content"  # refused, neutral wording may help
    BLOCKED = "blocked"  # refused for good
    BUSY = "busy"  # overloaded, broken or unreachable for the moment
    RATE = "rate"  # too many calls, a wait helps
    TIMEOUT = "timeout"  # no answer in time; probably billed
    GONE = "gone"  # this model does not exist (any more)
    REFUSED = "refused"  # key, billing, region, quota of the day, or our own fault


NEVER_SENT = "unreachable"
"""The code of a call for which no connection could be made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`code`: a name from this module's lists, for logs and the ledger. `retry_after_seconds`: as the provider asks."""

    kind: Kind
    code: str
    picture: bytes = field(default=b"", repr=False)
    tokens: Tokens = NO_TOKENS
    http_status: int | None = None
    retry_after_seconds: float | None = None
    account_refused: bool = False  # of a 400: the key, the bill or the region, not this one request

    @property
    def is_free(self) -> bool:
        """Surely not billed. Of a request that fails with an error's status Google says so
        (ai.google.dev/gemini-api/docs/billing); one that was never sent cannot be."""
        return self.code == NEVER_SENT or self.http_status not in (None, 200)


_FINISH: dict[str, Kind] = {
    **dict.fromkeys(("IMAGE_SAFETY", "IMAGE_RECITATION", "SAFETY", "RECITATION"), Kind.CONTENT),
    **dict.fromkeys(
        ("PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "PUP_LIMITED_DISABLED", "MODEL_ARMOR"),
        Kind.BLOCKED,
    ),
    **dict.fromkeys(
        (
            *("STOP", "NO_IMAGE", "OTHER", "IMAGE_OTHER", "MALFORMED_RESPONSE", "MAX_TOKENS", "LANGUAGE"),
            *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"),
            *("ESCALATION", "CONTINUATION", "FINISH_REASON_UNSPECIFIED"),
        ),
        Kind.SOFT,
    ),
}
_BLOCK_REASONS = frozenset(
    ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK", "MODEL_ARMOR")
)
# The SDK's own set of statuses that a wait may cure, without 429 (which has its own rules).
_BUSY_STATUSES = frozenset((408, 500, 502, 503, 504))
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_HOURS = 3600.0
_NO_QUOTA = re.compile(r"\blimit:\s*0(?![\d.])", re.IGNORECASE)
_RETRY_IN = re.compile(r"\bretry in\s+(?:(\d+)h)?\s*(?:(\d+)m(?!s))?\s*(?:(\d+(?:\.\d+)?)\s*(ms|s))?", re.IGNORECASE)
_MOST_TOKENS = 10**9


def read_success(body: bytes | bytearray) -> Answer:
    """The meaning of a 200. A body that is no JSON object counts as a passing fault of the way there."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Answer(Kind.BUSY, "bad_answer")
    if not isinstance(parsed, dict):
        return Answer(Kind.BUSY, "bad_answer")
    picture = _last_picture(parsed)
    kind, code = _verdict(parsed, picture)
    tokens = _tokens(_dict(parsed.get("usageMetadata")), pictured=bool(picture))
    return Answer(kind, code, picture if kind is Kind.PICTURE else b"", tokens, 200)


def read_error(status: int, body: bytes, retry_after: str | None = None) -> Answer:
    """The meaning of any other status. `body` may be empty, cut off or HTML."""
    error = _error_object(body)
    wait = _retry_delay(error, retry_after)
    if status == 429:
        kind = Kind.REFUSED if _is_hopeless(error, wait) else Kind.RATE
        return Answer(kind, "http_429", http_status=429, retry_after_seconds=wait)
    kind = Kind.BUSY if status in _BUSY_STATUSES else Kind.GONE if status == 404 else Kind.REFUSED
    refused = _is_of_the_account(error)
    return Answer(kind, f"http_{status}", http_status=status, retry_after_seconds=wait, account_refused=refused)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _verdict(parsed: Mapping[str, Any], picture: bytes) -> tuple[Kind, str]:
    block = _text(_dict(parsed.get("promptFeedback")).get("blockReason"))
    if block:
        return Kind.BLOCKED, f"prompt_{block}" if block in _BLOCK_REASONS else "prompt_UNKNOWN"
    reasons = [_text(candidate.get("finishReason")) for candidate in _dicts(parsed.get("candidates"))]
    reason = reasons[0] if reasons else ""
    kind = _FINISH.get(reason, Kind.SOFT)
    if kind is Kind.SOFT and picture.startswith(_MAGIC):
        return Kind.PICTURE, "ok"
    if picture and kind is Kind.SOFT:
        return Kind.SOFT, "bad_picture"
    return kind, reason if reason in _FINISH else "UNKNOWN" if reason else "EMPTY"


def _last_picture(parsed: Mapping[str, Any]) -> bytes:
    """The last picture that is not a thought; b"?" when its base64 is broken."""
    blobs = [
        _dict(part.get("inlineData") or part.get("inline_data"))
        for candidate in _dicts(parsed.get("candidates"))[:1]
        for part in _dicts(_dict(candidate.get("content")).get("parts"))
        if part.get("thought") is not True
    ]
    pictures = [data for blob in blobs if (data := _text(blob.get("data")))]
    if not pictures:
        return b""
    try:
        return base64.b64decode(pictures[-1].replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b"?"


def _tokens(usage: Mapping[str, Any], *, pictured: bool) -> Tokens:
    output, thinking = _count(usage.get("candidatesTokenCount")), _count(usage.get("thoughtsTokenCount"))
    by_modality = {
        _text(entry.get("modality")): _count(entry.get("tokenCount"))
        for entry in _dicts(usage.get("candidatesTokensDetails"))
    }
    image = by_modality.get("IMAGE")
    if image is None and output is not None:
        image = output if pictured else 0  # without details a picture's tokens are by far the greatest part
    text = None if output is None else max(0, output - (image or 0))
    return Tokens(_count(usage.get("promptTokenCount")), text, image, thinking)


def _count(value: object) -> int | None:
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return value if valid and isinstance(value, int) else None


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(parsed, list):  # the streaming endpoint wraps its error in a list
        parsed = parsed[0] if parsed else {}
    return _dict(_dict(parsed).get("error"))


def _retry_delay(error: Mapping[str, Any], header: str | None) -> float | None:
    """Seconds from RetryInfo, else from the header (a number; dates are not used by Google), else from the message."""
    for detail in _dicts(error.get("details")):
        if _text(detail.get("@type")).endswith("google.rpc.RetryInfo"):
            seconds = _number(_text(detail.get("retryDelay")).removesuffix("s"))
            if seconds is not None:
                return seconds
    from_header = _number(header or "")
    return from_header if from_header is not None else _delay_in_message(_text(error.get("message")))


def _delay_in_message(message: str) -> float | None:
    found = _RETRY_IN.search(message[:4000])
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds, unit = found.groups()
    fraction = float(seconds or 0) / (1000 if (unit or "").lower() == "ms" else 1)
    return int(hours or 0) * _HOURS + int(minutes or 0) * 60 + fraction


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()) else None


def _is_of_the_account(error: Mapping[str, Any]) -> bool:
    reasons = [_text(detail.get("reason")) for detail in _dicts(error.get("details"))]
    return _text(error.get("status")) == "FAILED_PRECONDITION" or "API_KEY_INVALID" in reasons


def _is_hopeless(error: Mapping[str, Any], wait: float | None) -> bool:
    """A quota of the day, no quota at all, or a wait of hours: no retry within a job can help."""
    if (wait or 0) >= _HOURS or _NO_QUOTA.search(_text(error.get("message"))[:4000]):
        return True
    violations = [
        violation
        for detail in _dicts(error.get("details"))
        if _text(detail.get("@type")).endswith("google.rpc.QuotaFailure")
        for violation in _dicts(detail.get("violations"))
    ]
    return any(
        "perday" in _text(violation.get("quotaId")).lower() or str(violation.get("quotaValue")) == "0"
        for violation in violations
    )
