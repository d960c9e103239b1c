"""The ground behind an object: found although the object hides most of it."""

from __future__ import annotations

import numpy as np
import pytest
from preview_samples import PEOPLE, noise, photo, true_alpha

from shared.engines.preview.background import border_ring, fit_ground

HEIGHT, WIDTH = 300, 220


def lit_wall() -> np.ndarray:
    """A wall that gets darker to the right and to the bottom, warmer to the top; BGR."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / (HEIGHT, WIDTH)[0]
    wall = np.stack([200 - 25 * x - 10 * y * y, 205 - 20 * x, 212 - 18 * x - 12 * y], axis=-1)
    return np.clip(wall + 0.5, 0, 255).astype(np.uint8)


def with_object(wall: np.ndarray) -> np.ndarray:
    scene = wall.copy()
    scene[40:, 60:160] = (40, 60, 160)
    return scene


def test_the_hidden_wall_is_drawn_again() -> None:
    wall = lit_wall()
    ground = fit_ground(with_object(wall))
    assert ground.is_plain
    assert np.abs(ground.render().astype(int) - wall).max() <= 3


def test_the_distance_tells_wall_and_object_apart() -> None:
    ground = fit_ground(with_object(lit_wall()))
    hidden = np.zeros((HEIGHT, WIDTH), dtype=bool)
    hidden[40:, 60:160] = True
    assert ground.distance[~hidden].max() < 2.5
    assert ground.distance[hidden].min() > 40


def test_noise_is_not_plain() -> None:
    ground = fit_ground(noise())
    assert not ground.is_plain
    assert ground.plain < 0.5


def test_stripes_of_two_colours_are_not_plain() -> None:
    stripes = np.full((200, 200, 3), 230, dtype=np.uint8)
    stripes[:, (np.arange(200) // 10) % 2 == 0] = (60, 60, 60)
    assert not fit_ground(stripes).is_plain


def test_known_background_replaces_the_border() -> None:
    framed = np.full((HEIGHT, WIDTH, 3), (30, 30, 200), dtype=np.uint8)
    framed[30:-30, 30:-30] = (180, 190, 200)
    known = np.zeros((HEIGHT, WIDTH), dtype=bool)
    known[40:80, 40:180] = True
    colour = fit_ground(framed, known).render()[HEIGHT // 2, WIDTH // 2]
    assert np.abs(colour.astype(int) - (180, 190, 200)).max() <= 3


def test_an_empty_known_background_means_the_border() -> None:
    scene = with_object(lit_wall())
    assert fit_ground(scene, np.zeros((HEIGHT, WIDTH), dtype=bool)).sd == fit_ground(scene).sd


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 400), (400, 5)])
def test_tiny_pictures_do_not_fail(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, dtype=np.uint8)
    ground = fit_ground(picture)
    assert ground.distance.shape == size
    assert np.abs(ground.render().astype(int) - 90).max() <= 2


@pytest.mark.parametrize("name", PEOPLE)
def test_sample_people_stand_before_plain_ground(name: str) -> None:
    ground = fit_ground(np.ascontiguousarray(photo(name)[..., ::-1]))
    behind = true_alpha(name) == 0
    assert ground.is_plain
    assert np.median(ground.distance[behind]) < 2.0
    assert np.median(ground.distance[~behind]) > 8.0


def test_resized_keeps_the_colours() -> None:
    ground = fit_ground(with_object(lit_wall()))
    half = ground.resized(HEIGHT // 2, WIDTH // 2)
    assert half.render().shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert np.abs(half.render()[10, 10].astype(int) - ground.render()[20, 20]).max() <= 2
    assert ground.resized(HEIGHT, WIDTH) is ground


def test_the_ring_is_the_border_only() -> None:
    ring = border_ring(100, 200, 0.05)
    assert ring[:5].all()
    assert ring[:, :5].all()
    assert not ring[5:-5, 5:-5].any()
