"""Every answer class of the API, with the error that the job ends with and the number of calls that it may cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

from shared.cpu import CpuGate
from shared.engines.base import Deadline, Usage
from shared.engines.fake_gemini import FakeGemini, Rule
from shared.engines.models import DEFAULT_MODELS
from shared.errors import (
    BecauseFutureError,
    BudgetExhaustedError,
    ContentBlockedError,
    DeadlineExceededError,
    ExternalServiceError,
    JobCancelledError,
    ProviderNoImageError,
)
from tests.unit.engines.engine_parts import CappedLedger, SteppedDeadline, garment, gemini, wanted

FIRST, SECOND, THIRD = DEFAULT_MODELS

# What a provider does again and again -> the job's error, and the calls per model that it costs without a ledger's cap.
SOFT = "STOP NO_IMAGE OTHER IMAGE_OTHER MALFORMED_RESPONSE MAX_TOKENS LANGUAGE MALFORMED_FUNCTION_CALL"
SOFT_RARE = "UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE ESCALATION CONTINUATION NEW_IN_2027"
CONTENT = "IMAGE_SAFETY IMAGE_RECITATION SAFETY RECITATION"
FINAL = "PROHIBITED_CONTENT IMAGE_PROHIBITED_CONTENT BLOCKLIST SPII PUP_LIMITED_DISABLED MODEL_ARMOR"
BLOCKS = "SAFETY OTHER BLOCKLIST PROHIBITED_CONTENT IMAGE_SAFETY JAILBREAK MODEL_ARMOR NEW_IN_2027"
SOFT_STEPS = "text bad_base64 broken_picture tiny_picture unchanged".split()
CASES: list[tuple[str, type[BecauseFutureError], tuple[int, ...]]] = [
    *[(f"finish:{name}", ProviderNoImageError, (2, 2, 2)) for name in f"{SOFT} {SOFT_RARE}".split()],
    *[(f"finish:{name}", ContentBlockedError, (2,)) for name in CONTENT.split()],
    *[(f"finish:{name}", ContentBlockedError, (1,)) for name in FINAL.split()],
    *[(f"block:{name}", ContentBlockedError, (1,)) for name in BLOCKS.split()],
    *[(step, ProviderNoImageError, (2, 2, 2)) for step in SOFT_STEPS],
    *[(f"json:{text}", ProviderNoImageError, (2, 2, 2)) for text in ("{}", '{"candidates":[]}', '{"candidates":7}')],
    *[(f"http:{status}", ExternalServiceError, (2, 2, 2)) for status in (408, 500, 502, 503, 504)],
    *[(step, ExternalServiceError, (2, 2, 2)) for step in ("garbage", "truncated", "closed", "json:[]", "json:7")],
    *[(f"http:{status}", ExternalServiceError, (1,)) for status in (400, 401, 403, 405, 418, 501)],
    *[(step, ExternalServiceError, (1,)) for step in ("key_invalid", "rate_day", "rate_zero", "rate:36000")],
    *[(step, ExternalServiceError, (3,)) for step in ("rate:17", "rate_message:17.2s", "rate_bare")],
    ("rate_message:10h20m", ExternalServiceError, (1,)),
    ("redirect:http://127.0.0.1:1/", ExternalServiceError, (1,)),
    ("http:404", ExternalServiceError, (1, 1, 1)),
]


@contextmanager
def scripted(*steps: str, default: str = "picture") -> Iterator[FakeGemini]:
    with FakeGemini(steps, default=default) as fake:
        yield fake


@pytest.mark.parametrize(("step", "error", "calls"), CASES, ids=[case[0] for case in CASES])
def test_a_provider_that_stays_like_this(step: str, error: type[BecauseFutureError], calls: tuple[int, ...]) -> None:
    ledger = CappedLedger(99)
    with scripted(default=step) as fake, pytest.raises(error) as caught:
        gemini(fake).try_on(wanted(ledger), SteppedDeadline())
    expected = [model for model, times in zip(DEFAULT_MODELS, calls, strict=False) for _ in range(times)]
    assert ledger.models == expected == [call.model for call in fake.calls]
    assert None not in ledger.outcomes and "ok" not in ledger.outcomes
    assert "UPSTREAM" not in f"{caught.value.message} {caught.value.details}"


@pytest.mark.parametrize(
    ("step", "waits"),
    [
        ("text", []),
        ("finish:IMAGE_OTHER", []),
        ("finish:IMAGE_SAFETY", []),
        ("unchanged", []),
        ("http:503", [1.0]),
        ("retry_after:4", [4.5]),
        ("rate:17", [17.5]),
        ("rate_message:17.2s", [17.7]),
        ("rate_bare", [1.0]),
        ("closed", [1.0]),
    ],
)
def test_one_bad_answer_is_made_good_by_the_second_call(step: str, waits: list[float]) -> None:
    ledger, deadline = CappedLedger(3), SteppedDeadline()
    with scripted(step) as fake:
        result = gemini(fake).try_on(wanted(ledger), deadline)
    assert (result.model, fake.count, deadline.slept) == (FIRST, 2, waits)
    assert ledger.outcomes[1] == "ok"


@pytest.mark.parametrize(
    ("step", "words", "modalities", "first_label"),
    [
        ("text", "Generate one photo", ["IMAGE"], "Image 1 - garment"),
        ("finish:SAFETY", "tasteful fashion catalogue photo", ["TEXT", "IMAGE"], "Image 1 - garment"),
        ("unchanged", "Create a new photo of the person", ["TEXT", "IMAGE"], "Image 1 - the person"),
        ("http:503", "Create one photorealistic", ["TEXT", "IMAGE"], "Image 1 - garment"),
    ],
)
def test_the_second_call_is_worded_for_what_went_wrong(
    step: str, words: str, modalities: list[str], first_label: str
) -> None:
    with scripted(step) as fake:
        gemini(fake).try_on(wanted(), SteppedDeadline())
    body = fake.calls[1].body
    parts = body["contents"][0]["parts"]
    assert words in parts[-1]["text"]
    assert parts[0]["text"].startswith(first_label)
    assert body["generationConfig"]["responseModalities"] == modalities


@pytest.mark.parametrize("step", ["http:404", "text", "unchanged", "http:503"])
def test_the_next_model_answers(step: str) -> None:
    with FakeGemini(rules=[Rule(step, model=FIRST)]) as fake:
        result = gemini(fake).try_on(wanted(CappedLedger(3)), SteppedDeadline())
    assert result.model == SECOND


def test_three_calls_of_a_job_are_spent_on_two_models() -> None:
    ledger = CappedLedger(3)
    with scripted(default="http:503") as fake, pytest.raises(ExternalServiceError):
        gemini(fake).try_on(wanted(ledger), SteppedDeadline())
    assert ledger.models == [FIRST, FIRST, SECOND]


def test_the_engine_has_a_cap_of_its_own() -> None:
    with scripted(default="text") as fake, pytest.raises(ProviderNoImageError):
        gemini(fake, max_calls=4).try_on(wanted(), SteppedDeadline())
    assert fake.count == 4


def test_a_model_that_takes_too_few_pictures_is_passed_over() -> None:
    models = ("gemini-2.5-flash-image", FIRST)
    with scripted() as fake:
        two, three = (
            gemini(fake, models=models).try_on(wanted(garments=[garment()] * count), SteppedDeadline()).model
            for count in (2, 3)
        )
    assert (two, three) == models


def test_without_any_allowance_no_call_is_made() -> None:
    with scripted() as fake, pytest.raises(BudgetExhaustedError):
        gemini(fake).try_on(wanted(CappedLedger(0)), SteppedDeadline())
    assert fake.count == 0


def test_a_refusal_stays_a_refusal_when_the_allowance_ends() -> None:
    with scripted(default="finish:IMAGE_SAFETY") as fake, pytest.raises(ContentBlockedError):
        gemini(fake).try_on(wanted(CappedLedger(1)), SteppedDeadline())


@pytest.mark.parametrize("second", ["http:503", "text", "http:404", "rate_day"])
def test_a_refusal_is_not_hidden_by_what_the_neutral_retry_meets(second: str) -> None:
    with scripted("finish:IMAGE_SAFETY", default=second) as fake, pytest.raises(ContentBlockedError):
        gemini(fake).try_on(wanted(), SteppedDeadline())
    assert {call.model for call in fake.calls} == {FIRST}


def test_a_dead_fallback_model_does_not_hide_why_the_first_failed() -> None:
    rules = [Rule("text", model=FIRST), Rule("http:404", model=SECOND), Rule("http:404", model=THIRD)]
    with FakeGemini(rules=rules) as fake, pytest.raises(ProviderNoImageError):
        gemini(fake).try_on(wanted(), SteppedDeadline())


@pytest.mark.parametrize(("step", "seconds", "calls"), [("rate:40", 50.0, 1), ("retry_after:40", 50.0, 3)])
def test_no_wait_beyond_the_deadline(step: str, seconds: float, calls: int) -> None:
    """A rate limit ends it; an overloaded model gives way to the next without a wait."""
    deadline = SteppedDeadline(seconds)
    with scripted(default=step) as fake, pytest.raises(ExternalServiceError) as caught:
        gemini(fake).try_on(wanted(), deadline)
    assert (fake.count, deadline.slept, caught.value.retry_after_seconds) == (calls, [], 40.0)


def test_with_little_time_left_no_further_call_is_begun() -> None:
    with scripted(default="text") as fake, pytest.raises(ProviderNoImageError):
        gemini(fake).try_on(wanted(), SteppedDeadline(10.0))
    assert fake.count == 1


def test_a_call_that_hangs_moves_on_to_the_next_model() -> None:
    ledger = CappedLedger(3)
    with FakeGemini(rules=[Rule("hang", model=FIRST)]) as fake:
        result = gemini(fake, read_timeout_seconds=0.15).try_on(wanted(ledger), SteppedDeadline())
    assert (result.model, ledger.outcomes) == (SECOND, ["timeout", "ok"])


def test_the_deadline_ends_a_call_that_hangs() -> None:
    ledger = CappedLedger(3)
    started = time.monotonic()
    with scripted(default="hang") as fake, pytest.raises(DeadlineExceededError):
        gemini(fake).try_on(wanted(ledger), Deadline(0.3))
    assert time.monotonic() - started < 1.5
    assert ledger.outcomes == ["timeout"]


def cancel_when_called(fake: FakeGemini, cancelled: threading.Event) -> None:
    while not fake.count:
        time.sleep(0.02)
    cancelled.set()


def test_a_cancel_ends_a_call_that_hangs_and_the_ledger_knows() -> None:
    ledger, cancelled = CappedLedger(3), threading.Event()
    started = time.monotonic()
    with scripted(default="hang") as fake, pytest.raises(JobCancelledError):
        threading.Thread(target=cancel_when_called, args=(fake, cancelled), daemon=True).start()
        gemini(fake).try_on(wanted(ledger), Deadline(30, cancelled=cancelled))
    assert time.monotonic() - started < 10  # it hangs for minutes
    assert ledger.outcomes == ["unknown"]


def test_an_unforeseen_fault_settles_the_call_as_unknown() -> None:
    class FailingGate(CpuGate):
        entered = 0

        def continued(self):  # type: ignore[no-untyped-def]
            self.entered += 1
            if self.entered == 2:  # after the inputs: with the answer
                raise RuntimeError("unforeseen")
            return super().continued()

    ledger = CappedLedger(3)
    with scripted() as fake, pytest.raises(RuntimeError):
        gemini(fake, gate=FailingGate(1)).try_on(wanted(ledger), SteppedDeadline())
    assert ledger.outcomes == ["unknown"]
    assert ledger.calls[0][3] != Usage()  # the tokens that it was billed for are known all the same


@pytest.mark.parametrize("step", ["picture", "picture:png", "picture:webp", "thoughts", "wrong_mime", "slow:0.05"])
def test_a_picture_is_a_picture(step: str) -> None:
    ledger = CappedLedger(3)
    with scripted(step, default="http:500") as fake:
        result = gemini(fake).try_on(wanted(ledger), SteppedDeadline())
    assert isinstance(result.image, Image.Image)
    assert (result.image.mode, result.image.size, fake.count) == ("RGB", (120, 160), 1)
    outcome, usage = ledger.calls[0][2:]
    assert outcome == "ok"
    assert usage.cost_usd is not None and 0.03 < usage.cost_usd < 0.05
    assert usage.input_tokens is not None and usage.input_tokens > 2240
    assert usage.thinking_tokens == 80
