"""The Gemini engine: a person's photo and garments go to Google's picture models, one picture comes back.

Every call to the provider stands in the job's ledger before it is made and is settled on every way out. A picture that
was paid for is returned even when the deadline passed meanwhile; whether the job still wants it is the job's affair.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, Quality, TryOnInput, Usage
from shared.engines.breaker import CircuitBreaker, CircuitState, Permit
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.gemini_client import DEFAULT_BASE_URL, GeminiClient, PictureRequest
from shared.engines.gemini_health import all_resting, tell
from shared.engines.gemini_judge import MAX_PIXELS, Judge, Painting
from shared.engines.gemini_ladder import Ladder
from shared.engines.inputs import Inputs, alone, prepare_inputs
from shared.engines.models import DEFAULT_MODELS, PRICE_VERSION, image_size, model_facts, price, reserve
from shared.engines.prompts import Style, build_prompt, wording
from shared.engines.suitability import look_at_person
from shared.engines.turns import Turn, dress_in_turns, plan_turns
from shared.errors import (
    BecauseFutureError,
    BudgetExhaustedError,
    ContentBlockedError,
    DatabaseBusyError,
    DeadlineExceededError,
    ExternalServiceError,
    ProviderNoImageError,
)
from shared.logger import get_logger

log = get_logger(__name__)

_SIZE_BY_QUALITY = {Quality.FAST: "1K", Quality.STANDARD: "1K", Quality.HIGH: "2K"}
_USABLE_KEY = re.compile(r"[\x21-\x7e]+")
_CALLS_ENDED = (
    BudgetExhaustedError,
    ContentBlockedError,
    DatabaseBusyError,
    DeadlineExceededError,
    ExternalServiceError,
    ProviderNoImageError,
)
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
class _Spare:
    """A picture with a fault that may be shown, with a warning, when nothing better comes. Kept as it came: decoded it
    would fill the memory while calls wait."""

    answer: Answer
    prepared: Inputs
    model: str
    told: dict[str, Any]


@dataclass(slots=True)
class _Job:
    wanted: TryOnInput
    deadline: Deadline
    judge: Judge
    prepared: dict[tuple[str, ...], Inputs] = field(default_factory=dict)
    failure: BecauseFutureError | None = None
    spare: _Spare | None = None
    calls: int = 0
    calls_kept: int = 0


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
        garments_per_call: int = 3,
        max_calls: int = 6,
        connect_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 150.0,
        max_answer_bytes: int = 64 * 1024 * 1024,
        backoff_seconds: float = 1.0,
        min_call_seconds: float = 15.0,
        jitter: Callable[[], float] = random.random,
        trust_env: bool = False,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        """`models`: the default first, then fallbacks. `max_calls`: the engine's own cap beside that of the ledger.
        `max_input_side`: px of what is sent at standard quality. `garments_per_call`: more are dressed in turns.
        `min_call_seconds`: with less time left no further call is begun, for it would be paid and lost."""
        self._key = (api_key or "").strip()
        self._gate = gate
        self._models = tuple(dict.fromkeys(model.removeprefix("models/") for model in models))
        self._max_input_side = max_input_side
        self._garments_per_call = garments_per_call
        self._max_calls = max_calls
        self._backoff_seconds = backoff_seconds
        self._min_call_seconds = min_call_seconds
        self._jitter = jitter
        self._breaker = breaker or CircuitBreaker()
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

    def model_states(self) -> Mapping[str, CircuitState]:
        return self._breaker.states(self._models)

    @property
    def version(self) -> str:
        sizes = [f"{quality}={size}" for quality, size in _SIZE_BY_QUALITY.items()]
        sent = (f"prompt={wording().version}", f"side={self._max_input_side}", f"garments={self._garments_per_call}")
        return " ".join((*self._models, *sizes, *sent))

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
        with self._gate.background():
            seen = look_at_person(wanted.person, max_pixels=MAX_PIXELS)
            wanted = replace(wanted, garments=alone(wanted.garments, max_pixels=MAX_PIXELS))
        turns = plan_turns(wanted.garments, self._most_garments(), most_turns=self._max_calls)
        result = dress_in_turns(wanted, turns, lambda turn: self._dress(turn, deadline))
        return replace(result, warnings=(*seen, *result.warnings))

    def _most_garments(self) -> int:
        return min(self._garments_per_call, max(model_facts(model).max_images for model in self._models) - 1)

    def _dress(self, turn: Turn, deadline: Deadline) -> EngineResult:
        wanted = turn.wanted
        job = _Job(wanted, deadline, Judge(wanted), calls=turn.calls_made, calls_kept=turn.calls_kept)
        try:
            return self._climb(job)
        except _CALLS_ENDED as error:
            # A paid picture with a small fault is better than none. Else why an earlier call failed says more than that
            # no further one is possible, and a content refusal must stay one.
            spare = self._from_spare(job)
            if spare is not None:
                return spare
            raise job.failure or error from None

    def _climb(self, job: _Job) -> EngineResult:
        ladder = self._ladder(len(job.wanted.garments) + 1)
        while True:
            job.deadline.check()
            answer, painting = self._call(job, ladder, self._admitted(job, ladder))
            if painting is not None and answer.kind is Kind.PICTURE:
                return self._result(painting, ladder.model, _told(job, ladder.style))
            failure = _note_failure(job, answer)
            wait = ladder.climb(answer, job.deadline.remaining_seconds())
            if wait is None or job.calls + job.calls_kept >= self._max_calls:
                raise failure
            job.deadline.sleep(wait)

    def _admitted(self, job: _Job, ladder: Ladder) -> Permit:
        """For the ladder's model; it moves past those that are left alone just now, without a call."""
        while (permit := self._breaker.admit(ladder.model)) is None:
            if not ladder.skip():
                raise job.failure or all_resting(self._breaker, self._models)
        return permit

    def _from_spare(self, job: _Job) -> EngineResult | None:
        if job.spare is None:
            return None
        _, painting = self._judge(job, job.spare.answer, job.spare.prepared)
        return None if painting is None else self._result(painting, job.spare.model, job.spare.told)

    def _result(self, painting: Painting, model: str, told: dict[str, Any]) -> EngineResult:
        return EngineResult(
            painting.image,
            self.name,
            model,
            warnings=painting.warnings,
            checks={**painting.checks, **told},
            encoded=painting.encoded,
        )

    def _ladder(self, images: int) -> Ladder:
        able = [model for model in self._models if model_facts(model).max_images >= images]
        return Ladder(
            able or self._models,
            backoff_seconds=self._backoff_seconds,
            min_call_seconds=self._min_call_seconds,
            jitter=self._jitter,
        )

    def _call(self, job: _Job, ladder: Ladder, permit: Permit) -> tuple[Answer, Painting | None]:
        with permit:
            return self._paid_call(job, ladder, permit)

    def _paid_call(self, job: _Job, ladder: Ladder, permit: Permit) -> tuple[Answer, Painting | None]:
        job.wanted.stages.generating()
        prepared = self._prepare(job, model_facts(ladder.model).ratios)
        request = _request(job.wanted, prepared, ladder.model, ladder.style)
        with _recorded(job, ladder.model, request) as record:
            answer = self._client.generate(ladder.model, request, job.deadline)
            tell(self._breaker, permit, answer, self._models, job.deadline)
            record.usage = _usage(ladder.model, answer)
            painting = None
            if answer.kind is Kind.PICTURE:
                came = _Spare(answer, prepared, ladder.model, _told(job, ladder.style))
                answer, painting = self._judge(job, answer, prepared)
                if painting is not None and answer.kind is not Kind.PICTURE:
                    job.spare = job.spare or came
            record.outcome = _OUTCOMES.get(answer.kind, answer.code)
        log.info("gemini call", extra={"model": ladder.model, "outcome": record.outcome, "answer_code": answer.code})
        return answer, painting

    def _prepare(self, job: _Job, ratios: tuple[str, ...]) -> Inputs:
        if ratios not in job.prepared:
            with self._gate.background():
                job.prepared[ratios] = prepare_inputs(job.wanted, ratios, self._max_input_side, max_pixels=MAX_PIXELS)
            job.deadline.check()
        return job.prepared[ratios]

    def _judge(self, job: _Job, answer: Answer, prepared: Inputs) -> tuple[Answer, Painting | None]:
        job.wanted.stages.checking()
        with self._gate.background():
            return job.judge.judge(answer, prepared.frame, prepared.garments)


def _told(job: _Job, style: Style) -> dict[str, Any]:
    return {"provider_calls": job.calls, "prompt": f"{wording().version}/{style.value}"}


@contextmanager
def _recorded(job: _Job, model: str, request: PictureRequest) -> Iterator[_Record]:
    reserve_usd = reserve(model, 1 + len(request.garments), request.image_size)
    call_id = job.wanted.calls.start(GeminiEngine.name, model, reserve_usd)
    job.calls += 1
    record = _Record()
    try:
        yield record
    finally:
        job.wanted.calls.settle(call_id, record.outcome, record.usage)


def _request(wanted: TryOnInput, prepared: Inputs, model: str, style: Style) -> PictureRequest:
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


def _usage(model: str, answer: Answer) -> Usage:
    tokens = answer.tokens
    counts = [count for count in (tokens.text_output, tokens.image_output) if count is not None]
    cost = 0.0 if answer.is_free else price(model, tokens)
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
    if answer.kind in _WITHOUT_PICTURE:
        return ProviderNoImageError(_WITHOUT_PICTURE[answer.kind], details={"provider_code": answer.code})
    return ExternalServiceError(
        _TROUBLE.get(answer.kind, _TROUBLE[Kind.BUSY]),
        details={"provider_code": answer.code},
        retry_after_seconds=answer.retry_after_seconds,
    )


_WITHOUT_PICTURE = {
    Kind.SOFT: "The image provider answered without a usable picture. Try again, or use clearer pictures.",
    Kind.UNCHANGED: "The image provider sent the photo back as it was. Try again, or use a clearer garment picture.",
    Kind.FAULTY: "The image provider's picture does not show the person of the photo. Try again, or use another photo.",
}
_TROUBLE = {
    Kind.BUSY: "The image provider is overloaded or unreachable. Try again later.",
    Kind.RATE: "The image provider takes no more calls at the moment. Try again later.",
    Kind.TIMEOUT: "The image provider did not answer in time. Try again later.",
    Kind.GONE: "None of the configured image models exists any more. Tell whoever runs this server.",
    Kind.REFUSED: "The image provider does not accept this server's calls. Tell whoever runs this server.",
}
