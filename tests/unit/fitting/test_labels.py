"""Names of sizes: order, sameness, axes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fitting.labels import axes, find_label, is_for_children, parse, rank, same_label, system_of


@pytest.mark.parametrize(
    "small_to_large",
    [
        ["XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL", "5XL"],
        ["2XS", "X-Small", "Small", "S/M", "Medium", "Large", "Extra Large", "XX-Large", "3X-Large"],
        ["000", "00", "0", "2", "4", "10", "12"],
        ["UK 6", "UK 8", "UK 10"],
        ["41", "42", "42 1/3", "42.5", "42⅔", "43"],
        ["W30 L32", "W30 L34", "W32 L30"],
        ["30/32", "30/34", "32/30"],
        ["38S", "38R", "38L", "40S"],
        ["70B", "75A", "75B", "75C", "75D", "75E"],
        ["34/36", "38/40", "42/44"],
        ["M Petite", "M", "M Tall", "L"],
        ["1X", "2X", "3X"],
        ["Gr. 38", "Gr. 40"],
    ],
)
def test_order(small_to_large: list[str]) -> None:
    assert sorted(reversed(small_to_large), key=rank) == small_to_large


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m", "M"), ("Medium", "M"), ("XXXL", "3XL"), ("2XS", "XXS"), ("X-Large", "XL"), ("extra small", "XS"),
        ("eu38", "EU 38"), ("DE 38", "EU 38"), ("38", "EU 38"), ("38 EU", "EU 38"), ("UK 10", "EU 38 / UK 10"),
        ("32/34", "W32 L34"), ("32x34", "W32/L34"), ("32W 34L", "W32 L34"), ("42,5", "42½"), ("38 Short", "38S"),
        ("One size", "OS"), ("TU", "one-size"), ("Taille M", "M"), ("S-M", "S/M"), ("M (38-40)", "M"), ("T38", "38"),
    ],
)  # fmt: skip
def test_the_same_size(one: str, other: str) -> None:
    assert same_label(one, other) and same_label(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M", "L"), ("EU 38", "UK 38"), ("38R", "38L"), ("W32 L34", "W32 L32"), ("S/M", "M"), ("75B", "75C"),
        ("14", "14W"), ("M", "M Tall"), ("3XL", "3"), ("Blue", "Red"), ("9", "9.5"), ("XL", "XS"),
    ],
)  # fmt: skip
def test_another_size(one: str, other: str) -> None:
    assert not same_label(one, other)


@pytest.mark.parametrize(
    ("labels", "wanted", "found"),
    [
        (["S", "M", "L"], " medium ", "M"),
        (["EU 36", "EU 38"], "eu38", "EU 38"),
        (["36", "38"], "EU 38", "38"),
        (["EU 38", "UK 38"], "38", None),
        (["EU 38", "38"], "38", "38"),
        (["S/M", "L/XL"], "M", "S/M"),
        (["S/M", "M/L"], "M", None),
        (["W32 L34", "W32 L32"], "32/34", "W32 L34"),
        (["W32 L34", "W32 L32"], "W32", None),
        (["34/36", "38/40"], "38", "38/40"),
        (["S", "M"], "XL", None),
        (["Regular fit", "Slim"], "slim", "Slim"),
        ([], "M", None),
        (["M"], "", None),
        (["M"], "x" * 5000, None),
    ],
)
def test_find(labels: list[str], wanted: str, found: str | None) -> None:
    assert find_label(labels, wanted) == found


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["W32 L34", "W34 L32"], (("32", "34"), ("34", "32"))),
        (["32x34"], (("32", "34"),)),
        (["32/30", "32/32", "34/32"], (("32", "30"), ("32", "32"), ("34", "32"))),
        (["32/34"], (("32", "34"),)),
        (["34/36", "38/40"], (None, None)),
        (["48/50", "52/54"], (None, None)),
        (["S", "M"], (None, None)),
        (["W32 L34", "W34"], (("32", "34"), None)),
        ([], ()),
    ],
)
def test_axes(labels: list[str], expected: tuple[tuple[str, str] | None, ...]) -> None:
    assert axes(labels) == expected


@pytest.mark.parametrize("labels", [["2-3 years", "4-5 years"], ["6-9 mois"], ["18M", "24M"], ["3T"], ["98", "104"]])
def test_childrens_sizes(labels: list[str]) -> None:
    assert is_for_children(labels)


@pytest.mark.parametrize("labels", [["S", "M"], ["50", "56"], ["38M"], ["8 M", "9 M"], ["10T"], ["98", "102"], []])
def test_adults_sizes(labels: list[str]) -> None:
    assert not is_for_children(labels)


@pytest.mark.parametrize(
    ("labels", "system"),
    [
        (["S", "M"], "LETTER"),
        (["EU 36", "DE 38"], "EU"),
        (["36"], None),
        (["W32 L30"], "JEANS"),
        (["EU 36", "UK 8"], None),
    ],
)
def test_system(labels: list[str], system: str | None) -> None:
    assert system_of(labels) == system


@pytest.mark.parametrize("text", ["Blue", "", "€", "M with pockets", "petite", "\ud800", "🙂", "X"])
def test_no_size_has_no_names(text: str) -> None:
    assert parse(text).names == ()


PIECES = ["XL", "M", "38", "EU", "/", " ", "W", "32", "L", "x", "½", "B", "(", ")", "-", "years", "Tall", "é", "0"]


@settings(deadline=None)
@given(st.text(max_size=20) | st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_any_text_has_a_place_and_is_itself(text: str) -> None:
    assert same_label(text, text)
    assert find_label([text], text) == text
    assert [rank(one) < rank(other) for one, other in itertools.permutations([text, "M"], 2)].count(True) <= 1
