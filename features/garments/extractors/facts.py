"""What one reader found on a page. Readers fill what they see; `merge` makes one product of several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_COLORS, MOST_SIZES = 60, 400


@dataclass(slots=True)
class Facts:
    """`source`: state, json_ld, microdata, meta or dom. `images`: addresses as the page writes them, best first.

    `sizes`: name -> in stock, None when the page does not say. `state_category`, `breadcrumb`, `type_name`, `gender`:
    what the words of a category are read from, as the page writes them. `single`: this reader saw one product, not a
    list of them, so the page is a product page.
    """

    source: str
    single: bool = False
    title: str | None = None
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    images: list[str] = field(default_factory=list)
    flat_image: str | None = None
    on_model: bool | None = None
    sizes: dict[str, bool | None] = field(default_factory=dict)
    colors: list[str] = field(default_factory=list)
    selected_color: str | None = None
    material: str | None = None
    fabric: list[dict[str, Any]] = field(default_factory=list)
    care_instructions: list[str] = field(default_factory=list)
    description: str | None = None
    availability: str | None = None
    size_chart: dict[str, dict[str, Any]] | None = None
    state_category: str | None = None
    breadcrumb: list[str] = field(default_factory=list)
    type_name: str | None = None
    gender: str | None = None

    def add_size(self, name: str | None, in_stock: bool | None) -> None:
        """A size may come several times (one per colour or offer): in stock once is in stock."""
        if len(self.sizes) >= MOST_SIZES and name not in self.sizes:
            return
        if name and (name not in self.sizes or in_stock or self.sizes[name] is None):
            self.sizes[name] = in_stock

    def add_color(self, name: str | None) -> None:
        if len(self.colors) >= MOST_COLORS:
            return
        if name and len(name) <= 80 and name.casefold() not in {known.casefold() for known in self.colors}:
            self.colors.append(name)


def stock_word(in_stock: bool | None) -> str | None:
    return None if in_stock is None else "in_stock" if in_stock else "out_of_stock"


def any_in_stock(stocks: list[bool | None]) -> bool | None:
    """In stock when one is; out when none is and one says so."""
    if any(stocks):
        return True
    return False if False in stocks else None
