"""One garment on one person: read the garment, place it, warp it, compose it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.base import Deadline, GarmentType, Notice
from shared.engines.preview.compose import Dressed, compose
from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import Placed
from shared.engines.preview.keypoints import Kind, TopPoints
from shared.engines.preview.person import Person
from shared.engines.preview.pieces import Piece
from shared.engines.preview.placement import place_top
from shared.engines.preview.placement_legs import place_bottom
from shared.engines.preview.scene import Scene
from shared.engines.preview.warp import fitted, warp

UNSUPPORTED = (GarmentType.SHOES, GarmentType.ACCESSORY)
NEEDS_LEGS = (Kind.DRESS, Kind.TROUSERS, Kind.SKIRT)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Worn:
    """The scene after one garment, its alpha in the photo (H, W), what to warn of, and measured facts of it."""

    scene: Scene
    cover: Floats
    warnings: tuple[Notice, ...]
    checks: dict[str, object]


def dress_person(scene: Scene, person: Person, pieces: Sequence[Piece], deadline: Deadline) -> list[Worn]:
    """Every garment over the one before, dresses over trousers, coats last; the joints stay, silhouette and parts
    follow the clothes.

    Where one of them is longer than the next, it looks out from under it: sleeves, hems, trousers under a dress.
    `scene`: that of the photo (`scene_of`). Raises what `deadline` raises.
    """
    done: list[Worn] = []
    for piece in sorted(pieces, key=_depth):
        deadline.check()
        figure = Figure(scene, person.joints, person.shoulder_width)
        done.append(wear(scene, figure, piece, deadline))
        scene = done[-1].scene
    return done


def _depth(piece: Piece) -> int:
    """Tops and bottoms in the order in which they were named: a top hangs over trousers either way."""
    return 2 if piece.over else int(piece.kind is Kind.DRESS)


def wear(scene: Scene, figure: Figure, piece: Piece, deadline: Deadline) -> Worn:
    """Put the piece on. Raises what `deadline` raises."""
    placed = _placed(piece, figure)
    deadline.check()
    rgb = fitted(piece.garment.rgb, placed.scale)
    shape = (figure.shape[0], figure.shape[1])
    cloths = (warp(layer, rgb, shape) for layer in placed.layers)  # one at a time: each is as large as the photo
    dressed = compose(scene, cloths, figure, piece.kind, placed, over=piece.over)
    return Worn(dressed.scene, dressed.cover, piece.warnings, _checks(piece, dressed, scene))


def _placed(piece: Piece, figure: Figure) -> Placed:
    if isinstance(piece.points, TopPoints):
        return place_top(piece.garment, piece.outline, piece.points, figure, piece.kind, over=piece.over)
    return place_bottom(piece.garment, piece.points, figure)


def _checks(piece: Piece, dressed: Dressed, before: Scene) -> dict[str, object]:
    solid = dressed.cover > 0.5
    inside = float((before.alpha[solid] > 0.02).mean()) if solid.any() else 0.0
    return {
        "kind": piece.kind.value,
        "garment_contrast": round(piece.garment.contrast, 1),
        "garment_area": round(dressed.area, 4),
        "inside_person": round(inside, 3),
        "old_clothes_covered": None if dressed.old_covered is None else round(dressed.old_covered, 3),
    }
