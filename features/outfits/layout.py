"""Where the pieces of an outfit lie on its cover, as in a flat lay: tops above bottoms, the rest beside, shoes below.

Pure maths: every piece gets the size it has in life, columns are filled, and the whole is scaled to the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a piece is on the cover."""

    OUTER = "outer"
    TOP = "top"
    DRESS = "dress"
    BOTTOM = "bottom"
    SHOES = "shoes"
    ACCESSORY = "accessory"


FROM_TOP = {Role.OUTER: 0, Role.TOP: 1, Role.DRESS: 1, Role.ACCESSORY: 2, Role.BOTTOM: 3, Role.SHOES: 4}
"""Order within a column."""

LARGEST_CM = {
    Role.OUTER: (88, 92),
    Role.TOP: (80, 72),
    Role.DRESS: (76, 118),
    Role.BOTTOM: (56, 104),
    Role.SHOES: (40, 36),
    Role.ACCESSORY: (40, 44),
}
"""Width and height of a usual piece laid flat. Small things are larger than in life, or they would be lost."""

GAP_CM, WIDEST_GAP_CM = 4.0, 16.0
MARGIN = 0.055
"""Of the frame's width, on every side."""

MOST_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Shape:
    """`aspect`: width by height."""

    role: Role
    aspect: float

    @property
    def size_cm(self) -> tuple[float, float]:
        width, height = LARGEST_CM[self.role]
        fitted = min(width, height * self.aspect)
        return fitted, fitted / self.aspect


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the frame."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Column:
    """Places in the list of shapes, from top to bottom."""

    places: tuple[int, ...]
    width: float
    height: float


def lay_out(shapes: Sequence[Shape], frame: tuple[int, int]) -> list[Box]:
    """A box for each shape, in their order, inside `frame` (width, height in pixels); none touches another."""
    room = (frame[0] * (1 - 2 * MARGIN), frame[1] - 2 * frame[0] * MARGIN)
    tries = [_columns(shapes, count) for count in range(1, min(MOST_COLUMNS, len(shapes)) + 1)]
    columns = max(tries, key=lambda found: _scale(found, room))
    scale = _scale(columns, room)
    return _boxes(shapes, columns, scale, frame)


def _columns(shapes: Sequence[Shape], count: int) -> list[_Column]:
    """The large pieces first, each where there is most room; what is worn above and below stays together."""
    held: list[list[int]] = [[] for _ in range(count)]
    for block in sorted(_blocks(shapes), key=lambda block: -_height(shapes, block)):
        min(held, key=lambda column: _height(shapes, column)).extend(block)
    return [_column(shapes, places) for places in held if places]


def _blocks(shapes: Sequence[Shape]) -> list[list[int]]:
    """The first top and the first bottom as one block, every other piece alone."""
    firsts = [
        next((n for n, shape in enumerate(shapes) if shape.role is role), None) for role in (Role.TOP, Role.BOTTOM)
    ]
    pair = [place for place in firsts if place is not None]
    return ([pair] if pair else []) + [[place] for place in range(len(shapes)) if place not in pair]


def _column(shapes: Sequence[Shape], places: list[int]) -> _Column:
    ordered = tuple(sorted(places, key=lambda place: (FROM_TOP[shapes[place].role], place)))
    return _Column(ordered, max(shapes[place].size_cm[0] for place in places), _height(shapes, places))


def _height(shapes: Sequence[Shape], places: Sequence[int]) -> float:
    return sum(shapes[place].size_cm[1] for place in places) + GAP_CM * max(0, len(places) - 1)


def _scale(columns: Sequence[_Column], room: tuple[float, float]) -> float:
    """Pixels a centimetre."""
    width = sum(column.width for column in columns) + GAP_CM * (len(columns) - 1)
    return min(room[0] / width, room[1] / max(column.height for column in columns))


def _boxes(shapes: Sequence[Shape], columns: Sequence[_Column], scale: float, frame: tuple[int, int]) -> list[Box]:
    boxes: dict[int, Box] = {}
    wide, high = frame[0] / scale, frame[1] / scale
    tallest = max(column.height for column in columns)
    for column, left in zip(columns, _beside([column.width for column in columns], wide), strict=True):
        heights = [shapes[place].size_cm[1] for place in column.places]
        ends_low = shapes[column.places[-1]].role is Role.SHOES
        for place, top in zip(column.places, _below(heights, tallest, high, ends_low=ends_low), strict=True):
            width, height = shapes[place].size_cm
            x = left + (column.width - width) / 2
            boxes[place] = Box(*(round(value * scale) for value in (x, top, width, height)))
    return [boxes[place] for place in range(len(shapes))]


def _beside(widths: Sequence[float], room: float) -> list[float]:
    """Where each column begins: what is free within the margins goes to gaps and sides alike."""
    free = room * (1 - 2 * MARGIN) - sum(widths)
    gap = _gap(free, len(widths) + 1)
    return _starts(widths, gap, room * MARGIN + (free - gap * (len(widths) - 1)) / 2)


def _below(heights: Sequence[float], tallest: float, room: float, *, ends_low: bool) -> list[float]:
    """Where each piece of a column begins: as long as the tallest column where gaps may grow so far, else in the
    middle of it, or at its end (shoes stand where the hems end)."""
    gap = _gap(tallest - sum(heights), len(heights) - 1)
    rest = tallest - sum(heights) - gap * (len(heights) - 1)
    return _starts(heights, gap, (room - tallest) / 2 + rest * (1.0 if ends_low else 0.5))


def _gap(free: float, gaps: int) -> float:
    return min(WIDEST_GAP_CM, max(GAP_CM, free / max(1, gaps)))


def _starts(sizes: Sequence[float], gap: float, first: float) -> list[float]:
    return [first + sum(sizes[:place]) + gap * place for place in range(len(sizes))]
