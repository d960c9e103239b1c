"""schema.org Product nodes, of JSON-LD and microdata alike, into facts: which node is the page's, offers, variants."""

from __future__ import annotations

import re
from typing import Any

from features.garments.extractors.facts import Facts, any_in_stock
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.schema_offers import read_offers, stocks_of
from features.garments.extractors.sizes import size_name
from features.garments.extractors.values import at, dicts_of, first_of, items_of, plain, text_of

Node = dict[str, Any]
PRODUCTS = frozenset({"product", "productgroup", "individualproduct", "productmodel", "clothing"})
_PREFIX = re.compile(r"^(?:https?://)?(?:www\.)?schema\.org/", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"^\$|\{\{|^(?:null|undefined|none|n/a|-+)$", re.IGNORECASE)


def types_of(node: Node) -> set[str]:
    """Types without prefix, lower case: "http://schema.org/Product" and "product" are the same."""
    return {
        _PREFIX.sub("", each).strip("/ ").casefold()
        for each in items_of(node.get("@type"), 10)
        if isinstance(each, str)
    }


def is_product(node: Node) -> bool:
    return not PRODUCTS.isdisjoint(types_of(node))


def product_facts(nodes: list[Node], page: ParsedPage, source: str) -> Facts | None:
    """Facts of the product that the page is about; None when the nodes are a list of several."""
    groups = _groups(nodes)
    chosen = _choose(groups, page)
    if not chosen:
        return None
    variants = [variant for node in chosen for variant in [node, *dicts_of(node.get("hasVariant"))]]
    full = [variant for variant in variants if _tells(variant)] or chosen
    asked = _asked(full, page)
    first = chosen[0] if "hasVariant" in chosen[0] else asked[0]
    facts = Facts(source, single=True, title=text_of(first.get("name"), 300))
    _words(facts, [first, *asked, *full])
    _variants(facts, full, asked)
    read_offers(facts, full, asked, page)
    return facts


def _tells(node: Node) -> bool:
    """Variants that are only an address stand for other pages."""
    return bool(node.get("name") or node.get("offers"))


def _groups(nodes: list[Node]) -> list[list[Node]]:
    """Nodes of one product together: by group id, else by name."""
    found: dict[str, list[Node]] = {}
    for node in nodes:
        key = _group_id(node) or text_of(node.get("name"), 300)
        found.setdefault((key or "").casefold(), []).append(node)
    return list(found.values())


def _group_id(node: Node) -> str | None:
    own = first_of(node, "productGroupID", "inProductGroupWithID")
    return text_of(own or at(node, "isVariantOf", "productGroupID") or at(node, "isVariantOf", "@id"), 200)


def _choose(groups: list[list[Node]], page: ParsedPage) -> list[Node]:
    if len(groups) < 2:
        return groups[0] if groups else []
    for fits in (_fits_url, _fits_heading):
        fitting = [group for group in groups if any(fits(node, page) for node in group)]
        if len(fitting) == 1:
            return fitting[0]
    whole = [group for group in groups if any(_is_whole(node) for node in group)]
    return whole[0] if len(whole) == 1 else []


def _is_whole(node: Node) -> bool:
    """The page's own product is described; those in a list beside it have a name, a price and a picture only."""
    return bool(node.get("offers") and (node.get("description") or node.get("hasVariant")))


def _fits_url(node: Node, page: ParsedPage) -> bool:
    address = text_of(first_of(node, "url", "@id"), 2_000) or ""
    path = address.partition("?")[0].partition("#")[0].rstrip("/")
    if path.count("/") > 2 and page.path.strip("/") and path.endswith(page.path.rstrip("/")):
        return True
    ids = (text_of(node.get(key), 80) for key in ("sku", "productID", "productId", "mpn"))
    return any(len(each or "") > 4 and (each or "").casefold() in page.path.casefold() for each in ids)


def _fits_heading(node: Node, page: ParsedPage) -> bool:
    name = (text_of(node.get("name"), 300) or "").casefold()
    headings = [page.heading, *page.meta.get("og:title", [])]
    return bool(name) and any(name in (each or "").casefold() for each in headings)


def _asked(full: list[Node], page: ParsedPage) -> list[Node]:
    """The variants that the address asks for, by an id or colour that stands in their own addresses; else all."""
    if len(full) < 2:
        return full
    marks = {id(node): _mark(node) for node in full}
    for word in sorted(page.asked, key=len, reverse=True):
        fitting = [node for node in full if word in marks[id(node)]]
        if fitting and len(fitting) < len(full):
            return fitting
    return [node for node in full if page.asks_for(text_of(node.get("color"), 120))] or full


def _mark(node: Node) -> str:
    parts = [text_of(node.get(key), 500) or "" for key in ("url", "@id", "sku", "mpn", "color", "image")]
    return " ".join([*parts, text_of(at(node, "offers", "url"), 500) or ""]).casefold()


def _words(facts: Facts, nodes: list[Node]) -> None:
    for node in nodes[:3]:
        facts.brand = facts.brand or _honest(text_of(first_of(node, "brand", "manufacturer"), 120))
        facts.description = facts.description or plain(text_of(node.get("description")))
        facts.material = facts.material or text_of(node.get("material"), 400)
        facts.type_name = facts.type_name or text_of(node.get("category"), 200)
        facts.gender = facts.gender or text_of(at(node, "audience", "suggestedGender"), 60)
    for extra in dicts_of(nodes[0].get("additionalProperty"), 60):
        if re.search(r"material|fabric|composition", text_of(extra.get("name"), 60) or "", re.IGNORECASE):
            facts.material = facts.material or text_of(extra.get("value"), 400)


def _honest(word: str | None) -> str | None:
    """None for what a template forgot to fill in."""
    return None if word is None or _PLACEHOLDER.search(word) else word


def _variants(facts: Facts, full: list[Node], asked: list[Node]) -> None:
    for node in full:
        facts.add_color(_color(node, facts.title))
    chosen = {_color(node, facts.title) for node in asked}
    facts.selected_color = chosen.pop() if len(chosen) == 1 else None
    for node in asked:
        facts.images.extend(_images(node))
        for size in items_of(node.get("size"), 60):
            facts.add_size(size_name(text_of(size, 80)), any_in_stock(stocks_of(node)))


def _color(node: Node, title: str | None) -> str | None:
    """Some shops write the title before the colour."""
    color = _honest(text_of(node.get("color"), 120))
    if color and title and color.casefold().startswith(title.casefold()):
        color = color[len(title) :].strip(" -–|/,:") or None
    return color


def _images(node: Node) -> list[str]:
    found = (
        item if isinstance(item, str) else text_of(first_of(item, "contentUrl", "url", "@id"))
        for item in items_of(node.get("image"), 80)
    )
    return [address for address in found if address]
