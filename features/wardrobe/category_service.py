"""Use cases of sections and categories: see them, and keep own ones beside the platform's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from features.wardrobe.category_model import Category, CategoryTable, Section, SectionTable
from features.wardrobe.category_schemas import readable
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import AuthorizationError, ConflictError, NotFoundError, ValidationError
from shared.logger import get_logger
from shared.text_fold import fold

MOST_SECTIONS, MOST_CATEGORIES = 200, 1000
"""Of one person: what can be had in one answer without pages."""
log = get_logger(__name__)

Thing = TypeVar("Thing")
Owned = TypeVar("Owned", Section, Category)


class HoldsItems(Protocol):
    """The items' table, as far as sections are concerned."""

    def move_section(self, user_id: str, section: str, to: str, now: datetime) -> int:
        """How many items were moved."""


@dataclass(frozen=True)
class ResolvedCategory:
    """`category`: identifier of a platform category, `category_id`: id of an own one; one of them is None."""

    category: str | None
    category_id: int | None
    name: str
    section: str


@dataclass(frozen=True)
class CategoryTree:
    """Sections in the order in which they are shown, and the categories of each."""

    sections: Sequence[Section]
    categories: Sequence[Category]

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, dict[str, list[dict[str, Any]]]] = {
            section.name: {"platform_categories": [], "user_categories": []} for section in self.sections
        }
        for category in self.categories:
            whose = "user_categories" if category.user_id else "platform_categories"
            if category.category_section in found:
                found[category.category_section][whose].append(category.to_dict())
        return {"sections": [section.to_dict() for section in self.sections], "categories_by_section": found}


class CategoryService:
    def __init__(self, db: DatabaseManager, items: HoldsItems, clock: Clock = utc_now) -> None:
        self._db = db
        self._items = items
        self._sections = SectionTable(db)
        self._categories = CategoryTable(db)
        self._clock = clock

    # --- for items -------------------------------------------------------------------------------------------------

    def section_of(self, user_id: str, name: str, field: str = "category_section") -> str:
        """The section's name as it is stored. Raises ValidationError that tells the field and the known names."""
        found = self._sections.find(user_id, name)
        if found is None:
            known = ", ".join(self._sections.names(user_id))
            raise ValidationError("There is no such section.", fields={field: f"must be one of {known}"})
        return found

    def category_of(self, user_id: str, category_id: int) -> ResolvedCategory:
        """Of the platform or the person's own. Raises ValidationError."""
        found = self._categories.get(user_id, category_id)
        if found is None:
            raise ValidationError("There is no such category.", fields={"category_id": "is not one of yours"})
        if found.user_id is None:
            return ResolvedCategory(found.name, None, found.display_name, found.category_section)
        return ResolvedCategory(None, found.id, found.name, found.category_section)

    # --- look ------------------------------------------------------------------------------------------------------

    def sections(self, user_id: str) -> list[Section]:
        return self._sections.all(user_id)

    def tree(self, user_id: str, search: str = "", section: str | None = None) -> CategoryTree:
        """Everything that can be chosen; with `search` all sections, but only the categories that match.

        Raises ValidationError for an unknown section.
        """
        only = self.section_of(user_id, section) if section else None
        sections = [item for item in self._sections.all(user_id) if only in (None, item.name)]
        words = fold(search).split()
        everything = (*self._categories.platform(user_id), *self._categories.own(user_id))
        return CategoryTree(sections, [category for category in everything if _matches(category, words)])

    def get(self, user_id: str, category_id: int) -> Category:
        """Of the platform or the person's own. Raises NotFoundError."""
        return _existing(self._categories.get(user_id, category_id), "category")

    # --- sections --------------------------------------------------------------------------------------------------

    def add_section(self, user_id: str, fields: Mapping[str, Any]) -> Section:
        """Raises ConflictError: the name is taken, or there are MOST_SECTIONS already."""
        with self._db.transaction():
            self._refuse_taken_section(user_id, fields["name"])
            _refuse_more(self._sections.count(user_id), MOST_SECTIONS, "sections")
            return self._section(user_id, self._sections.add(user_id, fields, self._clock()))

    def change_section(self, user_id: str, section_id: int, changes: Mapping[str, Any]) -> Section:
        """Items and categories go along with a new name. Raises NotFoundError, ConflictError, AuthorizationError."""
        with self._db.transaction():
            section = _own(self._section(user_id, section_id), "sections")
            if changes:
                self._change_section(section, dict(changes))
            return self._section(user_id, section_id)

    def delete_section(self, user_id: str, section_id: int, move_to: str | None = None) -> dict[str, int]:
        """How many items and categories were in it; they are in `move_to` now.

        Raises ConflictError when something is in it and it is not said where that goes; ValidationError.
        """
        with self._db.transaction():
            section = _own(self._section(user_id, section_id), "sections")
            target = self.section_of(user_id, move_to, "move_to") if move_to else None
            held = {"items": section.item_count, "categories": self._categories.count(user_id, section.name)}
            self._empty(section, target, held)
            self._sections.delete(user_id, section_id)
        log.info("section deleted", extra={"user_id": user_id, "section_id": section_id, "held": held})
        return held

    def _change_section(self, section: Section, changes: dict[str, Any]) -> None:
        user_id, now = str(section.user_id), self._clock()
        name = changes.get("name", section.name)
        if fold(name) != fold(section.name):
            self._refuse_taken_section(user_id, name)
        if "display_name" not in changes and section.display_name == readable(section.name):
            changes["display_name"] = readable(name)
        self._sections.update(user_id, section.id, changes, now)
        if name != section.name:
            self._move(user_id, section.name, name, now)

    def _empty(self, section: Section, target: str | None, held: Mapping[str, int]) -> None:
        if target == section.name:
            raise ValidationError(
                "A section cannot be moved into itself.", fields={"move_to": "must be another section"}
            )
        if target is not None:
            self._move(str(section.user_id), section.name, target, self._clock())
        elif any(held.values()):
            raise ConflictError(
                f"This section still holds {held['items']} items and {held['categories']} categories."
                " Say with move_to where they go.",
                details=held,
            )

    def _move(self, user_id: str, section: str, to: str, now: datetime) -> None:
        self._items.move_section(user_id, section, to, now)
        self._categories.move_section(user_id, section, to, now)

    def _section(self, user_id: str, section_id: int) -> Section:
        found = (section for section in self._sections.all(user_id) if section.id == section_id)
        return _existing(next(found, None), "section")

    def _refuse_taken_section(self, user_id: str, name: str) -> None:
        if self._sections.find(user_id, name) is not None:
            raise _taken("section")

    # --- categories ------------------------------------------------------------------------------------------------

    def add_category(self, user_id: str, fields: Mapping[str, Any]) -> Category:
        """Raises ValidationError (no such section), ConflictError: the name is taken, or there are MOST_CATEGORIES."""
        with self._db.transaction():
            columns = {**fields, "category_section": self.section_of(user_id, fields["category_section"])}
            self._refuse_taken_category(user_id, fields["name"])
            _refuse_more(self._categories.count(user_id), MOST_CATEGORIES, "categories")
            return self.get(user_id, self._categories.add(user_id, columns, self._clock()))

    def change_category(self, user_id: str, category_id: int, changes: Mapping[str, Any]) -> Category:
        """Raises NotFoundError, ValidationError, ConflictError, AuthorizationError."""
        columns = dict(changes)
        with self._db.transaction():
            category = _own(self.get(user_id, category_id), "categories")
            if "category_section" in columns:
                columns["category_section"] = self.section_of(user_id, columns["category_section"])
            if fold(columns.get("name", category.name)) != fold(category.name):
                self._refuse_taken_category(user_id, columns["name"])
            if columns:
                self._categories.update(user_id, category_id, columns, self._clock())
            return self.get(user_id, category_id)

    def delete_category(self, user_id: str, category_id: int) -> int:
        """How many items were in it; they stay. Raises NotFoundError, AuthorizationError."""
        with self._db.transaction():
            category = _own(self.get(user_id, category_id), "categories")
            self._categories.delete(user_id, category_id)
        return category.item_count

    def _refuse_taken_category(self, user_id: str, name: str) -> None:
        """One of the platform's names may be used: that category lies in a section of the platform's choice."""
        if self._categories.find(user_id, name) is not None:
            raise _taken("category")

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"sections": self._sections.count(user_id), "categories": self._categories.count(user_id)}

    def erase(self, user_id: str) -> dict[str, int]:
        """The rows go with the account's."""
        return {}


def _matches(category: Category, words: Iterable[str]) -> bool:
    text = fold(f"{category.name} {category.display_name} {category.description or ''}")
    return all(word in text for word in words)


def _existing(found: Thing | None, what: str) -> Thing:
    if found is None:
        raise NotFoundError(f"There is no such {what}.")
    return found


def _own(found: Owned, what: str) -> Owned:
    if found.user_id is None:
        raise AuthorizationError(f"The platform's own {what} cannot be changed. Make one of your own.")
    return found


def _refuse_more(count: int, most: int, what: str) -> None:
    if count >= most:
        raise ConflictError(f"There are {most} {what} already; more cannot be kept. Delete one first.")


def _taken(what: str) -> ConflictError:
    return ConflictError(f"There is a {what} of this name already.", details={"fields": {"name": "is taken"}})
