"""Brings the database up to date: numbered SQL files, each in one transaction together with its record.

An applied file is never edited: its checksum is on record. The first failure stops the run and leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.database import DatabaseManager, split_statements
from shared.errors import BecauseFutureError

FOLDER = Path(__file__).resolve().parent
NAME = re.compile(r"(\d{3})_([a-z0-9_]+)\.sql")


class MigrationError(BecauseFutureError):
    """The database is not what this version of the program needs; the message names the file."""

    error_code = "ERROR"


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """SHA-256 over the text with line ends made equal, so that a checkout on Windows counts as the same."""
        return hashlib.sha256("\n".join(self.script.splitlines()).encode()).hexdigest()


class MigrationManager:
    def __init__(self, db: DatabaseManager, folder: Path = FOLDER) -> None:
        self._db = db
        self._folder = folder

    def migrations(self) -> list[Migration]:
        """All files, oldest first. Raises MigrationError when a name is off, or a number is missing or used twice."""
        found = [_load(path) for path in sorted(self._folder.glob("*.sql"))]
        if [item.version for item in found] != list(range(1, len(found) + 1)):
            raise MigrationError("Migration files must be numbered 001, 002, 003 and so on, without gap or repeat.")
        return found

    def pending(self) -> list[Migration]:
        """Files not applied yet. Raises MigrationError when the database holds something this program does not know."""
        known = self.migrations()
        applied = self._applied()
        if len(applied) > len(known):
            raise MigrationError("The database is newer than this program: update the program.")
        for item in known:
            if item.version in applied and applied[item.version] != item.checksum:
                raise MigrationError(
                    f"Migration {item.version:03d}_{item.name}.sql was changed after it had been applied. "
                    "Restore the file, and put the change into a new one."
                )
        return [item for item in known if item.version not in applied]

    def run(self) -> list[Migration]:
        """Apply what is pending and return it. Safe to run twice, and from two processes at once."""
        self._create_record()
        return [item for item in self.pending() if self._apply(item)]

    def _create_record(self) -> None:
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " version INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL,"
            " checksum TEXT NOT NULL, applied_at TEXT NOT NULL)"
        )

    def _applied(self) -> dict[int, str]:
        if not self._db.table_exists("schema_migrations"):
            return {}
        rows = self._db.fetch_all("SELECT version, checksum FROM schema_migrations")
        return {row["version"]: row["checksum"] for row in rows}

    def _apply(self, item: Migration) -> bool:
        try:
            with self._db.transaction():
                if item.version in self._applied():  # another process was faster
                    return False
                for statement in split_statements(item.script):
                    self._db.execute(statement)
                self._db.execute(
                    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
                    (item.version, item.name, item.checksum, datetime.now(UTC).isoformat()),
                )
        except BecauseFutureError as error:
            raise MigrationError(
                f"Migration {item.version:03d}_{item.name}.sql failed and was undone: {error.__cause__ or error}"
            ) from error
        return True


def _load(path: Path) -> Migration:
    match = NAME.fullmatch(path.name)
    if match is None:
        raise MigrationError(f"{path.name} is not a migration's name: use NNN_name.sql.")
    return Migration(int(match[1]), match[2], path.read_text(encoding="utf-8"))
