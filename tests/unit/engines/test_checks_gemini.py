"""The engine with answers that are spoiled on purpose: what is tried again, delivered with a warning, or refused."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.engines.base import EngineResult, GarmentInput, GarmentType, TryOnInput
from shared.engines.chain import EngineChain
from shared.engines.fake import FakeEngine
from shared.engines.fake_gemini import FakeGemini
from shared.engines.models import DEFAULT_MODELS
from shared.errors import DatabaseBusyError, ProviderNoImageError
from tests.unit.engines.checks_samples import (
    RED,
    SAMPLES,
    dressed,
    jpeg_bytes,
    moved,
    packshot,
    photo,
    with_head_of,
    with_second_person,
)
from tests.unit.engines.engine_parts import CappedLedger, SteppedDeadline, gemini

FIRST, SECOND, _ = DEFAULT_MODELS
PERSON = (SAMPLES / "person" / "woman_tan.jpg").read_bytes()
GOOD = dressed("woman_tan")
SPOILED = {
    "unchanged": photo("woman_tan"),
    "no_person": np.full_like(GOOD, 200),
    "several_people": with_second_person("woman_tan", "man_dark"),
    "face_changed": with_head_of("woman_tan", "man_dark"),
    "cropped": moved(GOOD, shift=(0.0, -0.1)),
    "framing_changed": moved(GOOD, scale=(0.9, 0.9)),
    "colour_missing": dressed("woman_tan", RED),
}
KEPT_WITH_A_WARNING = ("framing_changed", "colour_missing")


def step(picture: NDArray[np.uint8] | bytes) -> str:
    """For the protocol fake: a 200 with this picture."""
    data = picture if isinstance(picture, bytes) else jpeg_bytes(picture, 90)
    part = {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(data).decode()}}
    return "json:" + json.dumps({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]})


def wanted(ledger: CappedLedger, **changes: str) -> TryOnInput:
    garment = GarmentInput(jpeg_bytes(packshot()), GarmentType.UPPER)
    return TryOnInput(PERSON, (garment,), calls=ledger, **changes)  # type: ignore[arg-type]


def tried(
    *steps: str, calls: int = 3, default: str = "text", **changes: str
) -> tuple[EngineResult, CappedLedger, FakeGemini]:
    ledger = CappedLedger(calls)
    with FakeGemini(steps, default=default) as fake:
        return gemini(fake).try_on(wanted(ledger, **changes), SteppedDeadline()), ledger, fake


@pytest.mark.parametrize("fault", SPOILED)
def test_a_fault_costs_one_retry_in_other_words(fault: str) -> None:
    result, ledger, fake = tried(step(SPOILED[fault]), step(GOOD))
    assert (ledger.outcomes, ledger.models) == ([fault, "ok"], [FIRST, FIRST])
    assert result.warnings == ()
    told = fake.calls[1].body["contents"][0]["parts"][-1]["text"]
    assert ("Create a new photo" if fault in ("unchanged", "colour_missing") else "the same photograph") in told


@pytest.mark.parametrize("fault", [name for name in SPOILED if name not in KEPT_WITH_A_WARNING])
def test_what_does_not_show_the_person_is_never_delivered(fault: str) -> None:
    ledger = CappedLedger(3)
    with FakeGemini(default=step(SPOILED[fault])) as fake, pytest.raises(ProviderNoImageError) as caught:
        gemini(fake).try_on(wanted(ledger), SteppedDeadline())
    assert ledger.models == [FIRST, FIRST, SECOND]
    assert caught.value.details == {"provider_code": fault}


@pytest.mark.parametrize("fault", KEPT_WITH_A_WARNING)
def test_a_paid_picture_with_a_small_fault_is_kept_when_nothing_better_comes(fault: str) -> None:
    result, ledger, _ = tried(default=step(SPOILED[fault]))
    assert ledger.outcomes == [fault] * 3
    assert [notice.code for notice in result.warnings] == [fault]
    assert (result.model, result.checks["provider_calls"], result.image.size) == (FIRST, 1, (1024, 1536))
    assert [check["name"] for check in result.checks["results"] if not check["passed"]]


@pytest.mark.parametrize("later", ["text", "http:503", "finish:IMAGE_SAFETY", "rate_day"])
def test_it_is_kept_whatever_the_later_calls_meet(later: str) -> None:
    result, _, _ = tried(step(SPOILED["framing_changed"]), default=later)
    assert [notice.code for notice in result.warnings] == ["framing_changed"]


def test_it_is_kept_when_the_next_call_cannot_be_written_down() -> None:
    class BusyLedger(CappedLedger):
        def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
            if self.calls:
                raise DatabaseBusyError("busy")
            return super().start(provider, model, reserve_usd)

    with FakeGemini([step(SPOILED["framing_changed"])]) as fake:
        result = gemini(fake).try_on(wanted(BusyLedger(3)), SteppedDeadline())
    assert [notice.code for notice in result.warnings] == ["framing_changed"] and len(fake.calls) == 1


def test_after_a_changed_face_the_preview_steps_in() -> None:
    with FakeGemini(default=step(SPOILED["face_changed"])) as fake:
        chain = EngineChain([gemini(fake), FakeEngine("preview", preview=True)])
        result = chain.try_on(wanted(CappedLedger(3)), SteppedDeadline())
    assert result.preview and result.warnings[0].code == "provider_unavailable"


def test_every_result_tells_its_figures() -> None:
    result, _, _ = tried(step(GOOD))
    names = [check["name"] for check in result.checks["results"]]
    assert len(names) == len(set(names)) == 10
    assert all(
        set(check) == {"name", "value", "limit", "passed"} and check["passed"] for check in result.checks["results"]
    )
    json.dumps(result.checks, allow_nan=False)


def test_an_answer_of_the_photos_own_size_that_kept_the_rest_stays_as_it_came() -> None:
    came = jpeg_bytes(GOOD, 97)
    result, _, _ = tried(step(came))
    assert result.encoded == came
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(came)).convert("RGB")), np.asarray(result.image))
    assert (result.checks["kept_of_photo"], result.checks["head_kept"]) == (0.0, False)


@pytest.mark.parametrize("size", [(832, 1248), (848, 1264)])
def test_head_and_background_come_back_into_a_smaller_answer(size: tuple[int, int]) -> None:
    answer = Image.fromarray(GOOD[..., ::-1]).resize(size)
    result, _, _ = tried(step(jpeg_bytes(np.asarray(answer)[..., ::-1].copy(), 85)))
    assert (result.encoded, result.checks["head_kept"]) == (None, True)
    assert result.checks["kept_of_photo"] > 0.3
    same = (np.asarray(result.image) == photo("woman_tan")[..., ::-1]).all(axis=2)
    assert same.mean() > 0.3


def test_an_asked_for_ratio_is_judged_in_the_photos_own_frame() -> None:
    canvas = Image.new("RGB", (1536, 1536), (200, 200, 205))
    canvas.paste(Image.fromarray(GOOD[..., ::-1]), (256, 0))
    result, ledger, _ = tried(step(jpeg_bytes(np.asarray(canvas)[..., ::-1].copy(), 92)), aspect_ratio="1:1")
    assert (ledger.outcomes, result.warnings, result.image.size) == (["ok"], (), (1536, 1536))
