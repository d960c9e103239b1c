"""Garments that were tried on, on their way into the wardrobe. Who knows them stands above and hands them down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from features.garments.category_words import WEARABLE
from features.wardrobe.kinds import GARMENT_CATEGORIES, PLATFORM
from features.wardrobe.limits import LONGEST

TAKEN = ("title", "brand", "color")


@dataclass(frozen=True)
class TriedOn:
    """`picture`: as it was tried on, None once the job's photos were deleted; then there is a `garment_url`.
    `garment_type`: as it was worn, None when nobody said. `details`: words of the client, of a page, of an item."""

    picture: bytes | None
    garment_type: str | None
    garment_url: str | None
    details: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        """By names of model.CHANGEABLE, none of them None."""
        found = {name: self.details[name][: LONGEST[name]] for name in TAKEN if self.details.get(name)}
        if self.garment_type:
            found["garment_type"] = self.garment_type
        return found | _kind(self.details.get("category", ""))


class KnowsJobs(Protocol):
    def garment_of_job(self, user_id: str, job_id: str, number: int | None) -> TriedOn:
        """`number`: which of several garments, from 0 in order of dressing; None where there is one.

        Raises NotFoundError, ConflictError (not finished), ValidationError (`number`), ResultExpiredError (neither the
        picture nor a link is left).
        """


def _kind(words: str) -> dict[str, str]:
    """By the name of a type ("t-shirt"), of a platform category ("t shirts") or of a garment category."""
    word = words.strip().lower().replace(" ", "_").replace("-", "_")
    known = WEARABLE.get(word)
    if category := word if word in PLATFORM else known and known.platform:
        return {"category": category}
    garment = known.category if known else word
    return {"garment_category_type": garment} if garment in GARMENT_CATEGORIES else {}
