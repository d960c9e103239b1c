"""OpenGraph, product and twitter meta elements. Their pictures and titles may be the shop's, so they come late."""

from __future__ import annotations

import re

from features.garments.extractors.facts import Facts, stock_word
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, price_of
from features.garments.extractors.sizes import in_stock

SOURCE = "meta"
_LABELS = {"colour": "color", "color": "color", "farbe": "color", "couleur": "color"}


def read(page: ParsedPage) -> Facts | None:
    meta = page.meta
    if not meta:
        return None
    facts = Facts(SOURCE, single=_says_product(meta))
    facts.title = _title(page)
    facts.brand = _first(meta, "product:brand", "og:brand")
    facts.price = price_of(_first(meta, "product:sale_price:amount", "product:price:amount", "og:price:amount"))
    code = _first(meta, "product:sale_price:currency", "product:price:currency", "og:price:currency")
    facts.currency = currency_of(code, page.host)
    facts.availability = stock_word(in_stock(_first(meta, "product:availability", "og:availability")))
    facts.description = _first(meta, "og:description", "description", "twitter:description")
    facts.images = meta.get("og:image:secure_url") or meta.get("og:image") or meta.get("twitter:image") or []
    facts.material = _first(meta, "product:material")
    facts.type_name = _first(meta, "product:category")
    facts.add_color(_first(meta, "product:color") or _labelled(meta))
    return facts


def _first(meta: dict[str, list[str]], *names: str) -> str | None:
    return next((meta[name][0] for name in names if name in meta), None)


def _says_product(meta: dict[str, list[str]]) -> bool:
    kind = (_first(meta, "og:type") or "").casefold()
    return ("product" in kind and "group" not in kind) or "product:price:amount" in meta or "og:price:amount" in meta


def _title(page: ParsedPage) -> str | None:
    """og:title without the shop's name behind it."""
    title = _first(page.meta, "og:title", "twitter:title")
    site = _first(page.meta, "og:site_name")
    if not title or not site:
        return title
    return (
        re.sub(rf"\s*[|\-–·]\s*(?:@\s*)?{re.escape(site[:60])}(?:\.\w+)?\s*$", "", title, flags=re.IGNORECASE) or None
    )


def _labelled(meta: dict[str, list[str]]) -> str | None:
    """twitter:label1 "Colour", twitter:data1 "graphit"."""
    for number in "12":
        label = _first(meta, f"twitter:label{number}") or ""
        if _LABELS.get(label.casefold()) == "color":
            return _first(meta, f"twitter:data{number}")
    return None
