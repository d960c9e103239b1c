"""The Gemini engine: a person's photo and garments go to Google's picture models, one picture comes back.

Every call to the provider stands in the job's ledger before it is made and is settled on every way out. A picture that
was paid for is returned even when the deadline passed meanwhile; whether the job still wants it is the job's affair.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, LeftAnswer, TryOnInput, Usage
from shared.engines.breaker import CircuitBreaker, CircuitState, Permit
from shared.engines.checks.figure import Figure
from shared.engines.framing import plan_frame, size_of
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.gemini_client import DEFAULT_BASE_URL, GeminiClient, Payload
from shared.engines.gemini_failures import failure
from shared.engines.gemini_health import all_resting, tell
from shared.engines.gemini_judge import MAX_PIXELS, Judge, Painting
from shared.engines.gemini_kept import Came, keep, outcome_of, taken_up, turn_name, usage_of
from shared.engines.gemini_ladder import Ladder
from shared.engines.gemini_request import SIZE_BY_QUALITY, asked_size, picture_request
from shared.engines.inputs import alone, prepare_inputs
from shared.engines.models import DEFAULT_MODELS, model_facts, reserve
from shared.engines.prompts import Style, wording
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

_USABLE_KEY = re.compile(r"[\x21-\x7e]+")
_CALLS_ENDED = (
    BudgetExhaustedError,
    ContentBlockedError,
    DatabaseBusyError,
    DeadlineExceededError,
    ExternalServiceError,
    ProviderNoImageError,
)


@dataclass(slots=True)
class _Record:
    """What the ledger learns when a call ends; stays 'unknown' when something unforeseen or a cancel cut it short."""

    call_id: str
    outcome: str = "unknown"
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Call:
    """What became of one. `painting`: a picture that may be shown; beside another kind of answer than PICTURE it has
    faults that its warnings name."""

    answer: Answer
    came: Came | None = None
    painting: Painting | None = None


@dataclass(slots=True)
class _Job:
    """`left`: what an earlier attempt paid for in this turn. `spares`: pictures with a fault that may do when nothing
    better comes."""

    wanted: TryOnInput
    turn: str
    deadline: Deadline
    judge: Judge
    left: list[Came]
    failure: BecauseFutureError | None = None
    spares: list[Came] = field(default_factory=list)
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
        sizes = [f"{quality}={size}" for quality, size in SIZE_BY_QUALITY.items()]
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
            look = look_at_person(wanted.person, max_pixels=MAX_PIXELS)
            wanted = replace(wanted, garments=alone(wanted.garments, max_pixels=MAX_PIXELS))
        turns = plan_turns(wanted.garments, self._most_garments(), most_turns=self._max_calls)
        left = wanted.calls.left()
        result = dress_in_turns(wanted, turns, lambda turn: self._dress(turn, deadline, look.figure, left))
        return replace(result, warnings=(*look.notices, *result.warnings))

    def _most_garments(self) -> int:
        return min(self._garments_per_call, max(model_facts(model).max_images for model in self._models) - 1)

    def _dress(self, turn: Turn, deadline: Deadline, figure: Figure, left: Sequence[LeftAnswer]) -> EngineResult:
        """`figure`: who is on the photo; the later turns have another one, the picture of the turn before."""
        wanted, name = turn.wanted, turn_name(turn)
        judge = Judge(wanted, figure if turn.number == 0 else None)
        job = _Job(wanted, name, deadline, judge, taken_up(left, name))
        job.calls, job.calls_kept = turn.calls_made, turn.calls_kept
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
            call = self._taken_up(job, ladder) if job.left else self._call(job, ladder, self._admitted(job, ladder))
            if call.answer.kind is Kind.PICTURE and call.came and call.painting:
                return self._result(call.came, call.painting)
            met = _note_failure(job, call.answer)
            if job.left:  # what came of the next call is here as well
                continue
            wait = ladder.climb(call.answer, job.deadline.remaining_seconds())
            if wait is None or job.calls + job.calls_kept >= self._max_calls:
                raise met
            job.deadline.sleep(wait)

    def _admitted(self, job: _Job, ladder: Ladder) -> Permit:
        """For the ladder's model; it moves past those that are left alone just now, without a call."""
        while (permit := self._breaker.admit(ladder.model)) is None:
            if not ladder.skip():
                raise job.failure or all_resting(self._breaker, self._models)
        return permit

    def _from_spare(self, job: _Job) -> EngineResult | None:
        for came in job.spares:
            call = self._judged(job, came)
            if call.painting is not None:
                return self._result(came, call.painting)
        return None

    def _result(self, came: Came, painting: Painting) -> EngineResult:
        return EngineResult(
            painting.image,
            self.name,
            came.rung.model,
            warnings=painting.warnings,
            checks={**painting.checks, **came.told},
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

    def _taken_up(self, job: _Job, ladder: Ladder) -> _Call:
        """A picture that came to an earlier attempt: it counts as the call that it was."""
        came = job.left.pop(0)
        ladder.go_to(came.rung)
        job.calls = max(job.calls + 1, int(came.told.get("provider_calls", 0)))
        if came.verdict is not None:
            job.spares.append(came)
            return _Call(came.verdict)
        with _settled(job, _Record(came.call_id, usage=came.usage)) as record:
            call = self._looked_at(job, came)
            record.outcome = outcome_of(call.answer)
        log.info("gemini answer taken up", extra={"model": came.rung.model, "outcome": record.outcome})
        return call

    def _call(self, job: _Job, ladder: Ladder, permit: Permit) -> _Call:
        with permit:
            return self._paid_call(job, ladder, permit)

    def _paid_call(self, job: _Job, ladder: Ladder, permit: Permit) -> _Call:
        job.wanted.stages.generating()
        payload = self._payload(job, ladder)
        with _settled(job, _started(job, ladder.model)) as record:
            answer = self._client.generate(ladder.model, payload, job.deadline)
            record.usage = usage_of(ladder.model, answer)
            came = _put_by(job, ladder, record, answer) if answer.kind is Kind.PICTURE else None
            answer = replace(answer, picture=b"")
            tell(self._breaker, permit, answer, self._models, job.deadline)
            call = self._looked_at(job, came) if came else _Call(answer)
            record.outcome = outcome_of(call.answer)
        told = {"model": ladder.model, "outcome": record.outcome, "answer_code": call.answer.code}
        log.info("gemini call", extra=told)
        return call

    def _payload(self, job: _Job, ladder: Ladder) -> Payload:
        """Made anew for a retry: a job that waits for its provider holds no pictures."""
        ratios = model_facts(ladder.model).ratios
        with self._gate.continued():
            prepared = prepare_inputs(job.wanted, ratios, self._max_input_side, max_pixels=MAX_PIXELS)
        job.deadline.check()
        return picture_request(job.wanted, prepared, ladder.model, ladder.style).payload()

    def _looked_at(self, job: _Job, came: Came) -> _Call:
        """What it is worth; one with a small fault is remembered."""
        call = self._judged(job, came)
        if call.painting is not None and call.answer.kind is not Kind.PICTURE:
            job.spares.append(came)
        return call

    def _judged(self, job: _Job, came: Came) -> _Call:
        job.wanted.stages.checking()
        ratios = model_facts(came.rung.model).ratios
        with self._gate.continued():
            frame = plan_frame(size_of(job.wanted.person), ratios, job.wanted.aspect_ratio)
            garments = [garment.image for garment in job.wanted.garments]
            answer, painting = job.judge.judge(came.answer(job.wanted.calls), frame, garments)
        return _Call(replace(answer, picture=b""), came, painting)


def _told(job: _Job, style: Style) -> Mapping[str, str | int]:
    return {"provider_calls": job.calls, "prompt": f"{wording().version}/{style.value}"}


def _started(job: _Job, model: str) -> _Record:
    reserve_usd = reserve(model, 1 + len(job.wanted.garments), asked_size(job.wanted.quality, model))
    call_id = job.wanted.calls.start(GeminiEngine.name, model, reserve_usd)
    job.calls += 1
    return _Record(call_id)


def _put_by(job: _Job, ladder: Ladder, record: _Record, answer: Answer) -> Came:
    """First of all, before a core is waited for: until it is kept, a crash would cost it."""
    came = Came(record.call_id, record.usage, ladder.rung, _told(job, ladder.style), answer.picture)
    return keep(job.wanted.calls, job.turn, came)


@contextmanager
def _settled(job: _Job, record: _Record) -> Iterator[_Record]:
    try:
        yield record
    finally:
        job.wanted.calls.settle(record.call_id, record.outcome, record.usage)


def _note_failure(job: _Job, answer: Answer) -> BecauseFutureError:
    """What the job would end with now. A content refusal stays; a dead fallback model hides no earlier failure."""
    stays = isinstance(job.failure, ContentBlockedError) or answer.kind is Kind.GONE
    if job.failure is not None and stays:
        return job.failure
    if answer.kind is Kind.TIMEOUT:
        job.deadline.check()  # our own time was up: that is no fault of the provider
    job.failure = failure(answer)
    return job.failure
