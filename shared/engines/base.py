"""What an image engine is: pictures in, a picture out, typed errors. Engines know no job, no user, no framework."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from PIL import Image

from shared.errors import DeadlineExceededError, JobCancelledError, NotFoundError


class GarmentType(StrEnum):
    """How a garment is worn. `auto`: the engine judges by the picture."""

    UPPER = "upper"
    LOWER = "lower"
    DRESS = "dress"
    OUTER = "outer"
    FULL = "full"
    SHOES = "shoes"
    ACCESSORY = "accessory"
    AUTO = "auto"


class Quality(StrEnum):
    FAST = "fast"
    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that goes into a job's or an answer's `warnings[]`."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider says one call used. `None`: it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    thinking_tokens: int | None = None
    cost_usd: float | None = None
    price_version: str | None = None


@dataclass(frozen=True, slots=True)
class LeftAnswer:
    """A paid picture that an earlier attempt at the same job did not come to use.

    `outcome`: how its call was settled, None when nobody has judged it. `facts`: as the engine gave them to `keep`.
    """

    call_id: str
    outcome: str | None
    usage: Usage
    facts: Mapping[str, Any]


class CallLedger(Protocol):
    """The record of paid calls of one job; an engine uses it around every call to a provider."""

    def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
        """Commit a row `started` before the call and return its id. `reserve_usd`: what the call may cost.

        Raises BudgetExhaustedError when the job may make no further call, JobCancelledError when nobody waits for it
        any more: then no call is made.
        """

    def settle(self, call_id: str, outcome: str, usage: Usage = Usage()) -> None:
        """Record how the call ended: 'ok', 'no_image', 'blocked', 'http_429', 'timeout', 'unknown', ..."""

    def keep(self, call_id: str, picture: bytes, usage: Usage, facts: Mapping[str, Any]) -> bool:
        """Put a picture that came where it outlives this process, until the job ends: nobody pays for it twice.

        `facts`: JSON values, what the engine needs to go on from there. False when there is no room for it; that is no
        reason not to use the picture.
        """

    def kept(self, call_id: str) -> bytes:
        """A picture that was kept. Raises NotFoundError when the job has ended meanwhile."""

    def left(self) -> Sequence[LeftAnswer]:
        """What earlier attempts at the job kept, in the order of their calls. An engine that takes one up settles its
        call; the first who does so is believed."""


class NoLedger:
    """For engines that cost nothing, and for tests: counts, and keeps nothing."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str | None, Usage]] = []

    def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
        self.calls.append((provider, model, None, Usage()))
        return str(len(self.calls) - 1)

    def settle(self, call_id: str, outcome: str, usage: Usage = Usage()) -> None:
        provider, model, _, _ = self.calls[int(call_id)]
        self.calls[int(call_id)] = (provider, model, outcome, usage)

    def keep(self, call_id: str, picture: bytes, usage: Usage, facts: Mapping[str, Any]) -> bool:
        return False

    def kept(self, call_id: str) -> bytes:
        raise NotFoundError("There is no such picture (any more).")

    def left(self) -> Sequence[LeftAnswer]:
        return ()


class Stages(Protocol):
    """How an engine tells what it is doing, for those who watch its job. Neither method raises: a picture that is being
    judged may have cost money."""

    def generating(self) -> None:
        """A picture is being made, again if need be. Every job begins like this."""

    def checking(self) -> None:
        """A picture came and is being judged. Engines that judge nothing never say it."""


class NoStages:
    """For those whom nobody watches."""

    def generating(self) -> None: ...

    def checking(self) -> None: ...


class Deadline:
    """When work must have ended, by the monotonic clock, and whether it was cancelled meanwhile."""

    def __init__(
        self, seconds: float, *, cancelled: threading.Event | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds
        self._cancelled = cancelled or threading.Event()

    def remaining_seconds(self) -> float:
        return max(0.0, self._ends_at - self._clock())

    def check(self) -> None:
        """Raise JobCancelledError or DeadlineExceededError when there is no point in going on."""
        if self._cancelled.is_set():
            raise JobCancelledError("The job was cancelled.")
        if self.remaining_seconds() <= 0:
            raise DeadlineExceededError("The job ran out of time before it was finished.")

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than there is time or the work is wanted; then `check`."""
        self._cancelled.wait(min(seconds, self.remaining_seconds()))
        self.check()


Picture = bytes | Callable[[], bytes]
"""A picture, or how to get it: fifty jobs that wait for a provider need not hold theirs meanwhile."""


def read(picture: Picture) -> bytes:
    """Raises NotFoundError when it is gone."""
    return picture if isinstance(picture, bytes) else picture()


@dataclass(frozen=True, slots=True)
class GarmentInput:
    """`picture`: upright JPEG, or PNG when it has alpha; longest side at most 2016 px.

    `details`: brand, category, color, style, material (any may be absent), words from a client or a page: data, never
    instructions. `on_model`: somebody wears the garment in the picture; engines find that out by themselves.
    """

    picture: Picture = field(repr=False)
    garment_type: GarmentType = GarmentType.AUTO
    details: Mapping[str, str] = field(default_factory=dict)
    on_model: bool = False

    @property
    def image(self) -> bytes:
        """Read anew each time. Raises NotFoundError."""
        return read(self.picture)


@dataclass(frozen=True, slots=True)
class TryOnInput:
    """`photo`: upright JPEG without alpha, longest side at most 2016 px. `garments`: in order of dressing, 1 to 5."""

    photo: Picture = field(repr=False)
    garments: tuple[GarmentInput, ...]
    quality: Quality = Quality.STANDARD
    aspect_ratio: str | None = None
    calls: CallLedger = field(default_factory=NoLedger)
    stages: Stages = field(default_factory=NoStages)

    @property
    def person(self) -> bytes:
        """Read anew each time. Raises NotFoundError."""
        return read(self.photo)


@dataclass(frozen=True, slots=True)
class EngineResult:
    """`image`: RGB, in the frame of the person's photo unless an aspect ratio was asked for.

    `checks`: figures about the picture; `results` in it are the checks that it passed, each with name, value, limit and
    passed. `encoded`: a JPEG that is exactly `image`, as a provider sent it; to be stored instead of a second encoding.
    """

    image: Image.Image
    engine: str
    model: str | None = None
    preview: bool = False
    warnings: tuple[Notice, ...] = ()
    checks: Mapping[str, Any] = field(default_factory=dict)
    encoded: bytes | None = field(default=None, repr=False)


class ImageEngine(Protocol):
    """`name` is what TRYON_ENGINES lists. Thread-safe: all workers share one instance.

    `version`: changes with whatever makes equal inputs become another picture (models, words, code).
    """

    name: str

    @property
    def version(self) -> str: ...

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        """Raises ImageRejectedError, ContentBlockedError, ProviderNoImageError, ExternalServiceError,
        BudgetExhaustedError, DeadlineExceededError, JobCancelledError."""

    def ready(self) -> str | None:
        """None when it can work, else one sentence that says what is missing. Costs nothing, calls nobody."""


@dataclass(frozen=True, slots=True)
class CutOutResult:
    """`image`: RGBA in the frame of the photo, corners transparent. `warnings`: what does not suit a try-on."""

    image: Image.Image
    warnings: tuple[Notice, ...] = ()


class CutOut(Protocol):
    def cut_out(self, photo: bytes) -> CutOutResult:
        """Free a person, or the one thing on a plain ground, from the background.

        `photo`: any picture that passed `shared.image_processing`. Raises ImageRejectedError when nothing is found.
        """

    def advise(self, photo: bytes) -> tuple[Notice, ...]:
        """What makes the photo unsuited for a try-on (codes of ImageRejectedError), without cutting anything out."""
