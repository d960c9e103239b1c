"""Exporting a wardrobe: pictures as they are stored, then the document that tells what they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, Protocol

import orjson

from features.archive.document import FORMAT, NAME, VERSION
from features.archive.limits import ENTRY_BYTES, MEGABYTE, PART_BYTES, PART_ITEMS
from features.archive.zip_stream import ZipStream
from features.outfits.model import Outfit, OutfitFilter, OutfitTable
from features.wardrobe.category_service import CategoryTree
from features.wardrobe.filters import LARGEST_ID, ItemFilter, Sort, cursor_after
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.wear_model import WearTable
from shared.clock import Clock, to_text, utc_now
from shared.errors import NotFoundError
from shared.logger import get_logger
from shared.storage import StorageService

_AT_ONCE = 200
_TAKEN = (
    "uid", "title", "brand", "color", "size", "description", "price", "currency", "category", "category_section",
    "garment_category_type", "garment_type", "fabric", "care_instructions", "tags", "favorite", "garment_url",
    "is_external", "size_chart",
)  # fmt: skip
_OF_A_SECTION = ("name", "display_name", "description", "icon_name", "icon_url", "sort_order")
_OF_A_CATEGORY = ("name", "description", "category_section")
log = get_logger(__name__)


class KnowsNames(Protocol):
    def tree(self, user_id: str) -> CategoryTree: ...


@dataclass(frozen=True)
class Part:
    """The items behind `after` up to `last`, and the outfits that need none behind it; `last` None: to the end."""

    user_id: str
    after: int
    last: int | None

    def holds(self, item_ids: Sequence[int]) -> bool:
        """Whether an outfit of these belongs here: with its newest item, so that no part needs a later one."""
        newest = max(item_ids, default=None)
        if newest is None or self.last is None:
            return self.last is None and (newest is None or newest > self.after)
        return self.after < newest <= self.last


@dataclass(frozen=True)
class _Found:
    """`pictures`: by fields of the document, names and bytes."""

    item: WardrobeItem
    pictures: Mapping[str, tuple[str, bytes]]


class WardrobeExport:
    """Rows are read while the archive leaves: what is deleted meanwhile may be missing, and nothing is half there."""

    def __init__(
        self,
        items: WardrobeTable,
        outfits: OutfitTable,
        wears: WearTable,
        names: KnowsNames,
        storage: StorageService,
        most_bytes: int,
        clock: Clock = utc_now,
    ) -> None:
        """`most_bytes`: of an import's request."""
        self._items = items
        self._outfits = outfits
        self._wears = wears
        self._names = names
        self._storage = storage
        self._part_bytes = min(PART_BYTES, most_bytes * 3 // 4)
        self._clock = clock

    def part(self, user_id: str, after: int | None) -> Part:
        """None: everything. Else what fits into one import of the items behind this id, at least one."""
        if after is None:
            return Part(user_id, 0, None)
        last, size = after, 0
        for number, item in enumerate(self._behind(user_id, after)):
            size += self._size(item)
            if number and (size > self._part_bytes or number == PART_ITEMS):
                return Part(user_id, after, last)
            last = item.id
        return Part(user_id, after, None)

    def stream(self, part: Part) -> Iterator[bytes]:
        """A ZIP, piece by piece."""
        archive = ZipStream(self._clock())
        with tempfile.SpooledTemporaryFile(4 * MEGABYTE) as lines:
            for item in self._items_of(part):
                found = self._read(item)
                if found is not None:
                    for name, data in found.pictures.values():
                        yield archive.picture(name, data)
                    lines.write(orjson.dumps(self._entry(found)) + b"\n")
            lines.seek(0)
            yield from archive.text(NAME, self._document(part, lines))
        yield archive.end()

    # --- items -----------------------------------------------------------------------------------------------------

    def _items_of(self, part: Part) -> Iterator[WardrobeItem]:
        last = LARGEST_ID if part.last is None else part.last
        return takewhile(lambda item: item.id <= last, self._behind(part.user_id, part.after))

    def _behind(self, user_id: str, after: int) -> Iterator[WardrobeItem]:
        """In the order of arrival, some rows at a time."""
        while True:
            wanted = ItemFilter(sort=Sort.OLDEST, limit=_AT_ONCE, cursor=cursor_after(Sort.OLDEST, after, after))
            items, more = self._items.page(user_id, wanted)
            yield from items
            if more is None:
                return
            after = items[-1].id

    def _size(self, item: WardrobeItem) -> int:
        try:
            return ENTRY_BYTES + sum(self._storage.size(key) for key in _shown(item).values())
        except NotFoundError:
            return ENTRY_BYTES

    def _read(self, item: WardrobeItem) -> _Found | None:
        """None: it is not there any more, or its picture is lost."""
        try:
            read = {what: (_name(item, key), self._storage.read_image(key)) for what, key in _shown(item).items()}
            return _Found(item, read)
        except NotFoundError:
            now = self._items.get(item.user_id, item.id)
            if now is not None and now != item:
                return self._read(now)  # it was changed between the row and the file
            log.warning("an item is not in the export", extra={"item_id": item.id, "deleted": now is None})
            return None

    def _entry(self, found: _Found) -> dict[str, Any]:
        item = found.item
        own = item.custom_category_name if item.category_id is not None else None
        return {
            **_taken(item, _TAKEN),
            "own_category": own,
            "custom_category_name": None if own else item.custom_category_name,
            **{what: name for what, (name, _) in found.pictures.items()},
            "worn_on": self._wears.days(item.user_id, [item.id])[item.id],
            **_times(item, "date_added", "created_at", "updated_at"),
        }

    # --- the document ----------------------------------------------------------------------------------------------

    def _document(self, part: Part, lines: Iterable[bytes]) -> Iterator[bytes]:
        """`next_after`: as in the link to the next part; null on the last."""
        tree = self._names.tree(part.user_id)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": to_text(self._clock()),
            "next_after": part.last,
            "sections": [_taken(one, _OF_A_SECTION) for one in tree.sections if one.user_id is not None],
            "categories": [_taken(one, _OF_A_CATEGORY) for one in tree.categories if one.user_id is not None],
        }
        yield orjson.dumps(head).removesuffix(b"}") + b',"items":['
        yield from _listed(line.rstrip(b"\n") for line in lines)
        yield b'],"outfits":['
        yield from _listed(orjson.dumps(entry) for entry in self._outfit_entries(part))
        yield b"]}"

    def _outfit_entries(self, part: Part) -> Iterator[dict[str, Any]]:
        """Oldest first."""
        user_id = part.user_id
        outfit_uids = {number: uid for uid, number in self._outfits.uids(user_id).items()}
        item_uids = {number: uid for uid, number in self._items.uids(user_id).items()}
        for outfit in reversed(list(self._all_outfits(user_id))):
            members = self._outfits.members(user_id, [outfit.id])[outfit.id]
            if outfit.id in outfit_uids and part.holds(members):
                yield {
                    **_taken(outfit, ("name", "notes", "tags")),
                    "uid": outfit_uids[outfit.id],
                    "items": [item_uids[number] for number in members if number in item_uids],
                    "worn_on": self._outfits.days(user_id, [outfit.id])[outfit.id],
                    **_times(outfit, "created_at", "updated_at"),
                }

    def _all_outfits(self, user_id: str) -> Iterator[Outfit]:
        cursor: str | None = None
        while True:
            outfits, cursor = self._outfits.page(user_id, OutfitFilter(limit=_AT_ONCE, cursor=cursor))
            yield from outfits
            if cursor is None:
                return


def _shown(item: WardrobeItem) -> dict[str, str]:
    """Storage keys of what goes along; thumbnails are made anew."""
    cut_out = {"cut_out": item.image_path} if item.background_removed else {}
    return {"picture": item.original_path, **cut_out}


def _name(item: WardrobeItem, key: str) -> str:
    suffix = PurePosixPath(key).suffix
    return f"images/{item.uid}{suffix}" if key == item.original_path else f"images/{item.uid}-cutout{suffix}"


def _taken(thing: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _times(thing: object, *names: str) -> dict[str, str]:
    return {name: to_text(getattr(thing, name)) for name in names}


def _listed(entries: Iterable[bytes]) -> Iterator[bytes]:
    for number, entry in enumerate(entries):
        yield (b",\n" if number else b"") + entry
