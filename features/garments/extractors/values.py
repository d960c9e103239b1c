"""Reading untrusted JSON: every getter takes any value and answers the type it promises, or None."""

from __future__ import annotations

import html
import re
from typing import Any

TEXT_LIMIT = 5_000
_TAG = re.compile(r"<[^<>]*>")
_NAME_KEYS = ("name", "@value", "value", "title", "label", "text")


def clean(text: str, limit: int = TEXT_LIMIT) -> str | None:
    """One line of text without entities, NULs and lone surrogates; None when nothing is left."""
    text = text[: limit * 2]
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")
    return " ".join(text.replace("\x00", "").split())[:limit] or None


def plain(text: str | None) -> str | None:
    """Text without tags."""
    return clean(_TAG.sub(" ", html.unescape(text[: TEXT_LIMIT * 4]))) if text else None


def text_of(value: Any, limit: int = TEXT_LIMIT) -> str | None:
    """The first readable text: a string, a number, the name of an object, the first of a list."""
    for _ in range(4):
        if isinstance(value, str):
            return clean(value, limit)
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _number_text(value)
        value = _inner(value)
    return None


def _number_text(value: float | int) -> str | None:
    """All digits: article numbers are numbers, too. None for what is not finite or absurdly long."""
    if not -1e18 < value < 1e18:
        return None
    return str(int(value)) if value == int(value) else str(value)


def _inner(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    if isinstance(value, dict):
        return next((value[key] for key in _NAME_KEYS if value.get(key)), None)
    return None


def items_of(value: Any, limit: int = 2_000) -> list[Any]:
    """A list as it is, a single value as a list of one, nothing as an empty list."""
    if value is None:
        return []
    return value[:limit] if isinstance(value, list) else [value]


def dicts_of(value: Any, limit: int = 2_000) -> list[dict[str, Any]]:
    return [item for item in items_of(value, limit) if isinstance(item, dict)]


def at(value: Any, *path: str | int) -> Any:
    """`at(state, "product", "colors", 0)`; None where a step is missing or of another type."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def first_of(value: Any, *keys: str) -> Any:
    """The first of these keys that holds something."""
    if not isinstance(value, dict):
        return None
    return next((value[key] for key in keys if value.get(key) not in (None, "", [], {})), None)
