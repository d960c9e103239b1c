"""Training samples: what the network is shown. The network itself needs torch, which the tests do without."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.augment import LETTERBOX_GREY, sample
from training.dataset import (
    BACKGROUND,
    DRESS,
    HAIR,
    KEPT_ASIDE_EVERY,
    OTHER,
    SKIN,
    UPPER,
    bare_share,
    class_table,
    load,
)

LABELS = "0 null\n2 bag\n14 dress\n19 hair\n41 skin\n55 vest\n"


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    """Drawn people: hair, skin, a dress and a bag on a street of noise; one photo without a label."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels.txt").write_text(LABELS)
    for number in range(1, 3 * KEPT_ASIDE_EVERY + 1):
        write_photo(tmp_path, number, empty=number == 2)
    return tmp_path


def write_photo(folder: Path, number: int, *, empty: bool) -> None:
    r = np.random.default_rng(number)
    photo = r.integers(90, 140, (300, 200, 3), dtype=np.uint8)
    labels = np.zeros((300, 200), np.uint8)
    if not empty:
        for value, (top, bottom, half) in {
            19: (20, 40, 15),
            41: (40, 80, 12),
            14: (80, 220, 30),
            2: (220, 240, 20),
        }.items():
            labels[top:bottom, 100 - half : 100 + half] = value
    photo[labels > 0] = (30, 60, 200)
    cv2.imwrite(str(folder / "photos" / f"{number:04}.jpg"), photo)
    cv2.imwrite(str(folder / "labels" / f"{number:04}.png"), labels)


def test_labels_become_our_classes() -> None:
    table = class_table(LABELS)
    assert [table[number] for number in (0, 2, 14, 19, 41, 55)] == [BACKGROUND, OTHER, DRESS, HAIR, SKIN, UPPER]


def test_photos_kept_aside_are_never_trained_on(folder: Path) -> None:
    trained = {photo.name for photo in load(folder, aside=False)}
    aside = {photo.name for photo in load(folder, aside=True)}
    assert aside == {f"{KEPT_ASIDE_EVERY * times:04}" for times in (1, 2, 3)}
    assert not trained & aside


def test_a_photo_without_labels_is_left_out(folder: Path) -> None:
    assert "0002" not in {photo.name for photo in load(folder, aside=False)}


def test_a_missing_label_file_is_named(folder: Path) -> None:
    (folder / "labels" / "0005.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"0005\.jpg"):
        load(folder, aside=False)


def test_the_box_holds_the_person(folder: Path) -> None:
    assert load(folder, aside=False)[0].box == (70, 20, 130, 240)


def test_bare_shoulders_are_skin_beside_the_top() -> None:
    labels = np.zeros((100, 100), np.uint8)
    labels[20:80, 40:60] = UPPER
    assert bare_share(labels) == 0.0
    labels[20:40, 30:40] = SKIN
    labels[20:40, 60:70] = SKIN
    assert bare_share(labels) == pytest.approx(0.5, abs=0.03)
    assert bare_share(np.zeros((10, 10), np.uint8)) == 0.0


@pytest.mark.parametrize("seed", range(24))
def test_a_sample_fits_the_network(folder: Path, seed: int) -> None:
    photos = load(folder, aside=False)
    picture, labels = sample(photos, seed % len(photos), 192, 128, np.random.default_rng(seed))
    assert picture.shape == (192, 128, 3) and picture.dtype == np.uint8
    assert labels.shape == (192, 128) and set(np.unique(labels)) <= {BACKGROUND, HAIR, SKIN, DRESS, OTHER}


def test_the_same_seed_gives_the_same_sample(folder: Path) -> None:
    photos = load(folder, aside=False)
    first = [sample(photos, 3, 96, 64, np.random.default_rng([1, epoch, 3])) for epoch in (1, 1, 2)]
    assert np.array_equal(first[0][0], first[1][0]) and np.array_equal(first[0][1], first[1][1])
    assert not np.array_equal(first[0][0], first[2][0])


def test_labels_stay_on_what_they_name(folder: Path) -> None:
    """Over many samples the person's pixels stay redder than the street, wherever the camera moved."""
    photos = load(folder, aside=False)
    redder = []
    for seed in range(40):
        picture, labels = sample(photos, 0, 192, 128, np.random.default_rng(seed))
        inside, outside = labels > 0, (labels == 0) & (picture != LETTERBOX_GREY).any(axis=2)
        if inside.sum() > 200 and outside.sum() > 200:
            contrast = picture[..., 2].astype(float) - picture[..., 0]
            redder.append(contrast[inside].mean() > contrast[outside].mean())
    assert np.mean(redder) > 0.8
