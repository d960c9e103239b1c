"""What a product page says. A field that it does not tell is None (or empty, for lists): nothing is ever invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a page gave no product; `details.reason` of EXTRACTION_ERROR."""

    BLOCKED = "blocked"
    NOT_FOUND = "not_found"
    NOT_A_PRODUCT = "not_a_product"
    EMPTY_PAGE = "empty_page"
    TIMEOUT = "timeout"
    REFUSED_ADDRESS = "refused_address"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Page:
    """`url`: where the page was found, after redirects. `status`: of the answer, 200 when a client sent the page."""

    url: str
    html: str
    status: int = 200


@dataclass
class Product:
    """`sources` tells for each field where it was found: state, json_ld, microdata, meta, dom, url, words, picture.

    `price`: in units of `currency` (ISO 4217). `images`: absolute https addresses in the shop's order, the largest
    rendition of each picture. `flat_image`: the garment alone (packshot), when there is one. `type`: a garment
    noun (t_shirt, jeans, coat; `categories.garment_type_of` tells how it is worn). `fabric`: {name, percentage, part?}.
    `size_chart`: size -> measure -> text or number, as the page writes it.
    """

    url: str
    title: str | None = None
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    images: list[str] = field(default_factory=list)
    flat_image: str | None = None
    on_model: bool | None = None
    sizes: list[str] = field(default_factory=list)
    size_availability: dict[str, bool | None] = field(default_factory=dict)
    colors: list[str] = field(default_factory=list)
    selected_color: str | None = None
    category: str | None = None
    type: str | None = None
    wearable: bool | None = None
    confidence: float | None = None
    material: str | None = None
    fabric: list[dict[str, Any]] = field(default_factory=list)
    care_instructions: list[str] = field(default_factory=list)
    description: str | None = None
    availability: str | None = None
    size_chart: dict[str, dict[str, Any]] | None = None
    sources: dict[str, str] = field(default_factory=dict)
