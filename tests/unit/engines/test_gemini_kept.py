"""What an attempt that died left behind: its paid pictures are taken up by the next one as the calls that they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shared.engines.base import EngineResult, GarmentInput, GarmentType, LeftAnswer, TryOnInput, Usage
from shared.engines.fake_gemini import FakeGemini
from shared.engines.gemini_judge import Judge
from shared.engines.gemini_ladder import Ladder
from shared.engines.models import DEFAULT_MODELS
from shared.errors import NotFoundError, ProviderNoImageError
from tests.unit.engines.checks_samples import jpeg_bytes, packshot
from tests.unit.engines.engine_parts import CappedLedger, SteppedDeadline, garment, gemini
from tests.unit.engines.test_checks_gemini import GOOD, PERSON, SPOILED, step

FIRST, SECOND, _ = DEFAULT_MODELS
NO_USAGE = Usage()
SMALL_FAULT = step(SPOILED["framing_changed"])


class Killed(BaseException):
    """Nothing after it is written down."""


@dataclass
class Shelf(CappedLedger):
    """A ledger that keeps answers. `full`: for nobody. `dead`: the process has been killed."""

    most: int = 3
    full: bool = False
    dead: bool = False
    pictures: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, tuple[Usage, Mapping[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str, str | None, Usage]] = field(default_factory=list)
    earlier: int = 0

    def keep(self, call_id: str, picture: bytes, usage: Usage, facts: Mapping[str, Any]) -> bool:
        if self.full:
            return False
        self.pictures[call_id], self.known[call_id] = picture, (usage, facts)
        return True

    def kept(self, call_id: str) -> bytes:
        if call_id not in self.pictures:
            raise NotFoundError("gone")
        return self.pictures[call_id]

    def left(self) -> Sequence[LeftAnswer]:
        ids = [call_id for call_id in map(str, range(self.earlier)) if call_id in self.known]
        return [LeftAnswer(call_id, self.calls[int(call_id)][2], *self.known[call_id]) for call_id in ids]

    def settle(self, call_id: str, outcome: str, usage: Usage = NO_USAGE) -> None:
        if self.dead:
            raise Killed
        if self.calls[int(call_id)][2] is None:  # the first word stands
            super().settle(call_id, outcome, usage)

    def next_life(self) -> Shelf:
        return replace(self, dead=False, earlier=len(self.calls))


def wanted(shelf: Shelf, garments: int = 1) -> TryOnInput:
    first = GarmentInput(jpeg_bytes(packshot()), GarmentType.UPPER)
    others = [garment(colour) for colour in ((170, 20, 30), (20, 140, 60))]
    return TryOnInput(PERSON, (first, *others)[:garments], calls=shelf)


def attempt(shelf: Shelf, fake: FakeGemini, garments: int = 1, **settings: Any) -> EngineResult:
    return gemini(fake, **settings).try_on(wanted(shelf, garments), SteppedDeadline())


def killed_at_the_look(
    monkeypatch: pytest.MonkeyPatch, fake: FakeGemini, number: int = 1, garments: int = 1, **settings: Any
) -> Shelf:
    """Killed when the `number`-th picture is about to be judged; the ledger as the next process finds it."""
    shelf, judge, looks = Shelf(most=settings.pop("most", 3)), Judge.judge, iter(range(1, 99))

    def look(*arguments: Any) -> Any:
        if next(looks) == number:
            shelf.dead = True
            raise Killed
        return judge(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Judge, "judge", look)
        attempt(shelf, fake, garments, **settings)
    return shelf.next_life()


def looks_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the kinds of answers that are judged from now on."""
    seen: list[str] = []
    judge = Judge.judge

    def look(self: Judge, answer: Any, *rest: Any) -> Any:
        found = judge(self, answer, *rest)
        seen.append(found[0].code)
        return found

    monkeypatch.setattr(Judge, "judge", look)
    return seen


def test_a_picture_that_came_before_the_kill_is_delivered_without_another_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeGemini([step(GOOD)], default="http:500") as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
        assert shelf.outcomes == [None]
        result = attempt(shelf, fake)
    assert fake.count == 1 and shelf.outcomes == ["ok"]
    assert (result.model, result.checks["provider_calls"]) == (FIRST, 1)


def test_its_call_is_settled_with_what_it_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini() as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
        attempt(shelf, fake)
        fresh = Shelf()
        attempt(fresh, fake)
    assert shelf.calls == fresh.calls and fresh.calls[0][3].cost_usd


def test_the_picture_is_the_one_that_an_undisturbed_attempt_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini(default=step(GOOD)) as fake:
        result = attempt(killed_at_the_look(monkeypatch, fake), fake)
        undisturbed = attempt(Shelf(), fake)
    assert result.image.tobytes() == undisturbed.image.tobytes()
    assert (result.warnings, result.checks, result.encoded) == (
        undisturbed.warnings,
        undisturbed.checks,
        undisturbed.encoded,
    )


@pytest.mark.parametrize("fault", SPOILED)
def test_a_faulty_one_is_the_first_try_and_not_an_extra_one(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    with FakeGemini([step(SPOILED[fault])], default=step(GOOD)) as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
        result = attempt(shelf, fake)
        told = fake.calls[1].body["contents"][0]["parts"][-1]["text"]
    assert (shelf.outcomes, shelf.models) == ([fault, "ok"], [FIRST, FIRST])
    assert result.checks["provider_calls"] == 2 and result.warnings == ()
    assert ("Create a new photo" if fault in ("unchanged", "colour_missing") else "the same photograph") in told


def test_one_that_was_judged_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini([step(SPOILED["face_changed"])], default=step(GOOD)) as fake:
        shelf = killed_at_the_look(monkeypatch, fake, number=2)
        assert shelf.outcomes == ["face_changed", None]
        looks = looks_of(monkeypatch)
        attempt(shelf, fake)
    assert fake.count == 2 and looks == ["ok"] and shelf.outcomes == ["face_changed", "ok"]


def test_no_life_makes_more_calls_than_one_that_was_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini(default=step(SPOILED["face_changed"])) as fake:
        shelf = killed_at_the_look(monkeypatch, fake, number=2, most=9)
        with pytest.raises(ProviderNoImageError):
            attempt(shelf, fake)
        killed, undisturbed = shelf.models, Shelf(most=9)
        with pytest.raises(ProviderNoImageError):
            attempt(undisturbed, fake)
    assert killed == undisturbed.models and shelf.outcomes == undisturbed.outcomes


def test_a_kept_picture_with_a_small_fault_is_still_shown_when_nothing_better_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeGemini([step(SPOILED["face_changed"]), SMALL_FAULT], default="http:400") as fake:
        shelf = killed_at_the_look(monkeypatch, fake, number=2, most=9)
        result = attempt(shelf, fake)
    assert shelf.outcomes[:2] == ["face_changed", "framing_changed"] and fake.count > 2
    assert [notice.code for notice in result.warnings] == ["framing_changed"] and result.checks["provider_calls"] == 2


def test_what_was_judged_good_before_the_kill_is_judged_once_more_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini(default=step(GOOD)) as fake:
        shelf = Shelf()
        attempt(shelf, fake)
        result = attempt(shelf.next_life(), fake)
    assert fake.count == 1 and shelf.outcomes == ["ok"] and result.checks["provider_calls"] == 1


def test_each_turn_takes_up_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini(default="picture") as fake:
        shelf = killed_at_the_look(monkeypatch, fake, number=2, garments=2, garments_per_call=1)
        assert shelf.outcomes == ["ok", None]
        result = attempt(shelf, fake, garments=2, garments_per_call=1)
    assert fake.count == 2 and shelf.outcomes == ["ok", "ok"]
    assert result.checks["provider_calls"] == 2 and len(result.checks["earlier_turns"]) == 1


def test_a_picture_of_fewer_garments_answers_no_other_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changed the settings before the restart."""
    with FakeGemini(default="picture") as fake:
        shelf = killed_at_the_look(monkeypatch, fake, garments=2, garments_per_call=1)
        attempt(shelf, fake, garments=2, garments_per_call=2)
    assert fake.count == 2 and shelf.outcomes == [None, "ok"]


@pytest.mark.parametrize("facts", [{}, {"turn": "1 of 1, garments 1"}, {"turn": "1 of 1, garments 1", "rung": {}}])
def test_facts_of_another_version_are_left_alone(monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any]) -> None:
    with FakeGemini() as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
        shelf.known["0"] = (Usage(), facts)
        attempt(shelf, fake)
    assert fake.count == 2


def test_a_picture_of_a_model_that_is_not_configured_any_more_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeGemini(default="picture") as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
        result = attempt(shelf, fake, models=(SECOND,))
    assert fake.count == 1 and result.model == FIRST


def test_where_nothing_can_be_kept_the_picture_is_used_all_the_same() -> None:
    with FakeGemini() as fake:
        shelf = Shelf(full=True)
        result = attempt(shelf, fake)
    assert shelf.outcomes == ["ok"] and result.image and not shelf.pictures


def test_a_picture_is_kept_before_a_core_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that is needed to settle its call."""
    with FakeGemini() as fake:
        shelf = killed_at_the_look(monkeypatch, fake)
    usage, _ = shelf.known["0"]
    assert shelf.pictures["0"][:2] == b"\xff\xd8" or shelf.pictures["0"][:4] == b"\x89PNG"
    assert usage.cost_usd and usage.input_tokens and usage.output_tokens


def test_a_ladder_goes_back_to_where_a_call_stood() -> None:
    def ladder(*models: str) -> Ladder:
        return Ladder(models or (FIRST, SECOND), backoff_seconds=1, min_call_seconds=15, jitter=lambda: 0.5)

    one, other, third = ladder(), ladder(), ladder("another")
    one.skip()
    other.go_to(one.rung)
    assert (other.rung, other.model, other.skip()) == (one.rung, SECOND, False)
    third.go_to(one.rung)
    assert third.model == "another"
