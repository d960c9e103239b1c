"""A circuit breaker for each model of a provider, shared by all workers: what keeps failing is left alone for a while.

Closed: calls pass; failures in a row are counted. Open: none passes. Half-open, when the pause is over: one call at a
time passes as a probe; its success closes the circuit, its failure opens it for twice as long. What calls of an earlier
state report comes too late and counts for nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, runtime_checkable

LONGEST_PAUSE_SECONDS = 600.0
"""Doubling ends here."""
LONGEST_ASKED_SECONDS = 3600.0
"""A provider may ask for longer pauses than ours, but whoever mended the cause should not wait ten hours for it."""
MOST_DOUBLINGS = 20  # 2 to the power of a number that grows for weeks would overflow


class CircuitState(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@runtime_checkable
class HasModels(Protocol):
    """An engine with several models behind it."""

    def model_states(self) -> Mapping[str, CircuitState]:
        """In the order in which they are asked."""


@dataclass(slots=True)
class _Circuit:
    """Of one model. `tripped`: open or half-open. `generation` changes with the state; permits of another are void."""

    generation: int = 0
    failures: int = 0
    openings: int = 0
    tripped: bool = False
    probing: bool = False
    rests_until: float = 0.0

    def state(self, now: float) -> CircuitState:
        if not self.tripped:
            return CircuitState.CLOSED
        return CircuitState.HALF_OPEN if self.probing or now >= self.rests_until else CircuitState.OPEN

    def close(self) -> None:
        self.failures = self.openings = 0
        if self.tripped:
            self.generation += 1
            self.tripped = self.probing = False
            self.rests_until = 0.0

    def open(self, rests_until: float) -> None:
        self.generation += 1
        self.openings += 1
        self.tripped, self.probing = True, False
        self.rests_until = rests_until


class CircuitBreaker:
    """Thread-safe. By the monotonic clock: set clocks do not matter."""

    def __init__(
        self, failures: int = 5, open_seconds: float = 30.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`failures` in a row open a circuit for `open_seconds`, then for twice as long, up to 10 minutes. 0: never."""
        self._failures = failures
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}

    def admit(self, model: str) -> Permit | None:
        """None: this model is not to be called now. Whoever gets a permit tells it how the call went."""
        with self._lock:
            circuit = self._circuit(model)
            if circuit.tripped:
                if circuit.probing or self._clock() < circuit.rests_until:
                    return None
                circuit.probing = True
            return Permit(self, model, circuit.generation)

    def trip(self, models: Iterable[str], pause_seconds: float | None = None) -> None:
        """Open those of these circuits that are closed: what one model met is no better with the others."""
        with self._lock:
            for circuit in map(self._circuit, models):
                if self._failures and not circuit.tripped:
                    circuit.open(self._rests_until(circuit, pause_seconds))

    def states(self, models: Iterable[str]) -> Mapping[str, CircuitState]:
        with self._lock:
            now = self._clock()
            return {model: self._circuit(model).state(now) for model in models}

    def pause_seconds(self, models: Iterable[str]) -> float:
        """Until the first of them may be called again; 0 when one may be tried now or is being tried."""
        with self._lock:
            now = self._clock()
            return min((max(0.0, self._circuit(model).rests_until - now) for model in models), default=0.0)

    def report(self, permit: Permit, verdict: bool | None, *, at_once: bool, pause_seconds: float | None) -> None:
        """`verdict`: whether the model answered; None: nothing was learned."""
        with self._lock:
            circuit = self._circuit(permit.model)
            if circuit.generation != permit.generation:
                return
            if verdict is None:
                circuit.probing = False
            elif verdict:
                circuit.close()
            elif self._failures:
                circuit.failures += 1
                if at_once or circuit.tripped or circuit.failures >= self._failures:
                    circuit.open(self._rests_until(circuit, pause_seconds))

    def _circuit(self, model: str) -> _Circuit:
        return self._circuits.setdefault(model, _Circuit())

    def _rests_until(self, circuit: _Circuit, asked_seconds: float | None) -> float:
        doubled = self._open_seconds * 2.0 ** min(circuit.openings, MOST_DOUBLINGS)
        ours = min(doubled, max(LONGEST_PAUSE_SECONDS, self._open_seconds))
        return self._clock() + max(ours, min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS))


class Permit:
    """For one call, as a context manager. The first word counts; without any the call is as if it had not been."""

    def __init__(self, breaker: CircuitBreaker, model: str, generation: int) -> None:
        self.model = model
        self.generation = generation
        self._breaker = breaker
        self._told = False

    def succeeded(self) -> None:
        """The model answered, whatever it said."""
        self._tell(True)

    def failed(self, *, at_once: bool = False, pause_seconds: float | None = None) -> None:
        """`at_once`: one such failure is enough. `pause_seconds`: as the provider asks."""
        self._tell(False, at_once, pause_seconds)

    def abandoned(self) -> None:
        """Nothing was learned: a probe's place is free again."""
        self._tell(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandoned()

    def _tell(self, verdict: bool | None, at_once: bool = False, pause_seconds: float | None = None) -> None:
        if not self._told:
            self._told = True
            self._breaker.report(self, verdict, at_once=at_once, pause_seconds=pause_seconds)
