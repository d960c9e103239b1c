"""Pillow's memory for pixels. By itself it gives each picture's memory back at once, and asks for as much again for
the next one: the system's work for that is a tenth of what a photo costs."""

from __future__ import annotations

from PIL import Image


def keep_blocks(most: int) -> None:
    """Keep up to `most` blocks that no picture needs any more, each at most 16 MB, for the pictures that follow; 0:
    give all of them back. For the whole process."""
    Image.core.set_blocks_max(most)  # type: ignore[attr-defined]


def kept_blocks() -> int:
    """How many lie there now."""
    return int(Image.core.get_stats()["blocks_cached"])  # type: ignore[attr-defined]
