"""Zara: window.zara.dataLayer (2020) or viewPayload (2025), each with the whole product."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.fabric import fabric_of, material_text
from features.garments.extractors.facts import Facts, any_in_stock, stock_word
from features.garments.extractors.json_text import decode_after
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import cents, currency_of
from features.garments.extractors.sizes import in_stock
from features.garments.extractors.values import at, dicts_of, first_of, plain, text_of
from features.garments.product import Product

_MARKERS = ("zara.viewPayload = {", "zara.dataLayer = {", "zara.viewPayload={", "zara.dataLayer={")
_PRODUCT = re.compile(r'"product"\s?:\s?\{')
_PHOTOS = "https://static.zara.net/photos/"
# Kinds of xmedia that never show the garment to be worn: swatches and labels.
_NOT_SHOTS = frozenset({"colorcut", "video", "stylecut"})


class ZaraExtractor(DefaultExtractor):
    hosts: ClassVar[tuple[str, ...]] = ("zara.com",)

    def read_state(self, page: ParsedPage) -> Facts | None:
        for marker in _MARKERS if _PRODUCT.search(page.html) else ():
            state = decode_after(page.html, marker[:-1])
            product = at(state, "product")
            if isinstance(product, dict) and dicts_of(at(product, "detail", "colors")):
                return _read(state, product, page)
        return None

    def finish(self, product: Product, page: ParsedPage) -> None:
        product.brand = "Zara"


def _read(state: Any, product: dict[str, Any], page: ParsedPage) -> Facts:
    colors = dicts_of(at(product, "detail", "colors"), 60)
    asked = next((color for color in colors if (text_of(color.get("productId")) or "-") in page.asked), colors[0])
    facts = Facts("state", single=True, title=text_of(product.get("name"), 300), brand="Zara")
    facts.description = plain(text_of(first_of(asked, "description") or product.get("description")))
    facts.currency = currency_of(at(state, "analyticsData", "page", "currency"))
    facts.price = _price(asked, product) if facts.currency else None
    for color in colors:
        facts.add_color(text_of(color.get("name"), 80))
    facts.selected_color = text_of(asked.get("name"), 80)
    _sizes(facts, asked)
    _pictures(facts, asked, text_of(product.get("kind")))
    _fabric(facts, product, asked)
    _words(facts, product)
    return facts


def _price(color: dict[str, Any], product: dict[str, Any]) -> float | None:
    sizes = (cents(size.get("price")) for size in dicts_of(color.get("sizes"), 60))
    return cents(color.get("price")) or next(filter(None, sizes), None) or cents(product.get("price"))


def _sizes(facts: Facts, color: dict[str, Any]) -> None:
    for size in dicts_of(color.get("sizes"), 60):
        facts.add_size(text_of(size.get("name"), 60), in_stock(size.get("availability")))
    facts.availability = stock_word(any_in_stock(list(facts.sizes.values())))


def _pictures(facts: Facts, color: dict[str, Any], kind: str | None) -> None:
    shots = [each for each in dicts_of(first_of(color, "xmedia", "mainImgs"), 80) if each.get("kind") not in _NOT_SHOTS]
    shots = [each for each in shots if "label" not in (text_of(each.get("name")) or "") and _address(each)]
    facts.images = [_address(shot) or "" for shot in shots]
    plain_shot = next((shot for shot in shots if _lies_alone(shot)), None)
    facts.flat_image = _address(plain_shot) if plain_shot else None
    facts.on_model = True if shots and kind == "Wear" and shots[0].get("kind") == "full" else None


def _lies_alone(shot: dict[str, Any]) -> bool:
    return shot.get("kind") == "plain" or at(shot, "extraInfo", "originalName") == "e1"


def _address(shot: dict[str, Any]) -> str | None:
    direct = text_of(first_of(shot, "url") or at(shot, "extraInfo", "deliveryUrl"), 2_000)
    if direct:
        return direct
    path, name = text_of(shot.get("path"), 500), text_of(shot.get("name"), 200)
    stamp = text_of(shot.get("timestamp"), 40)
    return f"{_PHOTOS}{path}/w/1920/{name}.jpg" + (f"?ts={stamp}" if stamp else "") if path and name else None


def _fabric(facts: Facts, product: dict[str, Any], color: dict[str, Any]) -> None:
    composition = at(color, "detailedComposition") or at(product, "detail", "detailedComposition")
    for part in dicts_of(at(composition, "parts"), 20):
        name = text_of(part.get("description"), 60)
        for component in dicts_of(part.get("components"), 20):
            share, material = text_of(component.get("percentage"), 10), text_of(component.get("material"), 60)
            facts.fabric.extend(
                fabric_of(f"{(share or '').rstrip('% ')}% {material}", name) if share and material else []
            )
    facts.material = material_text(facts.fabric)
    care = (text_of(each.get("description"), 120) for each in dicts_of(at(product, "detail", "care"), 20))
    facts.care_instructions = [line for line in care if line]


def _words(facts: Facts, product: dict[str, Any]) -> None:
    """The family is Spanish in every shop of the world; Fragance is spelt like that in the state."""
    words = (text_of(product.get(key), 80) for key in ("familyName", "subfamilyName"))
    facts.state_category = next((word for word in words if word), None)
    if (text_of(product.get("kind")) or "").startswith("Frag"):
        facts.state_category = "perfume"
    facts.gender = text_of(product.get("sectionName"), 40)
