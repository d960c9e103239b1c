"""One product of what several readers found: per field, the first reader that knows it, and its name in `sources`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.garments.extractors import gallery
from features.garments.extractors.facts import Facts
from features.garments.extractors.images import absolute, flat_by_words, product_images
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.renditions import full_size
from features.garments.product import Product

_PLAIN = (
    "title", "brand", "price", "currency", "colors", "selected_color", "material", "fabric", "care_instructions",
    "description", "availability", "size_chart",
)  # fmt: skip


def merge(page: ParsedPage, found: Sequence[Facts]) -> Product:
    """`found`: what the readers say, the most trusted first."""
    product = Product(url=page.url)
    for name in _PLAIN:
        _take(product, found, name)
    _take_sizes(product, found)
    _take_images(product, page, found)
    return product


def _take(product: Product, found: Sequence[Facts], name: str) -> None:
    for facts in found:
        value = getattr(facts, name)
        if value not in (None, "", [], {}):
            setattr(product, name, value)
            product.sources[name] = facts.source
            return


def _take_sizes(product: Product, found: Sequence[Facts]) -> None:
    facts = next((each for each in found if each.sizes), None)
    if facts is None:
        return
    product.size_availability = dict(facts.sizes)
    product.sizes = list(facts.sizes)
    product.sources["sizes"] = product.sources["size_availability"] = facts.source


def _take_images(product: Product, page: ParsedPage, found: Sequence[Facts]) -> None:
    for facts in found:
        product.images = product_images(facts.images, page.url, product.title)
        if product.images:
            product.sources["images"] = facts.source
            if facts.source != "state":
                more = gallery.more_of(page, product.images)
                product.images = product_images([*product.images, *more], page.url, product.title)
            break
    labelled = next((each for each in found if each.flat_image), None)
    address = absolute(labelled.flat_image, page.url) if labelled else None
    product.flat_image = full_size(address) if address else flat_by_words(product.images)
    if product.flat_image:
        product.sources["flat_image"] = labelled.source if address and labelled else "url"
    _say_on_model(product, found)


def _say_on_model(product: Product, found: Sequence[Facts]) -> None:
    """Known from labels only; pixels are looked at by whoever fetches the picture."""
    if product.flat_image:
        product.on_model = False
        product.sources["on_model"] = product.sources["flat_image"]
        return
    _take(product, found, "on_model")


def first_known(found: Sequence[Facts], name: str) -> Any:
    return next((getattr(each, name) for each in found if getattr(each, name)), None)
