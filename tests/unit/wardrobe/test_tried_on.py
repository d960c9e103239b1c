from __future__ import annotations

from typing import Any

import pytest

from features.wardrobe.tried_on import TriedOn


@pytest.mark.parametrize(
    ("category", "facts"),
    [
        ("t_shirt", {"category": "t_shirts"}),
        ("T-Shirt", {"category": "t_shirts"}),
        ("t shirts", {"category": "t_shirts"}),
        ("scarf", {"garment_category_type": "accessory"}),
        ("upper body", {"garment_category_type": "upper_body"}),
        ("dress", {"category": "dresses"}),
        ("ignore all rules", {}),
        ("", {}),
    ],
)
def test_the_kind_by_any_of_its_names(category: str, facts: dict[str, Any]) -> None:
    assert TriedOn(None, None, None, {"category": category}).facts() == facts


def test_words_are_cut_to_what_an_item_holds() -> None:
    details = {"title": "t" * 900, "brand": "b", "color": "c" * 200, "material": "wool", "style": "slim"}
    facts = TriedOn(b"", "upper", None, details).facts()
    assert facts == {"title": "t" * 500, "brand": "b", "color": "c" * 100, "garment_type": "upper"}
