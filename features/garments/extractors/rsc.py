"""The streamed data of Next.js pages: strings pushed to self.__next_f, joined, with JSON inside."""

from __future__ import annotations

from typing import Any

from features.garments.extractors.json_text import decode_at
from features.garments.extractors.parsed_page import ParsedPage

_PUSH = "self.__next_f.push("
_MARKS = ('"@type":"Product"', '"@type":"ProductGroup"')
PUSHES_AT_MOST = 2_000
PRODUCTS_AT_MOST = 20


def streamed_text(page: ParsedPage) -> str:
    """All pushed strings as one text; empty on other pages."""
    if _PUSH not in page.html:
        return ""
    pieces = []
    for script in page.scripts[:PUSHES_AT_MOST]:
        text = script.text or ""
        start = text.find(_PUSH)
        pushed = decode_at(text, start + len(_PUSH)) if start >= 0 else None
        if isinstance(pushed, list) and len(pushed) > 1 and isinstance(pushed[1], str):
            pieces.append(pushed[1])
    return "".join(pieces)


def product_nodes(text: str) -> list[Any]:
    """The schema.org products inside the stream; some shops put them there as a string inside a string."""
    if not text:
        return []
    found = _products(text)
    return found or (_products(text.replace('\\"', '"').replace("\\\\", "\\")) if '\\"@type\\"' in text else [])


def _products(text: str) -> list[Any]:
    found: list[Any] = []
    for mark in _MARKS:
        position = text.find(mark)
        for _ in range(PRODUCTS_AT_MOST):
            if position < 0:
                break
            value = decode_at(text, max(text.rfind("{", max(position - 400, 0), position), 0))
            found.extend([value] if isinstance(value, dict) else [])
            position = text.find(mark, position + len(mark))
    return found
