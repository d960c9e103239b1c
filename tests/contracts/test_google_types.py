"""Google's own packages judge what our client sends and what our protocol fake answers, so that the two do not merely
agree with each other."""

from __future__ import annotations

import copy
import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.ai import generativelanguage_v1beta as protos
from google.genai import errors, types
from google.protobuf import json_format
from PIL import Image

from shared.engines.base import GarmentType, Quality, TryOnInput
from shared.engines.fake_gemini import FakeGemini, RecordedCall
from shared.engines.models import MODELS
from tests.unit.engines.engine_parts import SteppedDeadline, garment, gemini, person, wanted

TOOLS = Path(__file__).resolve().parents[3] / "shared" / "tools"
NEEDS_TOOLS = pytest.mark.skipif(not TOOLS.is_dir(), reason="the checking tools lie beside some checkouts only")
FIRST = "gemini-nano-banana-2.1"
INPUTS: dict[str, TryOnInput] = {
    "plain": wanted(),
    "outfit": wanted(garments=[garment(), garment((90, 90, 90), GarmentType.LOWER, brand='"Acme"\x00')]),
    "ratio": wanted(aspect_ratio="16:9", quality=Quality.HIGH),
    "narrow": replace(wanted(), photo=person(80, 500)),
}


def bodies_sent(name: str, *steps: str, model: str = FIRST) -> list[RecordedCall]:
    with FakeGemini(steps) as fake:
        gemini(fake, models=(model,)).try_on(INPUTS[name], SteppedDeadline())
    return list(fake.calls)


def faults(body: dict[str, Any]) -> list[str]:
    """What the SDK's strict types and the protos say. `imageSize` is newer than the published protos."""
    body, found = copy.deepcopy(body), []
    try:
        types.ImageConfig.model_validate(body["generationConfig"]["imageConfig"])
        for content in body["contents"]:
            types.Content.model_validate(content)
        for setting in body["safetySettings"]:
            types.SafetySetting.model_validate(setting)
    except ValueError as error:
        found.append(str(error))
    body["generationConfig"]["imageConfig"].pop("imageSize", None)
    try:
        json_format.ParseDict(body, protos.GenerateContentRequest.pb()(), ignore_unknown_fields=False)
    except json_format.ParseError as error:
        found.append(str(error))
    return found


@pytest.fixture(scope="module")
def check() -> Any:
    spec = importlib.util.spec_from_file_location("check_gemini_request", TOOLS / "check_gemini_request.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", list(INPUTS))
@pytest.mark.parametrize("first_answer", ["picture", "text", "finish:IMAGE_SAFETY", "unchanged"])
def test_google_s_types_accept_every_body_that_we_send(name: str, first_answer: str) -> None:
    calls = bodies_sent(name, first_answer)
    assert [faults(call.body) for call in calls] == [[]] * (1 if first_answer == "picture" else 2)


@pytest.mark.parametrize("spoil", ["field", "modality", "payload"])
def test_the_judge_can_say_no(spoil: str) -> None:
    body = bodies_sent("plain")[0].body
    if spoil == "field":
        body["generationConfig"]["imageConfig"]["numberOfImages"] = 1
    elif spoil == "modality":
        body["generationConfig"]["responseModalities"] = ["PICTURE"]
    else:
        body["contents"][0]["parts"][0]["inlineData"] = {"mimeType": "image/jpeg", "data": "AAAA"}
    assert faults(body)


@NEEDS_TOOLS
@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("name", list(INPUTS))
def test_the_request_checker_accepts_every_body_for_every_model(check: Any, name: str, model: str) -> None:
    if len(INPUTS[name].garments) >= MODELS[model].max_images:
        pytest.skip("more pictures than the model takes")
    assert [check.validate(call.body, model) for call in bodies_sent(name, "text", model=model)] == [([], [])] * 2


@NEEDS_TOOLS
@pytest.mark.filterwarnings("ignore:.* is not a valid")
def test_our_fake_refuses_what_the_checker_refuses(check: Any) -> None:
    good = bodies_sent("plain")[0].body
    with FakeGemini() as fake:
        sdk = client(fake)
        for spoilt in spoilt_bodies(good):
            with pytest.raises(errors.ClientError) as caught:
                post(sdk, spoilt)
            assert caught.value.code == 400
            assert check.validate(spoilt, FIRST)[0]
        assert post(sdk, good)["candidates"]


def spoilt_bodies(good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    def spoilt(change: Any) -> dict[str, Any]:
        body = copy.deepcopy(good)
        change(body)
        return body

    yield spoilt(lambda body: body.update(prompt="x"))
    yield spoilt(lambda body: body.pop("contents"))
    yield spoilt(lambda body: body["contents"][0].update(role="person"))
    yield spoilt(lambda body: body["contents"][0].update(parts=[]))
    yield spoilt(lambda body: body["contents"][0]["parts"][1].update(text="two"))
    yield spoilt(lambda body: body["contents"][0]["parts"][1]["inlineData"].update(displayName="x"))
    yield spoilt(lambda body: body["contents"][0]["parts"][1]["inlineData"].update(data="@@"))
    yield spoilt(lambda body: body["contents"][0]["parts"][1]["inlineData"].pop("mimeType"))
    yield spoilt(lambda body: body["generationConfig"].update(outputMimeType="image/png"))
    yield spoilt(lambda body: body["generationConfig"]["imageConfig"].update(aspectRatio="5:7"))
    yield spoilt(lambda body: body["generationConfig"]["imageConfig"].update(imageSize="512"))
    yield spoilt(lambda body: body["generationConfig"]["imageConfig"].update(personGeneration="ALLOW_ALL"))
    yield spoilt(lambda body: body["generationConfig"].update(responseModalities=["PICTURE"]))
    yield spoilt(lambda body: body["safetySettings"][0].update(threshold="SOME"))


def post(sdk: genai.Client, body: dict[str, Any]) -> Any:
    """A raw body through the SDK's own HTTP client, which also turns error answers into its exceptions."""
    answer = sdk._api_client.request("post", f"models/{FIRST}:generateContent", body, None)
    return json.loads(answer.body)


def client(fake: FakeGemini) -> genai.Client:
    return genai.Client(
        api_key="k",
        vertexai=False,
        http_options=types.HttpOptions(base_url=fake.base_url, api_version="v1beta", timeout=20_000),
    )


def ask(fake: FakeGemini, model: str = FIRST) -> types.GenerateContentResponse:
    picture = types.Part(inline_data=types.Blob(mime_type="image/jpeg", data=person()))
    config = types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"], image_config=types.ImageConfig(aspect_ratio="3:4")
    )
    parts = [types.Part(text="Image 1 - the person:"), picture]
    sdk = client(fake)  # kept in a name: the SDK closes its connections when the client is collected
    return sdk.models.generate_content(model=model, contents=types.Content(role="user", parts=parts), config=config)


@pytest.mark.parametrize(("step", "thoughts"), [("picture", 0), ("picture:png", 0), ("thoughts", 3)])
def test_the_official_sdk_reads_pictures_of_the_fake(step: str, thoughts: int) -> None:
    with FakeGemini([step]) as fake:
        answer = ask(fake)
    parts = answer.candidates[0].content.parts  # type: ignore[index, union-attr]
    assert parts is not None
    assert sum(bool(part.thought) for part in parts) == thoughts
    pictures = [part.inline_data for part in parts if part.inline_data and not part.thought]
    opened = Image.open(io.BytesIO(pictures[0].data or b""))
    assert opened.get_format_mimetype() == pictures[0].mime_type
    assert abs(opened.width / opened.height - 0.75) < 0.02
    assert answer.usage_metadata is not None and answer.usage_metadata.thoughts_token_count == 80


@pytest.mark.parametrize("reason", ["NO_IMAGE", "IMAGE_SAFETY", "IMAGE_OTHER", "PROHIBITED_CONTENT"])
def test_the_official_sdk_reads_refusals_of_the_fake(reason: str) -> None:
    with FakeGemini([f"finish:{reason}", "block:PROHIBITED_CONTENT"]) as fake:
        finished, blocked = ask(fake), ask(fake)
    assert finished.candidates is not None
    assert finished.candidates[0].finish_reason == types.FinishReason(reason)
    assert blocked.candidates is None
    assert blocked.prompt_feedback is not None
    assert blocked.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT


@pytest.mark.parametrize(
    ("step", "code", "status"),
    [
        ("http:503", 503, "UNAVAILABLE"),
        ("http:404", 404, "NOT_FOUND"),
        ("http:401", 401, "UNAUTHENTICATED"),
        ("rate:17", 429, "RESOURCE_EXHAUSTED"),
        ("rate_day", 429, "RESOURCE_EXHAUSTED"),
        ("key_invalid", 400, "INVALID_ARGUMENT"),
    ],
)
def test_the_official_sdk_reads_errors_of_the_fake(step: str, code: int, status: str) -> None:
    with FakeGemini(default=step) as fake, pytest.raises(errors.APIError) as caught:
        ask(fake)
    assert (caught.value.code, caught.value.status) == (code, status)


@NEEDS_TOOLS
@pytest.mark.parametrize(
    ("step", "arguments", "exit_code"),
    [("thoughts", ["--stream"], 0), ("wrong_mime", [], 1)],
)
def test_the_fake_checker_s_verdict(step: str, arguments: list[str], exit_code: int) -> None:
    with FakeGemini(default=step) as fake:
        done = subprocess.run(
            [sys.executable, str(TOOLS / "check_gemini_fake.py"), fake.base_url, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == exit_code, done.stdout + done.stderr
