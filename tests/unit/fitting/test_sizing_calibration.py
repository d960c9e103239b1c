"""Said probabilities against shares of right answers: on drawn people always, on ANSUR II where it lies at hand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.fitting import CHARTS, FILE, GOALS, Person, answers, people_of, person_of, score_of
from features.fitting.sizing import advise, body_of
from features.fitting.terms import ChartSource, FitContext, Zone
from tests.unit.fitting.sizing_charts import probabilities, taped, women

DATA = Path(__file__).parents[4] / "shared" / "fitdata"
TOP = FitContext("t_shirt")


def drawn_people(count: int) -> list[Person]:
    """Women with bodies like those of the EN 13402-3 series, two centimetres around it."""
    dice = random.Random(7)
    made = []
    for _ in range(count):
        bust = dice.gauss(94, 8)
        girths = {"chestcircumference": bust, "waistcircumference": bust - 16, "buttockcircumference": bust + 8}
        row = {name: str(10 * (cm + dice.gauss(0, 2) * (cm != bust))) for name, cm in girths.items()}
        made.append(person_of({"gender": "female", "stature": "1650", "weightkg": "650", **row}))
    return made


def test_the_benchmark_scores_what_it_says() -> None:
    score = score_of([(0.85, 0), (0.85, 1), (0.25, 3), (0.25, 0)])
    assert (score.exact, score.near, score.said) == (0.5, 0.75, pytest.approx(0.55))
    assert score.error == pytest.approx((0.35 + 0.25) / 2)


def test_measured_people_are_told_as_often_right_as_is_said() -> None:
    score = score_of(list(answers(drawn_people(600), "full", 1)))
    assert score.exact >= 0.83
    assert score.near >= 0.99
    assert score.error <= 0.06


@pytest.mark.skipif(not (DATA / FILE).is_file(), reason="the survey is not at hand")
@pytest.mark.parametrize("scenario", GOALS)
def test_the_survey_is_answered_as_well_as_promised(scenario: str) -> None:
    exact, near, error = GOALS[scenario]
    score = score_of(list(answers(people_of(DATA)[1::3], scenario, 1)))
    assert score.exact >= exact - 0.015
    assert score.near >= near
    assert score.error <= error


@pytest.mark.parametrize("person", drawn_people(20))
def test_the_true_letter_is_the_one_whose_cell_holds_the_bust(person: Person) -> None:
    cell = CHARTS["female"].rows[person.size].cells[Zone.CHEST]
    assert cell.lo <= person.true["breast_circumference"] < cell.hi


def test_a_chart_that_was_sent_as_a_standard_is_as_certain_as_the_shops_own() -> None:
    body = {Zone.CHEST: taped(Zone.CHEST, 96.0)}
    sent = advise(body, women(source=ChartSource.STANDARD), TOP)
    assert probabilities(sent) == probabilities(advise(body, women(), TOP))
    assert probabilities(advise(body, women(source=ChartSource.BRAND), TOP)) != probabilities(sent)


def test_height_and_weight_alone_never_make_more_than_a_guess() -> None:
    for person in drawn_people(30):
        told = {name: person.true[name] for name in ("height", "weight")}
        assert advise(body_of(told, sex="female"), CHARTS["female"], TOP).confidence <= 0.5
