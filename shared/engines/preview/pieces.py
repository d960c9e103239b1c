"""From a garment's picture to a piece that can be placed: cut out, and judged for what kind of garment it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.engines.base import GarmentInput, GarmentType, Notice
from shared.engines.preview.garment import Floats, Garment, Image, cut_out_garment, read_picture
from shared.engines.preview.keypoints import (
    BottomPoints,
    Kind,
    TopPoints,
    bottom_points,
    find_kind,
    leg_gap_share,
    top_points,
)
from shared.engines.preview.on_model import CLOTHES, look_at, shows_wearer, worn_garment
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.parsing import PartProbabilities
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

UNEVEN = 0.04  # by the height of the trousers
UNLIKE_SLEEVES = 0.15  # difference of their lengths
MIN_CLOTHES = 0.3  # of the network's opinion: garments >= .60, parts torn from photos >= .39, a mug .03, a ball .19


@dataclass(frozen=True, slots=True)
class Piece:
    """A garment that was cut out and read. `over`: a coat or jacket, worn over what is there."""

    garment: Garment
    outline: Outline
    kind: Kind
    over: bool
    points: TopPoints | BottomPoints
    warnings: tuple[Notice, ...]

    @property
    def size_bytes(self) -> int:
        return self.garment.rgb.nbytes + self.garment.alpha.nbytes + self.outline.mask.nbytes


def piece_of(wanted: GarmentInput) -> Piece:
    """Raises ImageRejectedError: garment_on_model, garment_background, garment_not_found."""
    rgb, alpha = read_picture(wanted.image)
    seen = look_at(rgb, alpha)
    if alpha is None and shows_wearer(rgb, seen):
        piece = read_piece(*worn_garment(rgb, wanted.garment_type))
        _refuse_unclear_sleeves(piece)
        return piece
    garment = cut_out_garment(wanted.image)
    _refuse_no_clothes(garment, seen)
    return read_piece(garment, wanted.garment_type)


def _refuse_no_clothes(garment: Garment, seen: PartProbabilities) -> None:
    """A mug, a ball, trousers lying on their side: hardly anything of it looks like clothes in their place."""
    clothes = seen[..., list(CLOTHES)].sum(axis=2)
    if float(clothes[garment.alpha > 0.5].mean()) < MIN_CLOTHES:
        raise ImageRejectedError("garment_not_found", details={"cause": "looks"})


def _refuse_unclear_sleeves(piece: Piece) -> None:
    """Of worn tops only those whose two sleeves are seen alike can be placed again. Sleeves that touch the trunk are
    not told from it, a bent arm folds its sleeve, and sleeveless cuts have no shoulder to go by."""
    if not isinstance(piece.points, TopPoints):
        _refuse_uneven_legs(piece.outline)
        return
    sleeves = piece.points.sleeves
    if sleeves is None or not _alike(sleeves[0].outer_length, sleeves[1].outer_length):
        raise ImageRejectedError("garment_on_model")


def _refuse_uneven_legs(outline: Outline) -> None:
    """Somebody walks: one leg is bent, its trouser leg looks shorter than the other one."""
    axis = round(outline.axis_x)
    lows = [np.flatnonzero(half.any(axis=1)) for half in (outline.mask[:, :axis], outline.mask[:, axis:])]
    if min(len(rows) for rows in lows) == 0 or abs(int(lows[0][-1]) - int(lows[1][-1])) > UNEVEN * outline.height:
        raise ImageRejectedError("garment_on_model")


def _alike(one: float, other: float) -> bool:
    return abs(one - other) < UNLIKE_SLEEVES * max(one, other)


def read_piece(garment: Garment, wanted: GarmentType) -> Piece:
    """Judge what kind of garment it is; a wish that the picture contradicts is followed, with a warning."""
    outline = Outline(garment.alpha > 0.5)
    seen = find_kind(outline)
    kind = _kind(wanted, seen, outline)
    warnings = garment.warnings
    if (kind in (Kind.TOP, Kind.DRESS)) != (seen in (Kind.TOP, Kind.DRESS)):
        warnings = (*warnings, Notice("category_mismatch", REJECTION_MESSAGES["category_mismatch"]))
    upper = kind in (Kind.TOP, Kind.DRESS)
    points = top_points(garment, outline) if upper else bottom_points(outline, kind)
    return Piece(garment, outline, kind, wanted is GarmentType.OUTER, points, warnings)


def _kind(wanted: GarmentType, seen: Kind, outline: Outline) -> Kind:
    if wanted in (GarmentType.UPPER, GarmentType.OUTER):
        return Kind.TOP
    if wanted in (GarmentType.DRESS, GarmentType.FULL):
        return Kind.DRESS
    if wanted is GarmentType.LOWER:
        return Kind.TROUSERS if leg_gap_share(outline) > 0.05 else Kind.SKIRT
    return seen


def loose_cut(wanted: GarmentInput) -> tuple[Image, Floats]:
    """Colours and alpha of a thing that is only shown: cut out where that can be done, else the whole picture."""
    try:
        garment = cut_out_garment(wanted.image)
    except ImageRejectedError:
        rgb, _ = read_picture(wanted.image)
        return rgb, np.ones(rgb.shape[:2], dtype=np.float32)
    return garment.rgb, garment.alpha
