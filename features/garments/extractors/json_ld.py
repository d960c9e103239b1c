"""JSON-LD: every block alone, all spellings, without the things that stand for other products."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from features.garments.extractors import rsc
from features.garments.extractors.facts import Facts
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.schema_product import is_product, product_facts, types_of
from features.garments.extractors.values import at, dicts_of, text_of

SOURCE = "json_ld"
# Only these lead to nodes of this page; isRelatedTo, isSimilarTo and itemListElement lead to other products.
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "itemOffered", "about", "@list")
NODES_AT_MOST = 5_000


def nodes_of(blocks: Iterable[Any]) -> list[dict[str, Any]]:
    """All nodes of a page, without recursion and at most NODES_AT_MOST."""
    found: list[dict[str, Any]] = []
    waiting = list(blocks)[::-1]
    while waiting and len(found) < NODES_AT_MOST:
        value = waiting.pop()
        if isinstance(value, dict):
            found.append(value)
            waiting.extend(value[key] for key in _INSIDE if isinstance(value.get(key), dict | list))
        elif isinstance(value, list):
            waiting.extend(value[:NODES_AT_MOST][::-1])
    return found


def read(page: ParsedPage) -> Facts | None:
    nodes = nodes_of(page.ld_blocks) or nodes_of(rsc.product_nodes(rsc.streamed_text(page)))
    if not nodes:
        return None
    products = [node for node in nodes if is_product(node)]
    facts = product_facts(products, page, SOURCE) or Facts(SOURCE)
    facts.breadcrumb = _breadcrumb(nodes)
    return facts


def _breadcrumb(nodes: list[dict[str, Any]]) -> list[str]:
    found = next((node for node in nodes if "breadcrumblist" in types_of(node)), None)
    if found is None:
        return []
    names = (
        text_of(item.get("name") or at(item, "item", "name"), 120)
        for item in dicts_of(found.get("itemListElement"), 12)
    )
    return [name for name in names if name]


def has_list(page: ParsedPage) -> bool:
    """Whether the page says of itself that it is a list."""
    return any(
        not types_of(node).isdisjoint({"itemlist", "collectionpage", "searchresultspage"})
        for node in nodes_of(page.ld_blocks)
    )
