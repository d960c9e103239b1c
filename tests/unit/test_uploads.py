"""Pictures out of requests, multipart and JSON."""

from __future__ import annotations

import base64
import io
import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, Request, request
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.errors import BecauseFutureError, PayloadTooLargeError, UnsupportedMediaTypeError, ValidationError
from shared.pixel_memory import kept_blocks
from shared.uploads import (
    UploadedPicture,
    UploadRoom,
    decode_base64_image,
    read_images,
    read_json_image,
    read_upload,
)

BYTES = bytes(range(256))
TEXT = base64.b64encode(BYTES).decode()


def form_request(**files: bytes) -> Request:
    parts = {name: (io.BytesIO(data), "photo.jpg") for name, data in files.items()}
    with Flask("test").test_request_context("/", method="POST", data=parts):
        return request._get_current_object()  # type: ignore[attr-defined, no-any-return]


def json_request(body: str) -> Request:
    with Flask("test").test_request_context("/", method="POST", data=body, content_type="application/json"):
        return request._get_current_object()  # type: ignore[attr-defined, no-any-return]


def test_a_part_is_read() -> None:
    asked = form_request(avatar=BYTES, other=b"x")
    assert read_upload(asked, "avatar") == BYTES
    assert read_upload(asked, "selfie") is None


def test_an_empty_part_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        read_upload(form_request(avatar=b""), "avatar")
    assert list(caught.value.details["fields"]) == ["avatar"]


def test_a_part_may_reach_the_limit_and_not_pass_it() -> None:
    assert read_upload(form_request(avatar=BYTES), "avatar", max_bytes=256) == BYTES
    with pytest.raises(PayloadTooLargeError, match="avatar"):
        read_upload(form_request(avatar=BYTES), "avatar", max_bytes=255)


@pytest.mark.parametrize("max_size", [pytest.param(0, id="in memory"), pytest.param(1, id="on the disk")])
def test_a_part_is_asked_for_what_it_has_and_no_more(max_size: int) -> None:
    asked: list[int] = []

    class Watched(tempfile.SpooledTemporaryFile[bytes]):
        def read(self, *size: int) -> bytes:
            asked.extend(size)
            return super().read(*size)

    with Watched(max_size) as stream:
        stream.write(b"head" + BYTES)
        stream.seek(4)
        assert UploadedPicture(stream, "avatar", 15_000_000).read() == BYTES
    assert asked == [len(BYTES)]


def test_a_part_is_never_read_further_than_one_byte_over_the_limit() -> None:
    asked = form_request(avatar=bytes(5000))
    stream = asked.files["avatar"].stream
    with pytest.raises(PayloadTooLargeError):
        read_upload(asked, "avatar", max_bytes=100)
    assert stream.tell() == 101


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"data:image/jpeg;base64,{TEXT}",
        f"DATA:IMAGE/PNG;BASE64,{TEXT}",
        f"data:image/svg+xml;charset=utf-8;base64,{TEXT}",
        f"  data:image/webp;base64,\r\n {TEXT[:76]}\r\n\t{TEXT[76:]} \n",
    ],
)
def test_base64_and_data_urls(text: str) -> None:
    assert decode_base64_image(text, 256) == BYTES


@pytest.mark.parametrize(
    "text", [TEXT[:-1], f"{TEXT}=", f"{TEXT[:8]}!{TEXT[9:]}", "-_-_", "=", "====", "ü", "a", "AA=A"]
)
def test_base64_is_strict(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        decode_base64_image(text, field="selfie")
    assert list(caught.value.details["fields"]) == ["selfie"]


@pytest.mark.parametrize("text", ["", " \n", "data:image/png;base64,", "data:image/png;base64, "])
def test_empty_text_is_no_picture(text: str) -> None:
    with pytest.raises(ValidationError, match="empty"):
        decode_base64_image(text)


@pytest.mark.parametrize("mime", ["text/html", "application/pdf", "", "imag/png", "video/mp4", "ximage/png"])
def test_data_urls_of_other_things_are_refused(mime: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        decode_base64_image(f"data:{mime};base64,{TEXT}")


@pytest.mark.parametrize(
    "head", ["data:image/png,", "data:", "data:image/png;base64", "data:image/png;base64;x,", "data:" + "a" * 300]
)
def test_data_urls_without_base64_are_refused(head: str) -> None:
    with pytest.raises(ValidationError):
        decode_base64_image(head + TEXT)


@pytest.mark.parametrize("length", range(250, 260))
def test_the_size_is_known_before_decoding(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = base64.b64encode(bytes(length)).decode()
    assert len(decode_base64_image(text, length)) == length

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("decoded")

    monkeypatch.setattr(base64, "b64decode", refuse)
    with pytest.raises(PayloadTooLargeError):
        decode_base64_image(text, length - 1)
    with pytest.raises(PayloadTooLargeError):
        decode_base64_image(f"data:image/png;base64,{text}", length - 1)


@given(st.text(alphabet="data:image/png;base64,AZ09+/= \n\t\0é"))
def test_any_text_is_bytes_or_a_typed_error(text: str) -> None:
    try:
        assert isinstance(decode_base64_image(text), bytes)
    except BecauseFutureError as error:
        assert error.status_code in {400, 413, 415}


@given(st.binary(min_size=1))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    assert decode_base64_image(base64.b64encode(data).decode()) == data


def test_json_fields() -> None:
    body = {"selfie": TEXT, "garment_image": None, "n": 5, "o": {"a": 1}}
    assert read_json_image(body, "selfie") == BYTES
    assert read_json_image(body, "garment_image") is None
    assert read_json_image(body, "missing") is None
    for field in ("n", "o"):
        with pytest.raises(ValidationError) as caught:
            read_json_image(body, field)
        assert list(caught.value.details["fields"]) == [field]


def test_both_kinds_of_requests_bring_the_same_pictures() -> None:
    fields = ("selfie", "garment_image", "missing")
    expected = {"selfie": BYTES, "garment_image": b"second"}
    form = form_request(selfie=BYTES, garment_image=b"second", unknown=b"third")
    body = {"selfie": TEXT, "garment_image": base64.b64encode(b"second").decode(), "missing": None}
    assert read_images(form, fields) == expected
    assert read_images(json_request(json.dumps(body)), fields) == expected


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "{", "", "NaN"])
def test_json_that_is_no_object_is_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        read_images(json_request(body), ["selfie"])


def test_the_limit_holds_in_json_too() -> None:
    with pytest.raises(PayloadTooLargeError, match="selfie"):
        read_images(json_request(json.dumps({"selfie": TEXT})), ["selfie"], max_bytes=255)


def test_so_many_requests_hold_pictures_at_once_and_no_more() -> None:
    room, together, inside, most = UploadRoom(3), threading.Barrier(3), [], []

    def hold(number: int) -> None:
        with room.entered():
            inside.append(number)
            most.append(len(inside))
            together.wait(10)  # breaks unless three are in the room
            inside.remove(number)
            together.wait(10)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(hold, range(9)))
    assert len(most) == 9 and max(most) == 3


def test_memory_of_pixels_is_kept_while_somebody_is_inside() -> None:
    room = UploadRoom(2)
    with room.entered():
        with pytest.raises(ValidationError), room.entered():
            Image.new("RGB", (1000, 1000))
            raise ValidationError("The picture is empty.")
        assert kept_blocks() > 0
    assert kept_blocks() == 0
    Image.new("RGB", (1000, 1000))
    assert kept_blocks() == 0


def test_a_request_that_fails_leaves_its_place() -> None:
    room = UploadRoom(1)
    for _ in range(2):
        with pytest.raises(ValidationError), room.entered():
            raise ValidationError("The picture is empty.")
