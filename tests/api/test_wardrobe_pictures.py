"""The pictures of wardrobe items over HTTP: freed from their background, replaced, deleted, swept."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from PIL import Image
from wardrobe_things import ITEMS, add, drawn, files, opened, sample


def test_the_background_goes_and_comes_back(person: Any, config: Any) -> None:
    item = add(person, sample("trousers"))
    path = f"{ITEMS}/{item['id']}/remove-background"
    freed = person.post(path).json["data"]
    assert freed["background_removed"] and freed["image_url"] != item["image_url"]
    for url in (freed["image_url"], freed["thumbnail_url"]):
        picture = opened(person, url)
        assert picture.mode == "RGBA" and picture.getpixel((0, 0))[3] == 0
        assert picture.getpixel((picture.width * 2 // 5, picture.height // 2))[3] == 255
    assert person.http.get(item["thumbnail_url"]).status_code == 404
    assert person.post(path).json["data"] == freed, "once is enough"
    assert len(files(config)) == 3
    back = person.post(f"{path}/undo").json["data"]
    assert not back["background_removed"] and back["image_url"] == item["image_url"]
    assert opened(person, back["thumbnail_url"]).mode == "RGB" and len(files(config)) == 2
    assert person.post(f"{path}/undo").json["data"] == back


def test_a_background_that_is_not_plain_stays(person: Any, config: Any) -> None:
    noise = Image.effect_noise((200, 240), 120).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG")
    item = add(person, file.getvalue())
    before = files(config)
    answer = person.post(f"{ITEMS}/{item['id']}/remove-background")
    assert (answer.status_code, answer.json["details"]["reason"]) == (422, "garment_background")
    assert files(config) == before and not person.get(f"{ITEMS}/{item['id']}").json["data"]["background_removed"]


def test_a_new_picture_drops_the_old_one_and_its_cut_out(person: Any, config: Any) -> None:
    item = add(person, sample("trousers"), title="Trousers")
    person.post(f"{ITEMS}/{item['id']}/remove-background")
    before = files(config)
    after = person.put(
        f"{ITEMS}/{item['id']}", data={"garment_image": (io.BytesIO(drawn("#2040a0")), "x.jpg"), "color": "blue"}
    )
    shown = after.json["data"]
    assert (shown["title"], shown["color"], shown["background_removed"]) == ("Trousers", "blue", False)
    assert opened(person, shown["image_url"]).size == (96, 128)
    assert len(files(config)) == 2 and not files(config) & before


def test_deletion_takes_the_files_along(person: Any, config: Any) -> None:
    kept, gone = add(person), add(person, sample())
    person.post(f"{ITEMS}/{gone['id']}/remove-background")
    assert person.delete(f"{ITEMS}/{gone['id']}").status_code == 200
    assert person.get(f"{ITEMS}/{gone['id']}").status_code == 404 == person.delete(f"{ITEMS}/{gone['id']}").status_code
    assert len(files(config)) == 2 and person.http.get(gone["image_url"]).status_code == 404
    assert opened(person, kept["thumbnail_url"]).size == (96, 128)


def test_a_closed_account_leaves_nothing(app: Flask, person: Any, sign_up: Any, config: Any) -> None:
    add(person), add(person)
    neighbour = sign_up(app)
    left = add(neighbour)
    answer = person.delete("/api/users/profile", json={"password": "correct horse battery"})
    assert answer.status_code == 200 and answer.json["data"]["wardrobe_items"] == 2
    assert {key.split("/")[1] for key in files(config)} == {neighbour.user["userid"]}
    assert neighbour.get(f"{ITEMS}/{left['id']}").status_code == 200


def test_the_sweep_keeps_what_belongs_to_an_item(app: Flask, person: Any, config: Any) -> None:
    item = add(person, sample("trousers"))
    person.post(f"{ITEMS}/{item['id']}/remove-background")
    kept = files(config)
    original = item["image_path"].split("/")[-1].removesuffix(".jpg")
    for left in (f"{'0' * 32}.jpg", f"{original}-00000000-cutout.png", f"{original}-00000000.jpg"):
        (config.images_dir / "wardrobe" / person.user["userid"] / left).write_bytes(b"left by a crash")
    (config.images_dir / "wardrobe" / "nobodys.jpg").write_bytes(b"put there by hand")
    later = datetime.now(UTC) + timedelta(hours=2)
    for sweep in app.extensions["retention"].also:
        sweep(later)
    assert files(config) == kept
