"""The shapes in which size charts come as JSON, brought to one: sizes, each with its measures and their cells.

Understood are size -> measure -> cell, measure -> size -> cell, a list of sizes, columns with rows, a table as a list
of lists, lists side by side, and each of them inside a wrapper that may name the unit and whose measurements they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from features.fitting.labels import SYSTEMS, parse
from features.fitting.words import fold, shown
from features.fitting.zones import read_column
from shared.errors import SizeChartInvalidError

ROOT = "size_chart"
SIZES_AT_MOST = 200
BYTES_AT_MOST = 64 * 1024
LONGEST_LIST = SIZES_AT_MOST + 10  # a wrapper's own names and the head of a table stand beside the sizes
DEPTH_AT_MOST = 6
ENTRIES_AT_MOST = 20_000  # values and names; fewer than the bytes would allow, so that a check stays a matter of ms

_INNER = ("size_chart", "sizechart", "chart", "sizes", "rows", "data", "table", "entries", "items", "values")
_HEADS = ("columns", "headers", "header", "head", "cols", "fields")
_BODY = ("rows", "data", "body", "values")
_MEASURES = ("measurements", "measures", "measurement", "dimensions", "values", "cells", "zones")
_LABELS = ("size", "label", "name", "size_name", "sizename", "title", "grosse", "groesse", "talla", "taglia", "tamanho")
_MORE_LABELS = ("maat", "storlek", "storrelse", "koko", "rozmiar", "velikost", "taille", "sizes", "code", "id", "key")
_UNITS, _KINDS = ("unit", "units", "uom"), ("kind", "type", "measurement_type")


@dataclass(frozen=True, slots=True)
class RawRow:
    """`path`: where the row stands in what was sent. `values`: column -> cell as sent."""

    label: str
    values: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class RawChart:
    """`unit`, `kind`: what a wrapper says, unchecked. `unusable`: path -> size, of rows without a size or measures."""

    rows: tuple[RawRow, ...] = ()
    unit: Any = None
    kind: Any = None
    unusable: Mapping[str, str] = field(default_factory=dict)


def raw_chart(raw: Any) -> RawChart:
    """Raises SizeChartInvalidError: too large, too deep, no JSON, or of no shape that is a chart."""
    _check_size(raw)
    found = _of_any(raw, ROOT)
    if len(found.rows) > SIZES_AT_MOST:
        raise SizeChartInvalidError(f"The size chart has more than {SIZES_AT_MOST} sizes.", path=ROOT)
    if not found.rows:
        path = next(iter(found.unusable), ROOT)
        raise SizeChartInvalidError(
            "The size chart has no sizes with measures, like {'M': {'chest': '96-101'}}.", path=path
        )
    return found


# --- limits, before anything is read ---------------------------------------------------------------------------------


def _check_size(raw: Any) -> None:
    """Without recursion: what comes may be nested a thousand times."""
    todo: list[tuple[Any, tuple[Any, ...]]] = [(raw, ())]
    seen = 0
    while todo:
        value, keys = todo.pop()
        seen += 1
        if len(keys) >= DEPTH_AT_MOST:
            raise SizeChartInvalidError(
                f"The size chart is nested {DEPTH_AT_MOST} levels deep or more.",
                path=".".join([ROOT, *map(shown, keys)]),
            )
        if seen > ENTRIES_AT_MOST:
            raise SizeChartInvalidError(f"The size chart has more than {ENTRIES_AT_MOST} entries.", path=ROOT)
        if isinstance(value, Mapping | list | tuple) and len(value) > LONGEST_LIST:
            path = ".".join([ROOT, *map(shown, keys)])
            raise SizeChartInvalidError(f"The size chart has more than {SIZES_AT_MOST} sizes or columns.", path=path)
        todo += [(item, (*keys, key)) for key, item in _children(value)]
    _check_bytes(raw)


def _children(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def _check_bytes(raw: Any) -> None:
    try:
        size = len(json.dumps(raw))
    except (TypeError, ValueError):
        raise SizeChartInvalidError("The size chart holds something that is no JSON.", path=ROOT) from None
    if size > BYTES_AT_MOST:
        raise SizeChartInvalidError(f"The size chart is larger than {BYTES_AT_MOST // 1024} kB of JSON.", path=ROOT)


def _below(path: str, key: object) -> str:
    return f"{path}.{shown(key)}"


# --- shapes ----------------------------------------------------------------------------------------------------------


def _of_any(raw: Any, path: str) -> RawChart:
    if isinstance(raw, Mapping):
        return _of_mapping({str(key): value for key, value in raw.items()}, path)
    if isinstance(raw, list | tuple):
        return _of_list(raw, path)
    raise SizeChartInvalidError("The size chart must be an object or a list.", path=path)


def _of_mapping(raw: Mapping[str, Any], path: str) -> RawChart:
    unit, kind = _word(raw, _UNITS), _word(raw, _KINDS)
    found = _table(raw, path) or _side_by_side(raw, path) or _wrapped(raw, path) or _by_names(raw, path)
    return replace(found, unit=found.unit or unit, kind=found.kind or kind)


def _word(raw: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((value for name, value in raw.items() if fold(name) in names and isinstance(value, str)), None)


def _entry(raw: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Any] | None:
    """The first of these names, in the order of `names`, that holds a list or an object."""
    by_name = {fold(name): name for name in raw}
    held = [by_name[name] for name in names if name in by_name]
    return next(((name, raw[name]) for name in held if isinstance(raw[name], list | tuple | Mapping)), None)


def _table(raw: Mapping[str, Any], path: str) -> RawChart | None:
    heads, body = _entry(raw, _HEADS), _entry(raw, _BODY)
    if not heads or not body or not isinstance(heads[1], list | tuple) or not isinstance(body[1], list | tuple):
        return None
    if not all(isinstance(row, list | tuple) for row in body[1]):
        return None
    names = [_head(head) for head in heads[1]]
    return _grid(names, [(row, f"{_below(path, body[0])}[{place}]") for place, row in enumerate(body[1])])


def _head(head: Any) -> str:
    """Columns may be objects that carry their name."""
    if isinstance(head, Mapping):
        return next((str(value) for name, value in head.items() if fold(str(name)) in _LABELS), "")
    return str(head)


def _grid(heads: Sequence[str], rows: Sequence[tuple[Any, str]]) -> RawChart:
    """Sizes downwards, or to the right when the first row names more sizes than measures."""
    if sum(map(_is_size, heads[1:])) > sum(map(_is_measure, heads)):
        turned = {
            str(row[0]): {size: row[place] for place, size in enumerate(heads) if 0 < place < len(row)}
            for row, _ in rows
            if row
        }
        return _turned(turned, ROOT)
    place = next((place for place, head in enumerate(heads) if fold(head) in (*_LABELS, *_MORE_LABELS)), 0)
    found = [
        (row[place], {head: cell for head, cell in zip(heads, row, strict=False) if head != heads[place]}, path)
        for row, path in rows
        if place < len(row)
    ]
    return _rows(found)


def _side_by_side(raw: Mapping[str, Any], path: str) -> RawChart | None:
    """{"size": ["S", "M"], "chest": [90, 96]}"""
    labels = next((raw[name] for name in raw if fold(name) in (*_LABELS, "sizes") and _is_plain_list(raw[name])), None)
    lists = {name: value for name, value in raw.items() if isinstance(value, list | tuple) and value is not labels}
    if not labels or not lists or any(len(value) != len(labels) for value in lists.values()):
        return None
    return _rows(
        [(label, {name: value[place] for name, value in lists.items()}, path) for place, label in enumerate(labels)]
    )


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value)


def _wrapped(raw: Mapping[str, Any], path: str) -> RawChart | None:
    """A wrapper is known by its name; none of its neighbours is a size or a measure."""
    inner = _entry(raw, _INNER)
    if inner is None or any(_is_size(name) or _is_measure(name) for name in raw if name != inner[0]):
        return None
    return _of_any(inner[1], _below(path, inner[0]))


def _by_names(raw: Mapping[str, Any], path: str) -> RawChart:
    if _label(raw) and any(map(_is_measure, raw)):
        return _rows([(_label(raw), raw, path)])
    held = {name: value for name, value in raw.items() if isinstance(value, Mapping | list | tuple)}
    measures = sum(_is_measure(name) and isinstance(value, Mapping) for name, value in held.items())
    if measures and measures >= sum(_is_size(name) for name in held):
        return _turned(held, path)
    return _rows([(name, value, _below(path, name)) for name, value in held.items()])


def _turned(raw: Mapping[str, Any], path: str) -> RawChart:
    """measure -> size -> cell"""
    rows: dict[str, dict[str, Any]] = {}
    for measure, cells in raw.items():
        for size, cell in cells.items() if isinstance(cells, Mapping) else ():
            rows.setdefault(str(size), {})[measure] = cell
    return _rows([(size, values, path) for size, values in rows.items()])


def _of_list(raw: Sequence[Any], path: str) -> RawChart:
    places = [(item, f"{path}[{place}]") for place, item in enumerate(raw)]
    if places and all(isinstance(item, list | tuple) for item, _ in places):
        return _grid([str(cell) for cell in raw[0]], places[1:])
    found = [(_label(item), item, where) for item, where in places if isinstance(item, Mapping)]
    return _rows(found)


def _label(row: Mapping[str, Any]) -> str | None:
    """The size's name; where there is none, its number in a size system ("EU": 38 -> "EU 38")."""
    by_name = {fold(str(name)): value for name, value in row.items()}
    for name in (*_LABELS, *_MORE_LABELS):
        if _is_name(by_name.get(name)):
            return str(by_name[name])
    return next((f"{name.upper()} {by_name[name]}" for name in SYSTEMS if _is_name(by_name.get(name))), None)


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(shown(value))


def _rows(found: Sequence[tuple[Any, Any, str]]) -> RawChart:
    rows, unusable = [], {}
    for label, values, path in found:
        measures = _measures(values)
        if _is_name(label) and measures:
            rows.append(RawRow(shown(label), measures, path))
        else:
            unusable[path] = shown(label) if _is_name(label) else ""
    return RawChart(tuple(rows), unusable=unusable)


def _measures(values: Any) -> dict[str, Any]:
    """Also when they are one level deeper ("measurements": {...}) or a list of {name, value, unit}."""
    if isinstance(values, list | tuple):
        named = [item for item in values if isinstance(item, Mapping) and _is_name(_label(item))]
        return {str(_label(item)): item for item in named}
    if not isinstance(values, Mapping):
        return {}
    inner = _entry({str(name): value for name, value in values.items()}, _MEASURES)
    own = {str(name): value for name, value in values.items() if fold(str(name)) not in (*_LABELS, *_MEASURES)}
    return {**own, **_measures(inner[1])} if inner else own


def _is_size(name: str) -> bool:
    return bool(parse(name).names)


def _is_measure(name: str) -> bool:
    return read_column(name) is not None
