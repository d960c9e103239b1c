"""What the attributes of elements say: words of class, id and the like, up to a few levels above."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import islice
from typing import Any

from lxml import etree

_NAMES = (
    "class",
    "id",
    "name",
    "data-attr",
    "data-testid",
    "data-test",
    "data-auto-id",
    "aria-label",
    "title",
    "data-attribute-name",
    "role",
)
# Where other products live.
_OTHERS = (
    r"relat(?:ed|ionn)|recommend|\brecos?\b|similar|cross-?sell|up-?sell|also[-_]|complete-?the|recently"
    r"|product-?(?:tile|card|grid|list)\b|minicart|quick-?(?:view|shop|add)|suggest"
)
# Where menus and size tables live as well.
_MENUS = (
    r"carousel|carrousel|footer|\bheader\b|\bnav\b|navigation|menu|breadcrumb|filter|facet|refine|review|(?<![a-z])rating"
    r"|guide|chart|(?<![a-z])tabl(?:e|eau)\b|cookie|newsletter|clone|calendar|pagination|quantity|\bqty\b|country"
    r"|currency|language"
)
OTHERS = re.compile(_OTHERS, re.IGNORECASE)
ELSEWHERE = re.compile(f"{_OTHERS}|{_MENUS}", re.IGNORECASE)
_ELSEWHERE_TAGS = frozenset({"nav", "footer", "table", "header", "aside"})
LEVELS = 12
NEAR = 7


def mark_of(element: Any) -> str:
    """The words by which an element is named."""
    return " ".join(value[:200] for name in _NAMES if (value := element.get(name)))


def above(element: Any, levels: int = LEVELS) -> Iterator[Any]:
    """The element and what holds it, nearest first."""
    current = element
    for _ in range(levels):
        if current is None or current.tag in {"body", "html", "main"}:
            return
        yield current
        current = current.getparent()


def has_children(element: Any, number: int) -> bool:
    """At least so many. `len()` and slices of lxml count all children each time, and a page may have a million."""
    return next(islice(element.iterchildren(), number - 1, None), None) is not None


def is_of_others(element: Any) -> bool:
    """Inside a list of other products."""
    return any(each.tag in _ELSEWHERE_TAGS or OTHERS.search(mark_of(each)) for each in above(element, NEAR))


def is_elsewhere(element: Any) -> bool:
    """Inside a menu, a table, or a list of other products. Words far above name the page, not the part."""
    if any(each.tag in _ELSEWHERE_TAGS for each in above(element)):
        return True
    return any(ELSEWHERE.search(mark_of(each)) for each in above(element, NEAR))


def pieces(element: Any, at_most: int, *, nodes: int = 200, tags: Container[str] | None = None) -> Iterator[str]:
    """The first texts inside an element. Only so many `nodes` are looked at: `itertext` counts texts, and a page of
    nested empty elements would be walked again for each of its ancestors."""
    found = 0
    for event, node in islice(etree.iterwalk(element, events=("start", "end")), 2 * nodes):
        if not isinstance(node.tag, str) or (tags is not None and node.tag not in tags):
            continue
        text = node.text if event == "start" else None if node is element else node.tail
        if text:
            yield text
            found += 1
        if found >= at_most:
            return
