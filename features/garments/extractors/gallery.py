"""Pictures out of the page itself: those that share an article number with the address or main picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from features.garments.extractors.images import absolute
from features.garments.extractors.markup import is_of_others
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.renditions import identity

_SOURCES = (
    "data-zoom-image",
    "data-large_image",
    "data-zoom",
    "data-large",
    "data-original",
    "data-src",
    "data-lazy-src",
    "src",
)
_NUMBER = re.compile(r"(?=[a-z]{0,6}[-_]?\d)[a-z0-9]{5,20}", re.IGNORECASE)
_GALLERY = re.compile(
    r"gallery|product-?(?:image|photo|media|main)|pdp-?(?:image|gallery|media)|main-?image|zoom", re.IGNORECASE
)
_LINKED = re.compile(r"\.(?:jpe?g|png|webp)(?:$|\?)", re.IGNORECASE)
PICTURES_AT_MOST = 1_500


def more_of(page: ParsedPage, main: Sequence[str]) -> list[str]:
    """Further pictures whose names carry the article number that the main picture shares with the address."""
    numbers = article_numbers(page, main)
    if not numbers:
        return []
    known = {_key(address) for address in main}
    found = []
    for address in _addresses(page):
        if any(number in _file(address) for number in numbers):
            full = absolute(address, page.url)
            if full and _key(full) not in known:
                found.append(full)
    return found[:80]


def article_numbers(page: ParsedPage, main: Iterable[str]) -> list[str]:
    """Numbers of at least five digits in the addresses of page and picture; the asked colour's first."""
    path = page.path.casefold()
    names = " ".join(_file(address) for address in islice(main, 5))
    asked = [
        word for word in page.asked if len(word) > 6 and any(letter.isdigit() for letter in word) and word in names
    ]
    if asked:
        return asked
    words = {word for word in _NUMBER.findall(path) if sum(letter.isdigit() for letter in word) >= 5}
    return sorted((word for word in words if word in names), key=len, reverse=True)


def marked(page: ParsedPage) -> list[str]:
    """Pictures marked itemprop=image without a product around them, or held by a gallery."""
    tree = page.tree
    own = [each for each in islice(tree.iter("img", "a", "link", "meta"), 6_000) if each.get("itemprop") == "image"]
    chosen = [address for each in own if not is_of_others(each) for address in islice(_of(each), 1)]
    return _same_article(page, chosen) or _in_gallery(page)


def _same_article(page: ParsedPage, addresses: list[str]) -> list[str]:
    numbers = article_numbers(page, addresses[:1])
    return (
        [each for each in addresses if any(number in _file(each) for number in numbers)] if numbers else addresses[:12]
    )


def _in_gallery(page: ParsedPage) -> list[str]:
    found: list[str] = []
    for element in islice(page.tree.iter("img"), PICTURES_AT_MOST):
        holders = list(islice(element.iterancestors(), 5))
        if any(
            _GALLERY.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in holders
        ) and not is_of_others(element):
            found.extend(islice(_of(element), 1))
    return _same_article(page, found[:60])


def _addresses(page: ParsedPage) -> Iterator[str]:
    for element in islice(page.tree.iter("img", "source", "a"), PICTURES_AT_MOST * 4):
        if element.tag != "a" or _LINKED.search((element.get("href") or "")[-200:]):
            yield from _of(element)


def _of(element: Any) -> Iterator[str]:
    """Addresses that an element gives, the largest first: zoom attributes, the last of srcset, src."""
    if element.tag in {"a", "link"}:
        yield element.get("href") or ""
        return
    if element.get("content"):
        yield element.get("content")
    for name in _SOURCES:
        value = element.get(name)
        if value and not value.startswith("data:"):
            yield value
    last = (element.get("srcset") or element.get("data-srcset") or "")[:4_000].rpartition(", ")[2].strip()
    if last:
        yield last.split(" ")[0]


def _file(address: str) -> str:
    """The path in lower case: article numbers stand in file names and folders alike."""
    return address.partition("?")[0].casefold()


def _key(address: str) -> str:
    try:
        return identity(address)
    except ValueError:
        return address
