"""The operators' scripts, started as a person starts them, each in a folder of its own."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from config import Config, env_template
from scripts.bootstrap import ROOT, _why
from scripts.test import clean_environment

MIGRATIONS = sorted(path.name for path in (ROOT / "migrations").glob("*.sql"))


def script(name: str, folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / name), *arguments]
    kept = clean_environment(os.environ.copy())
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def part(output: str, name: str) -> str:
    (line,) = [line for line in output.splitlines() if line.startswith(name)]
    return line


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder whose database is none."""
    (tmp_path / "database.db").write_bytes(b"this is not a database" * 100)
    return tmp_path


def test_migrations_are_applied_once_and_named(tmp_path: Path) -> None:
    first, second = script("run_migrations.py", tmp_path), script("run_migrations.py", tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert re.findall(r"applied (\S+)", first.stdout) == MIGRATIONS
    assert second.stdout == "database.db is up to date.\n"


def test_status_lists_every_file_and_changes_nothing(tmp_path: Path) -> None:
    before = script("run_migrations.py", tmp_path, "--status")
    assert before.stdout.splitlines() == [f"pending {name}" for name in MIGRATIONS]
    assert not (tmp_path / "database.db").exists()
    script("run_migrations.py", tmp_path)
    after = script("run_migrations.py", tmp_path, "--status")
    assert after.stdout.splitlines() == [f"applied {name}" for name in MIGRATIONS]


@pytest.mark.parametrize("arguments", [(), ("--status",)])
def test_migrations_say_in_one_line_that_the_database_is_broken(broken: Path, arguments: tuple[str, ...]) -> None:
    done = script("run_migrations.py", broken, *arguments)
    assert done.returncode == 1
    assert re.fullmatch(r"error: database\.db: .*not a database.*\n", done.stderr)


def test_migrations_refuse_a_database_that_is_newer_than_the_program(tmp_path: Path) -> None:
    script("run_migrations.py", tmp_path)
    with sqlite3.connect(tmp_path / "database.db") as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, 'future', 'x', '2030-01-01')")
    connection.close()
    done = script("run_migrations.py", tmp_path)
    assert done.returncode == 1
    assert "newer than this program" in done.stderr


@pytest.mark.parametrize("name", ["run_migrations.py", "validate.py"])
def test_a_wrong_setting_is_one_plain_sentence(name: str, tmp_path: Path) -> None:
    done = script(name, tmp_path, PORT="eighty")
    assert done.returncode == 1
    assert "PORT must be a whole number" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_validate_is_content_with_a_fresh_folder_and_with_a_migrated_one(tmp_path: Path) -> None:
    fresh = script("validate.py", tmp_path)
    script("run_migrations.py", tmp_path)
    migrated = script("validate.py", tmp_path)
    assert (fresh.returncode, migrated.returncode) == (0, 0), fresh.stdout + migrated.stdout
    names = [line.split("  ")[0] for line in migrated.stdout.splitlines()]
    assert names == ["configuration", "database", "migrations", "image store", "engines"]
    assert "made at the first start" in part(fresh.stdout, "database")
    assert "all applied" in part(migrated.stdout, "migrations")
    assert "preview: ready" in part(migrated.stdout, "engines")


def test_validate_finds_a_broken_database(broken: Path) -> None:
    done = script("validate.py", broken)
    assert done.returncode == 1
    assert re.search(r"problem .*not a database.*backup", part(done.stdout, "database"))
    assert " ok " in part(done.stdout, "image store")


def test_validate_asks_for_migrations_where_the_server_does_not_apply_them(tmp_path: Path) -> None:
    (tmp_path / "database.db").touch()
    done = script("validate.py", tmp_path, MIGRATE_ON_START="0")
    assert done.returncode == 1
    assert "run scripts/run_migrations.py" in part(done.stdout, "migrations")


def test_validate_finds_an_image_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    done = script("validate.py", tmp_path, IMAGES_DIR="taken")
    assert done.returncode == 1
    assert "another IMAGES_DIR" in part(done.stdout, "image store")


def test_validate_finds_a_key_that_is_none(tmp_path: Path) -> None:
    done = script("validate.py", tmp_path, GEMINI_API_KEY="two words\tand a tab")
    assert done.returncode == 1
    assert "problem" in part(done.stdout, "engines")
    assert "two words" not in done.stdout + done.stderr


def test_validate_prints_the_template(tmp_path: Path) -> None:
    done = script("validate.py", tmp_path, "--template")
    assert done.stdout == env_template()
    assert not (tmp_path / ".env").exists()


def test_the_checks_run_without_the_settings_of_whoever_starts_them() -> None:
    ours = {name.upper(): "x" for name in Config.__dataclass_fields__}
    kept = clean_environment({**ours, "PATH": "/bin", "PYTEST_ADDOPTS": "-x", "PIP_INDEX_URL": "kept"})
    assert not ours.keys() & kept.keys()
    assert "PYTEST_ADDOPTS" not in kept
    assert (kept["PATH"], kept["PIP_INDEX_URL"]) == ("/bin", "kept")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "WARNING: Retrying after connection broken\nERROR: No matching distribution found for flask",
            "no package index",
        ),
        ("ERROR: Could not install packages due to an OSError: No space left on device", "No space left"),
    ],
)
def test_a_failed_installation_is_told_plainly(output: str, sentence: str) -> None:
    told = _why(output, "requirements.txt")
    assert sentence in told
    assert "\n" not in told
