"""Underwear and swimwear: not shown on people's photos unless the server's owner allows it.

Picture providers block such pictures, often after the call was paid for, and a body that somebody else dressed so is
nothing to make without being asked twice. The words decide, those of the request and those of the shop's page; nobody
looks at the picture for it. It holds for every engine: what must not be painted must not be sketched either.
"""

from __future__ import annotations

from collections.abc import Mapping

from features.garments.categories import categorize_words
from features.garments.category_words import tokens_of
from shared.errors import ContentBlockedError

TELLING = ("category", "title", "style")  # of a garment's details
REASONS = {"bra": "underwear", "underwear": "underwear", "swimsuit": "swimwear"}
# Words that make another garment one of the two: a bikini top is a top by its head, "Badehose" a pair of trousers.
# Beginnings of folded words; en, de, nl, sv/da/no, fi, pl, cs, es, pt, it, fr, ru.
MARKS = {
    "swimwear": (
        *("bikini", "tankini", "monokini", "burkini", "swim", "bathing", "badehos", "badeshort", "badeslip", "badeanz"),
        *("bademod", "zwem", "badpak", "badbyx", "badshort", "baddrakt", "badebuks", "badedragt", "badedrakt"),
        *("uimahous", "uimashort", "uimapuk", "kapielow", "plavk", "banador", "banadores", "купальн", "плавк"),
    ),
    "underwear": (
        *("lingerie", "underwear", "undies", "intimates", "unterwasche", "unterhose", "ondergoed", "underklad"),
        *("underto", "alusvaat", "bielizn", "lenceri", "braguit", "neglige", "biancheria", "intimo", "нижнее"),
    ),
}
# Things of such a name that cover: over a swimsuit, after a bath, or nobody at all.
COVERING = frozenset("cover coverup robe bathrobe kimono print printed motif poncho kaftan caftan pareo sarong".split())
SHOWN_ON_BODIES = frozenset({"upper_body", "lower_body", "dress"})


def refuse_underwear_and_swimwear(details: Mapping[str, str]) -> None:
    """Raises ContentBlockedError, `details.reason` underwear or swimwear, when a garment's words say so."""
    for name in TELLING:
        reason = _reason(details.get(name, "").replace("_", " "), names_garment=name != "style")
        if reason is not None:
            raise ContentBlockedError(
                f"This server does not show {reason} on people. Choose another garment.", details={"reason": reason}
            )


def _reason(text: str, *, names_garment: bool) -> str | None:
    """`names_garment`: the text says what the thing is; a style that is called "boxer" does not."""
    verdict = categorize_words(title=text) if text else None
    if names_garment and verdict is not None and verdict.type in REASONS:
        return REASONS[verdict.type]
    words = tokens_of(text)
    if not COVERING.isdisjoint(words) or (verdict is not None and verdict.category not in SHOWN_ON_BODIES):
        return None
    return next((reason for reason, marks in MARKS.items() if any(word.startswith(marks) for word in words)), None)
