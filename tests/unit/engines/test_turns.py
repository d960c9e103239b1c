"""Garments in one call or in turns: what is planned, what is sent, and what a failure in the middle costs."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from shared.engines.base import EngineResult, GarmentInput, GarmentType, Notice
from shared.engines.fake_gemini import FakeGemini, RecordedCall
from shared.engines.turns import Turn, dress_in_turns, plan_turns
from shared.errors import BecauseFutureError, ContentBlockedError, ProviderNoImageError
from tests.unit.engines.engine_parts import CappedLedger, SteppedDeadline, garment, gemini, person_picture, wanted

# Of one hue: the fake lets the old clothes shine through the new ones.
COLOURS = [(20, 40, 120), (20, 60, 170), (60, 100, 220), (20, 30, 90), (90, 130, 240)]
KINDS = [GarmentType.LOWER, GarmentType.UPPER, GarmentType.OUTER, GarmentType.SHOES, GarmentType.ACCESSORY]


def outfit(count: int) -> list[GarmentInput]:
    return [garment(colour, kind) for colour, kind in zip(COLOURS[:count], KINDS[:count], strict=True)]


@pytest.mark.parametrize(
    ("count", "most", "most_turns", "sizes"),
    [
        (1, 3, 3, [1]),
        (3, 3, 3, [3]),
        (4, 3, 3, [2, 2]),
        (5, 3, 3, [2, 3]),
        (5, 2, 3, [2, 1, 2]),
        (5, 1, 6, [1, 1, 1, 1, 1]),
        (5, 1, 3, [2, 1, 2]),
        (5, 1, 2, [2, 3]),
        (5, 1, 1, [5]),
        (2, 5, 3, [2]),
    ],
)
def test_turns_are_few_even_and_payable(count: int, most: int, most_turns: int, sizes: list[int]) -> None:
    garments = outfit(count)
    turns = plan_turns(garments, most, most_turns=most_turns)
    assert [len(turn) for turn in turns] == sizes
    assert [item for turn in turns for item in turn] == garments  # in the order of dressing


def result(calls: int, *codes: str, **changes: Any) -> EngineResult:
    notices = tuple(Notice(code, code) for code in codes)
    return EngineResult(person_picture(60, 80), "x", warnings=notices, checks={"provider_calls": calls}, **changes)


def test_calls_and_warnings_go_on_from_turn_to_turn() -> None:
    seen: list[Turn] = []
    answers = iter([result(2, "a", "b"), result(3, "b"), result(4, "c")])

    def dress(turn: Turn) -> EngineResult:
        seen.append(turn)
        return next(answers)

    done = dress_in_turns(wanted(garments=outfit(3)), [[item] for item in outfit(3)], dress)
    assert [(turn.calls_made, turn.calls_kept) for turn in seen] == [(0, 2), (2, 1), (3, 0)]
    assert [notice.code for notice in done.warnings] == ["a", "b", "c"]
    assert done.checks == {"provider_calls": 4, "earlier_turns": [{"provider_calls": 2}, {"provider_calls": 3}]}


def test_a_single_turn_changes_nothing() -> None:
    asked, answer = wanted(), result(1)
    assert dress_in_turns(asked, [asked.garments], lambda turn: answer) is answer


def test_the_next_turn_gets_the_picture_as_it_came_where_there_is_one() -> None:
    seen: list[bytes] = []
    answers = iter([result(1, encoded=b"as it came"), result(2)])

    def dress(turn: Turn) -> EngineResult:
        seen.append(turn.wanted.person)
        return next(answers)

    dress_in_turns(wanted(garments=outfit(2)), [[item] for item in outfit(2)], dress)
    assert seen[1] == b"as it came"


def pictures(call: RecordedCall) -> list[Image.Image]:
    parts = call.body["contents"][0]["parts"]
    found = [base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part]
    return [Image.open(io.BytesIO(data)).convert("RGB") for data in found]


def colours(call: RecordedCall) -> list[tuple[int, int, int]]:
    """Of the garments; the person comes last."""
    return [picture.getpixel((45, 45)) for picture in pictures(call)[:-1]]  # type: ignore[misc]


def near(found: list[tuple[int, int, int]], true: list[tuple[int, int, int]]) -> bool:
    pairs = zip(found, true, strict=True)
    return all(max(abs(x - y) for x, y in zip(one, other, strict=True)) < 8 for one, other in pairs)


@pytest.mark.parametrize(("count", "per_call", "sizes"), [(3, 3, [3]), (5, 3, [2, 3]), (2, 1, [1, 1])])
def test_every_garment_is_sent_once_and_in_order(count: int, per_call: int, sizes: list[int]) -> None:
    ledger = CappedLedger(3)
    with FakeGemini() as fake:
        done = gemini(fake, garments_per_call=per_call).try_on(wanted(ledger, outfit(count)), SteppedDeadline())
    assert [len(colours(call)) for call in fake.calls] == sizes and ledger.outcomes == ["ok"] * len(sizes)
    assert near([colour for call in fake.calls for colour in colours(call)], COLOURS[:count])
    assert done.checks["provider_calls"] == len(sizes) and done.image.size == (120, 160)


def test_the_second_turn_dresses_the_picture_of_the_first() -> None:
    with FakeGemini() as fake:
        first = gemini(fake).try_on(wanted(garments=outfit(1)), SteppedDeadline())
        gemini(fake, garments_per_call=1).try_on(wanted(garments=outfit(2)), SteppedDeadline())
    handed_on = pictures(fake.calls[2])[-1]
    middle = handed_on.width // 2, handed_on.height // 2
    assert handed_on.size == (120, 160)
    assert near([handed_on.getpixel(middle)], [first.image.getpixel((60, 80))])  # type: ignore[list-item]


def test_an_asked_for_ratio_is_met_once() -> None:
    with FakeGemini() as fake:
        asked = wanted(garments=outfit(2), aspect_ratio="1:1")
        done = gemini(fake, garments_per_call=1).try_on(asked, SteppedDeadline())
    assert (
        done.image.size == (160, 160)
        and [picture[-1].size for picture in map(pictures, fake.calls)] == [(160, 160)] * 2
    )
    wishes = [call.body["contents"][0]["parts"][-1]["text"] for call in fake.calls]
    assert ["margins" in wish for wish in wishes] == [True, False]


@pytest.mark.parametrize(
    ("step", "error"), [("text", ProviderNoImageError), ("block:PROHIBITED_CONTENT", ContentBlockedError)]
)
def test_a_failure_in_the_middle_delivers_nothing(step: str, error: type[BecauseFutureError]) -> None:
    ledger = CappedLedger(3)
    with FakeGemini(["picture"], default=step) as fake, pytest.raises(error):
        gemini(fake, garments_per_call=1, max_calls=3).try_on(wanted(ledger, outfit(2)), SteppedDeadline())
    assert ledger.outcomes[0] == "ok" and "ok" not in ledger.outcomes[1:] and fake.count <= 3


def test_a_failed_turn_is_tried_again_without_the_one_before() -> None:
    with FakeGemini(["picture", "text", "picture"]) as fake:
        gemini(fake, garments_per_call=1).try_on(wanted(CappedLedger(3), outfit(2)), SteppedDeadline())
    assert [len(colours(call)) for call in fake.calls] == [1, 1, 1]
    assert near([colours(call)[0] for call in fake.calls], [COLOURS[0], COLOURS[1], COLOURS[1]])


def test_the_first_turn_leaves_a_call_for_the_second() -> None:
    """Its retries would else use up what the job may pay, and all of it in vain."""
    ledger = CappedLedger(9)
    with FakeGemini(default="text") as fake, pytest.raises(ProviderNoImageError):
        gemini(fake, garments_per_call=1, max_calls=3).try_on(wanted(ledger, outfit(2)), SteppedDeadline())
    assert fake.count == 2


def test_a_model_that_takes_few_pictures_dresses_in_more_turns() -> None:
    with FakeGemini() as fake:
        engine = gemini(fake, models=("gemini-2.5-flash-image",), garments_per_call=5)
        engine.try_on(wanted(garments=outfit(4)), SteppedDeadline())
    assert [len(pictures(call)) for call in fake.calls] == [3, 3]
