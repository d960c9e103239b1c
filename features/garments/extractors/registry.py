"""Which extractor reads a page: by exact host, the longest parent domain wins; platforms by what the page holds."""

from __future__ import annotations

from collections.abc import Sequence

from features.garments.extractors.base import BrandExtractor
from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.nike import NikeExtractor
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sfcc import SalesforceExtractor
from features.garments.extractors.shopify import ShopifyExtractor
from features.garments.extractors.woocommerce import WooCommerceExtractor
from features.garments.extractors.zalando import ZalandoExtractor
from features.garments.extractors.zara import ZaraExtractor
from features.garments.product import Page, Product, Reason
from shared.errors import ExtractionError

SHOPS: tuple[type[BrandExtractor], ...] = (NikeExtractor, ZalandoExtractor, ZaraExtractor)
PLATFORMS: tuple[type[BrandExtractor], ...] = (ShopifyExtractor, WooCommerceExtractor, SalesforceExtractor)


class BrandExtractorFactory:
    """Chooses among shops and platforms; the specification's name for this room."""

    def __init__(
        self, shops: Sequence[type[BrandExtractor]] = SHOPS, platforms: Sequence[type[BrandExtractor]] = PLATFORMS
    ) -> None:
        self._by_host = {host: shop for shop in shops for host in shop.hosts}
        self._platforms = tuple(platforms)

    def for_host(self, host: str) -> type[BrandExtractor] | None:
        """`shop.zara.com` is Zara's, `notzara.com` is not."""
        labels = host.casefold().rstrip(".").split(".")
        parents = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._by_host[parent] for parent in parents if parent in self._by_host), None)

    def for_page(self, page: ParsedPage) -> BrandExtractor:
        chosen = self.for_host(page.host) or next((each for each in self._platforms if each.recognises(page)), None)
        return (chosen or DefaultExtractor)()


MOST_TAGS = 400_000
"""Ten times the largest real page known; each tag costs memory while the page is read."""

_FACTORY = BrandExtractorFactory()


def extract(page: Page) -> Product:
    """The product of a page; ExtractionError with `details.reason` when it shows none. Pure: nothing is fetched."""
    if page.html.count("<") > MOST_TAGS:
        raise _too_large()
    parsed = ParsedPage(page)
    try:
        return _FACTORY.for_page(parsed).extract(parsed)
    except RecursionError:
        raise _nested_too_deeply() from None


def _too_large() -> ExtractionError:
    sentence = "The page is too large to be read. Upload the picture of the garment instead."
    return ExtractionError(sentence, details={"reason": Reason.TOO_LARGE.value})


def _nested_too_deeply() -> ExtractionError:
    sentence = "The page cannot be read as a product. Upload the picture of the garment instead."
    return ExtractionError(sentence, details={"reason": Reason.NOT_A_PRODUCT.value})
