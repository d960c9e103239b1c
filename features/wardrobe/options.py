"""What an app offers to choose from. Other words are taken as well."""

from __future__ import annotations

from features.wardrobe.filters import Sort
from features.wardrobe.kinds import GARMENT_CATEGORIES
from shared.engines.base import GarmentType

# The commonest of the fibre names of Regulation (EU) No 1007/2011, Annex I, and what labels say for the rest.
FABRIC_TYPES = (
    "cotton", "linen", "hemp", "jute", "ramie", "kapok",
    "wool", "merino wool", "lambswool", "cashmere", "mohair", "angora", "alpaca", "camel", "yak", "silk",
    "viscose", "modal", "lyocell", "cupro", "acetate", "triacetate",
    "polyester", "recycled polyester", "polyamide", "acrylic", "modacrylic", "elastane", "polyurethane",
    "polypropylene", "elastomultiester", "metallised fibre",
    "leather", "suede", "sheepskin", "fur", "down", "feathers", "rubber", "cork", "raffia", "straw", "paper",
    "other fibres",
)  # fmt: skip

# In the order of the symbols of ISO 3758: washing, bleaching, drying, ironing, professional care.
CARE_INSTRUCTIONS = (
    "machine wash at 30 °C", "machine wash at 40 °C", "machine wash at 60 °C", "machine wash at 95 °C",
    "machine wash cold", "gentle cycle", "very gentle cycle", "hand wash only", "do not wash",
    "wash with similar colours", "wash inside out", "wash separately",
    "bleach allowed", "oxygen bleach only", "do not bleach",
    "tumble dry low", "tumble dry normal", "do not tumble dry", "line dry", "dry flat", "dry in the shade",
    "iron at low temperature", "iron at medium temperature", "iron at high temperature", "iron inside out",
    "iron without steam", "do not iron",
    "dry clean", "gentle dry clean", "do not dry clean", "professional wet clean", "wipe with a damp cloth",
)  # fmt: skip


def options() -> dict[str, list[str]]:
    return {
        "fabric_types": list(FABRIC_TYPES),
        "care_instructions": list(CARE_INSTRUCTIONS),
        "garment_category_types": list(GARMENT_CATEGORIES),
        "garment_types": [item.value for item in GarmentType],
        "sorts": [item.value for item in Sort],
    }
