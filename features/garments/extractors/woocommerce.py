"""WooCommerce storefronts, recognised by the page: variations in a form's attribute, full pictures in the gallery."""

from __future__ import annotations

import re
from typing import Any

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.json_text import decode_block
from features.garments.extractors.options import COLOR_NAMES, SIZE_NAMES
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, price_of, text_price
from features.garments.extractors.values import clean, dicts_of, text_of

_FORM = "//form[contains(@class, 'variations_form')]"
_GALLERY = "//*[contains(@class, 'woocommerce-product-gallery__image')]"
_PRICE = "(//*[contains(@class, 'summary')]//*[contains(concat(' ', @class, ' '), ' price ')])[1]"
_STOCK = "(//*[contains(@class, 'summary')]//*[contains(concat(' ', @class, ' '), ' stock ')])[1]"
OPTIONS_AT_MOST = 200


class WooCommerceExtractor(DefaultExtractor):
    @classmethod
    def recognises(cls, page: ParsedPage) -> bool:
        return "woocommerce-product-gallery" in page.html or "variations_form" in page.html

    def read_state(self, page: ParsedPage) -> Facts | None:
        facts = Facts("dom", single=True, title=page.heading)
        forms = _all(page, _FORM)
        variations = _variations(forms[0]) if forms else []
        for select in list(forms[0].iter("select"))[:10] if forms else []:
            _options(facts, select)
        _stocks(facts, variations)
        _price(facts, page, variations)
        facts.images = _pictures(page)
        return facts


def _all(page: ParsedPage, path: str) -> list[Any]:
    found = page.tree.xpath(path)
    return found[:60] if isinstance(found, list) else []


def _variations(form: Any) -> list[dict[str, Any]]:
    """The attribute is the word false when there are more than thirty variations."""
    return dicts_of(decode_block(form.get("data-product_variations") or ""), 500)


def _kind(name: str) -> str | None:
    words = re.sub(r"^attribute_|^pa_|[-_]", " ", name.removeprefix("attribute_").removeprefix("pa_")).strip()
    if SIZE_NAMES.search(words):
        return "size"
    return "color" if COLOR_NAMES.search(words) else None


def _options(facts: Facts, select: Any) -> None:
    """Selects are written in the shop's order, with the names that people read."""
    kind = _kind(select.get("name") or select.get("id") or "")
    for option in list(select.iter("option"))[:OPTIONS_AT_MOST]:
        name = clean(option.text or "", 60) if option.get("value") else None
        if kind == "size":
            facts.add_size(name, None)
        elif kind == "color":
            facts.add_color(name)


def _stocks(facts: Facts, variations: list[dict[str, Any]]) -> None:
    """A variation names its size by slug ("xl", "36-38"); an empty one stands for all sizes."""
    slugs = {_slug(name): name for name in facts.sizes}
    stocks: list[bool | None] = []
    for variation in variations:
        stock = variation.get("is_in_stock")
        stocks.append(stock if isinstance(stock, bool) else None)
        attributes = variation.get("attributes")
        for key, value in attributes.items() if isinstance(attributes, dict) else ():
            if _kind(key) == "size" and value:
                facts.add_size(slugs.get(_slug(text_of(value, 80) or ""), text_of(value, 60)), stocks[-1])
    facts.availability = stock_word(any_in_stock(stocks))


def _slug(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")


def _price(facts: Facts, page: ParsedPage, variations: list[dict[str, Any]]) -> None:
    """The reduced price stands in <ins>, the old one in <del>."""
    shown = next(iter(_all(page, _PRICE)), None)
    if shown is not None:
        paid = next(iter(shown.iter("ins")), shown)
        gone = {inner for old in shown.iter("del") for inner in old.iter()}
        text = " ".join(each.text or "" for each in paid.iter() if each not in gone)
        facts.price, sign = text_price(text)
        facts.currency = currency_of(sign, page.host, page.meta.get("og:locale", [""])[0])
    facts.price = facts.price or next(
        (price for each in variations if (price := price_of(each.get("display_price")))), None
    )
    told = next(iter(_all(page, _STOCK)), None)
    if told is not None and facts.availability is None:
        facts.availability = stock_word("out-of-stock" not in (told.get("class") or ""))


def _pictures(page: ParsedPage) -> list[str]:
    found = []
    for holder in _all(page, _GALLERY):
        links = [link.get("href") for link in holder.iter("a")]
        images = [image.get("data-large_image") or image.get("src") for image in holder.iter("img")]
        found.extend([address for address in (*links, *images) if address][:1])
    return found
