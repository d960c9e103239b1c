"""The extractor of shops that need nothing of their own: all readers, merged field by field."""

from __future__ import annotations

from features.garments.categories import categorize_words
from features.garments.extractors import dom, json_ld, microdata, next_state, open_graph, verdict
from features.garments.extractors.base import BrandExtractor
from features.garments.extractors.dom_price import sale_price_of
from features.garments.extractors.facts import Facts
from features.garments.extractors.merge import first_known, merge
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.product import Product


class DefaultExtractor(BrandExtractor):
    def read_state(self, page: ParsedPage) -> Facts | None:
        """What the shop's own script data says; the one thing that most shops add."""
        return None

    def extract(self, page: ParsedPage) -> Product:
        verdict.refuse_by_status(page)
        readers = (self.read_state, json_ld.read, microdata.read)
        found = [facts for facts in (read(page) for read in readers) if facts]
        meta = open_graph.read(page)
        found[:0] = _state_variants(page, found, meta)
        found.append(dom.read(page, found, meta))
        found.extend([meta] if meta else [])
        product = merge(page, found)
        _correct_price(product, page)
        verdict.refuse_what_is_no_product(page, product, found)
        self.finish(product, page)
        _categorize(product, page, found)
        return product

    def finish(self, product: Product, page: ParsedPage) -> None:
        """A last word of the shop about its product."""


def _correct_price(product: Product, page: ParsedPage) -> None:
    """Structured data that tells the struck price is stale; a shop's own state is not."""
    if product.price is None or product.sources["price"] in {"state", "dom"}:
        return
    lower = sale_price_of(page, product.price)
    if lower is not None:
        product.price, product.sources["price"] = lower, "dom"


def _state_variants(page: ParsedPage, found: list[Facts], meta: Facts | None) -> list[Facts]:
    """A list of variants in the page's state knows more than the one offer that search engines are told."""
    known = [*found, *([meta] if meta else [])]
    if any(len(facts.sizes) > 1 for facts in found):
        return []
    facts = next_state.read(page, first_known(known, "title"))
    return [facts] if facts else []


def _categorize(product: Product, page: ParsedPage, found: list[Facts]) -> None:
    words = categorize_words(
        state=first_known(found, "state_category"),
        breadcrumb=first_known(found, "breadcrumb") or [],
        type_name=first_known(found, "type_name"),
        title=product.title,
        url=product.url if page.host else None,
        gender=first_known(found, "gender"),
    )
    if words is None:
        return
    product.category, product.type = words.category, words.type
    product.wearable, product.confidence = words.wearable, words.confidence
    product.sources.update(dict.fromkeys(("category", "type", "wearable", "confidence"), "words"))
