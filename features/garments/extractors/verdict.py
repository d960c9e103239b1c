"""Why a page gives no product, decided in one order, and the sentence that says what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from features.garments.extractors import json_ld
from features.garments.extractors.facts import Facts
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.product import Product, Reason
from shared.errors import ExtractionError

_NEXT = "Open the page and use the extension, or upload the photo."
_SENTENCES = {
    Reason.BLOCKED: "{shop} refused our server. " + _NEXT,
    Reason.NOT_FOUND: "{shop} says that this page does not exist. Check the link, or upload the photo.",
    Reason.EMPTY_PAGE: "The page of {shop} is empty until a browser fills it. " + _NEXT,
    Reason.NOT_A_PRODUCT: "This page does not show one product. Open the page of one product, or upload the photo.",
}
# Akamai, Cloudflare, DataDome, PerimeterX, Imperva. The word "captcha" stands in a third of all good product pages.
_WALLS = (
    "errors.edgesuite.net",
    "bm-verify",
    "cf-chl",
    "_cf_chl_opt",
    "challenge-platform/h/",
    "<title>just a moment",
    "<title>attention required!",
    "captcha-delivery.com",
    "px-captcha",
    "_pxappid",
    "_incapsula_resource",
    "incapsula incident",
    "pardon our interruption",
    "sec-if-cpt-container",
)
_MISSING = re.compile(
    r"(?:page|error|product|seite|pagina)[-_]?not[-_]?found|not[-_]?found[-_]?page|(?:error|page"
    r"|err)[-_]?404|404[-_]?(?:error|page)|template-404|\b404\b",
    re.IGNORECASE,
)
_MISSING_TITLE = re.compile(
    r"^\s*(?:error\s*)?404\b|\b404\s*$|(?:page|product|item)\s+(?:is\s+|was\s+)?not found"
    r"|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)"
    r"|página no encontrada|página não encontrada|pagina non trovata|pagina niet gevonden"
    r"|sidan hittades inte|sivua ei löytynyt|nie znaleziono",
    re.IGNORECASE,
)
WALL_TEXT = 10_000
WALL_PAGE = 500_000
EMPTY_TEXT = 200
_HIDDEN = frozenset({"script", "style", "noscript", "template", "title", "head", "svg"})


def refuse(page: ParsedPage, reason: Reason) -> NoReturn:
    sentence = _SENTENCES[reason].format(shop=page.host or "The shop")
    raise ExtractionError(sentence, details={"reason": reason.value})


def refuse_by_status(page: ParsedPage) -> None:
    if page.status in {404, 410}:
        refuse(page, Reason.NOT_FOUND)
    if page.status >= 500 and page.status != 503:  # the shop has a problem, it does not refuse us
        refuse(page, Reason.TIMEOUT)
    if page.status >= 400:
        refuse(page, Reason.BLOCKED)


def refuse_what_is_no_product(page: ParsedPage, product: Product, found: Sequence[Facts]) -> None:
    """A product has a title and a price or a picture, and some reader saw it alone."""
    if (
        any(facts.single for facts in found)
        and product.title
        and (product.price or product.images)
        and not _is_list(page, found)
    ):
        return
    refuse(page, _reason(page))


def _is_list(page: ParsedPage, found: Sequence[Facts]) -> bool:
    """Meta elements alone do not outweigh a page that calls itself a list."""
    structured = any(facts.single and facts.source in {"state", "json_ld", "microdata"} for facts in found)
    return not structured and json_ld.has_list(page)


def _reason(page: ParsedPage) -> Reason:
    visible = visible_length(page, WALL_TEXT)
    if visible < WALL_TEXT and len(page.html) < WALL_PAGE and _has_wall(page.html):
        return Reason.BLOCKED
    if _says_missing(page):
        return Reason.NOT_FOUND
    return Reason.EMPTY_PAGE if visible < EMPTY_TEXT else Reason.NOT_A_PRODUCT


def _has_wall(text: str) -> bool:
    lower = text.lower()
    return any(mark in lower for mark in _WALLS)


def _says_missing(page: ParsedPage) -> bool:
    """A body marked as an error page, or such a title. The text is searched: parsers merge several bodies."""
    bodies = re.findall(r"<body\b[^<>]{0,2000}>", page.html)[:3]
    if any(_MISSING.search(" ".join(re.findall(r"(?:class|id)\s*=\s*[\"']?([^\"'>]*)", body))) for body in bodies):
        return True
    return any(_MISSING_TITLE.search(text) for text in (page.title, page.heading) if text)


def visible_length(page: ParsedPage, enough: int) -> int:
    """Characters of text outside scripts and the like; counting stops at `enough`."""
    length = 0
    for element in page.tree.iter():
        if isinstance(element.tag, str) and element.tag not in _HIDDEN and element.text:
            length += len(" ".join(element.text.split()))
        if element.tail:
            length += len(" ".join(element.tail.split()))
        if length >= enough:
            break
    return length
