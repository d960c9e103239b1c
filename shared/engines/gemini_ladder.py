"""What to try after what came: the retry ladder, without any I/O. Rules by kind of answer, one table.

A job may make three paid calls in all (the ledger counts). So a model gets one repeat for a passing fault and one
for an answer without a picture, which leaves a call for the next model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.engines.checks.report import Fault
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.prompts import Style

MAX_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """`retries` on the same model, in which wording (None: the same), after a wait or at once; then the next model?"""

    retries: int = 0
    style: Style | None = None
    waits: bool = False
    next_model: bool = False


RULES: dict[Kind, Rule] = {
    Kind.SOFT: Rule(retries=1, style=Style.SHORT, next_model=True),
    Kind.UNCHANGED: Rule(retries=1, style=Style.FRESH, next_model=True),
    Kind.FAULTY: Rule(retries=1, style=Style.EXACT, next_model=True),
    Kind.CONTENT: Rule(retries=1, style=Style.NEUTRAL),
    Kind.BLOCKED: Rule(),
    Kind.BUSY: Rule(retries=1, waits=True, next_model=True),
    Kind.RATE: Rule(retries=2, waits=True),
    Kind.TIMEOUT: Rule(next_model=True),  # who hangs up is billed all the same: no second time on a slow model
    Kind.GONE: Rule(next_model=True),
    Kind.REFUSED: Rule(),
}
# Words by what was wrong, where they differ from the rule's: here more has to change, not less.
_STYLE_BY_CODE: dict[str, Style] = {Fault.COLOUR: Style.FRESH}


@dataclass(frozen=True, slots=True)
class Rung:
    """Where a call stood. `used`: retries on this model by kind of answer."""

    model: str
    style: Style
    used: Mapping[Kind, int]
    refused_once: bool


class Ladder:
    """Where one job stands: `model` and `style` of the next call. Not shared between jobs."""

    def __init__(
        self,
        models: Sequence[str],
        *,
        backoff_seconds: float,
        min_call_seconds: float,
        jitter: Callable[[], float],
    ) -> None:
        """`jitter` answers 0 to 1. Below `min_call_seconds` before the deadline no further call is begun."""
        self.model, *self._later = models
        self.style = Style.FULL
        self._backoff_seconds = backoff_seconds
        self._min_call_seconds = min_call_seconds
        self._jitter = jitter
        self._used: Counter[Kind] = Counter()
        self._refused_once = False

    def climb(self, answer: Answer, seconds_left: float) -> float | None:
        """Move to the next rung and return the seconds to wait before the call; None: give up."""
        rule = RULES[answer.kind]
        if self._refused_once and answer.kind is not Kind.BUSY and answer.kind is not Kind.RATE:
            return None  # the neutral wording was the last try; only a fault on the way may be repeated
        wait = self._wait(answer) if rule.waits else 0.0
        if self._used[answer.kind] < rule.retries and self._fits(wait, seconds_left):
            return self._repeat(answer, rule, wait)
        return self._move_on() if rule.next_model and self._fits(0.0, seconds_left) else None

    @property
    def rung(self) -> Rung:
        return Rung(self.model, self.style, dict(self._used), self._refused_once)

    def go_to(self, rung: Rung) -> None:
        """Where an earlier attempt stood; what is below counts as tried. Stays where it is when that model was taken
        out of the configuration since."""
        models = [self.model, *self._later]
        if rung.model not in models:
            return
        self.model, *self._later = models[models.index(rung.model) :]
        self.style = rung.style
        self._used = Counter(rung.used)
        self._refused_once = rung.refused_once

    def skip(self) -> bool:
        """Leave this model out for now and move to the next one; False when there is none to move to."""
        return self._move_on() is not None

    def _repeat(self, answer: Answer, rule: Rule, wait: float) -> float:
        self._used[answer.kind] += 1
        self._refused_once = self._refused_once or answer.kind is Kind.CONTENT
        self.style = _STYLE_BY_CODE.get(answer.code) or rule.style or self.style
        return wait

    def _move_on(self) -> float | None:
        if not self._later or self._refused_once:
            return None
        self.model = self._later.pop(0)
        self.style = Style.FULL
        self._used.clear()
        return 0.0

    def _fits(self, wait: float, seconds_left: float) -> bool:
        return wait + self._min_call_seconds <= seconds_left

    def _wait(self, answer: Answer) -> float:
        """As long as the provider asks and a little more; else 1, 2, 4 ... s. Spread, so that jobs part."""
        step: float = self._backoff_seconds * 2.0 ** self._used[answer.kind]
        if answer.retry_after_seconds is not None:
            return answer.retry_after_seconds + self._jitter() * step
        return min(MAX_WAIT_SECONDS, step * (0.5 + self._jitter()))
