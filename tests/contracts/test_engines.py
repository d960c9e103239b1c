"""What every image engine promises, judged on each of them. The real Gemini engine speaks to the protocol fake."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from shared.cpu import CpuGate
from shared.engines.base import Deadline, GarmentInput, GarmentType, ImageEngine, NoLedger, Quality, TryOnInput
from shared.engines.fake import FakeEngine
from shared.engines.fake_gemini import FakeGemini
from shared.engines.gemini import GeminiEngine
from shared.engines.preview.engine import PreviewEngine
from shared.errors import BudgetExhaustedError, DeadlineExceededError, ImageRejectedError, JobCancelledError
from tests.unit.engines.engine_parts import CappedLedger, encoded, garment, person

# The preview engine accepts no drawn person.
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def fake_engine() -> Iterator[ImageEngine]:
    yield FakeEngine(model="fake-1")


def gemini_engine() -> Iterator[ImageEngine]:
    with FakeGemini() as server:
        yield GeminiEngine(api_key="a-key", gate=CpuGate(2), base_url=server.base_url)


def preview_engine() -> Iterator[ImageEngine]:
    yield PreviewEngine(CpuGate(2))


MAKERS: dict[str, Callable[[], Iterator[ImageEngine]]] = {
    "fake": fake_engine,
    "gemini": gemini_engine,
    "preview": preview_engine,
}


@pytest.fixture(scope="module", params=list(MAKERS))
def engine(request: pytest.FixtureRequest) -> Iterator[ImageEngine]:
    yield from MAKERS[request.param]()


@pytest.fixture
def wanted(engine: ImageEngine) -> TryOnInput:
    """Inputs that this engine accepts: photos where there are some, drawings else."""
    if not SAMPLES.is_dir():
        return TryOnInput(person(360, 500), (garment(),))
    photo = Image.open(SAMPLES / "person" / "woman_light.jpg").convert("RGB")
    photo.thumbnail((700, 700))
    tshirt = Image.open(SAMPLES / "garment" / "tshirt.jpg").convert("RGB")
    return TryOnInput(encoded(photo), (GarmentInput(encoded(tshirt), GarmentType.UPPER, {"color": "blue"}),))


def size_of(photo: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(photo)).size


def test_it_has_a_name_and_is_ready(engine: ImageEngine) -> None:
    assert engine.name in MAKERS
    assert engine.ready() is None
    assert engine.version


def test_the_result_is_rgb_in_the_frame_of_the_photo_and_differs_from_it(
    engine: ImageEngine, wanted: TryOnInput
) -> None:
    ledger = NoLedger()
    result = engine.try_on(replace(wanted, calls=ledger), Deadline(60))
    assert (result.image.mode, result.image.size) == ("RGB", size_of(wanted.person))
    assert result.engine == engine.name
    assert result.preview is (engine.name == "preview")
    assert [outcome for _, _, outcome, _ in ledger.calls] == ([] if result.preview else ["ok"])
    before = Image.open(io.BytesIO(wanted.person)).convert("RGB")
    assert max(high for _, high in ImageChops.difference(before, result.image).getextrema()) > 40


@pytest.mark.parametrize(("ratio", "value"), [("1:1", 1.0), ("9:16", 9 / 16)])
def test_an_asked_for_ratio_is_delivered(engine: ImageEngine, wanted: TryOnInput, ratio: str, value: float) -> None:
    image = engine.try_on(replace(wanted, aspect_ratio=ratio, quality=Quality.HIGH), Deadline(60)).image
    assert image.width / image.height == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("damage", [b"", b"not a picture", b"\xff\xd8\xff\xe0 cut off"])
@pytest.mark.parametrize("which", ["person", "garment"])
def test_damaged_pictures_are_rejected_and_nothing_is_paid(
    engine: ImageEngine, wanted: TryOnInput, damage: bytes, which: str
) -> None:
    broken = replace(wanted, photo=damage) if which == "person" else replace(wanted, garments=(GarmentInput(damage),))
    ledger = CappedLedger(0)
    with pytest.raises((ImageRejectedError, BudgetExhaustedError)) as caught:
        engine.try_on(replace(broken, calls=ledger), Deadline(60))
    assert ledger.calls == []
    assert isinstance(caught.value, ImageRejectedError) or engine.name == "fake"


def test_a_cancelled_job_is_not_begun(engine: ImageEngine, wanted: TryOnInput) -> None:
    cancelled, ledger = threading.Event(), NoLedger()
    cancelled.set()
    with pytest.raises(JobCancelledError):
        engine.try_on(replace(wanted, calls=ledger), Deadline(60, cancelled=cancelled))
    assert ledger.calls == []


def test_a_job_without_time_is_not_begun(engine: ImageEngine, wanted: TryOnInput) -> None:
    ledger = NoLedger()
    with pytest.raises(DeadlineExceededError):
        engine.try_on(replace(wanted, calls=ledger), Deadline(0))
    assert ledger.calls == []


def test_a_spent_allowance_stops_engines_that_cost(engine: ImageEngine, wanted: TryOnInput) -> None:
    if engine.name == "preview":
        pytest.skip("costs nothing")
    with pytest.raises(BudgetExhaustedError):
        engine.try_on(replace(wanted, calls=CappedLedger(0)), Deadline(60))


def test_two_workers_may_share_it(engine: ImageEngine, wanted: TryOnInput) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: engine.try_on(wanted, Deadline(60)), range(2)))
    assert results[0].image.tobytes() == results[1].image.tobytes()
