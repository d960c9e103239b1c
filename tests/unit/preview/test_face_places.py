"""Only skin is searched for faces, and around a face's skin all of its box."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.engines.preview.face_places import Window, face_places

SMALLEST = 24.0
Skin = NDArray[np.bool_]


def bare(*discs: tuple[int, int, int], shape: tuple[int, int] = (400, 300)) -> Skin:
    """Discs of skin: column, row and radius."""
    drawn = np.zeros(shape, dtype=np.uint8)
    for x, y, radius in discs:
        cv2.circle(drawn, (x, y), radius, 1, -1)
    return drawn > 0


def holds(places: list[Window], box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return any(
        rows.start <= top and bottom <= rows.stop and columns.start <= left and right <= columns.stop
        for rows, columns in places
    )


@pytest.mark.parametrize("radius", [10, 18, 33, 60, 90])
@pytest.mark.parametrize(("x", "y"), [(150, 120), (152, 203), (149, 255)])
def test_the_box_of_a_face_is_searched(x: int, y: int, radius: int) -> None:
    """A cascade's box is about 2.2 times as wide as the skin that shows."""
    half = round(1.1 * radius)
    box = (max(0, x - half), max(0, y - half), min(300, x + half), min(400, y + half))
    assert holds(face_places(bare((x, y, radius)), SMALLEST), box)


def test_heads_far_apart_are_searched_one_by_one() -> None:
    places = face_places(bare((60, 80, 20), (240, 80, 20)), SMALLEST)
    assert len(places) == 2
    searched = sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in places)
    assert searched < 0.25 * 400 * 300


@pytest.mark.parametrize(
    "skin",
    [
        pytest.param(bare(), id="none"),
        pytest.param(bare((50, 50, 3), (200, 300, 4)), id="specks"),
        pytest.param(np.eye(300, dtype=np.bool_), id="a line"),
    ],
)
def test_too_little_skin_is_not_searched(skin: Skin) -> None:
    assert face_places(skin, SMALLEST) == []


def test_hands_are_not_searched_where_no_face_can_be() -> None:
    skin = bare((150, 60, 30), (150, 350, 30))
    assert len(face_places(skin, SMALLEST)) == 2
    (only,) = face_places(skin, SMALLEST, (slice(0, 220), slice(0, 300)))
    assert holds([only], (120, 30, 180, 90)) and only[0].stop <= 224


def test_a_narrow_picture_is_searched_to_its_edges() -> None:
    (place,) = face_places(bare((7, 60, 40), shape=(121, 15)), SMALLEST)
    assert place[1] == slice(0, 15) and place[0].stop <= 121
