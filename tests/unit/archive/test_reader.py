"""Archives from anybody: what leads away, is too much or is damaged is refused before it is read."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from features.archive import reader
from features.archive.reader import open_archive
from shared.errors import PayloadTooLargeError, UnsupportedMediaTypeError, ValidationError

EMPTY: dict[str, Any] = {"format": "because-future/wardrobe", "version": 1, "items": []}
DOCUMENT = json.dumps(EMPTY).encode()
Entries = list[tuple[zipfile.ZipInfo | str, bytes]]


def packed(entries: Entries, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in [("wardrobe.json", DOCUMENT), *entries]:
            archive.writestr(name, data)
    return file.getvalue()


def read(archive: bytes) -> Any:
    with open_archive(io.BytesIO(archive)) as opened:
        return opened.document()


def entry(name: str, **fields: Any) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(found, field, value)
    return found


def test_what_is_not_meant_does_no_harm() -> None:
    extra: Entries = [("images/", b""), ("__MACOSX/._wardrobe.json", b"x"), (".DS_Store", b"x")]
    assert read(packed(extra)).items == []


NAMES = ["../evil.jpg", "images/../../evil", "/etc/passwd", "C:\\evil.jpg", "images\\evil.jpg", "c:evil", "~/evil",
         "a//b", "images/./x.jpg", "..", "a\x01b"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_away(name: str) -> None:
    with pytest.raises(ValidationError, match="leads elsewhere"):
        read(packed([(name, b"x")]))


def test_a_name_behind_a_zero_byte() -> None:
    archive = packed([("imagesXx.jpg", b"x")]).replace(b"imagesXx.jpg", b"images\0x.jpg")
    with pytest.raises(ValidationError):
        read(archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_only_files(kind: int) -> None:
    with pytest.raises(ValidationError, match="no files"):
        read(packed([(entry("images/x.jpg", external_attr=(kind | 0o777) << 16), b"/etc/passwd")]))


def test_the_same_name_twice() -> None:
    with pytest.warns(UserWarning), pytest.raises(ValidationError, match="same name"):
        read(packed([("wardrobe.json", DOCUMENT)]))


def test_encrypted() -> None:
    archive = bytearray(packed([]))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.find(signature) + at] |= 1
    with pytest.raises(ValidationError, match="encrypted"):
        read(bytes(archive))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing(packing: int) -> None:
    with pytest.raises(ValidationError, match="unusual"):
        read(packed([], packing))


# --- bombs -----------------------------------------------------------------------------------------------------------


def test_too_many_files() -> None:
    with pytest.raises(PayloadTooLargeError):
        read(packed([(f"images/{number}", b"") for number in range(reader.MOST_ENTRIES)]))


def test_a_long_list_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed([(f"images/{number}.jpg", b"") for number in range(40)])
    opened: list[object] = []
    monkeypatch.setattr(reader, "MOST_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(reader.zipfile, "ZipFile", lambda *_: opened.append(1))
    with pytest.raises(PayloadTooLargeError):
        read(archive)
    assert not opened


def test_what_unpacks_to_far_more() -> None:
    with pytest.raises(PayloadTooLargeError, match="far more"):
        read(packed([("images/x.png", bytes(20_000_000))]))


def test_all_files_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_UNPACKED_BYTES", 5_000)
    with pytest.raises(PayloadTooLargeError, match="Unpacked"):
        read(packed([("images/x.png", bytes(3_000)), ("images/y.png", bytes(3_000))]))


def test_a_file_that_says_it_is_smaller() -> None:
    """The size in the list of entries binds: no more than that is unpacked."""
    document = json.dumps({**EMPTY, "padding": "x" * 5000}).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("wardrobe.json", document)
    archive = bytearray(file.getvalue())
    at = archive.find(b"PK\x01\x02") + 24
    archive[at : at + 4] = struct.pack("<I", 100)
    with pytest.raises(ValidationError, match="damaged"):
        read(bytes(archive))


def test_a_document_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_DOCUMENT_BYTES", 10)
    with pytest.raises(PayloadTooLargeError):
        read(packed([]))


def test_a_document_of_too_many_items() -> None:
    times = dict.fromkeys(("date_added", "created_at", "updated_at"), "2026-01-01T00:00:00Z")
    one = {"uid": "0" * 32, "picture": "images/0.jpg", "category_section": "upper_body", **times}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("wardrobe.json", json.dumps({**EMPTY, "items": [one] * (reader.MOST_ITEMS + 1)}))
    with pytest.raises(PayloadTooLargeError, match="after=0"):
        read(file.getvalue())


def test_a_document_of_too_many_values() -> None:
    text = json.dumps({**EMPTY, "more": [[]] * reader.MOST_VALUES}).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("wardrobe.json", text)
    with pytest.raises(PayloadTooLargeError, match="lists too much"):
        read(file.getvalue())


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive", b"\xff\xd8\xff\xe0", b"PK\x05\x06" + bytes(18)])
def test_no_archive(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        read(data)


def test_a_document_is_needed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images/x.jpg", b"x")
    with pytest.raises(ValidationError, match="there is no wardrobe"):
        read(file.getvalue())


def test_cut_off_anywhere() -> None:
    archive = packed([("images/x.jpg", bytes(range(256)) * 4)])
    for length in range(4, len(archive) - 1, 7):
        with pytest.raises(ValidationError):
            read(archive[:length])


BROKEN: list[Callable[[bytearray, int], object]] = [
    lambda data, at: data.__setitem__(at, data[at] ^ 0xFF),
    lambda data, at: data.__setitem__(slice(at, at + 4), b"\xff\xff\xff\xff"),
    lambda data, at: data.__setitem__(slice(at, at + 8), bytes(8)),
]


@pytest.mark.parametrize("damage", BROKEN, ids=["flipped", "filled", "zeroed"])
def test_damage_anywhere_is_a_typed_error_or_none(damage: Callable[[bytearray, int], object]) -> None:
    whole = packed([("images/x.jpg", b"x" * 50)])
    for at in range(4, len(whole)):
        data = bytearray(whole)
        damage(data, at)
        try:
            read(bytes(data))
        except (ValidationError, PayloadTooLargeError, UnsupportedMediaTypeError):
            continue
