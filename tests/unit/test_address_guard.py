"""Which links are read, and which addresses may be connected to. Nothing in here opens a connection."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_servers import OTHER_PUBLIC, PUBLIC, FakeNet

from shared import address_guard
from shared.address_guard import AddressGuard, is_public
from shared.fetch_errors import FetchError, FetchTimeoutError
from shared.fetch_target import MAX_URL_LENGTH, follow, parse_target

CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254
169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 233.252.0.1 239.255.255.255
240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:5ef5:79fd::1 2001:2::1
2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808::1 2620:4f:8000::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::1%lo fec0::1 feff::1 ff02::1 ff0e::1 2606:2800:21f::1%eth0
""".split()
OPEN = """
1.1.1.1 8.8.8.8 93.184.215.14 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 168.63.129.15 168.63.129.17
192.0.1.1 223.255.255.255 2606:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 2400:cb00::1
""".split()

REFUSED_HOSTS = """
127.0.0.1 127.1 127.0.1 2130706433 017700000001 0177.0.0.1 0x7f.0.0.1 0x7f000001 0x7F.1 0x 127.0.0.01 0000.0.0.0 0
169.254.169.254 169.254.169.254. 2852039166 0xa9fea9fe 0251.0376.0251.0376 10.1.2.3 192.168.1.1 172.20.0.1 100.64.0.1
168.63.129.16 256.256.256.256 1.2.3.4.5 1.2.3 4294967296 08.8.8.8 8.8.8.8.. 127.0.0.1.. shop.example..com
[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] [2002:7f00:1::]
[2001:0:5ef5:79fd::1] [fe80::1] [fec0::1] [fd00:ec2::254] [::127.0.0.1] [ff02::1] [::1%25lo] [fe80::1%25eth0] [::1%lo]
[127.0.0.1] [8.8.8.8] [v1.x] [::1 [1::2::3] []
127。0。0。1 127．0．0．1 １２７.0.0.1 ①②⑦.⓪.⓪.① 127.0.0.1%2e 127%2e0%2e0%2e1 %31%32%37.0.0.1
localhost LOCALHOST localhost. app.localhost localhost.localdomain printer.local nas.lan router.home db.internal
db.corp x.home.arpa metadata metadata.google.internal METADATA.GOOGLE.INTERNAL. metadata.goog metadata.tencentyun.com
x.metadata.goog intranet a ｌｏｃａｌｈｏｓｔ abc.onion
user@shop.example.com user:pw@shop.example.com @shop.example.com shop.example.com@127.0.0.1 a@b@c.com
shop.example.com\\@127.0.0.1 127.0.0.1\\.shop.example.com shop.example.com\\.evil.com
shop.example.com:22 shop.example.com:8080 shop.example.com:8443 shop.example.com:0 shop.example.com:65536
shop.example.com:99999 shop.example.com:-80 shop.example.com:８０ shop.example.com:80:80 shop.example.com:+80
shop..example.com .shop.example.com -shop.example.com shop-.example.com sh^op.example.com <b>.com a"b.com x{y}.com
""".split()


def refusal(guard: AddressGuard, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        guard.addresses(parse_target(url), 1.0)
    return caught.value.reason


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_public_is_closed(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_neighbours_of_closed_networks_are_open(address: str) -> None:
    assert is_public(address)


@given(st.integers(0, 2**32 - 1))
def test_no_closed_ipv4_address_gets_in_inside_an_ipv6_one(number: int) -> None:
    high, low = number >> 16, number & 0xFFFF
    forms = ["::ffff:{:x}:{:x}", "::{:x}:{:x}", "64:ff9b::{:x}:{:x}", "2002:{:x}:{:x}::1", "2001:0:1:2::{:x}:{:x}"]
    assert not any(is_public(form.format(high, low)) for form in forms)


@given(st.ip_addresses())
def test_what_python_calls_special_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
    )
    assert not (special and is_public(str(address)))


@pytest.mark.parametrize("junk", ["", "shop", "1.2.3", "01.2.3.4", "8.8.8.8/32", "[2606:4700::1]", " 8.8.8.8"])
def test_what_is_no_address_is_not_public(junk: str) -> None:
    assert not is_public(junk)


@pytest.mark.parametrize("host", REFUSED_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_hidden_or_local_host_is_refused_without_a_lookup(host: str, scheme: str) -> None:
    net = FakeNet()
    assert refusal(AddressGuard(resolver=net.resolve), f"{scheme}://{host}/p?q#f") == "refused_address"
    assert net.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://shop.example.com/", "gopher://shop.example.com/", "javascript:alert(1)"),
        *(
            "data:text/html,x",
            "dict://127.0.0.1:11211/",
            "//shop.example.com/",
            "shop.example.com",
            "",
            "http:",
            "http://",
        ),
        *("http:/shop.example.com", "http:shop.example.com", "https:///shop.example.com", "http:\\\\shop.example.com"),
        *("http://?", "http://#", "http://shop.example.com/\ud800", "blob:https://shop.example.com/1"),
        "https://shop.example.com/" + "a" * MAX_URL_LENGTH,
    ],
)
def test_what_is_no_web_link_is_unsupported(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        parse_target(url)
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("mark", ["\t", "\n", "\r", "\x00", "\x7f", "\x85", "\r\nHost: x\r\n"])
@pytest.mark.parametrize(
    "where", ["ht{}tp://shop.example.com/", "http://sh{}op.example.com/", "http://shop.example.com/{}x"]
)
def test_control_characters_are_refused_anywhere(where: str, mark: str) -> None:
    with pytest.raises(FetchError) as caught:
        parse_target(where.format(mark))
    assert caught.value.reason == "refused_address"


@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("  HTTPS://Shop.Example.COM:443/A?b=C#d \n", "https://shop.example.com/A?b=C#d"),
        ("http://shop.example.com.", "http://shop.example.com/"),
        ("http://shop.example.com:/x", "http://shop.example.com/x"),
        ("http://shop.example.com:00080/x", "http://shop.example.com/x"),
        ("http://shop.example.com:443/x", "http://shop.example.com:443/x"),
        ("https://bücher.example/straße/ä b?q=é", "https://xn--bcher-kva.example/stra%C3%9Fe/%C3%A4%20b?q=%C3%A9"),
        ("https://shop。example。com/", "https://shop.example.com/"),
        ("https://shop.example.com/a%20b%2Fc?d=%C3%A9&e[]=1", "https://shop.example.com/a%20b%2Fc?d=%C3%A9&e[]=1"),
        ("https://shop.example.com/a\\b", "https://shop.example.com/a%5Cb"),
        ("https://shop.example.com?x=http://127.0.0.1/", "https://shop.example.com/?x=http://127.0.0.1/"),
        ("https://shop.example.com#@127.0.0.1/", "https://shop.example.com/#@127.0.0.1/"),
        ("https://my_shop.example.com/", "https://my_shop.example.com/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
    ],
)
def test_honest_links_are_read_once_and_canonically(url: str, read_as: str) -> None:
    assert parse_target(url).url == read_as


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b?c", "https://shop.example.com/b?c#colour=2"),
        ("b", "https://shop.example.com/a/b#colour=2"),
        ("//cdn.example.com/x", "https://cdn.example.com/x#colour=2"),
        ("https://other.example.com/#own", "https://other.example.com/#own"),
        ("  /b  ", "https://shop.example.com/b#colour=2"),
        ("/\\127.0.0.1/", "https://shop.example.com/%5C127.0.0.1/#colour=2"),
        ("/voilà".encode().decode("latin-1"), "https://shop.example.com/voil%C3%A0#colour=2"),
    ],
)
def test_a_redirect_is_joined_and_keeps_the_fragment(location: str, leads_to: str) -> None:
    assert follow(parse_target("https://shop.example.com/a/#colour=2"), location).url == leads_to


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://shop.example.com/", "refused_address"),
        ("http://[::1", "refused_address"),
        ("//user@127.0.0.1/", "refused_address"),
        ("file:///etc/passwd", "unsupported"),
        ("javascript:alert(1)", "unsupported"),
    ],
)
def test_a_redirect_cannot_go_where_a_link_cannot(location: str, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        follow(parse_target("https://shop.example.com/"), location)
    assert caught.value.reason == reason


@pytest.mark.parametrize("closed", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "168.63.129.16", "junk"])
@pytest.mark.parametrize("order", [lambda a, b: [a, b], lambda a, b: [b, a], lambda a, b: [a]])
def test_one_closed_address_closes_the_answer(closed: str, order: Callable[[str, str], list[str]]) -> None:
    net = FakeNet({"shop.example.com": order(closed, PUBLIC)})
    assert refusal(AddressGuard(resolver=net.resolve), "https://shop.example.com/") == "refused_address"


def test_public_addresses_come_in_the_resolvers_order_after_one_lookup() -> None:
    net = FakeNet({"shop.example.com": [OTHER_PUBLIC, PUBLIC]})
    guard = AddressGuard(resolver=net.resolve)
    assert guard.addresses(parse_target("https://shop.example.com/"), 1.0) == [OTHER_PUBLIC, PUBLIC]
    assert net.asked == ["shop.example.com"]


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_does_not_exist_is_refused_like_one_that_is_inside(error: Exception) -> None:
    def resolver(name: str, port: int) -> list[str]:
        if name.startswith("inside"):
            return ["10.0.0.1"]
        raise error

    answers = []
    for name in ("inside", "absent"):
        with pytest.raises(FetchError) as caught:
            AddressGuard(resolver=resolver).addresses(parse_target(f"https://{name}.example.com/"), 1.0)
        answers.append((type(caught.value), caught.value.message, caught.value.details))
    assert answers[0] == answers[1]


def test_an_empty_answer_is_refused() -> None:
    assert refusal(AddressGuard(resolver=lambda name, port: []), "https://shop.example.com/") == "refused_address"


def test_allowed_hosts_are_exact() -> None:
    net = FakeNet({"localhost": ["127.0.0.1"], "shop.example.com": [PUBLIC]})
    guard = AddressGuard(["127.0.0.1:8000", " LOCALHOST:81 ", "[::1]:8000"], net.resolve)
    for url, found in [
        ("http://127.0.0.1:8000/", ["127.0.0.1"]),
        ("http://localhost:81/x", ["127.0.0.1"]),
        ("http://[0:0::1]:8000/", ["::1"]),
        ("https://shop.example.com/", [PUBLIC]),
    ]:
        assert guard.addresses(parse_target(url), 1.0) == found
    for url in ("http://127.0.0.1:8001/", "http://127.0.0.1/", "http://127.0.0.2:8000/", "http://localhost:8000/"):
        assert refusal(guard, url) == "refused_address"


def test_a_lookup_that_hangs_ends_with_the_deadline() -> None:
    release = threading.Event()

    def resolver(name: str, port: int) -> list[str]:
        release.wait(5)
        return [PUBLIC]

    started = time.monotonic()
    with pytest.raises(FetchTimeoutError):
        AddressGuard(resolver=resolver).addresses(parse_target("https://shop.example.com/"), 0.1)
    release.set()
    assert time.monotonic() - started < 2


def test_hanging_lookups_are_bounded_and_give_their_places_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_guard, "MAX_LOOKUPS", 1)
    entered, release, left = threading.Semaphore(0), threading.Event(), []

    def resolver(name: str, port: int) -> list[str]:
        entered.release()
        release.wait(5)
        left.append(name)
        return [PUBLIC]

    guard = AddressGuard(resolver=resolver)
    for _ in range(3):
        with pytest.raises(FetchTimeoutError):
            guard.addresses(parse_target("https://shop.example.com/"), 0.05)
    assert entered.acquire(blocking=False)
    assert not entered.acquire(blocking=False)
    release.set()
    assert guard.addresses(parse_target("https://shop.example.com/"), 5.0) == [PUBLIC]
    assert len(left) == 2


_PIECES = st.sampled_from(
    [
        *"/\\@:?#[]%.&=- ",
        "http",
        "https",
        "://",
        "127.0.0.1",
        "0x7f",
        "[::1]",
        "localhost",
        "shop.com",
        "。",
        "①",
        "%00",
    ]
)
_URLS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=12).map("".join), _PIECES.map("http://{}".format))


@settings(max_examples=400, deadline=None)
@given(_URLS.flatmap(lambda rest: st.sampled_from([rest, f"http://{rest}", f"https://shop.com{rest}"])))
def test_any_text_is_read_canonically_or_refused(url: str) -> None:
    net = FakeNet()
    try:
        target = parse_target(url)
    except FetchError as error:
        assert error.reason in ("unsupported", "refused_address")
        return
    assert target.url.isascii()
    assert not set(target.url) & set(" \\\r\n\t\x00")
    assert parse_target(target.url) == target
    try:
        found = AddressGuard(resolver=net.resolve).addresses(target, 1.0)
    except FetchError as error:
        assert error.reason == "refused_address"
    else:
        assert found == [target.host]
        assert is_public(target.host)
