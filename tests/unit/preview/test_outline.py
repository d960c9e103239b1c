"""Soft edges, gaps and clean edge colours, on drawn scenes whose alpha is known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shared.engines.preview import outline
from shared.engines.preview.background import fit_ground
from shared.engines.preview.gaps import without_gaps
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
    found = without_gaps(foreground, fit_ground(picture))
    assert (found[130:370, 244:258] == 0).all()
    assert (found[truth > 0] == foreground[truth > 0]).all()


def test_a_print_in_the_walls_colour_is_no_slit() -> None:
    truth, foreground = ring_and_bar()
    picture = scene(truth)
    picture[200:260, 160:200] = WALL.astype(np.uint8)
    found = without_gaps(foreground, fit_ground(picture))
    assert (found[200:260, 160:200] == foreground[200:260, 160:200]).all()


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
