"""The wire: what leaves, where the key is, and what a hostile or broken server can do to us."""

from __future__ import annotations

import base64
import io
import logging
import socket
import threading
import time
import traceback
from typing import Any

import orjson
import pytest
from PIL import Image

from shared.engines.base import Deadline, Quality
from shared.engines.fake_gemini import FakeGemini, RecordedCall
from shared.engines.gemini_answers import Answer, Kind
from shared.engines.gemini_client import GeminiClient, PictureRequest
from shared.engines.prompts import Slot
from shared.errors import BecauseFutureError, ExternalServiceError
from tests.unit.engines.engine_parts import KEY, CappedLedger, SteppedDeadline, garment, gemini, person, wanted

REQUEST = PictureRequest(("the person:", Slot()), person(), (), "3:4", "1K")
MODEL = "gemini-nano-banana-2.1"


def call(base_url: str, seconds: float = 5.0, **changes: Any) -> Answer:
    settings = {"api_key": KEY, "base_url": base_url, **changes}
    return GeminiClient(**settings).generate(MODEL, REQUEST.payload(), Deadline(seconds))


def sent(**changes: Any) -> RecordedCall:
    engine_changes = {name: changes.pop(name) for name in ("models", "max_input_side") if name in changes}
    with FakeGemini() as fake:
        gemini(fake, **engine_changes).try_on(wanted(**changes), SteppedDeadline())
    return fake.calls[0]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 200_000])
def test_pictures_written_while_they_are_sent_arrive_whole(size: int) -> None:
    picture, other = bytes(index % 251 for index in range(size)), b"other"
    prompt = ("two:", Slot(0), Slot(0), "the person:", Slot())
    payload = PictureRequest(prompt, picture, (other,), "3:4").payload()
    assert len(payload) > size
    text = b"".join(payload)
    parts = orjson.loads(text)["contents"][0]["parts"]
    assert len(text) == len(payload)
    assert [base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part] == [
        other,
        other,
        picture,
    ]


def test_the_key_travels_in_its_header_only() -> None:
    recorded = sent()
    assert (recorded.key, recorded.key_in_url) == (KEY, False)
    assert KEY not in str(recorded.body)
    others = {name: value for name, value in recorded.headers.items() if name.lower() != "x-goog-api-key"}
    assert KEY not in str(others)


def test_the_body_holds_the_pictures_then_the_person_then_the_wish() -> None:
    parts = sent(garments=[garment(), garment((200, 0, 0))]).body["contents"][0]["parts"]
    assert ["inlineData" in part for part in parts] == [False, True, False, True, False, True, False]
    assert "the person" in parts[4]["text"]
    assert {part["inlineData"]["mimeType"] for part in parts if "inlineData" in part} == {"image/jpeg"}


@pytest.mark.parametrize(
    ("model", "quality", "size"),
    [
        (MODEL, Quality.STANDARD, "1K"),
        (MODEL, Quality.HIGH, "2K"),
        ("gemini-3.1-flash-lite-image", Quality.HIGH, None),
        ("gemini-2.5-flash-image", Quality.FAST, None),
        ("gemini-of-the-future", Quality.HIGH, None),
    ],
)
def test_the_size_is_named_only_to_models_that_take_one(model: str, quality: Quality, size: str | None) -> None:
    recorded = sent(models=(model,), quality=quality)
    assert recorded.model == model
    assert recorded.body["generationConfig"]["imageConfig"].get("imageSize") == size


@pytest.mark.parametrize("step", ["redirect", "http:503"])
def test_a_redirect_is_not_followed(step: str) -> None:
    with FakeGemini() as elsewhere:
        target = f"redirect:{elsewhere.base_url}/v1beta/models/{MODEL}:generateContent"
        with FakeGemini([target if step == "redirect" else step]) as fake:
            answer = call(fake.base_url)
    assert answer.kind is (Kind.REFUSED if step == "redirect" else Kind.BUSY)
    assert elsewhere.count == 0


def test_proxies_of_the_environment_are_left_alone_unless_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with FakeGemini() as fake:
        assert call(fake.base_url).kind is Kind.PICTURE
        assert call(fake.base_url, trust_env=True).code == "network"
    assert fake.count == 1


@pytest.mark.parametrize("step", ["hang", "drip", "drip_headers"])
def test_the_time_of_a_call_is_bounded(step: str) -> None:
    started = time.monotonic()
    with FakeGemini(default=step) as fake:
        answer = call(fake.base_url, seconds=0.25)
        took = time.monotonic() - started
    assert (answer.kind, answer.code) == (Kind.TIMEOUT, "timeout")
    assert 0.2 < took < 1.0


def test_a_dripping_answer_leaves_no_thread_behind() -> None:
    with FakeGemini(default="drip") as fake:
        call(fake.base_url, seconds=0.1)
        mine = [thread for thread in threading.enumerate() if thread.name == "gemini-call"]
        for thread in mine:
            thread.join(0.3)
        assert not [thread for thread in mine if thread.is_alive()]


@pytest.mark.parametrize(("quality", "side"), [(Quality.FAST, 1024), (Quality.STANDARD, 1536), (Quality.HIGH, 2000)])
def test_pictures_are_sent_no_larger_than_they_need_to_be(quality: Quality, side: int) -> None:
    recorded = sent(photo=person(1500, 2000), quality=quality)
    pictures = [part["inlineData"]["data"] for part in recorded.body["contents"][0]["parts"] if "inlineData" in part]
    sizes = [Image.open(io.BytesIO(base64.b64decode(data))).size for data in pictures]
    assert [max(size) for size in sizes] == [90, side]


def test_the_read_timeout_ends_a_call_before_the_deadline() -> None:
    started = time.monotonic()
    with FakeGemini(default="drip") as fake:
        assert call(fake.base_url, seconds=30, read_timeout_seconds=0.2).kind is Kind.TIMEOUT
    assert time.monotonic() - started < 1.5


def test_a_huge_answer_is_given_up_early() -> None:
    started = time.monotonic()
    with FakeGemini(default="huge") as fake:
        answer = call(fake.base_url, max_answer_bytes=2_000_000)
    assert (answer.kind, answer.code) == (Kind.BUSY, "answer_too_large")
    assert time.monotonic() - started < 2


def test_an_answer_within_the_cap_is_read() -> None:
    with FakeGemini() as fake:
        assert call(fake.base_url, max_answer_bytes=2_000_000).kind is Kind.PICTURE


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert call(f"http://127.0.0.1:{port}") == Answer(Kind.BUSY, "unreachable")


@pytest.mark.parametrize("base_url", ["not a url", "http://", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_a_wrong_base_url_is_an_answer_too(base_url: str) -> None:
    assert call(base_url).kind in (Kind.BUSY, Kind.REFUSED)


@pytest.mark.parametrize("key", [None, "", "   ", "two words", "schlüssel", "line\nbreak"])
def test_without_a_usable_key_nothing_is_sent(key: str | None) -> None:
    ledger = CappedLedger(3)
    with FakeGemini() as fake:
        engine = gemini(fake, api_key=key)
        assert "GEMINI_API_KEY" in (engine.ready() or "")
        with pytest.raises(ExternalServiceError):
            engine.try_on(wanted(ledger), SteppedDeadline())
    assert (fake.count, ledger.calls) == (0, [])


def test_a_key_with_a_stray_line_end_works() -> None:
    with FakeGemini(key=KEY) as fake:
        engine = gemini(fake, api_key=f" {KEY}\n")
        assert engine.ready() is None
        engine.try_on(wanted(), SteppedDeadline())


STEPS = [
    *("picture", "text", "finish:IMAGE_SAFETY", "block:SAFETY", "http:503", "http:404", "http:401", "key_invalid"),
    *("rate:17", "rate_day", "rate_zero", "garbage", "truncated", "closed", "hang", "redirect:http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("step", STEPS)
def test_neither_the_key_nor_upstream_words_come_out_anywhere(step: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ledger, told = CappedLedger(9), ""
    with FakeGemini(default=step) as fake:
        try:
            told = repr(gemini(fake, read_timeout_seconds=0.1).try_on(wanted(ledger), SteppedDeadline()))
        except BecauseFutureError as error:
            told = "".join(traceback.format_exception(error)) + repr(error.details) + error.message
    assert {recorded.key for recorded in fake.calls} == {KEY}  # it was there to be leaked
    logged = "".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records)
    assert "gemini call" in logged
    for secret in (KEY, "UPSTREAM-WORDS"):
        assert secret not in told + logged + repr(ledger.calls)
