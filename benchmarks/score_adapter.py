"""A stored page as score_pages.py wants it: `score_pages.py benchmarks.score_adapter:score_page`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from features.garments.extractors.registry import extract
from features.garments.product import Page
from shared.errors import ExtractionError


def score_page(html: str, url: str) -> dict[str, Any]:
    """The product as a dict, or `not_product` with the reason."""
    try:
        return asdict(extract(Page(url, html)))
    except ExtractionError as error:
        return {"not_product": True, "reason": error.details["reason"]}
