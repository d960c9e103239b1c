"""Sizes and colours that the page offers to choose from: groups of like elements, the best named group wins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from features.garments.extractors.markup import above, has_children, is_elsewhere, mark_of
from features.garments.extractors.options import SIZE_NAMES
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.sizes import in_stock, is_size, size_name
from features.garments.extractors.values import clean

_TAGS = ("option", "li", "button", "span", "label", "a", "div", "p")
_SIZE_MARK = re.compile(
    r"sizes?(?![a-z])|size[-_s]|[-_]size|size(?:select|option|picker|value|btn|item|button)|gr(?:ö|oe"
    r"|o)(?:ß|ss)e|taille|pointure|talla|talle(?![a-z])|taglia|tamanho|maat|storlek|koko(?![a-z])|rozmiar"
    r"|velikost"
    r"|dimension|variant|pa_size",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"availab|stock|swatch|option|variation|select", re.IGNORECASE)
_GONE = re.compile(
    r"unavailable|not[-_]?available|disabled|out[-_]?of[-_]?stock|sold[-_]?out|\boos\b|unselectable|epuise"
    r"|épuisé|inactive|crossed",
    re.IGNORECASE,
)
_THERE = re.compile(r"available|in[-_]?stock|selectable|enabled|instock", re.IGNORECASE)
# How longer sizes begin; most texts of a page do not, and this one look is far cheaper than the pattern.
_STARTS = (
    *"small medium large x- xx- xxx extra petite tall taill one o/s uni úni free tamanho taglia".split(),
    *"einheits yksi uk eu us".split(),
    *"xs/ s/ m/ l/ xl/ xs- s- m- l- xl- w2 w3 w4".split(),
    *(
        "en stor",
        "it ",
        "fr ",
        "de ",
        "es ",
        "int ",
        "jp ",
        "w 2",
        "w 3",
        "xxs ",
        "xs ",
        "s ",
        "m ",
        "l ",
        "xl ",
        "xxl ",
    ),
)
_SHORT = 4
_BAD_WORDS = frozenset({"0", "1", "one", "tu", "uni", "m", "os"})
CANDIDATES_AT_MOST = 600
_HELD = 3


@dataclass
class _Group:
    score: int = 0
    sizes: dict[str, bool | None] = field(default_factory=dict)


def sizes_of(page: ParsedPage) -> dict[str, bool | None]:
    """Size -> in stock, of the group that is most surely the page's size choice; empty when nothing says size."""
    groups: dict[Any, _Group] = {}
    for element, text in _candidates(page):
        holder = _holder(element)
        group = groups.get(holder)
        if group is None:
            group = groups[holder] = _Group(_score(element, holder))
        name = size_name(text)
        if group.score > 0 and name and name not in group.sizes:
            group.sizes[name] = _stock(element, holder, text)
    good = [group for group in groups.values() if group.score > 0 and _plausible(group)]
    return max(good, key=lambda group: (group.score, min(len(group.sizes), 2)), default=_Group()).sizes


def _candidates(page: ParsedPage) -> list[tuple[Any, str]]:
    found = []
    for element in page.tree.iter(*_TAGS):
        text = element.text
        if text and len(text) <= 80 and _may_be_size(text := text.strip()) and is_size(size_name(text)):
            found.append((element, clean(text) or ""))
            if len(found) >= CANDIDATES_AT_MOST:
                break
    return found


def _may_be_size(text: str) -> bool:
    return bool(text) and (len(text) <= _SHORT or text[0].isdigit() or text.casefold().startswith(_STARTS))


def _holder(element: Any) -> Any:
    """What holds the elements to choose from: the first thing above that has several children, or a list."""
    current = element.getparent()
    for _ in range(_HELD):
        if current is None or current.tag in {"ul", "ol", "select", "fieldset"} or has_children(current, 2):
            break
        above_it = current.getparent()
        if above_it is None or above_it.tag == "body":
            break
        current = above_it
    return current


def _score(element: Any, holder: Any) -> int:
    """How surely these are sizes to choose: the words on them and above them; 0 when they belong to something else."""
    if holder is None or is_elsewhere(element):
        return 0
    near = [mark_of(each) for each in above(element, 6)]
    score = 3 if any(_SIZE_MARK.search(mark) for mark in near) else 0
    score += 3 if _label_says_size(holder) else 0
    choice = any(_CHOICE.search(f"{mark_of(each)} {' '.join(each.keys())}") for each in above(element, 3))
    return score + (2 if choice else 0) + (1 if score and element.tag in {"option", "button", "label", "li"} else 0)


def _label_says_size(holder: Any) -> bool:
    """The first option ("Select size"), a legend, or the text just before the group."""
    first = next(iter(holder), None)
    before = holder.getprevious()
    texts = [each.text or "" for each in (first, before) if each is not None and isinstance(each.tag, str)]
    return any(len(text) < 60 and SIZE_NAMES.search(text.strip()) for text in texts)


def _plausible(group: _Group) -> bool:
    """A lone "1" is a quantity; fifty numbers in a row are, too."""
    names = list(group.sizes)
    if len(names) == 1:
        return names[0].casefold() not in _BAD_WORDS
    return 0 < len(names) <= 60 and names[:3] != ["1", "2", "3"]


def _stock(element: Any, holder: Any, text: str) -> bool | None:
    behind = text[len(size_name(text) or "") :]
    if behind.strip(" -–(|,"):
        told = in_stock(behind.strip(" -–(|,)"))
        if told is not None:
            return told
    for each in above(element, 4):
        if each is holder:
            break
        words = f"{mark_of(each)} {each.get('data-availability') or ''}"
        if each.get("disabled") is not None or each.get("aria-disabled") == "true" or _GONE.search(words):
            return False
        if _THERE.search(words):
            return True
    return None
