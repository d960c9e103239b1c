"""One cell of a size chart, as shops write it: "88-92", 34½, "up to 90", {"min": 88, "max": 92}, "34 in (86 cm)"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from features.fitting.words import fold

CM_PER_INCH = 2.54
KG_PER_POUND = 0.45359237
LONGEST_TEXT = 60
LARGEST_NUMBER = 3000.0  # of any unit: nobody is taller in mm
WIDEST_RANGE = 2.2  # hi / lo: even "one size" is narrower; 2.54 is the same number in two units
SAME_LENGTH = 0.04  # how far a rounded "34 (86)" may be from one inch = 2.54 cm

# What is written -> the unit it is read in and how many of those it is.
UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("cm", "cms", "centimeter", "centimeters", "centimetre", "centimetres", "zentimeter"), ("cm", 1.0)),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), ("cm", 0.1)),
    **dict.fromkeys(("m", "metric"), ("cm", 100.0)),
    **dict.fromkeys(
        ("in", "ins", "inch", "inches", '"', "zoll", "pouce", "pouces", "pulgadas", "pulgada"), ("in", 1.0)
    ),
    **dict.fromkeys(("pollici", "polegadas", "tum", "tommer", "tuumaa", "inci", "imperial"), ("in", 1.0)),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilos"), ("kg", 1.0)),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), ("lb", 1.0)),
}
_WRITTEN_UNITS = "|".join(sorted((re.escape(name) for name in UNITS), key=len, reverse=True))
_NUMBER = r"(\d{1,4}(?:[.,]\d{1,6})?)(?:(?:\s|-)(\d{1,2})/(2|3|4|8|16)(?!\d))?"
_ONE = rf"{_NUMBER}\s*({_WRITTEN_UNITS})?\.?"
_TO = r"(?:-|~|/|\.{2,3}|to|bis|a|al|ate|hasta|tot|till|til|do|thru|through|and|und|et|y|e|jusqu'a|-\s*>)"
_FROM_WORD = r"(?:from|between|ab|von|zwischen|desde|entre|de|da|del|tra|van|fra|fran|od)"
_UP_TO = (
    r"(?:up to|upto|to|until|under|below|less than|at most|max\.?|maximum|bis(?: zu)?|unter|jusqu'a|moins de"
    r"|hasta|menos de|fino a|meno di|ate|tot|til|till|do|<=?|≤)"
)
_AT_LEAST = (
    r"(?:from|over|above|more than|at least|min\.?|minimum|ab|von|uber|mindestens|desde|mas de|a partir de"
    r"|a partire da|oltre|plus de|mais de|de|des|da|vanaf|fra|fran|od|>=?|≥)"
)
_AND_MORE = r"(?:\+|and (?:up|over|above|more)|or more|und mehr|et plus|y mas|o mas|e oltre|e mais|& up|up|plus)"
_ABOUT = re.compile(r"^(?:ca\.?|circa|approx\.?|approximately|about|etwa|env\.?|environ|aprox\.?|~|≈)\s*(?=\d)")
_FEET = re.compile(r"(?<!\d)(\d)\s*(?:'|ft\.?|feet)\s*(?:(\d{1,2}(?:\.\d)?)\s*(?:\"|in\b\.?)?)?")

_EXACT = re.compile(_ONE)
_RANGE = re.compile(rf"(?:{_FROM_WORD}\s*)?{_ONE}\s*{_TO}\s*{_ONE}")
_AROUND = re.compile(rf"{_ONE}\s*(?:±|\+/-|\+-)\s*{_ONE}")
_OPEN_BELOW = re.compile(rf"{_UP_TO}\s*{_ONE}")
_OPEN_ABOVE = re.compile(rf"{_AT_LEAST}\s*{_ONE}|{_ONE}\s*{_AND_MORE}")
_BLANK = re.compile(r"(?:[-.*/\s]*|n/?a|n\.a\.|none|null|nan|tbd|tbc|\?+|k\.a\.)")

_LOW_KEYS = ("min", "minimum", "lo", "low", "lower", "from", "von", "de", "start", "gte")
_HIGH_KEYS = ("max", "maximum", "hi", "high", "upper", "to", "bis", "a", "end", "lte")
_VALUE_KEYS = ("value", "val", "measurement", "measure", "text", "cm", "in", "inch", "inches", "mm")


@dataclass(frozen=True, slots=True)
class RawCell:
    """Numbers as written, lo <= hi; None on one side: open there ("up to 90"). `unit`: cm, in, kg, lb or not written.

    Millimetres and metres are already cm here, feet are inches.
    """

    lo: float | None
    hi: float | None
    unit: str | None = None

    @property
    def middle(self) -> float:
        """Of an open cell, the bound that it has."""
        bounds = [bound for bound in (self.lo, self.hi) if bound is not None]
        return sum(bounds) / len(bounds)

    def times(self, factor: float, unit: str) -> RawCell:
        lo, hi = (None if bound is None else bound * factor for bound in (self.lo, self.hi))
        return RawCell(lo, hi, unit)


def read_cell(value: Any) -> RawCell | None:
    """None: not one length or range (also NaN, infinite, negative, zero, true and false)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _exact(float(value), None) if 0 < value <= LARGEST_NUMBER else None
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, list | tuple):
        return _of_list(value)
    return _of_mapping(value) if isinstance(value, Mapping) else None


def is_blank(value: Any) -> bool:
    """A cell that says nothing, which is no mistake: null, "", "-", "n/a"."""
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT and _BLANK.fullmatch(fold(value)) is not None
    return value is None or value == [] or value == {}


def known_unit(word: Any) -> str | None:
    """cm, in, kg or lb of a word such as inches, metric, mm. None: no unit."""
    found = UNITS.get(fold(word)) if isinstance(word, str) and len(word) <= LONGEST_TEXT else None
    return found[0] if found else None


def _exact(number: float, unit: str | None) -> RawCell | None:
    name, size = UNITS[unit] if unit else (None, 1.0)
    if not 0 < number <= LARGEST_NUMBER:
        return None
    return RawCell(number * size, number * size, name)


def _range(low: RawCell | None, high: RawCell | None) -> RawCell | None:
    """From the lower bound of one to the upper of the other, in either order; one unit is enough for both."""
    if low is None or high is None or low.lo is None or high.hi is None:
        return None
    if low.unit and high.unit and low.unit != high.unit:
        return None
    lo, hi = sorted((low.lo, high.hi))
    return RawCell(lo, hi, low.unit or high.unit) if hi <= WIDEST_RANGE * lo else None


def _of_text(text: str) -> RawCell | None:
    if len(text) > LONGEST_TEXT:
        return None
    plain = _FEET.sub(_in_inches, _ABOUT.sub("", fold(text)))
    return _one_unit(plain) or _two_units(plain)


def _in_inches(match: re.Match[str]) -> str:
    return f"{12 * int(match[1]) + float(match[2] or 0):g}in"


def _one_unit(plain: str) -> RawCell | None:
    if match := _EXACT.fullmatch(plain):
        return _numbered(match.groups())
    if match := _RANGE.fullmatch(plain):
        return _range_of(match.groups())
    if match := _AROUND.fullmatch(plain):
        return _around(match.groups())
    if match := _OPEN_BELOW.fullmatch(plain):
        cell = _numbered(match.groups())
        return replace(cell, lo=None) if cell else None
    if match := _OPEN_ABOVE.fullmatch(plain):
        cell = _numbered(match.groups()[:4] if match[1] else match.groups()[4:])
        return replace(cell, hi=None) if cell else None
    return None


def _numbered(groups: tuple[str | Any, ...]) -> RawCell | None:
    """The four groups of _ONE: number, numerator, denominator, unit."""
    whole, above, below, unit = groups
    number = float(whole.replace(",", "."))
    if above:
        part = int(above) / int(below)
        return _exact(number + part, unit) if part < 1 else None
    return _exact(number, unit)


def _range_of(groups: tuple[str | Any, ...]) -> RawCell | None:
    """Of "860-900 mm": the one unit that is written counts for both numbers, before it is turned into cm."""
    unit = groups[3] or groups[7]
    return _range(_numbered((*groups[:3], groups[3] or unit)), _numbered((*groups[4:7], groups[7] or unit)))


def _around(groups: tuple[str | Any, ...]) -> RawCell | None:
    unit = groups[3] or groups[7]
    middle, slack = _numbered((*groups[:3], unit)), _numbered((*groups[4:7], unit))
    if middle is None or slack is None or slack.middle >= middle.middle:
        return None
    bounds = (middle.middle - slack.middle, middle.middle + slack.middle)
    return RawCell(*bounds, middle.unit) if bounds[1] <= WIDEST_RANGE * bounds[0] else None


def _two_units(plain: str) -> RawCell | None:
    """The same length in inches and cm, in either order: "34 in (86 cm)", "86-91 / 34-36". Answers the cm."""
    for match in re.finditer(r"[(/|\[]", plain):
        left, right = plain[: match.start()].strip(), plain[match.end() :].strip(" )]")
        cells = [cell for cell in (_one_unit(left), _one_unit(right)) if cell]
        if len(cells) == 2:
            inches, cm = sorted(cells, key=lambda cell: cell.middle)
            if inches.unit in ("in", None) and cm.unit in ("cm", None) and _same_length(inches, cm):
                return replace(cm, unit="cm")
    return None


def _same_length(inches: RawCell, cm: RawCell) -> bool:
    pairs = [(inches.lo, cm.lo), (inches.hi, cm.hi)]
    if any((one is None) != (other is None) for one, other in pairs):
        return False
    return all(
        math.isclose(one * CM_PER_INCH, other, rel_tol=SAME_LENGTH)
        for one, other in pairs
        if one is not None and other is not None
    )


def _of_list(values: list[Any] | tuple[Any, ...]) -> RawCell | None:
    if not 0 < len(values) <= 2 or any(isinstance(value, list | tuple | Mapping) for value in values):
        return None
    return _range(read_cell(values[0]), read_cell(values[-1])) if len(values) == 2 else read_cell(values[0])


def _of_mapping(value: Mapping[Any, Any]) -> RawCell | None:
    """Bounds, or one value that may itself be a range; `unit` counts where the text has none."""
    known = {key.casefold(): item for key, item in value.items() if isinstance(key, str) and len(key) <= LONGEST_TEXT}
    unit = known.get("unit", known.get("units"))
    low, high = (_bound(known, keys, unit) for keys in (_LOW_KEYS, _HIGH_KEYS))
    if low and high:
        return _range(low, high)
    if low or high:
        return replace(low, hi=None) if low else replace(high, lo=None) if high else None
    return next((cell for key in _VALUE_KEYS if (cell := _bound(known, (key,), unit or key))), None)


def _bound(known: Mapping[str, Any], keys: tuple[str, ...], unit: Any) -> RawCell | None:
    found = next((known[key] for key in keys if not is_blank(known.get(key))), None)
    if isinstance(found, Mapping | list | tuple):
        return _of_list(found) if isinstance(found, list | tuple) else None
    cell = read_cell(found)
    if cell is None or cell.unit or fold(str(unit))[:LONGEST_TEXT] not in UNITS:
        return cell
    name, size = UNITS[fold(str(unit))[:LONGEST_TEXT]]
    return cell.times(size, name)
