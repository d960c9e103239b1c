"""A link, read once and strictly. What is connected to, asked for and named in TLS all comes from this one reading,
so there is no second parser to disagree with.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from shared.fetch_errors import FetchError

MAX_URL_LENGTH = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@/\\%\s]+)(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_MAX_NAME = 253
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?[]|"


@dataclass(frozen=True, slots=True)
class Target:
    """`host`: a name in lower-case ASCII without a final dot, or a canonical address without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    fragment: str

    @property
    def host_and_port(self) -> str:
        return f"{self._bracketed()}:{self.port}"

    @property
    def url(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{self._bracketed()}{port}{self.path}{fragment}"

    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_target(url: str) -> Target:
    """Raises FetchError: unsupported (scheme, length, no host), refused_address (a host that browsers and libraries
    read differently, user names, control characters)."""
    url = url.strip(" \t\r\n")
    if len(url) > MAX_URL_LENGTH:
        raise FetchError("unsupported")
    if _CONTROL.search(url):
        raise FetchError("refused_address")
    parts = _split(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise FetchError("unsupported")
    host, port = _authority(parts.netloc)
    return Target(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], _path(parts), _quoted(parts.fragment))


def follow(current: Target, location: str) -> Target:
    """Where a redirect leads; the fragment stays unless the new link has its own. Never from https down to http."""
    try:
        joined = urljoin(current.url, _from_header(location).strip(" \t\r\n"))
    except ValueError:
        raise FetchError("refused_address") from None
    target = parse_target(joined)
    if current.scheme == "https" and target.scheme != "https":
        raise FetchError("refused_address")
    if target.fragment:
        return target
    return Target(target.scheme, target.host, target.port, target.path, current.fragment)


def _from_header(text: str) -> str:
    """Header bytes come as latin-1; shops send UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise FetchError("refused_address") from None


def _authority(netloc: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(netloc)
    if not found:
        raise FetchError("refused_address")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise FetchError("refused_address")
    return _host(found["host"]), port


def _host(text: str) -> str:
    if text.startswith("["):
        return _address(text[1:-1], ipaddress.IPv6Address)
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise FetchError("refused_address")
    # A name that ends in a number is an IPv4 address to a browser. Only 1.2.3.4 is one here: 127.1, 0x7f.1 and
    # 2130706433 are ways to hide an address, never how a shop writes its link.
    return _address(name, ipaddress.IPv4Address) if _NUMBER.fullmatch(labels[-1]) else name


def _ascii(name: str) -> str:
    if name.isascii():
        return name.lower()
    if len(name) > _MAX_NAME:
        raise FetchError("refused_address")
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:
        raise FetchError("refused_address") from None


def _address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> str:
    try:
        return str(kind(text))
    except ValueError:
        raise FetchError("refused_address") from None


def _path(parts: SplitResult) -> str:
    path = _quoted(parts.path) or "/"
    return f"{path}?{_quoted(parts.query, _QUERY_SAFE)}" if parts.query else path


def _quoted(text: str, safe: str = _PATH_SAFE) -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeError:  # half of a surrogate pair
        raise FetchError("unsupported") from None
