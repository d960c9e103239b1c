"""Importing an archive: looked through as a whole, then pictures, then all rows in one unit of work, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

from features.archive.document import ArchivedItem, ArchivedOutfit, Document
from features.archive.limits import MOST_PIXELS
from features.archive.reader import Archive, open_archive
from features.outfits.model import Outfit, OutfitTable
from features.wardrobe.category_restore import CategoryRestore
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.pictures import ItemPictures
from features.wardrobe.wear_model import WearTable
from features.wardrobe.wear_service import AHEAD, EARLIEST_DAY
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import PayloadTooLargeError, ValidationError, naming_field
from shared.image_as_stored import as_stored
from shared.image_formats import ImageLimits, open_picture
from shared.image_processing import PreparedImage
from shared.logger import get_logger

LEFT_OUT = "An item of this outfit is not in this wardrobe. Import the part that has it, then this one again."
KINDS = ("items", "outfits", "sections", "categories", "wear_days")
_TAKEN = (
    "title", "brand", "color", "size", "description", "price", "currency", "category", "custom_category_name",
    "garment_category_type", "garment_type", "care_instructions", "tags", "favorite", "garment_url", "is_external",
    "size_chart", "date_added", "created_at", "updated_at", "uid",
)  # fmt: skip
log = get_logger(__name__)


@dataclass(frozen=True)
class Imported:
    """How many of KINDS were added and how many were there. `left_out`: names of outfits of which an item is not in
    this wardrobe; once it is, the same archive brings them."""

    added: Mapping[str, int]
    already_there: Mapping[str, int]
    left_out: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": dict(self.added),
            "already_there": dict(self.already_there),
            "failed": [{"outfit": name, "message": LEFT_OUT} for name in self.left_out],
        }


@dataclass(frozen=True)
class _Picture:
    """`columns`: of an item's row. `keys`: of all files that were made."""

    columns: Mapping[str, Any]
    keys: frozenset[str]


class WardrobeImport:
    def __init__(
        self,
        db: DatabaseManager,
        items: WardrobeTable,
        outfits: OutfitTable,
        pictures: ItemPictures,
        limits: ImageLimits,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._items = items
        self._outfits = outfits
        self._pictures = pictures
        self._limits = limits
        self._wears = WearTable(db)
        self._names = CategoryRestore(db, clock)
        self._clock = clock

    def load(self, user_id: str, stream: IO[bytes]) -> Imported:
        """What is there already, by its uid, stays as it is.

        Raises UnsupportedMediaTypeError, PayloadTooLargeError, ValidationError, ImageRejectedError, ConflictError; then
        the wardrobe is as it was.
        """
        with open_archive(stream) as archive, ExitStack() as undo:
            found = archive.document()
            self._check_days(found)
            known = self._items.uids(user_id)
            new = [item for item in found.items if item.uid not in known]
            self._look_through(archive, new)
            pictures = {item.uid: self._stored(undo, user_id, archive, item) for item in new}
            with self._db.transaction():
                imported, used = self._write(user_id, found, pictures)
            undo.pop_all()
        self._pictures.discard({key for picture in pictures.values() for key in picture.keys} - used)
        log.info("wardrobe imported", extra={"user_id": user_id, "added": imported.added})
        return imported

    # --- looking through -------------------------------------------------------------------------------------------

    def _check_days(self, found: Document) -> None:
        last = self._clock().date() + AHEAD
        days = found.days()
        if days and not (min(days) >= EARLIEST_DAY and max(days) <= last):
            raise ValidationError(
                "A day on which something was worn is none on which that can have been. Nothing was imported.",
                fields={"worn_on": f"must be from {EARLIEST_DAY.isoformat()} to today"},
            )

    def _look_through(self, archive: Archive, items: Sequence[ArchivedItem]) -> None:
        """By the headers: what is no picture is found before the first file is written."""
        pixels = 0
        for item in items:
            for name in filter(None, (item.picture, item.cut_out)):
                with naming_field(name):
                    picture = open_picture(self._read(archive, name), self._limits)
                pixels += picture.width * picture.height
        if pixels > MOST_PIXELS:
            raise PayloadTooLargeError("All pictures of the archive together are too large. Import it in parts.")

    def _read(self, archive: Archive, name: str) -> bytes:
        return archive.read(name, self._limits.max_bytes)

    # --- pictures --------------------------------------------------------------------------------------------------

    def _stored(self, undo: ExitStack, user_id: str, archive: Archive, item: ArchivedItem) -> _Picture:
        with naming_field(item.picture):
            original = self._pictures.store(undo, user_id, self._as_it_is(archive, item.picture))
        columns = original.columns()
        keys = {original.image_path, original.thumbnail_path}
        if item.cut_out is not None:
            with naming_field(item.cut_out):
                freed = self._as_it_is(archive, item.cut_out)
                shown = self._pictures.store_cut_out(undo, user_id, original.original_path, freed)
            columns |= shown.columns()
            keys |= {shown.image_path, shown.thumbnail_path}
        return _Picture(columns, frozenset(keys))

    def _as_it_is(self, archive: Archive, name: str) -> bytes | PreparedImage:
        data = self._read(archive, name)
        return as_stored(data, self._limits) or data

    # --- rows ------------------------------------------------------------------------------------------------------

    def _write(self, user_id: str, found: Document, pictures: Mapping[str, _Picture]) -> tuple[Imported, set[str]]:
        """And the keys of the pictures that rows name now: another import of the same may have been quicker."""
        added: Counter[str] = Counter()
        added["sections"] = self._names.sections(user_id, [section.columns() for section in found.sections])
        added["categories"] = self._names.categories(user_id, [item.model_dump() for item in found.categories])
        ids = dict(self._items.uids(user_id))
        used: set[str] = set()
        for item in found.items:
            if item.uid not in ids:
                stored = self._items.add(self._item(user_id, item, pictures[item.uid]))
                ids[item.uid] = stored.id
                used.update(stored.keys)
                added["items"] += 1
        added["wear_days"] = self._add_days(user_id, found.items, ids)
        added["outfits"], left_out = self._add_outfits(user_id, found.outfits, ids)
        counted = _counted(found)
        there = {kind: counted[kind] - added[kind] for kind in KINDS}
        there["outfits"] -= len(left_out)
        return Imported({kind: added[kind] for kind in KINDS}, there, left_out), used

    def _item(self, user_id: str, item: ArchivedItem, picture: _Picture) -> WardrobeItem:
        own = self._names.category_of(user_id, item.own_category) if item.own_category is not None else None
        return WardrobeItem(
            user_id=user_id,
            category_section=self._names.section_of(user_id, item.category_section),
            category_id=own,
            fabric=[share.stored() for share in item.fabric],
            **{name: getattr(item, name) for name in _TAKEN},
            **picture.columns,
        )

    def _add_days(self, user_id: str, items: Sequence[ArchivedItem], ids: Mapping[str, int]) -> int:
        there = {key: set(days) for key, days in self._wears.days(user_id, [ids[item.uid] for item in items]).items()}
        wanted = {(ids[item.uid], day) for item in items for day in item.worn_on}
        new = sorted((item_id, day) for item_id, day in wanted if day not in there[item_id])
        self._wears.add_days(user_id, new, self._clock())
        return len(new)

    def _add_outfits(
        self, user_id: str, outfits: Sequence[ArchivedOutfit], ids: Mapping[str, int]
    ) -> tuple[int, list[str]]:
        known = self._outfits.uids(user_id)
        added, left_out = 0, []
        for outfit in outfits:
            if outfit.uid in known:
                continue
            if any(uid not in ids for uid in outfit.items):
                left_out.append(outfit.name)
                continue
            self._add_outfit(user_id, outfit, ids)
            added += 1
        return added, left_out

    def _add_outfit(self, user_id: str, outfit: ArchivedOutfit, ids: Mapping[str, int]) -> None:
        whole = Outfit(
            id=0, user_id=user_id, name=outfit.name, notes=outfit.notes, tags=outfit.tags, cover_path=None,
            cover_of=None, wear_count=0, last_worn_on=None, created_at=outfit.created_at, updated_at=outfit.updated_at,
        )  # fmt: skip
        added = self._outfits.restore(outfit.uid, whole, [ids[uid] for uid in outfit.items])
        self._outfits.note_days(added, sorted(set(outfit.worn_on)), self._clock())


def _counted(found: Document) -> Counter[str]:
    """What the archive holds, by KINDS."""
    return Counter(
        items=len(found.items),
        outfits=len(found.outfits),
        sections=len(found.sections),
        categories=len(found.categories),
        wear_days=sum(len(set(item.worn_on)) for item in found.items),
    )
