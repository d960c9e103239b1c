"""Smaller copies over the API: any link with `w`, in the format that the client prefers, gone with their original."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from config import Config
from shared.clock import utc_now
from shared.engines.fake import FakeEngine
from shared.image_links import ImageLinks
from shared.middleware import resolve
from shared.renditions import WIDTHS, StoreWithRenditions

BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
KEY = "avatars/u1/me.jpg"
CLEAR = "avatars/u1/me.png"


def drawn(width: int, height: int) -> Image.Image:
    """Red above blue."""
    picture = Image.new("RGB", (width, height), (200, 30, 30))
    ImageDraw.Draw(picture).rectangle((0, height // 2, width, height), fill=(30, 30, 200))
    return picture


def looks_drawn(picture: Image.Image) -> bool:
    upper, lower = (picture.convert("RGB").getpixel((picture.width // 3, picture.height * at // 4)) for at in (1, 3))
    return upper == pytest.approx((200, 30, 30), abs=16) and lower == pytest.approx((30, 30, 200), abs=16)


def encoded(picture: Image.Image, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@pytest.fixture
def store(app: Flask) -> Iterator[StoreWithRenditions]:
    with app.app_context():
        yield resolve(StoreWithRenditions)


@pytest.fixture
def photo(app: Flask, store: StoreWithRenditions) -> str:
    """The address of a drawn photo, 1000 pixels wide."""
    store.upload_image(encoded(drawn(1000, 1500)), KEY)
    return resolve(ImageLinks).sign(KEY, utc_now())


@pytest.fixture
def cut_out(app: Flask, store: StoreWithRenditions) -> str:
    """The address of a drawn cut-out: the middle of the picture, the rest transparent."""
    picture = Image.new("RGBA", (1000, 1500))
    picture.paste(drawn(500, 750), (250, 375))
    store.upload_image(encoded(picture, "PNG"), CLEAR)
    return resolve(ImageLinks).sign(CLEAR, utc_now())


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"])


def copies(config: Config) -> list[Path]:
    return sorted(path for path in (config.images_dir / "renditions").rglob("*") if path.is_file())


@pytest.mark.parametrize("width", [width for width in WIDTHS if width < 1000])
@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_a_copy_is_as_wide_as_asked(client: FlaskClient, photo: str, width: int, accept: str) -> None:
    answer = client.get(f"{photo}&w={width}", headers={"Accept": accept})
    picture = opened(answer.data)
    assert answer.status_code == 200 and picture.size == (width, width * 3 // 2)
    assert looks_drawn(picture)


@pytest.mark.parametrize(
    ("accept", "opaque", "transparent"),
    [
        (None, "image/jpeg", "image/png"),
        ("*/*", "image/jpeg", "image/png"),
        ("image/*", "image/jpeg", "image/png"),
        (BROWSER, "image/webp", "image/webp"),
        ("image/webp", "image/webp", "image/webp"),
        ("image/jpeg, image/webp", "image/jpeg", "image/png"),
        ("image/webp;q=0.5, image/jpeg;q=0.9, image/png;q=0.9", "image/jpeg", "image/png"),
        ("image/webp;q=0, */*", "image/jpeg", "image/png"),
        ("application/json", "image/jpeg", "image/png"),
        ("nonsense;;q=x,,/", "image/jpeg", "image/png"),
    ],
)
def test_the_client_chooses_the_format(
    client: FlaskClient, photo: str, cut_out: str, accept: str | None, opaque: str, transparent: str
) -> None:
    headers = {"Accept": accept} if accept is not None else {}
    for address, expected in ((photo, opaque), (cut_out, transparent)):
        answer = client.get(f"{address}&w=320", headers=headers)
        assert (answer.status_code, answer.mimetype) == (200, expected)
        assert opened(answer.data).get_format_mimetype() == expected
        assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_what_is_transparent_stays_so(client: FlaskClient, cut_out: str, accept: str) -> None:
    picture = opened(client.get(f"{cut_out}&w=480", headers={"Accept": accept}).data).convert("RGBA")
    alpha = picture.getchannel("A")
    corners = [(0, 0), (picture.width - 1, 0), (0, picture.height - 1)]
    assert [alpha.getpixel(at) for at in corners] == [0, 0, 0]
    assert looks_drawn(picture.crop((120, 180, 360, 540)))


@pytest.mark.parametrize("width", [1280, 1600])
def test_nothing_is_enlarged(client: FlaskClient, photo: str, store: StoreWithRenditions, width: int) -> None:
    assert client.get(f"{photo}&w={width}").data == store.read_image(KEY)
    picture = opened(client.get(f"{photo}&w={width}", headers={"Accept": BROWSER}).data)
    assert (picture.size, picture.format) == ((1000, 1500), "WEBP")


@pytest.mark.parametrize(
    "wrong", ["", "0", "1", "321", "-160", "160.0", "0160", " 160", "1e3", "١٦٠", "large", "320px"]
)
def test_any_other_width_is_refused(client: FlaskClient, photo: str, config: Config, wrong: str) -> None:
    answer = client.get(f"{photo}&w={quote(wrong)}")
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")  # type: ignore[index]
    assert "160, 320, 480" in answer.json["details"]["fields"]["w"]  # type: ignore[index]
    assert copies(config) == []


def test_the_link_counts_before_the_width(client: FlaskClient, photo: str) -> None:
    answer = client.get(photo.replace("sig=", "sig=A") + "&w=1")
    assert (answer.status_code, answer.json["error_code"]) == (403, "LINK_INVALID")  # type: ignore[index]


def test_a_copy_has_no_address_of_its_own(client: FlaskClient, photo: str, config: Config) -> None:
    client.get(f"{photo}&w=160")
    (copy,) = copies(config)
    path = copy.relative_to(config.images_dir).as_posix()
    assert client.get(f"/images/{path}?{photo.partition('?')[2]}").status_code == 403


def test_a_browser_may_keep_it_as_long_as_the_link_works(client: FlaskClient, photo: str) -> None:
    first = client.get(f"{photo}&w=320", headers={"Accept": BROWSER})
    assert first.headers["Cache-Control"].startswith("private, max-age=")
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get(f"{photo}&w=320", headers={"Accept": BROWSER, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(f"{photo}&w=320", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200 and other.headers["ETag"] != first.headers["ETag"]


def test_parts_and_heads(client: FlaskClient, photo: str) -> None:
    part = client.get(f"{photo}&w=320", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.data) == (206, b"\xff\xd8\xff")
    head = client.head(f"{photo}&w=320")
    assert head.status_code == 200 and head.content_length == len(client.get(f"{photo}&w=320").data)


def test_it_is_drawn_once_and_kept(client: FlaskClient, photo: str, config: Config) -> None:
    first = client.get(f"{photo}&w=320").data
    (copy,) = copies(config)
    written = copy.stat().st_mtime_ns
    assert client.get(f"{photo}&w=320").data == first == copy.read_bytes()
    assert copy.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("preview", "source"), [(False, b"trainedAlgorithmicMedia"), (True, b"compositeCapture")], ids=["model", "preview"]
)
@pytest.mark.parametrize("accept", ["*/*", BROWSER], ids=["JPEG", "WebP"])
def test_a_copy_says_what_its_original_says(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], preview: bool, source: bytes, accept: str
) -> None:
    person = sign_up(make_app(engines=[FakeEngine(preview=preview)], inline_jobs=True))
    parts = {"selfie": drawn(400, 600), "garment_image": drawn(300, 300)}
    form = {name: (io.BytesIO(encoded(picture)), "x.jpg") for name, picture in parts.items()}
    job_id = person.post("/api/tryon", data=form).json["data"]["job_id"]
    address = person.get(f"/api/job/{job_id}").json["data"]["result_url"]
    for shown in (address, f"{address}&w=320", f"{address}&w=960"):
        packet = opened(person.http.get(shown, headers={"Accept": accept}).data).info["xmp"]
        assert b"digitalsourcetype/" + source in packet


def test_a_deleted_picture_takes_its_copies_along(
    client: FlaskClient, photo: str, cut_out: str, store: StoreWithRenditions, config: Config
) -> None:
    for address in (photo, cut_out):
        assert client.get(f"{address}&w=160").status_code == client.get(f"{address}&w=640").status_code == 200
    store.delete_image(KEY)
    assert [copy.parent.name for copy in copies(config)] == ["me.png", "me.png"]
    for width in (160, 640, 320):
        answer = client.get(f"{photo}&w={width}")
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND")  # type: ignore[index]
    assert store.delete_tree("avatars/u1") == 1
    assert copies(config) == [] and not (config.images_dir / "renditions").exists()


def test_a_deleted_account_leaves_none(person: Any, config: Config) -> None:
    saved = person.post("/api/save-avatar", data={"avatar": (io.BytesIO(encoded(drawn(400, 600))), "me.jpg")})
    address = saved.json["data"]["avatar_url"]
    assert person.http.get(f"{address}&w=160", headers={"Accept": BROWSER}).status_code == 200
    assert len(copies(config)) == 1
    gone = person.delete("/api/users/profile", json={"password": "correct horse battery"})
    assert gone.status_code == 200 and copies(config) == []
    assert person.http.get(f"{address}&w=160").status_code == 404


def test_a_replaced_picture_has_new_copies(client: FlaskClient, photo: str, store: StoreWithRenditions) -> None:
    before = client.get(f"{photo}&w=320")
    store.upload_image(encoded(Image.new("RGB", (1000, 1500), "navy")), KEY)
    after = client.get(f"{photo}&w=320")
    assert after.headers["ETag"] != before.headers["ETag"]
    assert opened(after.data).getpixel((100, 100)) == pytest.approx((0, 0, 128), abs=8)


def test_what_a_crash_left_is_swept(
    app: Flask, client: FlaskClient, photo: str, store: StoreWithRenditions, config: Config
) -> None:
    client.get(f"{photo}&w=160")
    client.get(f"{photo}&w=320")
    (config.images_dir / KEY).rename(config.images_dir / "avatars/u1/other.jpg")  # behind the store's back
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for sweep in app.extensions["retention"].also:
        sweep(tomorrow)
    assert copies(config) == []


def test_the_room_for_copies_is_a_setting(make_app: Callable[..., Flask], config: Config) -> None:
    app = make_app(rendition_cache_size=0)
    with app.app_context():
        resolve(StoreWithRenditions).upload_image(encoded(drawn(400, 600)), KEY)
        address = resolve(ImageLinks).sign(KEY, utc_now())
    assert opened(app.test_client().get(f"{address}&w=160").data).size == (160, 240)
    assert copies(config) == []
