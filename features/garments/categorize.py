"""What a garment is, by its title and its picture together: words first, the picture where words are silent."""

from __future__ import annotations

from typing import Any

from features.garments.categories import WordsVerdict, categorize_words
from features.garments.picture import PictureVerdict, look_at
from shared.cpu import CpuGate
from shared.image_processing import ImageLimits, prepare_photo

LOOKING_SIDE = 1024  # px: what the search for an outline works with
OUTLINED = ("upper_body", "lower_body", "dress")  # what an outline can tell; a bag's looks like a top's
AGREEMENT = 0.05  # added when the outline says the same as the words
DOUBT = 0.35  # of the outline's confidence, taken off when it says something else
MOST = 0.99


class Categorizer:
    """Thread-safe: keeps nothing between calls."""

    def __init__(self, gate: CpuGate, limits: ImageLimits | None = None) -> None:
        self._gate = gate
        self._limits = limits or ImageLimits()

    def categorize(self, title: str | None, image: bytes | None) -> dict[str, Any]:
        """`{category, type, color, on_model, confidence}`; what nobody tells is None. `confidence` is the category's.

        `image`: as somebody sent it. Raises what `prepare_photo` raises for pictures that are none.
        """
        words = categorize_words(title=title) if title else None
        seen = self._look(image, words.category if words else None) if image else None
        category, type_, confidence = _agreed(words, seen)
        return {
            "category": category,
            "type": type_,
            "color": seen.color if seen else None,
            "on_model": seen.on_model if seen else None,
            "confidence": confidence,
        }

    def _look(self, image: bytes, wanted: str | None) -> PictureVerdict:
        photo = prepare_photo(image, self._limits, self._gate, max_side=LOOKING_SIDE)
        return look_at(photo.data, self._gate, wanted=wanted)


def _agreed(words: WordsVerdict | None, seen: PictureVerdict | None) -> tuple[str | None, str | None, float]:
    """The words' category; its confidence rises or falls by what the outline says about things that have one."""
    if words is None:
        return (seen.category, seen.type, seen.category_confidence) if seen else (None, None, 0.0)
    confidence = words.confidence
    if seen and seen.category and words.category in OUTLINED:
        same = seen.category == words.category
        confidence += AGREEMENT if same else -DOUBT * seen.category_confidence
    return words.category, words.type, round(min(MOST, confidence), 2)
