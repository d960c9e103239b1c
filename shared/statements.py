"""What is run on the database, by the thread that asks or by another one that has the turn to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.errors import DatabaseBusyError
from shared.write_line import Place

Params = Sequence[Any] | Mapping[str, Any]
Row = Mapping[str, Any]
Connection = Any  # the driver stays in the database's own room
Cursor = Any


class Statement(Place):
    """And how it ended. One that changes rows may join the transaction of another thread."""

    __slots__ = ("_error", "_params", "_read", "_result", "sql")

    def __init__(self, sql: str, params: Params, read: Callable[[Cursor], Any]) -> None:
        super().__init__(joins=sql.startswith(("INSERT", "UPDATE", "DELETE")))
        self.sql = sql
        self._params = params
        self._read = read
        self._result: Any = None
        self._error: Exception | None = None

    def run(self, connection: Connection) -> Any:
        return self._read(connection.execute(self.sql, self._params))

    def run_for_another(self, connection: Connection) -> None:
        """Raises only when there is no transaction to go on with."""
        try:
            self._result = self.run(connection)
        except Exception as error:  # whatever it is, it is for the one who asked
            self.fail(error)
            if not connection.in_transaction:
                raise

    def fail(self, error: BaseException) -> None:
        if not isinstance(error, Exception):  # an interrupt is for the thread that has the turn, not for the others
            error = DatabaseBusyError("The database was interrupted. Try again.", retry_after_seconds=2)
        self._error = self._error or error

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


def run_together(connection: Connection, statements: Sequence[Statement]) -> None:
    """In the transaction that is open, and commit it. A statement that fails leaves nothing of its own and does not
    touch the others; without the commit all have failed."""
    try:
        for statement in statements:
            statement.run_for_another(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        for statement in statements:
            statement.fail(error)
        raise


def one_row(cursor: Cursor) -> Row | None:
    row: Row | None = cursor.fetchone()
    cursor.close()  # a half-read RETURNING would keep its statement, and so the write, open
    return row


def all_rows(cursor: Cursor) -> list[Row]:
    rows: list[Row] = cursor.fetchall()
    return rows


def changes(cursor: Cursor) -> tuple[int, int | None]:
    """How many rows, and the id of the last one inserted."""
    return cursor.rowcount, cursor.lastrowid
