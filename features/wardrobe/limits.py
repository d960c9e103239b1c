"""How much of what an item may hold; schemas, links, bulk and imports share these."""

from __future__ import annotations

LONGEST = {
    "title": 500,
    "brand": 255,
    "color": 100,
    "size": 50,
    "description": 5000,
    "custom_category_name": 255,
    "garment_url": 2048,
    "category_section": 100,
    "search": 200,
    "cursor": 4096,
    "upload_key": 200,
    "tag": 50,
    "care": 200,
    "fabric_name": 100,
    "fabric_part": 100,
}
"""Characters."""

MOST_TAGS = 20
MOST_FABRICS = 20
MOST_CARE = 30
MOST_PRICE = 1e7
