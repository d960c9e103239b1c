from __future__ import annotations

import threading
from pathlib import Path

import pytest

from migrations.migration_manager import MigrationError, MigrationManager
from shared.database import DatabaseManager


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "migrations"
    path.mkdir()
    (path / "001_first.sql").write_text("CREATE TABLE a (x TEXT);\nCREATE INDEX a_x ON a (x);\n")
    return path


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    return DatabaseManager(tmp_path / "test.db")


def test_pending_files_are_applied_once_and_in_order(db: DatabaseManager, folder: Path) -> None:
    (folder / "002_second.sql").write_text("INSERT INTO a VALUES ('b')")
    assert [item.name for item in MigrationManager(db, folder).run()] == ["first", "second"]
    assert MigrationManager(db, folder).run() == []
    assert db.fetch_all("SELECT x FROM a") == [{"x": "b"}]
    assert [row["version"] for row in db.fetch_all("SELECT version FROM schema_migrations")] == [1, 2]


def test_a_broken_file_stops_the_run_and_leaves_nothing(db: DatabaseManager, folder: Path) -> None:
    (folder / "002_broken.sql").write_text("CREATE TABLE b (x TEXT);\nINSERT INTO nowhere VALUES (1);\n")
    (folder / "003_never.sql").write_text("CREATE TABLE c (x TEXT);\n")
    with pytest.raises(MigrationError, match="002_broken"):
        MigrationManager(db, folder).run()
    assert db.get_tables() == ["a", "schema_migrations"]
    assert [item.version for item in MigrationManager(db, folder).pending()] == [2, 3]


def test_an_applied_file_may_not_change(db: DatabaseManager, folder: Path) -> None:
    MigrationManager(db, folder).run()
    (folder / "001_first.sql").write_text("CREATE TABLE a (x TEXT, y TEXT);")
    with pytest.raises(MigrationError, match="was changed"):
        MigrationManager(db, folder).run()


def test_line_ends_are_no_change(db: DatabaseManager, folder: Path) -> None:
    MigrationManager(db, folder).run()
    text = (folder / "001_first.sql").read_text()
    (folder / "001_first.sql").write_bytes(text.replace("\n", "\r\n").encode())
    assert MigrationManager(db, folder).run() == []


@pytest.mark.parametrize("name", ["003_gap.sql", "001_twice.sql", "two.sql", "002-dash.sql"])
def test_names_are_numbered_without_gap(db: DatabaseManager, folder: Path, name: str) -> None:
    (folder / name).write_text("CREATE TABLE b (x TEXT);")
    with pytest.raises(MigrationError):
        MigrationManager(db, folder).run()
    assert not db.table_exists("b")


def test_a_newer_database_is_not_touched(db: DatabaseManager, folder: Path) -> None:
    (folder / "002_second.sql").write_text("CREATE TABLE b (x TEXT);")
    MigrationManager(db, folder).run()
    (folder / "002_second.sql").unlink()
    with pytest.raises(MigrationError, match="newer"):
        MigrationManager(db, folder).run()


def test_two_processes_at_once(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "test.db"
    runs: list[int] = []
    threads = [
        threading.Thread(target=lambda: runs.append(len(MigrationManager(DatabaseManager(path), folder).run())))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs) == [0, 0, 0, 0, 0, 1]


def test_the_real_schema_has_the_tables_of_the_specification(db: DatabaseManager) -> None:
    MigrationManager(db).run()
    assert {"users", "body_measurements", "tryon_jobs", "schema_migrations"} <= set(db.get_tables())
    assert db.fetch_all("PRAGMA foreign_key_check") == []
