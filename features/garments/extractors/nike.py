"""Nike: the selected colourway in __NEXT_DATA__, with the sizes of the shop's country."""

from __future__ import annotations

from typing import Any, ClassVar

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, price_of
from features.garments.extractors.sizes import in_stock
from features.garments.extractors.values import at, dicts_of, first_of, items_of, text_of


class NikeExtractor(DefaultExtractor):
    hosts: ClassVar[tuple[str, ...]] = ("nike.com",)

    def read_state(self, page: ParsedPage) -> Facts | None:
        product = at(page.script_json("__NEXT_DATA__"), "props", "pageProps", "selectedProduct")
        return _read(product) if isinstance(product, dict) and at(product, "productInfo", "title") else None


def _read(product: dict[str, Any]) -> Facts:
    info = product["productInfo"]
    facts = Facts("state", single=True, title=text_of(info.get("title"), 300))
    facts.brand = text_of(product.get("brands"), 80)
    facts.price = price_of(at(product, "prices", "currentPrice"))
    facts.currency = currency_of(at(product, "prices", "currency"))
    facts.description = text_of(info.get("productDescription"))
    facts.selected_color = text_of(product.get("colorDescription"), 120)
    facts.add_color(facts.selected_color)
    for size in dicts_of(product.get("sizes"), 80):
        facts.add_size(text_of(first_of(size, "localizedLabel", "label"), 60), in_stock(size.get("status")))
    facts.availability = stock_word(any_in_stock(list(facts.sizes.values())))
    facts.images = _pictures(product)
    kinds = [text_of(product.get("productType"), 60), text_of(info.get("subtitle"), 80)]
    facts.state_category = " ".join(kind for kind in kinds if kind) or None
    facts.gender = text_of(items_of(product.get("genders")), 40)
    return facts


def _pictures(product: dict[str, Any]) -> list[str]:
    cards = (
        at(card, "properties") for card in dicts_of(product.get("contentImages"), 60) if card.get("cardType") == "image"
    )
    shown = (text_of(at(first_of(card, "portrait", "squarish"), "url"), 2_000) for card in cards)
    return [address for address in shown if address]
