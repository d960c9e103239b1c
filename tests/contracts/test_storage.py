"""What every image store promises, and what only a folder can get wrong."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import NotFoundError, ServiceUnavailableError, ValidationError
from shared.storage import LocalStorage, MemoryStorage, StorageService

STORES: dict[str, Callable[[Path], StorageService]] = {
    "local": lambda folder: LocalStorage(folder / "images"),
    "local, unsynced": lambda folder: LocalStorage(folder / "images", fsync=False),
    "memory": lambda _: MemoryStorage(),
}

NOT_KEYS = [
    "",
    "/",
    ".",
    "..",
    "../secrets.env",
    "avatars/../../secrets.env",
    "avatars/..",
    "avatars/./a.jpg",
    "/etc/passwd",
    "//etc/passwd",
    "avatars//a.jpg",
    "avatars/a.jpg/",
    "..\\secrets.env",
    "avatars\\..\\a.jpg",
    "C:\\a.jpg",
    "C:a.jpg",
    "%2e%2e/secrets.env",
    "avatars/%2e%2e/a.jpg",
    "avatars/a.jpg\0",
    "avatars/a\0.jpg",
    "avatars/a.jpg\n",
    "\navatars/a.jpg",
    " avatars/a.jpg",
    "avatars/.hidden",
    ".avatars/a.jpg",
    "avatars/..a",
    "avatars/...",
    "../images2/a.jpg",
    "~/a.jpg",
    "avatars/ä.jpg",
    "avatars/a\u2024jpg",
    "avatars\u2215a.jpg",
    "a" * 201,
    "a/" * 100 + "a",
]


@pytest.fixture(params=STORES.values(), ids=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StorageService:
    made: StorageService = request.param(tmp_path)
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def local(root: Path) -> LocalStorage:
    return LocalStorage(root)


def test_what_is_stored_comes_back(store: StorageService) -> None:
    assert store.upload_image(b"first", "avatars/7/a.jpg", "image/jpeg") == "/images/avatars/7/a.jpg"
    assert store.read_image("avatars/7/a.jpg") == b"first"
    assert store.get_image_path("avatars/7/a.jpg").read_bytes() == b"first"
    assert store.size("avatars/7/a.jpg") == 5
    assert store.exists("avatars/7/a.jpg")


def test_the_base_of_the_addresses_may_be_moved(tmp_path: Path) -> None:
    for store in (LocalStorage(tmp_path, "/files/"), MemoryStorage("/files/")):
        assert store.upload_image(b"x", "a.jpg") == "/files/a.jpg"


def test_a_second_picture_replaces_the_first(store: StorageService) -> None:
    store.upload_image(b"first", "a.jpg")
    store.upload_image(b"second!", "a.jpg")
    assert store.read_image("a.jpg") == store.get_image_path("a.jpg").read_bytes() == b"second!"
    assert (store.size("a.jpg"), list(store.keys())) == (7, ["a.jpg"])


def test_an_empty_picture_is_a_picture(store: StorageService) -> None:
    store.upload_image(b"", "a.jpg")
    assert (store.exists("a.jpg"), store.read_image("a.jpg"), store.size("a.jpg")) == (True, b"", 0)


@pytest.mark.parametrize("key", ["a.jpg", "avatars/7/a.jpg", "avatars", "avatars/7"])
def test_what_is_not_there_is_not_found(store: StorageService, key: str) -> None:
    store.upload_image(b"x", "avatars/7/b.jpg")
    for ask in (store.read_image, store.get_image_path, store.size):
        with pytest.raises(NotFoundError):
            ask(key)
    assert not store.exists(key)
    assert not store.delete_image(key)


def test_nothing_lies_below_a_picture(store: StorageService) -> None:
    store.upload_image(b"x", "avatars/7")
    with pytest.raises(NotFoundError):
        store.read_image("avatars/7/a.jpg")
    with pytest.raises(ValidationError):
        store.upload_image(b"y", "avatars/7/a.jpg")
    assert not store.delete_image("avatars/7/a.jpg")
    assert store.delete_tree("avatars/7") == 0
    assert store.read_image("avatars/7") == b"x"


def test_a_picture_cannot_take_the_place_of_a_folder(store: StorageService) -> None:
    store.upload_image(b"x", "avatars/7/a.jpg")
    with pytest.raises(ValidationError):
        store.upload_image(b"y", "avatars/7")
    assert list(store.keys()) == ["avatars/7/a.jpg"]


@pytest.mark.parametrize("key", NOT_KEYS, ids=ascii)
def test_a_key_cannot_leave_the_store(store: StorageService, key: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for use in (
        store.read_image,
        store.get_image_path,
        store.delete_image,
        store.exists,
        store.size,
        store.delete_tree,
    ):
        with pytest.raises(ValidationError):
            use(key)
    with pytest.raises(ValidationError):
        store.upload_image(b"x", key)
    if key:
        with pytest.raises(ValidationError):
            list(store.keys(key))
    assert sorted(tmp_path.rglob("*")) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(key=st.text(alphabet="a./\\%~ \0é-", max_size=12))
def test_any_key_is_refused_or_stays_inside(local: LocalStorage, root: Path, key: str) -> None:
    try:
        local.upload_image(b"x", key)
    except ValidationError:
        return
    assert root in local.get_image_path(key).resolve().parents
    assert list(local.keys()) == [key]
    assert local.delete_image(key)


def test_the_longest_key_is_taken(store: StorageService) -> None:
    key = "a" * 99 + "/" + "b" * 100
    store.upload_image(b"x", key)
    assert store.read_image(key) == b"x"


def test_deleting_tells_whether_there_was_something(store: StorageService) -> None:
    store.upload_image(b"x", "a/b.jpg")
    assert store.delete_image("a/b.jpg")
    assert not store.delete_image("a/b.jpg")
    assert not store.exists("a/b.jpg")


def test_a_tree_is_deleted_whole_and_alone(store: StorageService) -> None:
    kept = ["avatars/12/a.jpg", "avatars/2/a.jpg", "tryon-results/1/j.jpg"]
    for key in ("avatars/1/a.jpg", "avatars/1/b.jpg", "avatars/1/deep/er/c.jpg", *kept):
        store.upload_image(b"x", key)
    assert store.delete_tree("avatars/1") == 3
    assert store.delete_tree("avatars/1") == 0
    assert list(store.keys()) == kept


def test_keys_are_listed_by_folder(store: StorageService) -> None:
    for key in ("avatars/2/b.jpg", "avatars/2/a.jpg", "avatars/21/a.jpg", "wardrobe/2/a.jpg"):
        store.upload_image(b"x", key)
    assert list(store.keys()) == ["avatars/2/a.jpg", "avatars/2/b.jpg", "avatars/21/a.jpg", "wardrobe/2/a.jpg"]
    assert list(store.keys("avatars/2")) == ["avatars/2/a.jpg", "avatars/2/b.jpg"]
    assert list(store.keys("nothing")) == []


def test_a_store_that_works_says_so_and_shows_no_trace(store: StorageService) -> None:
    assert store.write_check() is None
    assert list(store.keys()) == []


def test_readers_never_see_half_a_picture(store: StorageService) -> None:
    whole = [bytes([fill]) * size for fill, size in ((1, 300_000), (2, 500_000))]
    store.upload_image(whole[0], "a.jpg")

    def write() -> None:
        for turn in range(60):
            store.upload_image(whole[turn % 2], "a.jpg")

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        seen = [store.read_image("a.jpg") in whole]
        while not writing.done():
            seen.append(store.read_image("a.jpg") in whole)
        writing.result()
    assert all(seen)


def test_deleting_beside_writing_loses_no_picture(store: StorageService) -> None:
    """A deletion prunes the folder into which the other one is about to write."""

    def come_and_go() -> None:
        for _ in range(150):
            store.upload_image(b"x", "inputs/1/passing.jpg")
            store.delete_image("inputs/1/passing.jpg")

    with ThreadPoolExecutor() as pool:
        others = [pool.submit(come_and_go) for _ in range(2)]
        for number in range(100):
            store.upload_image(b"y", f"inputs/1/{number}.jpg")
            assert store.delete_image(f"inputs/1/{number}.jpg")
        for other in others:
            other.result()
    store.upload_image(b"z", "inputs/1/last.jpg")
    assert list(store.keys()) == ["inputs/1/last.jpg"]


# --- a folder only


def test_empty_folders_are_removed(local: LocalStorage, root: Path) -> None:
    local.upload_image(b"x", "inputs/1/job/person.jpg")
    local.upload_image(b"x", "inputs/1/other/person.jpg")
    local.delete_image("inputs/1/job/person.jpg")
    assert [path.name for path in (root / "inputs" / "1").iterdir()] == ["other"]
    local.delete_tree("inputs/1")
    assert list(root.iterdir()) == []


def test_files_belong_to_the_server_alone(local: LocalStorage, root: Path) -> None:
    before = os.umask(0)
    try:
        local.upload_image(b"x", "avatars/7/a.jpg")
    finally:
        os.umask(before)
    modes = {path.relative_to(root).as_posix(): path.stat().st_mode & 0o777 for path in root.rglob("*")}
    assert modes == {"avatars": 0o700, "avatars/7": 0o700, "avatars/7/a.jpg": 0o600}


@pytest.mark.parametrize("inside", [True, False])
def test_links_are_not_followed(local: LocalStorage, root: Path, tmp_path: Path, inside: bool) -> None:
    target = root / "avatars" / "8" if inside else tmp_path / "images2"
    target.mkdir(parents=True)
    (target / "a.jpg").write_bytes(b"not yours")
    (root / "avatars").mkdir(exist_ok=True)
    (root / "avatars" / "7").symlink_to(target)
    (root / "face.jpg").symlink_to(target / "a.jpg")
    for key in ("avatars/7/a.jpg", "avatars/7", "face.jpg"):
        for use in (local.read_image, local.get_image_path, local.delete_image, local.exists, local.delete_tree):
            with pytest.raises(ValidationError):
                use(key)
    for key in ("avatars/7/a.jpg", "avatars/7/new.jpg", "face.jpg"):
        with pytest.raises(ValidationError):
            local.upload_image(b"mine", key)
    assert "face.jpg" not in list(local.keys())
    assert [path.name for path in target.iterdir()] == ["a.jpg"]
    assert (target / "a.jpg").read_bytes() == b"not yours"


def test_a_link_to_itself_is_no_key(local: LocalStorage, root: Path) -> None:
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(ValidationError):
        local.read_image("loop/a.jpg")


def test_deleting_a_tree_spares_what_its_links_point_to(local: LocalStorage, root: Path, tmp_path: Path) -> None:
    local.upload_image(b"x", "avatars/7/a.jpg")
    (tmp_path / "images2").mkdir()
    (tmp_path / "images2" / "b.jpg").write_bytes(b"y")
    (root / "avatars" / "7" / "link").symlink_to(tmp_path / "images2")
    assert local.delete_tree("avatars/7") == 1
    assert (tmp_path / "images2" / "b.jpg").read_bytes() == b"y"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "images").symlink_to(tmp_path / "disk")
    store = LocalStorage(tmp_path / "images")
    store.upload_image(b"x", "a/b.jpg")
    assert (tmp_path / "disk" / "a" / "b.jpg").read_bytes() == b"x"


def fail_with(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, "a message with /secret/path")

    return fail


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EIO, "written")])
def test_a_failed_write_leaves_nothing_and_keeps_the_old_picture(
    local: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, words: str
) -> None:
    local.upload_image(b"old", "a/b.jpg")
    monkeypatch.setattr(step, fail_with(code))
    with pytest.raises(ServiceUnavailableError, match=words) as caught:
        local.upload_image(b"new", "a/b.jpg")
    with pytest.raises(ServiceUnavailableError):
        local.upload_image(b"new", "a/c.jpg")
    assert "secret" not in caught.value.message
    assert words in (local.write_check() or "")
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["b.jpg"]
    assert local.read_image("a/b.jpg") == b"old"


def test_fsync_can_be_left_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    LocalStorage(root, fsync=False).upload_image(b"x", "a.jpg")
    with pytest.raises(ServiceUnavailableError):
        LocalStorage(root).upload_image(b"x", "a.jpg")


def test_an_interrupted_write_cleans_up(local: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        local.upload_image(b"x", "a.jpg")
    assert list(root.iterdir()) == []


def test_what_a_killed_process_left_is_hidden_and_swept(local: LocalStorage, root: Path) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    local.upload_image(b"x", "a/b.jpg")
    for name, age in {
        ".old.tmp": timedelta(hours=1),
        ".new.tmp": timedelta(minutes=59),
        ".keep": timedelta(days=9),
    }.items():
        (root / "a" / name).write_bytes(b"half")
        stamp = (now - age).timestamp()
        os.utime(root / "a" / name, (stamp, stamp))
    os.utime(root / "a" / "b.jpg", (0, 0))
    assert list(local.keys()) == ["a/b.jpg"]
    assert local.sweep_temporary(now) == 1
    assert sorted(path.name for path in (root / "a").iterdir()) == [".keep", ".new.tmp", "b.jpg"]


def test_left_over_files_do_not_stop_a_tree_from_going(local: LocalStorage, root: Path) -> None:
    local.upload_image(b"x", "a/b.jpg")
    (root / "a" / ".half.tmp").write_bytes(b"half")
    assert local.delete_tree("a") == 1
    assert list(root.iterdir()) == []


def test_a_store_that_is_gone_is_made_anew(local: LocalStorage, root: Path) -> None:
    root.rmdir()
    assert list(local.keys()) == []
    assert not local.exists("a.jpg")
    with pytest.raises(ServiceUnavailableError):
        local.upload_image(b"x", "a.jpg")


def test_it_knows_when_a_picture_was_written(store: StorageService) -> None:
    store.upload_image(b"x", "avatars/u/a.jpg")
    assert abs((datetime.now(UTC) - store.written_at("avatars/u/a.jpg")).total_seconds()) < 60
    with pytest.raises(NotFoundError):
        store.written_at("avatars/u/b.jpg")
