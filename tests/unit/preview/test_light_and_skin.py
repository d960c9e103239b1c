"""What was hidden and what stays: skin under sleeves, light of old folds, scarves, clothes under a coat."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from preview_samples import person

from shared.engines.preview.cleaning import clear
from shared.engines.preview.figure import Figure
from shared.engines.preview.keypoints import Kind
from shared.engines.preview.placement_legs import without_bulge
from shared.engines.preview.scene import OTHER, SKIN, UPPER, Scene, bounds, scene_of, studied
from shared.engines.preview.shading import folds
from shared.engines.preview.skin import skin_colour

WIDTH = 200.0
STRIPES = np.tile(np.repeat([40.0, 220.0], 40), 4)


@lru_cache(maxsize=2)
def scene(name: str) -> Scene:
    return scene_of(studied(person(name)))


def test_dark_tights_do_not_teach_the_skins_colour() -> None:
    """Legs in tights pass for skin; without bare arms the face must be asked."""
    plain = scene("woman_tan")
    nobody = np.zeros_like(plain.arms)
    rgb = plain.rgb.copy()
    legs = (plain.parts == 4) & (np.arange(rgb.shape[0])[:, None] > 900)
    rgb[legs] = (22, 20, 24)
    face = skin_colour(replace(plain, arms=nobody, legs=nobody))
    assert np.allclose(skin_colour(replace(plain, rgb=rgb, arms=nobody, legs=legs)), face)


def test_bare_arms_do() -> None:
    plain = scene("woman_tan")
    assert np.allclose(skin_colour(plain), np.median(plain.rgb[plain.arms], axis=0), atol=1)


def shirt(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A cloth (320 x 200) whose lightness runs down the picture as `rows` says, and its mask."""
    rgb = np.repeat(np.repeat(rows[:, None, None], 200, axis=1), 3, axis=2).astype(np.float32)
    mask = np.zeros(rgb.shape[:2], dtype=np.bool_)
    mask[10:-10, 10:-10] = True
    return rgb, mask


def test_folds_of_a_plain_shirt_show_on_the_new_one() -> None:
    wave = 150.0 + 12.0 * np.sin(np.arange(320) / 10.0)
    factor = folds(*shirt(wave), WIDTH)[60:260, 100]
    assert np.corrcoef(factor, wave[60:260])[0, 1] > 0.8
    assert np.ptp(factor) > 0.03


def test_stripes_do_not() -> None:
    factor = folds(*shirt(STRIPES), WIDTH)[60:260, 100]
    assert np.ptp(factor) < 0.03


@pytest.mark.parametrize(("covered", "stays"), [(SKIN, False), (UPPER, True)])
def test_a_scarf_stays_where_the_neck_is_not_known(covered: int, stays: bool) -> None:
    """A garment with a wide neckline over a bare neck shows skin; over a scarf the scarf, not a painted patch."""
    plain = scene("woman_light")
    found = person("woman_light")
    figure = Figure(plain, found.joints, found.shoulder_width)
    x, y = round(figure.centre_x(figure.neck_y)), round(figure.neck_y)
    throat = np.s_[y - 45 : y + 25, x - 50 : x + 50]
    parts, rgb = plain.parts.copy(), plain.rgb.copy()
    parts[throat], rgb[throat] = covered, (20, 160, 40)
    dressed = replace(plain, parts=parts, rgb=rgb, head=np.zeros_like(plain.head))
    cover = np.zeros(parts.shape, dtype=np.float32)
    cover[y + 30 : y + 400, x - 130 : x + 130] = 1.0
    nothing = np.zeros_like(plain.arms)
    after = clear(dressed, figure, Kind.TOP, cover, plain.rgb.astype(np.uint8), y + 400.0, nothing, over=False)
    unchanged = np.abs(after.rgb[throat] - rgb[throat]).max(axis=2) < 3
    assert (unchanged[:40].mean() > 0.9) if stays else not np.isin(after.parts[throat], (OTHER, UPPER)).all()


def test_a_coat_leaves_what_is_under_it() -> None:
    plain = scene("woman_light")
    found = person("woman_light")
    figure = Figure(plain, found.joints, found.shoulder_width)
    cover, nothing = np.zeros_like(plain.alpha), np.zeros_like(plain.arms)
    cloth = np.zeros(plain.rgb.shape, dtype=np.uint8)
    after = clear(plain, figure, Kind.TOP, cover, cloth, 700.0, nothing, over=True)
    assert np.array_equal(after.rgb, plain.rgb)


def test_legs_over_wide_shorts_fall_evenly() -> None:
    levels, axis = np.linspace(0, 600, 7), np.full(7, 300.0)
    halves = np.array([60.0, 80.0, 95.0, 40.0, 38.0, 36.0, 35.0])
    edges = np.stack([axis - halves, axis + halves], axis=1)
    after = without_bulge(edges, levels, axis)
    widths = after[:, 1] - axis
    assert np.allclose(axis - after[:, 0], widths)
    assert np.all(np.diff(widths[2:]) < 0)
    assert widths[3] > 65
    assert widths[-1] == pytest.approx(35.0)
    assert np.allclose(after[:3], edges[:3])


def test_bounds_of_a_mask() -> None:
    mask = np.zeros((20, 30))
    assert mask[bounds(mask)].size == 0
    mask[3:7, 10:12] = 0.2
    assert bounds(mask) == (slice(3, 7), slice(10, 12))
