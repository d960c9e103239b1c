"""What a picture is made of: equal keys for equal pictures only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from features.tryon.content import Worn, content_key, digest
from shared.cpu import CpuGate
from shared.engines import gemini as module
from shared.engines.base import ImageEngine
from shared.engines.chain import EngineChain
from shared.engines.fake import FakeEngine
from shared.engines.gemini import GeminiEngine
from shared.engines.preview.engine import PreviewEngine

SHIRT, SKIRT = Worn(b"shirt", "upper", {"brand": "Acme"}), Worn(b"skirt", "lower")


def key(**other: Any) -> str:
    parts = {
        "version": "v1",
        "person": digest(b"ada"),
        "garments": [SHIRT, SKIRT],
        "options": {"quality": "fast"},
        **other,
    }
    return content_key(**parts)


@pytest.mark.parametrize(
    "other",
    [
        {"options": {"quality": "fast", "allow_preview": False, "retention_hours": 3, "force_refresh": True}},
        {"options": {"quality": "fast", "background": None, "aspect_ratio": None}},
        {"garments": [replace(SHIRT, details={"brand": "Acme", "title": "Best seller", "color": ""}), SKIRT]},
    ],
)
def test_equal_pictures(other: dict[str, Any]) -> None:
    assert key(**other) == key() and len(key()) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"version": "v2"},
        {"person": digest(b"eve")},
        {"garments": [SKIRT, SHIRT]},
        {"garments": [SHIRT]},
        {"garments": [replace(SHIRT, picture=b"other"), SKIRT]},
        {"garments": [replace(SHIRT, garment_type="outer"), SKIRT]},
        {"garments": [replace(SHIRT, details={}), SKIRT]},
        {"garments": [replace(SHIRT, details={}), replace(SKIRT, details={"brand": "Acme"})]},
        {"options": {"quality": "high"}},
        {"options": {"quality": "fast", "background": "plain"}},
        {"options": {"quality": "fast", "aspect_ratio": "1:1"}},
    ],
)
def test_other_pictures(other: dict[str, Any]) -> None:
    assert key(**other) != key()


def gemini(**other: Any) -> GeminiEngine:
    return GeminiEngine(api_key="k", gate=CpuGate(), **other)


@pytest.mark.parametrize("other", [{"models": ("another",)}, {"max_input_side": 1024}, {"garments_per_call": 1}])
def test_a_providers_version_is_how_it_is_asked(other: dict[str, Any]) -> None:
    assert gemini(**other).version != gemini().version
    assert gemini(backoff_seconds=9).version == gemini().version


def test_the_prompts_version_is_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gemini().version
    words = replace(module.wording(), version="of tomorrow")
    monkeypatch.setattr(module, "wording", lambda: words)
    assert gemini().version != before and "of tomorrow" in gemini().version


@pytest.mark.parametrize("engine", [FakeEngine("first"), gemini(), PreviewEngine(CpuGate())])
def test_a_chain_has_the_version_of_the_engine_that_is_asked_first(engine: ImageEngine) -> None:
    alone, before = EngineChain([engine]), EngineChain([engine, FakeEngine("second")])
    assert alone.version == before.version and alone.version == EngineChain([engine]).version
    assert alone.version != EngineChain([FakeEngine("second"), engine]).version
    assert engine.version in alone.version
