"""Sizes and colours out of any shop's script state: the list of variants that belongs to the page's product.

No shop is named here. A list counts when most of its entries carry a size; it is the page's when the object that holds
it, or one above, carries the page's own address, id or title.
"""

from __future__ import annotations

from typing import Any

from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sizes import in_stock, size_name
from features.garments.extractors.state_lists import FoundList, variant_lists
from features.garments.extractors.values import first_of, text_of

_COLOR_KEYS = ("color", "colour", "colorName", "colourName", "variantName", "colorDescription")
_STOCK_KEYS = (
    "isInStock",
    "inStock",
    "in_stock",
    "isAvailable",
    "available",
    "availableToOrder",
    "purchasable",
    "orderable",
    "hasStock",
    "isOutOfStock",
    "soldOut",
    "stockLevel",
    "stockQuantity",
    "stockStatus",
    "availability",
    "status",
    "stock",
    "quantity",
)
_NEGATIVE = frozenset({"isOutOfStock", "soldOut"})


def variant_facts(state: Any, page: ParsedPage, title: str | None, belongs: bool = False) -> Facts | None:
    """`belongs`: the state is the product's own, so nothing in it needs to name the page."""
    best = min(variant_lists(state, page, title, belongs), key=lambda each: each.distance, default=None)
    if best is None:
        return None
    facts = Facts("state")
    entries = best.entries
    for entry in entries:
        facts.add_color(_color(entry))
    asked = [entry for entry in entries if page.asks_for(_color(entry))]
    facts.selected_color = _color(asked[0]) if asked else None
    for entry in asked or entries:
        facts.add_size(size_name(text_of(entry.get(best.size_key), 60)), stock_of(entry))
    facts.availability = stock_word(any_in_stock([stock_of(entry) for entry in entries]))
    if not facts.colors:
        facts.add_color(_color(best.holder))
    _own_words(facts, best, title)
    return facts


def _own_words(facts: Facts, best: FoundList, title: str | None) -> None:
    """An object that carries the page's id and holds sizes makes it a product page; its name is the last resort."""
    name = text_of(first_of(best.holder, "productName", "productTitle", "name", "title"), 300)
    facts.single = best.named_by_address
    if facts.single and name and not title:
        facts.title = name


def _color(entry: dict[str, Any]) -> str | None:
    return text_of(first_of(entry, *_COLOR_KEYS), 80)


def stock_of(entry: dict[str, Any]) -> bool | None:
    """The first stock word of a variant: booleans, quantities, texts, or an object of them."""
    for key in _STOCK_KEYS:
        value = entry.get(key)
        if isinstance(value, dict):
            value = next((value[inner] for inner in _STOCK_KEYS if inner in value), None)
        told = value > 0 if isinstance(value, int) and not isinstance(value, bool) else in_stock(value)
        if told is not None:
            return told is not (key in _NEGATIVE)
    return None
