"""Two requests of one person at the same moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.body_measurements.service import MeasurementService
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import AuthenticationError, NotFoundError
from shared.models.user import UserTable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    database = DatabaseManager(tmp_path / "test.db")
    MigrationManager(database).run()
    UserTable(database).add("ada", "x", {"email": "ada@example.com", "first_name": "Ada", "last_name": "L"}, NOW)
    return database


def test_a_second_one_waits_until_the_first_is_kept(db: DatabaseManager) -> None:
    is_new: list[bool] = []
    other = threading.Thread(
        target=lambda: is_new.append(MeasurementService(db).save("ada", {"weight": 60}, None)[1]),
    )

    def clock() -> datetime:
        """Asked between reading and writing: here the other one comes in."""
        if other.ident is None:
            other.start()
            other.join(timeout=0.3)
        return NOW

    is_new.append(MeasurementService(db, clock).save("ada", {"height": 170}, None)[1])
    other.join()
    stored = MeasurementService(db).of("ada")
    assert sorted(is_new) == [False, True] and stored is not None
    assert (stored.values["height"], stored.values["weight"], stored.created_at) == (170.0, 60.0, NOW)


def test_an_account_that_was_closed_meanwhile(db: DatabaseManager) -> None:
    with pytest.raises(AuthenticationError):
        MeasurementService(db).save("nobody", {"height": 170}, None)
    with pytest.raises(NotFoundError):
        MeasurementService(db).get("nobody")
    assert db.fetch_all("SELECT 1 AS one FROM body_measurements") == []
