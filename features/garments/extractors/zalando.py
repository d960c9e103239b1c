"""Zalando: the state of the product page (2020 shape), with labelled pictures."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.fabric import care_list, fabric_of
from features.garments.extractors.facts import Facts, stock_word
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.prices import currency_of, price_of
from features.garments.extractors.values import at, dicts_of, first_of, text_of

_STATE = "z-vegas-pdp-props"
_COUNTRIES = "at be ch co.uk com cz de dk ee es fi fr hr hu ie it lt lv nl no pl pt ro se si sk".split()
_CARE = re.compile(
    r"care|pflege|hoito|entretien|lavaggio|cuidado|skötsel|vedligehold|pleje|onderhoud|pielęgnac|wasvoorschrift", re.I
)


class ZalandoExtractor(DefaultExtractor):
    hosts: ClassVar[tuple[str, ...]] = tuple(f"zalando.{country}" for country in _COUNTRIES)

    def read_state(self, page: ParsedPage) -> Facts | None:
        article = at(page.script_json(_STATE), "model", "articleInfo")
        return _read(article) if isinstance(article, dict) and article.get("name") else None


def _read(article: dict[str, Any]) -> Facts:
    color = text_of(article.get("color"), 80)
    facts = Facts("state", single=True, title=_title(text_of(article.get("name"), 300), color))
    facts.brand = text_of(article.get("brand"), 120)
    shown = at(article, "displayPrice", "price")
    facts.price, facts.currency = price_of(shown), currency_of(at(shown, "currency"))
    facts.availability = stock_word(article["available"]) if isinstance(article.get("available"), bool) else None
    for each in dicts_of(article.get("colors"), 60):
        facts.add_color(text_of(each.get("color"), 80))
    facts.add_color(color)
    facts.selected_color = color
    for unit in dicts_of(article.get("units"), 60):
        stock = unit.get("available")
        facts.add_size(text_of(at(unit, "size", "local"), 60), stock if isinstance(stock, bool) else None)
    _pictures(facts, article)
    _details(facts, article)
    tags = (text_of(article.get(key), 80) for key in ("silhouette_code", "category_tag"))
    facts.state_category = " ".join(tag.replace("_", " ") for tag in tags if tag) or None
    facts.gender = text_of(at(article, "targetGroups", "gender"), 40)
    return facts


def _title(name: str | None, color: str | None) -> str | None:
    """The name ends with the colour of this article."""
    return name.removesuffix(f" - {color}") if name and color else name


def _pictures(facts: Facts, article: dict[str, Any]) -> None:
    images = dicts_of(at(article, "media", "images"), 60)
    named = [
        (image.get("type"), text_of(first_of(image.get("sources"), "zoom", "gallery", "thumb"), 2_000))
        for image in images
    ]
    facts.images = [address for _, address in named if address]
    flat = next((address for kind, address in named if kind == "PACKSHOT"), None)
    alone = next((address for kind, address in named if kind == "NON_MODEL"), None)
    facts.flat_image = flat or alone
    facts.on_model = True if images and images[0].get("type") in {"PREMIUM", "STYLE"} else None


def _details(facts: Facts, article: dict[str, Any]) -> None:
    """Materials stand part by part in one group; care is one of them."""
    group = next(
        (each for each in dicts_of(article.get("attributes"), 30) if each.get("category") == "heading_material"), None
    )
    lines = []
    for each in dicts_of(at(group, "data"), 30):
        name, value = text_of(each.get("name"), 60), text_of(each.get("values"), 400)
        if not name or not value:
            continue
        if _CARE.search(name):
            facts.care_instructions = care_list(value)
            continue
        facts.fabric.extend(fabric_of(value, name))
        lines.append(f"{name}: {value}")
    facts.material = "; ".join(lines) or None
