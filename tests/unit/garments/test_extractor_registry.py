"""Which extractor reads which page."""

from __future__ import annotations

from typing import ClassVar

import pytest

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.registry import PLATFORMS, SHOPS, BrandExtractorFactory
from features.garments.product import Page


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("zara.com", "ZaraExtractor"),
        ("www.zara.com", "ZaraExtractor"),
        ("WWW.ZARA.COM.", "ZaraExtractor"),
        ("www.zalando.co.uk", "ZalandoExtractor"),
        ("nike.com", "NikeExtractor"),
        ("notzara.com", None),
        ("zara.com.evil.example", None),
        ("zara", None),
        ("", None),
    ],
)
def test_by_host(host: str, name: str | None) -> None:
    found = BrandExtractorFactory().for_host(host)
    assert (found.__name__ if found else None) == name


def test_the_longest_parent_wins() -> None:
    class Outlet(DefaultExtractor):
        hosts: ClassVar[tuple[str, ...]] = ("outlet.zara.com",)

    factory = BrandExtractorFactory([*SHOPS, Outlet])
    assert factory.for_host("www.outlet.zara.com") is Outlet
    assert factory.for_host("www.zara.com") is not Outlet


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ('<script src="https://cdn.shopify.com/s/x.js"></script>', "ShopifyExtractor"),
        ('<div class="woocommerce-product-gallery">', "WooCommerceExtractor"),
        ('<img src="/on/demandware.static/x.jpg">', "SalesforceExtractor"),
        ("<p>plain</p>", "DefaultExtractor"),
    ],
)
def test_platforms_by_the_page(html: str, name: str) -> None:
    page = ParsedPage(Page("https://any.example/p", html))
    assert type(BrandExtractorFactory().for_page(page)).__name__ == name


def test_a_host_goes_before_a_platform() -> None:
    page = ParsedPage(Page("https://www.zara.com/p", "cdn.shopify.com"))
    assert type(BrandExtractorFactory().for_page(page)).__name__ == "ZaraExtractor"


def test_no_host_is_claimed_twice() -> None:
    hosts = [host for shop in SHOPS for host in shop.hosts]
    assert len(hosts) == len(set(hosts))
    assert all(not platform.hosts for platform in PLATFORMS)
