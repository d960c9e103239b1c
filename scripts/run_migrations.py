"""Bring the database up to date: `python3 scripts/run_migrations.py` (`--status` only shows what is applied)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from config import Config, ConfigError
    from migrations.migration_manager import Migration, MigrationManager
    from shared.database import DatabaseManager
    from shared.errors import BecauseFutureError
except ModuleNotFoundError as missing:
    start_in_environment(missing)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Apply the SQL files of migrations/ that the database lacks.")
    parser.add_argument("--status", action="store_true", help="change nothing, list every file")
    options = parser.parse_args(arguments)
    try:
        config = Config.from_env()
        show_status(config.database_path) if options.status else migrate(config.database_path)
    except BecauseFutureError as error:
        reason = f" ({error.__cause__})" if error.__cause__ and str(error.__cause__) not in error.message else ""
        print(f"error: {config.database_path}: {error.message}{reason}", file=sys.stderr)
        return 1
    except (ConfigError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def migrate(database: Path) -> None:
    db = DatabaseManager(database)
    try:
        applied = MigrationManager(db).run()
    finally:
        db.close()
    for item in applied:
        print(f"applied {_file(item)}")
    print(f"{database} is up to date.")


def show_status(database: Path) -> None:
    db = DatabaseManager(database)
    manager = MigrationManager(db)
    known = manager.migrations()
    try:
        pending = manager.pending() if database.exists() else known  # asking would make the file
    finally:
        db.close()
    for item in known:
        print(f"{'pending' if item in pending else 'applied'} {_file(item)}")


def _file(item: Migration) -> str:
    return f"{item.version:03d}_{item.name}.sql"


if __name__ == "__main__":
    sys.exit(main())
