"""Garments that somebody wears in their picture: shown alone, or left whole and marked."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.engines.base import GarmentInput, GarmentType
from shared.engines.inputs import alone
from shared.engines.isolation import find_worn, on_light_ground
from shared.engines.preview.cut_out import PLAIN_LIGHT_RGB
from tests.unit.engines.checks_samples import HAIR, SAMPLES, SKIN, UPPER, labels

LOWER = 4
FULL_LENGTH = ("man_dark", "woman_light", "woman_tan")
MOST = 40_000_000

Mask = NDArray[np.bool_]


def picture(file: str) -> Image.Image:
    with Image.open(SAMPLES / file) as opened:
        return opened.convert("RGB")


@dataclass(frozen=True)
class Shown:
    picture: Image.Image
    on_model: bool = False


def isolate(photo: Image.Image, worn_as: GarmentType) -> Shown:
    worn = find_worn(photo, worn_as)
    if worn is None or worn.garment is None:
        return Shown(photo, on_model=worn is not None)
    return Shown(on_light_ground(photo, worn.garment))


def kept_of(photo: Image.Image, shown: Image.Image) -> Mask:
    """Which pixels of the photo are left: the crop is laid where it came from."""
    part = np.asarray(shown, dtype=np.float32)
    left_over = np.abs(part - PLAIN_LIGHT_RGB).max(axis=2) > 6
    whole = np.asarray(photo, dtype=np.float32)
    mask = np.repeat(left_over[..., None], 3, axis=2).astype(np.float32)
    _, _, (left, top), _ = cv2.minMaxLoc(cv2.matchTemplate(whole, part, cv2.TM_SQDIFF, mask=mask))
    kept = np.zeros(whole.shape[:2], dtype=np.bool_)
    kept[top : top + part.shape[0], left : left + part.shape[1]] = left_over
    return kept


def share(kept: Mask, truth: Mask) -> float:
    return float(np.mean(kept[truth]))


@pytest.mark.parametrize("name", ["dress", "dress_sleeved", "longsleeve", "trousers", "tshirt"])
@pytest.mark.parametrize("worn_as", [GarmentType.AUTO, GarmentType.UPPER])
def test_a_packshot_stays_as_it_is(name: str, worn_as: GarmentType) -> None:
    flat = picture(f"garment/{name}.jpg")
    shown = isolate(flat, worn_as)
    assert shown.picture is flat and not shown.on_model


@pytest.mark.parametrize("name", FULL_LENGTH)
@pytest.mark.parametrize(
    ("worn_as", "wanted", "other"), [(GarmentType.UPPER, UPPER, LOWER), (GarmentType.LOWER, LOWER, UPPER)]
)
def test_the_garment_is_left_and_its_wearer_is_gone(name: str, worn_as: GarmentType, wanted: int, other: int) -> None:
    photo, truth = picture(f"person/{name}.jpg"), labels(name)
    shown = isolate(photo, worn_as)
    assert not shown.on_model and shown.picture.width < photo.width and shown.picture.height < photo.height
    kept = kept_of(photo, shown.picture)
    assert share(kept, truth == wanted) > 0.97
    assert share(kept, truth == HAIR) == 0 and share(kept, truth == SKIN) < 0.05 and share(kept, truth == other) < 0.08


def test_a_whole_outfit_is_everything_that_is_worn() -> None:
    photo, truth = picture("person/woman_tan.jpg"), labels("woman_tan")
    kept = kept_of(photo, isolate(photo, GarmentType.FULL).picture)
    assert share(kept, (truth == UPPER) | (truth == LOWER)) > 0.97 and share(kept, truth == HAIR) == 0


@pytest.mark.parametrize("worn_as", [GarmentType.AUTO, GarmentType.SHOES, GarmentType.ACCESSORY])
def test_where_nobody_said_which_garment_the_picture_stays_whole(worn_as: GarmentType) -> None:
    photo = picture("person/man_dark.jpg")
    shown = isolate(photo, worn_as)
    assert shown.picture is photo and shown.on_model


def test_where_hardly_anything_else_is_worn_nobody_needs_to_say() -> None:
    photo = picture("person/man_light_upper.jpg")
    shown = isolate(photo, GarmentType.AUTO)
    assert not shown.on_model and share(kept_of(photo, shown.picture), labels("man_light_upper") == UPPER) > 0.97


def test_two_people_leave_the_picture_whole() -> None:
    one = picture("person/man_dark.jpg")
    both = Image.new("RGB", (2 * one.width, one.height))
    both.paste(one, (0, 0))
    both.paste(picture("person/woman_tan.jpg"), (one.width, 0))
    shown = isolate(both, GarmentType.UPPER)
    assert shown.picture is both and shown.on_model


@pytest.mark.parametrize("size", [(64, 64), (64, 2016), (2016, 64), (300, 300)])
@pytest.mark.parametrize("colour", ["white", "black", "#c8a080", "#e0b090"])
def test_plain_things_are_nobody(size: tuple[int, int], colour: str) -> None:
    thing = Image.new("RGB", size, "white")
    thing.paste(colour, (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
    assert isolate(thing, GarmentType.AUTO).picture is thing


def test_the_same_picture_gives_the_same_cut_out_at_any_size() -> None:
    photo = picture("person/woman_light.jpg")
    half = photo.resize((photo.width // 2, photo.height // 2), Image.Resampling.BOX)
    large, small = (isolate(one, GarmentType.UPPER).picture for one in (photo, half))
    assert large.width == pytest.approx(2 * small.width, rel=0.05)
    assert large.height == pytest.approx(2 * small.height, rel=0.05)


def garment(file: str, worn_as: GarmentType) -> GarmentInput:
    return GarmentInput((SAMPLES / file).read_bytes(), worn_as, {"brand": "Acme"})


def test_inputs_are_freed_marked_or_left() -> None:
    flat, on_model = garment("garment/tshirt.jpg", GarmentType.UPPER), garment("person/man_dark.jpg", GarmentType.UPPER)
    unknown = garment("person/man_dark.jpg", GarmentType.AUTO)
    first, second, third = alone((flat, on_model, unknown), max_pixels=MOST)
    assert first == flat
    assert second.image != on_model.image and not second.on_model and second.details == {"brand": "Acme"}
    assert third.image == unknown.image and third.on_model
    with Image.open(io.BytesIO(second.image)) as sent:
        assert sent.format == "JPEG" and sent.getpixel((2, 2)) == pytest.approx(PLAIN_LIGHT_RGB, abs=4)
