"""What the placements of all kinds of garments share: the answer, the scales, and the limits of stretching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.engines.preview.warp import Layer

COVER = 1.035  # the cloth is that much wider than the silhouette under it
LOOSEST_SKIRT = 3.0  # a skirt's natural width is taken up to this much over the silhouette
STRETCH_TO_COVER = 1.17  # a top or sleeve is drawn out that far to hide the old hem
SEAM_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the seam, where trunk and sleeve share key points

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """Layers in drawing order and what the composition must know: scale photo/garment, neckline and hem in the photo.

    `sleeve_ends`: how far down the arms (px from the shoulder joints) sleeves cover them all around.
    """

    layers: tuple[Layer, ...]
    scale: float
    neckline: Points | None
    hem_y: float
    sleeve_ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Scales across, along and of the skirt; the levels shoulder, armpit, (waist), hem in both pictures."""

    across: float
    along: float
    skirt: float
    garment_levels: Points
    photo_levels: Points

    def row(self, y: float) -> float:
        """Photo row of a garment row."""
        first, last = self.garment_levels[0], self.garment_levels[-1]
        if y > last:
            return float(self.photo_levels[-1] + (y - last) * self.along)
        return float(np.interp(max(y, first), self.garment_levels, self.photo_levels))
