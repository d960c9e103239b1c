"""The goals over the real pages that lie beside the repository; skipped where they are not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.score_adapter import score_page

SHARED = Path(__file__).resolve().parents[4] / "shared"
SCORER, PAGES = SHARED / "tools" / "score_pages.py", SHARED / "pages"
WHOLE = ("is_product", "no_product", "reason")
MEANS = ("sizes", "colors", "img_prec")

pytestmark = pytest.mark.skipif(
    not (SCORER.exists() and PAGES.exists()), reason="no stored pages beside the repository"
)


def _scorer() -> ModuleType:
    found = importlib.util.spec_from_file_location("score_pages", SCORER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_goals_over_the_stored_pages() -> None:
    scorer = _scorer()
    truth = json.loads((PAGES / "truth.json").read_text("utf-8"))
    results = {name: score_page(scorer.page(str(PAGES / name)), facts["url"]) for name, facts in truth.items()}
    scores, misses = scorer.score(results, truth)
    for field, (mean, pages) in scores.items():
        least = 1.0 if field in WHOLE else 0.95 if field in MEANS else (pages - 1) / pages
        assert mean >= least - 1e-9, (field, [miss for miss in misses if miss[1] == field])
    assert set(WHOLE) | set(MEANS) <= set(scores)
