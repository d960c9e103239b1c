"""Equal requests: the finished picture is given again, one that is being made is waited for."""

from __future__ import annotations

import io
import json
import os
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from test_tryon import drawn, files_of, form, wait_for

from features.tryon.result_cache import ResultTable
from shared.clock import to_text, utc_now
from shared.database import DatabaseManager
from shared.engines.base import Notice, Usage
from shared.engines.fake import FakeEngine
from shared.errors import ContentBlockedError, DatabaseBusyError, ExternalServiceError

FRESH = json.dumps({"force_refresh": True})


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04))


@pytest.fixture
def app(make_app: Callable[..., Flask], engine: FakeEngine, config: Any) -> Flask:
    app = make_app(engines=[engine], inline_jobs=True)
    app.extensions["test_images"] = config.images_dir
    return app


@pytest.fixture
def db(config: Any) -> DatabaseManager:
    return DatabaseManager(config.database_path)


def post(person: Any, **fields: Any) -> dict[str, Any]:
    answer = person.post("/api/tryon", data=form(**fields))
    assert answer.status_code == 202, answer.json
    accepted: dict[str, Any] = answer.json["data"]
    return accepted


def job_of(person: Any, accepted: dict[str, Any]) -> dict[str, Any]:
    job: dict[str, Any] = person.get(f"/api/job/{accepted['job_id']}").json["data"]
    return job


def tried(person: Any, **fields: Any) -> dict[str, Any]:
    return job_of(person, post(person, **fields))


def picture(person: Any, job: dict[str, Any]) -> bytes:
    answer = person.http.get(job["result_url"])
    assert answer.status_code == 200
    return bytes(answer.data)


def test_an_equal_request_is_done_at_once_and_free(person: Any, engine: FakeEngine) -> None:
    first = tried(person)
    accepted = post(person)
    assert (accepted["status"], accepted["queue_position"], accepted["estimated_time"]) == ("done", None, None)
    second = job_of(person, accepted)
    assert len(engine.seen) == 1
    assert (first["cached"], first["cost_usd"]) == (False, 0.04)
    assert (second["cached"], second["cost_usd"], second["progress"], second["event_id"]) == (True, 0.0, 100, 1)
    same = ("engine", "model", "preview", "checks", "warnings", "garment_details", "error", "stage")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert second["job_id"] != first["job_id"] and second["finished_at"] >= first["finished_at"]
    assert second["result_url"] != first["result_url"] and picture(person, second) == picture(person, first)
    assert person.get(f"/api/job/{second['job_id']}/result").status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        {"selfie": drawn("green")},
        {"garment_image": drawn("green")},
        {"garment_type": "upper"},
        {"options": '{"quality": "fast"}'},
        {"options": '{"aspect_ratio": "1:1"}'},
        {"options": '{"background": "original"}'},
        {"options": '{"garment_details": {"color": "blue"}}'},
        {"options": FRESH},
    ],
)
def test_what_changes_the_picture_makes_a_new_one(person: Any, engine: FakeEngine, other: dict[str, Any]) -> None:
    tried(person)
    assert tried(person, **other)["cached"] is False
    assert len(engine.seen) == 2


@pytest.mark.parametrize("same", [{"options": '{"retention_hours": 5}'}, {"options": '{"allow_preview": false}'}])
def test_what_leaves_the_picture_as_it_is(person: Any, engine: FakeEngine, same: dict[str, Any]) -> None:
    tried(person)
    job = tried(person, **same)
    assert job["cached"] is True and len(engine.seen) == 1


def test_the_copy_is_kept_as_its_own_request_says(person: Any) -> None:
    usual = tried(person)
    short = tried(person, options='{"retention_hours": 5}')
    assert short["expires_at"] < usual["expires_at"]
    assert short["expires_at"] > to_text(utc_now() + timedelta(hours=4))


def test_never_across_users(app: Flask, sign_up: Callable[..., Any], engine: FakeEngine) -> None:
    jobs = [tried(sign_up(app)) for _ in range(2)]
    assert [job["cached"] for job in jobs] == [False, False] and len(engine.seen) == 2


def test_another_engine_version_makes_new_pictures(
    make_app: Callable[..., Flask], person: Any, engine: FakeEngine
) -> None:
    tried(person)
    person.http = make_app(engines=[FakeEngine(model="paid-2")], inline_jobs=True).test_client()
    assert tried(person)["cached"] is False


def test_a_top_and_a_bottom_are_not_their_reverse(person: Any, engine: FakeEngine) -> None:
    for top, bottom in (("red", "blue"), ("blue", "red"), ("red", "blue")):
        parts = form(garment_image=None, top_garment_image=drawn(top), bottom_garment_image=drawn(bottom))
        assert person.post("/api/tryon/multi", data=parts).status_code == 202
    assert len(engine.seen) == 2


def test_a_fresh_picture_is_the_later_answer(person: Any, db: DatabaseManager) -> None:
    tried(person)
    fresh = tried(person, options=FRESH)
    copy = tried(person)
    assert (fresh["cached"], copy["cached"]) == (False, True)
    row = db.fetch_one("SELECT picture_of FROM tryon_jobs WHERE job_id = ?", (copy["job_id"],))
    assert row == {"picture_of": fresh["job_id"]}


def test_copies_live_alone(app: Flask, person: Any, engine: FakeEngine) -> None:
    jobs = [tried(person) for _ in range(3)]
    before = picture(person, jobs[2])
    for job in jobs[:2]:
        assert person.delete(f"/api/job/{job['job_id']}").json["data"] == {"outcome": "deleted"}
    assert picture(person, jobs[2]) == before
    assert tried(person)["cached"] is True and len(engine.seen) == 1
    for job in person.get("/api/tryon/history").json["data"]:
        person.delete(f"/api/job/{job['job_id']}")
    assert files_of(app) == []
    assert tried(person)["cached"] is False


def test_a_copys_garment_goes_into_the_wardrobe_as_well(person: Any) -> None:
    first = tried(person, options='{"garment_details": {"brand": "Acme"}}')
    copy = tried(person, options='{"garment_details": {"brand": "Acme"}}')
    person.delete(f"/api/job/{first['job_id']}")
    answer = person.post("/api/wardrobe/items", json={"job_id": copy["job_id"], "category_section": "upper_body"})
    assert answer.status_code == 201, answer.json
    assert answer.json["data"]["brand"] == "Acme" and answer.json["data"]["image_url"]


def test_a_disliked_picture_is_never_given_again(person: Any, engine: FakeEngine) -> None:
    first, copy = tried(person), tried(person)
    person.patch(f"/api/tryon/{copy['job_id']}/rating", json={"rating": -1})
    third = tried(person)
    assert third["cached"] is False and len(engine.seen) == 2
    person.patch(f"/api/tryon/{copy['job_id']}/rating", json={"rating": 1})
    person.patch(f"/api/tryon/{third['job_id']}/rating", json={"rating": -1})
    assert tried(person)["cached"] is True and len(engine.seen) == 2
    assert person.delete(f"/api/job/{first['job_id']}").status_code == 200


@pytest.mark.parametrize("change", ["expires_at = '2020-01-01T00:00:00.000000Z'", "engine = 'another'",
                                    "result_image_path = NULL", "status = 'failed'"])  # fmt: skip
def test_what_is_no_answer_any_more(person: Any, engine: FakeEngine, db: DatabaseManager, change: str) -> None:
    tried(person)
    db.execute(f"UPDATE tryon_jobs SET {change}")
    assert tried(person)["cached"] is False and len(engine.seen) == 2


def test_a_picture_whose_file_is_gone_is_made_anew(app: Flask, person: Any, engine: FakeEngine) -> None:
    tried(person)
    for path in app.extensions["test_images"].rglob("tryon-results/**/*.jpg"):
        path.unlink()
    assert tried(person)["cached"] is False and len(engine.seen) == 2


@pytest.mark.parametrize(
    ("code", "preview", "cached"),
    [
        ("framing_changed", False, False),
        ("colour_missing", False, False),
        ("preview", True, True),
        ("note", False, True),
    ],
)
def test_pictures_with_a_fault_are_no_answer(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any], code: str, preview: bool, cached: bool
) -> None:
    engine = FakeEngine(preview=preview, warnings=[Notice(code, "Something is to be said.")])
    person = sign_up(make_app(engines=[engine], inline_jobs=True))
    tried(person)
    assert tried(person)["cached"] is cached


def test_the_makeshift_of_a_fallback_is_no_answer(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    first = FakeEngine("first", errors=[ExternalServiceError("down")])
    app = make_app(engines=[first, FakeEngine("preview", preview=True)], inline_jobs=True)
    person = sign_up(app)
    assert tried(person)["engine"] == "preview"
    second = tried(person)
    assert (second["engine"], second["cached"]) == ("first", False)
    assert tried(person)["cached"] is True


def test_an_avatar_counts_by_its_picture(person: Any, engine: FakeEngine) -> None:
    def save(colour: str) -> None:
        parts = {"avatar": (io.BytesIO(drawn(colour, size=(300, 400))), "avatar.jpg")}
        assert person.post("/api/save-avatar", data=parts).status_code == 200

    for colour, cached in (("red", False), ("red", True), ("navy", False)):
        save(colour)
        assert tried(person, selfie=None)["cached"] is cached


def test_a_hit_comes_also_when_the_queue_is_full(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    go = threading.Event()
    go.set()
    engine = FakeEngine(hold=go)
    person = sign_up(make_app(engines=[engine], tryon_workers=1, tryon_express_workers=0, max_queue_size=1))
    wait_for(person, post(person)["job_id"], "done")
    go.clear()
    wait_for(person, post(person, selfie=drawn("red"))["job_id"], "processing")
    post(person, selfie=drawn("blue"))
    assert person.post("/api/tryon", data=form(selfie=drawn("pink"))).json["error_code"] == "QUEUE_FULL"
    assert post(person)["status"] == "done"
    go.set()


def test_a_key_repeats_its_hit(person: Any, db: DatabaseManager) -> None:
    tried(person)
    headers = {"Idempotency-Key": "again"}
    ids = {person.post("/api/tryon", data=form(), headers=headers).json["data"]["job_id"] for _ in range(3)}
    assert len(ids) == 1 and len(person.get("/api/tryon/history").json["data"]) == 2


def test_a_hit_that_cannot_be_recorded_leaves_nothing(app: Flask, person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tried(person)
    before = files_of(app)

    def broken(*_: object) -> None:
        raise DatabaseBusyError("The database is busy.", retry_after_seconds=1)

    monkeypatch.setattr(ResultTable, "add", broken)
    assert person.post("/api/tryon", data=form()).status_code == 503
    assert files_of(app) == before


def test_what_a_crash_leaves_of_a_hit_is_swept(app: Flask, person: Any, config: Any) -> None:
    tried(person)
    copy = tried(person)
    files = [path for path in config.images_dir.rglob("*") if path.is_file()]
    lost = [path.with_name(f"{uuid.uuid4()}-0c.jpg") for path in files if path.stem == f"{copy['job_id']}-0c"]
    assert len(lost) == 1
    lost[0].write_bytes(b"left")
    an_hour_ago = (utc_now() - timedelta(hours=2)).timestamp()
    for path in [*files, *lost]:
        os.utime(path, (an_hour_ago, an_hour_ago))
    app.extensions["retention"].sweep()
    assert not lost[0].exists() and all(path.exists() for path in files)


def test_who_prefers_to_wait_gets_a_hit_at_once(person: Any) -> None:
    tried(person)
    answer = person.post("/api/tryon", data=form(), headers={"Prefer": "wait=5"})
    assert answer.status_code == 200 and answer.json["data"]["cached"] is True
    assert answer.headers["Preference-Applied"] == "wait=5"


def test_sizes_and_pixels_of_a_copy_are_those_of_the_picture(person: Any) -> None:
    tried(person, selfie=drawn(size=(300, 480)))
    job = tried(person, selfie=drawn(size=(300, 480)))
    assert Image.open(io.BytesIO(picture(person, job))).size == (300, 480)


# --- in flight -------------------------------------------------------------------------------------------------------


class Flight:
    """A server with a held engine and several jobs of one person that ask for the same."""

    def __init__(self, make_app: Callable[..., Flask], sign_up: Callable[..., Any], **engine: Any) -> None:
        self.go = threading.Event()
        self.engine = FakeEngine(hold=self.go, **engine)
        self.app = make_app(engines=[self.engine], tryon_workers=4)
        self.person = sign_up(self.app)

    def take_off(self, count: int, **fields: Any) -> list[str]:
        first = post(self.person, **fields)["job_id"]
        wait_for(self.person, first, "processing")
        return [first, *(post(self.person, **fields)["job_id"] for _ in range(count - 1))]

    def ended(self, job_ids: list[str], status: str) -> list[dict[str, Any]]:
        return [wait_for(self.person, job_id, status) for job_id in job_ids]


@pytest.fixture
def fly(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> Callable[..., Flight]:
    return lambda **engine: Flight(make_app, sign_up, **engine)


def test_jobs_in_flight_share_one_generation(fly: Callable[..., Flight]) -> None:
    flight = fly()
    job_ids = flight.take_off(4)
    assert [flight.person.get(f"/api/job/{job_id}").json["data"]["status"] for job_id in job_ids[1:]] == ["queued"] * 3
    flight.go.set()
    jobs = flight.ended(job_ids, "done")
    assert [job["cached"] for job in jobs] == [False, True, True, True] and len(flight.engine.seen) == 1


def test_jobs_in_flight_share_a_failure(fly: Callable[..., Flight]) -> None:
    flight = fly(error=ContentBlockedError("These pictures are refused.", details={"provider_code": "SAFETY"}))
    job_ids = flight.take_off(3)
    flight.go.set()
    errors = [job["error"] for job in flight.ended(job_ids, "failed")]
    assert errors[0]["code"] == "CONTENT_BLOCKED" and errors[0]["details"] == {"provider_code": "SAFETY"}
    assert errors[1:] == errors[:1] * 2 and len(flight.engine.seen) == 1


def test_a_failure_of_the_past_is_nobodys(fly: Callable[..., Flight]) -> None:
    flight = fly(errors=[ExternalServiceError("down")])
    flight.go.set()
    wait_for(flight.person, post(flight.person)["job_id"], "failed")
    assert wait_for(flight.person, post(flight.person)["job_id"], "done")["cached"] is False


def test_a_failure_without_the_preview_is_not_shared_with_those_who_allow_it(
    make_app: Callable[..., Flask], sign_up: Callable[..., Any]
) -> None:
    go = threading.Event()
    first = FakeEngine("first", hold=go, error=ExternalServiceError("down"))
    person = sign_up(make_app(engines=[first, FakeEngine("preview", preview=True)]))
    strict = post(person, options='{"allow_preview": false}')["job_id"]
    wait_for(person, strict, "processing")
    easy = [post(person)["job_id"] for _ in range(2)]
    also_strict = post(person, options='{"allow_preview": false}')["job_id"]
    go.set()
    wait_for(person, strict, "failed")
    made, shared = [wait_for(person, job_id, "done") for job_id in easy]
    assert (made["preview"], made["cached"]) == (True, False)
    assert (shared["preview"], shared["cached"]) == (True, True), "one call for both, though it brought a makeshift"
    assert wait_for(person, also_strict, "failed")["cached"] is False
    assert len(first.seen) == 3, "the last one may not be answered with a preview"


@pytest.mark.parametrize("again", [False, True])
def test_a_cancelled_leader_leaves_the_work_to_the_next(fly: Callable[..., Flight], again: bool) -> None:
    flight = fly()
    first, second, third = flight.take_off(3)
    flight.person.delete(f"/api/job/{first}")
    wait_for(flight.person, first, "cancelled")
    if again:
        flight.person.delete(f"/api/job/{first}")
    wait_for(flight.person, second, "processing")
    flight.go.set()
    assert [job["cached"] for job in flight.ended([second, third], "done")] == [False, True]


def test_fresh_ones_do_not_wait(fly: Callable[..., Flight]) -> None:
    flight = fly()
    first = flight.take_off(1)[0]
    fresh = post(flight.person, options=FRESH)["job_id"]
    wait_for(flight.person, fresh, "processing")
    flight.go.set()
    assert [job["cached"] for job in flight.ended([first, fresh], "done")] == [False, False]
    assert len(flight.engine.seen) == 2


def test_others_do_not_wait_for_somebody_elses_equal_job(fly: Callable[..., Flight], sign_up: Any) -> None:
    flight = fly()
    flight.take_off(1)
    other = sign_up(flight.app)
    wait_for(other, post(other)["job_id"], "processing")
    flight.go.set()
