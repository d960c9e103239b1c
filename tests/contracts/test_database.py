"""What every database behind DatabaseManager must do."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from shared.database import DatabaseManager, split_statements
from shared.errors import ConflictError, DatabaseError


@pytest.fixture(params=[DatabaseManager])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseManager:
    manager = request.param(tmp_path / "folder" / "test.db")
    manager.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
    manager.execute("CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things (id) ON DELETE CASCADE)")
    yield manager
    manager.close()


def test_rows_come_back_by_name(db: DatabaseManager) -> None:
    assert db.execute("INSERT INTO things (name) VALUES (?)", ("a",)) == 1
    assert db.get_lastrowid() == 1
    assert db.fetch_one("SELECT * FROM things WHERE name = ?", ("a",)) == {"id": 1, "name": "a"}
    assert db.fetch_one("SELECT * FROM things WHERE name = :name", {"name": "b"}) is None
    assert db.fetch_all("SELECT name FROM things") == [{"name": "a"}]


def test_the_names_of_the_specification(db: DatabaseManager) -> None:
    assert db.execute_many("INSERT INTO things (name) VALUES (?)", [("a",), ("b",)]) == 2
    assert db.execute_query("SELECT count(*) AS n FROM things", fetch_one=True) == {"n": 2}
    assert [row["name"] for row in db.execute_query("SELECT name FROM things ORDER BY id", fetch_all=True)] == [
        "a",
        "b",
    ]
    assert db.execute_query("UPDATE things SET name = name || '!'") == 2
    db.execute_script("INSERT INTO things (name) VALUES ('c;d'); DELETE FROM things WHERE name = 'a!';")
    assert db.fetch_all("SELECT name FROM things ORDER BY name") == [{"name": "b!"}, {"name": "c;d"}]
    assert db.table_exists("things") and not db.table_exists("nothing")
    assert db.get_tables() == ["parts", "things"]


def test_many_and_scripts_are_all_or_nothing(db: DatabaseManager) -> None:
    with pytest.raises(ConflictError):
        db.execute_many("INSERT INTO things (name) VALUES (?)", [("a",), ("a",)])
    with pytest.raises(DatabaseError):
        db.execute_script("INSERT INTO things (name) VALUES ('b'); INSERT INTO nowhere VALUES (1);")
    assert db.fetch_all("SELECT * FROM things") == []


def test_a_unit_of_work_is_all_or_nothing(db: DatabaseManager) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        db.execute("INSERT INTO things (name) VALUES ('a')")
        raise RuntimeError
    assert db.fetch_all("SELECT * FROM things") == []
    with db.transaction():
        db.execute("INSERT INTO things (name) VALUES ('a')")
    assert len(db.fetch_all("SELECT * FROM things")) == 1


def test_a_unit_that_cannot_be_rolled_back_blocks_no_later_one(db: DatabaseManager) -> None:
    """As on a disk with faults: its connection would be in a unit of work for ever."""

    class Faulty(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql == "ROLLBACK":
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *rest)

    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Faulty, **more))
        faulty = DatabaseManager(db.path)
        with pytest.raises(DatabaseError), faulty.transaction():
            faulty.execute("INSERT INTO things (name) VALUES ('a')")
            raise RuntimeError
    with faulty.transaction():
        faulty.execute("INSERT INTO things (name) VALUES ('b')")
    assert db.fetch_all("SELECT name FROM things") == [{"name": "b"}]
    faulty.close()


def test_units_of_work_do_not_nest(db: DatabaseManager) -> None:
    with pytest.raises(DatabaseError), db.transaction(), db.transaction():
        pass
    with db.transaction():  # the failure above left nothing open
        pass


def test_foreign_keys_cascade(db: DatabaseManager) -> None:
    db.execute("INSERT INTO things (name) VALUES ('a')")
    db.execute("INSERT INTO parts (thing) VALUES (1)")
    with pytest.raises(ConflictError):
        db.execute("INSERT INTO parts (thing) VALUES (7)")
    db.execute("DELETE FROM things")
    assert db.fetch_all("SELECT * FROM parts") == []


def test_the_drivers_words_are_not_in_the_message(db: DatabaseManager) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.fetch_all("SELECT secret FROM nowhere")
    assert "nowhere" not in caught.value.message


def test_every_thread_may_write(db: DatabaseManager) -> None:
    def write(number: int) -> None:
        for step in range(20):
            with db.transaction():
                db.execute("INSERT INTO things (name) VALUES (?)", (f"{number}-{step}",))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.fetch_one("SELECT count(*) AS n FROM things") == {"n": 160}


def test_sqlite_is_set_up_for_many_readers(db: DatabaseManager) -> None:
    assert db.fetch_one("PRAGMA journal_mode") == {"journal_mode": "wal"}
    assert db.fetch_one("PRAGMA synchronous") == {"synchronous": 1}
    assert db.fetch_one("PRAGMA foreign_keys") == {"foreign_keys": 1}


def test_a_returning_write_is_committed_at_once(db: DatabaseManager) -> None:
    db.fetch_one("INSERT INTO things (name) VALUES ('a'), ('b') RETURNING id")
    other = DatabaseManager(db.path)
    other.execute("INSERT INTO things (name) VALUES ('c')")
    assert len(other.fetch_all("SELECT * FROM things")) == 3
    other.close()


def test_statements_are_split_where_they_end() -> None:
    script = """
    -- a comment; with a semicolon
    CREATE TABLE a (x TEXT DEFAULT ';');
    CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 'b;'; DELETE FROM a WHERE x = ''; END;
    -- the end
    """
    statements = split_statements(script)
    assert [text.split("\n")[-1].strip()[:14] for text in statements] == ["CREATE TABLE a", "CREATE TRIGGER"]
