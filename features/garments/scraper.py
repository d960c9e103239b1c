"""The specification's names for reading pages, over the rooms that do the work now."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from features.garments.extractors.registry import extract
from features.garments.product import Page
from shared.errors import ExtractionError
from shared.http_fetch import Fetcher

_IMAGE_PATH = re.compile(r"\.(?:jpe?g|png|webp|heic|heif)$", re.IGNORECASE)


def fetch_html(url: str, timeout: float = 20.0) -> str:
    """The text of a page, through the address guard. Raises ExtractionError."""
    return Fetcher().fetch_page(url, deadline_seconds=timeout).html


def extract_images_from_html(html_content: str, base_url: str) -> list[str]:
    """Pictures of the page's product; none when it sells none."""
    try:
        return extract(Page(base_url, html_content)).images
    except ExtractionError:
        return []


def extract_title_from_html(html_content: str, base_url: str = "https://shop.invalid/") -> str | None:
    try:
        return extract(Page(base_url, html_content)).title
    except ExtractionError:
        return None


def is_image_url(url: str) -> bool:
    """By its path's ending; what really lies there only its bytes tell."""
    return bool(_IMAGE_PATH.search(urlsplit(url).path))
