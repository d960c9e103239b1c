"""Sections and categories that come from elsewhere: each by its name, made where there is none, never doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.wardrobe.category_model import CategoryTable, SectionTable
from features.wardrobe.category_service import MOST_CATEGORIES, MOST_SECTIONS
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import ConflictError, ValidationError


class CategoryRestore:
    """Every method runs inside the caller's unit of work and raises ValidationError for a name that is not known."""

    def __init__(self, db: DatabaseManager, clock: Clock = utc_now) -> None:
        self._sections = SectionTable(db)
        self._categories = CategoryTable(db)
        self._clock = clock

    def sections(self, user_id: str, wanted: Sequence[Mapping[str, Any]]) -> int:
        """How many were made; what is there already stays as it is. Raises ConflictError: there are too many."""
        made = 0
        for fields in wanted:
            if self._sections.find(user_id, fields["name"]) is None:
                self._sections.add(user_id, fields, self._clock())
                made += 1
        _refuse_more(self._sections.count(user_id), MOST_SECTIONS, "sections")
        return made

    def categories(self, user_id: str, wanted: Sequence[Mapping[str, Any]]) -> int:
        """As `sections`."""
        made = 0
        for fields in wanted:
            if self._categories.find(user_id, fields["name"]) is None:
                section = self.section_of(user_id, fields["category_section"])
                self._categories.add(user_id, {**fields, "category_section": section}, self._clock())
                made += 1
        _refuse_more(self._categories.count(user_id), MOST_CATEGORIES, "categories")
        return made

    def section_of(self, user_id: str, name: str) -> str:
        """The section's name as it is stored here."""
        found = self._sections.find(user_id, name)
        if found is None:
            raise ValidationError(
                "Things lie in a section that there is not.", fields={"category_section": "names no section"}
            )
        return found

    def category_of(self, user_id: str, name: str) -> int:
        """The id of the person's own category."""
        found = self._categories.find(user_id, name)
        if found is None:
            raise ValidationError(
                "Things belong to a category that there is not.", fields={"own_category": "names no category"}
            )
        return found


def _refuse_more(count: int, most: int, what: str) -> None:
    if count > most:
        raise ConflictError(f"With these there would be more than {most} {what}. Nothing was imported.")
