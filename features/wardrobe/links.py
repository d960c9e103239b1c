"""Items by link: what the page says about the garment, in the words of the wardrobe, and its picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from features.garments.categories import garment_type_of, platform_category
from features.garments.product import Product, Reason
from features.wardrobe import fabric
from features.wardrobe.kinds import GARMENT_CATEGORIES
from features.wardrobe.limits import LONGEST, MOST_CARE, MOST_PRICE
from shared.engines.base import Deadline, Notice
from shared.errors import DeadlineExceededError, ExtractionError, PayloadTooLargeError, UnsupportedMediaTypeError
from shared.image_processing import PreparedImage

LINK_SECONDS = 30.0
"""For the page and its pictures together: somebody waits for the answer."""

KNOWN_SECONDS = 10.0

_TOGETHER = {
    ("price", "currency"): ("price", "currency"),
    ("category", "garment_category_type"): ("category", "garment_category_type", "garment_type"),
}
"""Where a person contradicts one of the first, none of the second is taken from the page."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FABRIC_LEFT_OUT = Notice("fabric_left_out", "The fabric on the page does not add up to 100 %, so it was left out.")


class PicksPictures(Protocol):
    def product(self, url: str, deadline: Deadline) -> Product | None: ...

    def best(self, product: Product, deadline: Deadline) -> PreparedImage: ...

    def first(self, addresses: Sequence[str], deadline: Deadline) -> PreparedImage: ...


@dataclass(frozen=True)
class LinkedItem:
    """`facts`: by names of model.CHANGEABLE, none of them None."""

    image: PreparedImage
    facts: Mapping[str, Any]
    warnings: tuple[Notice, ...] = ()


class LinkedItems:
    def __init__(self, packshots: PicksPictures) -> None:
        self._packshots = packshots

    def fetch(self, url: str) -> LinkedItem:
        """Of a product page, or of a picture's own address. Raises ExtractionError with its reason, and what the
        picture fails with."""
        deadline = Deadline(LINK_SECONDS)
        try:
            product = self._packshots.product(url, deadline)
            if product is None:
                return LinkedItem(self._packshots.first([url], deadline), {})
            image = self._packshots.best(product, deadline)
        except DeadlineExceededError as error:
            raise _no_item("The shop took too long to answer. Try again, or", Reason.TIMEOUT) from error
        except PayloadTooLargeError as error:
            raise _no_item("The picture behind this link is too large:", Reason.TOO_LARGE) from error
        except UnsupportedMediaTypeError as error:
            raise _no_item("Behind this link is no picture that can be used:", Reason.UNSUPPORTED) from error
        facts = facts_of(product)
        return LinkedItem(image, facts, (FABRIC_LEFT_OUT,) if product.fabric and "fabric" not in facts else ())

    def known(self, url: str) -> Mapping[str, Any]:
        """The facts alone, of a page that was read not long ago; none when it cannot be had any more."""
        with suppress(ExtractionError, DeadlineExceededError):
            product = self._packshots.product(url, Deadline(KNOWN_SECONDS))
            return facts_of(product) if product else {}
        return {}


def merged(facts: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a garment under what a person says: their price is never given the page's currency, nor their
    kind of garment the page's category."""
    contradicted = {
        name
        for decisive, names in _TOGETHER.items()
        for name in names
        if any(other in said and said[other] != facts.get(other) for other in decisive)
    }
    return {**{name: value for name, value in facts.items() if name not in contradicted}, **said}


def facts_of(product: Product) -> dict[str, Any]:
    """What fits into an item; the rest is left out."""
    color = product.selected_color or (product.colors[0] if len(product.colors) == 1 else None)
    category = product.category if product.category in GARMENT_CATEGORIES else None
    found = {
        "title": _line(product.title, "title"),
        "brand": _line(product.brand, "brand"),
        "color": _line(color, "color"),
        "description": _text(product.description),
        **_price(product),
        "category": platform_category(product.type) if product.type else None,
        "garment_category_type": category,
        "garment_type": garment_type_of(product.type, category) if category else None,
        "fabric": fabric.of_page(product.fabric),
        "care_instructions": [line for text in product.care_instructions[:MOST_CARE] if (line := _line(text, "care"))],
        "size_chart": product.size_chart,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _price(product: Product) -> dict[str, Any]:
    if product.price is None or not 0 <= product.price <= MOST_PRICE:
        return {}
    currency = product.currency if product.currency and _CURRENCY.fullmatch(product.currency) else None
    return {"price": product.price, "currency": currency}


def _line(text: str | None, field: str) -> str | None:
    return " ".join(_CONTROL.sub(" ", text or "").split())[: LONGEST[field]].strip() or None


def _text(text: str | None) -> str | None:
    return _CONTROL.sub(" ", text or "")[: LONGEST["description"]].strip() or None


def _no_item(why: str, reason: Reason) -> ExtractionError:
    return ExtractionError(f"{why} upload the picture instead.", details={"reason": reason.value})
