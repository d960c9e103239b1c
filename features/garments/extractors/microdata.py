"""Microdata as the same nodes that JSON-LD has, so that one mapper reads both."""

from __future__ import annotations

from typing import Any

from features.garments.extractors.facts import Facts
from features.garments.extractors.markup import pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.schema_product import Node, is_product, product_facts, types_of
from features.garments.extractors.values import clean, dicts_of, text_of

SOURCE = "microdata"
ELEMENTS_AT_MOST = 5_000
PIECES_AT_MOST = 300
_ADDRESSES = {"a": "href", "link": "href", "area": "href", "img": "src", "source": "src", "object": "data"}


class _Scopes:
    """Nodes of a page by their element. A property belongs to the nearest itemscope above it."""

    def __init__(self, page: ParsedPage) -> None:
        self.nodes: dict[Any, Node] = {}
        self.tops: list[Node] = []
        found = page.tree.xpath("//*[@itemprop or @itemscope or @itemtype]")
        for element in found[:ELEMENTS_AT_MOST] if isinstance(found, list) else []:
            self._take(element)

    def _take(self, element: Any) -> None:
        owner = self._owner(element)
        value: Any = None
        if element.get("itemscope") is not None or element.get("itemtype"):
            value = self.nodes[element] = {"@type": (element.get("itemtype") or "").split()}
            if element.get("content"):
                value["name"] = element.get("content")
        names = (element.get("itemprop") or "").split()
        if owner is None or not names:
            self._alone(element, value, names)
            return
        for name in names:
            held = owner.setdefault(name, [])
            if isinstance(held, list):
                held.append(value if value is not None else _value(element))

    def _alone(self, element: Any, value: Any, names: list[str]) -> None:
        if value is not None and (not is_product(value) or not self._inside_product(element)):
            self.tops.append(value)

    def _owner(self, element: Any) -> Node | None:
        return next((self.nodes[above] for above in element.iterancestors() if above in self.nodes), None)

    def _inside_product(self, element: Any) -> bool:
        return any(is_product(self.nodes[above]) for above in element.iterancestors() if above in self.nodes)


def _value(element: Any) -> str | None:
    content = element.get("content")
    if content is not None:
        return clean(content)
    attribute = _ADDRESSES.get(element.tag)
    if attribute:
        return clean(element.get("data-zoom-image") or element.get(attribute) or element.get("data-src") or "")
    return clean(" ".join(pieces(element, PIECES_AT_MOST)))


def read(page: ParsedPage) -> Facts | None:
    if "itemprop" not in page.html:
        return None
    scopes = _Scopes(page)
    products = [node for node in scopes.tops if is_product(node)]
    facts = product_facts(products, page, SOURCE) or Facts(SOURCE)
    facts.breadcrumb = _breadcrumb(list(scopes.nodes.values()))
    if not scopes.tops:
        return None
    return facts


def _breadcrumb(nodes: list[Node]) -> list[str]:
    found = next((node for node in nodes if "breadcrumblist" in types_of(node)), None)
    if found is None:
        return []
    names = (text_of(item.get("name"), 120) for item in dicts_of(found.get("itemListElement"), 12))
    return [name for name in names if name]
