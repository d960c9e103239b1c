"""A photo and a garment become a job, and the job a picture: the whole way over the API, with a fake engine."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageDraw

from shared.database import DatabaseManager
from shared.engines.fake import FakeEngine
from shared.errors import ContentBlockedError, ExternalServiceError, ImageRejectedError
from shared.storage import LocalStorage


def drawn(colour: str = "#804020", size: tuple[int, int] = (240, 320), kind: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, "#dddddd")
    ImageDraw.Draw(image).rectangle((size[0] // 4, size[1] // 8, size[0] * 3 // 4, size[1] * 7 // 8), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def form(**fields: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {"selfie": drawn(), "garment_image": drawn("#2040a0"), **fields}
    return {name: (io.BytesIO(value), f"{name}.jpg") if isinstance(value, bytes) else value
            for name, value in parts.items() if value is not None}  # fmt: skip


def files_of(app: Flask) -> list[str]:
    root = app.extensions["test_images"]
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def ready(make_app: Callable[..., Flask], config: Any) -> Callable[..., Flask]:
    def make(engine: Any = None, **settings: Any) -> Flask:
        app = make_app(engines=[engine or FakeEngine()], **{"inline_jobs": True, **settings})
        app.extensions["test_images"] = config.images_dir
        return app

    return make


def test_from_photo_to_picture(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    person = sign_up(ready())
    answer = person.post("/api/tryon", data=form())
    assert answer.status_code == 202
    data = answer.json["data"]
    assert data["status"] == "queued" and data["queue_position"] == 1
    assert answer.headers["Location"] == data["status_url"] == f"http://localhost/api/job/{data['job_id']}"
    assert data["events_url"] == data["status_url"] + "/events"
    job = person.get(f"/api/job/{data['job_id']}").json["data"]
    assert (job["status"], job["progress"], job["stage"], job["error"]) == ("done", 100, None, None)
    assert job["engine"] == "fake" and job["cached"] is False and job["finished_at"].endswith("Z")
    picture = person.http.get(job["result_url"])
    assert picture.mimetype == "image/jpeg" and Image.open(io.BytesIO(picture.data)).size == (240, 320)
    assert person.get(f"/api/job/{data['job_id']}/result").json["data"]["result_url"] == job["result_url"]


def test_json_bodies_carry_pictures_as_base64(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    person = sign_up(ready())
    body = {
        "person_image": base64.b64encode(drawn()).decode(),
        "garment_image": "data:image/png;base64," + base64.b64encode(drawn(kind="PNG")).decode(),
        "garment_type": "upper",
        "options": {"garment_details": {"brand": "Acme", "color": "blue"}},
    }
    job_id = person.post("/api/tryon", json=body).json["data"]["job_id"]
    job = person.get(f"/api/job/{job_id}").json["data"]
    assert job["status"] == "done" and job["garment_details"] == {"brand": "Acme", "color": "blue"}


def test_top_and_bottom_are_one_job(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    engine = FakeEngine()
    person = sign_up(ready(engine))
    parts = form(garment_image=None, top_garment_image=drawn("red"), bottom_garment_image=drawn("blue"))
    assert person.post("/api/tryon/multi", data=parts).status_code == 202
    assert [[str(item.garment_type) for item in seen.garments] for seen in engine.seen] == [["lower", "upper"]]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"selfie": None}, "VALIDATION_ERROR", "selfie"),
        ({"garment_image": None}, "VALIDATION_ERROR", "garment_image"),
        ({"wardrobe_item_id": "one"}, "VALIDATION_ERROR", "wardrobe_item_id"),
        ({"outfit_id": "one"}, "VALIDATION_ERROR", "outfit_id"),
        ({"garment_type": "hat"}, "VALIDATION_ERROR", "garment_type"),
        ({"options": "{broken"}, "VALIDATION_ERROR", "options"),
        ({"options": "[]"}, "VALIDATION_ERROR", "options"),
        ({"options": json.dumps({"quality": "best"})}, "VALIDATION_ERROR", "options.quality"),
        ({"options": json.dumps({"allow_preview": "yes"})}, "VALIDATION_ERROR", "options.allow_preview"),
        ({"options": json.dumps({"garment_index": -1})}, "VALIDATION_ERROR", "options.garment_index"),
        ({"options": json.dumps({"garment_details": {"brand": "x" * 201}})}, "VALIDATION_ERROR",
         "options.garment_details.brand"),
        ({"selfie": b""}, "VALIDATION_ERROR", "selfie"),
        ({"selfie": b"<html>not a picture</html>"}, "UNSUPPORTED_MEDIA_TYPE", None),
        ({"garment_image": b"GIF89a" + bytes(40)}, "UNSUPPORTED_MEDIA_TYPE", None),
        ({"selfie": drawn()[:-400]}, "IMAGE_REJECTED", None),
        ({"selfie": drawn(size=(20, 20))}, "IMAGE_REJECTED", None),
    ],
)  # fmt: skip
def test_bad_input_leaves_nothing(
    ready: Callable[..., Flask], sign_up: Callable[..., Any], fields: dict[str, Any], code: str, field: str | None
) -> None:
    app = ready()
    person = sign_up(app)
    answer = person.post("/api/tryon", data=form(**fields))
    assert answer.json["error_code"] == code, answer.json
    assert answer.json["success"] is False and answer.json["error"] and answer.json["request_id"]
    if field:
        assert field in answer.json["details"]["fields"]
    assert person.get("/api/tryon/history").json["data"] == []
    assert files_of(app) == []


@pytest.mark.parametrize("field", ["selfie", "garment_image"])
def test_a_refused_picture_is_named(ready: Callable[..., Flask], sign_up: Callable[..., Any], field: str) -> None:
    answer = sign_up(ready()).post("/api/tryon", data=form(**{field: b"<html>not a picture</html>"}))
    assert answer.json["details"]["field"] == field


@pytest.mark.parametrize("field", ["selfie", "garment_image"])
def test_a_text_is_no_picture(ready: Callable[..., Flask], sign_up: Callable[..., Any], field: str) -> None:
    answer = sign_up(ready()).post("/api/tryon", data={**form(), field: "words"})
    assert answer.status_code == 400 and field in answer.json["details"]["fields"]


def test_sentences_are_for_people(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    answer = sign_up(ready()).post("/api/tryon", data=form(garment_type="sock"))
    assert answer.json["details"]["fields"]["garment_type"].startswith("must be 'upper', 'lower'")


def test_a_server_of_previews_says_so_at_once(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    answer = sign_up(make_app()).post("/api/tryon", data=form(options='{"allow_preview": false}'))
    assert answer.status_code == 400 and "options.allow_preview" in answer.json["details"]["fields"]


def test_a_keeping_time_without_end_is_refused(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    answer = sign_up(ready()).post("/api/tryon", data=form(options='{"retention_hours": 1000000000000}'))
    assert answer.status_code == 400 and "options.retention_hours" in answer.json["details"]["fields"]


def test_a_photo_over_the_limit_is_refused(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = ready(max_upload_size=5000, max_request_size=60_000)
    person = sign_up(app)
    answer = person.post("/api/tryon", data=form(selfie=bytes(5001)))
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    answer = person.post("/api/tryon", data=form(selfie=bytes(70_000)))
    assert (answer.status_code, answer.json["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert files_of(app) == []


def test_a_full_queue_creates_nothing(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    go = threading.Event()
    app = ready(FakeEngine(hold=go), inline_jobs=False, tryon_workers=1, max_queue_size=1)
    person = sign_up(app)
    jobs = [person.post("/api/tryon", data=form()).json["data"]["job_id"]]
    wait_for(person, jobs[0], "processing")
    jobs.append(person.post("/api/tryon", data=form()).json["data"]["job_id"])
    before = files_of(app)
    refused = person.post("/api/tryon", data=form())
    assert (refused.status_code, refused.json["error_code"], refused.json["retryable"]) == (503, "QUEUE_FULL", True)
    assert int(refused.headers["Retry-After"]) >= 1
    assert files_of(app) == before
    go.set()
    for job in jobs:
        wait_for(person, job, "done")


def wait_for(person: Any, job_id: str, status: str) -> dict[str, Any]:
    for _ in range(400):
        job: dict[str, Any] = person.get(f"/api/job/{job_id}").json["data"]
        if job["status"] == status:
            return job
        threading.Event().wait(0.02)
    raise AssertionError(f"{job_id} is {job['status']}, not {status}: {job['error']}")


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (ExternalServiceError("The provider is down."), "EXTERNAL_SERVICE_ERROR", True),
        (ContentBlockedError("Refused."), "CONTENT_BLOCKED", False),
        (ImageRejectedError("no_person"), "IMAGE_REJECTED", False),
    ],
)
def test_an_engines_error_is_the_jobs_error(
    ready: Callable[..., Flask], sign_up: Callable[..., Any], error: Exception, code: str, retryable: bool
) -> None:
    person = sign_up(ready(FakeEngine(error=error)))
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    job = person.get(f"/api/job/{job_id}").json["data"]
    assert job["status"] == "failed" and job["result_url"] is None
    assert (job["error"]["code"], job["error"]["retryable"]) == (code, retryable)
    result = person.get(f"/api/job/{job_id}/result")
    assert (result.status_code, result.json["error_code"]) == (409, "JOB_FAILED")
    assert result.json["details"]["error"]["code"] == code


def test_an_unforeseen_error_tells_nothing(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    def explode(wanted: object) -> None:
        raise RuntimeError("secret detail at /some/path")

    person = sign_up(ready(FakeEngine(on_call=explode)))
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    answer = person.get(f"/api/job/{job_id}")
    assert answer.json["data"]["error"]["code"] == "ERROR"
    assert "secret detail" not in answer.text and "/some/path" not in answer.text


def test_a_running_job_tells_its_stage(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    go = threading.Event()
    person = sign_up(ready(FakeEngine(hold=go), inline_jobs=False))
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    while (job := wait_for(person, job_id, "processing"))["stage"] != "generating":
        pass
    assert job["progress"] == 30 and job["estimated_time"] >= 1
    unfinished = person.get(f"/api/job/{job_id}/result")
    assert unfinished.status_code == 202 and unfinished.json["data"]["retry_after_ms"] >= 500
    go.set()
    assert wait_for(person, job_id, "done")["queue_position"] is None


def test_cancel_in_every_state(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = ready(FakeEngine(hold=threading.Event()), inline_jobs=False, tryon_workers=1)
    person = sign_up(app)
    running, waiting = (person.post("/api/tryon", data=form()).json["data"]["job_id"] for _ in range(2))
    wait_for(person, running, "processing")
    assert person.delete(f"/api/job/{waiting}").json["data"] == {"outcome": "cancelled"}
    assert person.delete(f"/api/job/{running}").json["data"] == {"outcome": "cancelling"}
    wait_for(person, running, "cancelled")
    assert person.get(f"/api/job/{running}/result").json["error_code"] == "JOB_CANCELLED"
    for job_id in (running, waiting):
        assert person.delete(f"/api/job/{job_id}").json["data"] == {"outcome": "deleted"}
        assert person.get(f"/api/job/{job_id}").status_code == 404
    assert files_of(app) == []


def test_a_cancelled_job_leaves_no_picture_of_an_interrupted_attempt(
    ready: Callable[..., Flask], sign_up: Callable[..., Any], config: Any
) -> None:
    app = ready(FakeEngine(hold=threading.Event()), inline_jobs=False, tryon_workers=1)
    person = sign_up(app)
    running, waiting = (person.post("/api/tryon", data=form()).json["data"]["job_id"] for _ in range(2))
    wait_for(person, running, "processing")
    db = DatabaseManager(config.database_path)
    db.execute("UPDATE tryon_jobs SET attempts = 2, releases = 1 WHERE job_id = ?", (waiting,))
    left = f"tryon-results/{person.user['userid']}/{waiting}-1.jpg"
    LocalStorage(config.images_dir).upload_image(drawn(), left)
    assert person.delete(f"/api/job/{waiting}").json["data"] == {"outcome": "cancelled"}
    assert not [name for name in files_of(app) if waiting in name]


def test_deleting_a_finished_job_takes_its_files(ready: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = ready()
    person = sign_up(app)
    job_id = person.post("/api/tryon", data=form()).json["data"]["job_id"]
    url = person.get(f"/api/job/{job_id}").json["data"]["result_url"]
    assert person.delete(f"/api/job/{job_id}").json["data"] == {"outcome": "deleted"}
    assert files_of(app) == []
    assert person.http.get(url).status_code == 404
