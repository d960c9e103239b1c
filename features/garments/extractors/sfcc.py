"""Salesforce Commerce Cloud storefronts: SiteGenesis swatches and SFRA attribute blocks, recognised by the page."""

from __future__ import annotations

import re
from typing import Any

from features.garments.extractors.default import DefaultExtractor
from features.garments.extractors.facts import Facts
from features.garments.extractors.markup import is_elsewhere, mark_of, pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sizes import is_size
from features.garments.extractors.values import clean

_GROUPS = "//ul[contains(@class, 'swatch')] | //*[@data-attr] | //ul[contains(@class, 'attribute')]"
_COLOR = re.compile(r"colou?r", re.IGNORECASE)
_SIZE = re.compile(r"size|talle|talla|taille|größe|width|length", re.IGNORECASE)
_TITLED = re.compile(r"^(?:select|choose|selected)?[^:]{0,30}:\s*(.+)$", re.IGNORECASE)
_GONE = re.compile(r"unavailable|unselectable|disabled|out-of-stock|sold-?out", re.IGNORECASE)
_CHOSEN = re.compile(r"(?:^|[\s_-])(?:selected|active|is-selected)(?:\s|$)", re.IGNORECASE)
CHOICES_AT_MOST = 120


class SalesforceExtractor(DefaultExtractor):
    @classmethod
    def recognises(cls, page: ParsedPage) -> bool:
        return "demandware" in page.html

    def read_state(self, page: ParsedPage) -> Facts | None:
        facts = Facts("dom")
        groups = page.tree.xpath(_GROUPS)
        for group in groups[:60] if isinstance(groups, list) else []:
            if not is_elsewhere(group):
                _read_group(facts, group, page)
        return facts if facts.sizes or facts.colors else None


def _read_group(facts: Facts, group: Any, page: ParsedPage) -> None:
    kind = mark_of(group)
    if _COLOR.search(kind) and not facts.colors:
        _read_colors(facts, group, page)
    elif _SIZE.search(kind) and not facts.sizes:
        for choice in list(group.iter("li", "option", "button"))[:CHOICES_AT_MOST]:
            name = _name(choice)
            if name and is_size(name) and not is_elsewhere(choice):
                facts.add_size(name, not _GONE.search(mark_of(choice)) and choice.get("disabled") is None)


def _read_colors(facts: Facts, group: Any, page: ParsedPage) -> None:
    for choice in list(group.iter("li", "option", "button"))[:CHOICES_AT_MOST]:
        name = _name(choice)
        if not name or len(name) > 60:
            continue
        facts.add_color(name)
        if _CHOSEN.search(choice.get("class") or "") or _is_asked(choice, page):
            facts.selected_color = name


def _is_asked(choice: Any, page: ParsedPage) -> bool:
    """The address of the page holds the value that this choice would set."""
    own = [
        each.get("data-attr-value") or each.get("value") or ""
        for each in choice.iter("li", "option", "button", "a", "span")
    ]
    return any(len(value) > 3 and value.casefold() in page.asked for value in own)


def _name(choice: Any) -> str | None:
    """data-attr-value of a size is its name; a swatch says it in a title: "Select Size: XL"."""
    for each in [choice, *list(choice.iter("a", "button", "span", "img"))[:6]]:
        titled = _TITLED.match(each.get("title") or each.get("aria-label") or "")
        if titled:
            return clean(titled.group(1), 60)
    value = choice.get("data-attr-value")
    return clean(value, 60) if value else clean(" ".join(pieces(choice, 10)), 60)
