"""Writers of one process take turns; readers do not wait for them."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from shared import database
from shared.database import DatabaseManager
from shared.errors import ConflictError, DatabaseBusyError, DatabaseError
from shared.statements import Statement, all_rows


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


# --- writes that wait are committed together ------------------------------------------------------------------------

Write = tuple[str, Sequence[object]]
ADD = "INSERT INTO things VALUES (?, ?)"
COUNT = "UPDATE things SET number = number + 1"


def waiting(db: DatabaseManager, pool: ThreadPoolExecutor, *writes: Write) -> list[Future[int]]:
    """One thread for each, in this order; returns when all wait for their turn."""
    found = []
    for sql, params in writes:
        found.append(pool.submit(db.execute, sql, params))
        while len(db._line._waiting) < len(found):
            time.sleep(0.001)
    return found


def names(db: DatabaseManager) -> list[str]:
    return [row["name"] for row in db.fetch_all("SELECT name FROM things ORDER BY name")]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def test_those_who_wait_for_a_unit_are_committed_with_it(db: DatabaseManager, pool: ThreadPoolExecutor) -> None:
    run: list[str] = []
    with db.transaction():
        found = waiting(db, pool, *[(COUNT, ())] * 3)
        db._write_connection().set_trace_callback(run.append)
        db.execute("UPDATE things SET number = 10")
    assert [one.result(5) for one in found] == [1, 1, 1]
    assert number(db) == 13
    assert run == ["UPDATE things SET number = 10", *[COUNT] * 3, "COMMIT"]


def test_each_gets_its_own_result(db: DatabaseManager, pool: ThreadPoolExecutor) -> None:
    with db.transaction():
        found = waiting(db, pool, (ADD, ("b", 1)), (COUNT, ()), ("DELETE FROM things WHERE name = 'x'", ()))
    assert [one.result(5) for one in found] == [1, 2, 0]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ((ADD, ("a", 1)), ConflictError),
        (("UPDATE nothing SET x = 1", ()), DatabaseError),
        ((ADD, ("big", 2**70)), OverflowError),
    ],
)
@pytest.mark.parametrize("unit_fails", [False, True])
def test_what_fails_alone_touches_no_other(
    db: DatabaseManager, pool: ThreadPoolExecutor, wrong: Write, error: type[Exception], unit_fails: bool
) -> None:
    try:
        with db.transaction():
            db.execute(ADD, ("unit", 0))
            found = waiting(db, pool, (ADD, ("b", 1)), wrong, (ADD, ("c", 1)))
            if unit_fails:
                raise RuntimeError
    except RuntimeError:
        pass
    assert [one.result(5) for one in (found[0], found[2])] == [1, 1]
    with pytest.raises(error):
        found[1].result(5)
    assert names(db) == (["a", "b", "c"] if unit_fails else ["a", "b", "c", "unit"])


def test_who_is_told_of_success_has_been_committed(db: DatabaseManager, pool: ThreadPoolExecutor) -> None:
    """A statement for which SQLite gives the whole transaction up takes all with it, and all are told."""
    db.execute(
        "CREATE TRIGGER bomb BEFORE INSERT ON things WHEN NEW.name = 'bomb' BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    with pytest.raises(ConflictError), db.transaction():
        db.execute(ADD, ("unit", 0))
        found = waiting(db, pool, (ADD, ("b", 1)), (ADD, ("bomb", 1)), (ADD, ("c", 1)))
    for one in found:
        with pytest.raises(ConflictError):
            one.result(5)
    assert names(db) == ["a"]
    assert db.execute(ADD, ("later", 1)) == 1


def test_a_file_that_stays_locked_is_told_to_all(
    tmp_path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, db: DatabaseManager
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.2)
    impatient = DatabaseManager(db.path)
    impatient.execute(COUNT)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 10.0)
    with closing(sqlite3.connect(db.path, isolation_level=None)) as other:
        with pytest.raises(RuntimeError), impatient.transaction():
            found = waiting(impatient, pool, *[(COUNT, ())] * 3)
            impatient._write_connection().execute("ROLLBACK")
            other.execute("BEGIN IMMEDIATE")
            raise RuntimeError
        for one in found:
            with pytest.raises(DatabaseBusyError):
                one.result(5)
        other.execute("ROLLBACK")
    assert impatient.execute(COUNT) == 1 and number(db) == 2
    impatient.close()


def test_writes_of_all_kinds_at_once_add_up(db: DatabaseManager) -> None:
    def unit() -> None:
        with db.transaction():
            before = number(db)
            db.execute("UPDATE things SET number = ?", (before + 1,))

    def add_twice() -> None:
        with pytest.raises(ConflictError):
            db.execute(ADD, ("a", 1))

    def count() -> None:
        row = db.fetch_one(f"{COUNT} RETURNING number")
        assert row and row["number"] > 0

    kinds: list[Callable[[], None]] = [unit, add_twice, count]
    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(kinds[turn % 3]) for turn in range(600)]:
            done.result(30)
    assert number(db) == 400 and names(db) == ["a"]


def test_the_log_goes_into_the_file_now_and_then(
    db: DatabaseManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "COPY_CHANGES", 10)
    for turn in range(12):
        db.execute(ADD, (f"b{turn}", 1))
    copy = shutil.copy(db.path, tmp_path / "without-log.db")
    with closing(sqlite3.connect(copy)) as alone:
        assert alone.execute("SELECT count(*) FROM things").fetchone()[0] >= 8


# --- what must not go over to others ---------------------------------------------------------------------------------


def test_an_interrupt_is_not_told_to_those_who_were_taken_along(
    db: DatabaseManager, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), db.transaction():
        found = waiting(db, pool, (ADD, ("b", 1)), (ADD, ("c", 1)))
        monkeypatch.setattr(Statement, "run", interrupted)
    for one in found:
        with pytest.raises(DatabaseBusyError):
            one.result(5)
    monkeypatch.undo()
    assert names(db) == ["a"] and db.execute(COUNT) == 1


def test_a_unit_that_goes_on_without_its_transaction_takes_nobody_along(
    db: DatabaseManager, pool: ThreadPoolExecutor
) -> None:
    with pytest.raises(DatabaseError), db.transaction():
        db.execute(ADD, ("unit", 0))
        found = waiting(db, pool, (ADD, ("b", 1)))
        with pytest.raises(ConflictError):
            db.execute("INSERT OR ROLLBACK INTO things VALUES ('a', 1)")
    assert found[0].result(5) == 1 and names(db) == ["a", "b"]


def test_a_file_that_cannot_be_opened_is_each_ones_own_error(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    (tmp_path / "folder.db").mkdir()
    broken = DatabaseManager(tmp_path / "folder.db")
    assert broken._has_turn(Statement("", (), all_rows))
    found = waiting(broken, pool, (COUNT, ()), (COUNT, ()))
    broken._leave()
    errors = [one.exception(5) for one in found]
    assert all(type(error) is DatabaseError for error in errors) and errors[0] is not errors[1]


def test_the_last_row_id_is_of_this_threads_inserts(db: DatabaseManager) -> None:
    db.execute(ADD, ("b", 1))
    own = db.get_lastrowid()
    in_another_thread(lambda: db.execute(ADD, ("c", 1)))
    db.execute(COUNT)
    assert db.get_lastrowid() == own


def test_who_has_the_turn_is_not_kept_by_those_who_wait(
    db: DatabaseManager, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They might take long, as where another process has locked the file."""
    writers: list[str] = []
    write = DatabaseManager._write

    def noted(self: DatabaseManager, statements: Sequence[Statement]) -> None:
        writers.append(threading.current_thread().name)
        write(self, statements)

    monkeypatch.setattr(DatabaseManager, "_write", noted)
    with pytest.raises(RuntimeError), db.transaction():
        found = waiting(db, pool, (COUNT, ()), (COUNT, ()))
        raise RuntimeError
    assert [one.result(5) for one in found] == [1, 1] and len(writers) == 1
    assert threading.current_thread().name not in writers
