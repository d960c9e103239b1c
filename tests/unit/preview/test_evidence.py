"""Is there a person? Things, drawings and photos that stand on their head are refused with the right reason."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from preview_samples import NEGATIVES, SAMPLES, Pixels, photo, rgb_of

from shared.engines.preview.evidence import FaceFinder, is_too_dark, look_for_person
from shared.engines.preview.parsing import shared_parser
from shared.errors import ImageRejectedError

GARMENTS = sorted((SAMPLES / "garment").glob("*.jpg"))


def refusal(rgb: Pixels) -> str | None:
    bgr = small(rgb)
    try:
        look_for_person(bgr, shared_parser()(bgr))
    except ImageRejectedError as error:
        return error.reason
    return None


def small(rgb: Pixels, height: int = 640) -> Pixels:
    width = round(rgb.shape[1] * height / rgb.shape[0])
    resized = cv2.resize(rgb[..., ::-1], (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(resized).astype(np.uint8)


@pytest.mark.parametrize("name", ["man_dark", "man_light_upper", "woman_light", "woman_tan"])
def test_people_are_people(name: str) -> None:
    bgr = small(photo(name))
    evidence = look_for_person(bgr, shared_parser()(bgr))
    assert evidence.face is not None
    assert evidence.inside[round(evidence.face.centre[1]), round(evidence.face.centre[0])]


@pytest.mark.parametrize("draw", NEGATIVES.values(), ids=NEGATIVES)
def test_drawn_things_are_no_person(draw: Callable[[], Pixels]) -> None:
    assert refusal(draw()) == "no_person"


@pytest.mark.parametrize("file", GARMENTS, ids=lambda file: file.stem)
def test_garments_are_no_person(file: object) -> None:
    assert refusal(rgb_of(file)) == "no_person"  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_turned_photos_are_upside_down(turn: int) -> None:
    assert refusal(np.asarray(cv2.rotate(photo("woman_light"), turn), dtype=np.uint8)) == "upside_down"


def test_an_upside_down_upper_body_is_not_taken_for_a_face() -> None:
    assert refusal(np.ascontiguousarray(photo("man_light_upper")[::-1])) in {"upside_down", "no_person"}


def test_two_people() -> None:
    pair = np.hstack([photo("woman_light")[:, 200:824], photo("woman_tan")[:, 200:824]])
    assert refusal(pair) == "several_people"


@pytest.mark.parametrize("count", [3, 5, 6])
def test_a_row_of_people(count: int) -> None:
    names = ("man_dark", "woman_light")
    row = np.hstack([photo(names[index % 2])[:, 125:890] for index in range(count)])
    assert refusal(row) == "several_people"


def test_one_person_twice_the_same_face_is_one_person() -> None:
    assert refusal(photo("woman_tan")) is None


def test_too_dark() -> None:
    assert refusal((photo("woman_light") * 0.08).astype(np.uint8)) == "too_dark"


def test_a_lit_person_before_black_is_not_too_dark() -> None:
    scene = np.zeros((400, 300, 3), dtype=np.uint8)
    scene[100:300, 100:200] = 190
    assert not is_too_dark(scene)


def test_faces_are_found_at_the_scale_of_the_picture() -> None:
    large = np.ascontiguousarray(photo("woman_tan")[..., ::-1])
    faces = FaceFinder().find(large)
    assert any(abs(face.centre[0] - 512) < 40 and abs(face.centre[1] - 165) < 40 for face in faces)
