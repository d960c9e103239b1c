"""Each check on the sample people: good answers pass all of them, each planted fault is found by its name."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.engines.base import GarmentType
from shared.engines.checks.colours import palette, presence, to_lab
from shared.engines.checks.inspection import inspect
from shared.engines.checks.reference import grey_of, make_reference
from shared.engines.checks.registration import align, find_corners
from shared.engines.checks.report import Check, Fault, Report
from tests.unit.engines.checks_samples import (
    BLUE,
    PEOPLE,
    RED,
    dressed,
    jpeg,
    moved,
    packshot,
    photo,
    pixels,
    reference,
    with_head_of,
    with_second_person,
)

Pixels = NDArray[np.uint8]
NAMES = sorted(PEOPLE)
OTHER = dict(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))


def faults(name: str, answer: Pixels) -> list[Fault]:
    return inspect(reference(name), jpeg(answer)).report.faults


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: moved(picture, scale=(1.01, 1.01)),
        lambda picture: moved(picture, shift=(-0.01, 0.01)),
        lambda picture: cv2.convertScaleAbs(picture, alpha=1.03),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.2),
        lambda picture: cv2.resize(picture, None, fx=0.8, fy=0.8),
    ],
    ids=["as it is", "scaled", "shifted", "brighter", "softer", "another size"],
)
def test_a_good_answer_passes_every_check(name: str, change: object) -> None:
    assert callable(change)
    assert faults(name, change(dressed(name))) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("scale", "shift"),
    [
        ((1.0, 1.0), (0.05, 0.0)),
        ((1.0, 1.0), (0.0, -0.05)),
        ((1.05, 1.0), (0.0, 0.0)),
        ((1.0, 1.05), (0.0, 0.0)),
        ((1 / 0.92, 1.0), (0.04, 0.0)),
        ((0.9, 0.9), (0.0, 0.0)),
    ],
)
def test_another_framing_is_seen(name: str, scale: tuple[float, float], shift: tuple[float, float]) -> None:
    assert Fault.FRAMING in faults(name, moved(dressed(name), scale, shift))


@pytest.mark.parametrize("name", ["man_dark", "woman_light", "woman_tan"])
@pytest.mark.parametrize("shift", [0.09, -0.09], ids=["feet", "head"])
def test_cropped_head_or_feet_are_seen(name: str, shift: float) -> None:
    found = faults(name, moved(dressed(name), shift=(0.0, shift)))
    assert Fault.CROPPED in found and Fault.FRAMING in found


# Not every pair: the sample people are sculpted from one mesh, and two of them could be siblings.
@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("man_dark", "man_light_upper"),
        ("man_dark", "woman_light"),
        ("woman_light", "woman_tan"),
        ("woman_tan", "man_dark"),
        ("man_light_upper", "man_dark"),
    ],
)
def test_another_head_is_seen(name: str, other: str) -> None:
    assert faults(name, with_head_of(name, other)) == [Fault.FACE]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [40, 75, 95])
def test_the_photo_itself_is_seen(name: str, quality: int) -> None:
    assert faults(name, jpeg(photo(name), quality))[0] is Fault.UNCHANGED


@pytest.mark.parametrize("name", NAMES)
def test_without_a_head_all_of_the_picture_may_have_changed(name: str) -> None:
    fleck = np.zeros_like(reference(name).person)
    fleck[:20, :20] = True
    headless = replace(reference(name), head=None, person=fleck)
    assert inspect(headless, jpeg(dressed(name))).report.faults == []
    assert inspect(headless, jpeg(photo(name))).report.faults == [Fault.UNCHANGED]


@pytest.mark.parametrize("name", ["man_dark", "woman_light", "woman_tan"])
def test_a_second_person_is_seen(name: str) -> None:
    assert faults(name, with_second_person(name, OTHER[name])) == [Fault.SEVERAL_PEOPLE]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_without_the_person_is_seen(name: str) -> None:
    height, width = photo(name).shape[:2]
    assert Fault.NO_PERSON in faults(name, pixels(cv2.resize(packshot(), (width, height))))
    assert Fault.NO_PERSON in faults(name, np.full_like(photo(name), 200))


@pytest.mark.parametrize("name", NAMES)
def test_another_colour_is_seen(name: str) -> None:
    assert faults(name, dressed(name, RED)) == [Fault.COLOUR]


def test_a_drawing_without_a_person_is_not_judged_as_one() -> None:
    drawing: Pixels = np.full((400, 300, 3), 230, np.uint8)
    cv2.rectangle(drawing, (40, 60), (130, 240), (0, 90, 200), -1)
    cv2.circle(drawing, (220, 300), 50, (90, 20, 20), -1)
    known = make_reference(drawing, [])
    changed = drawing.copy()
    changed[100:200, 60:110] = (200, 200, 10)
    report = inspect(known, changed).report
    assert report.faults == []
    assert {check.name for check in report.checks if check.value is None} >= {"person_area", "face_likeness"}


def test_the_same_answer_gives_the_same_figures() -> None:
    answer = jpeg(moved(dressed("woman_tan"), (1.01, 1.01)))
    first, second = (inspect(make_reference(photo("woman_tan"), []), answer).report.to_list() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("scale", [(1.0, 1.0), (1.1, 1.0), (0.9, 0.95)])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.06, -0.04)])
def test_where_the_photo_lies_is_measured(scale: tuple[float, float], shift: tuple[float, float]) -> None:
    first = grey_of(photo("man_light_upper"))
    second = grey_of(jpeg(moved(dressed("man_light_upper"), scale, shift)))
    found = align(find_corners(first), second)
    assert found is not None
    assert (found.scale_x, found.scale_y) == pytest.approx(scale, abs=0.005)
    assert found.centre_shift() == pytest.approx(shift, abs=0.005)


def test_pictures_that_share_nothing_are_not_aligned() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (400, 300), dtype=np.uint8)
    grey = grey_of(pixels(cv2.resize(photo("woman_tan"), (300, 400))))
    assert align(find_corners(grey), noise) is None
    assert align(find_corners(np.full_like(grey, 90)), grey) is None


@pytest.mark.parametrize("size", [(40, 60), (3, 200), (200, 3), (1, 1)])
def test_answers_of_odd_sizes_are_judged_without_a_crash(size: tuple[int, int]) -> None:
    answer = pixels(cv2.resize(dressed("woman_tan"), size))
    assert inspect(reference("woman_tan"), answer).report.faults


def test_colours_of_a_packshot_and_their_share() -> None:
    half = packshot()
    half[160:260, 50:190] = RED
    both = palette(half, GarmentType.UPPER)
    looked_at = to_lab(np.array([[BLUE] * 3 + [RED] * 1], dtype=np.uint8)).reshape(-1, 3)
    only_blue = palette(packshot(), GarmentType.UPPER)
    assert presence(looked_at, [both]) == 1.0
    assert presence(looked_at, [only_blue]) == 0.75
    assert presence(looked_at, [only_blue, palette(packshot(RED), GarmentType.LOWER)]) == 0.5  # red has half its share
    assert presence(looked_at[:0], [both]) is None
    assert presence(looked_at, []) is None


def test_shoes_need_not_fill_the_picture() -> None:
    looked_at = to_lab(np.array([[BLUE] * 95 + [RED] * 5], dtype=np.uint8)).reshape(-1, 3)
    share = presence(looked_at, [palette(packshot(), GarmentType.UPPER), palette(packshot(RED), GarmentType.SHOES)])
    assert share is not None and share > 0.5


def test_a_report_names_the_worst_first_and_what_may_be_shown() -> None:
    fine = Check("shift", Fault.FRAMING, 0.01, 0.03)
    off = Check("scale", Fault.FRAMING, 0.2, 0.03)
    pale = Check("garment_colour", Fault.COLOUR, 0.1, 0.4, at_least=True)
    stranger = Check("face_likeness", Fault.FACE, 0.3, 0.7, at_least=True)
    unknown = Check("person_area", Fault.NO_PERSON, None, 0.35, at_least=True)
    assert Report([fine, unknown]).faults == []
    assert (Report([pale, off, fine]).faults, Report([pale, off]).deliverable) == ([Fault.FRAMING, Fault.COLOUR], True)
    assert (Report([pale, stranger]).faults[0], Report([pale, stranger]).deliverable) == (Fault.FACE, False)
    assert off.to_dict() == {"name": "scale", "value": 0.2, "limit": 0.03, "passed": False}
