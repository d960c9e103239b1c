from __future__ import annotations

import threading

import pytest

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, Notice
from shared.engines.chain import EarlierDeadline, EngineChain
from shared.engines.fake import FakeEngine
from shared.engines.fake_gemini import FakeGemini
from shared.errors import (
    BecauseFutureError,
    BudgetExhaustedError,
    ContentBlockedError,
    DeadlineExceededError,
    ExternalServiceError,
    ImageRejectedError,
    InternalError,
    JobCancelledError,
    ProviderNoImageError,
)
from tests.unit.engines.engine_parts import SteppedDeadline, gemini, wanted

PASSING = [
    ExternalServiceError("down"),
    ProviderNoImageError("none"),
    BudgetExhaustedError("spent"),
    DeadlineExceededError("slow"),
]
FINAL = [ContentBlockedError("no"), JobCancelledError("stop"), ImageRejectedError("too_dark"), InternalError("bug")]


def preview(**changes: object) -> FakeEngine:
    return FakeEngine("preview", preview=True, warnings=[Notice("preview", "A sketch.")], **changes)  # type: ignore[arg-type]


def by_code(error: BecauseFutureError) -> str:
    return error.error_code


def run(chain: EngineChain, *, allow_preview: bool = True) -> EngineResult:
    return chain.try_on(wanted(), SteppedDeadline(), allow_preview=allow_preview)


def test_the_first_engine_that_works_is_the_only_one_asked() -> None:
    second = preview()
    result = run(EngineChain([FakeEngine("gemini"), second]))
    assert (result.engine, result.preview, result.warnings, second.seen) == ("gemini", False, (), [])


@pytest.mark.parametrize("error", PASSING, ids=by_code)
def test_a_passing_failure_falls_back_and_says_so(error: BecauseFutureError) -> None:
    result = run(EngineChain([FakeEngine("gemini", error), preview()]))
    assert (result.engine, result.preview) == ("preview", True)
    assert [notice.code for notice in result.warnings] == ["provider_unavailable", "preview"]


@pytest.mark.parametrize("error", FINAL, ids=by_code)
def test_other_failures_are_final(error: BecauseFutureError) -> None:
    second = preview()
    with pytest.raises(type(error)):
        run(EngineChain([FakeEngine("gemini", error), second]))
    assert second.seen == []


@pytest.mark.parametrize("error", PASSING, ids=by_code)
def test_no_preview_for_those_who_do_not_want_one(error: BecauseFutureError) -> None:
    second = preview()
    with pytest.raises(type(error)):
        run(EngineChain([FakeEngine("gemini", error), second]), allow_preview=False)
    assert second.seen == []


def test_a_server_with_a_preview_only_makes_none_against_the_client_s_will() -> None:
    only = preview()
    with pytest.raises(ExternalServiceError):
        run(EngineChain([only]), allow_preview=False)
    assert only.seen == []
    assert run(EngineChain([only])).warnings == (Notice("preview", "A sketch."),)


def test_another_provider_is_no_preview() -> None:
    chain = EngineChain([FakeEngine("gemini", PASSING[0]), FakeEngine("other"), preview()])
    result = run(chain, allow_preview=False)
    assert (result.engine, result.preview) == ("other", False)


def test_when_all_fail_in_passing_the_first_failure_is_told() -> None:
    with pytest.raises(ProviderNoImageError):
        run(EngineChain([FakeEngine("gemini", ProviderNoImageError("none")), preview(error=ExternalServiceError("x"))]))


def test_what_only_the_fallback_refuses_may_do_when_the_provider_is_back() -> None:
    with pytest.raises(ExternalServiceError) as caught:
        run(EngineChain([FakeEngine("gemini", PASSING[0]), preview(error=ImageRejectedError("garment_background"))]))
    assert caught.value.retryable


def test_a_provider_that_uses_up_its_time_leaves_some_for_the_fallback() -> None:
    deadline = SteppedDeadline(100)
    result = EngineChain([FakeEngine("gemini", latency_seconds=1000), preview(latency_seconds=10)]).try_on(
        wanted(), deadline
    )
    assert result.engine == "preview"
    assert deadline.slept == [85, 10]


def test_the_last_engine_gets_all_the_time_that_is_left() -> None:
    with pytest.raises(DeadlineExceededError):
        EngineChain([FakeEngine("gemini", latency_seconds=1000)]).try_on(wanted(), (deadline := SteppedDeadline(100)))
    assert deadline.remaining_seconds() == 0


def test_when_the_fallback_is_late_too_the_first_failure_is_told() -> None:
    chain = EngineChain([FakeEngine("gemini", PASSING[0]), preview(latency_seconds=1000)])
    with pytest.raises(ExternalServiceError):
        chain.try_on(wanted(), SteppedDeadline(50))


def test_a_cancel_during_the_first_engine_reaches_it_and_ends_the_chain() -> None:
    cancelled, second = threading.Event(), preview()
    first = FakeEngine("gemini", hold=threading.Event(), on_call=lambda _: cancelled.set())
    with pytest.raises(JobCancelledError):
        EngineChain([first, second]).try_on(wanted(), Deadline(5, cancelled=cancelled))
    assert second.seen == []


def test_an_earlier_deadline_follows_the_later_one() -> None:
    later = SteppedDeadline(40)
    earlier = EarlierDeadline(later, 15)
    assert earlier.remaining_seconds() == 25
    with pytest.raises(DeadlineExceededError):
        earlier.sleep(60)
    assert (later.slept, later.remaining_seconds()) == ([25], 15)
    later.cancelled.set()
    with pytest.raises(JobCancelledError):
        EarlierDeadline(Deadline(9, cancelled=later.cancelled), 1).sleep(5)
    with pytest.raises(JobCancelledError):
        EarlierDeadline(Deadline(9, cancelled=later.cancelled), 1).check()


@pytest.mark.parametrize(
    ("lacks", "sentence"), [((None, "x"), None), (("no key", None), None), (("no key", "no model"), "no key")]
)
def test_ready_when_one_engine_is(lacks: tuple[str | None, ...], sentence: str | None) -> None:
    assert EngineChain([FakeEngine(not_ready=lack) for lack in lacks]).ready() == sentence


def test_a_chain_needs_an_engine() -> None:
    with pytest.raises(ValueError, match="engine"):
        EngineChain([])


@pytest.mark.parametrize(("step", "engine"), [("http:503", "preview"), ("text", "preview"), ("picture", "gemini")])
def test_the_real_gemini_engine_in_a_chain(step: str, engine: str) -> None:
    with FakeGemini(default=step) as fake:
        assert run(EngineChain([gemini(fake, max_calls=1), preview()])).engine == engine


def test_a_gemini_engine_without_a_key_leaves_it_to_the_preview() -> None:
    with FakeGemini() as fake:
        result = run(EngineChain([gemini(fake, api_key=None, gate=CpuGate(1)), preview()]))
    assert (result.engine, fake.count) == ("preview", 0)


def test_a_content_refusal_never_becomes_a_preview() -> None:
    second = preview()
    with FakeGemini(default="finish:IMAGE_SAFETY") as fake, pytest.raises(ContentBlockedError):
        run(EngineChain([gemini(fake), second]))
    assert second.seen == []
