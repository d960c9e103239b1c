"""What the protocol fake remembers of its calls: the other side of the ledger in crash and fault proofs."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from shared.engines.fake_gemini import CUT_OFF, FakeGemini, RecordedCall
from shared.engines.fake_gemini_answers import Asked
from tests.unit.engines.engine_parts import SteppedDeadline, gemini, wanted

PATH = "/v1beta/models/gemini-nano-banana-2.1:generateContent"


def heard_after(seen: list[RecordedCall], number: int) -> list[RecordedCall]:
    end = time.monotonic() + 5
    while len(seen) < number and time.monotonic() < end:
        time.sleep(0.01)
    return seen


def test_numbered_answers_tell_their_calls_apart() -> None:
    seen: list[RecordedCall] = []
    with FakeGemini(numbered=True, on_call=seen.append) as fake:
        engine = gemini(fake)
        for _ in range(2):
            engine.try_on(wanted(), SteppedDeadline())
    thinking = [call.usage["thoughtsTokenCount"] for call in seen if call.usage]
    assert [call.number for call in seen] == [1, 2]
    assert thinking[1] == thinking[0] + 1
    assert seen[0].at <= seen[1].at


def test_without_numbers_equal_calls_have_equal_figures() -> None:
    seen: list[RecordedCall] = []
    with FakeGemini(on_call=seen.append) as fake:
        engine = gemini(fake)
        for _ in range(2):
            engine.try_on(wanted(), SteppedDeadline())
    assert seen[0].usage == seen[1].usage is not None


def test_a_request_that_breaks_off_is_no_whole_call() -> None:
    seen: list[RecordedCall] = []
    with FakeGemini(["http:503"], on_call=seen.append) as fake:
        address = urlsplit(fake.base_url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as line:
            line.sendall(f"POST {PATH} HTTP/1.1\r\nx-goog-api-key: k\r\nContent-Length: 99\r\n\r\n{{".encode())
        assert [(call.fault, call.did) for call in heard_after(seen, 1)] == [(CUT_OFF, "")]
        assert fake.choose(Asked("gemini-nano-banana-2.1", {"contents": []})) == "http:503", "it used up no step"
