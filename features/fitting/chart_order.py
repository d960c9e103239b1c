"""The rows of a chart from small to large, and the zones that do not grow with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from features.fitting.labels import NameKind, axes, parse, rank
from features.fitting.terms import Cell, SizeRow, Zone

TOLERANCE_CM = 0.11  # what rounding to inches or half centimetres may take from a row
_LEADING = (Zone.CHEST, Zone.FOOT_LENGTH, Zone.WAIST, Zone.HIP, Zone.UNDERBUST, Zone.NECK)


def ordered(rows: Sequence[SizeRow]) -> tuple[SizeRow, ...]:
    """By the sizes' names; by their numbers when the names have no order or the numbers contradict it.

    Any order of the same rows gives the same answer.
    """
    by_name = sorted(rows, key=lambda row: (rank(row.label), _numbers(row)))
    lead = _leading_zone(rows)
    by_number = sorted(
        rows, key=lambda row: (lead not in row.cells, *_place(row, lead), rank(row.label), _numbers(row))
    )
    named = _one_kind(rows)
    worse = len(falling_zones(by_name)) > len(falling_zones(by_number))
    return tuple(by_number if worse or not named else by_name)


def falling_zones(rows: Sequence[SizeRow]) -> set[Zone]:
    """Zones whose cells shrink somewhere from one size to the next larger one.

    With a second axis (W32 L34, 38R, 75B) growing along that one, or within each of its steps, is enough.
    """
    second = _second_axis(rows)
    along = [row for step in second.values() for row in step]
    # Steps of one row each would call any order a growing one.
    within = list(second.values()) if any(len(step) > 1 for step in second.values()) else [along]
    zones = {zone for row in rows for zone in row.cells}
    return {zone for zone in zones if not (_grows(rows, zone) or _grows(along, zone) or _all_grow(within, zone))}


def _second_axis(rows: Sequence[SizeRow]) -> dict[float, list[SizeRow]]:
    """The rows by their step on the second axis, from small to large; one step when there is no such axis."""
    found: dict[float, list[SizeRow]] = {}
    for row, axis in zip(rows, axes([row.label for row in rows]), strict=True):
        found.setdefault(float(axis[1]) if axis else parse(row.label).main.second or 0.0, []).append(row)
    return dict(sorted(found.items()))


def _all_grow(parts: Sequence[Sequence[SizeRow]], zone: Zone) -> bool:
    return all(_grows(part, zone) for part in parts)


def _grows(rows: Sequence[SizeRow], zone: Zone) -> bool:
    cells = [row.cells[zone] for row in rows if zone in row.cells]
    return all(
        before.lo <= after.lo + TOLERANCE_CM and before.hi <= after.hi + TOLERANCE_CM
        for before, after in pairwise(cells)
    )


def _one_kind(rows: Sequence[SizeRow]) -> bool:
    names = [parse(row.label).main for row in rows]
    return len({(name.kind, name.system) for name in names}) == 1 and names[0].kind is not NameKind.OTHER


def _leading_zone(rows: Sequence[SizeRow]) -> Zone | None:
    """The zone that most rows have; of equal ones the one that sizes are named after."""
    zones = {zone for row in rows for zone in row.cells}
    places = [*_LEADING, *Zone]
    counts = {zone: sum(zone in row.cells for row in rows) for zone in zones}
    return min(zones, key=lambda zone: (-counts[zone], places.index(zone))) if zones else None


def _place(row: SizeRow, lead: Zone | None) -> tuple[float, float]:
    cell = row.cells.get(lead, Cell(0.0, 0.0)) if lead else Cell(0.0, 0.0)
    return cell.middle, cell.lo


def _numbers(row: SizeRow) -> tuple[Any, ...]:
    return (-len(row.cells), *((zone.value, cell.lo, cell.hi) for zone, cell in sorted(row.cells.items())), row.label)
