"""What kind of garment is asked about: the row of the ease and weight tables that it is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from features.fitting.terms import Chart, Zone
from features.garments.categories import categorize_words
from features.garments.category_words import kind_of

TOP, TROUSERS, SHOES = "t_shirt", "trousers", "shoes"

ROWS: dict[str, str] = {
    "blouse": "shirt",
    "shirt": "shirt",
    "jacket": "jacket",
    "blazer": "jacket",
    "gilet": "jacket",
    "suit": "jacket",
    "coat": "coat",
    "skirt": "skirt",
    "jeans": "jeans",
    "leggings": "leggings",
    "swimsuit": "swimwear",
    "underwear": "leggings",
    "bra": "bra",
}
"""Garment noun -> row, where it is not the row of its category."""

GENERAL: dict[str, str] = {"upper_body": TOP, "dress": "dress", "lower_body": TROUSERS, "shoes": SHOES}
"""Category -> row for what is only known in general."""

# The words of requests that are no garment nouns: how a thing is worn, and the categories of the API.
_CATEGORIES: dict[str, str] = {
    "upper": "upper_body",
    "upper_body": "upper_body",
    "outer": "upper_body",
    "lower": "lower_body",
    "lower_body": "lower_body",
    "full": "dress",
    "none": "none",
}
_OUTER = "outer"
_TROUSER_ZONES = {Zone.INSEAM, Zone.THIGH, Zone.HIP, Zone.CALF}


@dataclass(frozen=True, slots=True)
class Named:
    """`category`: upper_body, lower_body, dress, shoes, accessory or none. `type`: a garment noun, where one was said.

    `row`: None for what the body's measurements say nothing of.
    """

    category: str
    type: str | None
    row: str | None


def name_garment(words: Iterable[str | None]) -> Named | None:
    """Out of what was said of the garment, the most trusted first; None when nothing of it names one.

    A noun later in the list makes an earlier general word of the same category more exact: "upper" and then "blouse".
    """
    found = [named for word in words if word and (named := _named(word))]
    if not found:
        return None
    return next((named for named in found if named.type and named.category == found[0].category), found[0])


def row_by_zones(chart: Chart) -> str:
    """A general row by what the chart measures, for a garment that nobody names."""
    zones = {zone for row in chart.rows for zone in row.cells}
    if Zone.FOOT_LENGTH in zones:
        return SHOES
    return TROUSERS if Zone.CHEST not in zones and zones & _TROUSER_ZONES else TOP


def _named(word: str) -> Named | None:
    key = word.strip().casefold().replace(" ", "_")
    if key in _CATEGORIES:
        row = "jacket" if key == _OUTER else GENERAL.get(_CATEGORIES[key])
        return Named(_CATEGORIES[key], None, row)
    said = categorize_words(type_name=word)
    if said is None:
        return None
    row = ROWS.get(said.type) or GENERAL.get(kind_of(said.type).category)
    return Named(said.category, said.type, row)
