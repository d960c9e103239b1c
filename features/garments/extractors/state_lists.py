"""Finding the list of variants of the page's product in a state of any shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sizes import is_size, size_name
from features.garments.extractors.values import text_of

_SIZE_KEYS = (
    "localizedLabel",
    "sizeName",
    "size_name",
    "displaySize",
    "size",
    "sizeLabel",
    "label",
    "displayName",
    "name",
    "title",
    "value",
    "text",
    "option1",
)
_ID_KEYS = (
    "url",
    "uri",
    "canonicalUrl",
    "canonicalUri",
    "seoURL",
    "path",
    "link",
    "href",
    "slug",
    "handle",
    "id",
    "productId",
    "product_id",
    "productCode",
    "code",
    "sku",
    "styleColor",
    "styleNumber",
    "articleCode",
    "styleCode",
    "articleNumber",
    "masterId",
    "pid",
)
_NAME_KEYS = ("name", "title", "productName", "productTitle")
_OTHERS = re.compile(
    r"relat|recommend|similar|upsell|cross|look|carousel|menu|navigation|footer|review|facet|filter|recent"
    r"|popular|chart|guide|breadcrumb|translations|also",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"relat|recommend|similar|upsell|cross|look|carousel|menu|navigation|footer|review|facet|filter|recent"
    r"|popular|chart|guide|breadcrumb|translations|also",
    re.IGNORECASE,
)
VALUES_AT_MOST = 60_000
LIST_AT_MOST = 400
_BY_KEY = -1


@dataclass(frozen=True, slots=True)
class FoundList:
    """`distance`: levels between the list and the object that is the page's product; 0 is the best."""

    distance: int
    size_key: str
    entries: list[dict[str, Any]]
    holder: dict[str, Any]
    named_by_address: bool = False


def variant_lists(state: Any, page: ParsedPage, title: str | None, belongs: bool) -> Iterator[FoundList]:
    """Walks without recursion, outer objects first; `distance` counts from the nearest object that names the page."""
    waiting: list[tuple[Any, int | None]] = [(state, 0 if belongs else None)]
    budget = VALUES_AT_MOST
    while waiting and budget > 0:
        value, distance = waiting.pop()
        budget -= 1
        if isinstance(value, list):
            waiting.extend((each, distance) for each in value[:budget][::-1] if isinstance(each, dict | list))
            continue
        by_address = distance == _BY_KEY or _has_address(value, page)
        distance = 0 if by_address or _has_name(value, title) else None if distance is None else distance + 1
        inner = [(key, each) for key, each in value.items() if isinstance(each, dict | list)]
        inner = [(key, each) for key, each in inner if not _OTHERS.search(key)]
        if distance is not None:
            yield from _found_in(value, inner, distance, by_address)
        waiting.extend((each, _BY_KEY if _is_in_path(key, page) else distance) for key, each in reversed(inner))


def _found_in(
    holder: dict[str, Any], inner: list[tuple[str, Any]], distance: int, by_address: bool
) -> Iterator[FoundList]:
    for _, each in inner:
        size_key = _size_key(each) if isinstance(each, list) else None
        if size_key:
            entries = [entry for entry in each[:LIST_AT_MOST] if isinstance(entry, dict)]
            yield FoundList(distance, size_key, entries, holder, by_address)


def _is_in_path(key: str, page: ParsedPage) -> bool:
    """Some states keep products in an object by their ids."""
    return len(key) > 4 and key.casefold() in page.path.casefold()


def _size_key(entries: list[Any]) -> str | None:
    """The key that holds a size in most entries; a lone entry must say `size` itself."""
    if not entries or not isinstance(entries[0], dict) or len(entries) > LIST_AT_MOST:
        return None
    for key in _SIZE_KEYS[:5] if len(entries) == 1 else _SIZE_KEYS:
        if key not in entries[0]:
            continue
        names = [size_name(text_of(entry.get(key) if isinstance(entry, dict) else None, 60)) for entry in entries]
        if sum(is_size(name) for name in names) >= 0.6 * len(names) and _looks_like_variants(entries[0], key):
            return key
    return None


def _looks_like_variants(entry: dict[str, Any], key: str) -> bool:
    """`name: "1"` alone may be anything; a stock, price or article number beside it makes it a size."""
    if "size" in key.casefold() or key == "localizedLabel":
        return True
    return any(
        re.search(r"stock|avail|price|sku|ean|gtin|variant|quantity|size", other, re.IGNORECASE) for other in entry
    )


def _has_address(value: dict[str, Any], page: ParsedPage) -> bool:
    path = page.path.casefold().rstrip("/")
    for key in _ID_KEYS:
        own = value.get(key)
        text = str(own).casefold() if isinstance(own, str | int) and not isinstance(own, bool) else ""
        if 5 <= len(text) < 400 and (
            text in path or (len(path) > 4 and text.partition("?")[0].rstrip("/").endswith(path))
        ):
            return True
    return False


def _has_name(value: dict[str, Any], title: str | None) -> bool:
    names = (value.get(key) for key in _NAME_KEYS)
    return title is not None and any(
        isinstance(name, str) and name.strip().casefold() == title.casefold() for name in names
    )
