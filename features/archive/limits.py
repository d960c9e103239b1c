"""How much one archive may hold. What `GET /api/wardrobe/export?after=` gives out stays within, part by part."""

from __future__ import annotations

MEGABYTE = 1024 * 1024

MOST_ITEMS = 1000
MOST_OUTFITS = 10_000
MOST_SECTIONS, MOST_CATEGORIES = 200, 1000
"""As in an account."""
MOST_DAYS = 300_000
"""On which things were worn, all together: about a second of the database's only writer."""

MOST_ENTRIES = 2 * MOST_ITEMS + 100
MOST_DIRECTORY_BYTES = 2 * MEGABYTE
MOST_UNPACKED_BYTES = 256 * MEGABYTE
MOST_DOCUMENT_BYTES = 16 * MEGABYTE
MOST_VALUES = 1_000_000
"""In the document: an empty list takes two bytes there and fifty in memory."""
MOST_RATIO, SMALL_BYTES = 200, MEGABYTE
"""Unpacked to packed, of what is not small. Texts reach 20, plain pictures that somebody packed again 100."""
MOST_PIXELS = MOST_ITEMS * 2016 * 2016
"""Of all pictures together: as many as pictures from an export can have."""

PART_ITEMS = 300
PART_BYTES = 48 * MEGABYTE
ENTRY_BYTES = 4096
"""What an item takes besides its pictures, generously."""
