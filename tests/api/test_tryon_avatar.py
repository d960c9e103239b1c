"""The saved avatar stands in for a photo; what an account has goes with it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PASSWORD
from flask import Flask
from PIL import Image
from test_tryon import drawn, form

from shared.engines.fake import FakeEngine

WOMAN = (Path(__file__).resolve().parents[2] / "samples" / "person" / "woman_light.jpg").read_bytes()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def person(make_app: Callable[..., Flask], sign_up: Callable[..., Any], engine: FakeEngine) -> Any:
    return sign_up(make_app(engines=[engine], inline_jobs=True))


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def save_avatar(person: Any, data: bytes) -> str:
    answer = person.post("/api/save-avatar", data={"avatar": (io.BytesIO(data), "me.jpg")})
    assert answer.status_code == 200, answer.json
    return str(answer.json["data"]["avatar_url"])


def test_the_avatar_is_used_when_no_photo_comes(person: Any, engine: FakeEngine) -> None:
    save_avatar(person, WOMAN)
    for background in (None, "original", "plain"):
        options = json.dumps({"force_refresh": True, **({"background": background} if background else {})})
        assert person.post("/api/tryon", data=form(selfie=None, options=options)).status_code == 202
    default, original, plain = (pixels(seen.person) for seen in engine.seen)
    corner = np.s_[5:60, 5:60]
    assert np.abs(original[corner] - pixels(WOMAN)[corner]).mean() < 3, "the photo as it came"
    assert plain[corner].std(axis=(0, 1)).max() < 1 and plain[corner].min() > 220, "a plain light ground"
    assert (default == plain).all()
    face = np.s_[120:200, 470:550]
    assert np.abs(plain[face] - original[face]).mean() < 3, "the same person"


def test_a_selfie_goes_before_the_avatar(person: Any, engine: FakeEngine) -> None:
    save_avatar(person, WOMAN)
    person.post("/api/tryon", data=form(selfie=drawn()))
    assert pixels(engine.seen[0].person).shape == (320, 240, 3)


def test_a_selfie_is_set_on_a_plain_ground_when_asked(person: Any, engine: FakeEngine) -> None:
    person.post("/api/tryon", data=form(selfie=WOMAN, options='{"background": "plain"}'))
    assert pixels(engine.seen[0].person)[5:60, 5:60].std(axis=(0, 1)).max() < 1


def test_nobody_to_be_cut_out_is_the_jobs_error(person: Any) -> None:
    answer = person.post("/api/tryon", data=form(selfie=drawn(), options='{"background": "plain"}'))
    job = person.get(f"/api/job/{answer.json['data']['job_id']}").json["data"]
    assert job["error"]["code"] == "IMAGE_REJECTED" and job["error"]["details"]["reason"] == "no_person"


def test_a_replaced_avatar_is_replaced_everywhere(person: Any, engine: FakeEngine) -> None:
    old = save_avatar(person, WOMAN)
    new = save_avatar(person, drawn())
    assert old != new == person.get("/api/get-avatar").json["data"]["avatar_url"]
    assert person.http.get(old).status_code == 404
    person.post("/api/tryon", data=form(selfie=None))
    assert pixels(engine.seen[0].person).shape == (320, 240, 3)


def test_a_transparent_photo_never_reaches_an_engine(person: Any, engine: FakeEngine) -> None:
    image = Image.open(io.BytesIO(drawn())).convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    image.paste((200, 10, 10, 255), (60, 60, 180, 300))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    person.post("/api/tryon", data=form(selfie=buffer.getvalue()))
    seen = Image.open(io.BytesIO(engine.seen[0].person))
    assert seen.mode == "RGB" and min(seen.getpixel((5, 5))) > 220


def test_closing_an_account_takes_everything(person: Any, config: Any) -> None:
    save_avatar(person, WOMAN)
    for _ in range(2):
        person.post("/api/tryon", data=form())
    files = [path for path in config.images_dir.rglob("*") if path.is_file()]
    assert len(files) >= 2 * 3 + 1
    answer = person.delete("/api/users/profile", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.json
    counted = json.dumps(answer.json["data"])
    assert '"jobs": 2' in counted and f'"files": {len(files)}' in counted
    assert [path for path in config.images_dir.rglob("*") if path.is_file()] == []
    assert person.get("/api/tryon/history").status_code == 401
    assert person.http.post("/api/login", json={"email": person.email, "password": PASSWORD}).status_code == 401
