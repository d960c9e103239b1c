"""SQLite behind a small class: WAL, a connection per thread to read and one to write, foreign keys on. The only room
that knows sqlite3.

Write SQL that PostgreSQL would take too (ON CONFLICT, RETURNING, times made in Python).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shared.errors import ConflictError, DatabaseBusyError, DatabaseError
from shared.statements import Params, Row, Statement, all_rows, changes, one_row, run_together
from shared.write_line import WriteLine

__all__ = ["DatabaseManager", "Params", "Row", "split_statements"]

BUSY_TIMEOUT_SECONDS = 10.0
WAL_PAUSE_SECONDS = 0.02
COPY_CHANGES = 3000
"""Rows: after so many changes the log of changes is copied into the file itself, while others go on writing."""
CHECKPOINT_PAGES = 10_000
"""Of 4 KB: where that does not keep up, SQLite does it when the log is as long as this. All writers wait for the disk
then; the log takes up to about 40 MB."""

_BUSY = "The database is busy or full. Try again."
_PASSING = {
    *("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL"),
    *("SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC"),  # what a full disk may also look like
}


class DatabaseManager:
    """Thread-safe. Each statement outside `transaction` commits by itself.

    Raises ConflictError for a broken constraint, DatabaseBusyError when the file stays locked or the disk is
    full, DatabaseError for the rest; the driver's text stays in `__cause__`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._local = threading.local()
        self._line: WriteLine[Statement] = WriteLine()
        self._writer: sqlite3.Connection | None = None
        self._copied_changes = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)

    # --- the small names -------------------------------------------------------------------------------------------

    def fetch_one(self, sql: str, params: Params = ()) -> Row | None:
        return self._run(Statement(sql, params, one_row))  # type: ignore[no-any-return]

    def fetch_all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._run(Statement(sql, params, all_rows))  # type: ignore[no-any-return]

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it changed."""
        count, last = self._run(Statement(sql, params, changes))
        if count and sql.startswith("INSERT"):  # else it is that of an insert of another thread
            self._local.lastrowid = last
        return count  # type: ignore[no-any-return]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One unit of work: all or nothing, and the only writer meanwhile. Opened by a service, never nested."""
        if self._unit_connection():
            raise DatabaseError("A unit of work is already open in this thread.")
        with self._turn() as connection:
            with _typed_errors:
                connection.execute("BEGIN IMMEDIATE")
            self._local.unit = connection
            try:
                yield
                self._commit(connection)
            finally:
                self._local.unit = None
                if connection.in_transaction:
                    self._roll_back(connection)

    # --- the names of the specification ----------------------------------------------------------------------------

    def execute_query(self, sql: str, params: Params = (), fetch_one: bool = False, fetch_all: bool = False) -> Any:
        """A row, a list of rows, or the number of rows that changed."""
        if fetch_one:
            return self.fetch_one(sql, params)
        return self.fetch_all(sql, params) if fetch_all else self.execute(sql, params)

    def execute_many(self, sql: str, many_params: Iterable[Params]) -> int:
        """One statement for each set of parameters, all or nothing; returns how many rows changed."""
        with _typed_errors, self._unit() as connection:
            return connection.executemany(sql, many_params).rowcount

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
        self._writer = None

    @contextmanager
    def _unit(self) -> Iterator[sqlite3.Connection]:
        """The open unit of work, or one of its own."""
        connection = self._unit_connection()
        if connection:
            yield connection
        else:
            with self.transaction():
                yield self._local.unit

    def _unit_connection(self) -> sqlite3.Connection | None:
        """Of the unit of work that this thread has open."""
        return getattr(self._local, "unit", None)

    # --- reads, and writers in turns -------------------------------------------------------------------------------

    def _run(self, statement: Statement) -> Any:
        """Reads go to the thread's own connection, at any time. Writes of all threads go through one connection, one
        after the other: SQLite would let them sleep and try again, some for far too long, and a connection that alone
        writes need not read again what others changed."""
        unit = self._unit_connection()
        if unit or statement.sql.startswith("SELECT"):
            with _typed_errors:
                return statement.run(unit or self._connection())
        if self._has_turn(statement):
            self._write_in_turn(statement)
        return self._outcome(statement)

    def _outcome(self, statement: Statement) -> Any:
        with _typed_errors:
            return statement.outcome()

    def _write_in_turn(self, statement: Statement) -> None:
        """After those who wait."""
        try:
            self._write([*self._line.take_along(), statement] if statement.joins else [statement])
        finally:
            self._leave()

    def _has_turn(self, place: Statement) -> bool:
        """False: another thread has run it. Raises DatabaseBusyError when the turn does not come."""
        try:
            return self._line.enter(place, BUSY_TIMEOUT_SECONDS)
        except TimeoutError:
            raise DatabaseBusyError(_BUSY, retry_after_seconds=2) from None

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        self._has_turn(Statement("", (), changes))
        try:
            with _typed_errors:
                connection = self._write_connection()
            yield connection
        finally:
            self._leave()

    def _leave(self) -> None:
        """To the next who waits, at once: where the file is locked by another process, each write of others would take
        this thread ten seconds more."""
        try:
            log_is_long = self._is_log_long()
        finally:
            self._line.leave()
        if log_is_long:
            self._copy_log()

    def _write(self, statements: Sequence[Statement]) -> None:
        """Of several threads. How it ended is theirs to raise."""
        try:
            connection = self._write_connection()
            if len(statements) == 1:
                statements[0].run_for_another(connection)
            else:
                self._write_together(connection, statements)
        except BaseException as error:
            for statement in statements:
                statement.fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._line.done(statements)

    def _write_together(self, connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            run_together(connection, statements)
        finally:
            if connection.in_transaction:
                self._roll_back(connection)

    def _commit(self, connection: sqlite3.Connection) -> None:
        """With the statements of those who wait meanwhile. Where SQLite has given the transaction up, and the unit of
        work went on all the same, the commit fails: what was run before it would have been committed by itself."""
        along = self._line.take_along() if connection.in_transaction else []
        try:
            with _typed_errors:
                run_together(connection, along)
        finally:
            self._line.done(along)

    def _is_log_long(self) -> bool:
        writer = self._writer
        total = writer.total_changes if writer else 0
        is_long = not 0 <= total - self._copied_changes < COPY_CHANGES
        if is_long:
            self._copied_changes = total
        return is_long

    def _copy_log(self) -> None:
        """Beside the other writers. What does not succeed now is done with the next one."""
        with suppress(sqlite3.Error, DatabaseError, DatabaseBusyError):
            self._connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """A connection that cannot is given up: with a unit of work left open it would refuse all later ones."""
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._writer = None
            connection.close()
            raise _typed(error) from error

    def _write_connection(self) -> sqlite3.Connection:
        connection = self._writer
        if connection is None:
            connection = self._writer = self._connect()
        return connection

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with _typed_errors:
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
        _use_wal(connection)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES:d}")
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite's own patience does not cover this switch: two first connections at once would refuse each other."""
    ends_at = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends_at:
                connection.close()
                raise
        time.sleep(WAL_PAUSE_SECONDS)


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip([column[0] for column in cursor.description], values, strict=True))


class _TypedErrors:
    """A context for the driver's calls: what it raises becomes ours. Entered at every statement, so it is no generator,
    which would take four times as long."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise _typed(error) from error


def _typed(error: sqlite3.Error) -> ConflictError | DatabaseBusyError | DatabaseError:
    if isinstance(error, sqlite3.IntegrityError):
        return ConflictError("This would break a rule of the stored data.")
    if isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorname", "") in _PASSING:
        return DatabaseBusyError(_BUSY, retry_after_seconds=2)
    return DatabaseError("The database could not do this.")


_typed_errors = _TypedErrors()


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
