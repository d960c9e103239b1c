"""What an item is: its section, its category, and how it is worn, from what a person says or else from its looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from features.garments.categories import garment_type_of
from features.garments.category_words import WEARABLE, Kind
from shared.errors import ValidationError

GARMENT_CATEGORIES = ("upper_body", "lower_body", "dress", "shoes", "accessory")
PLATFORM: dict[str, Kind] = {kind.platform: kind for kind in WEARABLE.values() if kind.platform}
"""Identifiers of the platform's categories and what they mean to a try-on."""


class ResolvedCategory(Protocol):
    """`category`: identifier of a platform category; `category_id`: a person's own category. One of them is None."""

    @property
    def category(self) -> str | None: ...

    @property
    def category_id(self) -> int | None: ...


class KnowsCategories(Protocol):
    """Raises ValidationError that names the field."""

    def section_of(self, user_id: str, name: str) -> str:
        """The section's name as it is stored."""

    def category_of(self, user_id: str, category_id: int) -> ResolvedCategory:
        """Of the platform or the person's own."""


class Categorizes(Protocol):
    def categorize(self, title: str | None, image: bytes | None, image_url: str | None) -> dict[str, Any]: ...


class ItemKinds:
    def __init__(self, categories: KnowsCategories, garments: Categorizes) -> None:
        self._categories = categories
        self._garments = garments

    def columns(self, user_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What a person says, as it is stored; what is not said stays unsaid. Raises ValidationError."""
        found = dict(said)
        if "category_section" in found:
            found["category_section"] = self._categories.section_of(user_id, found["category_section"])
        self._resolve(user_id, found)
        if (word := found.get("category")) and word not in PLATFORM:
            found["category"] = None
            _unless_said(found, {"garment_category_type": known_category(word)})
        if kind := PLATFORM.get(found.get("category") or ""):
            _unless_said(found, {"garment_category_type": kind.category, "garment_type": kind.garment_type})
        if found.get("garment_category_type"):
            _unless_said(found, {"garment_type": garment_type_of(None, found["garment_category_type"])})
        return found

    def _resolve(self, user_id: str, found: dict[str, Any]) -> None:
        """An id of the platform is kept as its name. To take the id away takes away that name, too."""
        if found.get("category_id") is not None:
            resolved = self._categories.category_of(user_id, found["category_id"])
            found["category_id"] = resolved.category_id
            if resolved.category is not None:
                found["category"] = resolved.category
        elif "category_id" in found:
            found.setdefault("category", None)

    def guessed(self, item: Mapping[str, Any], image: bytes) -> dict[str, Any]:
        """How it is worn, where that is not known yet: by the title, and where that is silent by the picture."""
        if item.get("garment_category_type"):
            return {}
        title = item.get("title")
        seen = self._garments.categorize(title, None, None) if title else {}
        if not seen.get("category"):
            seen = self._garments.categorize(None, image, None)
        if seen["category"] not in GARMENT_CATEGORIES:
            return {}
        types = {"garment_category_type": seen["category"]}
        worn = item.get("garment_type") or garment_type_of(seen["type"], seen["category"])
        return {**types, "garment_type": worn}


def known_category(word: str) -> str:
    """Raises ValidationError for anything but a word of GARMENT_CATEGORIES."""
    if word not in GARMENT_CATEGORIES:
        known = ", ".join((*PLATFORM, *GARMENT_CATEGORIES))
        raise ValidationError("There is no such category.", fields={"category": f"must be one of {known}"})
    return word


def _unless_said(found: dict[str, Any], derived: Mapping[str, Any]) -> None:
    found |= {name: value for name, value in derived.items() if name not in found}
