"""Wearing and the figures of a wardrobe as clients see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from features.wardrobe.model import WardrobeItem
from features.wardrobe.wear_model import WISHLIST, Holding, cost_per_wear
from features.wardrobe.wear_service import WardrobeStats, by_currency

AddressOf = Callable[[str], str]


def wear_view(item: WardrobeItem) -> dict[str, Any]:
    return {
        "item_id": item.id,
        "wear_count": item.wear_count,
        "last_worn_on": _day(item.last_worn_on),
        "price": item.price,
        "currency": item.currency,
        "cost_per_wear": cost_per_wear(item.price, item.wear_count),
    }


def stats_view(stats: WardrobeStats, url_of: AddressOf) -> dict[str, Any]:
    owned = [holding for holding in stats.holdings if holding.section != WISHLIST]
    wished = [holding for holding in stats.holdings if holding.section == WISHLIST]
    brief = {item_id: _brief(item, url_of) for item_id, item in stats.items.items()}
    return {
        "owned": {**_totals(owned), **_wearing(owned)},
        "wishlist": _totals(wished),
        "sections": [
            {"category_section": name, **_totals(list(some))}
            for name, some in groupby(sorted(stats.holdings, key=_section), key=_section)
        ],
        **{name: _named(ids, brief) for name, ids in stats.rankings.items()},
        "cost_per_wear": [
            {"currency": cost.currency, "best": _named(cost.best, brief), "worst": _named(cost.worst, brief)}
            for cost in stats.costs
        ],
    }


def _section(holding: Holding) -> str:
    return holding.section


def _totals(holdings: Sequence[Holding]) -> dict[str, Any]:
    """Values of one currency are added up, never those of two; prices without a currency stand apart, last."""
    sums: dict[str | None, list[float]] = {}
    for holding in sorted(holdings, key=lambda holding: by_currency(holding.currency)):
        if holding.priced:
            found = sums.setdefault(holding.currency, [0, 0.0])
            found[0] += holding.priced
            found[1] += holding.value
    values = [{"currency": name, "items": count, "value": round(value, 2)} for name, (count, value) in sums.items()]
    return {"items": sum(holding.items for holding in holdings), "values": values}


def _wearing(holdings: Sequence[Holding]) -> dict[str, int]:
    worn = sum(holding.worn for holding in holdings)
    never = sum(holding.items for holding in holdings) - worn
    return {"worn": worn, "never_worn": never, "wears": sum(holding.wears for holding in holdings)}


def _named(ids: Iterable[int], brief: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    return [brief[item_id] for item_id in ids if item_id in brief]


def _brief(item: WardrobeItem, url_of: AddressOf) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "brand": item.brand,
        "category_section": item.category_section,
        "thumbnail_url": url_of(item.thumbnail_path),
        "price": item.price,
        "currency": item.currency,
        "wear_count": item.wear_count,
        "last_worn_on": _day(item.last_worn_on),
        "cost_per_wear": cost_per_wear(item.price, item.wear_count),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
