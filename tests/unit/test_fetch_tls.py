"""https: the certificate is that of the name, the connection that to the checked address, the deadline the same."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from raw_servers import PUBLIC, FakeNet, Script, answer, repeat, serving

from shared.guarded_connection import tls_context
from shared.http_fetch import Fetcher, FetchError, FetchTimeoutError

NAME = "shop.example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For NAME, signed by itself, made for this run; the key is in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


def fetch(certificate: Path, script: Script | bytes, url: str, *, trusted: bool = True) -> tuple[str, list[str | None]]:
    """The page, and the names that the server was asked for in TLS."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda connection, name, _: asked.append(name)
    with serving(script, context) as server:
        net = FakeNet({NAME: [PUBLIC], "other.example.com": [PUBLIC]}, server.port)
        tls = tls_context(str(certificate)) if trusted else None
        page = Fetcher(resolver=net.resolve, connect=net.connect, tls=tls).fetch_page(url, deadline_seconds=0.4)
        assert net.connected == [(PUBLIC, 443)]
    return page.html, asked


def test_the_name_is_in_tls_and_the_address_is_the_checked_one(certificate: Path) -> None:
    assert fetch(certificate, answer("<p>größe"), f"https://{NAME}/") == ("<p>größe", [NAME])


@pytest.mark.parametrize(("name", "trusted"), [("other.example.com", True), (NAME, False)])
def test_a_certificate_of_another_name_or_of_nobody_is_not_taken(certificate: Path, name: str, trusted: bool) -> None:
    with pytest.raises(FetchTimeoutError):
        fetch(certificate, answer("x"), f"https://{name}/", trusted=trusted)


@pytest.mark.parametrize("start", [b"", answer("x", content_length="")])
def test_drops_over_tls_do_not_stretch_the_deadline(certificate: Path, start: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(FetchTimeoutError):
        fetch(certificate, repeat(start, b"y", 0.03), f"https://{NAME}/")
    assert 0.35 < time.monotonic() - started < 2


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with serving(repeat(b"", b"", 0.03)) as server:
        net = FakeNet({NAME: [PUBLIC]}, server.port)
        started = time.monotonic()
        with pytest.raises(FetchTimeoutError):
            Fetcher(resolver=net.resolve, connect=net.connect).fetch_page(f"https://{NAME}/", deadline_seconds=0.3)
    assert 0.25 < time.monotonic() - started < 2


def test_https_does_not_fall_back_to_http(certificate: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(certificate, answer(status="302 Found", location=f"http://{NAME}/"), f"https://{NAME}/")
    assert caught.value.reason == "refused_address"
