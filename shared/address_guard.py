"""Who may be connected to: public addresses only, looked up once and checked as addresses, not as names.

The caller connects to an address that `addresses` returned and to nothing else, so a name server that answers
differently the second time is never asked a second time.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from shared.fetch_errors import FetchError, FetchTimeoutError
from shared.fetch_target import Target

Resolver = Callable[[str, int], Sequence[str]]
"""Name and port to addresses in the order of preference. Raises OSError or UnicodeError when there is none."""

ALLOWED_PORTS = (80, 443)
MAX_LOOKUPS = 32
"""Lookups at once. A lookup cannot be stopped: one that outlives its deadline keeps its place until it ends."""

_LOCAL_NAMES = (
    *("local", "internal", "localhost", "localdomain", "lan", "home", "corp", "intranet", "private", "onion"),
    *("home.arpa", "metadata.goog", "metadata.azure.com", "metadata.tencentyun.com", "metadata.packet.net"),
    "metadata.platformequinix.com",
)

# Written out although `is_global` knows most of them: it differs between Python versions and lets some through.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24"
        " 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24"
        " 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"  # the last: Azure's host agent, public-looking
    ).split()
)
# Only global unicast is open, so ::/96, ::ffff:0:0/96, NAT64, unique-local, link-local, site-local and multicast are
# out without being named; what carries an IPv4 address inside (Teredo, 6to4) or is set apart is closed again.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_public(text: str) -> bool:
    """False also for what is no address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return address.is_global and not any(address in network for network in _CLOSED_V6)


def system_resolver(name: str, port: int) -> list[str]:
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class AddressGuard:
    """`allow_hosts`: exact host:port pairs, as the link writes them, that need not be public. Thread-safe."""

    def __init__(self, allow_hosts: Sequence[str] = (), resolver: Resolver = system_resolver) -> None:
        self._allowed = frozenset(entry.strip().lower() for entry in allow_hosts)
        self._resolver = resolver
        self._lookups = threading.BoundedSemaphore(MAX_LOOKUPS)

    def addresses(self, target: Target, seconds: float) -> list[str]:
        """The checked addresses of `target`, at least one.

        One closed address closes the whole answer: honest shops do not mix, rebinding does. A name without an address
        is refused in the same words, so nobody learns which inside names exist. Raises FetchError (refused_address),
        FetchTimeoutError after `seconds`.
        """
        if target.host_and_port in self._allowed:
            return self._look_up(target, seconds)
        if not self.may_be_named(target):
            raise FetchError("refused_address")
        found = self._look_up(target, seconds)
        if not all(is_public(address) for address in found):
            raise FetchError("refused_address")
        return found

    def may_be_named(self, target: Target) -> bool:
        """What can be said without asking anybody: port, local names, addresses that are written out."""
        if target.host_and_port in self._allowed:
            return True
        if target.port not in ALLOWED_PORTS or _is_local_name(target.host):
            return False
        return not _is_address(target.host) or is_public(target.host)

    def _look_up(self, target: Target, seconds: float) -> list[str]:
        if _is_address(target.host):
            return [target.host]
        found = self._ask(target, seconds)
        if not found:
            raise FetchError("refused_address")
        return found

    def _ask(self, target: Target, seconds: float) -> list[str]:
        """In a thread of its own: the system's lookup knows no deadline."""
        if not self._lookups.acquire(timeout=max(0.0, seconds)):
            raise FetchTimeoutError
        answer: Future[list[str]] = Future()
        threading.Thread(target=self._answer, args=(target, answer), name="lookup", daemon=True).start()
        try:
            return answer.result(timeout=max(0.0, seconds))
        except TimeoutError:
            raise FetchTimeoutError from None

    def _answer(self, target: Target, answer: Future[list[str]]) -> None:
        found: list[str] = []
        try:
            found = list(self._resolver(target.host, target.port))
        except (OSError, UnicodeError):
            pass  # no such name: refused like a closed address
        finally:
            self._lookups.release()
            answer.set_result(found)


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _is_local_name(host: str) -> bool:
    if _is_address(host):
        return False
    return "." not in host or any(host == name or host.endswith("." + name) for name in _LOCAL_NAMES)
