"""Garments that are in the wardrobe already: an item or an outfit becomes pictures, types and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from features.tryon.request import MOST_GARMENTS, GarmentWish
from features.wardrobe.model import WardrobeItem
from shared.engines.base import GarmentType
from shared.errors import ValidationError
from shared.image_formats import ImageLimits, PictureFormat
from shared.image_processing import PreparedImage, validate_image

LONGEST_DETAIL = 200


class KnowsItems(Protocol):
    """Raises NotFoundError for what is not the user's."""

    def get(self, user_id: str, item_id: int) -> WardrobeItem: ...

    def picture(self, user_id: str, item_id: int) -> bytes: ...


class KnowsOutfits(Protocol):
    def items_of(self, user_id: str, outfit_id: int) -> list[WardrobeItem]:
        """In the order in which they are put on. Raises NotFoundError."""


class Closet:
    def __init__(self, wardrobe: KnowsItems, outfits: KnowsOutfits, limits: ImageLimits) -> None:
        self._wardrobe = wardrobe
        self._outfits = outfits
        self._limits = limits

    def brought(self, user_id: str, wishes: Sequence[GarmentWish]) -> tuple[GarmentWish, ...]:
        """The wishes with a picture in place of each id; what is not from the wardrobe stays as it is.

        Raises NotFoundError, ValidationError (an outfit without items, or with more than can be worn at once).
        """
        return tuple(garment for wish in wishes for garment in self._garments(user_id, wish))

    def _garments(self, user_id: str, wish: GarmentWish) -> list[GarmentWish]:
        if wish.outfit_id is not None:
            return [self._garment(item, wish) for item in self._outfit(user_id, wish.outfit_id)]
        if wish.item_id is not None:
            return [self._garment(self._wardrobe.get(user_id, wish.item_id), wish)]
        return [wish]

    def _outfit(self, user_id: str, outfit_id: int) -> list[WardrobeItem]:
        items = self._outfits.items_of(user_id, outfit_id)
        if not 1 <= len(items) <= MOST_GARMENTS:
            sentence = f"must have 1 to {MOST_GARMENTS} items to be tried on at once; this one has {len(items)}"
            raise ValidationError(f"The outfit {sentence}.", fields={"outfit_id": sentence})
        return items

    def _garment(self, item: WardrobeItem, wish: GarmentWish) -> GarmentWish:
        picture = self._wardrobe.picture(item.user_id, item.id)
        return GarmentWish(_worn_as(item, wish), wish.field, self._prepared(picture), item.garment_url, _details(item))

    def _prepared(self, picture: bytes) -> PreparedImage:
        """As it is: it was prepared when it came into the wardrobe, and another turn would cost time and sharpness."""
        seen = validate_image(picture, limits=self._limits)
        return PreparedImage(picture, seen.mime, seen.width, seen.height, has_alpha=seen.mime == PictureFormat.PNG)


def _worn_as(item: WardrobeItem, wish: GarmentWish) -> GarmentType:
    """The client's word wins for an item; the garments of an outfit are not all worn in one way."""
    if wish.item_id is not None and wish.garment_type is not GarmentType.AUTO:
        return wish.garment_type
    return GarmentType(item.garment_type or GarmentType.AUTO)


def _details(item: WardrobeItem) -> dict[str, str]:
    kind = item.category or item.garment_category_type
    found = {
        "title": item.title,
        "brand": item.brand,
        "category": kind.replace("_", " ") if kind else item.custom_category_name,
        "color": item.color,
        "material": ", ".join(_share(share) for share in item.fabric),
    }
    return {name: value[:LONGEST_DETAIL] for name, value in found.items() if value}


def _share(share: Mapping[str, Any]) -> str:
    percentage = share.get("percentage")
    return share["name"] if percentage is None else f"{percentage:g} % {share['name']}"
