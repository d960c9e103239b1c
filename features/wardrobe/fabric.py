"""Fabric of an item: shares of fibres, by part of the garment where it has several (outer fabric, lining)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from features.wardrobe.limits import LONGEST, MOST_FABRICS

WHOLE = (99.0, 101.0)
"""Percent: labels round, so that three thirds may add up to 99 or 101."""


def wrong_part(shares: Iterable[Mapping[str, Any]]) -> str | None:
    """The sentence about the first part whose shares do not add up; None when all do.

    A part of which a share is not known may add up to less, but never to more.
    """
    parts: defaultdict[str, list[float | None]] = defaultdict(list)
    for share in shares:
        parts[share.get("part") or ""].append(share["percentage"])
    for part, percentages in parts.items():
        total = math.fsum(value for value in percentages if value is not None)
        lowest = 0.0 if None in percentages else WHOLE[0]
        if not lowest <= round(total, 6) <= WHOLE[1]:
            of = f" of '{part}'" if part else ""
            return f"the percentages{of} add up to {total:g}, not to 100"
    return None


def of_page(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a product page says, when it can be kept; else nothing."""
    shares = [entry for item in found[: MOST_FABRICS + 1] if (entry := _entry(item))]
    whole = len(shares) == len(found) <= MOST_FABRICS and wrong_part(shares) is None
    return shares if whole else []


def _entry(item: Mapping[str, Any]) -> dict[str, Any] | None:
    name, part, percentage = (item.get(key) for key in ("name", "part", "percentage"))
    if not isinstance(name, str) or not name or len(name) > LONGEST["fabric_name"]:
        return None
    if percentage is not None and not 0 <= percentage <= 100:
        return None
    return {"name": name, "percentage": percentage, **({"part": str(part)[: LONGEST["fabric_part"]]} if part else {})}
