"""What is seen of a person before the call is what the answer is judged by afterwards."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from checks_samples import SAMPLES, photo

from shared.engines.checks.figure import Figure, known_figure, see_figure, working_size
from shared.engines.checks.reference import at_working_size, make_reference
from shared.engines.preview.parsing import Part
from shared.engines.suitability import look_at_person

NAMES = ["man_dark", "man_light_upper", "woman_light", "woman_tan"]
KEPT_BYTES = 16_000


def looked_at(name: str) -> Figure:
    return look_at_person((SAMPLES / "person" / f"{name}.jpg").read_bytes(), max_pixels=40_000_000).figure


@pytest.mark.parametrize("name", NAMES)
def test_the_first_look_sees_what_a_closer_one_would(name: str) -> None:
    first, closer = looked_at(name), see_figure(at_working_size(photo(name), None))
    assert first.size == closer.size
    before, after = first.parts != Part.BACKGROUND, closer.parts != Part.BACKGROUND
    assert np.count_nonzero(before & after) > 0.97 * np.count_nonzero(before | after)
    assert first.head is not None and closer.head is not None
    assert first.head.sure and closer.head.sure
    assert abs(first.head.x - closer.head.x) + abs(first.head.y - closer.head.y) < 0.15 * closer.head.size
    assert first.head.size == pytest.approx(closer.head.size, rel=0.15)


def test_fifty_of_them_fit_into_a_megabyte() -> None:
    assert len(looked_at("woman_light").packed) < KEPT_BYTES


def test_parts_come_back_as_they_were() -> None:
    parts = np.random.default_rng(5).integers(0, 8, (512, 341), dtype=np.uint8)
    figure = Figure.of(parts, None)
    assert figure.size == (341, 512)
    assert np.array_equal(figure.parts, parts)


def test_a_known_figure_is_not_looked_for_again() -> None:
    picture = photo("woman_light")
    height, width = picture.shape[:2]
    nobody = np.zeros((60, 40, len(Part)), dtype=np.float32)
    nobody[..., Part.BACKGROUND] = 1.0
    reference = make_reference(picture, [], known_figure(nobody, None, (width, height)))
    assert reference.head is None and not reference.person.any()


@pytest.mark.parametrize("size", [(1512, 2016), (2016, 1511), (640, 480), (100, 3000), (513, 511)])
def test_figures_have_the_size_at_which_photos_are_judged(size: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    small = at_working_size(picture, None)
    assert (small.shape[1], small.shape[0]) == working_size(size)
    assert max(working_size(size)) == 512
    assert cv2.mean(small)[0] == 0
