"""Tables and lists of details: brand, colour, material, care, by their labels in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from features.garments.extractors.fabric import care_list, fabric_of
from features.garments.extractors.facts import Facts
from features.garments.extractors.markup import ELSEWHERE, above, has_children, mark_of, pieces
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.values import clean

_LABELS = {
    "brand": r"brand|marque|marke|marca|merk|märke|mærke|merke|merkki|marka|značka|márka|zīmols|hersteller",
    "color": r"colou?r|farbe|couleur|coloris|colore|kleur|färg|farve|farge|väri|kolor|barva|krāsa",
    "material": (
        r"(?:(?:main|outer|upper|shell)\s)?(?:material|fabric|composition)s?(?: (?:composition|content))?"
        r"|materials? & care|zusammensetzung|obermaterial|materialzusammensetzung|matière|composición|material exterior"
        r"|composizione|materiale|composição|samenstelling|materiaal|materiaali|skład|materiāls|sastāvs"
    ),
    "care": (
        r"care(?: instructions)?|wash(?:ing)?(?: instructions)?|pflege(?:hinweise)?|entretien|cuidados?|lavaggio"
        r"|wasvoorschrift|skötselråd|hoito-?ohje|pielęgnacja"
    ),
}
_KINDS = {kind: re.compile(rf"\s*(?:{words})\s*:?\s*", re.IGNORECASE) for kind, words in _LABELS.items()}
ROWS_AT_MOST = 300


def read_details(facts: Facts, page: ParsedPage) -> None:
    for label, value in _rows(page):
        kind = next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(label)), None)
        if kind == "brand":
            facts.brand = facts.brand or (value if len(value) <= 60 else None)
        elif kind == "color" and len(value) <= 60 and not facts.colors:
            facts.add_color(value)
        elif kind == "material":
            facts.material = facts.material or value[:400]
        elif kind == "care":
            facts.care_instructions = facts.care_instructions or care_list(value)
    facts.fabric = fabric_of(facts.material)


def _rows(page: ParsedPage) -> Iterator[tuple[str, str]]:
    """(label, value) of table rows, definition lists and list items with two parts."""
    seen = 0
    for element in page.tree.iter("th", "dt", "td"):
        after = element.getnext()
        if after is None or after.tag not in {"td", "dd"} or seen >= ROWS_AT_MOST:
            continue
        seen += 1
        label, value = _text(element), _text(after)
        if label and value and len(label) <= 40:
            yield label, value
    yield from _pairs(page)


def _pairs(page: ParsedPage) -> Iterator[tuple[str, str]]:
    """<li><span>Colour</span><div>Grey</div></li>."""
    for element in list(page.tree.iter("li"))[: ROWS_AT_MOST * 10]:
        if has_children(element, 2) and not has_children(element, 3) and not (element.text or "").strip():
            label = _text(element[0])
            if label and len(label) <= 40 and any(pattern.fullmatch(label) for pattern in _KINDS.values()):
                value = _text(element[1])
                if value and not any(ELSEWHERE.search(mark_of(each)) for each in above(element, 4)):
                    yield label, value


def _text(element: Any) -> str | None:
    return clean(" ".join(pieces(element, 30)), 500)
