"""The Gemini engine: a person's photo and garments go to Google's picture models, one picture comes back.

Every call to the provider stands in the job's ledger before it is made and is settled on every way out. A picture that
was paid for is returned even when the deadline passed meanwhile; whether the job still wants it is the job's affair.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, Quality, TryOnInput, Usage
from shared.engines.framing import (
    Frame,
    as_jpeg,
    decode,
    deliver,
    difference,
    encode_jpeg,
    is_unchanged,
    pad_person,
    plan_frame,
    reduced,
)
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.gemini_client import DEFAULT_BASE_URL, GeminiClient, PictureRequest
from shared.engines.gemini_ladder import Ladder
from shared.engines.models import DEFAULT_MODELS, PRICE_VERSION, Tokens, image_size, model_facts, price
from shared.engines.prompts import PROMPT_VERSION, Style, build_prompt
from shared.errors import (
    BecauseFutureError,
    BudgetExhaustedError,
    ContentBlockedError,
    DeadlineExceededError,
    ExternalServiceError,
    ImageRejectedError,
    ProviderNoImageError,
)
from shared.logger import get_logger

log = get_logger(__name__)

MAX_PIXELS = 40_000_000  # a 4K square has 16.8 million
MIN_ANSWER_SIDE = 64
_SIZE_BY_QUALITY = {Quality.FAST: "1K", Quality.STANDARD: "1K", Quality.HIGH: "2K"}
_USABLE_KEY = re.compile(r"[\x21-\x7e]+")
_OUTCOMES = {
    Kind.PICTURE: "ok",
    Kind.UNCHANGED: "unchanged",
    Kind.SOFT: "no_image",
    Kind.CONTENT: "blocked",
    Kind.BLOCKED: "blocked",
}


@dataclass(slots=True)
class _Record:
    """What the ledger learns when a call ends; stays 'unknown' when something unforeseen or a cancel cut it short."""

    outcome: str = "unknown"
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The inputs as they are sent to models that know the same ratios.

    `small`: what was sent as the person, for comparing; the full picture would fill the memory while calls wait.
    """

    frame: Frame
    small: Image.Image
    person: bytes
    garments: Sequence[bytes]


@dataclass(slots=True)
class _Job:
    wanted: TryOnInput
    deadline: Deadline
    prepared: dict[tuple[str, ...], _Prepared] = field(default_factory=dict)
    failure: BecauseFutureError | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class _Painting:
    image: Image.Image
    checks: dict[str, Any]


class GeminiEngine:
    """Thread-safe; one instance serves all workers."""

    name = "gemini"

    def __init__(
        self,
        *,
        api_key: str | None,
        gate: CpuGate,
        base_url: str = DEFAULT_BASE_URL,
        models: tuple[str, ...] = DEFAULT_MODELS,
        max_input_side: int = 1536,
        max_calls: int = 6,
        connect_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 150.0,
        max_answer_bytes: int = 64 * 1024 * 1024,
        backoff_seconds: float = 1.0,
        min_call_seconds: float = 15.0,
        jitter: Callable[[], float] = random.random,
        trust_env: bool = False,
    ) -> None:
        """`models`: the default first, then fallbacks. `max_calls`: the engine's own cap beside that of the ledger.
        `min_call_seconds`: with less time left no further call is begun, for it would be paid and lost."""
        self._key = (api_key or "").strip()
        self._gate = gate
        self._models = tuple(dict.fromkeys(model.removeprefix("models/") for model in models))
        self._max_input_side = max_input_side
        self._max_calls = max_calls
        self._backoff_seconds = backoff_seconds
        self._min_call_seconds = min_call_seconds
        self._jitter = jitter
        self._client = GeminiClient(
            api_key=self._key,
            base_url=base_url,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
            max_answer_bytes=max_answer_bytes,
            trust_env=trust_env,
        )

    @property
    def models(self) -> tuple[str, ...]:
        return self._models

    def ready(self) -> str | None:
        if not self._key:
            return "GEMINI_API_KEY is not set: get a key from Google AI Studio and set it."
        if not _USABLE_KEY.fullmatch(self._key):
            return "GEMINI_API_KEY has characters that no key has: copy it again."
        return None if self._models else "No Gemini model is configured: set GEMINI_MODEL_NAME."

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        if self.ready() is not None:
            raise ExternalServiceError("The image provider is not set up on this server.")
        deadline.check()
        job = _Job(wanted, deadline)
        try:
            return self._climb(job)
        except (BudgetExhaustedError, DeadlineExceededError):
            # No further call is possible; why the earlier one failed says more, and a content refusal must stay one.
            if job.failure is not None:
                raise job.failure from None
            raise

    def _climb(self, job: _Job) -> EngineResult:
        ladder = self._ladder(len(job.wanted.garments) + 1)
        while True:
            job.deadline.check()
            answer, painting = self._call(job, ladder)
            if painting is not None:
                return EngineResult(painting.image, self.name, ladder.model, checks=painting.checks)
            failure = _note_failure(job, answer)
            wait = ladder.climb(answer, job.deadline.remaining_seconds())
            if wait is None or job.calls >= self._max_calls:
                raise failure
            job.deadline.sleep(wait)

    def _ladder(self, images: int) -> Ladder:
        able = [model for model in self._models if model_facts(model).max_images >= images]
        return Ladder(
            able or self._models,
            backoff_seconds=self._backoff_seconds,
            min_call_seconds=self._min_call_seconds,
            jitter=self._jitter,
        )

    def _call(self, job: _Job, ladder: Ladder) -> tuple[Answer, _Painting | None]:
        prepared = self._prepare(job, model_facts(ladder.model).ratios)
        request = _request(job.wanted, prepared, ladder.model, ladder.style)
        with _recorded(job, ladder.model) as record:
            answer = self._client.generate(ladder.model, request, job.deadline)
            record.usage = _usage(ladder.model, answer.tokens)
            painting = None
            if answer.kind is Kind.PICTURE:
                answer, painting = self._judge(answer, prepared, job, ladder.style)
            record.outcome = _OUTCOMES.get(answer.kind, answer.code)
        log.info("gemini call", extra={"model": ladder.model, "outcome": record.outcome, "answer_code": answer.code})
        return answer, painting

    def _prepare(self, job: _Job, ratios: tuple[str, ...]) -> _Prepared:
        if ratios not in job.prepared:
            with self._gate.background():
                job.prepared[ratios] = _prepare(job.wanted, ratios, self._max_input_side)
            job.deadline.check()
        return job.prepared[ratios]

    def _judge(self, answer: Answer, sent: _Prepared, job: _Job, style: Style) -> tuple[Answer, _Painting | None]:
        """Decode, compare with what was sent, and bring into the asked-for frame."""
        with self._gate.background():
            try:
                picture = decode(answer.picture, max_pixels=MAX_PIXELS)
            except ImageRejectedError:  # the provider's picture is damaged, not the client's
                return replace(answer, kind=Kind.SOFT, code="bad_picture"), None
            if min(picture.size) < MIN_ANSWER_SIDE:
                return replace(answer, kind=Kind.SOFT, code="bad_picture"), None
            mean, strongest = difference(picture, sent.small)
            if is_unchanged(mean, strongest):
                return replace(answer, kind=Kind.UNCHANGED, code="unchanged"), None
            image = deliver(picture, sent.frame)
        checks = {
            "changed_mean": round(mean, 2),
            "provider_size": list(picture.size),
            "provider_calls": job.calls,
            "prompt": f"{PROMPT_VERSION}/{style.value}",
        }
        return answer, _Painting(image, checks)


@contextmanager
def _recorded(job: _Job, model: str) -> Iterator[_Record]:
    call_id = job.wanted.calls.start(GeminiEngine.name, model)
    job.calls += 1
    record = _Record()
    try:
        yield record
    finally:
        job.wanted.calls.settle(call_id, record.outcome, record.usage)


def _prepare(wanted: TryOnInput, ratios: tuple[str, ...], max_side: int) -> _Prepared:
    side = min(max_side, 1024) if wanted.quality is Quality.FAST else max_side
    person = decode(wanted.person, max_pixels=MAX_PIXELS)
    frame = plan_frame(person.size, ratios, wanted.aspect_ratio)
    padded = pad_person(person, frame)
    sent = encode_jpeg(padded, side) if frame.padded else as_jpeg(wanted.person, side, max_pixels=MAX_PIXELS)
    garments = [as_jpeg(garment.image, side, max_pixels=MAX_PIXELS) for garment in wanted.garments]
    return _Prepared(frame, reduced(padded), sent, garments)


def _request(wanted: TryOnInput, prepared: _Prepared, model: str, style: Style) -> PictureRequest:
    keeps_margins = wanted.aspect_ratio is not None
    prompt = build_prompt(
        wanted.garments,
        style,
        padded=prepared.frame.padded,
        fill_frame=prepared.frame.padded and keeps_margins,
    )
    return PictureRequest(
        prompt,
        prepared.person,
        prepared.garments,
        prepared.frame.ratio,
        image_size(model, _SIZE_BY_QUALITY[wanted.quality]),
        text_allowed=style is not Style.SHORT,
    )


def _usage(model: str, tokens: Tokens) -> Usage:
    counts = [count for count in (tokens.text_output, tokens.image_output) if count is not None]
    cost = price(model, tokens)
    return Usage(
        tokens.input, sum(counts) if counts else None, tokens.thinking, cost, None if cost is None else PRICE_VERSION
    )


def _note_failure(job: _Job, answer: Answer) -> BecauseFutureError:
    """What the job would end with now. A content refusal stays; a dead fallback model hides no earlier failure."""
    stays = isinstance(job.failure, ContentBlockedError) or answer.kind is Kind.GONE
    if job.failure is not None and stays:
        return job.failure
    if answer.kind is Kind.TIMEOUT:
        job.deadline.check()  # our own time was up: that is no fault of the provider
    job.failure = _failure(answer)
    return job.failure


def _failure(answer: Answer) -> BecauseFutureError:
    """The typed error for an answer that brought no picture. Its words are ours alone."""
    if answer.kind in (Kind.CONTENT, Kind.BLOCKED):
        return ContentBlockedError(
            "The image provider's safety rules refused these pictures. Use other pictures.",
            details={"provider_code": answer.code},
        )
    if answer.kind in (Kind.SOFT, Kind.UNCHANGED):
        return ProviderNoImageError(
            "The image provider answered without a usable picture. Try again, or use clearer pictures.",
            details={"provider_code": answer.code},
        )
    return ExternalServiceError(
        _TROUBLE.get(answer.kind, _TROUBLE[Kind.BUSY]),
        details={"provider_code": answer.code},
        retry_after_seconds=answer.retry_after_seconds,
    )


_TROUBLE = {
    Kind.BUSY: "The image provider is overloaded or unreachable. Try again later.",
    Kind.RATE: "The image provider takes no more calls at the moment. Try again later.",
    Kind.TIMEOUT: "The image provider did not answer in time. Try again later.",
    Kind.GONE: "None of the configured image models exists any more. Tell whoever runs this server.",
    Kind.REFUSED: "The image provider does not accept this server's calls. Tell whoever runs this server.",
}
