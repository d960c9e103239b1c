"""The protocol fake as a program, and what it does with requests that Google would not serve."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.engines.fake_gemini import FakeGemini, Rule
from tests.unit.engines.engine_parts import SteppedDeadline, garment, gemini, wanted

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "fake_gemini.py"
MODEL = "gemini-nano-banana-2.1"


def post(fake: FakeGemini, body: bytes, path: str = f"/v1beta/models/{MODEL}:generateContent", key: str = "k") -> Any:
    connection = http.client.HTTPConnection(urlsplit(fake.base_url).netloc, timeout=5)
    connection.request("POST", path, body, {"x-goog-api-key": key} if key else {})
    answer = connection.getresponse()
    status, text = answer.status, answer.read()
    connection.close()
    return status, json.loads(text)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, 400), ({"key": ""}, 403), ({"key": "other"}, 400), ({"path": "/v1beta/models/x:countTokens"}, 404)],
)
def test_requests_that_are_not_served_use_up_no_step(changes: dict[str, str], status: int) -> None:
    with FakeGemini(["http:503"], key="k") as fake:
        assert post(fake, b"{}", **changes)[0] == status
        assert fake.calls[0].fault
        assert post(fake, b'{"contents":[{"parts":[{"text":"hi"}]}]}')[0] == 503


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"contents":7}', b'{"contents":[7]}', b'{"contents":[{"parts":[7]}]}']
)
def test_malformed_bodies_are_a_400(body: bytes) -> None:
    with FakeGemini() as fake:
        assert post(fake, body)[0] == 400


@pytest.mark.parametrize(
    ("model", "image_config", "status"),
    [
        (MODEL, {"imageSize": "2K", "aspectRatio": "1:8"}, 200),
        (MODEL, {"imageSize": "512"}, 400),
        (MODEL, {"imageSize": "1k"}, 400),
        (MODEL, {"aspectRatio": "7:5"}, 400),
        (MODEL, {"personGeneration": "ALLOW_ALL"}, 400),
        ("gemini-3-pro-image", {"aspectRatio": "1:8"}, 400),
        ("gemini-3.1-flash-lite-image", {"imageSize": "1K"}, 400),
        ("gemini-3.1-flash-lite-image", {"aspectRatio": "1:1"}, 200),
    ],
)
def test_limits_of_the_models_are_kept(model: str, image_config: dict[str, str], status: int) -> None:
    body = {"contents": [{"parts": [{"text": "hi"}]}], "generation_config": {"image_config": image_config}}
    with FakeGemini(default="text") as fake:
        assert post(fake, json.dumps(body).encode(), f"/v1beta/models/{model}:generateContent")[0] == status


def test_rules_decide_by_model_and_words() -> None:
    rules = [Rule("http:503", model="m-1"), Rule("finish:SAFETY", text="Generate one photo"), Rule("text")]
    with FakeGemini(rules=rules) as fake:
        for model, words, status in (("m-1", "x", 503), ("m-2", "Generate one photo", 200), ("m-2", "x", 200)):
            body = json.dumps({"contents": [{"parts": [{"text": words}]}]}).encode()
            assert post(fake, body, f"/v1beta/models/{model}:generateContent")[0] == status
        assert [call.did for call in fake.calls] == ["http:503", "finish:SAFETY", "text"]


def test_a_step_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no such step: pictur"):
        FakeGemini(["pictur"])


def test_garment_colours_show_in_the_picture_and_the_border_stays() -> None:
    with FakeGemini() as fake:
        image = gemini(fake).try_on(wanted(garments=[garment((250, 10, 10))]), SteppedDeadline()).image
    red, green, _ = image.getpixel((60, 80))  # type: ignore[misc]
    corner = image.getpixel((3, 3))
    assert red > 180 and green < 90
    assert max(abs(one - other) for one, other in zip(corner, (214, 210, 204), strict=True)) < 8  # type: ignore[arg-type]


def test_the_program_serves_and_follows_its_script(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"script": ["http:503"], "rules": [{"do": "text"}]}))
    server = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--port", "0", "--script", str(plan)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split("at ")[1].split(";")[0]
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
        statuses = []
        for _ in range(2):
            body = '{"contents":[{"parts":[{"text":"hi"}]}]}'
            connection.request("POST", f"/v1beta/models/{MODEL}:generateContent", body, {"x-goog-api-key": "k"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        assert statuses == [503, 200]
    finally:
        server.terminate()
        server.wait(5)


@pytest.mark.parametrize("plan", ['{"script": ["nonsense"]}', "{", '{"rules": [{"what": 1}]}'])
def test_the_program_refuses_a_plan_that_it_does_not_understand(tmp_path: Path, plan: str) -> None:
    (tmp_path / "plan.json").write_text(plan)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--port", "0", "--script", str(tmp_path / "plan.json")],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr.startswith("fake_gemini: ")) == (2, True)
