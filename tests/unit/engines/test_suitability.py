"""What is seen of the person's photo before a provider is paid."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from engine_parts import gemini
from PIL import Image

from shared.engines.base import Deadline, GarmentInput, NoLedger, TryOnInput
from shared.engines.fake_gemini import FakeGemini
from shared.engines.suitability import look_at_person
from shared.errors import ImageRejectedError

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
PEOPLE = sorted((SAMPLES / "person").glob("*.jpg"))
PIXELS = 40_000_000


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def side_by_side() -> bytes:
    people = [Image.open(path).convert("RGB").resize((600, 900)) for path in PEOPLE[:3:2]]
    both = Image.new("RGB", (1200, 900))
    both.paste(people[0], (0, 0))
    both.paste(people[1], (600, 0))
    return encoded(both)


def codes(photo: bytes) -> list[str]:
    return [notice.code for notice in look_at_person(photo, max_pixels=PIXELS).notices]


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.stem)
def test_one_upright_person_is_fine(path: Path) -> None:
    assert codes(path.read_bytes()) == []


def test_nobody_is_told_and_no_refusal() -> None:
    noise = np.random.default_rng(1).integers(90, 200, (400, 300, 3), dtype=np.uint8)
    assert codes(encoded(Image.fromarray(noise))) == ["no_person"]


def test_somebody_upside_down_is_told() -> None:
    assert codes(encoded(Image.open(PEOPLE[-1]).rotate(180))) == ["upside_down"]


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        pytest.param(side_by_side(), "several_people", id="two people"),
        pytest.param(encoded(Image.new("RGB", (300, 400), (4, 4, 4))), "too_dark", id="a dark room"),
    ],
)
def test_what_is_hopeless_costs_no_call(photo: bytes, reason: str) -> None:
    garment = GarmentInput((SAMPLES / "garment" / "dress.jpg").read_bytes())
    ledger = NoLedger()
    with FakeGemini() as fake:
        engine = gemini(fake)
        with pytest.raises(ImageRejectedError) as refused:
            engine.try_on(TryOnInput(photo, (garment,), calls=ledger), Deadline(30))
        assert refused.value.reason == reason
        assert not fake.calls and not ledger.calls
