"""Soft edges, gaps and clean edge colours, on drawn scenes whose alpha is known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shared.engines.preview import outline
from shared.engines.preview.background import fit_ground
from shared.engines.preview.gaps import settled, without_flaws
from shared.engines.preview.outline import clean_edges, enlarged, main_components, matte, rough_outline

SIDE = 400
OBJECT, WALL = np.array([60.0, 70.0, 170.0]), np.array([215.0, 220.0, 225.0])


def disc_alpha(radius: float = 120.0) -> np.ndarray:
    """Exact coverage of a disc, one pixel of transition."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    return np.clip(radius + 0.5 - np.hypot(x - SIDE / 2, y - SIDE / 2), 0, 1).astype(np.float32)


def scene(alpha: np.ndarray) -> np.ndarray:
    mixed = alpha[..., None] * OBJECT + (1 - alpha[..., None]) * WALL
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def test_matte_finds_the_coverage_of_edge_pixels() -> None:
    truth = disc_alpha()
    ground = fit_ground(scene(truth)).render()
    found = matte(scene(truth), truth > 0.5, ground)
    assert np.abs(found - truth).max() < 0.35
    assert np.abs(found - truth)[(truth > 0) & (truth < 1)].mean() < 0.12


def test_matte_corrects_a_mask_that_is_a_pixel_too_large() -> None:
    truth = disc_alpha()
    large = cv2.dilate((truth > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    found = matte(scene(truth), np.asarray(large), fit_ground(scene(truth)).render())
    assert np.count_nonzero((found > 0.5) != (truth > 0.5)) < 0.2 * np.count_nonzero(large != (truth > 0.5))


def test_matte_in_strips_is_matte_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = disc_alpha()
    whole = matte(scene(truth), truth > 0.5)
    monkeypatch.setattr(outline, "STRIP_ROWS", 64)
    assert np.abs(matte(scene(truth), truth > 0.5) - whole).max() < 0.02


def test_sides_cut_by_the_frame_stay_opaque() -> None:
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    inside[200:, 100:300] = True
    alpha = matte(scene(inside.astype(np.float32)), inside)
    assert (alpha[-1, 110:290] == 1).all()


def test_the_edge_takes_the_objects_own_colour() -> None:
    truth = disc_alpha()
    clean = clean_edges(scene(truth), truth)
    edge = (truth > 0.2) & (truth < 0.8)
    before = np.abs(scene(truth)[edge].astype(float) - OBJECT).mean()
    after = np.abs(clean[edge].astype(float) - OBJECT).mean()
    assert after < 0.15 * before


def test_the_inside_keeps_its_pixels() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    truth = disc_alpha()
    assert (clean_edges(picture, truth)[truth == 1] == picture[truth == 1]).all()


def test_grabcut_moves_a_rough_edge_to_the_real_one() -> None:
    truth = disc_alpha() > 0.5
    rough = cv2.GaussianBlur(np.roll(truth, 3, axis=1).astype(np.float32), (0, 0), 4)
    picture = scene(disc_alpha())
    before = np.count_nonzero((rough > 0.5) != truth)
    assert np.count_nonzero(rough_outline(picture, rough, fit_ground(picture)) != truth) < 0.35 * before


def ring_and_bar() -> tuple[np.ndarray, np.ndarray]:
    """A trunk and an arm with a slit of wall between them, and a network that fills the slit."""
    truth = np.zeros((SIDE, SIDE), dtype=np.float32)
    truth[80:380, 140:240] = 1
    truth[80:380, 262:300] = 1
    truth[80:110, 140:300] = 1
    unsure = np.where(truth > 0, 0.99, 0.03).astype(np.float32)
    unsure[110:380, 240:262] = 0.85
    return truth, unsure


def test_a_slit_of_wall_is_opened() -> None:
    truth, foreground = ring_and_bar()
    picture = scene(truth)
    found = settled(foreground, fit_ground(picture))
    assert (found[130:370, 244:258] == 0).all()
    assert (found[truth > 0] == foreground[truth > 0]).all()


def test_a_print_in_the_walls_colour_is_no_slit() -> None:
    truth, foreground = ring_and_bar()
    picture = scene(truth)
    picture[200:260, 160:200] = WALL.astype(np.uint8)
    found = settled(foreground, fit_ground(picture))
    assert (found[200:260, 160:200] == foreground[200:260, 160:200]).all()


def test_a_slit_is_opened_to_its_rim_though_the_network_half_sees_it() -> None:
    truth, foreground = ring_and_bar()
    foreground[110:380, 240:244] = foreground[110:380, 258:262] = 0.4
    found = settled(foreground, fit_ground(scene(truth)))
    assert (found[130:370, 242:260] == 0).all()


def test_a_slit_that_is_open_to_the_pictures_edge_is_opened() -> None:
    truth, foreground = ring_and_bar()
    truth, foreground = truth[:340], foreground[:340]
    assert (settled(foreground, fit_ground(scene(truth)))[130:338, 244:258] == 0).all()


@pytest.mark.parametrize("reaches_out", [False, True])
def test_a_patch_of_cloth_that_the_network_misses_is_closed(reaches_out: bool) -> None:
    truth, foreground = ring_and_bar()
    foreground[150:180, 170:200] = 0.1
    if reaches_out:
        foreground[160:170, 140:170] = 0.1
    found = settled(foreground, fit_ground(scene(truth)))
    assert (found[150:180, 172:198] > 0.5).all()
    assert (found[truth == 0] <= 0.5).all()


def test_what_stands_beside_the_person_is_no_patch() -> None:
    truth, foreground = ring_and_bar()
    picture = scene(truth)
    picture[150:250, 310:340] = OBJECT.astype(np.uint8)
    assert (settled(foreground, fit_ground(picture))[150:250, 312:338] < 0.5).all()


def holed(hole: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """A person of noise, and a mask that leaves a hole in it."""
    picture = np.random.default_rng(1).normal(120, 4, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    mask = disc_alpha() > 0.5
    mask[hole] = False
    return picture, mask


def test_a_hole_of_the_same_colour_is_closed() -> None:
    picture, mask = holed(np.s_[190:205, 190:205])
    assert (without_flaws(picture, mask) == (disc_alpha() > 0.5)).all()


def test_a_hole_of_another_colour_stays() -> None:
    picture, mask = holed(np.s_[190:205, 190:205])
    picture[~mask] = 30
    assert (without_flaws(picture, mask) == mask).all()


def test_a_large_hole_stays_and_a_speck_does_not() -> None:
    picture, mask = holed(np.s_[150:200, 150:200])
    whole = mask.copy()
    mask[250, 200] = False
    picture[250, 200] = 0
    assert (without_flaws(picture, mask) == whole).all()
    assert not without_flaws(picture, np.zeros_like(mask)).any()


def test_small_pieces_are_left_out() -> None:
    mask = np.zeros((100, 100), dtype=bool)
    mask[10:60, 10:60] = True
    mask[70:90, 70:90] = True
    mask[95:98, 5:8] = True
    kept = main_components(mask)
    assert kept[80, 80]
    assert not kept[96, 6]
    assert not main_components(np.zeros((9, 9), dtype=bool)).any()


def test_enlarged_masks_keep_their_share() -> None:
    mask = disc_alpha() > 0.5
    assert enlarged(mask, 1000, 900).mean() == pytest.approx(mask.mean(), rel=0.01)
    assert enlarged(mask, SIDE, SIDE) is mask
