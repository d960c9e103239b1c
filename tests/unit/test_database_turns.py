"""Writers of one process take turns; readers do not wait for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared import database
from shared.database import DatabaseManager
from shared.errors import ConflictError, DatabaseBusyError, DatabaseError


@pytest.fixture
def db(tmp_path: Path) -> Iterator[DatabaseManager]:
    manager = DatabaseManager(tmp_path / "turns.db")
    manager.execute("CREATE TABLE things (name TEXT PRIMARY KEY, number INTEGER NOT NULL)")
    manager.execute("INSERT INTO things VALUES ('a', 0)")
    yield manager
    manager.close()


def number(db: DatabaseManager) -> int:
    row = db.fetch_one("SELECT number FROM things WHERE name = 'a'")
    return int(row["number"]) if row else -1


def in_another_thread(work: object) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(10)  # type: ignore[arg-type]


def test_no_write_of_many_threads_is_lost(db: DatabaseManager) -> None:
    def write(_: int) -> None:
        for _ in range(50):
            db.execute("UPDATE things SET number = number + 1")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert number(db) == 400


def test_a_unit_of_work_reads_what_it_wrote_and_others_do_not(db: DatabaseManager) -> None:
    with db.transaction():
        db.execute("UPDATE things SET number = 7")
        assert number(db) == 7
        assert in_another_thread(lambda: number(db)) == 0
    assert in_another_thread(lambda: number(db)) == 7


def test_who_waits_for_a_turn_too_long_is_told_so(db: DatabaseManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    with db.transaction(), pytest.raises(DatabaseBusyError):
        in_another_thread(lambda: db.execute("UPDATE things SET number = 1"))
    db.execute("UPDATE things SET number = 2")
    assert number(db) == 2


def test_a_write_waits_for_the_unit_of_another_thread(db: DatabaseManager) -> None:
    begun, written = threading.Event(), []

    def write() -> None:
        begun.set()
        db.execute("UPDATE things SET number = number + 1")
        written.append(number(db))

    thread = threading.Thread(target=write)
    with db.transaction():
        thread.start()
        begun.wait(5)
        db.execute("UPDATE things SET number = 10")
        assert not written
    thread.join(5)
    assert written == [11]


@pytest.mark.parametrize(
    ("sql", "error"),
    [("INSERT INTO things VALUES ('a', 1)", ConflictError), ("UPDATE nothing SET x = 1", DatabaseError)],
)
def test_a_write_that_fails_gives_its_turn_back(db: DatabaseManager, sql: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        db.execute(sql)
    in_another_thread(lambda: db.execute("UPDATE things SET number = 3"))
    assert number(db) == 3


def test_a_unit_that_fails_gives_its_turn_back_and_leaves_nothing(db: DatabaseManager) -> None:
    with pytest.raises(ConflictError), db.transaction():
        db.execute("UPDATE things SET number = 9")
        db.execute("INSERT INTO things VALUES ('a', 1)")
    in_another_thread(lambda: db.execute("UPDATE things SET number = number + 1"))
    assert number(db) == 1


def test_two_managers_of_one_file_see_each_other(db: DatabaseManager) -> None:
    other = DatabaseManager(db.path)
    other.execute("UPDATE things SET number = 5")
    assert number(db) == 5
    db.execute("UPDATE things SET number = number + 1")
    assert number(other) == 6
    other.close()
