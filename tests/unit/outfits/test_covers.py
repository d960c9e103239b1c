"""Rows, covers and items stay together, whatever is changed, fails or comes at the same moment."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from features.outfits.covers import OutfitCovers, role_of
from features.outfits.layout import Role
from features.outfits.model import OutfitFilter, OutfitTable
from features.outfits.service import COVERS_A_PAGE, OutfitService
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.search import ItemSearch
from features.wardrobe.wear_service import WearService
from migrations.migration_manager import MigrationManager
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.errors import DatabaseBusyError, ServiceUnavailableError
from shared.models.user import UserTable
from shared.storage import MemoryStorage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FragileStorage(MemoryStorage):
    """Full when `full` is set; does something once before the next reading."""

    full = False
    on_read: Callable[[], object] | None = None

    def _write(self, key: str, data: bytes) -> None:
        if self.full:
            raise ServiceUnavailableError("full")
        super()._write(key, data)

    def read_image(self, key: str) -> bytes:
        action, self.on_read = self.on_read, None
        if action:
            action()
        return super().read_image(key)


class Wardrobe:
    """Of Ada: outfits, and items with a picture each."""

    def __init__(self, path: Path) -> None:
        self.db = DatabaseManager(path)
        MigrationManager(self.db).run()
        UserTable(self.db).add("ada", "x", {"email": "a@example.com", "first_name": "A", "last_name": "L"}, NOW)
        self.storage = FragileStorage()
        self.items = WardrobeTable(self.db, ItemSearch(self.db))
        self.table = OutfitTable(self.db)
        self.covers = OutfitCovers(self.table, self.storage, CpuGate(2))
        wears = WearService(self.db, self.items, lambda: NOW)
        self.outfits = OutfitService(self.db, self.table, self.items, wears, self.covers, lambda: NOW)

    def item(self, number: int, **values: Any) -> WardrobeItem:
        key = self.put_picture(f"item{number}")
        new = {"user_id": "ada", "category_section": "upper_body", "image_path": key, "original_path": key,
               "thumbnail_path": key, "date_added": NOW, "created_at": NOW, "updated_at": NOW, **values}  # fmt: skip
        with self.db.transaction():
            return self.items.add(WardrobeItem(**new))

    def put_picture(self, name: str, colour: str = "#b02030") -> str:
        image = Image.new("RGBA", (70, 90))
        ImageDraw.Draw(image).ellipse((10, 10, 60, 80), fill=colour)
        file = io.BytesIO()
        image.save(file, "PNG")
        self.storage.upload_image(file.getvalue(), f"wardrobe/ada/{name}.png")
        return f"wardrobe/ada/{name}.png"

    def outfit(self, *items: WardrobeItem) -> int:
        values: dict[str, Any] = {"name": "Work", "notes": None, "tags": []}
        return self.outfits.add("ada", values, [item.id for item in items]).outfit.id

    def without_cover(self, item: WardrobeItem) -> int:
        """An outfit whose cover could not be made yet."""
        self.storage.full = True
        outfit = self.outfit(item)
        self.storage.full = False
        return outfit

    def show(self, item: WardrobeItem, key: str) -> None:
        with self.db.transaction():
            self.items.update("ada", item.id, {"image_path": key}, NOW)

    def files(self) -> set[str]:
        return {key for key in self.storage.keys("wardrobe") if "/outfit-" in key}


@pytest.fixture
def ada(tmp_path: Path) -> Wardrobe:
    return Wardrobe(tmp_path / "test.db")


def test_a_cover_is_made_once(ada: Wardrobe) -> None:
    outfit = ada.outfit(ada.item(1), ada.item(2))
    first = ada.outfits.get("ada", outfit).cover_key
    assert ada.files() == {first} and ada.outfits.get("ada", outfit).cover_key == first
    assert first is not None and ada.outfits.belongs(first)


@pytest.mark.parametrize(
    "change",
    [
        lambda ada, items, outfit: ada.show(items[0], ada.put_picture("cut-out", "#2030b0")),
        lambda ada, items, outfit: ada.items.delete("ada", items[1].id),
        lambda ada, items, outfit: ada.outfits.update("ada", outfit, {}, [items[1].id, items[0].id]),
        lambda ada, items, outfit: ada.outfits.update("ada", outfit, {}, [items[0].id]),
    ],
    ids=["picture", "item deleted", "order", "items"],
)
def test_it_follows_its_items(ada: Wardrobe, change: Callable[..., object]) -> None:
    items = [ada.item(1), ada.item(2)]
    outfit = ada.outfit(*items)
    before = ada.outfits.get("ada", outfit).cover_key
    change(ada, items, outfit)
    after = ada.outfits.get("ada", outfit).cover_key
    assert after and after != before and ada.files() == {after}
    assert not ada.outfits.belongs(before or "")


def test_another_name_makes_no_other_cover(ada: Wardrobe) -> None:
    outfit = ada.outfit(ada.item(1))
    before = ada.outfits.get("ada", outfit).cover_key
    assert ada.outfits.update("ada", outfit, {"name": "Play"}).cover_key == before


def test_without_items_there_is_none(ada: Wardrobe) -> None:
    item = ada.item(1)
    outfit = ada.outfit(item)
    ada.items.delete("ada", item.id)
    assert ada.outfits.get("ada", outfit).cover_key is None and not ada.files()
    assert ada.outfits.items_of("ada", outfit) == []


def test_a_deleted_outfit_takes_its_cover_along(ada: Wardrobe) -> None:
    item = ada.item(1)
    ada.outfits.delete("ada", ada.outfit(item))
    assert not ada.files() and ada.items.get("ada", item.id) == item


def test_a_cover_is_never_worth_an_error(ada: Wardrobe) -> None:
    item = ada.item(1)
    ada.storage.full = True
    outfit = ada.outfit(item)
    assert ada.outfits.get("ada", outfit).cover_key is None and not ada.files()
    ada.storage.full = False
    assert ada.outfits.get("ada", outfit).cover_key is not None, "the next look tries again"


def test_a_busy_database_leaves_no_file(ada: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> bool:
        raise DatabaseBusyError("busy")

    with monkeypatch.context() as patched:
        patched.setattr(ada.table, "set_cover", busy)
        outfit = ada.outfit(ada.item(1))
        assert ada.outfits.get("ada", outfit).cover_key is None and not ada.files()
    assert ada.outfits.get("ada", outfit).cover_key in ada.files()


def test_a_picture_that_is_gone_is_no_error(ada: Wardrobe) -> None:
    item = ada.item(1)
    ada.storage.delete_image(item.image_path)
    assert ada.outfits.get("ada", ada.outfit(item)).cover_key is None


def test_two_looks_at_once_leave_one_cover(ada: Wardrobe) -> None:
    """The second look comes while the first one draws; each knows only the row of before."""
    outfit = ada.without_cover(ada.item(1))
    other = OutfitCovers(ada.table, ada.storage, CpuGate(2))
    row = ada.table.get("ada", outfit)
    assert row is not None
    items = ada.outfits.items_of("ada", outfit)
    ada.storage.on_read = lambda: other.fresh(row, items)
    key = ada.covers.fresh(row, items)
    assert ada.files() == {key} and ada.outfits.get("ada", outfit).cover_key == key


def test_an_outfit_that_goes_while_it_is_drawn_leaves_nothing(ada: Wardrobe) -> None:
    outfit = ada.without_cover(ada.item(1))
    ada.storage.on_read = lambda: ada.outfits.delete("ada", outfit)
    assert ada.outfits.get("ada", outfit).cover_key is None and not ada.files()


def test_a_list_makes_some_at_a_time(ada: Wardrobe) -> None:
    item = ada.item(1)
    for _ in range(COVERS_A_PAGE + 1):
        ada.without_cover(item)
    seen = [[view.cover_key is not None for view in ada.outfits.page("ada", OutfitFilter())[0]] for _ in range(2)]
    assert seen == [[True] * COVERS_A_PAGE + [False], [True] * (COVERS_A_PAGE + 1)]


@pytest.mark.parametrize(
    "key",
    ["wardrobe/ada/item1.png", "wardrobe/ada/outfit-1-00.jpg", "wardrobe/bob/outfit-1-00.jpg", "wardrobe/ada/outfit-",
     "wardrobe/ada/outfit-9999999999999999999-00.jpg", "wardrobe/ada/more/outfit-1-00.jpg"],
)  # fmt: skip
def test_other_files_belong_to_no_outfit(ada: Wardrobe, key: str) -> None:
    ada.outfit(ada.item(1))
    assert not ada.outfits.belongs(key)


def test_order_of_dressing(ada: Wardrobe) -> None:
    kinds = ["accessory", "shoes", "outer", "upper", "lower"]
    items = [ada.item(number, garment_type=kind) for number, kind in enumerate(kinds)]
    found = ada.outfits.items_of("ada", ada.outfit(*items))
    assert [item.garment_type for item in found] == ["lower", "upper", "outer", "shoes", "accessory"]


@pytest.mark.parametrize(
    ("values", "role"),
    [
        ({"garment_type": "full"}, Role.DRESS),
        ({"garment_type": "auto", "garment_category_type": "lower_body"}, Role.BOTTOM),
        ({"garment_category_type": "accessory"}, Role.ACCESSORY),
        ({"category_section": "accessoires"}, Role.ACCESSORY),
        ({"category_section": "wishlist"}, Role.TOP),
    ],
)
def test_what_an_item_is_on_a_cover(ada: Wardrobe, values: dict[str, Any], role: Role) -> None:
    assert role_of(ada.item(1, **values)) is role
