"""Items when things go wrong or happen at once: no row without its files, no file without its row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from features.wardrobe.category_service import CategoryService
from features.wardrobe.kinds import ItemKinds
from features.wardrobe.links import LinkedItems
from features.wardrobe.model import WardrobeItem, WardrobeTable
from features.wardrobe.pictures import ItemPictures, originals_of
from features.wardrobe.search import ItemSearch
from features.wardrobe.service import NewItem, WardrobeService
from migrations.migration_manager import MigrationManager
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.engines.base import CutOutResult, Notice
from shared.errors import (
    BecauseFutureError,
    ConflictError,
    DatabaseError,
    ImageRejectedError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from shared.image_formats import ImageLimits
from shared.storage import MemoryStorage

ADA = "ada"


def photo(color: str = "red") -> bytes:
    image = Image.new("RGB", (80, 100), "white")
    ImageDraw.Draw(image).rectangle((20, 20, 60, 80), fill=color)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


class Scissors:
    """A CutOut whose answer can be chosen; `meanwhile` runs while it cuts."""

    def __init__(self) -> None:
        self.refuses: str | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def cut_out(self, photo: bytes) -> CutOutResult:
        self.meanwhile()
        if self.refuses:
            raise ImageRejectedError(self.refuses)
        image = Image.open(io.BytesIO(photo)).convert("RGBA")
        image.putpixel((0, 0), (0, 0, 0, 0))
        image.paste((0, 0, 0, 0), (0, 0, 10, image.height))
        return CutOutResult(image)

    def advise(self, photo: bytes) -> tuple[Notice, ...]:
        return ()


class Shelf(MemoryStorage):
    """Takes `room` more pictures."""

    room = 1000

    def _write(self, key: str, data: bytes) -> None:
        if self.room == 0:
            raise ServiceUnavailableError("The image storage is full. Nothing was stored.")
        self.room -= 1
        super()._write(key, data)


class Mute(ItemSearch):
    """An index that fails when told to."""

    fails = False

    def put(self, item: WardrobeItem) -> None:
        if self.fails:
            raise DatabaseError("The database could not do this.")
        super().put(item)


class Blind:
    def categorize(self, title: str | None, image: bytes | None, image_url: str | None) -> dict[str, Any]:
        return {"category": None, "type": None}


class Nobody:
    """Neither a shop nor a try-on is asked in these tests."""


@dataclass
class World:
    service: WardrobeService
    storage: Shelf
    scissors: Scissors
    search: Mute
    categories: CategoryService

    def add(self, **said: Any) -> WardrobeItem:
        wanted = {"category_section": "upper_body", **said}
        return self.service.add(ADA, NewItem(wanted, photo())).item

    @property
    def keys(self) -> set[str]:
        return set(self.storage.keys())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    db = DatabaseManager(tmp_path / "test.db")
    MigrationManager(db).run()
    db.execute(
        "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
        " VALUES ('ada', 'ada@example.com', 'x', 'A', 'B', '', '')"
    )
    storage, scissors, search, gate = Shelf(), Scissors(), Mute(db), CpuGate(2)
    table = WardrobeTable(db, search)
    categories = CategoryService(db, table)
    pictures = ItemPictures(storage, scissors, gate, ImageLimits())
    nobody: Any = Nobody()
    kinds = ItemKinds(categories, Blind())
    service = WardrobeService(db, table, pictures, categories, kinds, LinkedItems(nobody), nobody)
    yield World(service, storage, scissors, search, categories)
    db.close()


def test_rows_and_files_agree(world: World) -> None:
    item = world.add(title="Shirt")
    assert world.keys == set(item.keys) and all(world.service.belongs(key) for key in item.keys)
    freed = world.service.remove_background(ADA, item.id)
    assert world.keys == set(freed.keys) and freed.background_removed
    assert {path for key in freed.keys for path in originals_of(key)} >= {item.original_path}
    assert not world.service.belongs(item.thumbnail_path), "it was replaced"
    back = world.service.undo_background(ADA, item.id)
    assert world.keys == set(back.keys) and (back.image_path, back.original_path) == (item.image_path,) * 2
    assert world.service.picture(ADA, item.id) == world.storage.read_image(item.image_path)
    world.service.delete(ADA, item.id)
    assert world.keys == set()


def test_the_look_of_the_original_is_remembered_while_it_is_cut_out(world: World) -> None:
    item = world.add()
    world.service.update(ADA, item.id, {"image_hash": "00ff00ff00ff00ff"})
    assert world.service.remove_background(ADA, item.id).image_hash == "00ff00ff00ff00ff"
    assert world.service.undo_background(ADA, item.id).image_hash == "00ff00ff00ff00ff"


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_store_leaves_nothing(world: World, room: int) -> None:
    world.storage.room = room
    with pytest.raises(ServiceUnavailableError):
        world.add()
    assert world.keys == set() and world.service.count(ADA) == {"wardrobe_items": 0}


CHANGES: list[Callable[[World, int], object]] = [
    lambda world, number: world.service.update(ADA, number, {"title": "New", "tags": ["new"]}, photo("blue")),
    lambda world, number: world.service.remove_background(ADA, number),
    lambda world, number: world.service.add(ADA, NewItem({"category_section": "upper_body"}, photo())),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("trouble", ["store", "index"])
def test_a_change_that_fails_changes_nothing(
    world: World, change: Callable[[World, int], object], trouble: str
) -> None:
    item = world.add(title="Shirt", tags=["old"])
    before = world.keys
    world.storage.room = 1 if trouble == "store" else 1000
    world.search.fails = trouble == "index"
    with pytest.raises(BecauseFutureError):
        change(world, item.id)
    assert world.keys == before and world.service.get(ADA, item.id) == item
    assert world.service.count(ADA) == {"wardrobe_items": 1}


def test_a_picture_replaced_while_its_background_is_removed(world: World) -> None:
    item = world.add()
    world.scissors.meanwhile = lambda: world.service.update(ADA, item.id, {}, photo("blue"))
    with pytest.raises(ConflictError):
        world.service.remove_background(ADA, item.id)
    now = world.service.get(ADA, item.id)
    assert world.keys == set(now.keys) and not now.background_removed


def test_an_item_deleted_while_its_background_is_removed(world: World) -> None:
    item = world.add()
    world.scissors.meanwhile = lambda: world.service.delete(ADA, item.id)
    with pytest.raises(NotFoundError):
        world.service.remove_background(ADA, item.id)
    assert world.keys == set()


def test_a_background_removed_twice_at_once(world: World) -> None:
    item = world.add()

    def again() -> None:
        world.scissors.meanwhile = lambda: None
        world.service.remove_background(ADA, item.id)

    world.scissors.meanwhile = again
    freed = world.service.remove_background(ADA, item.id)
    assert world.keys == set(freed.keys) and len(world.keys) == 3


ATTIC = {"name": "attic", "display_name": "Attic", "sort_order": 1}
OLD = {"name": "Old things", "category_section": "upper_body"}


def while_it_looks(world: World, do: Callable[[], object]) -> None:
    """`do` happens between the first check of what was said and the row."""

    def categorize(self: Any, title: str | None, image: bytes | None, image_url: str | None) -> dict[str, Any]:
        do()
        return {"category": None, "type": None}

    world.service._kinds = ItemKinds(world.categories, type("Looks", (), {"categorize": categorize})())


def test_a_section_deleted_while_the_picture_is_stored(world: World) -> None:
    section = world.categories.add_section(ADA, ATTIC)
    while_it_looks(world, lambda: world.categories.delete_section(ADA, section.id))
    with pytest.raises(ValidationError):
        world.add(category_section="attic")
    assert world.keys == set() and world.service.count(ADA) == {"wardrobe_items": 0}


def test_a_section_respelled_while_the_picture_is_stored(world: World) -> None:
    section = world.categories.add_section(ADA, ATTIC)
    while_it_looks(world, lambda: world.categories.change_section(ADA, section.id, {"name": "ATTIC"}))
    assert world.add(category_section="attic").category_section == "ATTIC"


def test_a_category_deleted_while_the_picture_is_stored(world: World) -> None:
    category = world.categories.add_category(ADA, OLD)
    while_it_looks(world, lambda: world.categories.delete_category(ADA, category.id))
    with pytest.raises(ValidationError) as caught:
        world.add(category_id=category.id)
    assert list(caught.value.details["fields"]) == ["category_id"]
    assert world.keys == set() and world.service.count(ADA) == {"wardrobe_items": 0}


@pytest.mark.parametrize(
    ("refusal", "said"),
    [("no_person", "garment_background"), ("too_dark", "too_dark"), ("turned", "garment_background")],
)
def test_refusals_speak_of_garments(world: World, refusal: str, said: str) -> None:
    item = world.add()
    world.scissors.refuses = refusal
    with pytest.raises(ImageRejectedError) as caught:
        world.service.remove_background(ADA, item.id)
    assert caught.value.reason == said and world.keys == set(item.keys)


def test_several_are_found_together_or_not_at_all(world: World) -> None:
    one, two = world.add(), world.add()
    assert world.service.get_many(ADA, [two.id, one.id, two.id]) == [two, one]
    for wanted in ([one.id, 999], [2**63]):
        with pytest.raises(NotFoundError):
            world.service.get_many(ADA, wanted)
    with pytest.raises(NotFoundError):
        world.service.get_many("bob", [one.id])


def test_an_upload_key_is_taken_once(world: World) -> None:
    said = {"category_section": "upper_body"}
    first = world.service.add(ADA, NewItem(said, photo(), upload_key="k"))
    before = world.keys
    again = world.service.add(ADA, NewItem(said, photo("blue"), upload_key="k"))
    assert (first.existed, again.existed, again.item) == (False, True, first.item)
    assert world.keys == before


def test_fitting_gets_the_most_exact_category(world: World) -> None:
    jeans, top = world.add(category="jeans"), world.add(category="upper_body")
    assert world.service.item_for_fitting(ADA, jeans.id).category == "jeans"
    assert world.service.item_for_fitting(ADA, top.id).category == "upper_body"


def test_a_closed_account_takes_its_files_along(world: World) -> None:
    world.service.remove_background(ADA, world.add().id)
    world.add()
    assert world.service.count(ADA) == {"wardrobe_items": 2} and world.service.erase(ADA) == {"files": 5}
    assert world.keys == set()
