"""The cache of product pages: one shape, kept for three days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson

from features.garments.product import Product
from shared.clock import from_text, to_text
from shared.database import DatabaseManager

KEPT = timedelta(days=3)


@dataclass(frozen=True)
class CachedProduct:
    product: Product
    scraped_at: datetime


class GarmentMetadataTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def get(self, url: str, now: datetime) -> CachedProduct | None:
        """What the page said at most three days ago."""
        row = self._db.fetch_one(
            "SELECT metadata, updated_at FROM garment_metadata WHERE url = ? AND updated_at > ?",
            (url, to_text(now - KEPT)),
        )
        if row is None:
            return None
        try:
            product = Product(**orjson.loads(row["metadata"]))
        except TypeError:  # written by another version of the program
            return None
        return CachedProduct(product, from_text(row["updated_at"]))

    def put(self, url: str, product: Product, now: datetime) -> None:
        """Replaces what was known of the page, and makes room by forgetting what is too old."""
        moment = to_text(now)
        self._db.execute("DELETE FROM garment_metadata WHERE updated_at <= ?", (to_text(now - KEPT),))
        self._db.execute(
            "INSERT INTO garment_metadata"
            " (url, title, images, price, sizes, colors, brand, metadata, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE SET title = excluded.title,"
            " images = excluded.images, price = excluded.price, sizes = excluded.sizes, colors = excluded.colors,"
            " brand = excluded.brand, metadata = excluded.metadata, updated_at = excluded.updated_at",
            (
                url,
                product.title,
                orjson.dumps(product.images).decode(),
                product.price,
                orjson.dumps(product.sizes).decode(),
                orjson.dumps(product.colors).decode(),
                product.brand,
                orjson.dumps(asdict(product)).decode(),
                moment,
                moment,
            ),
        )
