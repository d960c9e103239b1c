"""An engine without a provider: the same inputs give the same picture, and every failure can be ordered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from shared.engines.base import Deadline, EngineResult, Notice, TryOnInput, Usage
from shared.engines.framing import decode, delivered_size, pad_person, plan_frame
from shared.errors import BecauseFutureError

_MAX_PIXELS = 40_000_000
_HOLD_SECONDS = 0.01


class FakeEngine:
    """Paints a labelled band per garment, in its mean colour, over the middle of the person's photo. Thread-safe.

    `seen` keeps every input that came, also those that were answered with an error.
    """

    def __init__(
        self,
        name: str = "fake",
        error: BecauseFutureError | None = None,
        latency_seconds: float = 0.0,
        *,
        errors: Sequence[BecauseFutureError | None] = (),
        hold: threading.Event | None = None,
        model: str | None = None,
        usage: Usage | None = None,
        preview: bool = False,
        warnings: Sequence[Notice] = (),
        not_ready: str | None = None,
        on_call: Callable[[TryOnInput], None] | None = None,
    ) -> None:
        """`error`: raised by every call; `errors`: one entry per call, None lets it work, afterwards `error` counts.

        `hold`: calls wait until it is set (and notice cancel and deadline). `model`: calls go through the ledger under
        this name and settle with `usage`.
        """
        self.name = name
        self.seen: list[TryOnInput] = []
        self._error = error
        self._errors = list(errors)
        self._latency_seconds = latency_seconds
        self._hold = hold
        self._model = model
        self._usage = usage or Usage()
        self._preview = preview
        self._warnings = tuple(warnings)
        self._not_ready = not_ready
        self._on_call = on_call
        self._lock = threading.Lock()

    @property
    def version(self) -> str:
        return self._model or "1"

    def ready(self) -> str | None:
        return self._not_ready

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        deadline.check()
        error = self._next_error(wanted)
        if self._on_call is not None:
            self._on_call(wanted)
        if self._model is None:
            return self._work(wanted, deadline, error)
        return self._paid(wanted, deadline, error, self._model)

    def _next_error(self, wanted: TryOnInput) -> BecauseFutureError | None:
        with self._lock:
            self.seen.append(wanted)
            return self._errors.pop(0) if self._errors else self._error

    def _paid(
        self, wanted: TryOnInput, deadline: Deadline, error: BecauseFutureError | None, model: str
    ) -> EngineResult:
        call_id = wanted.calls.start(self.name, model, self._usage.cost_usd or 0.0)
        outcome, usage = "unknown", Usage()
        try:
            result = self._work(wanted, deadline, error)
            outcome, usage = "ok", self._usage
            return result
        except BecauseFutureError as failure:
            outcome = failure.error_code.lower()
            raise
        finally:
            wanted.calls.settle(call_id, outcome, usage)

    def _work(self, wanted: TryOnInput, deadline: Deadline, error: BecauseFutureError | None) -> EngineResult:
        if self._latency_seconds:
            deadline.sleep(self._latency_seconds)
        while self._hold is not None and not self._hold.wait(_HOLD_SECONDS):
            deadline.check()
        if error is not None:
            raise error
        image = _painted(wanted)
        deadline.check()
        return EngineResult(
            image, self.name, self._model, preview=self._preview, warnings=self._warnings, checks={"fake": True}
        )


def mean_colour(picture: Image.Image) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in picture.resize((1, 1), Image.Resampling.BOX).tobytes())
    return red, green, blue


def _painted(wanted: TryOnInput) -> Image.Image:
    person = decode(wanted.person, max_pixels=_MAX_PIXELS)
    colours = [mean_colour(decode(garment.image, max_pixels=_MAX_PIXELS)) for garment in wanted.garments]
    frame = plan_frame(person.size, [wanted.aspect_ratio or f"{person.width}:{person.height}"], wanted.aspect_ratio)
    image = pad_person(person, frame).copy().resize(delivered_size(frame))
    _draw_bands(image, colours)
    return image


def _draw_bands(image: Image.Image, colours: Sequence[tuple[int, int, int]]) -> None:
    draw = ImageDraw.Draw(image)
    top, height = image.height // 3, max(1, image.height // (3 * len(colours)))
    for index, colour in enumerate(colours):
        upper = top + index * height
        draw.rectangle((image.width // 4, upper, image.width * 3 // 4, upper + height - 1), fill=colour)
        contrast = "black" if sum(colour) > 382 else "white"
        draw.text((image.width // 4 + 4, upper + 2), f"FAKE {index + 1}", fill=contrast)
