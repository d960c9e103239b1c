"""Offers of schema.org nodes: price, currency and stock in all the shapes that shops write."""

from __future__ import annotations

from typing import Any

from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, price_of, text_price
from features.garments.extractors.sizes import in_stock
from features.garments.extractors.values import at, dicts_of, first_of, text_of

Node = dict[str, Any]


def flat_offers(node: Node) -> list[Node]:
    """Offers of a node; those inside an AggregateOffer come after it."""
    outer = dicts_of(node.get("offers"), 500)
    return outer + [inner for each in outer for inner in dicts_of(each.get("offers"), 500)]


def stocks_of(node: Node) -> list[bool | None]:
    return [in_stock(first_of(offer, "availability", "Availability")) for offer in flat_offers(node)]


def read_offers(facts: Facts, full: list[Node], asked: list[Node], page: ParsedPage) -> None:
    facts.availability = stock_word(any_in_stock([stock for node in full for stock in stocks_of(node)]))
    for offer in (offer for node in [*asked, *full] for offer in flat_offers(node)):
        price, currency = _price(offer)
        if facts.price is None and price is not None:
            facts.price = price
        facts.currency = facts.currency or currency_of(currency, page.host, page.meta.get("og:locale", [""])[0])
        if facts.price is not None and facts.currency:
            break


def _price(offer: Node) -> tuple[float | None, str | None]:
    """Price and currency of an offer or of its price specification; a list price is what nobody pays."""
    lower = {key.casefold(): value for key, value in offer.items()}
    specs = [
        spec
        for spec in dicts_of(lower.get("pricespecification"), 20)
        if "listprice" not in (text_of(spec.get("priceType"), 80) or "").casefold()
    ]
    holders = [lower, *({key.casefold(): value for key, value in spec.items()} for spec in specs)]
    prices = (price_of(holder.get(key)) for key in ("price", "lowprice") for holder in holders)
    price = next((each for each in prices if each is not None), None)
    codes = [text_of(holder.get("pricecurrency"), 10) for holder in holders]
    inner = first_of(lower.get("lowprice"), "currency") or at(lower.get("lowprice"), "sales", "currency")
    written = next(filter(None, (text_of(holder.get("price"), 60) for holder in holders)), "")
    return price, next((code for code in codes if code), text_of(inner, 10) or text_price(written)[1])
