"""State that pages carry for their scripts, of shops without an extractor of their own: Next.js and other globals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from features.garments.extractors.facts import Facts
from features.garments.extractors.json_text import decode_after, decode_at
from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.rsc import streamed_text
from features.garments.extractors.state_variants import variant_facts
from features.garments.extractors.values import at

# Where other frameworks keep their state; the first two are Redux habits, the third is ASOS's, the last Magento's.
_GLOBALS = (
    "__INITIAL_STATE__",
    "__PRELOADED_STATE__",
    "window.asos.pdp.config.product",
    "__APOLLO_STATE__",
    "__INITIAL_DATA__",
    "productArticleDetails",
)
_VARIANT_LISTS = re.compile(r'"(?:sizes|variants|skus|sizeOptions|sizeVariants)"\s{0,3}:\s{0,3}(?=\[\s{0,3}\{)')
LISTS_AT_MOST = 25


def read(page: ParsedPage, title: str | None) -> Facts | None:
    """Sizes, colours and stock of the page's product; None when no state names it."""
    for state, belongs in _states(page):
        facts = variant_facts(state, page, title, belongs) if state is not None else None
        if facts is not None and facts.sizes:
            return facts
    return None


def _states(page: ParsedPage) -> Iterator[tuple[Any, bool]]:
    """(state, whether it is the product's own)."""
    next_data = page.script_json("__NEXT_DATA__")
    if next_data is not None:
        yield at(next_data, "props", "pageProps") or next_data, False
    for name in _GLOBALS:
        if name in page.html:
            yield decode_after(page.html, name), name.endswith(("product", "Details"))
    stream = streamed_text(page)
    if stream:
        yield from _listed(stream)


def _listed(text: str) -> Iterator[tuple[Any, bool]]:
    """Variant lists of a stream, in order: the page's own product comes before what is recommended beside it."""
    for number, match in enumerate(_VARIANT_LISTS.finditer(text)):
        if number >= LISTS_AT_MOST:
            return
        yield {"sizes": decode_at(text, match.end())}, True
