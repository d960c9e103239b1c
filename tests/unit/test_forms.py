"""Forms are parsed as Werkzeug parses them, in larger steps."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from shared.forms import LARGE_BYTES, STEP_BYTES, PhotoFormParser

BOUNDARY = "b0"
FORM = "multipart/form-data"
Part = tuple[str, bytes, bool]


def body(parts: list[Part]) -> bytes:
    """Name, content, whether it is a file."""
    heads = [
        f'Content-Disposition: form-data; name="{name}"' + ('; filename="p.jpg"' if file else "")
        for name, _, file in parts
    ]
    pieces = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + part[1] for head, part in zip(heads, parts, strict=True)]
    return b"\r\n".join([*pieces, f"--{BOUNDARY}--\r\n".encode()])


def parsed(kind: type[FormDataParser], sent: bytes, mimetype: str = FORM, **limits: Any) -> Any:
    """`LARGE_BYTES`: so that small bodies are read in the large steps too."""
    options = {"boundary": BOUNDARY}
    _, form, files = kind(**limits).parse(io.BytesIO(sent), mimetype, LARGE_BYTES, options)
    found = [(name, file.filename, file.content_type, file.read()) for name, file in files.items(multi=True)]
    return list(form.items(multi=True)), found


class Watched(io.BytesIO):
    """`asked`: how many bytes each step wanted."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: set[int] = set()

    def read(self, size: int | None = -1) -> bytes:
        self.asked.add(size or -1)
        return super().read(size)


NASTY = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\r\n--b", b"--b0", b"\r\n--b0x", b"\r", b"\n", b"\r\n", b"--b0--"]),
    st.sampled_from([STEP_BYTES - 70, STEP_BYTES - 3, STEP_BYTES, 2 * STEP_BYTES + 1]).map(bytes),
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(NASTY, max_size=3).map(b"".join), st.booleans())))
def test_it_finds_what_werkzeug_finds(parts: list[Part]) -> None:
    sent = body(parts)
    assert parsed(PhotoFormParser, sent) == parsed(FormDataParser, sent)


def test_files_and_fields_come_whole_and_in_order() -> None:
    photo = bytes(range(256)) * 4000
    fields, files = parsed(
        PhotoFormParser, body([("selfie", photo, True), ("options", b"{}", False), ("x", b"", True)])
    )
    assert fields == [("options", "{}")]
    assert [(name, data) for name, _, _, data in files] == [("selfie", photo), ("x", b"")]


@pytest.mark.parametrize(
    "sent", [b"", b"no form at all", f"--{BOUNDARY}\r\n\r\nx".encode(), body([("a", b"x" * 9, False)])[:-4]]
)
def test_a_broken_form_has_nothing(sent: bytes) -> None:
    assert parsed(PhotoFormParser, sent) == parsed(FormDataParser, sent) == ([], [])
    with pytest.raises(ValueError):
        parsed(PhotoFormParser, sent, silent=False)


@pytest.mark.parametrize("options", [None, {}, {"boundary": ""}, {"boundary": "ä"}])
def test_without_a_boundary_there_is_nothing(options: dict[str, str] | None) -> None:
    _, form, files = PhotoFormParser().parse(io.BytesIO(body([("a", b"x", False)])), FORM, None, options)
    assert not form and not files


def test_other_bodies_are_werkzeugs_business() -> None:
    assert parsed(PhotoFormParser, b"a=1&a=2", "application/x-www-form-urlencoded")[0] == [("a", "1"), ("a", "2")]
    assert parsed(PhotoFormParser, b"{}", "application/json") == ([], [])


@pytest.mark.parametrize("limit", [300_000, 1024 * 1024, 8 * 1024 * 1024])
def test_a_text_may_reach_its_limit_and_not_pass_it(limit: int) -> None:
    fits = body([("a", b"x" * limit, False)])
    assert len(parsed(PhotoFormParser, fits, max_form_memory_size=limit)[0][0][1]) == limit
    with pytest.raises(RequestEntityTooLarge):
        parsed(PhotoFormParser, body([("a", b"x" * (limit + 1), False)]), max_form_memory_size=limit)


def test_there_may_be_so_many_parts() -> None:
    with pytest.raises(RequestEntityTooLarge):
        parsed(PhotoFormParser, body([("a", b"x", False)] * 3), max_form_parts=2)


@pytest.mark.parametrize(
    ("length", "limit", "step"),
    [
        (LARGE_BYTES, None, STEP_BYTES),
        (LARGE_BYTES, 4 * STEP_BYTES, STEP_BYTES),
        (LARGE_BYTES, 4 * STEP_BYTES - 1, 64 * 1024),
        (LARGE_BYTES - 1, None, 64 * 1024),
        (None, None, 64 * 1024),
    ],
)
def test_steps_are_large_for_large_forms_and_far_below_what_a_text_may_have(
    length: int | None, limit: int | None, step: int
) -> None:
    stream = Watched(body([("a", b"x", True)]))
    PhotoFormParser(max_form_memory_size=limit).parse(stream, FORM, length, {"boundary": BOUNDARY})
    assert stream.asked == {step}
