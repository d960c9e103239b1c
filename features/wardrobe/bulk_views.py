"""What became of many pictures, as clients see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from features.wardrobe.bulk import Outcome
from features.wardrobe.service import AddedItem
from features.wardrobe.views import AddressOf, added_view
from shared.errors import BecauseFutureError


def outcome_views(outcomes: Sequence[Outcome], url_of: AddressOf, path_of: AddressOf) -> list[dict[str, Any]]:
    return [
        {
            "index": outcome.index,
            "outcome": outcome.name,
            "item": added_view(outcome.result, url_of, path_of) if isinstance(outcome.result, AddedItem) else None,
            "error": _error(outcome.result) if isinstance(outcome.result, BecauseFutureError) else None,
        }
        for outcome in outcomes
    ]


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    found = Counter(outcome.name for outcome in outcomes)
    return {"created": found["created"], "exists": found["exists"], "failed": found["failed"]}


def _error(error: BecauseFutureError) -> dict[str, Any]:
    details = {"details": error.details} if error.details else {}
    return {"code": error.error_code, "message": error.message, "retryable": error.retryable, **details}
