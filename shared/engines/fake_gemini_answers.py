"""What the protocol fake answers: a step such as `picture`, `finish:NO_IMAGE` or `rate:17` becomes a `Reply`."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson
from PIL import Image, ImageChops, ImageFilter, ImageStat

from shared.engines.fake import mean_colour
from shared.engines.framing import decode, ratio_value

_MAX_PIXELS = 60_000_000
_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_RPC = "type.googleapis.com/google.rpc."
_TOKENS_PER_IMAGE = 1120
THINKING_TOKENS = 80
_GROUND_GAP = 16
JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """`manner`: how it is sent: plain, hang, drip, drip_headers, truncated, closed or huge."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "plain"
    delay_seconds: float = 0.0
    usage: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid, camelized request. `number`: added to the thinking tokens of its answer."""

    model: str
    body: dict[str, Any]
    number: int = 0

    @property
    def parts(self) -> list[dict[str, Any]]:
        return [part for content in self.body["contents"] for part in content["parts"]]

    @property
    def text(self) -> str:
        return "\n".join(part["text"] for part in self.parts if "text" in part)

    def pictures(self) -> tuple[bytes, list[bytes]]:
        """The person (the picture under a label that says so, else the last one) and the garments."""
        found: list[bytes] = []
        person, label = -1, ""
        for part in self.parts:
            if "inlineData" in part:
                if "the person" in label.lower() and person < 0:
                    person = len(found)
                found.append(base64.b64decode(part["inlineData"]["data"].replace("-", "+").replace("_", "/")))
            label = part.get("text", "")
        return (found.pop(person), found) if found else (b"", [])


def reply_for(step: str, asked: Asked) -> Reply:
    """Raises KeyError for a step that does not exist."""
    name, _, argument = step.partition(":")
    return STEPS[name](asked, argument)


def error_reply(status: int, message: str, *, details: list[dict[str, Any]] | None = None) -> Reply:
    error: dict[str, Any] = {"code": status, "message": message, "status": _STATUS_NAMES.get(status, "UNKNOWN")}
    if details:
        error["details"] = details
    return Reply(status, orjson.dumps({"error": error}))


def _picture(asked: Asked, argument: str) -> Reply:
    person, garments = asked.pictures()
    config = asked.body.get("generationConfig", {}).get("imageConfig", {})
    part = _painted(person, tuple(garments), config.get("aspectRatio"), config.get("imageSize", "1K"), argument)
    return _answer(asked, [{"text": "Here is the photo."}, part])


@lru_cache(maxsize=8)
def _painted(person: bytes, garments: tuple[bytes, ...], ratio: str | None, size: str, kind: str) -> dict[str, Any]:
    """Remembered: in a benchmark the fake must not take the cores from what is measured."""
    return _image_part(_edited_picture(person, garments, ratio, size), kind or "jpeg")


def _thoughts(asked: Asked, _: str) -> Reply:
    """Two interim pictures before the final one, all marked as thoughts, as the 3.x models do."""
    draft = _image_part(Image.new("RGB", (64, 64), "black"), "jpeg") | {"thought": True}
    planned = {"text": "**Planning the fit**", "thought": True}
    return _answer(asked, [planned, draft, draft, _image_part(_edited(asked), "jpeg") | {"thoughtSignature": "c2ln"}])


def _wrong_mime(asked: Asked, _: str) -> Reply:
    part = _image_part(_edited(asked), "jpeg")
    part["inlineData"]["mimeType"] = "image/png"
    return _answer(asked, [part])


def _unchanged(asked: Asked, _: str) -> Reply:
    return _answer(asked, [_image_part(_person(asked), "jpeg")])


def _text(asked: Asked, _: str) -> Reply:
    return _answer(asked, [{"text": "I can describe this outfit, but I did not make a picture."}])


def _finish(asked: Asked, reason: str) -> Reply:
    return _answer(asked, [], reason, {"finishMessage": "UPSTREAM-WORDS about why"})


def _block(asked: Asked, reason: str) -> Reply:
    usage = _usage(asked, 0, 0)
    return _json({"promptFeedback": {"blockReason": reason}, "usageMetadata": usage, "modelVersion": asked.model})


def _blob(asked: Asked, data: str) -> Reply:
    return _answer(asked, [{"inlineData": {"mimeType": "image/jpeg", "data": data}}])


def _http(_: Asked, argument: str) -> Reply:
    return error_reply(int(argument), "UPSTREAM-WORDS about an error")


def _retry_after(_: Asked, seconds: str) -> Reply:
    plain = error_reply(503, "The model is overloaded. UPSTREAM-WORDS")
    return Reply(503, plain.body, headers={"Retry-After": seconds})


def _rate(_: Asked, seconds: str) -> Reply:
    details = [_quota_failure("GenerateRequestsPerMinutePerProjectPerModel", "10"), _retry_info(f"{seconds}s")]
    return error_reply(429, "You exceeded your current quota. UPSTREAM-WORDS", details=details)


def _rate_message(_: Asked, words: str) -> Reply:
    return error_reply(429, f"You exceeded your current quota. UPSTREAM-WORDS Please retry in {words}.")


def _rate_day(_: Asked, __: str) -> Reply:
    details = [_quota_failure("GenerateRequestsPerDayPerProjectPerModel", "250")]
    return error_reply(429, "You exceeded your current quota. UPSTREAM-WORDS", details=details)


def _rate_zero(_: Asked, __: str) -> Reply:
    message = "Quota exceeded for metric: generate_requests, limit: 0, model: x. UPSTREAM-WORDS Please retry in 46.1s."
    return error_reply(429, message)


def _key_invalid(_: Asked, __: str) -> Reply:
    info = {"@type": f"{_RPC}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
    return error_reply(400, "API key not valid. UPSTREAM-WORDS", details=[info])


def _slow(asked: Asked, seconds: str) -> Reply:
    return replace(_picture(asked, ""), delay_seconds=float(seconds))


def _manner(manner: str) -> Callable[[Asked, str], Reply]:
    def reply(asked: Asked, _: str) -> Reply:
        return Reply(body=_picture(asked, "").body if manner != "huge" else b"", manner=manner)

    return reply


def _redirect(_: Asked, target: str) -> Reply:
    return Reply(307, headers={"Location": target})


def _garbage(_: Asked, __: str) -> Reply:
    return Reply(body=b"<html>UPSTREAM-WORDS: not what you wanted</html>", content_type="text/html")


def _odd_json(_: Asked, text: str) -> Reply:
    return Reply(body=text.encode())


STEPS: dict[str, Callable[[Asked, str], Reply]] = {
    "picture": _picture,  # picture, picture:png, picture:webp
    "thoughts": _thoughts,
    "wrong_mime": _wrong_mime,
    "unchanged": _unchanged,
    "text": _text,
    "finish": _finish,  # finish:IMAGE_OTHER, any name
    "block": _block,  # block:SAFETY, any name
    "bad_base64": lambda asked, _: _blob(asked, "@@@"),
    "tiny_picture": lambda asked, _: _answer(asked, [_image_part(Image.new("RGB", (8, 8)), "jpeg")]),
    "broken_picture": lambda asked, _: _blob(asked, base64.b64encode(b"\xff\xd8\xff" + b"x" * 50).decode()),
    "http": _http,  # http:503
    "retry_after": _retry_after,  # retry_after:2, a 503 with the header
    "rate": _rate,  # rate:17, with RetryInfo
    "rate_message": _rate_message,  # rate_message:17.2s
    "rate_bare": lambda _, __: error_reply(429, "Resource has been exhausted (e.g. check quota)."),
    "rate_day": _rate_day,
    "rate_zero": _rate_zero,
    "key_invalid": _key_invalid,
    "slow": _slow,  # slow:0.2
    "redirect": _redirect,  # redirect:http://...
    "garbage": _garbage,
    "json": _odd_json,  # json:[], any text as the body of a 200
    **{name: _manner(name) for name in ("hang", "drip", "drip_headers", "truncated", "closed", "huge")},
}


def _json(answer: dict[str, Any]) -> Reply:
    return Reply(body=orjson.dumps(answer), usage=answer.get("usageMetadata"))


def _answer(
    asked: Asked, parts: list[dict[str, Any]], reason: str = "STOP", extra: dict[str, Any] | None = None
) -> Reply:
    content = {"role": "model", "parts": parts} if parts else {"role": "model"}
    pictures = sum("inlineData" in part and "thought" not in part for part in parts)
    words = sum(len(part.get("text", "")) for part in parts) // 4
    candidate = {"index": 0, "content": content, "finishReason": reason, **(extra or {})}
    usage = _usage(asked, pictures * _TOKENS_PER_IMAGE, words)
    return _json(
        {"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model, "responseId": "fake-response"}
    )


def _usage(asked: Asked, image: int, text: int) -> dict[str, Any]:
    sent = sum("inlineData" in part for part in asked.parts) * _TOKENS_PER_IMAGE
    prompt, thinking = sent + len(asked.text) // 4, THINKING_TOKENS + asked.number
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": image + text,
        "thoughtsTokenCount": thinking,
        "totalTokenCount": prompt + image + text + thinking,
        "promptTokensDetails": [{"modality": "IMAGE", "tokenCount": sent}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": image}] if image else [],
    }


def _quota_failure(quota_id: str, value: str) -> dict[str, Any]:
    violation = {"quotaMetric": "generate_requests", "quotaId": quota_id, "quotaValue": value}
    return {"@type": f"{_RPC}QuotaFailure", "violations": [violation]}


def _retry_info(delay: str) -> dict[str, Any]:
    return {"@type": f"{_RPC}RetryInfo", "retryDelay": delay}


def _image_part(image: Image.Image, kind: str) -> dict[str, Any]:
    target = io.BytesIO()
    image.save(target, kind.upper(), quality=92)
    return {"inlineData": {"mimeType": f"image/{kind}", "data": base64.b64encode(target.getvalue()).decode()}}


def _person(asked: Asked) -> Image.Image:
    config = asked.body.get("generationConfig", {}).get("imageConfig", {})
    return _resized(asked.pictures()[0], config.get("aspectRatio"), config.get("imageSize", "1K"))


def _resized(person: bytes, wanted_ratio: str | None, wanted_size: str) -> Image.Image:
    """The person's picture in the size that the model would paint."""
    image = decode(person, max_pixels=_MAX_PIXELS)
    ratio = ratio_value(wanted_ratio) if wanted_ratio else image.width / image.height
    side = _SIDES[wanted_size]
    size = _multiple_of_16(side * math.sqrt(ratio)), _multiple_of_16(side / math.sqrt(ratio))
    return image.resize(size, Image.Resampling.BICUBIC)


def _multiple_of_16(side: float) -> int:
    return max(16, round(side / 16) * 16)


def _edited(asked: Asked) -> Image.Image:
    config = asked.body.get("generationConfig", {}).get("imageConfig", {})
    person, garments = asked.pictures()
    return _edited_picture(person, garments, config.get("aspectRatio"), config.get("imageSize", "1K"))


def _edited_picture(person: bytes, garments: Sequence[bytes], ratio: str | None, size: str) -> Image.Image:
    """The person with the garments' colours laid over the middle: plainly changed, the borders untouched."""
    image = _resized(person, ratio, size)
    width, height = image.size
    for index, garment in enumerate(garments):
        colour = _garment_colour(decode(garment, max_pixels=_MAX_PIXELS))
        top, bottom = (0.3 + 0.4 * share / len(garments) for share in (index, index + 1))
        box = (round(width * 0.3), round(height * top), round(width * 0.7), round(height * bottom))
        region = image.crop(box)
        mask = Image.new("L", region.size, 0)
        mask.paste(250, (4, 4, max(5, region.width - 4), max(5, region.height - 4)))
        mask = mask.filter(ImageFilter.BoxBlur(3))
        image.paste(Image.new("RGB", region.size, colour), box[:2], mask)
    return image


def _garment_colour(packshot: Image.Image) -> tuple[int, int, int]:
    """Its mean colour without the ground, which is what the corner shows."""
    small = packshot.resize((32, 32), Image.Resampling.BOX)
    ground = Image.new("RGB", small.size, mean_colour(small.crop((0, 0, 1, 1))))
    garment = ImageChops.difference(small, ground).convert("L").point(lambda gap: 255 if gap > _GROUND_GAP else 0)
    red, green, blue = (round(value) for value in ImageStat.Stat(small, garment if garment.getbbox() else None).mean)
    return red, green, blue
