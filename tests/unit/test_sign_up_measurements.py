"""Measurements are judged in cm and kg, whatever they come in, and kept as one row."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.body_measurements.model import FIELD_NAMES, FIELDS, Field, Kind, Unit
from features.body_measurements.schemas import MeasuredInput, with_fields
from features.body_measurements.service import MeasurementService
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import ValidationError
from shared.models.user import UserTable
from shared.validators import parse_model

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MEASURED = {
    "height": 172.5,
    "weight": 64,
    "breast_circumference": 92,
    "waist_circumference": 74,
    "inner_leg_length": 80,
}


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    database = DatabaseManager(tmp_path / "test.db")
    MigrationManager(database).run()
    UserTable(database).add("ada", "x", {"email": "ada@example.com", "first_name": "Ada", "last_name": "L"}, NOW)
    return database


@pytest.fixture
def service(db: DatabaseManager) -> MeasurementService:
    return MeasurementService(db)


def refused(service: MeasurementService, unit: Unit = Unit.METRIC, **data: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        service.check(data, unit)
    fields: dict[str, str] = caught.value.details["fields"]
    return fields


def test_the_table_of_fields_is_the_table_of_the_database(db: DatabaseManager) -> None:
    columns = [row["name"] for row in db.fetch_all("PRAGMA table_info(body_measurements)")]
    assert columns == ["id", "user_id", *FIELD_NAMES, "unit", "created_at", "updated_at"]


@pytest.mark.parametrize("field", FIELDS, ids=FIELD_NAMES)
def test_each_field_makes_sense(field: Field) -> None:
    assert 0 < field.reject[0] <= field.warn[0] < field.warn[1] <= field.reject[1] and field.term
    assert field.twin_of is None or field.twin_of in FIELD_NAMES


@pytest.mark.parametrize("field", FIELDS, ids=FIELD_NAMES)
def test_the_limits_of_each_field(service: MeasurementService, field: Field) -> None:
    for value in (*field.warn, *field.reject):
        assert service.check({field.name: value}, Unit.METRIC)[0] == {field.name: value}
    assert service.check({field.name: field.warn[0]}, Unit.METRIC)[1] == []
    odd = service.check({field.name: field.reject[1]}, Unit.METRIC)[1]
    assert [(notice.code, notice.field) for notice in odd] == [("unusual_value", field.name)]
    for value in (field.reject[0] - 0.1, field.reject[1] + 0.1, -field.warn[0], 0):
        assert list(refused(service, **{field.name: value})) == [field.name]


def test_good_measurements_give_no_warning(service: MeasurementService) -> None:
    assert service.check(MEASURED, Unit.METRIC) == (MEASURED, [])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "172", True, [172], {}])
def test_only_finite_numbers(service: MeasurementService, value: Any) -> None:
    assert refused(service, height=value) == {"height": "must be a number"}


def test_other_keys_are_passed_over_and_null_clears(service: MeasurementService) -> None:
    data = {"unit": "metric", "email": "x", "height": None, "id": 7}
    assert service.check(data, Unit.METRIC) == ({"height": None}, [])


def test_inches_and_pounds_become_centimetres_and_kilograms(service: MeasurementService) -> None:
    values, warnings = service.check({"height": 68, "weight": 150, "inseam": 31.5}, Unit.IMPERIAL)
    assert values == {"height": 172.72, "weight": 68.0389, "inseam": 80.01} and warnings == []


@given(st.sampled_from([field for field in FIELDS if field.kind is Kind.LENGTH]), st.floats(0, 1))
def test_inches_come_back_as_they_were_sent(field: Field, share: float) -> None:
    low, high = (limit / 2.54 for limit in field.warn)
    inches = round(low + 0.05 + share * (high - low - 0.1), 2)
    values, _ = MeasurementService(None).check({field.name: inches}, Unit.IMPERIAL)  # type: ignore[arg-type]
    assert round((values[field.name] or 0) / 2.54, 2) == inches


def test_the_wrong_unit_is_guessed_and_said(service: MeasurementService) -> None:
    assert "inches?" in refused(service, height=68)["height"]
    assert "inches?" in refused(service, Unit.IMPERIAL, height=172)["height"]
    assert "pounds?" in refused(service, Unit.METRIC, weight=400)["weight"]
    assert refused(service, Unit.IMPERIAL, height=10) == {"height": "must be from 39.4 to 98.4 in"}


@pytest.mark.parametrize("field", FIELDS, ids=FIELD_NAMES)
def test_the_limits_that_a_refusal_names_are_good_values(service: MeasurementService, field: Field) -> None:
    said = refused(service, Unit.IMPERIAL, **{field.name: 5000})[field.name].split()
    for limit in (float(said[3]), float(said[5])):
        assert field.name in service.check({field.name: limit}, Unit.IMPERIAL)[0]


def test_every_wrong_field_is_named_at_once(service: MeasurementService) -> None:
    assert set(refused(service, height=9, weight=9, foot_width=9, waist=9)) == {"height", "weight", "waist"}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"chest": 90, "breast_circumference": 94}, "chest"),
        ({"height": 150, "inner_leg_length": 100}, "inner_leg_length"),
        ({"height": 180, "inseam": 60}, "inner_leg_length"),
        ({"neck_circumference": 50, "biceps_circumference": 25}, "neck_circumference"),
        ({"waist": 140, "hips": 100}, "waist_circumference"),
    ],
)
def test_contradictions_are_warned_about(service: MeasurementService, data: dict[str, float], field: str) -> None:
    _, warnings = service.check(data, Unit.METRIC)
    assert [(notice.code, notice.field) for notice in warnings] == [("contradiction", field)]
    assert set(warnings[0].to_dict()) == {"code", "field", "message"}


def test_twins_that_agree_are_fine(service: MeasurementService) -> None:
    assert service.check({"chest": 90, "breast_circumference": 92, "hips": None}, Unit.METRIC)[1] == []


def test_one_row_and_only_what_was_given_changes(service: MeasurementService) -> None:
    assert service.count("ada") == {"measurements": 0}
    service.store("ada", {"height": 170.0, "weight": 60.0}, Unit.METRIC, NOW)
    service.store("ada", {"weight": None, "waist": 70.0}, Unit.IMPERIAL, NOW + timedelta(hours=1))
    stored = service.of("ada")
    assert stored is not None and service.count("ada") == {"measurements": 1}
    assert stored.values == {**dict.fromkeys(FIELD_NAMES), "height": 170.0, "waist": 70.0}
    assert (stored.unit, stored.created_at, stored.updated_at) == (Unit.IMPERIAL, NOW, NOW + timedelta(hours=1))
    assert service.of("somebody else") is None


@pytest.mark.parametrize("value", ["175", True, [1], float("nan")])
def test_requests_take_numbers_only(value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_model(with_fields(MeasuredInput), {"height": value})
    assert list(caught.value.details["fields"]) == ["height"]


def test_requests_tell_what_was_sent() -> None:
    found = parse_model(with_fields(MeasuredInput), {"height": 175, "waist": None, "nonsense": 1})
    assert found.measured() == {"height": 175, "waist": None} and found.measured_in is Unit.METRIC
    from_form = parse_model(with_fields(MeasuredInput), {"height": "175.5", "waist": ""}, from_form=True)
    assert from_form.measured() == {"height": 175.5}
    with pytest.raises(ValidationError):
        parse_model(with_fields(MeasuredInput), {"height": "nan"}, from_form=True)
    with pytest.raises(ValidationError):
        parse_model(with_fields(MeasuredInput), {"unit": "feet"})
