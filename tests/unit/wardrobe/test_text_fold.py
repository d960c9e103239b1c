"""One spelling for what people take for the same."""

from __future__ import annotations

import pytest

from shared.text_fold import fold


@pytest.mark.parametrize(
    ("texts", "folded"),
    [
        (["Größe", "GRÖSSE", "grosse", "GRO\u0308SSE", "ＧＲＯＳＳＥ"], "grosse"),
        (["Łódź", "lodz", "ŁÓDŹ"], "lodz"),
        (["Crème  brûlée", " creme\tBRULEE\n"], "creme brulee"),
        (["İstanbul", "ıstanbul", "ISTANBUL"], "istanbul"),
        (["Rødgrød", "RODGROD"], "rodgrod"),
        (["Œuvre Æther", "oeuvre aether"], "oeuvre aether"),
        (["ﬁne №5", "FINE No5"], "fine no5"),
        (["Ёлка", "елка"], "елка"),
        (["Levi’s", "levi's"], "levi's"),
        (["", " \t\n", "\u0301"], ""),
    ],
)
def test_the_same_for_people(texts: list[str], folded: str) -> None:
    assert {fold(text) for text in texts} == {folded}


@pytest.mark.parametrize(("one", "other"), [("ガ", "カ"), ("हिन्दी", "हन्द"), ("o", "0"), ("shirt", "shirts")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_folding_twice_changes_nothing() -> None:
    letters = [chr(code) for code in range(0x20, 0x3000)] + ["ﬃ", "ﷺ", "한글", "ǅ", "ß", "ẞ"]
    assert [text for text in letters if fold(fold(text)) != fold(text)] == []
