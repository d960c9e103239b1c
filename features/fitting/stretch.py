"""How far the cloth gives, out of what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.fitting.outcome import Stretch
from features.garments.category_words import fold

ELASTANE = ("elast", "spandex", "lycra", "elasthan", "dorlastan")
"""How the names of elastane begin in the languages of shops: elastane, elasthanne, elastano, elastam..."""

# Two percent of elastane give a cloth about 5 % of stretch, five about 10 %: pattern makers' rule of thumb, a choice of
# this project and not measured. In between and beyond it goes on straight, up to what swimwear has.
_LOW, _HIGH = (2.0, 5.0), (5.0, 10.0)
_MOST = 25.0


def stretch_of(sent: float | None, fabric: Sequence[Mapping[str, Any]]) -> Stretch:
    """What the client says wins; else by the elastane of the main cloth; none known, none assumed."""
    if sent is not None:
        return Stretch(sent)
    elastane = _elastane(fabric)
    return Stretch(_stretch_percent(elastane), elastane) if elastane else Stretch()


def _elastane(fabric: Sequence[Mapping[str, Any]]) -> float:
    """Percent of the part that is named first: linings and cuffs come later."""
    main = [fibre for fibre in fabric if fibre.get("part") == fabric[0].get("part")]
    shares = [fibre.get("percentage") for fibre in main if fold(str(fibre.get("name"))).startswith(ELASTANE)]
    return sum(float(share) for share in shares if isinstance(share, int | float) and 0 < share <= 100)


def _stretch_percent(elastane: float) -> float:
    (low, at_low), (high, at_high) = _LOW, _HIGH
    if elastane <= low:
        return elastane * at_low / low
    return min(_MOST, at_low + (elastane - low) * (at_high - at_low) / (high - low))
