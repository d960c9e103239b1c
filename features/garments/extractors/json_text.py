"""JSON inside pages: in script elements, after a marker, with comments around it or mistakes in it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

_DECODER = json.JSONDecoder(strict=False)
_WRAPPING = re.compile(r"/\*\s*<!\[CDATA\[\s*\*/|/\*\s*\]\]>\s*\*/|<!\[CDATA\[|\]\]>|^\s*<!--|-->\s*$")
_TRAILING_COMMA = re.compile(r",(?=\s{0,200}[}\]])")
_START = re.compile(r"[{\[]")
LARGEST = 8_000_000
LARGE = 100_000


def decode_at(text: str, position: int) -> Any:
    """The JSON value that starts at the first brace or bracket from `position` on; None when it is broken.

    raw_decode finds the end by itself: a regex to the closing brace is wrong on nested values and slow on hostile ones.
    """
    start = _START.search(text, position, position + 400)
    if start is None:
        return None
    whole = _rest_of_script(text, start.start())
    if whole is not None:
        return whole
    try:
        return _DECODER.raw_decode(text, start.start())[0]
    except (ValueError, RecursionError):
        return None


def _rest_of_script(text: str, start: int) -> Any:
    """Large states fill their script element: orjson reads them several times faster, but only whole."""
    end = text.find("</script", start)
    if end - start < LARGE:
        return None
    piece = text[start:end]
    try:
        return orjson.loads(piece[: piece.rfind("};") + 1] or piece)
    except (ValueError, RecursionError):
        return None


def values_after(text: str, marker: str, limit: int = 3) -> Iterator[Any]:
    """The readable values behind the first `limit` places of `marker`."""
    found = text.find(marker)
    for _ in range(limit):
        if found < 0:
            return
        value = decode_at(text, found + len(marker))
        if value:
            yield value
        found = text.find(marker, found + len(marker))


def decode_after(text: str, marker: str) -> Any:
    """The first readable value behind `marker`; None when there is none."""
    return next(values_after(text, marker), None)


def decode_block(text: str) -> Any:
    """One block of JSON as people write it into pages; None when no reading helps."""
    text = text[:LARGEST]
    bare = (_WRAPPING.sub(" ", text) if "<!" in text or "]]>" in text else text).strip("\ufeff \t\r\n")
    try:
        return orjson.loads(bare)
    except (ValueError, RecursionError):
        pass
    for mend in (str, _without_trailing_commas, html.unescape):
        value = decode_at(mend(bare), 0)
        if value is not None:
            return value
    return None


def _without_trailing_commas(text: str) -> str:
    return _TRAILING_COMMA.sub("", text)
