"""Units there and back, twins, and what height and weight say about the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.body_measurements.checks import metric_values, notices
from features.body_measurements.estimates import estimate
from features.body_measurements.model import FIELD_OF, FIELDS, TWINS, Field, Kind, Unit, known, speaking_field
from features.body_measurements.units import factor, from_metric, symbol
from features.body_measurements.views import MOST_WANTED, Person, guesses

fields, units = st.sampled_from(FIELDS), st.sampled_from(Unit)


def sent_number(field: Field, unit: Unit, share: float) -> float:
    """A number of up to three decimals within what a body may have, in this unit."""
    low, high = (limit / (factor(field) if unit is Unit.IMPERIAL else 1) for limit in field.reject)
    return round(low + 0.001 + share * (high - low - 0.002), 3)


# --- units ---------------------------------------------------------------------------------------------------------


@given(fields, units, st.floats(0, 1))
def test_a_number_comes_back_as_it_was_sent(field: Field, unit: Unit, share: float) -> None:
    number = sent_number(field, unit, share)
    stored = metric_values({field.name: number}, unit)[field.name]
    assert stored is not None and from_metric(field, stored, unit) == number


@given(fields, st.floats(0, 1))
def test_there_and_back_again_is_the_same_body(field: Field, share: float) -> None:
    metric = field.warn[0] + share * (field.warn[1] - field.warn[0])
    shown = from_metric(field, metric, Unit.IMPERIAL)
    again = metric_values({field.name: shown}, Unit.IMPERIAL)[field.name]
    assert again == pytest.approx(metric, abs=0.002)


@pytest.mark.parametrize("inches", [34.5, 34.125, 34.0, 33.875])
def test_what_a_tape_in_inches_reads(inches: float) -> None:
    stored = metric_values({"hip_circumference": inches}, Unit.IMPERIAL)["hip_circumference"]
    assert stored == pytest.approx(inches * 2.54) and from_metric(
        FIELD_OF["hip_circumference"], stored or 0, Unit.IMPERIAL
    ) == (inches)


def test_symbols() -> None:
    assert [symbol(FIELD_OF[name], unit) for name in ("height", "weight") for unit in Unit] == ["cm", "in", "kg", "lb"]


# --- twins ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("modern", "legacy"), TWINS.items())
def test_the_modern_field_speaks_first(modern: str, legacy: str) -> None:
    assert FIELD_OF[modern].kind is Kind.LENGTH and FIELD_OF[legacy].twin_of == modern
    assert (speaking_field({modern: 90.0, legacy: 91.0}, modern), known({modern: 90.0}, modern)) == (modern, 90.0)
    assert (speaking_field({modern: None, legacy: 91.0}, modern), known({legacy: 91.0}, modern)) == (legacy, 91.0)
    assert (speaking_field({}, modern), known({legacy: None}, modern)) == (None, None)


def test_only_legacy_fields_stand_in() -> None:
    assert (
        speaking_field({"breast_circumference": 90.0}, "chest") is None and known({"height": 170.0}, "weight") is None
    )


# --- against height and weight -------------------------------------------------------------------------------------


def slips(unit: Unit = Unit.METRIC, **values: float) -> list[tuple[str, str]]:
    guessed = estimate("female", 165, 65)
    found = notices({"height": 165.0, "weight": 65.0, **values}, unit, guessed)
    return [(item.code, item.field) for item in found]


@pytest.mark.parametrize("name", ["breast_circumference", "hip_circumference", "neck_circumference", "foot_length"])
@pytest.mark.parametrize("side", [-1, 1])
def test_three_standard_deviations_are_the_limit(name: str, side: int) -> None:
    guess = estimate("female", 165, 65)[name]
    assert slips(**{name: guess.cm + side * 2.99 * guess.sd}) == []
    assert ("check_unit", name) in slips(**{name: guess.cm + side * 3.01 * guess.sd})


def test_the_field_that_was_given_is_the_one_that_is_named() -> None:
    assert slips(hips=130) == [("check_unit", "hips")]
    assert slips(hips=130, hip_circumference=98)[0][0] == "contradiction", "the modern one counts, and is fine"


def test_the_waist_of_women_is_not_judged_by_height_and_weight() -> None:
    assert slips(waist_circumference=110) == []


def test_the_guess_is_told_in_the_persons_unit() -> None:
    guessed = estimate("female", 165, 65)
    told = {unit: notices({"hips": 130.0}, unit, guessed)[0].message for unit in Unit}
    assert "about 99 cm" in told[Unit.METRIC] and "about 39 in" in told[Unit.IMPERIAL]


# --- what may be guessed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "person", "said"),
    [
        ({"height": 165, "weight": 65}, Person("female", 30), None),
        ({"height": 165, "weight": 65}, Person("male", None), None),
        ({"height": 165, "weight": 65}, Person("male", 15), "under 16"),
        ({"height": 165, "weight": 65}, Person(None, 30), "gender"),
        ({"height": 165}, Person("female", 30), "the height and the weight"),
        ({"weight": 65}, Person("female", 30), "the height and the weight"),
        ({"height": 210, "weight": 65}, Person("female", 30), "outside"),
    ],
)
def test_guesses_or_a_reason(values: dict[str, float], person: Person, said: str | None) -> None:
    found = guesses(values, person)
    assert bool(found.by_field) is (said is None) and (said or "") in (found.reason or "")


def test_what_is_wanted_most_are_modern_fields() -> None:
    wanted: list[Any] = [FIELD_OF[name] for name in MOST_WANTED]
    assert all(field.twin_of is None for field in wanted) and next(iter(MOST_WANTED)) == "breast_circumference"
