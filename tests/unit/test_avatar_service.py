"""Rows, files and cut-outs of avatars stay together, whatever fails and whoever comes at the same moment."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from features.avatar.service import AvatarService
from migrations.migration_manager import MigrationManager
from shared.cpu import CpuGate
from shared.database import DatabaseManager
from shared.engines.base import CutOutResult, Notice
from shared.errors import ConflictError, ImageRejectedError, NotFoundError, ServiceUnavailableError
from shared.image_formats import ImageLimits
from shared.models.user import UserTable
from shared.storage import MemoryStorage

DARK, NOBODY = Notice("too_dark", "dark"), Notice("no_person", "nobody")


class FakeCutOut:
    """Frees a red square, or refuses. `advice` is what `advise` says."""

    def __init__(self) -> None:
        self.warnings: tuple[Notice, ...] = ()
        self.advice: tuple[Notice, ...] = ()
        self.refusal: ImageRejectedError | None = None

    def cut_out(self, photo: bytes) -> CutOutResult:
        if self.refusal:
            raise self.refusal
        image = Image.new("RGBA", Image.open(io.BytesIO(photo)).size, (0, 0, 0, 0))
        image.paste((255, 0, 0, 255), (20, 20, 60, 60))
        return CutOutResult(image, self.warnings)

    def advise(self, photo: bytes) -> tuple[Notice, ...]:
        return self.advice


class FragileStorage(MemoryStorage):
    """Refuses to write names that end so, or to delete at all."""

    refused_ending = "nothing"
    keeps_all = False
    on_read: Callable[[], None] | None = None

    def _write(self, key: str, data: bytes) -> None:
        if key.endswith(self.refused_ending):
            raise ServiceUnavailableError("full")
        super()._write(key, data)

    def delete_image(self, file_path: str) -> bool:
        if self.keeps_all:
            raise OSError(5, "disk")
        return super().delete_image(file_path)

    def read_image(self, key: str) -> bytes:
        action, self.on_read = self.on_read, None
        if action:
            action()
        return super().read_image(key)


def picture(colour: str = "#405060", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    image = Image.new("RGB", (80, 120), colour)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    database = DatabaseManager(tmp_path / "test.db")
    MigrationManager(database).run()
    for name in ("ada", "bob"):
        profile = {"email": f"{name}@example.com", "first_name": name, "last_name": "X"}
        UserTable(database).add(name, "x", profile, datetime(2026, 11, 21, tzinfo=UTC))
    return database


@pytest.fixture
def storage() -> FragileStorage:
    return FragileStorage()


@pytest.fixture
def cut_out() -> FakeCutOut:
    return FakeCutOut()


@pytest.fixture
def service(db: DatabaseManager, storage: FragileStorage, cut_out: FakeCutOut) -> AvatarService:
    return AvatarService(db, storage, cut_out, CpuGate(2), ImageLimits())


def stored(storage: FragileStorage) -> set[str]:
    return set(storage.keys())


def test_row_and_files(service: AvatarService, storage: FragileStorage) -> None:
    avatar = service.save("ada", picture())
    assert service.current("ada") == avatar and avatar.shown_key == avatar.cutout_key
    assert stored(storage) == set(avatar.keys) and all(key.startswith("avatars/ada/") for key in avatar.keys)
    assert service.current("bob") is None


def test_a_refused_photo_is_kept_with_every_notice_once(service: AvatarService, cut_out: FakeCutOut) -> None:
    cut_out.refusal, cut_out.advice = ImageRejectedError("no_person"), (NOBODY, DARK)
    avatar = service.save("ada", picture())
    assert avatar.cutout_key is None and avatar.shown_key == avatar.original_key
    assert [item["code"] for item in avatar.warnings] == ["no_person", "too_dark"]


def test_a_thing_that_is_no_person_is_not_cut_out_as_one(service: AvatarService, cut_out: FakeCutOut) -> None:
    cut_out.warnings = (NOBODY,)
    avatar = service.save("ada", picture())
    assert avatar.cutout_key is None and [item["code"] for item in avatar.warnings] == ["no_person"]
    assert service.remove_background(picture()).warnings == (NOBODY,), "there a thing will do"


def test_a_picture_that_came_cut_out_is_looked_at(service: AvatarService, cut_out: FakeCutOut) -> None:
    cut_out.advice = (DARK,)
    avatar = service.save("ada", picture(mode="RGBA"))
    assert avatar.original_key.endswith(".png") and avatar.cutout_key
    assert [item["code"] for item in avatar.warnings] == ["too_dark"]
    cut_out.advice = (NOBODY,)
    assert service.save("ada", picture(mode="RGBA")).cutout_key is None


def test_the_person_for_a_try_on(service: AvatarService, cut_out: FakeCutOut) -> None:
    assert service.person_photo("ada") is None
    service.save("ada", picture("#0000ff"))
    for background in (None, "plain"):
        plain = Image.open(io.BytesIO(service.person_photo("ada", background) or b""))
        assert plain.format == "JPEG" and min(plain.getpixel((2, 110))) > 220  # type: ignore[type-var, arg-type]
        assert plain.getpixel((40, 40))[0] > 200  # type: ignore[index]
    original = Image.open(io.BytesIO(service.person_photo("ada", "original") or b""))
    assert original.getpixel((2, 110))[2] > 200  # type: ignore[index]
    service.undo_cutout("ada")
    assert service.person_photo("ada") == service.person_photo("ada", "original")


@pytest.mark.parametrize("ending", [".jpg", "-cutout.png"])
def test_a_full_disk_leaves_the_old_avatar(service: AvatarService, storage: FragileStorage, ending: str) -> None:
    old = service.save("ada", picture())
    storage.refused_ending = ending
    with pytest.raises(ServiceUnavailableError):
        service.save("ada", picture())
    assert service.current("ada") == old and stored(storage) == set(old.keys)


def test_no_file_without_a_row(service: AvatarService, storage: FragileStorage) -> None:
    with pytest.raises(ConflictError):
        service.save("somebody whose account is gone".replace(" ", "-"), picture())
    assert stored(storage) == set()


def test_old_files_that_will_not_go_do_no_harm(service: AvatarService, storage: FragileStorage) -> None:
    service.save("ada", picture())
    storage.keeps_all = True
    avatar = service.save("ada", picture())
    assert service.current("ada") == avatar
    service.delete("ada")
    assert service.current("ada") is None


def test_replacing_while_somebody_reads(service: AvatarService, storage: FragileStorage) -> None:
    service.save("ada", picture())
    storage.on_read = lambda: service.save("ada", picture()) and None
    assert service.person_photo("ada")


def test_deleting_while_somebody_reads(service: AvatarService, storage: FragileStorage) -> None:
    service.save("ada", picture())
    storage.on_read = lambda: service.delete("ada")
    assert service.person_photo("ada") is None


def test_a_lost_file_is_said(service: AvatarService, storage: FragileStorage) -> None:
    storage.delete_image(service.save("ada", picture()).shown_key)
    with pytest.raises(NotFoundError):
        service.person_photo("ada")


def test_saving_at_once_leaves_one_avatar_and_its_files(service: AvatarService, storage: FragileStorage) -> None:
    threads = [threading.Thread(target=service.save, args=("ada", picture())) for _ in range(6)]
    threads += [threading.Thread(target=service.save, args=("bob", picture()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(storage) == set(service.get("ada").keys) | set(service.get("bob").keys)


def test_undo_of_what_was_replaced_in_between(service: AvatarService, storage: FragileStorage) -> None:
    service.save("ada", picture())
    read, newer = service.get, []

    def raced(user_id: str) -> object:
        found = read(user_id)
        if not newer:
            newer.append(service.save("ada", picture()))
        return found

    service.get = raced  # type: ignore[assignment, method-assign]
    undone = service.undo_cutout("ada")
    assert undone.original_key == newer[0].original_key and stored(storage) == {undone.original_key}


def test_erasing_an_account(service: AvatarService, storage: FragileStorage, db: DatabaseManager) -> None:
    service.save("ada", picture())
    kept = service.save("bob", picture())
    assert (service.count("ada"), service.count("nobody")) == ({"avatars": 1}, {"avatars": 0})
    UserTable(db).delete("ada")
    assert service.erase("ada") == {"files": 2} and service.erase("ada") == {"files": 0}
    assert service.current("ada") is None and stored(storage) == set(kept.keys)
