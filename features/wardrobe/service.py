"""Use cases of the items of a wardrobe. Files come before their row; a row's old files go after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from features.wardrobe.filters import ItemFilter
from features.wardrobe.kinds import PLATFORM, ItemKinds, KnowsCategories, known_category
from features.wardrobe.links import LinkedItems, merged
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.pictures import ItemPictures, ShownPicture, originals_of
from features.wardrobe.tried_on import KnowsJobs
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.engines.base import Notice
from shared.errors import ConflictError, NotFoundError, ValidationError
from shared.image_hash import nearest
from shared.image_processing import PreparedImage


@dataclass(frozen=True)
class NewItem:
    """`said`: what the person says, by names of model.CHANGEABLE, checked in form (schemas) but not yet against the
    person's sections and categories. A picture goes before a try-on, whose garment `job_id` (and `garment_index`, where
    there are several) names, and that before a link: with `image` nothing is fetched."""

    said: Mapping[str, Any]
    image: bytes | PreparedImage | None = None
    upload_key: str | None = None
    job_id: str | None = None
    garment_index: int | None = None


@dataclass(frozen=True)
class AddedItem:
    """`warnings`: what the person should know about the new item. `duplicate_of`: an item whose picture looks the same.
    `existed`: nothing was added, the upload key is that of this item."""

    item: WardrobeItem
    warnings: tuple[Notice, ...] = field(default=())
    duplicate_of: int | None = None
    existed: bool = False


class WardrobeService:
    def __init__(
        self,
        db: DatabaseManager,
        items: WardrobeTable,
        pictures: ItemPictures,
        categories: KnowsCategories,
        kinds: ItemKinds,
        links: LinkedItems,
        jobs: KnowsJobs,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._items = items
        self.pictures = pictures
        self._categories = categories
        self._kinds = kinds
        self._links = links
        self._jobs = jobs
        self._clock = clock

    # --- look ------------------------------------------------------------------------------------------------------

    def get(self, user_id: str, item_id: int) -> WardrobeItem:
        """Raises NotFoundError, as every method here that takes an item's id."""
        return _existing(self._items.get(user_id, item_id))

    def get_many(self, user_id: str, item_ids: Sequence[int]) -> list[WardrobeItem]:
        """In this order, each once. Raises NotFoundError when one is not the user's."""
        found = self._items.get_many(user_id, item_ids)
        if len(found) < len(set(item_ids)):
            raise NotFoundError("Not all of these items are in the wardrobe (any more).")
        return found

    def item_for_fitting(self, user_id: str, item_id: int) -> WardrobeItem:
        """`category`: the most exact one that is known."""
        item = self.get(user_id, item_id)
        return replace(item, category=item.category or item.garment_category_type)

    def page(self, user_id: str, wanted: ItemFilter) -> tuple[list[WardrobeItem], str | None]:
        """And the cursor of the next page. Raises ValidationError: sections, categories and cursors that are none."""
        return self._items.page(user_id, self._checked(user_id, wanted))

    def total(self, user_id: str, wanted: ItemFilter) -> int | None:
        """How many items fit in all; None beyond the first page and for a search, where counting is not cheap."""
        if wanted.cursor is not None or wanted.search is not None:
            return None
        return self._items.count(user_id, self._checked(user_id, wanted))

    def picture(self, user_id: str, item_id: int) -> bytes:
        """What is shown: JPEG, or PNG with alpha."""
        item = self.get(user_id, item_id)
        try:
            return self.pictures.read(item.image_path)
        except NotFoundError:
            if self._items.get(user_id, item_id) == item:
                raise
        return self.picture(user_id, item_id)  # it was replaced between the row and the file

    def _checked(self, user_id: str, wanted: ItemFilter) -> ItemFilter:
        """As the rows say it. Raises ValidationError for what there is not."""
        if wanted.category_section is not None:
            section = self._categories.section_of(user_id, wanted.category_section)
            wanted = replace(wanted, category_section=section)
        if wanted.category is not None and wanted.category not in PLATFORM:
            known_category(wanted.category)
        if wanted.category_id is not None:
            found = self._categories.category_of(user_id, wanted.category_id)
            wanted = replace(wanted, category_id=found.category_id, platform_category=found.category)
        return wanted

    # --- add -------------------------------------------------------------------------------------------------------

    def add(self, user_id: str, new: NewItem) -> AddedItem:
        """With an upload key that was used before: that item, as it is now.

        Raises ValidationError, ExtractionError (the link), what `prepare_photo` raises, what `KnowsJobs` raises. Then
        nothing is left behind.
        """
        try:
            return self._of_key(user_id, new.upload_key) or self._made(user_id, new)
        except ConflictError:
            if there := self._of_key(user_id, new.upload_key):  # another request with this key was quicker
                return there
            raise

    def check(self, user_id: str, said: Mapping[str, Any]) -> None:
        """Raises ValidationError for a section or a category that is none of the person's."""
        self._kinds.columns(user_id, {name: value for name, value in said.items() if value is not None})

    def _of_key(self, user_id: str, upload_key: str | None) -> AddedItem | None:
        item = self._items.by_upload_key(user_id, upload_key) if upload_key is not None else None
        return AddedItem(item, existed=True) if item else None

    def _made(self, user_id: str, new: NewItem) -> AddedItem:
        said = {name: value for name, value in new.said.items() if value is not None}
        columns = self._kinds.columns(user_id, said)
        image = new.image
        if image is None and new.job_id is not None:
            image, known = self._tried_on(user_id, new.job_id, new.garment_index)
            columns = merged(known, columns)
        if image is not None:
            return self._add(user_id, columns, image, new.upload_key)
        if "garment_url" not in columns:
            raise ValidationError(
                "Send a picture of the garment or a link to it.", fields={"garment_image": "or garment_url is required"}
            )
        found = self._links.fetch(columns["garment_url"])
        columns = {**merged(found.facts, columns), "is_external": True}
        warnings = () if "fabric" in columns else found.warnings
        return replace(self._add(user_id, columns, found.image, new.upload_key), warnings=warnings)

    def _add(
        self, user_id: str, columns: Mapping[str, Any], image: bytes | PreparedImage, upload_key: str | None
    ) -> AddedItem:
        with ExitStack() as undo:
            picture = self.pictures.store(undo, user_id, image)
            alike = self._lookalike(user_id, picture.image_hash)
            guessed = self._kinds.guessed(columns, self.pictures.read(picture.original_path))
            now = self._clock()
            values: dict[str, Any] = {"date_added": now, **columns, **guessed, **picture.columns()}
            with self._db.transaction():
                values |= self._rechecked(user_id, columns)
                item = WardrobeItem(user_id=user_id, upload_key=upload_key, created_at=now, updated_at=now, **values)
                stored = self._items.add(item)
            undo.pop_all()
        return AddedItem(stored, duplicate_of=alike)

    def _lookalike(self, user_id: str, image_hash: str | None) -> int | None:
        known = self._items.hashes(user_id) if image_hash else {}
        found = nearest(image_hash, list(known.values())) if image_hash else None
        return list(known)[found] if found is not None else None

    def _tried_on(self, user_id: str, job_id: str, number: int | None) -> tuple[bytes | None, dict[str, Any]]:
        """The picture, when it is still there, and what is known of the garment."""
        tried = self._jobs.garment_of_job(user_id, job_id, number)
        columns = self._kinds.columns(user_id, tried.facts())
        if tried.garment_url is None:
            return tried.picture, columns
        page = self._links.known(tried.garment_url) if tried.picture else {}
        return tried.picture, {**merged(page, columns), "garment_url": tried.garment_url, "is_external": True}

    # --- change ----------------------------------------------------------------------------------------------------

    def update(
        self, user_id: str, item_id: int, changes: Mapping[str, Any], image: bytes | None = None
    ) -> WardrobeItem:
        """Only what is named in `changes` (of model.CHANGEABLE, None clears) and the picture, when there is one.

        Raises what `add` raises; then the item is as it was.
        """
        item = self.get(user_id, item_id)
        columns = self._kinds.columns(user_id, changes)
        if image is not None:
            return self._with_picture(item, columns, lambda undo: self.pictures.store(undo, user_id, image))
        return self._put(item, columns) if columns else item

    def remove_background(self, user_id: str, item_id: int) -> WardrobeItem:
        """Raises ImageRejectedError, ConflictError (the picture was replaced meanwhile)."""
        item = self.get(user_id, item_id)
        if item.background_removed:
            return item
        return self._with_picture(item, None, lambda undo: self.pictures.cut_out(undo, user_id, item.original_path))

    def undo_background(self, user_id: str, item_id: int) -> WardrobeItem:
        """The original picture again. Raises ConflictError (the picture was replaced meanwhile)."""
        item = self.get(user_id, item_id)
        if not item.background_removed:
            return item
        return self._with_picture(item, None, lambda undo: self.pictures.original(undo, user_id, item.original_path))

    def delete(self, user_id: str, item_id: int) -> None:
        with self._db.transaction():
            item = _existing(self._items.delete(user_id, item_id))
        self.pictures.discard(item.keys)

    def _with_picture(
        self, item: WardrobeItem, columns: Mapping[str, Any] | None, make: Callable[[ExitStack], ShownPicture]
    ) -> WardrobeItem:
        """`columns` None: the picture is made from the original, which must still be the same then."""
        with ExitStack() as undo:
            picture = make(undo)
            changed = self._put(item, {**(columns or {}), **picture.columns()}, same_original=columns is None)
            undo.pop_all()
        return changed

    def _put(self, item: WardrobeItem, columns: Mapping[str, Any], *, same_original: bool = False) -> WardrobeItem:
        """Of two at once each deletes the files of the one before."""
        with self._db.transaction():
            before = self.get(item.user_id, item.id)
            if same_original and before.original_path != item.original_path:
                raise ConflictError("The picture was replaced at the same moment. Look at the item and try again.")
            columns = {**columns, **self._rechecked(item.user_id, columns)}
            changed = _existing(self._items.update(item.user_id, item.id, columns, self._clock()))
        self.pictures.discard(key for key in before.keys if key not in changed.keys)
        return changed

    def _rechecked(self, user_id: str, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Inside the unit of work: the section as it is spelled by now. Raises ValidationError when it or the own
        category was renamed or deleted while a picture was looked at."""
        if columns.get("category_id") is not None:
            self._categories.category_of(user_id, columns["category_id"])
        if "category_section" not in columns:
            return {}
        return {"category_section": self._categories.section_of(user_id, columns["category_section"])}

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"wardrobe_items": self._items.count(user_id)}

    def erase(self, user_id: str) -> dict[str, int]:
        return {"files": self.pictures.delete_all(user_id)}

    def belongs(self, key: str) -> bool:
        """Whether a stored picture is one of an item now."""
        item = self._items.by_original(key.split("/")[1], originals_of(key))
        return item is not None and key in item.keys


def _existing(item: WardrobeItem | None) -> WardrobeItem:
    if item is None:
        raise NotFoundError("There is no such item in the wardrobe.")
    return item
