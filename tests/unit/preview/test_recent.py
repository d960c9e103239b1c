"""The memory of the last pictures."""

from __future__ import annotations

import pytest

from shared.engines.preview.recent import Recent


def memory(limit: int = 10) -> Recent[str]:
    return Recent(limit, len)


def test_made_once() -> None:
    made: list[str] = []
    kept = memory()
    for _ in range(3):
        assert kept.get("a", lambda: made.append("a") or "aaaa") == "aaaa"
    assert made == ["a"]


def test_the_longest_unused_goes_first() -> None:
    kept = memory()
    kept.get("a", lambda: "aaaa")
    kept.get("b", lambda: "bbbb")
    kept.get("a", lambda: "new")
    kept.get("c", lambda: "cccc")
    assert kept.held_bytes == 8
    assert kept.get("a", lambda: "new") == "aaaa"
    assert kept.get("b", lambda: "new") == "new"


def test_what_is_too_large_is_not_kept() -> None:
    kept = memory()
    kept.get("a", lambda: "aaaa")
    assert kept.get("big", lambda: "x" * 11) == "x" * 11
    assert kept.held_bytes == 4


def test_failures_are_not_kept() -> None:
    kept = memory()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: str(1 // 0))
    assert kept.get("a", lambda: "fine") == "fine"
