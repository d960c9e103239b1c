"""Bytes of pages to text: what is declared, what is true, and what nobody should run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.page_text import decode_page

GERMAN = "<p>Größe für Übergröße, hübsch</p>" * 20
JAPANESE = "<p>これは日本語の商品ページです。価格は三千円です。</p>" * 20
CHINESE = "<p>这是一件很好看的衣服</p>" * 20


@pytest.mark.parametrize(
    ("text", "codec", "content_type"),
    [
        (GERMAN, "utf-8", None),
        (GERMAN, "utf-8-sig", "text/html; charset=latin-1"),
        (GERMAN, "utf-16", "text/html; charset=utf-8"),
        (GERMAN, "utf-16-le", "text/html; charset=utf-16le"),
        (GERMAN, "utf-8", "text/html; charset=iso-8859-1"),
        (GERMAN, "latin-1", "text/html; charset=iso-8859-1"),
        (GERMAN, "latin-1", "text/html; charset=utf-8"),
        (GERMAN, "latin-1", None),
        ("<p>“5 €”</p>", "cp1252", "text/html; charset='ISO-8859-1'; x=y"),
        ("<p>Größe ğ – 5</p>", "cp1254", "text/html;charset=iso-8859-9"),
        (JAPANESE, "cp932", "text/html; charset=Shift_JIS"),
        (JAPANESE, "cp932", "text/html; charset=utf-8"),
        (JAPANESE, "cp932", None),
        (JAPANESE, "iso2022_jp", "text/html; charset=iso-2022-jp"),
        (CHINESE, "gb18030", "text/html; charset=gb2312"),
        (CHINESE, "gb18030", "text/html; charset=no-such-charset"),
    ],
)
def test_what_is_true_wins(text: str, codec: str, content_type: str | None) -> None:
    assert decode_page(text.encode(codec), content_type) == text


@pytest.mark.parametrize(
    "meta", ['<meta charset="{}">', '<meta http-equiv=Content-Type content="text/html; charset={}">']
)
@pytest.mark.parametrize(
    ("text", "codec"), [(JAPANESE, "euc-jp"), ("<p>這是一件衣服", "big5"), ("<p>Привет", "koi8-r")]
)
def test_the_page_may_say_it_itself(meta: str, text: str, codec: str) -> None:
    page = meta.format(codec) + text
    assert decode_page(page.encode(codec)) == page


def test_the_header_wins_over_the_page() -> None:
    page = "<meta charset=koi8-r><p>Größe"
    assert decode_page(page.encode("cp1252"), "text/html; charset=windows-1252") == page


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    data = GERMAN.encode() + b"\xff\xfe!" + GERMAN.encode()
    assert decode_page(data, "text/html; charset=utf-8") == f"{GERMAN}\ufffd\ufffd!{GERMAN}"


def test_the_sample_that_is_looked_at_does_not_end_inside_a_character() -> None:
    for spaces in range(2):
        page = " " * spaces + JAPANESE * 60
        assert decode_page(page.encode("cp932")) == page


@pytest.mark.parametrize("codec", ["punycode", "idna", "utf-7", "unicode_escape", "zip", "hex", "rot13", "undefined"])
def test_codecs_that_the_web_does_not_know_are_never_run(codec: str) -> None:
    data = b"<meta charset=%b>" % codec.encode() + b"+ADw-script+AD4- \\u003cscript a-\xe9" * 20_000
    started = time.monotonic()
    text = decode_page(data, f"text/html; charset={codec}")
    assert time.monotonic() - started < 2
    assert text == data.decode("cp1252")


@given(
    st.binary(max_size=200), st.none() | st.text(max_size=30) | st.text(max_size=20).map("text/html; charset={}".format)
)
def test_any_bytes_are_text(data: bytes, content_type: str | None) -> None:
    assert isinstance(decode_page(data, content_type), str)


@given(st.text(min_size=1).filter(lambda text: not {"\x1b", "\x00"} & set(text)))
def test_utf_8_is_itself_whatever_the_header_says(text: str) -> None:
    data = text.encode()
    assert decode_page(data, "text/html; charset=shift_jis") == data.decode("utf-8-sig")
