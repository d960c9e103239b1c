"""SQLite behind a small class: WAL, a connection per thread to read and one to write, foreign keys on. The only room
that knows sqlite3.

Write SQL that PostgreSQL would take too (ON CONFLICT, RETURNING, times made in Python).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.errors import ConflictError, DatabaseBusyError, DatabaseError

Params = Sequence[Any] | Mapping[str, Any]
Row = Mapping[str, Any]

BUSY_TIMEOUT_SECONDS = 10.0
WAL_PAUSE_SECONDS = 0.02
CHECKPOINT_PAGES = 10_000
"""Of 4 KB: how long the log of changes may become before they are copied into the file itself. Whoever writes then
waits for the disk, so it shall be rare; the log takes up to about 40 MB."""

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
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self.path.parent.mkdir(parents=True, exist_ok=True)

    # --- the small names -------------------------------------------------------------------------------------------

    def fetch_one(self, sql: str, params: Params = ()) -> Row | None:
        with _typed_errors, self._turn(sql) as connection:
            cursor = connection.execute(sql, params)
            row = cursor.fetchone()
            cursor.close()  # a half-read RETURNING would keep its statement, and so the write, open
            return row  # type: ignore[no-any-return]

    def fetch_all(self, sql: str, params: Params = ()) -> list[Row]:
        with _typed_errors, self._turn(sql) as connection:
            return connection.execute(sql, params).fetchall()

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with _typed_errors, self._turn(sql) as connection:
            cursor = connection.execute(sql, params)
            self._local.lastrowid = cursor.lastrowid
            return cursor.rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One unit of work: all or nothing, and the only writer meanwhile. Opened by a service, never nested."""
        if self._unit_connection():
            raise DatabaseError("A unit of work is already open in this thread.")
        with _Turn(self._writing, self._write_connection) as connection:
            with _typed_errors:
                connection.execute("BEGIN IMMEDIATE")
            self._local.unit = connection
            try:
                yield
                with _typed_errors:
                    connection.execute("COMMIT")
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

    def _turn(self, sql: str) -> _Turn:
        """Reads go to the thread's own connection, at any time. Writes of all threads go through one connection, one
        after the other: SQLite would let them sleep and try again, some for far too long, and a connection that alone
        writes need not read again what others changed."""
        unit = self._unit_connection()
        if unit:
            return _Turn(None, lambda: unit)
        if sql.startswith("SELECT"):
            return _Turn(None, self._connection)
        return _Turn(self._writing, self._write_connection)

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
            with _typed_errors:
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


class _Turn:
    """A connection to use, with the lock that it needs. Raises DatabaseBusyError when the turn does not come."""

    __slots__ = ("_connection", "_lock")

    def __init__(self, lock: threading.Lock | None, connection: Callable[[], sqlite3.Connection]) -> None:
        self._lock = lock
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        if self._lock is None:
            return self._connection()
        if not self._lock.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise DatabaseBusyError(_BUSY, retry_after_seconds=2)
        try:
            return self._connection()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._lock is not None:
            self._lock.release()


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
