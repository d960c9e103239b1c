"""Use cases of product pages: fetch or take a page, say what it sells, remember it for a while. No Flask, no SQL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from features.garments.categorize import Categorizer
from features.garments.extractors.registry import extract
from features.garments.model import GarmentMetadataTable
from features.garments.product import Page, Product
from shared.clock import Clock, to_text, utc_now
from shared.cpu import CpuGate
from shared.errors import ExtractionError, ValidationError
from shared.http_fetch import FetchedPage
from shared.single_flight import SingleFlight
from shared.validators import validate_url

TRACKING = ("utm_", "gclid", "fbclid", "mc_cid", "mc_eid", "msclkid")


class Fetches(Protocol):
    """The guarded way out."""

    def may_name(self, url: str) -> bool: ...

    def fetch_page(self, url: str, *, deadline_seconds: float | None = None) -> FetchedPage: ...

    def fetch_image(self, url: str, *, deadline_seconds: float | None = None) -> bytes: ...


@dataclass(frozen=True)
class Scraped:
    product: Product
    cached: bool
    scraped_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """One shape, fresh or cached."""
        return {**asdict(self.product), "cached": self.cached, "scraped_at": to_text(self.scraped_at)}


class GarmentService:
    def __init__(
        self,
        table: GarmentMetadataTable,
        fetcher: Fetches,
        categorizer: Categorizer,
        gate: CpuGate,
        clock: Clock = utc_now,
    ) -> None:
        self._table = table
        self._fetcher = fetcher
        self._categorizer = categorizer
        self._gate = gate
        self._clock = clock
        self._flights: SingleFlight[Scraped] = SingleFlight()

    def scrape(self, url: str, *, force_refresh: bool = False, deadline_seconds: float | None = None) -> Scraped:
        """What the page sells, from the cache when it is fresh there. Raises ExtractionError with its reason."""
        key = page_key(validate_url(url))
        known = None if force_refresh else self._known(key)
        return known or self._flights.do(key, lambda: self._fetch(url, key, force_refresh, deadline_seconds))

    def _known(self, key: str) -> Scraped | None:
        found = self._table.get(key, self._clock())
        return Scraped(found.product, True, found.scraped_at) if found else None

    def _fetch(self, url: str, key: str, force_refresh: bool, deadline_seconds: float | None) -> Scraped:
        """Looks into the cache once more: another request may have ended between the first look and now."""
        if not force_refresh and (known := self._known(key)):
            return known
        fetched = self._fetcher.fetch_page(_with_fragment(key, url), deadline_seconds=deadline_seconds)
        product = self._extract(Page(fetched.url, fetched.html, fetched.status))
        now = self._clock()
        self._table.put(key, product, now)
        return Scraped(product, False, now)

    def parse(self, url: str, html: str) -> Scraped:
        """The same over a page that a client has open. The cache never sees it: a client could write anything."""
        return Scraped(self._extract(Page(validate_url(url), html)), False, self._clock())

    def _extract(self, page: Page) -> Product:
        with self._gate.interactive():
            product = extract(page)
        product.images = [address for address in product.images if self._fetcher.may_name(address)]
        if product.flat_image and not self._fetcher.may_name(product.flat_image):
            product.flat_image = None
        return product

    def images(self, url: str) -> dict[str, Any]:
        """{images, url, reason?}: no picture is an answer here, and says why."""
        try:
            product = self.scrape(url).product
        except ExtractionError as error:
            return {"images": [], "url": url, "reason": error.message}
        if not product.images:
            return {"images": [], "url": url, "reason": "The page names no pictures: it may add them by script later."}
        return {"images": product.images, "url": product.url}

    def categorize(self, title: str | None, image: bytes | None, image_url: str | None) -> dict[str, Any]:
        """By the words and by the picture itself; `image` goes before `image_url`."""
        if image is None and image_url:
            image = self._fetcher.fetch_image(validate_url(image_url))
        if image is None and not title:
            raise ValidationError("Send a title, an image or an image_url.", fields={"image": "or title is required"})
        return self._categorizer.categorize(title, image)

    def picture(self, url: str, *, deadline_seconds: float | None = None) -> bytes:
        """The bytes at an image address, through the guard."""
        return self._fetcher.fetch_image(url, deadline_seconds=deadline_seconds)


def page_key(url: str) -> str:
    """The page's address without what only says where its reader came from."""
    parts = urlsplit(url)
    query = "&".join(part for part in parts.query.split("&") if not part.lower().startswith(TRACKING))
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", query, ""))


def _with_fragment(key: str, url: str) -> str:
    """What is fetched is what the cache is asked for. Some shops keep the colour behind the #."""
    fragment = urlsplit(url).fragment
    return f"{key}#{fragment}" if fragment else key
