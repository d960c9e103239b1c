"""What items rely on: names and ids are resolved for their owner alone, and nothing grows without end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.wardrobe import category_service
from features.wardrobe.category_schemas import readable
from features.wardrobe.category_service import CategoryService, ResolvedCategory
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import ConflictError, DatabaseError, ValidationError
from shared.models.user import UserTable

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SECTION = {"name": "Büro", "display_name": "Büro", "sort_order": 5}


class Items:
    """Remembers what was moved, or breaks."""

    def __init__(self) -> None:
        self.moved: list[tuple[str, str, str]] = []
        self.error: Exception | None = None

    def move_section(self, user_id: str, section: str, to: str, now: datetime) -> int:
        if self.error:
            raise self.error
        self.moved.append((user_id, section, to))
        return 0


@pytest.fixture
def items() -> Items:
    return Items()


@pytest.fixture
def service(tmp_path: Path, items: Items) -> CategoryService:
    db = DatabaseManager(tmp_path / "test.db")
    MigrationManager(db).run()
    for user in ("ada", "eve"):
        profile = {"email": f"{user}@example.com", "first_name": user, "last_name": user}
        UserTable(db).add(user, "hash", profile, NOW)
    return CategoryService(db, items, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("said", "stored"), [("buro", "Büro"), ("BÜRO ", "Büro"), ("bu\u0308ro", "Büro"), ("WishList", "wishlist")]
)
def test_a_section_is_found_by_any_spelling(service: CategoryService, said: str, stored: str) -> None:
    service.add_section("ada", SECTION)
    assert service.section_of("ada", said) == stored


@pytest.mark.parametrize("said", ["", "nowhere", "upper body", "%", "upper_bod_"])
def test_an_unknown_section_is_refused(service: CategoryService, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        service.section_of("ada", said, "move_to")
    assert "upper_body" in caught.value.details["fields"]["move_to"]


def test_anothers_section_is_unknown(service: CategoryService) -> None:
    service.add_section("ada", SECTION)
    with pytest.raises(ValidationError) as caught:
        service.section_of("eve", "Büro")
    assert "Büro" not in caught.value.details["fields"]["category_section"]


def test_categories_are_resolved(service: CategoryService) -> None:
    own = service.add_category("ada", {"name": "Gym", "category_section": "Lower_Body", "description": None})
    assert service.category_of("ada", own.id) == ResolvedCategory(None, own.id, "Gym", "lower_body")
    assert service.category_of("eve", 12) == ResolvedCategory("shoes", None, "Shoes", "accessoires")


@pytest.mark.parametrize("category_id", [0, -1, 16, 1000, 1001, 2**63 - 1])
def test_unknown_and_others_categories_are_refused(service: CategoryService, category_id: int) -> None:
    assert service.add_category("ada", {"name": "Gym", "category_section": "wishlist"}).id == 1001
    with pytest.raises(ValidationError) as caught:
        service.category_of("eve", category_id)
    assert list(caught.value.details["fields"]) == ["category_id"]


def test_there_is_an_end(service: CategoryService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_service, "MOST_SECTIONS", 1)
    monkeypatch.setattr(category_service, "MOST_CATEGORIES", 1)
    service.add_section("ada", SECTION)
    service.add_category("ada", {"name": "Gym", "category_section": "wishlist"})
    with pytest.raises(ConflictError, match="1 sections"):
        service.add_section("ada", {**SECTION, "name": "more"})
    with pytest.raises(ConflictError, match="1 categories"):
        service.add_category("ada", {"name": "more", "category_section": "wishlist"})
    assert service.add_section("eve", SECTION).name == "Büro"


def test_a_rename_that_breaks_changes_nothing(service: CategoryService, items: Items) -> None:
    section = service.add_section("ada", SECTION)
    category = service.add_category("ada", {"name": "Gym", "category_section": "Büro"})
    items.error = DatabaseError("broken")
    with pytest.raises(DatabaseError):
        service.change_section("ada", section.id, {"name": "Office"})
    with pytest.raises(DatabaseError):
        service.delete_section("ada", section.id, move_to="wishlist")
    assert service.sections("ada")[-1] == section and service.get("ada", category.id) == category


def test_a_new_spelling_moves_the_items(service: CategoryService, items: Items) -> None:
    section = service.add_section("ada", SECTION)
    service.change_section("ada", section.id, {"description": "at work"})
    assert items.moved == []
    service.change_section("ada", section.id, {"name": "BÜRO"})
    assert items.moved == [("ada", "Büro", "BÜRO")]


def test_a_name_for_people_that_was_chosen_stays(service: CategoryService) -> None:
    chosen = service.add_section("ada", {**SECTION, "display_name": "At work"})
    assert service.change_section("ada", chosen.id, {"name": "office"}).display_name == "At work"
    made = service.add_section("ada", {"name": "sun_days", "display_name": readable("sun_days"), "sort_order": 1})
    assert service.change_section("ada", made.id, {"name": "rainy_days"}).display_name == "Rainy Days"
