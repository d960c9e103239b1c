"""Bytes of a page to text, never an exception: shops declare one encoding and send another."""

from __future__ import annotations

import codecs
import re

from bs4.dammit import EncodingDetector, UnicodeDammit

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAMPLE_BYTES = 64 * 1024
_HEAD_BYTES = 4096
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z0-9_:.\-]{1,40}")
# Only what the web's encoding standard knows: Python's registry also holds codecs that run programs of the attacker's
# choosing on 8 MB (punycode is quadratic) or change what the text means (utf-7, unicode_escape).
_KNOWN = re.compile(
    r"utf-8|utf-16(-le|-be)?|iso8859-([2-8]|1[03456])|cp125[0-8]|cp866|cp874|koi8-[ru]|mac-roman|mac-cyrillic"
    r"|cp932|euc_jp|iso2022_jp|gb18030|big5hkscs|cp949"
)
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
}


def decode_page(data: bytes, content_type: str | None = None) -> str:
    """By BOM, then as UTF-8 if it is that, then as the header, then the page itself says, then by its looks.

    UTF-8 goes first because other text almost never happens to be valid UTF-8, while "iso-8859-1" in a header is often
    only a server's default. Bytes that fit nowhere become U+FFFD.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    for codec in _candidates(data, content_type):
        text = data.decode(codec, "replace")
        if _reads_well(text):
            return text
    return data.decode(_by_looks(data), "replace")


def _candidates(data: bytes, content_type: str | None) -> list[str]:
    declared = [_codec(_header_charset(content_type)), _codec(_declared_inside(data))]
    named = [codec for codec in declared if codec]
    # UTF-16 and ISO-2022-JP are made of ASCII bytes: there, being valid UTF-8 says nothing.
    plain = b"\x00" not in data[:_HEAD_BYTES] and b"\x1b" not in data
    return list(dict.fromkeys(["utf-8", *named] if plain else [*named, "utf-8"]))


def _reads_well(text: str) -> bool:
    """A few broken bytes in a long page are an accident; many say that it is another encoding."""
    broken = text.count("\ufffd")
    if not broken:
        return True
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return broken * 10 <= foreign


def _header_charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None


def _declared_inside(data: bytes) -> str | None:
    return EncodingDetector.find_declared_encoding(data[:_SAMPLE_BYTES], is_html=True)


def _by_looks(data: bytes) -> str:
    """What the page says of itself did not fit and is left out: bs4 would run any codec that it names."""
    sample = data[:_SAMPLE_BYTES]
    sample = sample[: sample.rfind(b">") + 1] or sample  # not through the middle of a character
    looked = UnicodeDammit(sample, exclude_encodings=[_declared_inside(data) or ""], is_html=True)
    return _codec(looked.original_encoding) or "cp1252"


def _codec(label: str | None) -> str | None:
    """The name of the codec that browsers take for `label`; None for what they would not take."""
    if not label or not _LABEL.fullmatch(label):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    name = _WIDER.get(name, name)
    return name if _KNOWN.fullmatch(name) else None
