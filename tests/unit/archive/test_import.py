"""Imports when things go wrong or happen at once: no row without its files, no file without its row."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from features.archive.export import WardrobeExport
from features.archive.service import WardrobeImport
from features.outfits.model import OutfitTable
from features.wardrobe.category_service import CategoryService
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.pictures import ItemPictures
from features.wardrobe.search import ItemSearch
from features.wardrobe.wear_model import WearTable
from migrations.migration_manager import MigrationManager
from shared.clock import to_text
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.errors import BecauseFutureError, ConflictError, DatabaseError, ServiceUnavailableError
from shared.image_formats import ImageLimits
from shared.storage import MemoryStorage

ADA, BOB = "ada", "bob"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Shelf(MemoryStorage):
    """Takes `room` more pictures; `meanwhile` runs once, before one is stored."""

    room = 1000
    meanwhile: Any = None

    def _write(self, key: str, data: bytes) -> None:
        if self.room == 0:
            raise ServiceUnavailableError("The image storage is full. Nothing was stored.")
        self.room -= 1
        if self.meanwhile is not None:
            now, self.meanwhile = self.meanwhile, None
            now()
        super()._write(key, data)


class Mute(ItemSearch):
    """An index that fails at the item of this title."""

    fails_at: str | None = None

    def put(self, item: WardrobeItem) -> None:
        if self.fails_at is not None and item.title == self.fails_at:
            raise DatabaseError("The database could not do this.")
        super().put(item)


@dataclass
class World:
    db: DatabaseManager
    storage: Shelf
    search: Mute
    items: WardrobeTable
    imports: WardrobeImport
    exports: WardrobeExport
    categories: CategoryService
    wears: WearTable
    outfits: OutfitTable

    def load(self, archive: bytes, user_id: str = ADA) -> Any:
        return self.imports.load(user_id, io.BytesIO(archive))

    def exported(self, user_id: str = ADA) -> bytes:
        return b"".join(self.exports.stream(self.exports.part(user_id, None)))

    def state(self) -> tuple[list[dict[str, Any]], set[str]]:
        tables = ("wardrobe", "wardrobe_tags", "wardrobe_wears", "outfits", "outfit_items", "outfit_wears",
                  "category_sections", "wardrobe_categories")  # fmt: skip
        rows = [dict(row) for table in tables for row in self.db.fetch_all(f"SELECT * FROM {table}")]
        return rows, set(self.storage.keys())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    db = DatabaseManager(tmp_path / "test.db")
    MigrationManager(db).run()
    for user in (ADA, BOB):
        db.execute(
            "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
            " VALUES (?, ?, 'x', 'A', 'B', '', '')",
            (user, f"{user}@example.com"),
        )
    storage, search, limits = Shelf(), Mute(db), ImageLimits()
    items, outfits, wears = WardrobeTable(db, search), OutfitTable(db), WearTable(db)
    nobody: Any = None
    pictures = ItemPictures(storage, nobody, CpuGate(2), limits)
    categories = CategoryService(db, items)
    imports = WardrobeImport(db, items, outfits, pictures, limits, lambda: NOW)
    exports = WardrobeExport(items, outfits, wears, categories, storage, 64_000_000, lambda: NOW)
    yield World(db, storage, search, items, imports, exports, categories, wears, outfits)
    db.close()


def photo(color: str) -> bytes:
    image = Image.new("RGB", (80, 100), "white")
    ImageDraw.Draw(image).rectangle((20, 20, 60, 80), fill=color)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def cut(color: str) -> bytes:
    image = Image.new("RGBA", (80, 100))
    ImageDraw.Draw(image).rectangle((20, 20, 60, 80), fill=color)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def entry(number: int, **fields: Any) -> dict[str, Any]:
    times = dict.fromkeys(("date_added", "created_at", "updated_at"), to_text(NOW))
    return {
        "uid": f"{number:032x}", "picture": f"images/{number}.jpg", "title": f"Item {number}",
        "category_section": "attic", "own_category": "Costumes", "tags": ["x"], "worn_on": ["2026-04-30"],
        **times, **fields,
    }  # fmt: skip


def archive(count: int = 3, **changes: Any) -> bytes:
    document = {
        "format": "because-future/wardrobe",
        "version": 1,
        "sections": [{"name": "attic"}],
        "categories": [{"name": "Costumes", "category_section": "attic"}],
        "items": [entry(number) for number in range(count)],
        "outfits": [
            {"uid": "f" * 32, "name": "Both", "items": [f"{1:032x}", f"{0:032x}"], "worn_on": ["2026-04-30"],
             "created_at": to_text(NOW), "updated_at": to_text(NOW)},
        ],
        **changes,
    }  # fmt: skip
    document["items"][0]["cut_out"] = "images/0-cutout.png"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("wardrobe.json", json.dumps(document))
        opened.writestr("images/0-cutout.png", cut("red"))
        for number in range(count):
            opened.writestr(f"images/{number}.jpg", photo(("red", "green", "blue")[number % 3]))
    return file.getvalue()


def test_rows_and_files_agree(world: World) -> None:
    done = world.load(archive())
    assert done.added == {"items": 3, "outfits": 1, "sections": 1, "categories": 1, "wear_days": 3}
    items = world.items.get_many(ADA, [1, 2, 3])
    assert set(world.storage.keys()) == {key for item in items for key in item.keys}
    assert len(set(world.storage.keys())) == 7
    assert [item.background_removed for item in items] == [True, False, False]
    assert [(item.wear_count, item.custom_category_name) for item in items] == [(1, "Costumes")] * 3
    assert world.outfits.members(ADA, [1]) == {1: [2, 1]}


@pytest.mark.parametrize("room", range(8))
def test_a_full_store_leaves_nothing(world: World, room: int) -> None:
    before = world.state()
    world.storage.room = room
    with pytest.raises(ServiceUnavailableError):
        world.load(archive())
    assert world.state() == before


def test_rows_that_fail_leave_nothing(world: World) -> None:
    before = world.state()
    world.search.fails_at = "Item 2"
    with pytest.raises(DatabaseError):
        world.load(archive())
    assert world.state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"sections": []},
        {"categories": []},
        {"sections": [{"name": "attic"}, *({"name": f"s{number}"} for number in range(200))]},
        {"sections": [{"name": f"s{number}"} for number in range(199)] + [{"name": "attic"}]},
    ],
    ids=["section", "category", "long", "many"],
)
def test_names_that_fail_leave_nothing(world: World, changes: dict[str, Any]) -> None:
    if len(changes.get("sections", ())) == 200:
        world.categories.add_section(ADA, {"name": "mine", "display_name": "Mine", "sort_order": 1})
    before = world.state()
    with pytest.raises(BecauseFutureError) as caught:
        world.load(archive(**changes))
    assert caught.value.status_code in (400, 409, 413) and world.state() == before


def test_the_same_archive_twice_at_once(world: World) -> None:
    world.storage.meanwhile = lambda: world.load(archive())
    done = world.load(archive())
    assert done.added == {"items": 0, "outfits": 0, "sections": 0, "categories": 0, "wear_days": 0}
    items = world.items.get_many(ADA, [1, 2, 3, 4])
    assert len(items) == 3 and set(world.storage.keys()) == {key for item in items for key in item.keys}


def test_an_account_deleted_meanwhile(world: World) -> None:
    world.storage.meanwhile = lambda: world.db.execute("DELETE FROM users WHERE userid = ?", (ADA,))
    with pytest.raises(ConflictError):
        world.load(archive())
    assert set(world.storage.keys()) == set()


def test_two_accounts_have_each_their_own(world: World) -> None:
    world.load(archive())
    assert world.load(archive(), BOB).added["items"] == 3
    world.items.delete(ADA, 1)
    assert len(world.items.get_many(BOB, [4, 5, 6])) == 3


# --- leaving ---------------------------------------------------------------------------------------------------------


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def test_what_is_deleted_while_an_archive_leaves(world: World) -> None:
    world.load(archive())
    pieces = world.exports.stream(world.exports.part(ADA, None))
    first = next(pieces)
    gone = world.items.delete(ADA, 3)
    assert gone is not None
    for key in gone.keys:
        world.storage.delete_image(key)
    left = first + b"".join(pieces)
    assert [name.rsplit("/")[-1][:32] for name in names(left)] == [
        f"{0:032x}",
        f"{0:032x}",
        f"{1:032x}",
        "wardrobe.json",
    ]
    assert world.load(left, BOB).added["items"] == 2


def test_a_picture_replaced_while_an_archive_leaves(world: World) -> None:
    world.load(archive())
    pieces = world.exports.stream(world.exports.part(ADA, None))
    first = next(pieces)
    item = world.items.get(ADA, 3)
    assert item is not None
    world.storage.upload_image(photo("yellow"), "wardrobe/ada/new.jpg")
    world.items.update(ADA, 3, dict.fromkeys(("image_path", "original_path"), "wardrobe/ada/new.jpg"), NOW)
    world.storage.delete_image(item.original_path)
    left = first + b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(left)) as opened:
        assert opened.read(f"images/{2:032x}.jpg") == photo("yellow")


def test_a_lost_file_does_not_keep_the_rest(world: World) -> None:
    world.load(archive())
    item = world.items.get(ADA, 2)
    assert item is not None
    world.storage.delete_image(item.original_path)
    left = world.exported()
    assert len(names(left)) == 4
    done = world.load(left, BOB)
    assert (done.added["items"], done.left_out) == (2, ["Both"])


def test_pages_do_not_show(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.load(archive(7))
    whole = world.exported()
    monkeypatch.setattr("features.archive.export._AT_ONCE", 2)
    assert world.exported() == whole and len(names(whole)) == 9
