"""Who gets the next worker, and what the line tells those who wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.tryon.claims import ClaimTable, Shares
from features.tryon.leases import LeaseTable
from features.tryon.line import LineTable
from features.tryon.model import TryOnJob, TryOnJobTable
from features.tryon.requeue import OperatorTable
from features.tryon.retention import RetentionTable
from features.tryon.views import seconds_until_start
from migrations.migration_manager import MigrationManager
from shared.clock import to_text
from shared.database import DatabaseManager
from shared.job_owners import Held
from shared.jobs import Claim

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SHARES = Shares()


class Line:
    """Jobs by name in a real table. A name begins with its user: a1, a2, b1."""

    def __init__(self, path: Path) -> None:
        self.db = DatabaseManager(path)
        MigrationManager(self.db).run()
        self.count = 0

    def wait(self, *names: str, **columns: object) -> None:
        for name in names:
            self._user(name[0])
            self.count += 1
            came = NOW + timedelta(seconds=self.count)
            TryOnJobTable(self.db).add(TryOnJob(name, name[0], came, {}))
            for column, value in columns.items():
                self.db.execute(f"UPDATE tryon_jobs SET {column} = ? WHERE job_id = ?", (value, name))

    def run(self, *names: str, owner: str = "here") -> None:
        for name in names:
            self.wait(name, status="processing", lease_owner=owner, lease_until="x", started_at=to_text(NOW))

    def end(self, name: str, status: str = "done") -> None:
        self.db.execute("UPDATE tryon_jobs SET status = ?, lease_owner = NULL WHERE job_id = ?", (status, name))

    def claim(self, shares: Shares, owner: str = "here", now: datetime = NOW) -> str | None:
        found = ClaimTable(self.db, shares).claim(owner, now, LEASE)
        return found.job_id if found else None

    def claims(self, shares: Shares = SHARES) -> list[str]:
        """Until there are no more."""
        return list(iter(lambda: self.claim(shares), None))

    def _user(self, name: str) -> None:
        self.db.execute(
            "INSERT INTO users (userid, email, password, first_name, last_name, created_at, updated_at)"
            " VALUES (?, ?, '', '', '', '', '') ON CONFLICT DO NOTHING",
            (name, name),
        )


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "jobs.db")
    yield made
    made.db.close()


@pytest.mark.parametrize(
    ("running", "waiting", "order"),
    [
        ("", "a1 a2 a3", "a1 a2 a3"),
        ("", "a1 a2 a3 b1", "a1 b1 a2 a3"),
        ("", "a1 a2 b1 b2 c1", "a1 b1 c1 a2 b2"),
        ("a8 a9", "a1 a2 b1 b2 b3", "b1 b2 a1 b3 a2"),
        ("a8 a9 b9", "a1 b1 c1 c2", "c1 b1 c2 a1"),
    ],
)
def test_the_user_with_the_fewest_running_jobs_is_next(line: Line, running: str, waiting: str, order: str) -> None:
    """The places that clients are told are the order in which workers take the jobs."""
    line.run(*running.split())
    line.wait(*waiting.split())
    places = LineTable(line.db).places(waiting.split())
    assert sorted(places, key=lambda name: places[name].position) == order.split()
    assert [places[name].position for name in order.split()] == list(range(1, len(places) + 1))
    assert line.claims() == order.split()


def test_who_finds_nothing_to_do_keeps_no_writer_waiting(line: Line) -> None:
    line.run("a1")
    with ThreadPoolExecutor(1) as pool, line.db.transaction():
        assert pool.submit(line.claim, SHARES).result(5) is None


def test_users_take_turns_also_where_one_job_runs_at_a_time(line: Line) -> None:
    shares = Shares(workers=1, express=0)
    line.wait("a1", "a2", "a3", "a4")
    served = [line.claim(shares)]
    for newcomers in (["b1", "b2", "b3"], [], ["c1"], [], [], [], []):
        line.wait(*newcomers)
        line.end(str(served[-1]))
        served.append(line.claim(shares))
    assert served == ["a1", "b1", "a2", "b2", "c1", "a3", "b3", "a4"]


@pytest.mark.parametrize("shares", [Shares(workers=1, express=0), Shares(workers=2, express=1)])
def test_those_who_come_back_at_once_do_not_hold_up_a_second_job_for_ever(line: Line, shares: Shares) -> None:
    """Ten users of one worker each send their next job when the last one has ended."""
    line.wait("a0", *(f"{user}0" for user in "bcdefghijk"), "a1")
    served: list[str] = []
    running = line.claims(shares)
    for number in range(1, 20):
        served += running
        for name in running:
            line.end(name)
            if name[0] != "a":
                line.wait(f"{name[0]}{number}")
        running = line.claims(shares)
    assert served.index("a1") <= 12


def test_what_an_operator_puts_back_stands_behind_all_who_wait(line: Line) -> None:
    line.wait("a1", turn=0)
    line.end("a1", "failed")
    line.wait("b1", "c1", turn=500)
    line.wait("a2")
    assert OperatorTable(line.db).requeue("a1", NOW)
    assert line.claims() == ["b1", "c1", "a2", "a1"]


def test_photos_are_not_swept_from_a_job_that_was_just_put_back(line: Line) -> None:
    retention = RetentionTable(line.db)
    line.wait("a1", "a2", status="failed", finished_at=to_text(NOW))
    assert retention.with_old_inputs(NOW + timedelta(hours=1)) == ["a1", "a2"]
    assert OperatorTable(line.db).requeue("a1", NOW)
    assert [retention.inputs_deleted(name, NOW) for name in ("a1", "a2")] == [False, True]
    assert not OperatorTable(line.db).requeue("a2", NOW)


def test_turns_do_not_pile_up_for_those_who_were_served_before(line: Line) -> None:
    """Who had many jobs yesterday stands no further back today."""
    line.wait("a1", "a2", "a3")
    for name in line.claims():
        line.end(name)
    line.wait("b1", "a4", "b2", "a5")
    assert line.claims() == ["b1", "a4", "b2", "a5"]


def test_fifty_jobs_of_one_do_not_hold_up_the_first_of_another(line: Line) -> None:
    line.wait(*(f"a{number:02}" for number in range(50)))
    shares = Shares(workers=3, express=1, per_user=50)
    assert line.claims(shares) == ["a00", "a01", "a02"], "the express worker is not for somebody who has jobs running"
    line.wait("b1", "b2")
    assert line.claims(shares) == ["b1"], "all workers are busy, and still the first job of another user begins"
    line.end("a00")
    assert line.claim(shares) is None, "the express worker stands for the usual one"
    line.end("b1")
    assert line.claim(shares) == "b2"
    line.wait("c1")
    assert line.claim(shares) == "c1"
    assert line.claim(shares) is None


def test_a_user_runs_no_more_than_the_cap(line: Line) -> None:
    line.wait("a1", "a2", "a3", "b1")
    shares = Shares(workers=10, express=0, per_user=2)
    assert line.claims(shares) == ["a1", "b1", "a2"]
    line.end("a1")
    assert line.claims(shares) == ["a3"]


def test_workers_are_counted_by_process_and_shares_by_user(line: Line) -> None:
    line.run("a1", "a2", owner="elsewhere")
    line.wait("a3", "a4", "b1")
    assert line.claims(Shares(workers=1, express=1, per_user=3)) == ["b1"]
    assert line.claims(Shares(workers=2, express=1, per_user=3)) == ["a3"]


def test_a_start_deadline_that_passed_is_never_claimed(line: Line) -> None:
    line.wait("a1", start_before=to_text(NOW - timedelta(seconds=1)))
    line.wait("a2", start_before=to_text(NOW + timedelta(seconds=1)))
    line.wait("a3", start_before=to_text(NOW - timedelta(seconds=1)), started_at=to_text(NOW))
    assert line.claims() == ["a2", "a3"], "it counts for the first start only"
    assert LeaseTable(line.db).end_late(NOW) == ["a1"]


def test_equal_requests_of_a_user_run_one_after_another(line: Line) -> None:
    line.wait("a1", "a2", content_key="k")
    line.wait("b1", content_key="k")
    line.wait("a3", content_key="other")
    line.wait("a4", "a5")
    assert line.claims() == ["a1", "b1", "a3", "a4", "a5"]
    line.end("a1", "failed")
    assert line.claims() == ["a2"]


def test_an_equal_request_that_runs_already_holds_up_older_ones(line: Line) -> None:
    """A clock that was set back, or an operator, can put an older job behind a younger one."""
    line.wait("a1", content_key="k")
    line.run("a2")
    line.db.execute("UPDATE tryon_jobs SET content_key = 'k'")
    assert line.claims() == []
    line.end("a2")
    assert line.claims() == ["a1"]


@pytest.mark.parametrize("gone", ["cancelled", "failed", "done"])
def test_the_next_of_equal_requests_goes_on_when_the_first_never_ran(line: Line, gone: str) -> None:
    line.wait("a1", "a2", content_key="k")
    line.end("a1", gone)
    assert line.claims() == ["a2"]


# --- taking back ---------------------------------------------------------------------------------------------------


def take_back(line: Line, row: Held, result: bool = False) -> str | None:
    return LeaseTable(line.db).take_back(row, NOW, 2, lambda job_id: result)


@pytest.mark.parametrize(
    ("columns", "result", "status"),
    [
        ({}, False, "queued"),
        ({"attempts": 1}, False, "queued"),
        ({"attempts": 2}, False, "failed"),
        ({"attempts": 2}, True, "queued"),
        ({"attempts": 5, "releases": 4}, False, "queued"),
        ({"cancel_requested": True}, False, "cancelled"),
        ({"cancel_requested": True, "attempts": 9}, True, "cancelled"),
    ],
)
def test_what_becomes_of_a_row_that_nobody_works_on(
    line: Line, columns: dict[str, object], result: bool, status: str
) -> None:
    line.wait("a1", status="processing", lease_owner="gone", lease_until="x", **columns)
    assert take_back(line, Held("a1", "gone", "x"), result) == status
    row = line.db.fetch_one("SELECT status, lease_owner, error_code FROM tryon_jobs")
    code = "ATTEMPTS_EXHAUSTED" if status == "failed" else None
    assert row == {"status": status, "lease_owner": None, "error_code": code}


@pytest.mark.parametrize("row", [Held("a1", "other", "x"), Held("a1", "gone", "y"), Held("a2", "gone", "x")])
def test_a_sign_of_life_keeps_the_row(line: Line, row: Held) -> None:
    line.wait("a1", status="processing", lease_owner="gone", lease_until="x", attempts=9, cancel_requested=True)
    assert take_back(line, row) is None
    assert line.db.fetch_one("SELECT status FROM tryon_jobs") == {"status": "processing"}


def test_a_late_attempt_writes_nothing_after_a_fair_claim(line: Line) -> None:
    leases = LeaseTable(line.db)
    line.wait("a1")
    first = ClaimTable(line.db, Shares()).claim("slow", NOW, LEASE)
    assert first and (first.job_id, first.attempts) == ("a1", 1)
    assert take_back(line, leases.held()[0]) == "queued"
    again = ClaimTable(line.db, Shares()).claim("slow", NOW, LEASE)
    assert again and (again.job_id, again.attempts) == ("a1", 2)
    late = Claim("tryon", "a1", "slow", 1)
    assert not leases.finish_cancelled(late, NOW)
    leases.release(late, NOW)
    assert line.db.fetch_one("SELECT status, attempts FROM tryon_jobs") == {"status": "processing", "attempts": 2}


def test_a_heartbeat_tells_what_is_still_held_and_wanted(line: Line) -> None:
    line.wait("a1", "a2", "a3", "a4")
    assert line.claims() == ["a1", "a2", "a3", "a4"]
    line.end("a2", "queued")
    line.db.execute("UPDATE tryon_jobs SET cancel_requested = TRUE WHERE job_id = 'a3'")
    line.db.execute("UPDATE tryon_jobs SET lease_owner = 'other' WHERE job_id = 'a4'")
    later = NOW + timedelta(seconds=10)
    leases = LeaseTable(line.db)
    assert leases.renew("here", ["a1", "a2", "a3", "a4"], later, LEASE) == {"a1"}
    beats = {row.job_id: row.beat for row in leases.held()}
    assert beats["a1"] == beats["a3"] == to_text(later + LEASE) and beats["a4"] == to_text(NOW + LEASE)


# --- estimates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "slots", "left", "seconds"),
    [
        (0, 2, [], 0),
        (1, 2, [], 0),
        (2, 2, [], 10),
        (0, 2, [4], 0),
        (1, 2, [4], 4),
        (2, 2, [4], 10),
        (0, 2, [3, 7], 3),
        (1, 2, [3, 7], 7),
        (2, 2, [3, 7], 13),
        (5, 2, [3, 7], 27),
        (0, 2, [1, 2, 3], 2),
        (1, 2, [1, 2, 3], 3),
    ],
)
def test_the_wait_for_a_worker(ahead: int, slots: int, left: Sequence[float], seconds: float) -> None:
    """Where a job takes 10 s."""
    assert seconds_until_start(ahead, slots, left, 10) == seconds


def test_recent_seconds_are_those_of_the_engine_and_never_negative(line: Line) -> None:
    for number, (engine, seconds, cached) in enumerate(
        [("gemini", 20, False), ("gemini", -5, False), ("gemini", 99, True), ("preview", 1, False)]
    ):
        end = to_text(NOW + timedelta(seconds=seconds))
        line.wait(f"a{number}", status="done", engine=engine, cached=cached, started_at=to_text(NOW), finished_at=end)
    line.wait("b1", status="done", engine="gemini", finished_at=to_text(NOW))
    assert LineTable(line.db).recent_seconds("gemini", 5) == [20.0, 0.0]
    assert LineTable(line.db).recent_seconds("gemini", 1) == [20.0]


def test_who_does_not_wait_has_no_place(line: Line) -> None:
    line.run("a1")
    assert LineTable(line.db).places(["a1", "nobody"]) == {}
    assert LineTable(line.db).places([]) == {}
