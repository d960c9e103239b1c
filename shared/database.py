"""SQLite behind a small class: WAL, one connection per thread, foreign keys on. The only room that knows sqlite3.

Write SQL that PostgreSQL would take too (ON CONFLICT, RETURNING, times made in Python).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.errors import ConflictError, DatabaseBusyError, DatabaseError

Params = Sequence[Any] | Mapping[str, Any]
Row = Mapping[str, Any]

BUSY_TIMEOUT_SECONDS = 10.0


class DatabaseManager:
    """Thread-safe. Each statement outside `transaction` commits by itself.

    Raises ConflictError for a broken constraint, DatabaseBusyError when the file stays locked or the disk is
    full, DatabaseError for the rest; the driver's text stays in `__cause__`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._local = threading.local()
        self.path.parent.mkdir(parents=True, exist_ok=True)

    # --- the small names -------------------------------------------------------------------------------------------

    def fetch_one(self, sql: str, params: Params = ()) -> Row | None:
        with _typed_errors():
            cursor = self._connection().execute(sql, params)
            row = cursor.fetchone()
            cursor.close()  # a half-read RETURNING would keep its statement, and so the write, open
            return row  # type: ignore[no-any-return]

    def fetch_all(self, sql: str, params: Params = ()) -> list[Row]:
        with _typed_errors():
            return self._connection().execute(sql, params).fetchall()

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with _typed_errors():
            cursor = self._connection().execute(sql, params)
            self._local.lastrowid = cursor.lastrowid
            return cursor.rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One unit of work: all or nothing, and the only writer meanwhile. Opened by a service, never nested."""
        connection = self._connection()
        if connection.in_transaction:
            raise DatabaseError("A unit of work is already open in this thread.")
        with _typed_errors():
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with _typed_errors():
                connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    # --- the names of the specification ----------------------------------------------------------------------------

    def execute_query(self, sql: str, params: Params = (), fetch_one: bool = False, fetch_all: bool = False) -> Any:
        """A row, a list of rows, or the number of rows that changed."""
        if fetch_one:
            return self.fetch_one(sql, params)
        return self.fetch_all(sql, params) if fetch_all else self.execute(sql, params)

    def execute_many(self, sql: str, many_params: Iterable[Params]) -> int:
        """One statement for each set of parameters, all or nothing; returns how many rows changed."""
        with _typed_errors(), self._unit():
            return self._connection().executemany(sql, many_params).rowcount

    def execute_script(self, script: str) -> None:
        """Several statements, all or nothing."""
        with self._unit():
            for statement in split_statements(script):
                self.execute(statement)

    def get_lastrowid(self) -> int | None:
        """Row id of this thread's last insert through `execute`."""
        return getattr(self._local, "lastrowid", None)

    def table_exists(self, name: str) -> bool:
        return name in self.get_tables()

    def get_tables(self) -> list[str]:
        rows = self.fetch_all(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        )
        return [row["name"] for row in rows]

    # --- life ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of all connections. One that another thread is using just now closes when that thread is done: to
        close it under its hands would crash the process."""
        self._local = threading.local()

    @contextmanager
    def _unit(self) -> Iterator[None]:
        """The open unit of work, or one of its own."""
        if self._connection().in_transaction:
            yield
        else:
            with self.transaction():
                yield

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with _typed_errors():
                connection = self._connect()
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)  # bodies and mail addresses are nobody else's business
        # isolation_level=None: transactions are ours alone. check_same_thread=False: the last reference to a
        # connection may be dropped in another thread than it was made in.
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = _as_dict
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ConflictError("This would break a rule of the stored data.") from error
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") in {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL"}:
            raise DatabaseBusyError("The database is busy or full. Try again.", retry_after_seconds=2) from error
        raise DatabaseError("The database could not do this.") from error
    except sqlite3.Error as error:
        raise DatabaseError("The database could not do this.") from error


def split_statements(script: str) -> list[str]:
    """The single statements of a script; triggers and semicolons inside of texts stay whole."""
    statements: list[str] = []
    pending = ""
    *pieces, rest = script.split(";")
    for piece in pieces:
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    last = pending + rest
    if any(line.strip() and not line.strip().startswith("--") for line in last.splitlines()):
        statements.append(last.strip())
    return statements
