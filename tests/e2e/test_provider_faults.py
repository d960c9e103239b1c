"""A provider that fails at 30 % of calls; `benchmarks/provider_faults.py` does the same with more jobs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.crash_audit import SeenCall
from benchmarks.provider_faults import ROUNDS, broken_rules, run, wrong_end
from shared.engines.fake_gemini_answers import STEPS
from shared.engines.fake_gemini_plans import LASTING, PASSING, Fault, plan

ONE, TWO = "gemini-nano-banana-2.1", "gemini-3-pro-image"
DONE: dict[str, object] = {
    "status": "done",
    "model": ONE,
    "preview": False,
    "error": None,
    "engine": "gemini",
    "warnings": [],
}
FAILED: dict[str, object] = {"status": "failed", "model": None, "preview": None, "engine": None, "warnings": []}


@pytest.mark.parametrize("name", ROUNDS)
def test_every_job_ends_rightly_and_no_call_breaks_a_rule(tmp_path: Path, name: str) -> None:
    story = run(tmp_path, ROUNDS[name], 24, share=0.3, seed=2)
    assert story.passed, story.table()
    assert {call.did for call in story.log.calls} > {"picture"}


@pytest.mark.parametrize("faults", [PASSING, LASTING], ids=["passing", "lasting"])
def test_a_plan_has_its_share_of_every_fault_and_is_the_same_for_a_seed(faults: tuple[Fault, ...]) -> None:
    steps = plan(1, 400, 0.3, faults)
    assert steps == plan(1, 400, 0.3, faults) != plan(2, 400, 0.3, faults)
    counts = Counter(steps)
    assert 0.29 < 1 - counts["picture"] / len(steps) < 0.31
    assert {fault.step for fault in faults} == set(counts) - {"picture"}
    assert all(step.partition(":")[0] in STEPS for step in counts)


def calls(*steps: tuple[str, str, float]) -> list[SeenCall]:
    return [SeenCall(n, model, "look-1", did, at, None) for n, (model, did, at) in enumerate(steps)]


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        ([(ONE, "picture", 0), (ONE, "picture", 9)], "a call after picture"),
        ([(ONE, "key_invalid", 0), (TWO, "picture", 9)], "a call after key_invalid"),
        ([(ONE, "http:404", 0), (ONE, "picture", 9)], "called again after http:404"),
        ([(ONE, "rate:1", 0), (ONE, "picture", 0.9)], "0.90 s after rate:1"),
        ([(ONE, "http:503", 0), (ONE, "picture", 0.1)], "0.10 s after http:503"),
        ([(ONE, "http:503", n * 9) for n in range(3)], "asked 3 times after http:503"),
        ([(ONE, "http:503", 0), (ONE, "http:503", 9), (TWO, "garbage", 18), (TWO, "picture", 27)], "4 calls"),
    ],
)
def test_the_rules_are_seen_to_be_broken(made: list[tuple[str, str, float]], rule: str) -> None:
    assert any(rule in words for words in broken_rules(calls(*made)))


def test_a_patient_job_breaks_no_rule() -> None:
    assert broken_rules(calls((ONE, "rate:1", 0), (ONE, "http:503", 1.1), (TWO, "picture", 1.2))) == []


@pytest.mark.parametrize(
    ("job", "did", "is_right"),
    [
        (DONE, "picture", True),
        ({**DONE, "model": TWO}, "picture", False),
        (DONE, "http:503", False),
        ({**FAILED, "error": {"code": "EXTERNAL_SERVICE_ERROR"}}, "http:503", True),
        ({**FAILED, "error": {"code": "EXTERNAL_SERVICE_ERROR"}}, "picture", False),
        ({**FAILED, "error": {"code": "ERROR"}}, "http:503", False),
        ({**FAILED, "error": {"code": "CONTENT_BLOCKED"}}, "http:503", False),
    ],
)
def test_an_end_is_held_against_the_calls(job: dict[str, object], did: str, is_right: bool) -> None:
    assert (wrong_end(job, calls((ONE, did, 0))) is None) is is_right
