"""What a person sees: the heading, options, details and prices of the page itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from features.garments.extractors import gallery
from features.garments.extractors.dom_details import read_details
from features.garments.extractors.dom_price import shown_price_of
from features.garments.extractors.dom_sizes import sizes_of
from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.markup import pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.size_chart import size_chart_of
from features.garments.extractors.values import clean

SOURCE = "dom"
_CRUMB = "readcrumb"
_CRUMB_TAGS = ("nav", "ol", "ul", "div")
_IN = re.compile(
    r"^(?:in stock|en stock|auf lager|lieferbar|sofort lieferbar|em stock|en existencia|disponibile"
    r"|op voorraad|i lager|på lager|varastossa|skladem)\b",
    re.I,
)
_OUT = re.compile(
    r"^(?:out of stock|sold out|ausverkauft|épuisé|en rupture|esgotado|agotado|esaurito|uitverkocht"
    r"|slutsåld|udsolgt|utsolgt|loppuunmyyty)\b",
    re.I,
)


def read(page: ParsedPage, found: Sequence[Facts], meta: Facts | None) -> Facts:
    """`found`: what better readers know already; only what they miss is looked for."""
    facts = Facts(SOURCE, title=page.heading)
    known = [*found, *([meta] if meta else [])]

    def missing(*names: str) -> bool:
        return not all(any(getattr(each, name) for each in [*known, facts]) for name in names)

    if not any(each.single for each in known):
        return facts
    facts.size_chart = size_chart_of(page)
    if missing("sizes"):
        facts.sizes = sizes_of(page)
    if missing("brand", "colors", "material"):
        read_details(facts, page)
    if missing("price"):
        facts.price, facts.currency = shown_price_of(page) or (None, None)
    _read_rest(facts, page, found, missing)
    return facts


def _read_rest(facts: Facts, page: ParsedPage, found: Sequence[Facts], missing: Callable[[str], bool]) -> None:
    if not any(each.images for each in found):
        facts.images = gallery.marked(page)
    if missing("brand"):
        facts.brand = _brand(page)
    if missing("breadcrumb") and missing("state_category"):
        facts.breadcrumb = _breadcrumb(page)
    if missing("availability"):
        facts.availability = stock_word(any_in_stock(list(facts.sizes.values()))) or _stock_text(page)


def _elements(page: ParsedPage, path: str, limit: int) -> list[Any]:
    found = page.tree.xpath(path)
    return found[:limit] if isinstance(found, list) else []


def _text(element: Any, limit: int = 120) -> str | None:
    return clean(" ".join(pieces(element, 20)), limit)


def _branded(page: ParsedPage) -> Iterator[Any]:
    for heading in islice(page.tree.iter("h1"), 5):
        for holder in islice(heading.iterancestors(), 4):
            yield from (each for each in islice(holder.iter(), 400) if "brand" in (each.get("class") or ""))


def _brand(page: ParsedPage) -> str | None:
    """A short text that is named brand and stands beside the heading."""
    texts = (_text(element, 61) for element in islice(_branded(page), 10))
    return next((text for text in texts if text and len(text) <= 40), None)


def _breadcrumb(page: ParsedPage) -> list[str]:
    for element in islice(_crumbs(page), 5):
        names = [_text(link, 80) for link in islice(element.iter("a"), 12)]
        if any(names):
            return [name for name in names if name]
    return []


def _crumbs(page: ParsedPage) -> Iterator[Any]:
    """Small parts that are named breadcrumb. XPath with contains() over all elements takes twice as long."""
    if "readcrumb" not in page.html:
        return
    for element in page.tree.iter(*_CRUMB_TAGS):
        if _CRUMB in f"{element.get('class')} {element.get('id')} {element.get('aria-label')}":
            yield element


def _stock_text(page: ParsedPage) -> str | None:
    """ "En stock" as the whole beginning of a short text; a word in a sentence says nothing."""
    for element in page.tree.iter("p", "span", "div", "link"):
        text = element.text
        if not text or len(text) > 60:
            continue
        text = text.strip()
        if _OUT.match(text):
            return "out_of_stock"
        if _IN.match(text):
            return "in_stock"
    return None
