"""Prices that a person sees: the reduced one beside a struck one, or the only one beside the heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from features.garments.extractors.markup import is_of_others, pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, text_price

_STRUCK_CLASS = re.compile(
    r"(?:^|[\s_-])(?:old|was|original|regular|before|crossed|strike(?:through|d)?|struck|list|retail|rrp"
    r"|previous|compare(?:-at)?|barre|alt|statt)(?:$|[\s_-])",
    re.IGNORECASE,
)
_TAGS = ("del", "s", "strike", "span", "div", "p", "em", "b", "strong", "ins", "bdi", "small")
LONGEST_PRICE = 40
LEAST_SHARE = 0.1  # of the struck price: what is shown for less is an instalment or a reduction, not a price
STRUCK_AT_MOST = 40


def sale_price_of(page: ParsedPage, price: float) -> float | None:
    """A lower price beside `price`, when the page shows `price` struck through; None when it does not."""
    for element in islice(_struck(page), STRUCK_AT_MOST):
        if text_price(_text(element))[0] != price or is_of_others(element):
            continue
        for holder in islice(element.iterancestors(), 3):
            shown = [each for each in _prices(holder, element) if LEAST_SHARE * price < each < price]
            if shown:
                return shown[0]
    return None


def _struck(page: ParsedPage) -> Iterator[Any]:
    for element in page.tree.iter(*_TAGS):
        if element.tag in {"del", "s", "strike"}:
            yield element
        else:
            name = element.get("class")
            if name and ("pri" in name or "Pri" in name or "pre" in name) and _STRUCK_CLASS.search(name):
                yield element


def _prices(holder: Any, struck: Any) -> Iterator[float]:
    """Prices in short texts of a small holder, without the struck element and percentages."""
    inside = set(struck.iter())
    for element in islice(holder.iter(*_TAGS), 60):
        text = element.text or ""
        if (
            element in inside
            or not any(letter.isdigit() for letter in text)
            or "%" in text
            or len(text) > LONGEST_PRICE
        ):
            continue
        price = text_price(text)[0]
        if price is not None:
            yield price


def _text(element: Any) -> str:
    return " ".join(pieces(element, 12))[:LONGEST_PRICE]


def shown_price_of(page: ParsedPage) -> tuple[float, str] | None:
    """Price and currency in the part of the page that holds the heading; only with a sign or code of the currency."""
    locale = page.meta.get("og:locale", [page.tree.get("lang") or ""])[0]
    for heading in islice(page.tree.iter("h1"), 5):
        for holder in islice(heading.iterancestors(), 4):
            for text in islice(_price_texts(holder), 10):
                price, sign = text_price(text)
                currency = currency_of(sign, page.host, locale)
                if price is not None and currency:
                    return price, currency
    return None


def _price_texts(holder: Any) -> Iterator[str]:
    """Short texts of elements that are named price and are not struck."""
    for element in islice(holder.iter("span", "div", "p", "strong", "ins"), 400):
        name = element.get("class") or ""
        if "rice" not in name and "prix" not in name and "preis" not in name:
            continue
        text = _text(element)
        if (
            text.strip()
            and not _STRUCK_CLASS.search(name)
            and next(element.iter("del", "s", "strike"), None) is None
            and not is_of_others(element)
        ):
            yield text
