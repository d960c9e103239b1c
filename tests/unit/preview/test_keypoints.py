"""Kinds and key points of drawn garments, whose corners are known, and of the samples."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from drawn_garments import (
    TROUSERS_CROTCH_Y,
    TSHIRT_ARMPIT,
    TSHIRT_HEM_Y,
    TSHIRT_PEAK,
    WIDTH,
    drawn,
    png,
)
from preview_samples import SAMPLES

from shared.engines.preview.garment import Garment, cut_out_garment
from shared.engines.preview.keypoints import Kind, TopPoints, bottom_points, find_kind, top_points
from shared.engines.preview.outline_rows import Outline


@lru_cache(maxsize=8)
def read(name: str) -> tuple[Garment, Outline]:
    garment = cut_out_garment(png(drawn(name).rgb))
    return garment, Outline(garment.alpha > 0.5)


def points_of(name: str) -> TopPoints:
    return top_points(*read(name))


@lru_cache(maxsize=8)
def sample(name: str) -> tuple[Garment, Outline]:
    garment = cut_out_garment((SAMPLES / "garment" / f"{name}.jpg").read_bytes())
    return garment, Outline(garment.alpha > 0.5)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tshirt", Kind.TOP),
        ("long", Kind.TOP),
        ("dress", Kind.DRESS),
        ("skirt", Kind.SKIRT),
        ("trousers", Kind.TROUSERS),
    ],
)
def test_kinds_of_drawn_garments(name: str, kind: Kind) -> None:
    assert find_kind(read(name)[1]) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tshirt", Kind.TOP),
        ("longsleeve", Kind.TOP),
        ("dress", Kind.DRESS),
        ("dress_sleeved", Kind.DRESS),
        ("trousers", Kind.TROUSERS),
    ],
)
def test_kinds_of_samples(name: str, kind: Kind) -> None:
    assert find_kind(sample(name)[1]) is kind


def test_armpits_collar_and_hem_of_a_shirt() -> None:
    points = points_of("tshirt")
    assert np.hypot(*(points.armpits[1] - np.array(TSHIRT_ARMPIT))) < 14
    assert np.hypot(*(points.armpits[0] - np.array((WIDTH - TSHIRT_ARMPIT[0], TSHIRT_ARMPIT[1])))) < 14
    assert abs(points.neckline[-1, 0] - TSHIRT_PEAK[0]) < 25
    assert abs(points.trunk[-1, 0] - TSHIRT_HEM_Y) < 20
    assert abs(points.axis_x - WIDTH / 2) < 2


def test_sides_are_mirror_images_of_each_other() -> None:
    points = points_of("long")
    assert points.sleeves is not None
    right, left = points.sleeves
    flipped = np.stack([2 * points.axis_x - right.outer[:, 0], right.outer[:, 1]], axis=1)
    assert float(np.abs(flipped - left.outer).max()) < 12


def test_sleeves_end_where_they_are_drawn() -> None:
    points = points_of("tshirt")
    assert points.sleeves is not None
    left = points.sleeves[1]
    assert np.hypot(*(left.outer[-1] - np.array((700.0, 400.0)))) < 14
    assert np.hypot(*(left.inner[-1] - np.array((620.0, 445.0)))) < 14
    assert left.outer_length == pytest.approx(39 + np.hypot(120, 185), rel=0.1)  # from the seam over the shoulder


@pytest.mark.parametrize("name", ["dress", "skirt"])
def test_no_sleeves_where_there_are_none(name: str) -> None:
    assert points_of("dress").sleeves is None
    assert bottom_points(read("skirt")[1], Kind.SKIRT).legs is None


def test_the_waist_of_a_dress_is_its_narrowest_row() -> None:
    assert abs(points_of("dress").waist_y - 360) < 60


def test_crotch_and_legs_of_trousers() -> None:
    points = bottom_points(read("trousers")[1], Kind.TROUSERS)
    assert points.crotch is not None
    assert points.legs is not None
    assert abs(points.crotch[1] - TROUSERS_CROTCH_Y) < 15
    right, left = points.legs
    assert np.all(right[:, 2] < left[:, 1])
    assert abs(right[-1, 1] - (WIDTH - 530)) < 8
    assert abs(left[-1, 2] - 530) < 8


@pytest.mark.parametrize("name", ["tshirt", "dress", "dress_sleeved"])
def test_the_inside_of_the_back_collar_is_found(name: str) -> None:
    """The samples are shown on a ghost: above the front's edge the garment's dark inside is seen."""
    garment, outline = sample(name)
    neckline = top_points(garment, outline).neckline
    middle = neckline[len(neckline) // 2]
    x, y = round(middle[0]), round(middle[1])
    above, below = garment.rgb[y - 6, x].astype(float).mean(), garment.rgb[y + 6, x].astype(float).mean()
    assert y > outline.top_at(x) + 8
    assert above < 0.75 * below
