"""Which requests the protocol fake refuses with 400, as Google does: unknown fields and names, wrong ratios and sizes.

Written from the published request schema, not from our client, so that a mistake of the client shows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from shared.engines.models import MODELS

_TOP = frozenset(
    "model contents systemInstruction generationConfig safetySettings tools toolConfig cachedContent labels serviceTier"
    " store".split()
)
_GENERATION = frozenset(
    "stopSequences responseMimeType responseSchema responseJsonSchema responseModalities candidateCount maxOutputTokens"
    " temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs enableEnhancedCivicAnswers"
    " speechConfig thinkingConfig imageConfig mediaResolution".split()
)
_IMAGE = frozenset(("aspectRatio", "imageSize"))
_PAYLOADS = frozenset(
    "text inlineData functionCall functionResponse fileData executableCode codeExecutionResult".split()
)
_PART = _PAYLOADS | {"thought", "thoughtSignature", "videoMetadata", "partMetadata", "mediaResolution"}
_MIME_TYPES = frozenset(("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"))
_CATEGORIES = frozenset(
    f"HARM_CATEGORY_{name}"
    for name in ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY")
)
_THRESHOLDS = frozenset(("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"))
_ANY_RATIO = frozenset(ratio for model in MODELS.values() for ratio in model.ratios)
_ANY_SIZE = frozenset(("512", "1K", "2K", "4K"))


def camelized(node: Any) -> Any:
    """proto3 JSON takes `inline_data` for `inlineData`; the rules below know one spelling."""
    if isinstance(node, dict):
        return {_camel(key): camelized(value) for key, value in node.items()}
    return [camelized(item) for item in node] if isinstance(node, list) else node


def find_fault(body: Any, model: str) -> str | None:
    """What is wrong with a camelized body, in the words of the API's 400; None when it is fine."""
    if not isinstance(body, dict):
        return "Invalid JSON payload received. Expected an object."
    return next(_faults(body, model), None)


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _faults(body: dict[str, Any], model: str) -> Iterator[str]:
    yield from _unknown(body, _TOP, "")
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        yield "* GenerateContentRequest.contents: contents is not specified"
        return
    for index, content in enumerate(contents):
        yield from _content_faults(content, f"contents[{index}]")
    if isinstance(body.get("systemInstruction"), str):
        yield "Invalid value at 'system_instruction'"
    yield from _config_faults(body.get("generationConfig", {}), model)
    yield from _safety_faults(body.get("safetySettings", []))
    images = sum("inlineData" in part for content in contents for part in content["parts"])
    if model in MODELS and images > MODELS[model].max_images:
        yield "Too many images in the request."


def _unknown(node: Any, known: frozenset[str], where: str) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"Invalid value at '{where}'"
        return
    for name in sorted(set(node) - known):
        place = f" at '{where}'" if where else ""
        yield f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'


def _content_faults(content: Any, where: str) -> Iterator[str]:
    yield from _unknown(content, frozenset(("role", "parts")), where)
    if content.get("role", "user") not in ("user", "model"):
        yield "Please use a valid role: user, model."
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        yield f"* GenerateContentRequest.{where}.parts: contents.parts must not be empty."
        return
    for index, part in enumerate(parts):
        yield from _part_faults(part, f"{where}.parts[{index}]")


def _part_faults(part: Any, where: str) -> Iterator[str]:
    yield from _unknown(part, _PART, where)
    if len(_PAYLOADS & set(part)) != 1:
        yield f"Invalid value at '{where}': oneof field 'data' must be set exactly once."
    if "inlineData" in part:
        yield from _blob_faults(part["inlineData"], f"{where}.inline_data")


def _blob_faults(blob: Any, where: str) -> Iterator[str]:
    yield from _unknown(blob, frozenset(("mimeType", "data")), where)
    if blob.get("mimeType") not in _MIME_TYPES:
        yield f"Unsupported MIME type at '{where}'"
    try:
        data = base64.b64decode(str(blob.get("data", "")).replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        yield f"Invalid value at '{where}.data' (TYPE_BYTES), Base64 decoding failed"


def _config_faults(config: Any, model: str) -> Iterator[str]:
    yield from _unknown(config, _GENERATION, "generation_config")
    for name in config.get("responseModalities", []):
        if name not in ("TEXT", "IMAGE", "AUDIO"):
            yield "Invalid value at 'generation_config.response_modalities'"
    if config.get("candidateCount", 1) != 1:
        yield "Multiple candidates is not enabled for this model"
    yield from _image_config_faults(config.get("imageConfig", {}), model)


def _image_config_faults(image: Any, model: str) -> Iterator[str]:
    yield from _unknown(image, _IMAGE, "generation_config.image_config")
    ratios = MODELS[model].ratios if model in MODELS else _ANY_RATIO
    sizes = MODELS[model].sizes if model in MODELS else _ANY_SIZE
    if image.get("aspectRatio", "1:1") not in ratios:
        yield "Invalid value at 'generation_config.image_config.aspect_ratio'"
    if "imageSize" in image and image["imageSize"] not in sizes:
        yield "Invalid value at 'generation_config.image_config.image_size'"


def _safety_faults(settings: Any) -> Iterator[str]:
    for index, setting in enumerate(settings):
        where = f"safety_settings[{index}]"
        yield from _unknown(setting, frozenset(("category", "threshold")), where)
        if setting.get("category") not in _CATEGORIES or setting.get("threshold") not in _THRESHOLDS:
            yield f"Invalid value at '{where}'"
