"""A page that is parsed once and shared by all readers. Each part is made when it is first asked for."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

from features.garments.extractors.json_text import decode_block
from features.garments.extractors.markup import pieces
from features.garments.extractors.values import clean
from features.garments.product import Page

SAFE_URL_LENGTH = 4_000
_INLINE = ("h1", "span", "a", "b", "em", "i", "br", "strong", "div", "p")
_EMPTY = b"<html><body></body></html>"


def _is_in_head(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag == "head"


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


class ParsedPage:
    """`url` and `html` of the page; never raises on what the page holds."""

    def __init__(self, page: Page) -> None:
        self.url = page.url[:SAFE_URL_LENGTH]
        self.html = page.html
        self.status = page.status

    @cached_property
    def tree(self) -> etree._Element:
        """The whole document; an empty one when there is nothing to parse. Bytes go in: lxml refuses lone surrogates.

        Plain elements, not those of lxml.html: their class is looked up in Python for every single element.
        """
        data = self.html.replace("\x00", "").encode("utf-8", "replace")
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        try:
            found = etree.fromstring(data, parser)
        except (etree.LxmlError, ValueError):
            found = None
        return etree.fromstring(_EMPTY, parser) if found is None else found

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """Meta elements by property or name, lower case, in page order."""
        found: dict[str, list[str]] = {}
        for element in self.tree.iter("meta"):
            name = element.get("property") or element.get("name")
            content = clean(element.get("content") or "")
            if name and content:
                found.setdefault(name.strip().casefold(), []).append(content)
        return found

    @cached_property
    def scripts(self) -> list[Any]:
        return list(self.tree.iter("script"))

    @cached_property
    def ld_blocks(self) -> list[Any]:
        """Each JSON-LD block parsed alone: a broken one costs only itself."""
        if "ld+json" not in self.html:
            return []
        texts = (each.text for each in self.scripts if "ld+json" in (each.get("type") or "").casefold())
        return [value for value in (decode_block(text) for text in texts if text) if value is not None]

    def script_json(self, element_id: str) -> Any:
        """The JSON of the script element with this id."""
        if element_id not in self.html:
            return None
        text = next((each.text for each in self.scripts if each.get("id") == element_id), None)
        return decode_block(text) if text else None

    @cached_property
    def heading(self) -> str | None:
        """The h1 that shares most words with the page's title: shops put logos and account boxes into others."""
        known = words(" ".join([self.title or "", *self.meta.get("og:title", [])]))
        headings = islice(self.tree.iter("h1"), 50)
        texts = [clean(" ".join(pieces(each, 40, tags=_INLINE)), 300) for each in headings]
        found = [text for text in texts if text]
        return max(found, key=lambda text: len(known & words(text)) / (len(words(text)) or 1), default=None)

    @cached_property
    def title(self) -> str | None:
        """The text of the title element in the head; pictures (svg) have titles too."""
        found = next((each for each in self.tree.iter("title") if _is_in_head(each)), None)
        return clean(found.text or "", 300) if found is not None else None

    @cached_property
    def path(self) -> str:
        try:
            return unquote(urlsplit(self.url).path)
        except ValueError:
            return ""

    @cached_property
    def host(self) -> str:
        try:
            return (urlsplit(self.url).hostname or "").rstrip(".")
        except ValueError:
            return ""

    @cached_property
    def asked(self) -> set[str]:
        """Words of the address that may name a colour or variant: query values and parts of the path with a digit."""
        parts = [part.casefold() for part in re.split(r"[/.]", self.path) if any(letter.isdigit() for letter in part)]
        return {part for part in self.queried + parts if 4 <= len(part) <= 80}

    def asks_for(self, color: str | None) -> bool:
        """Whether the address names this colour: a part of the path, its end, or a query value."""
        slug = re.sub(r"[\W_]+", "-", (color or "").casefold()).strip("-")
        if not slug:
            return False
        parts = re.split(r"[/.]", self.path.casefold().replace("_", "-"))
        return any(part == slug or part.endswith(f"-{slug}") for part in parts) or slug in self._query_slugs

    @cached_property
    def _query_slugs(self) -> set[str]:
        return {re.sub(r"[\W_]+", "-", word).strip("-") for word in self.queried}

    @cached_property
    def queried(self) -> list[str]:
        """Values of the query, lower case."""
        try:
            return [value.casefold() for _, value in parse_qsl(urlsplit(self.url).query, max_num_fields=50)]
        except ValueError:
            return []
