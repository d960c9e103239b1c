"""Head and background of the photo come back to the pixel; the new clothes stay the answer's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.engines.checks.blending import Blend, blend, kept_everything, plan_blend
from shared.engines.checks.inspection import inspect
from tests.unit.engines.checks_samples import (
    HAIR,
    PEOPLE,
    UPPER,
    dressed,
    jpeg,
    labels,
    moved,
    photo,
    pixels,
    reference,
)

Pixels = NDArray[np.uint8]
NAMES = sorted(PEOPLE)


def planned(name: str, answer: Pixels, *, margins: bool = False) -> Blend | None:
    return plan_blend(reference(name), inspect(reference(name), answer), margins=margins)


def drifted(name: str) -> Pixels:
    """What a model makes of it: a little softer, darker, larger and aside."""
    soft = cv2.GaussianBlur(dressed(name), (0, 0), 1.5)
    darker = np.asarray(cv2.convertScaleAbs(soft, alpha=0.96, beta=2), dtype=np.uint8)
    return jpeg(moved(darker, (1.008, 1.008), (0.006, -0.004)), 80)


def blended(name: str) -> Pixels:
    plan = planned(name, drifted(name))
    assert plan is not None and plan.head
    return blend(photo(name), drifted(name), plan)


@pytest.mark.parametrize("name", NAMES)
def test_the_face_is_the_photos_own_to_the_pixel(name: str) -> None:
    left, top, side, _ = PEOPLE[name]["face_haar"][0]
    face = np.s_[top + side // 8 : top + 7 * side // 8, left + side // 8 : left + 7 * side // 8]
    assert not np.array_equal(drifted(name)[face], photo(name)[face])
    assert np.array_equal(blended(name)[face], photo(name)[face])


@pytest.mark.parametrize("name", NAMES)
def test_hair_and_background_come_back_and_the_clothes_stay(name: str) -> None:
    out, before, wanted = (picture.astype(int) for picture in (blended(name), photo(name), dressed(name)))
    same = (out == before).all(axis=2)
    assert same[labels(name) == HAIR].mean() > 0.6
    assert same[labels(name) == 0].mean() > 0.8
    top = cv2.erode((labels(name) == UPPER).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    assert np.abs(out - wanted)[top].mean() < 6 < 20 < np.abs(out - before)[top].mean()


@pytest.mark.parametrize("name", NAMES)
def test_there_is_no_seam(name: str) -> None:
    """Nowhere is an edge that neither the photo nor a perfect answer has."""
    gradients = [
        cv2.morphologyEx(cv2.GaussianBlur(each, (0, 0), 2), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        .max(axis=2)
        .astype(int)
        for each in (blended(name), photo(name), dressed(name))
    ]
    known = cv2.dilate(np.maximum(gradients[1], gradients[2]).astype(np.uint8), np.ones((15, 15), np.uint8)).astype(int)
    assert (gradients[0] - known).max() <= 12


def test_what_counts_as_kept() -> None:
    known = reference("woman_tan")
    same, other = (jpeg(dressed("woman_tan"), 97), drifted("woman_tan"))
    assert kept_everything(known, inspect(known, same))
    assert not kept_everything(known, inspect(known, other))
    face = same.copy()
    left, top, side, _ = PEOPLE["woman_tan"]["face_haar"][0]
    face[top : top + side, left : left + side] = cv2.GaussianBlur(face[top : top + side, left : left + side], (0, 0), 4)
    assert not kept_everything(known, inspect(known, face))


def test_where_the_photo_is_not_found_nothing_is_brought_back() -> None:
    assert planned("woman_tan", np.ascontiguousarray(dressed("woman_tan")[::-1])) is None


def test_a_hat_stays_on() -> None:
    answer = jpeg(pixels(cv2.GaussianBlur(dressed("man_dark"), (0, 0), 2.0)))
    left, top, side, _ = PEOPLE["man_dark"]["face_haar"][0]
    hat = np.s_[max(0, top - side // 3) : top + side // 8, left - side // 6 : left + side + side // 6]
    answer[hat] = (30, 120, 30)
    plan = planned("man_dark", answer)
    assert plan is not None
    out = blend(photo("man_dark"), answer, plan)
    assert np.abs(out[hat].astype(int) - (30, 120, 30)).mean() < 25


def test_a_face_that_moved_is_not_pasted_over() -> None:
    answer = drifted("woman_light")
    left, top, side, _ = PEOPLE["woman_light"]["face_haar"][0]
    head = np.s_[0 : top + 2 * side, left - side : left + 2 * side]
    answer[head] = moved(answer[head], scale=(0.9, 1.0))
    plan = planned("woman_light", answer)
    assert plan is None or not plan.head


def test_with_margins_around_nothing_moves_and_the_frame_fades() -> None:
    assert planned("woman_tan", drifted("woman_tan"), margins=True) is None
    still = jpeg(pixels(cv2.GaussianBlur(dressed("woman_tan"), (0, 0), 3.0)), 60)
    plan = planned("woman_tan", still, margins=True)
    assert plan is not None
    border = np.concatenate([plan.weight[0], plan.weight[-1], plan.weight[:, 0], plan.weight[:, -1]])
    assert border.max() < 0.1 < plan.share
