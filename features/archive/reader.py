"""A ZIP from anybody, read without trusting it: nothing is unpacked to disk, and every size is bounded before and while
it is read."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pydantic

from features.archive import document
from features.archive.document import Document
from features.archive.limits import (
    MOST_DAYS,
    MOST_DIRECTORY_BYTES,
    MOST_DOCUMENT_BYTES,
    MOST_ENTRIES,
    MOST_ITEMS,
    MOST_RATIO,
    MOST_UNPACKED_BYTES,
    MOST_VALUES,
    SMALL_BYTES,
)
from shared.errors import BecauseFutureError, PayloadTooLargeError, UnsupportedMediaTypeError, ValidationError
from shared.validators import refusal

FIELD = "file"
_UNREADABLE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, zipfile.LargeZipFile, struct.error, zlib.error, EOFError, ValueError, NotImplementedError,
    RuntimeError, OverflowError, LookupError, OSError,
)  # fmt: skip
"""What zipfile was seen to raise, or may raise, for damaged archives."""
_FIRST, _DIRECTORY_END, _ZIP64_LOCATOR = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _LONGEST_COMMENT = 22, 20, 1 << 16
_ENCRYPTED = 0x1
_KINDS = {0, stat.S_IFREG, stat.S_IFDIR}
_LEADS_AWAY = re.compile(r"^[/~]|(?:^|/)\.\.?(?:/|$)|//|[\\:\x00-\x1f\x7f]")


@contextmanager
def open_archive(stream: IO[bytes]) -> Iterator[Archive]:
    """Every entry's name, kind and declared size passed.

    Raises UnsupportedMediaTypeError (no ZIP), PayloadTooLargeError, ValidationError (damaged, encrypted, names that
    lead out of it).
    """
    _check_directory(stream)
    with _typed_errors():
        archive = zipfile.ZipFile(stream)
    with archive:
        yield Archive(archive)


class Archive:
    """Methods raise PayloadTooLargeError and ValidationError."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = _checked(archive.infolist())

    def document(self) -> Document:
        data = self.read(document.NAME, MOST_DOCUMENT_BYTES)
        if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
            raise _too_large("The archive lists too much")
        try:
            found = Document.model_validate_json(data)
        except pydantic.ValidationError as error:
            raise _of_document(error) from None
        self._check(found)
        return found

    def read(self, name: str, most: int) -> bytes:
        """At most `most` bytes; the declared size binds, and a checksum proves it."""
        entry = self._entries.get(name)
        if entry is None:
            raise _refused(f"there is no {name} in it")
        if entry.file_size > most:
            raise _too_large("A file in the archive is too large")
        with _typed_errors(), self._archive.open(entry) as file:
            data = file.read(most + 1)
        if len(data) != entry.file_size:
            raise _refused("it is damaged or incomplete")
        return data

    def _check(self, found: Document) -> None:
        if len(found.days()) > MOST_DAYS:
            raise _too_large(f"The archive has more than {MOST_DAYS} days on which things were worn")
        if twice := found.twice():
            raise _refused(f"it names {twice} twice")
        missing = next((name for name in found.pictures() if name not in self._entries), None)
        if missing is not None:
            raise _refused(f"the picture {missing} is missing")


def _check_directory(stream: IO[bytes]) -> None:
    """Before zipfile reads the list of entries whole: how long it says it is. Searched as zipfile does."""
    stream.seek(0)
    if stream.read(len(_FIRST)) != _FIRST:
        raise UnsupportedMediaTypeError("This is not an archive of a wardrobe. Send the ZIP that an export gave.")
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT - _LOCATOR_SIZE))
    tail = stream.read()
    at = len(tail) - _END_SIZE if _is_bare_end(tail[-_END_SIZE:]) else tail.rfind(_DIRECTORY_END)
    if at < 0 or at + _END_SIZE > len(tail):
        raise _refused("it is damaged or incomplete")
    entries, length = struct.unpack_from("<HI", tail, at + 10)
    locator = tail[max(0, at - _LOCATOR_SIZE) : at]
    if entries > MOST_ENTRIES or length > MOST_DIRECTORY_BYTES or locator.startswith(_ZIP64_LOCATOR):
        raise _too_large(f"The archive has more than {MOST_ENTRIES} files")
    stream.seek(0)


def _is_bare_end(end: bytes) -> bool:
    return end.startswith(_DIRECTORY_END) and end.endswith(b"\0\0")


def _checked(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MOST_ENTRIES:
        raise _too_large(f"The archive has more than {MOST_ENTRIES} files")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise _too_large(f"Unpacked, the archive has more than {MOST_UNPACKED_BYTES // SMALL_BYTES} MB")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(entry)
        if found.setdefault(entry.filename, entry) is not entry:
            raise _refused("two files in it have the same name")
    return found


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if _LEADS_AWAY.search(entry.orig_filename):
        raise _refused("a file name in it leads elsewhere")
    if stat.S_IFMT(entry.external_attr >> 16) not in _KINDS:
        raise _refused("it has links or other things that are no files")
    if entry.flag_bits & _ENCRYPTED:
        raise _refused("it is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused("it is packed in an unusual way")
    if entry.file_size > max(SMALL_BYTES, MOST_RATIO * entry.compress_size):
        raise _too_large("A file in the archive unpacks to far more than it should")


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise _refused("it is damaged or incomplete") from error


def _of_document(error: pydantic.ValidationError) -> BecauseFutureError:
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if any(item["type"] == "too_long" and len(item["loc"]) == 1 for item in wrong):
        return _too_large(f"The archive holds more than one import takes ({MOST_ITEMS} items)")
    return refusal(error, f"{document.NAME} in the archive is not as an export writes it")


def _refused(why: str) -> ValidationError:
    return ValidationError(f"This archive cannot be imported: {why}. Nothing was imported.", fields={FIELD: why})


def _too_large(what: str) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"{what}. Export the wardrobe in parts (?after=0) and import one after the other.")
