"""Pictures out of requests: multipart parts, or base64 and data URLs in JSON, never more bytes than allowed."""

from __future__ import annotations

import base64
import binascii
import io
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from flask import Request

from shared.errors import PayloadTooLargeError, UnsupportedMediaTypeError, ValidationError
from shared.forms import PhotoFormParser
from shared.image_formats import MAX_UPLOAD_BYTES
from shared.pixel_memory import keep_blocks

_DATA_URL = re.compile(r"data:(?P<mime>[a-z0-9.+/-]*)(?:;[a-z0-9-]+=[a-z0-9.+-]*)*(?P<base64>;base64)?,", re.IGNORECASE)
_LONGEST_DATA_PREFIX = 200
_BLOCKS = 2
"""Of pixels, kept while uploads follow each other: a photo as it was decoded, and turned upright. More gain nothing."""

_WHITESPACE = str.maketrans("", "", " \t\r\n")


class PhotoRequest(Request):
    """To be the app's `request_class`."""

    form_data_parser_class = PhotoFormParser


def read_upload(request: Request, field: str, *, max_bytes: int = MAX_UPLOAD_BYTES) -> bytes | None:
    """The bytes of one multipart part; None when it is absent.

    Raises ValidationError when it is there but empty, PayloadTooLargeError; both name the field.
    """
    part = request.files.get(field)
    return UploadedPicture(part.stream, field, max_bytes).read() if part is not None else None


@dataclass(frozen=True)
class UploadedPicture:
    """A part of a form that is read when its turn comes: large ones lie on the disk until then."""

    stream: IO[bytes]
    field: str
    max_bytes: int

    def read(self) -> bytes:
        """Once. Raises what `read_upload` raises."""
        data = self.stream.read(min(self._rest(), self.max_bytes + 1))
        if not data:
            raise ValidationError("The picture is empty.", fields={self.field: "The file is empty."})
        if len(data) > self.max_bytes:
            raise _too_large(self.max_bytes, self.field)
        return data

    def _rest(self) -> int:
        """Bytes. A file that is asked for more lays out memory for all that it was asked for."""
        here = self.stream.tell()
        size = self.stream.seek(0, io.SEEK_END)
        self.stream.seek(here)
        return size - here


class UploadRoom:
    """At most `places` requests at once hold the pictures that they brought. Those of the other forms lie on the disk
    meanwhile; a JSON body is in memory as a whole all the same.

    Fifty that each wait for a core with two photos in their hands would hold 350 MB. As long as somebody is inside,
    the memory of pixels goes from photo to photo; whoever leaves last gives it back.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._inside = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        with self._places:
            self._count(1)
            try:
                yield
            finally:
                self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._inside += change
            keep_blocks(_BLOCKS if self._inside else 0)


def read_pictures(request: Request, field: str, *, most: int, max_bytes: int) -> list[UploadedPicture]:
    """All parts of this name, in their order. Raises ValidationError for none and for more than `most`."""
    parts = request.files.getlist(field)
    if not parts:
        raise ValidationError("Send pictures, as parts of a multipart form.", fields={field: "is required"})
    if len(parts) > most:
        raise ValidationError(
            f"These are {len(parts)} pictures: at most {most} are taken at once. Nothing was added.",
            fields={field: f"may come at most {most} times"},
        )
    return [UploadedPicture(part.stream, field, max_bytes) for part in parts]


def open_upload(request: Request, field: str) -> IO[bytes]:
    """One part of a form, to read from and to seek in. Raises ValidationError when there is none."""
    part = request.files.get(field)
    if part is None:
        raise ValidationError("Send the file as a part of a multipart form.", fields={field: "is required"})
    return part.stream


def read_json_image(body: Mapping[str, Any], field: str, *, max_bytes: int = MAX_UPLOAD_BYTES) -> bytes | None:
    """The picture in `body[field]`, base64 or data URL; None when the field is absent or null.

    Raises what `decode_base64_image` raises, naming the field.
    """
    text = body.get(field)
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValidationError("The picture must be base64 text.", fields={field: "Must be base64 text or a data URL."})
    return decode_base64_image(text, max_bytes, field=field)


def read_images(request: Request, fields: Iterable[str], *, max_bytes: int = MAX_UPLOAD_BYTES) -> dict[str, bytes]:
    """The pictures that a request brings under these names, as multipart parts or in a JSON body.

    Absent ones are absent from the answer. Raises what `read_upload` and `read_json_image` raise.
    """
    if request.is_json:
        body = _json_object(request)
        found = {field: read_json_image(body, field, max_bytes=max_bytes) for field in fields}
    else:
        found = {field: read_upload(request, field, max_bytes=max_bytes) for field in fields}
    return {field: data for field, data in found.items() if data is not None}


def decode_base64_image(text: str, max_bytes: int = MAX_UPLOAD_BYTES, *, field: str = "image") -> bytes:
    """Strict base64 (whitespace is tolerated), with or without the head of a data URL.

    Raises PayloadTooLargeError before anything is decoded, UnsupportedMediaTypeError for a data URL that is no
    picture, ValidationError for the rest; what the bytes are is for `shared.image_processing` to judge.
    """
    encoded = _without_data_head(text, field).translate(_WHITESPACE)
    if not encoded:
        raise ValidationError("The picture is empty.", fields={field: "The picture is empty."})
    if len(encoded) // 4 * 3 - encoded[-2:].count("=") > max_bytes:
        raise _too_large(max_bytes, field)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError("The picture is not valid base64.", fields={field: "Not valid base64."}) from error


def _without_data_head(text: str, field: str) -> str:
    text = text.lstrip()
    if text[:5].lower() != "data:":
        return text
    head = _DATA_URL.match(text[:_LONGEST_DATA_PREFIX])
    if head is None or not head["base64"]:
        raise ValidationError("The data URL is not valid.", fields={field: "Must start like data:image/jpeg;base64,"})
    if not head["mime"].lower().startswith("image/"):
        raise UnsupportedMediaTypeError("The data URL is not a picture. Send JPEG, PNG, WebP or HEIC.")
    return text[head.end() :]


def _json_object(request: Request) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValidationError("The body must be a JSON object.")
    return body


def _too_large(max_bytes: int, field: str) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"The picture in '{field}' is too large: at most {max_bytes / 1024 / 1024:.3g} MB are taken.",
        details={"max_bytes": max_bytes, "fields": {field: "Too large."}},
    )
