"""The ledger and the caps on it: what counts, for whom, until when, and that no crowd of workers gets past a cap."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.tryon.budgets import Budgets, Caps
from features.tryon.ledger import Ledger
from features.tryon.usage import ProviderCallTable
from migrations.migration_manager import FOLDER, MigrationManager
from shared.database import DatabaseManager
from shared.engines.base import Usage
from shared.errors import BudgetExhaustedError, JobCancelledError

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
MIDNIGHT = "2026-03-15T00:00:00.000000Z"


class Books:
    """A ledger on a real database and a clock that the test sets. Each call is made for a job of its own."""

    def __init__(self, path: Path) -> None:
        self.db = DatabaseManager(path)
        MigrationManager(self.db).run()
        self.calls = ProviderCallTable(self.db)
        self.now = NOON
        self.caps = Caps()
        for user in ("ada", "bea"):
            self.db.execute(
                "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
                " VALUES (?, ?, '', '', '', '', '')",
                (user, user),
            )

    @property
    def budgets(self) -> Budgets:
        return Budgets(self.calls, self.caps, lambda: self.now)

    def ledger(self, max_calls: int = 3) -> Ledger:
        return Ledger(self.db, self.calls, self.budgets, max_calls=max_calls, clock=lambda: self.now)

    def call(self, user: str = "ada", reserved: float = 0.1, job: str | None = None, max_calls: int = 3) -> str:
        job = job or f"job {self.rows}"
        self.run(job, user)
        return self.ledger(max_calls).of(job, user, 1).start("painter", "painter-1", reserved)

    def run(self, job: str, user: str) -> None:
        """The job is in its first attempt."""
        self.db.execute(
            "INSERT INTO tryon_jobs (job_id, user_id, status, attempts, request, created_at, updated_at)"
            " VALUES (?, ?, 'processing', 1, '{}', '', '') ON CONFLICT DO NOTHING",
            (job, user),
        )

    def settle(self, call_id: str, cost_usd: float | None, outcome: str = "ok") -> None:
        self.ledger().settle(call_id, outcome, Usage(cost_usd=cost_usd))

    def used(self, user: str = "ada") -> dict[str, float]:
        return {cap.cap: round(cap.used, 9) for cap in self.budgets.left(user)}

    @property
    def rows(self) -> int:
        row = self.db.fetch_one("SELECT count(*) AS count FROM provider_calls")
        assert row is not None
        return int(row["count"])


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path / "books.db")
    yield made
    made.db.close()


def refused(books: Books, user: str = "ada", **how: Any) -> BudgetExhaustedError:
    before = books.rows
    with pytest.raises(BudgetExhaustedError) as caught:
        books.call(user, **how)
    assert books.rows == before
    return caught.value


def test_without_caps_everything_passes(books: Books) -> None:
    for _ in range(20):
        books.call(reserved=1000.0)
    assert books.budgets.left("ada") == [] == books.budgets.left_of_service()


@pytest.mark.parametrize(
    ("caps", "cap", "told"),
    [
        (Caps(user_calls=2), "user_calls_per_day", {"limit": 2, "used": 2}),
        (Caps(user_usd=0.25), "user_usd_per_day", {"limit": 0.25, "used": 0.2}),
        (Caps(service_calls=2), "service_calls_per_day", {}),
        (Caps(service_usd=0.25), "service_usd_per_day", {}),
    ],
)
def test_a_cap_ends_the_calls_and_says_which_and_until_when(
    books: Books, caps: Caps, cap: str, told: dict[str, float]
) -> None:
    """Of the whole service the figures are not told."""
    books.caps = caps
    books.call()
    books.call()
    error = refused(books)
    assert error.details == {"cap": cap, "resets_at": MIDNIGHT, **told}
    assert error.retry_after_seconds == 12 * 3600


@pytest.mark.parametrize(
    ("caps", "free"), [(Caps(user_calls=1), True), (Caps(user_usd=0.1), True), (Caps(service_calls=1), False)]
)
def test_own_caps_are_of_one_user_and_those_of_the_service_of_all(books: Books, caps: Caps, free: bool) -> None:
    books.caps = caps
    books.call("ada")
    refused(books, "ada")
    if free:
        books.call("bea")
    else:
        refused(books, "bea")


@pytest.mark.parametrize(
    ("outcome", "cost", "counts"),
    [
        ("ok", 0.04, 0.04),
        ("ok", 0.3, 0.3),
        ("ok", None, 0.1),
        ("timeout", None, 0.1),
        ("unknown", None, 0.1),
        ("http_503", 0.0, 0.0),
    ],
)
def test_a_call_counts_what_it_cost_else_what_was_reserved(
    books: Books, outcome: str, cost: float | None, counts: float
) -> None:
    books.caps = Caps(user_calls=9, user_usd=9.0, service_calls=9, service_usd=9.0)
    call_id = books.call(reserved=0.1)
    assert list(books.used().values()) == [1, 0.1, 1, 0.1], "while it runs"
    books.settle(call_id, cost, outcome)
    assert list(books.used().values()) == [1, counts, 1, counts]


def test_what_nobody_reported_counts_as_reserved_until_it_is_known(books: Books) -> None:
    books.caps = Caps(user_usd=9.0, service_usd=9.0)
    call_id = books.call(reserved=0.1, job="j")
    books.ledger().give_up("j", books.now)
    assert list(books.used().values()) == [0.1, 0.1]
    books.settle(call_id, 0.04)
    books.settle(call_id, 7.0)
    assert list(books.used().values()) == [0.04, 0.04], "the first word stands"


def test_tenths_of_dollars_add_up(books: Books) -> None:
    books.caps = Caps(user_usd=1.0)
    for _ in range(10):
        books.call(reserved=0.1)
    refused(books, reserved=0.1)


def test_a_free_call_needs_some_money_left_too(books: Books) -> None:
    books.caps = Caps(user_usd=0.1)
    books.call(reserved=0.0)
    books.call(reserved=0.1)
    refused(books, reserved=0.0)


@pytest.mark.parametrize("caps", [Caps(user_calls=1), Caps(user_usd=0.1), Caps(service_calls=1), Caps(service_usd=0.1)])
def test_at_midnight_utc_everything_is_free_again(books: Books, caps: Caps) -> None:
    books.caps = caps
    books.now = datetime(2026, 3, 14, 23, 59, 59, 900_000, tzinfo=UTC)
    books.call()
    assert refused(books).retry_after_seconds == 1
    books.now += timedelta(seconds=0.1)
    books.call()
    assert refused(books).details["resets_at"] == "2026-03-16T00:00:00.000000Z"


@pytest.mark.parametrize("caps", [Caps(user_calls=7), Caps(service_usd=0.75)])
def test_fifty_workers_at_once_do_not_get_past_a_cap(books: Books, caps: Caps) -> None:
    books.caps = caps
    start = threading.Barrier(50)

    def work(number: int) -> None:
        start.wait()
        with suppress(BudgetExhaustedError):
            books.call(reserved=0.1, job=f"j{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books.rows == 7


def test_a_job_has_a_cap_of_its_own_which_an_operator_can_lift(books: Books) -> None:
    for _ in range(3):
        books.call(job="j")
    error = refused(books, job="j")
    assert (error.details, error.retry_after_seconds) == ({"cap": "calls_per_job", "limit": 3}, None)
    books.db.execute("UPDATE tryon_jobs SET extra_calls = 2 WHERE job_id = 'j'")
    books.call(job="j")
    books.call(job="j")
    refused(books, job="j")


@pytest.mark.parametrize(
    "change",
    [
        *("UPDATE tryon_jobs SET cancel_requested = TRUE", "UPDATE tryon_jobs SET attempts = 2"),
        *("UPDATE tryon_jobs SET status = 'queued'", "UPDATE tryon_jobs SET status = 'failed'"),
        "DELETE FROM tryon_jobs",
    ],
)
def test_who_does_not_hold_the_job_any_more_pays_for_nothing(books: Books, change: str) -> None:
    """A cancel, another worker, a deletion: they count from the moment that they are in the table."""
    books.call(job="j")
    books.db.execute(f"{change} WHERE job_id = 'j'")
    with pytest.raises(JobCancelledError):
        books.ledger().of("j", "ada", 1).start("painter", "painter-1", 0.1)
    assert books.rows == 1


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("UPDATE tryon_jobs SET attempts = 1", "started"),
        ("UPDATE tryon_jobs SET status = 'done'", "unknown"),
        ("UPDATE tryon_jobs SET attempts = 2", "unknown"),
        ("DELETE FROM tryon_jobs", "unknown"),
    ],
)
def test_a_call_whose_end_could_not_be_written_down_does_not_stay_open(books: Books, change: str, outcome: str) -> None:
    books.call(job="j")
    books.settle(books.call(job="k"), 0.04)
    books.db.execute(f"{change} WHERE job_id = 'j'")
    books.calls.give_up_forgotten(books.now)
    outcomes = books.db.fetch_all("SELECT outcome FROM provider_calls ORDER BY job_id")
    assert [row["outcome"] for row in outcomes] == [outcome, "ok"]


@pytest.mark.parametrize(("caps", "left"), [(Caps(service_calls=3), 1), (Caps(service_usd=1.0), 0.86)])
def test_a_deleted_account_gives_the_service_no_new_allowance(books: Books, caps: Caps, left: float) -> None:
    books.caps = caps
    books.settle(books.call("ada", reserved=0.1), 0.04)
    books.call("ada", reserved=0.1)
    books.db.execute("DELETE FROM users WHERE userid = 'ada'")
    assert books.rows == 0
    assert [round(cap.left, 9) for cap in books.budgets.left_of_service()] == [left]
    books.now += timedelta(days=1)
    assert [cap.used for cap in books.budgets.left_of_service()] == [0]


@pytest.mark.parametrize(
    ("caps", "left_over", "passes"),
    [
        (Caps(user_usd=1.0, call_usd=0.05), 0.05, True),
        (Caps(user_usd=1.0, call_usd=0.05), 0.04, False),
        (Caps(user_usd=1.0), 0.04, True),
        (Caps(user_usd=1.0), 0.0, False),
        (Caps(user_calls=2, call_usd=0.05), 0.0, True),
    ],
)
def test_the_forecast_knows_what_the_cheapest_call_takes(
    books: Books, caps: Caps, left_over: float, passes: bool
) -> None:
    books.caps = caps
    books.settle(books.call(reserved=0.0), 1.0 - left_over)
    if passes:
        books.budgets.check("ada")
        return
    with pytest.raises(BudgetExhaustedError):
        books.budgets.check("ada")
    assert books.budgets.left("ada")[0].exhausted


def test_a_database_that_is_busy_costs_no_picture(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.caps = Caps(user_usd=1.0)
    call_id = books.call(reserved=0.1)
    monkeypatch.setattr("shared.database.BUSY_TIMEOUT_SECONDS", 0.05)
    blocked = DatabaseManager(books.db.path)
    blocker = DatabaseManager(books.db.path)
    with blocker.transaction():
        Ledger(blocked, ProviderCallTable(blocked), books.budgets, max_calls=3).settle(call_id, "ok", Usage())
    blocked.close()
    blocker.close()
    assert books.used() == {"user_usd_per_day": 0.1}


def test_what_was_spent_before_the_sums_were_kept_is_in_them(tmp_path: Path) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    for path in FOLDER.glob("00*.sql"):
        shutil.copy(path, before)
    db = DatabaseManager(tmp_path / "old.db")
    MigrationManager(db, before).run()
    db.execute(
        "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
        " VALUES ('ada', 'ada', '', '', '', '', '')"
    )
    for call_id, cost in (("a", 0.04), ("b", 0.05), ("c", None)):
        db.execute(
            "INSERT INTO provider_calls (call_id, job_id, user_id, attempt, provider, model, cost_usd, started_at)"
            " VALUES (?, 'j', 'ada', 1, 'p', 'm', ?, '2026-03-14T12:00:00.000000Z')",
            (call_id, cost),
        )
    MigrationManager(db).run()
    spent = ProviderCallTable(db).spent_by_all(NOON.date())
    db.close()
    assert (spent.calls, round(spent.usd, 9)) == (3, 0.09)
