"""Small pictures, inputs and clocks that the engine tests share."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from shared.cpu import CpuGate
from shared.engines.base import CallLedger, Deadline, GarmentInput, GarmentType, NoLedger, TryOnInput
from shared.engines.fake_gemini import FakeGemini
from shared.engines.gemini import GeminiEngine
from shared.errors import BudgetExhaustedError

KEY = "AQ.planted-key-7f3a9c51"
GARMENT_COLOUR = (20, 60, 170)


def person_picture(width: int = 120, height: int = 160) -> Image.Image:
    """Wall, floor and a figure: enough edges that scaling and shifting show."""
    image = Image.new("RGB", (width, height), (214, 210, 204))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 4 // 5, width, height), fill=(150, 130, 110))
    draw.ellipse((width * 2 // 5, height // 12, width * 3 // 5, height // 4), fill=(190, 140, 110))
    draw.rectangle((width // 3, height // 4, width * 2 // 3, height * 3 // 5), fill=(120, 40, 50))
    draw.rectangle((width * 2 // 5, height * 3 // 5, width * 3 // 5, height * 9 // 10), fill=(40, 40, 60))
    return image


def encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def person(width: int = 120, height: int = 160) -> bytes:
    return encoded(person_picture(width, height))


def garment(
    colour: tuple[int, int, int] = GARMENT_COLOUR, kind: GarmentType = GarmentType.UPPER, **details: str
) -> GarmentInput:
    return GarmentInput(encoded(Image.new("RGB", (90, 90), colour)), kind, details)


def wanted(calls: CallLedger | None = None, garments: Sequence[GarmentInput] = (), **changes: Any) -> TryOnInput:
    photo = changes.pop("photo", None) or person()
    return TryOnInput(photo, tuple(garments) or (garment(),), calls=calls or NoLedger(), **changes)


class SteppedDeadline(Deadline):
    """A clock that moves only when somebody sleeps; `slept` tells how long they did."""

    def __init__(self, seconds: float = 300.0) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.cancelled = threading.Event()
        super().__init__(seconds, cancelled=self.cancelled, clock=lambda: self.now)

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(round(seconds, 3))
        self.now += min(seconds, self.remaining_seconds())
        self.check()


class CappedLedger(NoLedger):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def start(self, provider: str, model: str, reserve_usd: float = 0.0) -> str:
        if len(self.calls) >= self.most:
            raise BudgetExhaustedError("No calls left.")
        return super().start(provider, model, reserve_usd)

    @property
    def outcomes(self) -> list[str | None]:
        return [outcome for _, _, outcome, _ in self.calls]

    @property
    def models(self) -> list[str]:
        return [model for _, model, _, _ in self.calls]


def gemini(fake: FakeGemini, **changes: Any) -> GeminiEngine:
    settings: dict[str, Any] = {"api_key": KEY, "gate": CpuGate(2), "base_url": fake.base_url, "jitter": lambda: 0.5}
    return GeminiEngine(**{**settings, **changes})
