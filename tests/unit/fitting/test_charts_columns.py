"""Heads of columns in the languages of shops."""

from __future__ import annotations

import pytest

from features.fitting.terms import Zone
from features.fitting.zones import is_no_measure, limits, read_column


@pytest.mark.parametrize(
    ("name", "zone", "unit", "flat"),
    [
        ("CHEST (cm)", "chest", "cm", False),
        ('To fit bust (")', "chest", "in", False),
        ("A - Chest", "chest", None, False),
        ("Medida à volta da anca", "hip", None, False),
        ("Brustumfang in cm", "chest", "cm", False),
        ("Unterbrustumfang", "underbust", None, False),
        ("½ chest", "chest", None, True),
        ("pitToPit", "chest", None, True),
        ("Brustbreite", "chest", None, True),
        ("Largeur d'épaules", "shoulder_width", None, False),
        ("Ärmellänge", "arm", None, False),
        ("sleeve_length_in", "arm", "in", False),
        ("Length from shoulder", "length", None, False),
        ("Innenbeinlänge", "inseam", None, False),
        ("L", "inseam", None, False),
        ("W (in)", "waist", "in", False),
        ("Fußlänge", "foot_length", None, False),
        ("Foot length (mm)", "foot_length", "cm", False),
        ("Rinnanympärys", "chest", None, False),
        ("Обхват талии", "waist", None, False),
        ("contorno de cadera", "hip", None, False),
        ("giro vita", "waist", None, False),
        ("Oberarmumfang", "biceps", None, False),
        ("Weight (lbs)", "weight", "lb", False),
    ],
)
def test_a_column(name: str, zone: str, unit: str | None, flat: bool) -> None:
    found = read_column(name)
    assert found is not None and (found.zone, found.unit, found.flat) == (Zone(zone), unit, flat)


@pytest.mark.parametrize("name", ["UK", "EU size", "Leg opening", "High hip", "Price", "Cup", "Rise"])
def test_known_and_no_zone(name: str) -> None:
    assert read_column(name) is None and is_no_measure(name)


@pytest.mark.parametrize("name", ["Fabric", "", "chest/waist", "!!!", "1/2", "\ud800"])
def test_unknown(name: str) -> None:
    assert read_column(name) is None and not is_no_measure(name)


@pytest.mark.parametrize("zone", Zone)
def test_every_zone_has_limits(zone: Zone) -> None:
    found = limits()[zone]
    assert 0 < found.least <= found.low < found.high <= found.most
