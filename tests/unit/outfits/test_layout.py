"""Where pieces lie: all of them inside the frame, none on another, in the order of a flat lay."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from features.outfits.layout import MARGIN, Box, Role, Shape, lay_out

FRAME = (768, 1024)
TOP, BOTTOM, SHOES = Shape(Role.TOP, 1.0), Shape(Role.BOTTOM, 0.4), Shape(Role.SHOES, 1.1)
DRESS, BAG, COAT = Shape(Role.DRESS, 0.55), Shape(Role.ACCESSORY, 1.0), Shape(Role.OUTER, 0.8)


def overlap(one: Box, other: Box) -> bool:
    apart = (
        one.left + one.width <= other.left
        or other.left + other.width <= one.left
        or one.top + one.height <= other.top
        or other.top + other.height <= one.top
    )
    return not apart


def middle(box: Box) -> float:
    return box.left + box.width / 2


@pytest.mark.parametrize("seed", range(40))
def test_every_piece_is_seen_whole(seed: int) -> None:
    chance = random.Random(seed)
    roles = [chance.choice(list(Role)) for _ in range(1 + seed % 20)]
    shapes = [Shape(role, chance.uniform(0.1, 8.0)) for role in roles]
    boxes = lay_out(shapes, FRAME)
    edge = FRAME[0] * MARGIN - 2  # rounding
    for shape, box in zip(shapes, boxes, strict=True):
        assert box.left >= edge and box.left + box.width <= FRAME[0] - edge
        assert box.top >= edge and box.top + box.height <= FRAME[1] - edge
        assert abs(box.width - shape.aspect * box.height) <= 1 + shape.aspect, "nothing is stretched"
    assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]


def test_tops_above_bottoms() -> None:
    bottom, top = lay_out([BOTTOM, TOP], FRAME)
    assert top.top + top.height < bottom.top and abs(middle(top) - middle(bottom)) <= 2
    assert abs(middle(top) - FRAME[0] / 2) <= 2


def test_accessories_beside_and_shoes_where_the_hems_end() -> None:
    top, bottom, shoes, bag = lay_out([TOP, BOTTOM, SHOES, BAG], FRAME)
    assert abs(middle(top) - middle(bottom)) <= 2 < min(shoes.left, bag.left) - bottom.left - bottom.width
    assert bag.top + bag.height < shoes.top
    assert abs(shoes.top + shoes.height - bottom.top - bottom.height) <= 2


def test_sizes_are_as_in_life() -> None:
    coat, top, bottom, bag = lay_out([COAT, TOP, BOTTOM, BAG], FRAME)
    assert bottom.height > coat.height > top.height > bag.height


@pytest.mark.parametrize("shapes", [[TOP], [DRESS], [TOP, BOTTOM], [DRESS, BAG, SHOES]])
def test_the_frame_is_used(shapes: list[Shape]) -> None:
    boxes = lay_out(shapes, FRAME)
    wide = max(box.left + box.width for box in boxes) - min(box.left for box in boxes)
    high = max(box.top + box.height for box in boxes) - min(box.top for box in boxes)
    assert wide > 0.85 * FRAME[0] or high > 0.85 * FRAME[1]
