"""Renditions of a picture: what identifies it whatever its size, how wide it is, how to ask for it large."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Parts of a path that only say how large the picture is: Zara, Cloudinary, Shopify, WordPress, Magento, SFCC.
_RENDITIONS = (
    (re.compile(r"/w/\d+/"), "/"),
    (re.compile(r"/t_[a-z0-9_]+/"), "/"),
    (re.compile(r"/(?:[a-z]{1,2}_[\w.]+,?){2,}/"), "/"),
    (re.compile(r"/\d+/\d+/resize(?:webp)?/", re.IGNORECASE), "/"),
    (re.compile(r"/cache/[0-9a-f]{32}/"), "/"),
    (re.compile(r"/dw/image/v2/[^/]+/"), "/"),
    (re.compile(r"/dw[0-9a-f]{8}/"), "/"),
    (re.compile(r"[_-]\d{2,4}x\d{0,4}(?=[._-]|$)|[_-]x\d{2,4}(?=\.)"), ""),
    (re.compile(r"_\d{0,2}[05]0(?=_[A-Z]\.)"), ""),
    (re.compile(r"/{2,}"), "/"),
)
_SIZE_WORDS = frozenset(
    "imwidth imheight width height w h wid hei sw sh sm sfrm scl size quality qlt q fit crop format fmt auto dpr filter"
    " ts v optimize op_sharpen resmode bg bgc canvas im impolicy resize strip downsize interpolation".split()
)
_SIZE_VALUE = re.compile(
    r"(?:imwidth|width|wid|sw|w)=(\d{2,5})|/w/(\d{2,5})/|[_-](\d{2,4})x|_(\d{0,2}[05]0)(?=_[A-Z]\.)"
    r"|/(\d{2,4})/\d+/resize",
    re.I,
)


def identity(address: str) -> str:
    """What stays the same in all renditions of one picture: the path without sizes, and the query without sizes."""
    parts = urlsplit(address)
    path = parts.path
    for pattern, instead in _RENDITIONS:
        path = pattern.sub(instead, path)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, max_num_fields=None)
        if name.casefold() not in _SIZE_WORDS
    ]
    return path.casefold() + "?" + urlencode([(name, value) for name, value in kept if not name.startswith("$")])


def full_size(address: str) -> str:
    """The same picture in the size a try-on wants, where the host's way to ask for it is known and safe."""
    parts = urlsplit(address)
    host, path, query = parts.netloc, parts.path, parts.query
    if "/cdn/shop/" in path or host == "cdn.shopify.com":
        path = re.sub(r"_(?:\d{1,4}x\d{0,4}|x\d{1,4}|small|medium|large|grande)(?:_crop_\w+)?(?=\.\w+$)", "", path)
        query = _without(query, {"width", "height", "crop"})
    elif "demandware" in path or "/dw/image/" in path:
        query = _without(query, {"sw", "sh", "sm", "sfrm", "strip", "q"})
    elif host.endswith("ztat.net") and "imwidth" in query:
        query = re.sub(r"imwidth=\d+", "imwidth=1800", query)
    elif host.endswith("zara.net"):
        path, query = re.sub(r"/w/\d+/", "/w/1920/", path), re.sub(r"\bw=\d+", "w=1920", query)
    elif (".scene7.com" in host and query.strip("$?&").startswith(("rsp-", "pdp", "wid="))) or (
        ".scene7.com" in host and not query
    ):
        query = "wid=1600"
    elif "/wp-content/uploads/" in path:
        path = re.sub(r"-\d{2,4}x\d{2,4}(?=\.\w+$)", "", path)
    return urlunsplit((parts.scheme, host, path, query, ""))


def _without(query: str, names: set[str]) -> str:
    return "&".join(pair for pair in query.split("&") if pair and pair.partition("=")[0] not in names)


def width_of(address: str) -> int:
    """How wide the address says the picture is; no word of it means the original."""
    found = [int(number) for match in _SIZE_VALUE.findall(address) for number in match if number]
    return max(found) if found else 100_000
