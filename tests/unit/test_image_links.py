"""Signed picture addresses: one spelling, one lifetime, one key."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LinkExpiredError, LinkInvalidError, ValidationError
from shared.image_links import ImageLinks

NOW = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)
KEY = "avatars/7/face.jpg"
LINKS = ImageLinks("a secret of the server", ttl_hours=24)


def parts(url: str) -> tuple[str, str, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    assert list(query) == ["exp", "sig"]
    return split.path, query["exp"][0], query["sig"][0]


def test_a_fresh_link_is_valid_to_its_last_second() -> None:
    path, exp, sig = parts(LINKS.sign(KEY, NOW))
    assert path == f"/images/{KEY}"
    end = datetime.fromtimestamp(int(exp), UTC)
    LINKS.verify(KEY, exp, sig, NOW)
    LINKS.verify(KEY, exp, sig, end - timedelta(seconds=1))
    with pytest.raises(LinkExpiredError):
        LINKS.verify(KEY, exp, sig, end)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (NOW, datetime(2026, 11, 22, 11, tzinfo=UTC)),
        (NOW.replace(minute=0, second=0), datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (NOW.replace(minute=0, second=0, microsecond=1), datetime(2026, 11, 22, 11, tzinfo=UTC)),
    ],
)
def test_the_end_is_rounded_up_to_the_hour(now: datetime, end: datetime) -> None:
    assert int(parts(LINKS.sign(KEY, now))[1]) == end.timestamp()


def test_links_of_one_hour_are_equal() -> None:
    assert LINKS.sign(KEY, NOW) == LINKS.sign(KEY, NOW + timedelta(minutes=39))
    assert LINKS.sign(KEY, NOW) != LINKS.sign(KEY, NOW + timedelta(minutes=40))


def test_a_link_opens_one_picture_only() -> None:
    _, exp, sig = parts(LINKS.sign(KEY, NOW))
    for other in (
        "avatars/8/face.jpg",
        f"{KEY}/",
        f"/{KEY}",
        KEY.upper(),
        f"{KEY}\n",
        "avatars//7/face.jpg",
        "",
        "\ud800",
    ):
        with pytest.raises(LinkInvalidError):
            LINKS.verify(other, exp, sig, NOW)


def test_time_cannot_be_added() -> None:
    _, exp, sig = parts(LINKS.sign(KEY, NOW))
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, str(int(exp) + 3600), sig, NOW)


def test_a_forged_link_is_invalid_and_not_expired() -> None:
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, "1", "A" * 43, NOW)


def test_there_is_no_second_spelling() -> None:
    _, exp, sig = parts(LINKS.sign(KEY, NOW))
    arabic = exp.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})
    for spelled in (
        f"0{exp}",
        f"+{exp}",
        f" {exp}",
        f"{exp}\n",
        f"{exp}.0",
        arabic,
        f"{exp[:1]}_{exp[1:]}",
        "1e10",
        "",
    ):
        with pytest.raises(LinkInvalidError):
            LINKS.verify(KEY, spelled, sig, NOW)
    raw = base64.urlsafe_b64decode(f"{sig}=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [sig[:-1] + last for last in alphabet if last != sig[-1]]
    same_bytes = [twin for twin in twins if base64.urlsafe_b64decode(f"{twin}=") == raw]
    assert len(same_bytes) == 3
    for spelled in (*same_bytes, f"{sig}=", f"{sig} ", sig.replace("-", "+"), sig.lower(), f"{sig[:-1]}ü"):
        if spelled != sig:
            with pytest.raises(LinkInvalidError):
                LINKS.verify(KEY, exp, spelled, NOW)


@pytest.mark.parametrize(("exp", "sig"), [(None, None), ("1900000000", None), (None, "A" * 43), ("", "")])
def test_links_without_their_parts_are_invalid(exp: str | None, sig: str | None) -> None:
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, exp, sig, NOW)


@given(exp=st.text(max_size=30), sig=st.text(max_size=60))
def test_noise_is_invalid(exp: str, sig: str) -> None:
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, exp, sig, NOW)


def test_another_secret_signs_otherwise() -> None:
    _, exp, sig = parts(ImageLinks("another secret", ttl_hours=24).sign(KEY, NOW))
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, exp, sig, NOW)


def test_the_base_may_be_moved() -> None:
    assert ImageLinks("s", 1, "/files/").sign(KEY, NOW).startswith(f"/files/{KEY}?exp=")


@pytest.mark.parametrize("key", ["../etc/passwd", "", "a//b", "a b", "a?exp=1", "a#b", "a%2eb"])
def test_only_keys_are_signed(key: str) -> None:
    with pytest.raises(ValidationError):
        LINKS.sign(key, NOW)


def test_the_secret_itself_is_not_the_signing_key() -> None:
    """What else the server signs with its secret must not happen to be a link."""
    _, exp, _ = parts(LINKS.sign(KEY, NOW))
    digest = hmac.digest(b"a secret of the server", f"{exp}\n{KEY}".encode(), "sha256")
    with pytest.raises(LinkInvalidError):
        LINKS.verify(KEY, exp, base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), NOW)
