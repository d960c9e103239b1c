"""Size names: what counts as one, and stock words."""

from __future__ import annotations

import re
from typing import Any

from features.garments.extractors.values import text_of

_LETTER = r"(?:\d{1,2}X|X{0,5}|\d)?[SL]|(?:X{1,5}-?)(?:small|large)|\d?X{1,5}L?|M|small|medium|large|petite|tall"
_NUMBER = r"(?:1?\d{1,2}|2[0-4]\d)(?:[.,]\d{1,2}|\s?½|\s?[12]/[23])?"
_COUNTRY = r"(?:UK|EUR?|US|IT|FR|DE|ES|INT|JP|W|L)"
_AGE = (
    r"(?:\d{1,2}\s?[-–/]\s?)?\d{1,2}\s?(?:m|y|mo|mths?|months?|yrs?|years?|mois|ans?|meses|mes|anos?|años?"
    r"|mesi|anni|monate?|jahre?|mnd|jaar|mån|år|kk|v|mies|lat)\b\.?"
)
_ONE = (
    r"one[\s-]?size|o/?s|onesize|u|tu|t\.u\.|uni|unica|única|único|free size|taille unique|talla única"
    r"|tamanho único|taglia unica"
    r"|einheitsgröße|one size fits (?:all|most)|yksi koko|en storlek|one"
)
_ATOM = rf"(?:{_COUNTRY}\s?)?(?:{_AGE}|{_LETTER}|{_NUMBER})(?:\s?[A-HJK]{{1,2}})?(?:\s?cm)?"
_SIZE = re.compile(
    rf"(?:{_ONE}|{_ATOM}(?:(?:\s?[-–/|x,]\s?|\s){_ATOM}){{0,3}}(?:\s?\([^()]{{1,30}}\))?)", re.IGNORECASE
)
_AFTER = re.compile(
    r"\s*(?:[-–(,|]\s*(?:en?\s|em\s)?(?:in stock|stock|out of stock|sold out|ausverkauft|esgotado|agotado"
    r"|épuisé|rupture|notify|few|last|only|"
    r"nur noch|plus que|low|disponible|available|auf lager|lieferbar|unavailable).*)$",
    re.IGNORECASE,
)
_OUT = re.compile(
    r"outof|soldout|unavailable|discontinued|notavailable|nostock|disabled|backsoon|comingsoon|esgotado"
    r"|agotado|ausverkauft|épuisé|^no$|^false$"
)
_IN = re.compile(
    r"instock|limitedavail|preorder|presale|onlineonly|^available|^active|^true$|lowstock|^buyable|emstock"
    r"|enstock|^yes$|^instore$"
)


def is_size(text: str | None) -> bool:
    """M, 36/38, "W30 L32", 32B, "6-9 mois (74 cm)", One Size, ... and nothing that is long."""
    return bool(text) and len(text or "") <= 40 and _SIZE.fullmatch(text or "") is not None


def size_name(text: str | None) -> str | None:
    """The size without what shops write behind it ("XS - In stock")."""
    return (_AFTER.sub("", text[:80]).strip() or None) if text else None


def in_stock(value: Any) -> bool | None:
    """schema.org availability in all its spellings, booleans and stock words."""
    if isinstance(value, bool):
        return value
    word = re.sub(r"[\s_-]+", "", (text_of(value, 200) or "").casefold()).rpartition("/")[2]
    if not word:
        return None
    if _OUT.search(word):
        return False
    return True if _IN.search(word) else None
