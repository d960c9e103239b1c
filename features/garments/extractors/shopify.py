"""Shopify storefronts, recognised by what their pages load. Option names decide what a variant's title says."""

from __future__ import annotations

import re
from typing import Any

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.json_ld import nodes_of
from features.garments.extractors.json_text import decode_after, values_after
from features.garments.extractors.options import COLOR_NAMES, SIZE_NAMES, split_options
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import cents, currency_of
from features.garments.extractors.sizes import in_stock
from features.garments.extractors.values import at, dicts_of, first_of, items_of, text_of

_VARIANT = re.compile(r"[?&]variant=(\d{1,20})")
PLACES = 6


class ShopifyExtractor(DefaultExtractor):
    @classmethod
    def recognises(cls, page: ParsedPage) -> bool:
        return "ShopifyAnalytics" in page.html or "cdn.shopify.com" in page.html or "/cdn/shop/" in page.html

    def read_state(self, page: ParsedPage) -> Facts | None:
        product = at(decode_after(page.html, "var meta = "), "product")
        if not isinstance(product, dict) or not product.get("variants"):
            return None
        variants = dicts_of(product.get("variants"), 500)
        asked = next((each for each in variants if text_of(each.get("id")) and _id(each) in page.asked), None)
        facts = Facts("state", single=True, brand=text_of(product.get("vendor"), 120))
        facts.price = cents((asked or variants[0]).get("price")) if variants else None
        facts.currency = currency_of(_currency(page))
        facts.type_name = text_of(product.get("type"), 120)
        _options(facts, variants, asked, page)
        return facts


def _currency(page: ParsedPage) -> Any:
    """ShopifyAnalytics.meta.currency = 'GBP'."""
    start = page.html.find("meta.currency")
    quoted = page.html[start : start + 40].replace('"', "'").split("'") if start >= 0 else []
    return quoted[1] if len(quoted) > 2 else None


def _options(facts: Facts, variants: list[dict[str, Any]], asked: dict[str, Any] | None, page: ParsedPage) -> None:
    stock = _stock(page)
    titles = [text_of(each.get("public_title"), 120) or "" for each in variants]
    for variant, (size, color) in zip(variants, split_options(titles, _option_names(page)), strict=True):
        facts.add_size(size, stock.get(_id(variant)))
        facts.add_color(color)
        if variant is asked:
            facts.selected_color = color
    facts.availability = stock_word(any_in_stock([stock.get(_id(each)) for each in variants]))


def _option_names(page: ParsedPage) -> list[str]:
    """ "options":["Size","Colour"] of the product that themes put into the page."""
    for found in values_after(page.html, '"options":', PLACES):
        names = [
            text_of(first_of(each, "name") if isinstance(each, dict) else each, 60) or "" for each in items_of(found, 5)
        ]
        if any(SIZE_NAMES.search(name) or COLOR_NAMES.search(name) for name in names):
            return names
    return []


def _stock(page: ParsedPage) -> dict[str, bool | None]:
    """Variant id -> in stock: from the product JSON that themes put into the page, else from the offers' addresses."""
    for found in values_after(page.html, '"variants":', PLACES) if '"available":' in page.html else ():
        known = {
            _id(each): each["available"]
            for each in dicts_of(found, 500)
            if isinstance(each.get("available"), bool) and "id" in each
        }
        if known:
            return dict(known)
    offers = (offer for node in nodes_of(page.ld_blocks) for offer in dicts_of(node.get("offers"), 500))
    told = ((_VARIANT.search(text_of(offer.get("url"), 2_000) or ""), offer.get("availability")) for offer in offers)
    return {match.group(1): in_stock(stock) for match, stock in told if match}


def _id(variant: dict[str, Any]) -> str:
    """Never the text of an object: it may be nested deeper than can be written."""
    return text_of(variant.get("id"), 80) or ""
