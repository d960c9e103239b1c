"""Addresses of pictures: absolute, one per picture, the largest rendition, and no logos, icons and swatches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

from features.garments.extractors.renditions import full_size, identity, width_of
from features.garments.extractors.values import clean

MOST = 40
LONGEST = 2_000
_NEVER = re.compile(
    r"\.svg(?:$|\?)|pixel\.(?:png|gif)|(?:^|[/_.-])(?:sprites?|spacer|blank|placeholder|spinner|loading"
    r"|no[-_]?image|colorcut|swatch(?:es)?"
    r"|favicons?|payments?|flags?)(?:[/_.-]|\d|$)|sustainability-extrainfo|extrainfo-label",
    re.IGNORECASE,
)
_DECORATION = re.compile(r"(?:^|[/_.-])(?:logos?|icons?|badges?|avatars?|banners?)(?:[/_.-]|\d|$)", re.IGNORECASE)
_FLAT = re.compile(
    r"packshot|(?:^|[/_.=-])(?:ghost|flat(?:lay|shot)?|still(?:life)?|product[_-]only|lay-?down|cut-?out"
    r"|off-?model)(?:[/_.&-]|\d|$)|_6_\d_1\b|imagesgoods/[^/]+/item/",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)
def _base(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme or "https", parts.netloc, parts.path, "", ""))


def absolute(address: str | None, page_url: str) -> str | None:
    """https address of a picture, or None for data:, scripts, vectors and what is no address."""
    text = clean(address or "", LONGEST + 1)
    if not text or len(text) > LONGEST or text.startswith(("data:", "blob:", "#", "javascript:")) or "{{" in text:
        return None
    text = re.sub(r"^https?:(?=[^/])", "https://", text.replace("{width}", "1920").replace(" ", "%20"))
    try:
        full = urljoin(_base(page_url), text)
        parts = urlsplit(full)
        inner = parse_qs(parts.query).get("url") if parts.path.endswith("/_next/image") else None
        if inner:
            return absolute(inner[0], page_url) if "/_next/image" not in inner[0] else None
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "." not in host or "@" in parts.netloc or not parts.path.strip("/"):
        return None
    return "https" + full[full.index(":") :] if port in {None, 80, 443} else full


def is_picture(address: str, title: str | None = None) -> bool:
    """Whether the address may show the garment. Words of the title excuse it: a "logo tee" has a logo in its name."""
    name = address.partition("?")[0]
    if _NEVER.search(name):
        return False
    found = _DECORATION.search(name)
    return found is None or (
        title is not None and found.group().strip("/_.-").casefold().rstrip("s") in title.casefold()
    )


def product_images(addresses: Iterable[str], page_url: str, title: str | None = None) -> list[str]:
    """Absolute, largest of each picture, in the order in which the pictures first came."""
    best: dict[str, str] = {}
    for address in addresses:
        full = absolute(address, page_url)
        if full is None or not is_picture(full, title):
            continue
        try:
            key = identity(full)
        except ValueError:
            continue
        if key not in best and len(best) >= MOST:
            break
        if key not in best or width_of(full) > width_of(best[key]):
            best[key] = full
    return list(dict.fromkeys(full_size(address) for address in best.values()))


def flat_by_words(images: Iterable[str]) -> str | None:
    """The first picture whose address says that the garment lies alone."""
    return next((image for image in images if _FLAT.search(image)), None)
