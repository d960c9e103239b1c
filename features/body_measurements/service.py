"""Use cases of body measurements: judge what a person sends, keep it in cm and kg, show it in the person's unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from features.body_measurements.checks import MeasurementNotice, metric_values, notices
from features.body_measurements.estimates import age_on
from features.body_measurements.model import MeasurementTable, StoredMeasurements, Unit, Values
from features.body_measurements.views import MeasurementView, Person
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import AuthenticationError, NotFoundError, ValidationError
from shared.models.user import UserTable

__all__ = ["MeasurementNotice", "MeasurementService"]  # the features above ask this room for both


class MeasurementService:
    def __init__(self, db: DatabaseManager, clock: Clock = utc_now) -> None:
        self._db = db
        self._table = MeasurementTable(db)
        self._users = UserTable(db)
        self._clock = clock

    # --- for sign-up and advice ------------------------------------------------------------------------------------

    def check(self, data: Mapping[str, Any], unit: Unit) -> tuple[dict[str, float | None], list[MeasurementNotice]]:
        """The measurements out of `data` in cm and kg (None clears), and what looks odd about them.

        Other keys are passed over. Raises ValidationError that names every field that no body has.
        """
        values = metric_values(data, unit)
        return values, notices(values, unit)

    def store(self, user_id: str, values: Values, unit: Unit, now: datetime) -> StoredMeasurements:
        """Keep values of `check`; fields that are not among them stay. May be part of the caller's transaction."""
        return self._table.save(user_id, values, unit, now)

    def of(self, user_id: str) -> StoredMeasurements | None:
        """In cm and kg, by field; None when the person has given none."""
        return self._table.get(user_id)

    # --- the own measurements --------------------------------------------------------------------------------------

    def get(self, user_id: str) -> MeasurementView:
        """Raises NotFoundError when there are none yet."""
        return MeasurementView(_there(self.of(user_id)), self._person(user_id))

    def save(self, user_id: str, sent: Mapping[str, Any], unit: Unit | None) -> tuple[MeasurementView, bool]:
        """Add what was sent to what is there; True when there was nothing yet. None clears, what is left out stays.

        `unit`: of the numbers, and preferred from now on; None: the one that is preferred already, at first metric.
        Raises ValidationError.
        """
        _refuse_nothing(sent, unit)
        with self._db.transaction():
            before = self.of(user_id)
            return self._kept(user_id, sent, unit, before), before is None

    def change(self, user_id: str, sent: Mapping[str, Any], unit: Unit | None) -> MeasurementView:
        """`save` for what is there already. Raises ValidationError, NotFoundError when there are none yet."""
        _refuse_nothing(sent, unit)
        with self._db.transaction():
            return self._kept(user_id, sent, unit, _there(self.of(user_id)))

    def _kept(
        self, user_id: str, sent: Mapping[str, Any], unit: Unit | None, before: StoredMeasurements | None
    ) -> MeasurementView:
        person = self._person(user_id)
        spoken = unit or (before.unit if before else Unit.METRIC)
        stored = self.store(user_id, metric_values(sent, spoken), spoken, self._clock())
        return MeasurementView(stored, person)

    def _person(self, user_id: str) -> Person:
        user = self._users.get(user_id)
        if user is None:
            raise AuthenticationError("This account was closed.")
        return Person(user.gender, age_on(user.birthday, self._clock().date()))

    # --- AccountEraser ---------------------------------------------------------------------------------------------

    def count(self, user_id: str) -> dict[str, int]:
        return {"measurements": 1 if self.of(user_id) else 0}

    def erase(self, user_id: str) -> dict[str, int]:
        """The row goes with the account's."""
        return {}


def _there(stored: StoredMeasurements | None) -> StoredMeasurements:
    if stored is None:
        raise NotFoundError("There are no measurements yet. Send some with POST /api/body-measurements.")
    return stored


def _refuse_nothing(sent: Mapping[str, Any], unit: Unit | None) -> None:
    if not sent and unit is None:
        raise ValidationError(
            "There is nothing to save. Send at least one measurement, or the unit.",
            fields={"body": "needs a measurement or a unit"},
        )
