"""Is everything here that the server needs? One line a part; `--template` prints env.template instead."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from config import Config, ConfigError, env_template
    from migrations.migration_manager import MigrationManager
    from shared.cpu import CpuGate
    from shared.database import DatabaseManager
    from shared.errors import BecauseFutureError
    from shared.storage import LocalStorage
    from wiring import make_engines
except ModuleNotFoundError as missing:
    start_in_environment(missing)

NOT_YET = "is made at the first start"


class PartError(Exception):
    """What is wrong and how to mend it."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check configuration, database, migrations, image store, engines.")
    parser.add_argument("--template", action="store_true", help="print the text of env.template and end")
    if parser.parse_args(arguments).template:
        print(env_template(), end="")
        return 0
    try:
        config = Config.from_env()
    except (ConfigError, OSError) as error:
        return _report("configuration", str(error), well=False)
    parts = {"database": database, "migrations": migrations, "image store": image_store, "engines": engines}
    problems = _report("configuration", config.flask_env)
    return max(problems, *[_check(name, part, config) for name, part in parts.items()])


def database(config: Config) -> str:
    path = config.database_path
    if not path.exists():
        return f"{path} {NOT_YET}"
    db = DatabaseManager(path)
    try:
        answer = db.fetch_one("PRAGMA quick_check") or {}
    except BecauseFutureError as error:
        raise PartError(
            f"{path}: {error.__cause__ or error}. Restore a backup, or name another DATABASE_PATH."
        ) from error
    finally:
        db.close()
    if answer.get("quick_check") != "ok":
        raise PartError(f"{path} is damaged. Restore a backup.")
    return str(path)


def migrations(config: Config) -> str:
    if not config.database_path.exists():
        return NOT_YET
    db = DatabaseManager(config.database_path)
    try:
        pending = MigrationManager(db).pending()
    except BecauseFutureError as error:
        raise PartError(error.message) from error
    finally:
        db.close()
    if pending and not config.migrate_on_start:
        raise PartError(f"{len(pending)} are not applied: run scripts/run_migrations.py.")
    return f"{len(pending)} are applied at the next start" if pending else "all applied"


def image_store(config: Config) -> str:
    try:
        problem = LocalStorage(config.images_dir).write_check()
    except OSError as error:
        problem = str(error)
    if problem:
        raise PartError(f"{config.images_dir}: {problem} Give this user write access, or name another IMAGES_DIR.")
    return str(config.images_dir)


def engines(config: Config) -> str:
    found = {engine.name: engine.ready() for engine in make_engines(config, CpuGate())}
    described = ", ".join(f"{name}: {reason or 'ready'}" for name, reason in found.items())
    if all(found.values()):
        raise PartError(f"{described}. Set GEMINI_API_KEY, or TRYON_ENGINES=preview.")
    return described


def _check(name: str, part: Callable[[Config], str], config: Config) -> int:
    try:
        return _report(name, part(config))
    except PartError as problem:
        return _report(name, str(problem), well=False)


def _report(name: str, text: str, *, well: bool = True) -> int:
    print(f"{name:<14} {'ok' if well else 'problem':<8} {text}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
