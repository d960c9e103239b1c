"""The guarded way out, against real servers on 127.0.0.1 that are reached by allow_hosts or in place of the network."""

from __future__ import annotations

import gzip
import logging
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_servers import OTHER_PUBLIC, PUBLIC, FakeNet, RawServer, Script, answer, repeat, serving

from shared.address_guard import is_public
from shared.guarded_connection import tls_context
from shared.http_fetch import FetchedPage, Fetcher, FetchError, FetchTimeoutError, fetch_image_from_url

IMAGE = b"\xff\xd8\xff\xe0 picture"
SHOP = "http://shop.example.com/item"
CHUNKED = {"content_length": "", "transfer_encoding": "chunked"}
MEGABYTE = 1024 * 1024
_TLS = tls_context()  # takes time to read; the fuzz tests make hundreds of fetchers


@pytest.fixture(autouse=True)
def nothing_goes_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any connection but to 127.0.0.1, and any real lookup, fails the test, even if the product swallows the error."""
    really_connect, really_look_up = socket.socket.connect, socket.getaddrinfo
    escaped: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        if address[0] != "127.0.0.1":
            escaped.append(address)
            raise OSError("stopped by the test")
        really_connect(self, address)

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "127.0.0.1":
            escaped.append(host)
            raise OSError("stopped by the test")
        return really_look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    assert escaped == []


def local(server: RawServer, **settings: Any) -> Fetcher:
    return Fetcher(allow_hosts=[server.host], **settings)


def through(net: FakeNet, **settings: Any) -> Fetcher:
    return Fetcher(resolver=net.resolve, connect=net.connect, **settings)


def page_of(script: Script | bytes, **settings: Any) -> FetchedPage:
    with serving(script) as server:
        return local(server, **settings).fetch_page(f"http://{server.host}/item")


def reason_of(script: Script | bytes, *, image: bool = False, **settings: Any) -> str:
    with serving(script) as server, pytest.raises(FetchError) as caught:
        fetcher = local(server, **settings)
        (fetcher.fetch_image if image else fetcher.fetch_page)(f"http://{server.host}/item")
    assert caught.value.details == {"reason": caught.value.reason}
    assert "127.0.0.1" not in caught.value.message
    return caught.value.reason


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, location=location)


def test_a_page_and_a_picture_arrive() -> None:
    with serving(answer("<p>größe")) as server:
        url = f"http://{server.host}/a?b=1#red"
        assert local(server).fetch_page(url) == FetchedPage(url, "<p>größe", 200)
    with serving(answer(IMAGE, content_type="Image/JPEG; x=y")) as server:
        assert local(server).fetch_image(f"http://{server.host}/a.jpg") == IMAGE


def test_the_request_is_honest_and_carries_nothing_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login someone password secret\n")
    netrc.chmod(0o600)
    for name, value in {"HOME": str(tmp_path), "NETRC": str(netrc)}.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://someone:secret@127.0.0.1:9/")
    with serving(answer("x", set_cookie="session=1; Path=/")) as server:
        fetcher = local(server)
        for _ in range(2):
            fetcher.fetch_page(f"http://{server.host}/item")
        lines = [request.split("\r\n") for request in server.requests]
    assert lines[0] == lines[1]
    assert lines[0][0] == "GET /item HTTP/1.1"
    names = {line.split(":")[0].lower() for line in lines[0][1:] if line}
    assert names == {"host", "user-agent", "accept", "accept-encoding"}
    assert "Accept-Encoding: gzip" in lines[0]
    assert any(line.startswith("User-Agent: BecauseFuture/") for line in lines[0])


def test_a_name_is_looked_up_once_and_its_checked_address_is_connected_to() -> None:
    class Rebinding(FakeNet):
        def resolve(self, name: str, port: int) -> list[str]:
            super().resolve(name, port)
            return [PUBLIC] if len(self.asked) == 1 else ["127.0.0.1"]

    with serving(answer("x")) as server:
        net = Rebinding({"shop.example.com": ()}, server.port)
        assert through(net).fetch_page(SHOP).html == "x"
        assert "Host: shop.example.com\r\n" in server.requests[0]
        assert (net.asked, net.connected) == (["shop.example.com"], [(PUBLIC, 80)])
        with pytest.raises(FetchError, match="public web page"):
            through(net).fetch_page(SHOP)
    assert len(net.connected) == 1


def test_a_dead_address_is_passed_over_for_the_next_one() -> None:
    class HalfDead(FakeNet):
        def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
            connected = super().connect(address, port, timeout_seconds)
            if address == PUBLIC:
                return connected
            connected.close()
            raise ConnectionRefusedError

    with serving(answer("x")) as server:
        net = HalfDead({"shop.example.com": [OTHER_PUBLIC, PUBLIC]}, server.port)
        assert through(net).fetch_page(SHOP).html == "x"


@pytest.mark.parametrize("place", ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://inside.example.com/"])
def test_a_refused_place_is_never_connected_to(place: str) -> None:
    net = FakeNet({"inside.example.com": ["10.0.0.1"]})
    for fetch in (through(net).fetch_page, through(net).fetch_image):
        with pytest.raises(FetchError) as caught:
            fetch(place)
        assert caught.value.reason == "refused_address"
    assert net.connected == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "refused_address"),
        ("http://127.0.0.1:1/", "refused_address"),
        ("//2130706433/", "refused_address"),
        ("http://inside.example.com/", "refused_address"),
        ("http://shop.example.com:22/", "refused_address"),
        ("http://shop.example.com@127.0.0.1/", "refused_address"),
        ("file:///etc/passwd", "unsupported"),
        ("gopher://127.0.0.1:11211/", "unsupported"),
    ],
)
def test_every_hop_is_checked(location: str, reason: str) -> None:
    with serving(redirect(location)) as server:
        net = FakeNet({"shop.example.com": [PUBLIC], "inside.example.com": ["192.168.0.1"]}, server.port)
        for entry in (SHOP, f"http://{server.host}/"):
            fetcher = Fetcher(allow_hosts=[server.host], resolver=net.resolve, connect=net.connect)
            with pytest.raises(FetchError) as caught:
                fetcher.fetch_page(entry)
            assert caught.value.reason == reason
    assert net.connected == [(PUBLIC, 80), ("127.0.0.1", server.port)]


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_five_redirects_are_followed_and_six_are_not(status: str) -> None:
    def script(connection: socket.socket, request: str) -> None:
        left = int(request.split()[1].strip("/"))
        connection.sendall(redirect(f"../{left - 1}", status) if left else answer("there"))

    with serving(script) as server:
        page = local(server).fetch_page(f"http://{server.host}/5#red")
        assert page == FetchedPage(f"http://{server.host}/0#red", "there", 200)
        with pytest.raises(FetchError) as caught:
            local(server).fetch_page(f"http://{server.host}/6")
        assert caught.value.reason == "blocked"
        assert len(server.requests) == 12


def test_a_loop_of_redirects_ends() -> None:
    assert reason_of(redirect("/item")) == "blocked"


ENDLESS = {
    "body": repeat(answer("x", content_length=""), b"y", 0.03),
    "short of its length": repeat(answer("x", content_length="9999"), b"y", 0.03),
    "chunks": repeat(answer(**CHUNKED), b"1\r\nx\r\n", 0.03),
    "chunk length": repeat(answer(**CHUNKED), b"0", 0.03),
    "trailers": repeat(answer(b"0\r\n", **CHUNKED), b"a: b\r\n", 0.03),
    "status line": repeat(b"HTTP/1.1 200 O", b"K", 0.03),
    "headers": repeat(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.03),
    "continue": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.03),
    "silence": repeat(b"", b"", 0.03),
}


@pytest.mark.parametrize("part", ENDLESS)
def test_drops_now_and_then_do_not_stretch_the_deadline(part: str) -> None:
    started = time.monotonic()
    with serving(ENDLESS[part]) as server, pytest.raises(FetchTimeoutError) as caught:
        local(server).fetch_page(f"http://{server.host}/", deadline_seconds=0.3)
    assert caught.value.retryable
    assert 0.25 < time.monotonic() - started < 2


def test_the_deadline_covers_all_hops_together() -> None:
    def script(connection: socket.socket, _: str) -> None:
        time.sleep(0.12)
        connection.sendall(redirect("/again"))

    assert reason_of(script, deadline_seconds=0.3) == "timeout"


FLOODS = {
    "body": repeat(answer("x", content_length=""), b"y" * 65536),
    "chunks": repeat(answer(**CHUNKED), b"8000\r\n" + b"y" * 0x8000 + b"\r\n"),
    "negative chunk": repeat(answer(b"-1\r\n", **CHUNKED), b"y" * 65536),
    "trailers": repeat(answer(b"0\r\n", **CHUNKED), b"a: bcdef\r\n" * 4096),
    "continue": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4096),
}


@pytest.mark.parametrize("part", FLOODS)
def test_an_endless_answer_is_cut_off_in_little_memory(part: str) -> None:
    tracemalloc.start()
    with serving(FLOODS[part]) as server:
        with pytest.raises(FetchError) as caught:
            local(server, page_bytes=MEGABYTE, deadline_seconds=10).fetch_page(f"http://{server.host}/")
        assert server.ended.wait(5), "the connection was left open"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason == "too_large"
    assert peak < 10 * MEGABYTE


@pytest.mark.parametrize("framing", ["length", "chunked", "until_close"])
def test_a_gzip_bomb_is_not_unpacked(framing: str) -> None:
    bomb = gzip.compress(bytes(200 * MEGABYTE), 9, mtime=0)
    headers = {"length": {}, "chunked": CHUNKED, "until_close": {"content_length": ""}}[framing]
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb) if framing == "chunked" else bomb
    whole = answer(body, content_encoding="gzip", **headers)
    tracemalloc.start()
    assert reason_of(whole, page_bytes=MEGABYTE) == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MEGABYTE


def test_sizes_are_those_of_the_settings_after_unpacking() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert page_of(answer(packed, content_encoding="gzip"), page_bytes=1000).html == "x" * 1000
    assert reason_of(answer(packed, content_encoding="gzip"), page_bytes=999) == "too_large"
    assert reason_of(answer(IMAGE, content_type="image/png"), image=True, image_bytes=5) == "too_large"
    assert reason_of(answer(b"x" * (10 * MEGABYTE))) == "too_large"


def test_a_declared_size_is_believed_when_it_is_too_large() -> None:
    assert reason_of(answer("x", content_length=str(9 * MEGABYTE))) == "too_large"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("deflate", zlib.compress(b"x")),
        ("br", b"\x0b\x00\x80x\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x"))),
        ("gzip", b"this is not gzip"),
        ("made-up", b"x"),
    ],
)
def test_an_encoding_that_was_not_asked_for_or_is_broken_is_unsupported(encoding: str, body: bytes) -> None:
    assert reason_of(answer(body, content_encoding=encoding)) == "unsupported"


@pytest.mark.parametrize("kind", ["", "image/png", "application/json", "text/plain", "text/htmlx", "x/y, text/html"])
def test_only_html_is_a_page(kind: str) -> None:
    assert reason_of(answer("<p>", content_type=kind)) == "unsupported"


@pytest.mark.parametrize("kind", ["", "text/html", "application/octet-stream", "images/png"])
def test_only_a_picture_is_a_picture(kind: str) -> None:
    assert reason_of(answer(IMAGE, content_type=kind), image=True) == "unsupported"


def test_an_empty_picture_is_unsupported_and_an_empty_page_is_a_page() -> None:
    assert reason_of(answer(b"", content_type="image/png"), image=True) == "unsupported"
    assert page_of(answer(b"", content_type="application/xhtml+xml")).html == ""


STATUSES = {404: "not_found", 410: "not_found", 500: "timeout", 502: "timeout", 504: "timeout", 302: "blocked"}
STATUSES |= dict.fromkeys((400, 401, 403, 406, 418, 429, 451, 503), "blocked")


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_page_is_a_page_and_an_error_without_one_is_a_reason(status: int) -> None:
    page = page_of(answer("<h1>Access Denied", f"{status} x"))
    assert (page.html, page.status) == ("<h1>Access Denied", status)
    assert reason_of(answer("{}", f"{status} x", content_type="application/json")) == STATUSES[status]
    assert reason_of(answer(IMAGE, f"{status} x", content_type="image/png"), image=True) == STATUSES[status]


@pytest.mark.parametrize(
    "wire",
    [
        *(b"", b"\x16\x03\x01 not http\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200,
        *(answer("x", content_length="5"), answer("x", content_length="1, 2")),
        *(answer(b"zz\r\n", **CHUNKED), answer(b"-5\r\nx", **CHUNKED), answer(b"9" * 70000, **CHUNKED)),
    ],
)
def test_a_broken_answer_is_the_same_as_a_closed_port(wire: bytes) -> None:
    with serving(wire) as server, pytest.raises(FetchTimeoutError) as broken:
        local(server).fetch_page(f"http://{server.host}/")
    with pytest.raises(FetchTimeoutError) as closed:
        through(FakeNet({"shop.example.com": [PUBLIC]})).fetch_page(SHOP)
    assert (broken.value.message, broken.value.details) == (closed.value.message, closed.value.details)


def test_a_failure_is_logged_by_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(FetchTimeoutError) as caught:
        through(FakeNet({"shop.example.com": [PUBLIC]})).fetch_page(SHOP + "?secret=1")
    logged = [(record.__dict__["host"], record.__dict__["cause"]) for record in caplog.records]
    assert logged == [("shop.example.com", "ConnectionRefusedError")]
    assert "secret" not in caplog.text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_specs_name_for_pictures_is_guarded_too() -> None:
    with pytest.raises(FetchError) as caught:
        fetch_image_from_url("http://127.0.0.1/a.png", timeout=1)
    assert caught.value.reason == "refused_address"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.lists(st.ip_addresses().map(str) | st.sampled_from([PUBLIC, "x"]), max_size=3))
def test_whatever_a_link_and_a_name_server_say(rest: str, addresses: list[str]) -> None:
    net = FakeNet({"shop.example.com": addresses})
    fetcher = through(net, tls=_TLS)
    for url in (rest, f"http://{rest}", f"https://shop.example.com{rest}", f"http://shop.example.com/{rest}"):
        with pytest.raises(FetchError):
            fetcher.fetch_page(url)
    assert all(is_public(address) for address, _ in net.connected)


STARTS = [b"", b"HTTP/1.1 200 OK\r\n", answer(**CHUNKED), answer(content_length="")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80), st.sampled_from(STARTS))
def test_whatever_a_server_says(wire: bytes, start: bytes) -> None:
    with serving(start + wire) as server:
        try:
            page = Fetcher(allow_hosts=[server.host], tls=_TLS, deadline_seconds=5).fetch_page(f"http://{server.host}/")
        except FetchError as error:
            assert error.reason in ("timeout", "unsupported", "too_large", "refused_address", "blocked", "not_found")
        else:
            assert len(page.html) <= 80
