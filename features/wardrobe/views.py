"""An item as clients see it; outfits and others show the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from features.wardrobe.model import WardrobeItem
from features.wardrobe.service import AddedItem
from features.wardrobe.wear_model import cost_per_wear
from shared.clock import to_text

AddressOf = Callable[[str], str]
POSSIBLE_DUPLICATE = {"code": "possible_duplicate", "message": "An item with this picture is in the wardrobe already."}
_AS_IT_IS = (
    "id", "user_id", "background_removed", "title", "brand", "color", "size", "description", "price", "currency",
    "category", "custom_category_name", "category_section", "garment_category_type", "garment_type", "favorite",
    "garment_url", "is_external", "wear_count",
)  # fmt: skip


def item_view(item: WardrobeItem, url_of: AddressOf, path_of: AddressOf) -> dict[str, Any]:
    """`url_of`: the signed address of a storage key; `path_of`: the one that only names it."""
    return {
        **{name: getattr(item, name) for name in _AS_IT_IS},
        "image_path": path_of(item.image_path),
        "image_url": url_of(item.image_path),
        "thumbnail_url": url_of(item.thumbnail_path),
        "category_id": item.category_id or item.platform_category_id,
        "fabric": [dict(share) for share in item.fabric],
        "care_instructions": list(item.care_instructions),
        "tags": list(item.tags),
        "last_worn_on": item.last_worn_on.isoformat() if item.last_worn_on else None,
        "cost_per_wear": cost_per_wear(item.price, item.wear_count),
        **{name: to_text(getattr(item, name)) for name in ("date_added", "created_at", "updated_at")},
    }


def added_view(added: AddedItem, url_of: AddressOf, path_of: AddressOf) -> dict[str, Any]:
    warnings: list[dict[str, Any]] = [{"code": notice.code, "message": notice.message} for notice in added.warnings]
    if added.duplicate_of is not None:
        warnings.append({**POSSIBLE_DUPLICATE, "item_id": added.duplicate_of})
    return {**item_view(added.item, url_of, path_of), "warnings": warnings}
