"""What every extractor is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from features.garments.extractors.parsed_page import ParsedPage
from features.garments.product import Product


class BrandExtractor(ABC):
    """`hosts`: domains this extractor answers for, with everything below them. Extractors never fetch."""

    hosts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def recognises(cls, page: ParsedPage) -> bool:
        """Whether the page is of this platform, whatever its host; only asked when no host fits."""
        return False

    @abstractmethod
    def extract(self, page: ParsedPage) -> Product:
        """The product of this page; raises ExtractionError with `details.reason` when there is none."""
