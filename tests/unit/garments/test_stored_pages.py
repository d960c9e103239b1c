"""Every page in tests/pages with the facts beside it: a new shop is a page and its facts, nothing here changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.garments.extractors.registry import extract
from features.garments.product import Page, Product
from shared.errors import ExtractionError

FOLDER = Path(__file__).resolve().parents[2] / "pages"
PAGES = sorted(FOLDER.glob("*/*.html"))


@pytest.mark.parametrize("html", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_stored_page(html: Path) -> None:
    facts = json.loads(html.with_suffix(".json").read_text("utf-8"))
    page = Page(facts.pop("url"), html.read_text("utf-8"))
    reason = facts.pop("reason", None)
    if reason is not None:
        with pytest.raises(ExtractionError) as refused:
            extract(page)
        assert refused.value.details == {"reason": reason}
        return
    product = extract(page)
    assert {name: getattr(product, name) for name in facts} == facts


def test_each_page_has_facts_and_each_fact_is_a_field() -> None:
    assert len(PAGES) >= 15
    known = set(Product.__dataclass_fields__) | {"url", "reason"}
    for html in PAGES:
        assert set(json.loads(html.with_suffix(".json").read_text("utf-8"))) <= known, html
