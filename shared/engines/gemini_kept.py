"""A picture that came, from its arrival to its use: what is written down with it, so that another attempt at the job
can go on from there as if the call had just returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.engines.base import CallLedger, LeftAnswer, Usage
from shared.engines.checks.report import Fault
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.gemini_ladder import Rung
from shared.engines.models import PRICE_VERSION, price
from shared.engines.prompts import Style
from shared.engines.turns import Turn

_OUTCOMES = {
    Kind.PICTURE: "ok",
    Kind.UNCHANGED: "unchanged",
    Kind.SOFT: "no_image",
    Kind.CONTENT: "blocked",
    Kind.BLOCKED: "blocked",
}
_BAD_PICTURE = Answer(Kind.SOFT, "bad_picture")


@dataclass(frozen=True, slots=True)
class Came:
    """`rung`: of its call. `told`: what a result says about its call. `picture`: empty where the ledger keeps it, for
    jobs that wait for a core would fill the memory with them. `outcome`: what an earlier attempt found it to be."""

    call_id: str
    usage: Usage
    rung: Rung
    told: Mapping[str, Any]
    picture: bytes = field(default=b"", repr=False)
    outcome: str | None = None

    def answer(self, ledger: CallLedger) -> Answer:
        """To be judged. Raises NotFoundError when the job has ended meanwhile."""
        return Answer(Kind.PICTURE, "ok", self.picture or ledger.kept(self.call_id))

    @property
    def verdict(self) -> Answer | None:
        """Why it was not used. None for one that is good, or that nobody has judged."""
        if self.outcome == _OUTCOMES[Kind.SOFT]:
            return _BAD_PICTURE
        if self.outcome == Fault.UNCHANGED:
            return Answer(Kind.UNCHANGED, self.outcome)
        return Answer(Kind.FAULTY, self.outcome) if self.outcome in set(Fault) else None


def outcome_of(answer: Answer) -> str:
    """The ledger's word for it."""
    return _OUTCOMES.get(answer.kind, answer.code)


def usage_of(model: str, answer: Answer) -> Usage:
    tokens = answer.tokens
    counts = [count for count in (tokens.text_output, tokens.image_output) if count is not None]
    cost = 0.0 if answer.is_free else price(model, tokens)
    return Usage(
        tokens.input, sum(counts) if counts else None, tokens.thinking, cost, None if cost is None else PRICE_VERSION
    )


def keep(ledger: CallLedger, turn: str, came: Came) -> Came:
    """Without its picture, if the ledger took it."""
    rung = {
        "model": came.rung.model,
        "style": came.rung.style.value,
        "used": {kind.value: times for kind, times in came.rung.used.items()},
        "refused_once": came.rung.refused_once,
    }
    facts = {"turn": turn, "rung": rung, "told": dict(came.told)}
    if not ledger.keep(came.call_id, came.picture, came.usage, facts):
        return came
    return Came(came.call_id, came.usage, came.rung, came.told)


def taken_up(left: Sequence[LeftAnswer], turn: str) -> list[Came]:
    """Those that answer this turn."""
    return [came for item in left if (came := _came(item, turn)) is not None]


def turn_name(turn: Turn) -> str:
    """Its place, and how many garments it dresses: with other settings than before, a turn is another one."""
    place = turn.number + 1
    return f"{place} of {place + turn.calls_kept}, garments {len(turn.wanted.garments)}"


def _came(left: LeftAnswer, turn: str) -> Came | None:
    """None for another turn's, and for facts that another version of this program wrote."""
    try:
        if left.facts["turn"] != turn:
            return None
        return Came(left.call_id, left.usage, _rung(left.facts["rung"]), left.facts["told"], outcome=left.outcome)
    except (KeyError, TypeError, ValueError):
        return None


def _rung(facts: Mapping[str, Any]) -> Rung:
    used = {Kind(kind): int(times) for kind, times in facts["used"].items()}
    return Rung(str(facts["model"]), Style(facts["style"]), used, bool(facts["refused_once"]))
