"""Engines in order of preference: when the first fails for a passing reason, the next one steps in, and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.engines.base import Deadline, EngineResult, ImageEngine, Notice, TryOnInput
from shared.errors import (
    BecauseFutureError,
    BudgetExhaustedError,
    DeadlineExceededError,
    ExternalServiceError,
    ImageRejectedError,
    ProviderNoImageError,
)
from shared.logger import get_logger

log = get_logger(__name__)

# After these another engine may still please. Never after a content refusal, a cancel or a picture that cannot be used.
FALLBACK_ERRORS = (ExternalServiceError, ProviderNoImageError, BudgetExhaustedError, DeadlineExceededError)
FALLBACK_NOTICE = Notice(
    "provider_unavailable", "The image provider could not be used; this picture was made in another way."
)


class EngineChain:
    """What a job asks for a picture. Thread-safe as its engines are.

    While a fallback remains, an engine gets a deadline that ends `reserve_seconds` before the job's (at most a quarter
    of the time that is left), so a provider that uses up its time still leaves some for the fallback.
    """

    def __init__(
        self,
        engines: Sequence[ImageEngine],
        *,
        reserve_seconds: float = 15.0,
        previews: frozenset[str] = frozenset({"preview"}),
    ) -> None:
        """`previews`: names of engines that only sketch; `allow_preview=False` leaves them out.

        Raises ValueError when there is no engine.
        """
        if not engines:
            raise ValueError("a chain needs an engine")
        self._engines = tuple(engines)
        self._reserve_seconds = reserve_seconds
        self._previews = previews

    @property
    def engines(self) -> tuple[ImageEngine, ...]:
        return self._engines

    @property
    def version(self) -> str:
        """Of the engine that is asked first; pictures of the others are no lasting answer to a request."""
        return f"{self._engines[0].name} {self._engines[0].version}"

    def ready(self) -> str | None:
        """None when at least one engine can work, else what the first one lacks."""
        lacking = [engine.ready() for engine in self._engines]
        return None if None in lacking else lacking[0]

    def try_on(self, wanted: TryOnInput, deadline: Deadline, *, allow_preview: bool = True) -> EngineResult:
        """Raises what the first engine failed with when the others fail in passing as well."""
        engines = [engine for engine in self._engines if allow_preview or engine.name not in self._previews]
        if not engines:
            raise ExternalServiceError("This server has only the preview, and the request does not allow it.")
        first: BecauseFutureError | None = None
        for index, engine in enumerate(engines):
            wanted.stages.generating()  # the engine before may have come as far as judging
            try:
                result = engine.try_on(wanted, self._share(deadline, is_last=index == len(engines) - 1))
                return result if first is None else _marked(result)
            except FALLBACK_ERRORS as error:
                first = first or error
                log.warning("engine failed", extra={"engine": engine.name, "error_code": error.error_code})
            except ImageRejectedError:
                if first is None:
                    raise
                break  # the fallback's limits are not the picture's fault: it may do when the provider is back
        raise first or ExternalServiceError("No engine answered.")

    def _share(self, deadline: Deadline, *, is_last: bool) -> Deadline:
        if is_last:
            return deadline
        return EarlierDeadline(deadline, min(self._reserve_seconds, deadline.remaining_seconds() / 4))


class EarlierDeadline(Deadline):
    """Another deadline, `seconds` earlier. A cancel of the other one counts for this one too."""

    def __init__(self, later: Deadline, seconds: float) -> None:
        super().__init__(0.0)
        self._later = later
        self._seconds = seconds

    def remaining_seconds(self) -> float:
        return max(0.0, self._later.remaining_seconds() - self._seconds)

    def check(self) -> None:
        self._later.check()
        if self.remaining_seconds() <= 0:
            raise DeadlineExceededError("The image provider took too long.")

    def sleep(self, seconds: float) -> None:
        self._later.sleep(min(seconds, self.remaining_seconds()))
        self.check()


def _marked(result: EngineResult) -> EngineResult:
    return replace(result, warnings=(FALLBACK_NOTICE, *result.warnings))
