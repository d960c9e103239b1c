"""Copies under load, without room, and when their original goes while they are made."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drawn_pictures import drawn, encoded, looks_drawn, wide_gamut_profile
from PIL import Image, ImageChops, ImageStat

from shared.cpu import CpuGate
from shared.errors import NotFoundError, ServiceUnavailableError, ValidationError
from shared.renditions import RENDITIONS, WIDTHS, Renditions, StoreWithRenditions, width_of
from shared.storage import MemoryStorage

KEY = "wardrobe/7/shirt.jpg"
ROOM = 1 << 30


class Watched(MemoryStorage):
    """Counts the copies that are written; `when_written` runs after each write."""

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0
        self.full = False
        self.when_written: Callable[[], object] = lambda: None

    def _write(self, key: str, data: bytes) -> None:
        if self.full:
            raise ServiceUnavailableError("The image storage is full. Nothing was stored.")
        super()._write(key, data)
        self.copies += key.startswith(RENDITIONS)
        self.when_written()


@pytest.fixture
def store() -> Watched:
    found = Watched()
    found.upload_image(encoded(drawn(800, 1200)), KEY)
    return found


def renditions(store: MemoryStorage, max_bytes: int = ROOM) -> Renditions:
    return Renditions(store, CpuGate(2), max_bytes)


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]).size


def test_many_at_once_draw_it_once(store: Watched) -> None:
    come, made = threading.Barrier(8), renditions(store)
    store.when_written = lambda: threading.Event().wait(0.2)

    def ask(_: int) -> bytes:
        come.wait(5)
        return made.get(KEY, 320, webp=True).data

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(8)))
    assert len(answers) == 1 and store.copies == 1


def test_each_width_and_format_is_its_own(store: Watched) -> None:
    made = renditions(store)
    for _ in range(2):
        found = {(width, webp): made.get(KEY, width, webp=webp) for width in (160, 320) for webp in (True, False)}
    assert len({item.data for item in found.values()}) == 4 == store.copies
    assert {item.mime for (_, webp), item in found.items() if webp} == {"image/webp"}


def test_an_original_that_goes_meanwhile_leaves_no_copy(store: Watched) -> None:
    store.when_written = lambda: MemoryStorage.delete_image(store, KEY)
    renditions(store).get(KEY, 160, webp=False)
    assert list(store.keys()) == []


def test_without_its_original_a_copy_is_not_shown(store: Watched) -> None:
    made = renditions(store)
    made.get(KEY, 160, webp=False)
    store.delete_image(KEY)
    assert len(list(store.keys(RENDITIONS))) == 1
    with pytest.raises(NotFoundError):
        made.get(KEY, 160, webp=False)


def test_a_copy_belongs_to_one_state_of_one_picture(store: Watched) -> None:
    made = renditions(store)
    made.get(KEY, 160, webp=False)
    (copy,) = store.keys(RENDITIONS)
    assert made.belongs(copy)
    assert not any(made.belongs(other) for other in (f"{RENDITIONS}/x", RENDITIONS, copy.replace("shirt", "skirt")))
    store.upload_image(encoded(drawn(801, 1200)), KEY)
    assert not made.belongs(copy)


def test_the_oldest_make_room(store: Watched) -> None:
    for number in range(6):
        store.upload_image(encoded(drawn(800, 1200)), f"wardrobe/7/{number}.jpg")
    one = len(renditions(store, 0).get(KEY, 320, webp=False).data)
    made = renditions(store, max_bytes=4 * one)
    for number in range(6):
        made.get(f"wardrobe/7/{number}.jpg", 320, webp=False)
        assert sum(store.size(copy) for copy in store.keys(RENDITIONS)) <= 4 * one
    left = [copy.split("/")[3] for copy in store.keys(RENDITIONS)]
    assert left == ["2.jpg", "3.jpg", "4.jpg", "5.jpg"][-len(left) :] and len(left) in (3, 4)


def test_copies_of_an_earlier_run_count(store: Watched) -> None:
    keys = [f"wardrobe/7/{number}.jpg" for number in range(4)]
    for key in keys:
        store.upload_image(encoded(drawn(800, 1200)), key)
    one, *_ = [len(renditions(store).get(key, 320, webp=False).data) for key in keys[:3]]
    renditions(store, max_bytes=int(3.5 * one)).get(keys[3], 320, webp=False)
    assert sum(store.size(copy) for copy in store.keys(RENDITIONS)) <= 3.5 * one


def test_what_is_narrow_enough_is_not_kept_twice(store: Watched) -> None:
    assert renditions(store).get(KEY, 960, webp=False).data == store.read_image(KEY)
    assert list(store.keys(RENDITIONS)) == []


def test_a_store_that_is_full_still_shows(store: Watched) -> None:
    store.full = True
    assert size_of(renditions(store).get(KEY, 160, webp=False).data) == (160, 240)
    assert list(store.keys(RENDITIONS)) == []


@pytest.mark.parametrize(
    "stored", [encoded(drawn(800, 1200))[:2_000], b"\x89PNG\r\n\x1a\n" + bytes(90), encoded(drawn(3, 3), "PNG")]
)
def test_what_cannot_be_read_comes_as_it_is(store: Watched, stored: bytes) -> None:
    store.upload_image(stored, KEY)
    assert renditions(store).get(KEY, 160, webp=True).data == stored
    assert list(store.keys(RENDITIONS)) == []


def test_a_wide_gamut_becomes_srgb(store: Watched) -> None:
    """A result kept as the provider sent it may carry a profile; a copy does not."""
    store.upload_image(encoded(Image.new("RGB", (400, 400), (200, 30, 30)), icc_profile=wide_gamut_profile()), KEY)
    for webp in (True, False):
        data = renditions(store).get(KEY, 160, webp=webp).data
        copy = Image.open(io.BytesIO(data))
        assert "icc_profile" not in copy.info
        assert copy.convert("RGB").getpixel((80, 80))[0] > 210  # type: ignore[index]


@pytest.mark.parametrize("size", [(1280, 64), (64, 1000), (161, 3000), (1601, 81)])
def test_extreme_shapes_keep_a_pixel_at_least(store: Watched, size: tuple[int, int]) -> None:
    store.upload_image(encoded(drawn(*size)), KEY)
    for width in WIDTHS:
        found = size_of(renditions(store, 0).get(KEY, width, webp=True).data)
        assert found == (min(width, size[0]), max(1, round(size[1] * min(width, size[0]) / size[0])))


def test_sharp_at_sizes_between_the_steps_of_the_codec(store: Watched) -> None:
    """A JPEG that its codec had scaled to 900 pixels and that was then enlarged to 960 would lose fine lines."""
    lines = Image.new("L", (1, 2400))
    lines.putdata([255 * (row // 2 % 2) for row in range(2400)])
    original = lines.resize((1800, 2400), Image.Resampling.NEAREST).convert("RGB")
    store.upload_image(encoded(original, quality=95), KEY)
    copy = Image.open(io.BytesIO(renditions(store).get(KEY, 960, webp=False).data))
    sharp = original.resize((960, 1280), Image.Resampling.LANCZOS)
    difference = ImageChops.difference(copy.convert("L"), sharp.convert("L"))
    assert ImageStat.Stat(difference).mean[0] < 4


def test_a_drawn_copy_is_the_same_picture(store: Watched) -> None:
    for webp in (True, False):
        assert looks_drawn(Image.open(io.BytesIO(renditions(store).get(KEY, 160, webp=webp).data)))


@pytest.mark.parametrize("width", WIDTHS)
def test_widths_of_the_list(width: int) -> None:
    assert width_of(str(width)) == width


@pytest.mark.parametrize("text", ["", "0", "161", "160 ", "١٦٠"])
def test_other_widths(text: str) -> None:
    with pytest.raises(ValidationError):
        width_of(text)


def test_no_width() -> None:
    assert width_of(None) is None


def test_names_too_long_for_copies(tmp_path: Path) -> None:
    store = StoreWithRenditions(tmp_path, fsync=False)
    key = "wardrobe/" + "x" * 187 + ".jpg"
    store.upload_image(encoded(drawn(400, 600)), key)
    made = Renditions(store, CpuGate(1), ROOM)
    assert size_of(made.get(key, 160, webp=False).data) == (160, 240)
    assert store.delete_image(key) and list(store.keys()) == []
