"""One garment on one person: read the garment, place it, warp it, compose it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.engines.base import Deadline, GarmentType, Notice
from shared.engines.preview.compose import Dressed, compose
from shared.engines.preview.figure import Figure
from shared.engines.preview.fit import Placed
from shared.engines.preview.garment import Garment
from shared.engines.preview.keypoints import Kind, bottom_points, find_kind, leg_gap_share, top_points
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.placement import place_top
from shared.engines.preview.placement_legs import place_bottom
from shared.engines.preview.scene import Scene
from shared.engines.preview.warp import fitted, warp
from shared.errors import REJECTION_MESSAGES

UNSUPPORTED = (GarmentType.SHOES, GarmentType.ACCESSORY)
NEEDS_LEGS = (Kind.DRESS, Kind.TROUSERS, Kind.SKIRT)


@dataclass(frozen=True, slots=True)
class Worn:
    """The scene after one garment, what to warn of, and measured facts of this garment."""

    scene: Scene
    warnings: tuple[Notice, ...]
    checks: dict[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """A garment that was cut out and read."""

    garment: Garment
    outline: Outline
    kind: Kind
    warnings: tuple[Notice, ...]


def read_piece(garment: Garment, wanted: GarmentType) -> Piece:
    """Judge what kind of garment it is; a wish that the picture contradicts is followed, with a warning."""
    outline = Outline(garment.alpha > 0.5)
    seen = find_kind(outline)
    kind = _kind(wanted, seen, outline)
    warnings = garment.warnings
    if (kind in (Kind.TOP, Kind.DRESS)) != (seen in (Kind.TOP, Kind.DRESS)):
        warnings = (*warnings, Notice("category_mismatch", REJECTION_MESSAGES["category_mismatch"]))
    return Piece(garment, outline, kind, warnings)


def _kind(wanted: GarmentType, seen: Kind, outline: Outline) -> Kind:
    if wanted in (GarmentType.UPPER, GarmentType.OUTER):
        return Kind.TOP
    if wanted in (GarmentType.DRESS, GarmentType.FULL):
        return Kind.DRESS
    if wanted is GarmentType.LOWER:
        return Kind.TROUSERS if leg_gap_share(outline) > 0.05 else Kind.SKIRT
    return seen


def wear(scene: Scene, figure: Figure, piece: Piece, deadline: Deadline) -> Worn:
    """Put the piece on. Raises what `deadline` raises."""
    placed = _placed(piece, figure)
    deadline.check()
    rgb = fitted(piece.garment.rgb, placed.scale)
    shape = (figure.shape[0], figure.shape[1])
    cloths = [warp(layer, rgb, shape) for layer in placed.layers]
    deadline.check()
    dressed = compose(scene, cloths, figure, piece.kind, placed)
    return Worn(dressed.scene, piece.warnings, _checks(piece, dressed, scene))


def _placed(piece: Piece, figure: Figure) -> Placed:
    if piece.kind in (Kind.TOP, Kind.DRESS):
        points = top_points(piece.garment, piece.outline)
        return place_top(piece.garment, piece.outline, points, figure, piece.kind)
    return place_bottom(piece.garment, bottom_points(piece.outline, piece.kind), figure)


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
