"""Use cases of outfits: named sets of items of the own wardrobe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from features.outfits.covers import DRESSING, OutfitCovers, role_of
from features.outfits.model import Outfit, OutfitFilter, OutfitTable
from features.outfits.schemas import LONGEST_NAME, OutfitView
from features.wardrobe.model import WardrobeItem
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import ConflictError, NotFoundError

COVERS_A_PAGE = 2
"""How many covers one look at a list may make (up to a second each); the others wait until they are asked for."""

COPY = " (copy)"


class KnowsItems(Protocol):
    def get_many(self, user_id: str, item_ids: Sequence[int]) -> list[WardrobeItem]:
        """Those that are the user's, in the order asked for."""


class NotesWears(Protocol):
    def day(self, asked: date | None) -> date:
        """The day meant; None: today. Raises ValidationError for a day on which nothing can have been worn."""

    def record(self, user_id: str, item_ids: Sequence[int], worn_on: date) -> None:
        """Note a day for all of them or for none, inside the caller's unit of work. Raises ConflictError."""


class OutfitService:
    def __init__(
        self,
        db: DatabaseManager,
        outfits: OutfitTable,
        wardrobe: KnowsItems,
        wears: NotesWears,
        covers: OutfitCovers,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._outfits = outfits
        self._wardrobe = wardrobe
        self._wears = wears
        self._covers = covers
        self._clock = clock

    # --- look ------------------------------------------------------------------------------------------------------

    def get(self, user_id: str, outfit_id: int) -> OutfitView:
        """Raises NotFoundError, as every method here that takes an outfit's id."""
        return self._view(self._existing(user_id, outfit_id))

    def page(self, user_id: str, wanted: OutfitFilter) -> tuple[list[OutfitView], str | None]:
        """Newest first, and the cursor of the next page. Raises ValidationError for a cursor that is not ours."""
        outfits, cursor = self._outfits.page(user_id, wanted)
        return self._views(user_id, outfits), cursor

    def items_of(self, user_id: str, outfit_id: int) -> list[WardrobeItem]:
        """In the order in which they are put on; none when all of them were deleted."""
        outfit = self._existing(user_id, outfit_id)
        return sorted(self._items(user_id, [outfit])[outfit.id], key=lambda item: DRESSING.index(role_of(item)))

    def _view(self, outfit: Outfit) -> OutfitView:
        return self._views(outfit.user_id, [outfit])[0]

    def _views(self, user_id: str, outfits: Sequence[Outfit]) -> list[OutfitView]:
        items = self._items(user_id, outfits)
        stale = [outfit.id for outfit in outfits if not self._covers.is_current(outfit, items[outfit.id])]
        waiting = frozenset(stale[COVERS_A_PAGE:])
        return [
            OutfitView(
                outfit,
                items[outfit.id],
                None if outfit.id in waiting else self._covers.fresh(outfit, items[outfit.id]),
            )
            for outfit in outfits
        ]

    def _items(self, user_id: str, outfits: Sequence[Outfit]) -> Mapping[int, list[WardrobeItem]]:
        """Of each outfit, in its order. One that was deleted between the two looks has left its outfits."""
        members = self._outfits.members(user_id, [outfit.id for outfit in outfits])
        wanted = list(dict.fromkeys(item_id for ids in members.values() for item_id in ids))
        found = {item.id: item for item in self._wardrobe.get_many(user_id, wanted)}
        return {
            outfit_id: [found[item_id] for item_id in ids if item_id in found] for outfit_id, ids in members.items()
        }

    def _existing(self, user_id: str, outfit_id: int) -> Outfit:
        return _there(self._outfits.get(user_id, outfit_id))

    # --- change ----------------------------------------------------------------------------------------------------

    def add(self, user_id: str, values: Mapping[str, Any], item_ids: Sequence[int]) -> OutfitView:
        """`values`: name, notes, tags. Raises NotFoundError (an item that is not the user's)."""
        with self._db.transaction():
            self._refuse_unknown(user_id, item_ids)
            outfit = self._outfits.add(user_id, values, item_ids, self._clock())
        return self._view(outfit)

    def update(
        self, user_id: str, outfit_id: int, values: Mapping[str, Any], item_ids: Sequence[int] | None = None
    ) -> OutfitView:
        """Only what is named in `values`; `item_ids` replaces all of its items. Raises what `add` raises."""
        with self._db.transaction():
            outfit = self._existing(user_id, outfit_id)
            self._refuse_unknown(user_id, item_ids or ())
            if values or item_ids is not None:
                outfit = _there(self._outfits.update(outfit, values, item_ids, self._clock()))
        return self._view(outfit)

    def clone(self, user_id: str, outfit_id: int) -> OutfitView:
        """The same garments under another name; the copy has not been worn yet."""
        with self._db.transaction():
            outfit = self._existing(user_id, outfit_id)
            item_ids = self._outfits.members(user_id, [outfit.id])[outfit.id]
            name = outfit.name[: LONGEST_NAME - len(COPY)] + COPY
            values = {"name": name, "notes": outfit.notes, "tags": outfit.tags}
            copy = self._outfits.add(user_id, values, item_ids, self._clock())
        return self._view(copy)

    def delete(self, user_id: str, outfit_id: int) -> None:
        """The items stay."""
        with self._db.transaction():
            outfit = self._existing(user_id, outfit_id)
            self._outfits.delete(outfit)
        self._covers.discard(outfit.cover_path)

    def worn(self, user_id: str, outfit_id: int, worn_on: date | None = None) -> OutfitView:
        """All of its items were worn on a day (None: today, in UTC), and so was the outfit; the same day counts once.

        Raises ValidationError (the day), ConflictError (no items, or one of them is on the wishlist).
        """
        with self._db.transaction():
            outfit = self._existing(user_id, outfit_id)
            item_ids = self._outfits.members(user_id, [outfit.id])[outfit.id]
            if not item_ids:
                raise ConflictError("The outfit has no items (any more), so there is nothing to wear.")
            day = self._wears.day(worn_on)
            self._wears.record(user_id, item_ids, day)
            self._outfits.note_days(outfit, [day], self._clock())
        return self.get(user_id, outfit_id)

    def _refuse_unknown(self, user_id: str, item_ids: Sequence[int]) -> None:
        known = {item.id for item in self._wardrobe.get_many(user_id, item_ids)}
        unknown = ", ".join(str(item_id) for item_id in item_ids if item_id not in known)
        if unknown:
            raise NotFoundError(
                "Not all of these items are in your wardrobe.",
                details={"fields": {"item_ids": f"not found: {unknown}"}},
            )

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"outfits": self._outfits.count(user_id)}

    def erase(self, user_id: str) -> dict[str, int]:
        """Covers lie among the pictures of the wardrobe, which go all together."""
        return {}

    def belongs(self, key: str) -> bool:
        """Whether a stored picture is the cover of an outfit now."""
        return self._covers.belongs(key)


def _there(outfit: Outfit | None) -> Outfit:
    if outfit is None:
        raise NotFoundError("There is no such outfit.")
    return outfit
