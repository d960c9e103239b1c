"""Feedback: whose word counts, what it shifts, and what nobody gets to know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.fitting.feedback import OTHERS_AT_LEAST, Experience, FeedbackService
from features.fitting.model import FitFeedbackTable, Outcome, Thing
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.models.user import UserTable

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SMALL, FIT, LARGE = Outcome.SMALL, Outcome.FIT, Outcome.LARGE
DRESS = Thing("acme", "dress", "https://shop.example/dress")
IN_GENERAL = Thing("acme", "dress")


class Days:
    """A clock: every look at it is a day later."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(days=1)
        return self.now


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    found = DatabaseManager(tmp_path / "test.db")
    MigrationManager(found).run()
    users = UserTable(found)
    for name in ("ada", *(f"other{number}" for number in range(8))):
        users.add(name, "hash", {"email": f"{name}@example.com", "first_name": name, "last_name": "X"}, NOW)
    return found


@pytest.fixture
def feedback(db: DatabaseManager) -> FeedbackService:
    return FeedbackService(db, Days())


@pytest.mark.parametrize(
    ("small", "fit", "large", "steps"),
    [(0, 0, 0, 0), (1, 0, 0, 1 / 16), (0, 0, 1, -1 / 16), (0, 9, 0, 0), (3, 1, 0, 3 / 19), (0, 5, 10, -0.333)],
)  # fmt: skip
def test_shrinkage(small: int, fit: int, large: int, steps: float) -> None:
    assert Experience(small, fit, large).steps == pytest.approx(steps, abs=0.001)


def test_any_number_of_words_is_less_than_one_size() -> None:
    assert 0.99 < Experience(small=10_000).steps < 1


def test_small_means_larger_next_time(feedback: FeedbackService) -> None:
    assert feedback.about("ada", DRESS) == Experience()
    known = feedback.add("ada", DRESS, "M", SMALL, None)
    assert known.steps > 0 and (known.small, known.own, known.others) == (1, 1, 0)
    assert known.same_item == {"M": SMALL}


@pytest.mark.parametrize("again", ["M", "m", " M", "m "])
def test_saying_it_again_replaces_it(feedback: FeedbackService, again: str) -> None:
    feedback.add("ada", DRESS, "M", SMALL, True)
    known = feedback.add("ada", DRESS, again, LARGE, None)
    assert (known.small, known.fit, known.large) == (0, 0, 1) and known.same_item == {again: LARGE}


def test_another_size_is_another_word(feedback: FeedbackService) -> None:
    feedback.add("ada", DRESS, "M", SMALL, False)
    known = feedback.add("ada", DRESS, "L", FIT, True)
    assert (known.small, known.fit, known.own) == (1, 1, 2) and known.same_item == {"M": SMALL, "L": FIT}


@pytest.mark.parametrize(
    ("thing", "counts"),
    [
        (DRESS, 1),
        (IN_GENERAL, 1),
        (replace(DRESS, item_key="https://shop.example/other"), 1),
        (replace(DRESS, brand_key=""), 1),
        (replace(DRESS, brand_key="zenith"), 1),
        (replace(DRESS, brand_key="zenith", item_key="https://shop.example/other"), 0),
        (replace(IN_GENERAL, category="shoes"), 0),
        (Thing("", "dress"), 0),
        (Thing(), 0),
    ],
    ids=str,
)
def test_what_the_own_word_is_about(feedback: FeedbackService, thing: Thing, counts: int) -> None:
    """The item itself, and the brand's things of its category."""
    feedback.add("ada", DRESS, "M", SMALL, None)
    assert feedback.about("ada", thing).small == counts


def test_things_without_a_brand_do_not_mix(feedback: FeedbackService) -> None:
    feedback.add("ada", Thing("", "dress", "item:1"), "M", SMALL, None)
    assert feedback.about("ada", Thing("", "dress", "item:2")).small == 0


def say(feedback: FeedbackService, people: int, outcome: Outcome = SMALL, thing: Thing = DRESS) -> None:
    for number in range(people):
        feedback.add(f"other{number}", thing, "M", outcome, None)


def test_few_other_people_are_not_told_of(feedback: FeedbackService) -> None:
    say(feedback, OTHERS_AT_LEAST - 1)
    assert feedback.about("ada", DRESS) == Experience()


def test_many_other_people_count_for_the_same_item(feedback: FeedbackService) -> None:
    say(feedback, OTHERS_AT_LEAST)
    known = feedback.about("ada", DRESS)
    assert (known.small, known.own, known.others) == (OTHERS_AT_LEAST, 0, OTHERS_AT_LEAST)
    assert known.same_item == {}, "that is the person's own word only"


@pytest.mark.parametrize("thing", [IN_GENERAL, replace(DRESS, item_key="https://shop.example/other")], ids=str)
def test_other_people_do_not_count_for_the_rest_of_the_brand(feedback: FeedbackService, thing: Thing) -> None:
    say(feedback, OTHERS_AT_LEAST, thing=IN_GENERAL)
    say(feedback, OTHERS_AT_LEAST)
    assert feedback.about("ada", thing) == Experience()


def test_each_other_person_counts_once_with_the_latest_word(feedback: FeedbackService) -> None:
    say(feedback, OTHERS_AT_LEAST)
    feedback.add("other0", DRESS, "L", LARGE, None)
    known = feedback.about("ada", DRESS)
    assert (known.small, known.large, known.others) == (OTHERS_AT_LEAST - 1, 1, OTHERS_AT_LEAST)


def test_one_person_with_many_sizes_is_no_crowd(feedback: FeedbackService) -> None:
    for size in ("XS", "S", "M", "L", "XL", "XXL"):
        feedback.add("other0", DRESS, size, SMALL, None)
    assert feedback.about("ada", DRESS) == Experience()


def test_it_goes_with_the_account(db: DatabaseManager, feedback: FeedbackService) -> None:
    feedback.add("ada", DRESS, "M", SMALL, True)
    feedback.add("ada", DRESS, "L", FIT, True)
    feedback.add("other0", DRESS, "L", FIT, True)
    assert feedback.count("ada") == {"fit_feedback": 2}
    UserTable(db).delete("ada")
    assert feedback.count("ada") == {"fit_feedback": 0} and feedback.erase("ada") == {}
    assert FitFeedbackTable(db).count("other0") == 1


def test_what_is_on_record(db: DatabaseManager, feedback: FeedbackService) -> None:
    feedback.add("ada", DRESS, "M", SMALL, True)
    feedback.add("ada", DRESS, "m", FIT, False)
    rows = db.fetch_all("SELECT size, outcome, kept, created_at < updated_at AS changed FROM fit_feedback")
    assert rows == [{"size": "m", "outcome": "fit", "kept": 0, "changed": 1}]
