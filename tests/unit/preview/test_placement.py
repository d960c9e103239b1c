"""Where garments come to lie on the sample people, against their true joints; and the warp itself."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from drawn_garments import drawn, png
from preview_samples import FULL_LENGTH, PEOPLE, SAMPLES, person, true_alpha

from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import Placed
from shared.engines.preview.frame import padded_to, parsed_ratio
from shared.engines.preview.garment import Garment, cut_out_garment
from shared.engines.preview.keypoints import Kind, bottom_points, top_points
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.placement import place_top
from shared.engines.preview.placement_legs import place_bottom
from shared.engines.preview.scene import scene_of, studied
from shared.engines.preview.warp import Layer, Spline, warp


@lru_cache(maxsize=8)
def figure(name: str) -> Figure:
    found = person(name)
    return Figure(scene_of(studied(found)), found.joints, found.shoulder_width)


@lru_cache(maxsize=8)
def cut_out(data: bytes) -> Garment:
    return cut_out_garment(data)


def placed(name: str, data: bytes, kind: Kind) -> Placed:
    garment = cut_out(data)
    outline = Outline(garment.alpha > 0.5)
    if kind in (Kind.TOP, Kind.DRESS):
        return place_top(garment, outline, top_points(garment, outline), figure(name), kind)
    return place_bottom(garment, bottom_points(outline, kind), figure(name))


def joint(name: str, what: str) -> np.ndarray:
    return np.array(PEOPLE[name]["joints"][what])


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_shoulder_seams_lie_at_the_shoulders(name: str) -> None:
    trunk = placed(name, png(drawn("tshirt").rgb), Kind.TOP).layers[0]
    width = joint(name, "left_shoulder")[0] - joint(name, "right_shoulder")[0]
    for side in ("left_shoulder", "right_shoulder"):
        nearest = np.hypot(*(trunk.target - joint(name, side)).T).min()
        assert nearest < 0.22 * width


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_a_shirt_ends_at_the_hips_and_a_dress_above_the_ankles(name: str) -> None:
    hip, ankle = joint(name, "left_hip")[1], joint(name, "left_ankle")[1]
    shoulder = joint(name, "left_shoulder")[1]
    shirt = placed(name, png(drawn("tshirt").rgb), Kind.TOP).hem_y
    assert shoulder + 0.7 * (hip - shoulder) < shirt < hip + 0.45 * (hip - shoulder)
    assert hip < placed(name, png(drawn("dress").rgb), Kind.DRESS).hem_y <= ankle + 10


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_long_sleeves_end_at_the_wrists_and_short_ones_before_the_elbows(name: str) -> None:
    long = placed(name, (SAMPLES / "garment" / "longsleeve.jpg").read_bytes(), Kind.TOP)
    short = placed(name, (SAMPLES / "garment" / "tshirt.jpg").read_bytes(), Kind.TOP)
    for layer, side in ((1, "right"), (2, "left")):
        arm = np.hypot(*(joint(name, f"{side}_wrist") - joint(name, f"{side}_shoulder")))
        end = long.layers[layer].target[-2:].mean(axis=0)
        assert np.hypot(*(end - joint(name, f"{side}_wrist"))) < 0.16 * arm
        end = short.layers[layer].target[-2:].mean(axis=0)
        assert joint(name, f"{side}_shoulder")[1] < end[1] < joint(name, f"{side}_elbow")[1]


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_trousers_go_from_the_waist_to_the_ankles(name: str) -> None:
    found = placed(name, (SAMPLES / "garment" / "trousers.jpg").read_bytes(), Kind.TROUSERS)
    hip, ankle = joint(name, "left_hip")[1], joint(name, "left_ankle")[1]
    for layer in found.layers:
        assert layer.target[:, 1].min() < hip
        assert abs(layer.target[:, 1].max() - ankle) < 0.06 * (ankle - hip)
    right, left = found.layers
    assert right.target[-1, 0] < left.target[-1, 0]


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_the_figure_measures_the_true_silhouette(name: str) -> None:
    measured, alpha = figure(name), true_alpha(name) > 0.5
    y = int(joint(name, "left_elbow")[1])
    row = alpha[y]
    middle = int(measured.centre_x(y))
    right = middle - int(np.argmin(row[middle::-1]))
    left = middle + int(np.argmin(row[middle:]))
    assert measured.edge(0, y) == pytest.approx(right, abs=8)
    assert measured.edge(1, y) == pytest.approx(left, abs=8)
    assert measured.armpits[:, 1].mean() == pytest.approx(
        joint(name, "left_shoulder")[1] + 0.4 * measured.width, rel=0.12
    )


def test_a_spline_is_exact_at_its_points_and_keeps_planes() -> None:
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 500, (20, 2))
    turned = start @ np.array([[0.9, 0.3], [-0.2, 1.1]]) + np.array([40.0, -10.0])
    between = rng.uniform(100, 400, (50, 2))
    wanted = between @ np.array([[0.9, 0.3], [-0.2, 1.1]]) + np.array([40.0, -10.0])
    assert np.allclose(Spline(start, turned)(between), wanted, atol=0.05)
    bent = start + rng.normal(0, 15, start.shape)
    assert np.abs(Spline(start, bent)(start) - bent).max() < 0.5


def test_a_shifted_layer_lies_where_its_points_say() -> None:
    alpha = np.zeros((120, 100), dtype=np.float32)
    alpha[30:90, 20:80] = 1.0
    rgb = np.zeros((120, 100, 3), dtype=np.uint8)
    rgb[..., 0] = np.arange(100)
    corners = np.array([[20, 30], [79, 30], [20, 89], [79, 89], [50, 60]], dtype=np.float64)
    cloth = warp(Layer("piece", alpha, corners, corners + np.array([200.0, 50.0])), rgb, (300, 400))
    assert cloth.alpha[110, 250] == pytest.approx(1.0)
    assert cloth.alpha[60, 60] == 0.0
    assert cloth.rgb[110, 250, 0] == pytest.approx(50, abs=1)
    assert cloth.alpha.sum() == pytest.approx(3600, rel=0.05)


def test_a_layer_stays_within_its_polygon() -> None:
    alpha = np.ones((100, 100), dtype=np.float32)
    points = np.array([[0, 0], [99, 0], [0, 99], [99, 99]], dtype=np.float64)
    within = np.array([[50.0, 0.0], [99.0, 0.0], [99.0, 99.0], [50.0, 99.0]])
    cloth = warp(Layer("piece", alpha, points, points, within=within), np.zeros((100, 100, 3), np.uint8), (100, 100))
    assert cloth.alpha[50, 20] == 0.0
    assert cloth.alpha[50, 80] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1:1", (400, 400)),
        ("3:4", (400, 300)),
        ("16:9", (400, 711)),
        (None, (400, 300)),
        ("1:9", (400, 300)),
        ("x", (400, 300)),
    ],
)
def test_the_frame_is_padded_and_never_cropped(text: str | None, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (400, 300, 3), dtype=np.uint8)
    for plain in (True, False):
        out = padded_to(picture, text, plain)
        assert out.shape[:2] == size
        top, left = (out.shape[0] - 400) // 2, (out.shape[1] - 300) // 2
        assert np.array_equal(out[top : top + 400, left : left + 300], picture)


def test_ratios_out_of_reason_are_none() -> None:
    assert parsed_ratio("4:5") == pytest.approx(0.8)
    assert [parsed_ratio(text) for text in ("0:1", "1:0", "9:1", "1:2:3", "-1:2", "")] == [None] * 6
