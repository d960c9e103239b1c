"""The guarded way out: pages and pictures from links that strangers send.

Each hop is read, looked up, checked and connected to by the same values (`fetch_target`, `address_guard`,
`guarded_connection`); one budget of time and bytes covers all of it. No proxy, netrc, cookie or credential of this
machine is ever used: nothing below this module knows of them.
"""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from urllib3.exceptions import DecodeError
from urllib3.response import BaseHTTPResponse

from shared.address_guard import AddressGuard, Resolver, system_resolver
from shared.fetch_errors import FetchError, FetchReason, FetchTimeoutError, error_for, reason_for_status
from shared.fetch_target import Target, follow, parse_target
from shared.guarded_connection import (
    NETWORK_ERRORS,
    Connector,
    FetchBudget,
    connect_to,
    open_connection,
    tls_context,
)
from shared.page_text import decode_page

__all__ = [
    "FetchError",
    "FetchReason",
    "FetchTimeoutError",
    "FetchedPage",
    "Fetcher",
    "fetch_image_from_url",
    "reason_for_status",
]

MEGABYTE = 1024 * 1024
MAX_REDIRECTS = 5
USER_AGENT = "BecauseFuture/0.1 (virtual try-on; reads the product page that its user asked for)"

_PAGES = re.compile(r"\s*(text/html|application/xhtml\+xml)\s*([;,].*)?", re.IGNORECASE)
_IMAGES = re.compile(r"\s*image/.+", re.IGNORECASE)
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_ENCODINGS = ("", "identity", "gzip", "x-gzip")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """`url`: where it was found, after redirects. `status`: error pages are pages too, see `reason_for_status`."""

    url: str
    html: str
    status: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    accept: str
    types: re.Pattern[str]
    max_bytes: int
    error_pages: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """`location`: where a redirect points; then there is no body."""

    target: Target
    status: int
    content_type: str
    body: bytes = b""
    location: str | None = None


class Fetcher:
    """Thread-safe; calls share nothing but the settings. `resolver`, `connect`, `tls`, `monotonic`: seams for tests."""

    def __init__(
        self,
        *,
        allow_hosts: Sequence[str] = (),
        page_bytes: int = 8 * MEGABYTE,
        image_bytes: int = 15 * MEGABYTE,
        deadline_seconds: float = 20.0,
        resolver: Resolver = system_resolver,
        connect: Connector = connect_to,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = AddressGuard(allow_hosts, resolver)
        self._page = _Wanted("text/html,application/xhtml+xml", _PAGES, page_bytes, True)
        self._image = _Wanted("image/webp,image/png,image/jpeg,image/*;q=0.8", _IMAGES, image_bytes, False)
        self._deadline_seconds = deadline_seconds
        self._connect = connect
        self._tls = tls or tls_context()
        self._monotonic = monotonic

    def may_name(self, url: str) -> bool:
        """Whether an address may stand in an answer: whoever shows it would be sent there. Nothing is looked up."""
        try:
            return self._guard.may_be_named(parse_target(url))
        except FetchError:
            return False

    def fetch_page(self, url: str, *, deadline_seconds: float | None = None) -> FetchedPage:
        """The page as text, whatever its HTTP status: an error page in HTML may carry the marks of a wall.

        Raises FetchError; an error status without HTML becomes its reason. Ends within `deadline_seconds`.
        """
        answer = self._fetch(url, self._page, deadline_seconds)
        return FetchedPage(answer.target.url, decode_page(answer.body, answer.content_type), answer.status)

    def fetch_image(self, url: str, *, deadline_seconds: float | None = None) -> bytes:
        """The bytes of what calls itself a picture; whether it is one is for `image_processing` to judge.

        Raises FetchError. Ends within `deadline_seconds`.
        """
        body = self._fetch(url, self._image, deadline_seconds).body
        if not body:
            raise FetchError("unsupported")
        return body

    def _fetch(self, url: str, wanted: _Wanted, deadline_seconds: float | None) -> _Answer:
        seconds = self._deadline_seconds if deadline_seconds is None else deadline_seconds
        # Twice the cap: frames of chunks and headers come on top of the body, which is counted decoded.
        budget = FetchBudget(seconds, 2 * wanted.max_bytes + MEGABYTE, self._monotonic)
        target = parse_target(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._exchange(target, wanted, budget)
            if answer.location is None:
                return answer
            target = follow(target, answer.location)
        # Nearly always a wall that sets a cookie and sends round until it comes back.
        raise FetchError("blocked")

    def _exchange(self, target: Target, wanted: _Wanted, budget: FetchBudget) -> _Answer:
        addresses = self._guard.addresses(target, budget.seconds_left())
        with (
            _typed_errors(target),
            closing(open_connection(target, addresses, budget, self._connect, self._tls)) as connection,
        ):
            headers = {"User-Agent": USER_AGENT, "Accept": wanted.accept, "Accept-Encoding": "gzip"}
            connection.request("GET", target.path, headers=headers, preload_content=False)
            with closing(connection.getresponse()) as response:
                return _read(response, target, wanted, budget)


def fetch_image_from_url(url: str, timeout: float = 20.0) -> bytes:
    """`Fetcher.fetch_image` with the default limits; inside the server use its Fetcher, which knows the settings."""
    return Fetcher().fetch_image(url, deadline_seconds=timeout)


@contextmanager
def _typed_errors(target: Target) -> Iterator[None]:
    """What a server or the network does becomes a reason. The cause is for the log, and only its type."""
    try:
        yield
    except DecodeError:
        raise FetchError("unsupported") from None
    except NETWORK_ERRORS as error:
        log.info("fetch failed", extra={"host": target.host, "cause": type(error).__name__})
        raise FetchTimeoutError from None


def _read(response: BaseHTTPResponse, target: Target, wanted: _Wanted, budget: FetchBudget) -> _Answer:
    status, content_type = response.status, response.headers.get("Content-Type", "")
    location = response.headers.get("Location")
    if status in _REDIRECTS and location:
        return _Answer(target, status, content_type, location=location)
    _check_kind(status, content_type, response.headers.get("Content-Encoding", ""), wanted)
    return _Answer(target, status, content_type, _body(response, wanted.max_bytes, budget))


def _check_kind(status: int, content_type: str, encoding: str, wanted: _Wanted) -> None:
    """Before the body is read: nothing of another kind is worth its bytes."""
    reason = reason_for_status(status)
    if reason and not wanted.error_pages:
        raise error_for(reason)
    if not wanted.types.fullmatch(content_type):
        raise error_for(reason or "unsupported")
    if encoding.strip().lower() not in _ENCODINGS:
        raise FetchError("unsupported")


def _body(response: BaseHTTPResponse, max_bytes: int, budget: FetchBudget) -> bytes:
    """At most `max_bytes` after unpacking, which is stopped as soon as it is known to be more."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > max_bytes:
        raise FetchError("too_large")
    body = bytearray()
    for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
        budget.seconds_left()
        body += chunk
        if len(body) > max_bytes:
            raise FetchError("too_large")
    return bytes(body)
