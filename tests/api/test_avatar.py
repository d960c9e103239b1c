"""The avatar over the API: one truth, new addresses, nobody else's; and remove-bg."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from config import Config

PERSON = Path(__file__).resolve().parents[2] / "samples" / "person"


def photo(name: str = "woman_light", side: int = 512) -> bytes:
    with Image.open(PERSON / f"{name}.jpg") as picture:
        picture.thumbnail((side, side))
        return encoded(picture)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def meadow() -> bytes:
    """A picture, but of nobody."""
    picture = Image.effect_noise((200, 300), 90).convert("RGB")
    ImageDraw.Draw(picture).rectangle((0, 150, 200, 300), fill="#3a7d2c")
    return encoded(picture)


def save(person: Any, picture: bytes, name: str = "me.jpg") -> Any:
    return person.post("/api/save-avatar", data={"avatar": (io.BytesIO(picture), name)})


def files_of(config: Config) -> list[Path]:
    return sorted(path for path in config.images_dir.rglob("*") if path.is_file())


def opened(person: Any, address: str) -> Image.Image:
    answer = person.http.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return Image.open(io.BytesIO(answer.data))


def test_save_and_see(person: Any, config: Config) -> None:
    answer = save(person, photo())
    data = answer.json["data"]
    assert answer.status_code == 200 and answer.json["success"] is True
    assert (
        set(data) == {"message", "background_removed", "avatar_url", "warnings"} and data["background_removed"] is True
    )
    assert data["avatar_url"].startswith(f"http://localhost/images/avatars/{person.user['userid']}/")
    assert person.get("/api/get-avatar").json["data"]["avatar_url"] == data["avatar_url"]
    shown = opened(person, data["avatar_url"])
    assert shown.format == "PNG" and shown.mode == "RGBA" and shown.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert len(files_of(config)) == 2


def test_the_public_address_comes_first(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    person = sign_up(make_app(public_base_url="https://api.example.com"))
    assert save(person, meadow()).json["data"]["avatar_url"].startswith("https://api.example.com/images/avatars/")


def test_undo_brings_the_original_back(person: Any, config: Config) -> None:
    cut = save(person, photo()).json["data"]
    answer = person.post("/api/avatar/undo-cutout")
    data = answer.json["data"]
    assert answer.status_code == 200 and data["background_removed"] is False
    assert data["avatar_url"] != cut["avatar_url"] and opened(person, data["avatar_url"]).format == "JPEG"
    assert person.http.get(cut["avatar_url"]).status_code == 404 and len(files_of(config)) == 1
    assert person.get("/api/get-avatar").json["data"]["avatar_url"] == data["avatar_url"]
    assert person.post("/api/avatar/undo-cutout").json["data"]["avatar_url"] == data["avatar_url"], "once is enough"


def test_a_new_avatar_is_new_everywhere(person: Any, config: Config) -> None:
    first = save(person, photo()).json["data"]["avatar_url"]
    data_url = "data:image/jpeg;base64," + base64.b64encode(photo("man_dark")).decode()
    answer = person.put("/api/update-avatar", json={"avatar_data": data_url})
    second = answer.json["data"]["avatar_url"]
    assert answer.status_code == 200 and second != first
    assert person.get("/api/get-avatar").json["data"]["avatar_url"] == second
    assert person.http.get(first).status_code == 404 and len(files_of(config)) == 2


def test_the_same_photo_again_has_a_new_address(person: Any) -> None:
    assert save(person, meadow()).json["data"]["avatar_url"] != save(person, meadow()).json["data"]["avatar_url"]


def test_a_photo_of_nobody_is_kept_with_a_warning(person: Any) -> None:
    answer = save(person, meadow())
    data = answer.json["data"]
    assert answer.status_code == 200 and data["background_removed"] is False
    assert [set(item) for item in data["warnings"]] and data["warnings"][0]["code"] == "no_person"
    assert opened(person, data["avatar_url"]).format == "JPEG"
    assert person.get("/api/get-avatar").json["data"]["warnings"] == data["warnings"]


def test_metadata_does_not_survive(person: Any) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Camera Works", 6
    picture = encoded(Image.open(io.BytesIO(meadow())), exif=exif)
    shown = opened(person, save(person, picture).json["data"]["avatar_url"])
    assert shown.size == (300, 200) and not shown.getexif(), "turned upright, and nothing else kept"


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 400, "VALIDATION_ERROR"),
        (b"<script>alert(1)</script>", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (photo()[:900], 422, "IMAGE_REJECTED"),
        (encoded(Image.new("RGB", (20, 20))), 422, "IMAGE_REJECTED"),
    ],
    ids=["empty", "no picture", "cut off", "tiny"],
)
def test_what_is_no_picture_changes_nothing(
    person: Any, config: Config, picture: bytes, status: int, code: str
) -> None:
    before = save(person, meadow()).json["data"]["avatar_url"]
    text = base64.b64encode(picture).decode()
    for answer in (save(person, picture), person.put("/api/update-avatar", json={"avatar_data": text})):
        assert (answer.status_code, answer.json["error_code"]) == (status, code)
    assert person.get("/api/get-avatar").json["data"]["avatar_url"] == before and len(files_of(config)) == 1


def test_too_large(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    person = sign_up(make_app(max_upload_size=2048))
    answer = save(person, photo())
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "body", [{}, {"avatar_data": None}, {"avatar_data": 5}, {"avatar_data": "%%%"}, {"avatar": "x"}]
)
def test_update_needs_its_picture(person: Any, body: Any) -> None:
    answer = person.put("/api/update-avatar", json=body)
    assert answer.status_code == 400 and "avatar_data" in answer.json["details"]["fields"]


def test_save_needs_its_picture(person: Any) -> None:
    for answer in (
        person.post("/api/save-avatar"),
        person.post("/api/save-avatar", data={"photo": (io.BytesIO(b"x"), "x")}),
    ):
        assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == ["avatar"]


def test_without_an_avatar(person: Any) -> None:
    answers = [person.get("/api/get-avatar"), person.delete("/api/avatar"), person.post("/api/avatar/undo-cutout")]
    assert [(answer.status_code, answer.json["error_code"]) for answer in answers] == [(404, "NOT_FOUND")] * 3


def test_delete(person: Any, config: Config) -> None:
    address = save(person, photo()).json["data"]["avatar_url"]
    assert person.delete("/api/avatar").status_code == 200
    assert person.get("/api/get-avatar").status_code == person.http.get(address).status_code == 404
    assert files_of(config) == []


def test_always_the_callers_own(person: Any, sign_up: Callable[..., Any], app: Flask) -> None:
    other = sign_up(app)
    theirs = save(other, meadow()).json["data"]["avatar_url"]
    text = base64.b64encode(meadow()).decode()
    body = {"avatar_data": text, "user_id": other.user["userid"], "userid": other.user["userid"]}
    mine = person.put("/api/update-avatar", json=body).json["data"]["avatar_url"]
    assert person.user["userid"] in mine and other.get("/api/get-avatar").json["data"]["avatar_url"] == theirs
    person.delete("/api/avatar")
    assert other.http.get(theirs).status_code == 200


def test_an_address_works_only_as_it_was_given(person: Any) -> None:
    address = save(person, photo()).json["data"]["avatar_url"]
    assert person.get(address.split("?")[0]).status_code == 403, "not even with the token"
    original = address.replace("-cutout.png", ".jpg")
    assert person.http.get(original).json["error_code"] == "LINK_INVALID"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/save-avatar"), ("GET", "/api/get-avatar"), ("PUT", "/api/update-avatar"),
        ("DELETE", "/api/avatar"), ("POST", "/api/avatar/undo-cutout"),
    ],
)  # fmt: skip
def test_only_for_people_who_signed_in(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json["error_code"]) == (401, "AUTH_REQUIRED")


# --- remove-bg -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["file", "image"])
def test_remove_bg_answers_a_png(client: FlaskClient, config: Config, field: str) -> None:
    answer = client.post("/api/remove-bg", data={field: (io.BytesIO(photo()), "x.jpg")})
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.mode == "RGBA" and picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert files_of(config) == [], "nothing is stored"


def test_remove_bg_as_json(client: FlaskClient) -> None:
    body = {"image": base64.b64encode(photo()).decode()}
    answer = client.post("/api/remove-bg", json=body, headers={"Accept": "application/json, */*"})
    head, _, text = answer.json["data"]["image"].partition(",")
    assert head == "data:image/png;base64" and Image.open(io.BytesIO(base64.b64decode(text))).mode == "RGBA"
    assert answer.json["data"]["warnings"] == []
    anything = client.post("/api/remove-bg", json=body, headers={"Accept": "*/*"})
    assert anything.mimetype == "image/png"


def test_remove_bg_of_nothing(client: FlaskClient) -> None:
    answer = client.post("/api/remove-bg", data={"file": (io.BytesIO(meadow()), "x.jpg")})
    assert (answer.status_code, answer.json["error_code"]) == (422, "IMAGE_REJECTED")
    assert answer.json["details"]["reason"]
    missing = client.post("/api/remove-bg")
    assert missing.status_code == 400 and list(missing.json["details"]["fields"]) == ["file"]


def test_remove_bg_is_limited(make_app: Callable[..., Flask]) -> None:
    client = make_app(rate_limit_remove_bg=2).test_client()
    assert [client.post("/api/remove-bg").status_code for _ in range(3)] == [400, 400, 429]
