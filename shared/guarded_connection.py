"""One HTTP exchange over a connection to an address that was checked, within a budget of time and bytes.

Time and bytes are counted below HTTP, at each read from the socket: there a slow or endless status line, header, chunk
frame or body are all the same. A timeout of the library counts from read to read, which one byte now and then resets.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from shared.fetch_errors import FetchError, FetchTimeoutError
from shared.fetch_target import Target

Connector = Callable[[str, int, float], socket.socket]
"""Address, port and timeout in seconds to a connected socket."""

CONNECT_SECONDS = 6.0
READ_SECONDS = 10.0
MAX_ADDRESSES = 4
NETWORK_ERRORS = (HTTPError, HTTPException, OSError, ValueError)
"""What urllib3, http.client and ssl raise for what a server or the network does."""


class FetchBudget:
    """Seconds and bytes of the wire that one fetch may cost, all its redirects together."""

    def __init__(self, seconds: float, wire_bytes: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds
        self._bytes_left = wire_bytes

    def seconds_left(self) -> float:
        """Above 0. Raises FetchTimeoutError."""
        left = self._end - self._monotonic()
        if left <= 0:
            raise FetchTimeoutError
        return left

    def spend(self, count: int) -> None:
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise FetchError("too_large")


class _Budgeted:
    """Mixed into sockets. Errors of the budget are no OSError: they pass through HTTP libraries as they are."""

    budget: FetchBudget

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(min(READ_SECONDS, self.budget.seconds_left()))  # type: ignore[attr-defined]
        count: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        self.budget.spend(count)
        return count


class _PlainSocket(_Budgeted, socket.socket):
    pass


class _TlsSocket(_Budgeted, ssl.SSLSocket):
    pass


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Certificates and names are verified. One context serves all connections; its sockets keep to a budget."""
    context = ssl.create_default_context(cafile=ca_file or certifi.where())
    context.sslsocket_class = _TlsSocket
    return context


class GuardedHTTPConnection(HTTPConnection):
    """Looks nothing up: the socket is opened beforehand, the name only goes into the Host header."""

    opened: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.opened


class GuardedHTTPSConnection(HTTPSConnection):
    """The name also goes into TLS: server name and certificate are those of the name, not of the address."""

    opened: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.opened


def open_connection(
    target: Target, addresses: Sequence[str], budget: FetchBudget, connect: Connector, tls: ssl.SSLContext
) -> HTTPConnection:
    """Connected, TLS included. Raises NETWORK_ERRORS or FetchTimeoutError."""
    opened = _first_that_answers(target, addresses, budget, connect)
    try:
        connection = _connection(target, opened, min(READ_SECONDS, budget.seconds_left()), tls)
        opened.settimeout(min(CONNECT_SECONDS, budget.seconds_left()))  # of the whole TLS handshake
        connection.connect()
    except (*NETWORK_ERRORS, FetchError):
        opened.close()
        raise
    if isinstance(connection.sock, _Budgeted):
        connection.sock.budget = budget
    return connection


def _connection(target: Target, opened: socket.socket, timeout: float, tls: ssl.SSLContext) -> HTTPConnection:
    if target.scheme == "https":
        secure = GuardedHTTPSConnection(target.host, target.port, timeout=timeout, ssl_context=tls)
        secure.opened = opened
        return secure
    plain = GuardedHTTPConnection(target.host, target.port, timeout=timeout)
    plain.opened = opened
    return plain


def _first_that_answers(
    target: Target, addresses: Sequence[str], budget: FetchBudget, connect: Connector
) -> socket.socket:
    last: OSError = OSError("no address")
    for address in addresses[:MAX_ADDRESSES]:
        try:
            plain = connect(address, target.port, min(CONNECT_SECONDS, budget.seconds_left()))
        except OSError as error:
            last = error
            continue
        budgeted = _PlainSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        budgeted.budget = budget
        return budgeted
    raise last


def connect_to(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Opens a connection to an address; there is no name to look up."""
    return socket.create_connection((address, port), timeout_seconds)
