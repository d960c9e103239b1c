"""The wire to the Gemini API (generateContent, REST v1beta): the one module that speaks HTTP for the engines.

The key goes into a header and nowhere else. No text of the upstream, of an exception or of a URL leaves this module.
"""

from __future__ import annotations

import base64
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
import requests
import urllib3

from shared.engines.base import Deadline
from shared.engines.gemini_answers import NEVER_SENT, Answer, Kind, read_error, read_success
from shared.engines.prompts import Prompt, Slot, wording

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
_CHUNK_BYTES = 64 * 1024
_SENT_BYTES = 48 * 1024  # a multiple of 3: only the last piece of a picture ends with padding
_ERROR_BODY_BYTES = 256 * 1024
_WATCH_SECONDS = 0.1
_LOST = Answer(Kind.REFUSED, "unknown")
_NETWORK = Answer(Kind.BUSY, "network")
_UNREACHED = Answer(Kind.BUSY, NEVER_SENT)
_TIMEOUT = Answer(Kind.TIMEOUT, "timeout")
_TOO_LARGE = Answer(Kind.BUSY, "answer_too_large")


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """One call: the prompt's slots are filled with `person` and `garments` (JPEG bytes)."""

    prompt: Prompt
    person: bytes
    garments: Sequence[bytes]
    aspect_ratio: str
    image_size: str | None = None
    text_allowed: bool = True

    def payload(self) -> Payload:
        marks = {uuid.uuid4().hex: picture for picture in (self.person, *self.garments)}
        body = self.body(dict(zip((None, *range(len(self.garments))), marks, strict=True)))
        return Payload(orjson.dumps(body), {mark.encode(): picture for mark, picture in marks.items()})

    def body(self, data: Mapping[int | None, str]) -> dict[str, Any]:
        """`data`: what stands for the person's picture (None) and for each garment's."""
        image_config = {"aspectRatio": self.aspect_ratio}
        if self.image_size:
            image_config["imageSize"] = self.image_size
        return {
            "systemInstruction": {"parts": [{"text": wording().system}]},
            "contents": [{"role": "user", "parts": [_part(item, data) for item in self.prompt]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"] if self.text_allowed else ["IMAGE"],
                "imageConfig": image_config,
            },
            # Fashion photos trip the default filter; only this one is relaxed, and the output filter stays as it is.
            "safetySettings": [{"category": "HARM_CATEGORY_SEXUALLY_EXPLICIT", "threshold": "BLOCK_ONLY_HIGH"}],
        }


def _part(item: str | Slot, data: Mapping[int | None, str]) -> dict[str, Any]:
    if isinstance(item, str):
        return {"text": item}
    return {"inlineData": {"mimeType": "image/jpeg", "data": data[item.garment]}}


class Payload:
    """A JSON text whose pictures are written as base64 while they are sent: nobody holds the whole of it, and what was
    sent is let go. So it can be sent once.

    `marks`: what stands for a picture in `text`, and the picture.
    """

    def __init__(self, text: bytes, marks: Mapping[bytes, bytes]) -> None:
        parts = re.split(b"(" + b"|".join(marks) + b")", text)
        self._pieces = deque((part, marks.get(part)) for part in parts)
        self._length = sum(_sent_length(*piece) for piece in self._pieces)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while self._pieces:
            text, picture = self._pieces.popleft()
            if picture is None:
                yield text
                continue
            for start in range(0, len(picture), _SENT_BYTES):
                yield base64.b64encode(memoryview(picture)[start : start + _SENT_BYTES])


def _sent_length(text: bytes, picture: bytes | None) -> int:
    return len(text) if picture is None else 4 * -(-len(picture) // 3)


class GeminiClient:
    """Thread-safe: a call shares nothing with another. It never raises for what the network or the provider does."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = DEFAULT_BASE_URL,
        connect_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 150.0,
        max_answer_bytes: int = 64 * 1024 * 1024,
        trust_env: bool = False,
    ) -> None:
        """`trust_env`: use proxies and netrc of the environment; netrc could replace or leak credentials."""
        self._headers = {"x-goog-api-key": api_key, "Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._base_url = base_url.rstrip("/")
        self._connect_timeout_seconds = connect_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds
        self._max_answer_bytes = max_answer_bytes
        self._trust_env = trust_env

    def generate(self, model: str, payload: Payload, deadline: Deadline) -> Answer:
        """One paid call. Returns at the latest when the deadline ends; raises JobCancelledError when cancelled.

        The exchange runs in a thread of its own, because name look-up and dripping headers obey no timeout.
        """
        seconds = min(self._read_timeout_seconds, deadline.remaining_seconds())
        pending: Future[Answer] = Future()
        threading.Thread(
            target=_fulfil,
            args=(pending, lambda: self._exchange(model, payload, seconds)),
            name="gemini-call",
            daemon=True,
        ).start()
        return _watch(pending, deadline, seconds)

    def _exchange(self, model: str, payload: Payload, seconds: float) -> Answer:
        ends_at = time.monotonic() + seconds
        url = f"{self._base_url}/v1beta/models/{quote(model, safe='')}:generateContent"
        timeout = min(self._connect_timeout_seconds, max(seconds, 0.001)), max(seconds, 0.001)
        try:
            with requests.Session() as session:
                session.trust_env = self._trust_env
                with session.post(
                    url, data=payload, headers=self._headers, timeout=timeout, stream=True, allow_redirects=False
                ) as response:
                    return self._read(response, ends_at)
        except requests.ConnectionError as error:
            return _UNREACHED if _never_connected(error) else _NETWORK
        except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
            return _TIMEOUT
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            return _NETWORK

    def _read(self, response: requests.Response, ends_at: float) -> Answer:
        good = response.status_code == 200
        limit = self._max_answer_bytes if good else _ERROR_BODY_BYTES
        body = bytearray()
        # read1 hands over what has come; iter_content would wait for a full chunk and let a dripping server hold us.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if time.monotonic() >= ends_at:
                return _TIMEOUT
            if len(body) > limit:
                if good:
                    return _TOO_LARGE
                break
        if good:
            return read_success(body)
        return read_error(response.status_code, bytes(body), response.headers.get("Retry-After"))


def _never_connected(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))


def _fulfil(pending: Future[Answer], work: Callable[[], Answer]) -> None:
    answer = _LOST
    try:
        answer = work()
    finally:  # also after a bug: whoever waits must not wait for ever
        pending.set_result(answer)


def _watch(pending: Future[Answer], deadline: Deadline, seconds: float) -> Answer:
    ends_at = time.monotonic() + seconds
    while True:
        left = ends_at - time.monotonic()
        try:
            return pending.result(timeout=max(0.0, min(_WATCH_SECONDS, left)))
        except TimeoutError:
            if left <= 0 or deadline.remaining_seconds() <= 0:
                return _TIMEOUT
            deadline.check()
