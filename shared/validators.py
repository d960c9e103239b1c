"""Checks of input that know no framework. Each raises ValidationError with a sentence for the person."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pydantic

from shared.errors import ValidationError

SENTENCES = {
    "missing": "is required",
    "literal_error": "must be {expected}",
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "may have at most {max_length} characters",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "too_long": "may have at most {max_length} entries",
}
"""For people, by pydantic's error types."""

Model = TypeVar("Model", bound=pydantic.BaseModel)

# One @, no blanks or control characters, a dotted domain; what really exists only a letter can tell. Lengths: RFC 5321.
EMAIL = re.compile(r"[^@\s\x00-\x1f\"(),:;<>\[\\\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_][\w-]{0,61}[^\W_]")
LONGEST_EMAIL = 254
PASSWORD_LENGTH = (8, 128)
COMMON_PASSWORDS = frozenset(
    """password password1 password12 password123 passw0rd p@ssw0rd p@ssword 12345678 123456789 1234567890 87654321
    11111111 00000000 11223344 12341234 123123123 qwertyui qwertyuiop qwerty123 qwerty12 1q2w3e4r 1qaz2wsx q1w2e3r4
    1q2w3e4r5t asdfghjk asdfghjkl zxcvbnm1 abcdefgh abcd1234 abc12345 iloveyou iloveyou1 sunshine princess football
    baseball superman trustno1 welcome1 welcome123 letmein1 letmein123 changeme changeme1 admin123 administrator
    dragon123 monkey123 master123 starwars michael1 jennifer computer internet whatever samsung1 secret123 test1234
    testtest a1b2c3d4 aaaaaaaa 66666666 88888888 99999999 12121212 123qweasd qazwsxedc passwort passwort1 motdepasse
    password! pass1234 hello123 default1 guest123 access14 google123 facebook jordan23""".split()
)


class InputModel(pydantic.BaseModel):
    """Base of every request: unknown fields are ignored, wrong types are not, numbers are finite, texts are trimmed."""

    model_config = pydantic.ConfigDict(strict=True, extra="ignore", allow_inf_nan=False, str_strip_whitespace=True)


def parse_model(model: type[Model], data: Mapping[str, Any], *, from_form: bool = False) -> Model:
    """`from_form`: everything is text there, so "175" counts as a number and an empty text as left out."""
    try:
        if from_form:
            return model.model_validate({name: value for name, value in data.items() if value != ""}, strict=False)
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        raise refusal(error) from None


def refusal(error: pydantic.ValidationError, what: str = "Some fields are missing or wrong") -> ValidationError:
    """As the one who sent the data is told."""
    fields = _fields(error)
    return ValidationError(f"{what}: {', '.join(sorted(fields))}.", fields=fields)


def _fields(error: pydantic.ValidationError) -> dict[str, str]:
    """Field -> what is wrong with it; never the value that was sent."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"]) or "body"
        sentence = SENTENCES.get(item["type"])
        told = sentence.format(**item.get("ctx", {})) if sentence else item["msg"].removeprefix("Value error, ")
        found.setdefault(name, told)
    return found


def validate_email(email: str) -> str:
    """The address as it is stored: trimmed and in small letters."""
    address = email.strip().lower()
    if len(address) > LONGEST_EMAIL or not EMAIL.fullmatch(address) or ".." in address:
        raise ValidationError("This is not an e-mail address.", fields={"email": "must look like name@example.com"})
    return address


def validate_password(password: str, min_length: int = PASSWORD_LENGTH[0]) -> str:
    if not min_length <= len(password) <= PASSWORD_LENGTH[1]:
        sentence = f"must have {min_length} to {PASSWORD_LENGTH[1]} characters"
        raise ValidationError(f"The password {sentence}.", fields={"password": sentence})
    if password.lower() in COMMON_PASSWORDS or len(set(password)) == 1:
        raise ValidationError(
            "This password is among the first that anybody tries. Choose another one.",
            fields={"password": "is too common"},
        )
    return password


def validate_numeric(
    value: Any, field_name: str, min_value: float | None = None, max_value: float | None = None
) -> float:
    """A finite number within the limits, both included. Texts and booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValidationError(f"{field_name} must be a number.", fields={field_name: "must be a number"})
    low, high = (-math.inf if min_value is None else min_value), (math.inf if max_value is None else max_value)
    if not low <= value <= high:
        sentence = f"must be from {low:g} to {high:g}"
        raise ValidationError(f"{field_name} {sentence}.", fields={field_name: sentence})
    return float(value)


def validate_url(url: str) -> str:
    """The form only; whether its address may be called is the guarded fetcher's question."""
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        valid = valid and len(url) <= 2048
    except ValueError:
        valid = False
    if not valid:
        raise ValidationError(
            "This is not a web address.", fields={"url": "must look like https://shop.example/product"}
        )
    return url.strip()


def validate_required(data: Mapping[str, Any], fields: Iterable[str]) -> None:
    missing = [name for name in fields if data.get(name) in (None, "")]
    if missing:
        raise ValidationError(
            "Some fields are missing: " + ", ".join(missing) + ".", fields=dict.fromkeys(missing, "is required")
        )
