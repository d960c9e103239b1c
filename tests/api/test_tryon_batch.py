"""One person and many garments in one request: all jobs or none, and every refusal names the item."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, files_of, wait_for

from features.tryon import submission
from features.tryon.model import TryOnJobTable
from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import DatabaseBusyError


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04))


@pytest.fixture
def app(make_app: Callable[..., Flask], engine: FakeEngine, config: Any) -> Flask:
    app = make_app(engines=[engine], inline_jobs=True)
    app.extensions["test_images"] = config.images_dir
    return app


def post(person: Any, items: Any, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """Pictures are bytes; `selfie` is there unless it is None."""
    fields = {"selfie": drawn(), **fields, "items": items if isinstance(items, str) else json.dumps(items)}
    parts = {name: (io.BytesIO(value), f"{name}.jpg") if isinstance(value, bytes) else value
             for name, value in fields.items() if value is not None}  # fmt: skip
    return person.post("/api/tryon/batch", data=parts, headers=headers or {})


def done(person: Any, answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 202, answer.json
    return [person.get(f"/api/job/{job['job_id']}").json["data"] for job in answer.json["data"]["jobs"]]


def item_of(person: Any, colour: str = "purple") -> int:
    parts = {"garment_image": (io.BytesIO(drawn(colour, size=(300, 400))), "g.jpg"), "category_section": "upper_body"}
    return int(person.post("/api/wardrobe/items", data=parts).json["data"]["id"])


def test_each_item_is_a_job_in_its_place(person: Any, engine: FakeEngine) -> None:
    names = {"a": drawn("red"), "b": drawn("green"), "c": drawn("blue")}
    items = [{"image": "a"}, {"image": "b", "garment_type": "lower"},
             {"image": "c", "options": {"quality": "high", "garment_details": {"color": "blue"}}}]  # fmt: skip
    answer = post(person, items, garment_type="upper", options='{"quality": "fast", "aspect_ratio": "1:1"}', **names)
    jobs = done(person, answer)
    data = answer.json["data"]
    assert [job["status"] for job in jobs] == ["done"] * 3
    assert {job["batch_id"] for job in jobs} == {data["batch_id"]}
    assert [str(seen.garments[0].garment_type) for seen in engine.seen] == ["upper", "lower", "upper"]
    assert [str(seen.quality) for seen in engine.seen] == ["fast", "fast", "high"]
    assert {seen.aspect_ratio for seen in engine.seen} == {"1:1"}
    assert [job["garment_details"] for job in jobs] == [{}, {}, {"color": "blue"}]
    listed = person.get(f"/api/tryon/history?batch_id={data['batch_id']}").json["data"]
    assert [job["job_id"] for job in listed] == [job["job_id"] for job in jobs][::-1]
    assert answer.headers["Location"].endswith(f"/api/tryon/history?batch_id={data['batch_id']}")
    assert data["jobs"][1]["status_url"].endswith(data["jobs"][1]["job_id"])


def test_json_bodies_and_the_wardrobe(person: Any, engine: FakeEngine) -> None:
    body = {
        "person_image": base64.b64encode(drawn()).decode(),
        "shirt": base64.b64encode(drawn("red")).decode(),
        "items": [{"image": "shirt"}, {"wardrobe_item_id": item_of(person)}, {"item_id": item_of(person, "teal")}],
        "options": {"quality": "fast"},
    }
    jobs = done(person, person.post("/api/tryon/batch", json=body))
    assert [job["status"] for job in jobs] == ["done"] * 3 and len(engine.seen) == 3


def test_the_avatar_is_the_person(person: Any, engine: FakeEngine) -> None:
    person.post("/api/save-avatar", data={"avatar": (io.BytesIO(drawn("red", size=(300, 400))), "me.jpg")})
    items = [{"image": "g"}, {"image": "g", "options": {"background": "original"}}, {"image": "h"}]
    assert len(done(person, post(person, items, selfie=None, g=drawn("blue"), h=drawn("green")))) == 3


def test_the_person_is_decoded_once(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    prepare = submission.prepare_photo
    monkeypatch.setattr(submission, "prepare_photo", lambda data, *rest: (seen.append(data), prepare(data, *rest))[1])
    done(person, post(person, [{"image": name} for name in "abc"], a=drawn("red"), b=drawn("green"), c=drawn("blue")))
    assert len(seen) == 4 and seen.count(drawn()) == 1


def test_equal_items_share_one_generation(person: Any, engine: FakeEngine) -> None:
    jobs = done(person, post(person, [{"image": "a"}, {"image": "a"}, {"image": "b"}], a=drawn("red"), b=drawn("red")))
    assert [job["cached"] for job in jobs] == [False, True, True] and len(engine.seen) == 1


def test_what_is_there_already_is_done_at_once(person: Any, engine: FakeEngine) -> None:
    done(person, post(person, [{"image": "a"}], a=drawn("red")))
    answer = post(person, [{"image": "b"}, {"image": "a"}], a=drawn("red"), b=drawn("green"))
    assert [job["status"] for job in answer.json["data"]["jobs"]] == ["queued", "done"]
    assert [job["cached"] for job in done(person, answer)] == [False, True] and len(engine.seen) == 2


BAD_ITEMS: list[tuple[Any, str]] = [
    (None, "items"),
    ("", "items"),
    ("{broken", "items"),
    ("7", "items"),
    ([], "items"),
    ([{"image": "a"}] * 21, "items"),
    (["a"], "items[0]"),
    ([{"image": "a"}, {}], "items[1]"),
    ([{"image": "a"}, {"image": ""}], "items[1].image"),
    ([{"image": "a"}, {"image": 5}], "items[1].image"),
    ([{"image": "a"}, {"image": "nowhere"}], "items[1].image"),
    ([{"image": "a"}, {"garment_url": "ftp://shop"}], "items[1].garment_url"),
    ([{"image": "a"}, {"wardrobe_item_id": "one"}], "items[1].wardrobe_item_id"),
    ([{"image": "a"}, {"wardrobe_item_id": 999}], "items[1].wardrobe_item_id"),
    ([{"image": "a"}, {"image": "a", "garment_type": "hat"}], "items[1].garment_type"),
    ([{"image": "a"}, {"image": "a", "options": {"quality": "best"}}], "items[1].options.quality"),
    ([{"image": "a"}, {"image": "a", "options": "fast"}], "items[1].options"),
    ([{"image": "a"}, {"image": "text"}], "items[1].image"),
    ([{"image": "a"}, {"image": "page"}], "items[1].image"),
    ([{"image": "a"}, {"image": "cut"}], "items[1].image"),
    ([{"image": "a"}, {"image": "a", "options": {"garment_details": {"category": "bikini"}}}], "items[1]"),
]


@pytest.mark.parametrize(("items", "field"), BAD_ITEMS, ids=[f"{n}-{field}" for n, (_, field) in enumerate(BAD_ITEMS)])
def test_a_bad_item_refuses_all(app: Flask, person: Any, items: Any, field: str) -> None:
    others = {"a": drawn("red"), "text": "words", "page": b"<html>no picture</html>", "cut": drawn("blue")[:-300]}
    answer = post(person, items, **others)
    assert 400 <= answer.status_code < 500 and list(answer.json["details"]["fields"]) == [field], answer.json
    assert "field" not in answer.json["details"]
    assert files_of(app) == [] and person.get("/api/tryon/history").json["data"] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"selfie": None}, "selfie"),
        ({"selfie": "words"}, "selfie"),
        ({"garment_type": "hat"}, "items[0].garment_type"),
        ({"options": "[]"}, "options"),
        ({"options": "{"}, "options"),
    ],
)
def test_what_all_items_share_is_checked(person: Any, fields: dict[str, Any], field: str) -> None:
    answer = post(person, [{"image": "a"}], a=drawn("red"), **fields)
    assert answer.status_code == 400 and list(answer.json["details"]["fields"]) == [field], answer.json


def test_a_bad_photo_of_the_person_is_no_items_fault(app: Flask, person: Any) -> None:
    answer = post(person, [{"image": "a"}], a=drawn("red"), selfie=b"<html>no picture</html>")
    assert (answer.status_code, answer.json["details"]["field"]) == (415, "selfie")
    assert files_of(app) == []


def test_somebody_elses_item_is_not_found(app: Flask, person: Any, sign_up: Any) -> None:
    answer = post(sign_up(app), [{"wardrobe_item_id": item_of(person)}])
    assert answer.status_code == 404 and "items[0].wardrobe_item_id" in answer.json["details"]["fields"]


def test_a_failure_while_writing_leaves_nothing(app: Flask, person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add, added = TryOnJobTable.add, []

    def full_at_the_second(self: TryOnJobTable, job: Any) -> None:
        added.append(job)
        if len(added) == 2:
            raise DatabaseBusyError("The database is full.", retry_after_seconds=1)
        add(self, job)

    monkeypatch.setattr(TryOnJobTable, "add", full_at_the_second)
    answer = post(person, [{"image": "a"}, {"image": "b"}], a=drawn("red"), b=drawn("blue"))
    assert answer.status_code == 503 and len(added) == 2
    assert files_of(app) == [] and person.get("/api/tryon/history").json["data"] == []


# --- idempotency -----------------------------------------------------------------------------------------------------

KEY = {"Idempotency-Key": "batch-1"}


def test_the_same_key_is_the_same_batch(person: Any, engine: FakeEngine) -> None:
    items = [{"image": "a"}, {"image": "b"}, {"image": "a"}]
    pictures = {"a": drawn("red"), "b": drawn("blue")}
    first, second = (post(person, items, headers=KEY, **pictures).json["data"] for _ in range(2))
    assert first["batch_id"] == second["batch_id"]
    assert [job["job_id"] for job in first["jobs"]] == [job["job_id"] for job in second["jobs"]]
    assert len(engine.seen) == 2
    other = post(person, items[::-1], headers=KEY, a=drawn("red"), b=drawn("green"))
    assert other.json["error_code"] == "IDEMPOTENCY_MISMATCH"


@pytest.mark.parametrize("gone", [0, 1])
def test_the_key_of_a_batch_with_a_deleted_job_starts_no_second_one(person: Any, gone: int) -> None:
    def send() -> Any:
        return post(person, [{"image": "a"}, {"image": "b"}], headers=KEY, a=drawn("red"), b=drawn("blue"))

    person.delete(f"/api/job/{send().json['data']['jobs'][gone]['job_id']}")
    assert send().json["error_code"] == "CONFLICT"


def test_many_at_once_with_one_key_make_one_batch(make_app: Callable[..., Flask], sign_up: Any) -> None:
    app = make_app(engines=[FakeEngine()])
    person, together, found = sign_up(app), threading.Barrier(4), []

    def send() -> None:
        parts = {"selfie": (io.BytesIO(drawn()), "s.jpg"), "a": (io.BytesIO(drawn("red")), "a.jpg")}
        client = app.test_client()
        together.wait()
        found.append(client.post("/api/tryon/batch", data={**parts, "items": '[{"image": "a"}, {"image": "a"}]'},
                                 headers={**person.headers, **KEY}).json["data"])  # fmt: skip

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({data["batch_id"] for data in found}) == 1 and len(found) == 4
    assert len(person.get("/api/tryon/history").json["data"]) == 2


def test_a_start_deadline_is_that_of_every_job(make_app: Callable[..., Flask], sign_up: Any) -> None:
    go = threading.Event()
    person = sign_up(make_app(engines=[FakeEngine(hold=go)], tryon_workers=1, tryon_express_workers=0))
    answer = post(person, [{"image": "a"}], a=drawn("red"))
    running = answer.json["data"]["jobs"][0]["job_id"]
    wait_for(person, running, "processing")
    headers = {"X-Deadline-Seconds": "0.1"}
    late = post(person, [{"image": "b"}, {"image": "c"}], headers=headers, b=drawn("blue"), c=drawn("teal"))
    for job in late.json["data"]["jobs"]:
        assert wait_for(person, job["job_id"], "failed")["error"]["code"] == "DEADLINE_EXCEEDED"
    go.set()
    wait_for(person, running, "done")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_batch_counts_as_its_items(make_app: Callable[..., Flask], sign_up: Any, as_json: bool) -> None:
    person = sign_up(make_app(engines=[FakeEngine()], inline_jobs=True, rate_limit_tryon=5))

    def batch(count: int) -> int:
        items = [{"image": "a"}] * count
        if not as_json:
            return int(post(person, items, a=drawn("red")).status_code)
        pictures = {name: base64.b64encode(drawn()).decode() for name in ("selfie", "a")}
        return int(person.post("/api/tryon/batch", json={**pictures, "items": items}).status_code)

    assert [batch(count) for count in (3, 3, 2, 1)] == [202, 429, 202, 429], "what was refused did not count"
    form = {"selfie": (io.BytesIO(drawn()), "me.jpg"), "garment_image": (io.BytesIO(drawn("red")), "g.jpg")}
    assert person.post("/api/tryon", data=form).status_code == 429, "one by one or at once, it is the same limit"


def test_a_batch_beyond_the_limit_takes_all_of_it(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person = sign_up(make_app(engines=[FakeEngine()], inline_jobs=True, rate_limit_tryon=2))
    items = [{"image": "a"}] * 4
    assert [post(person, items, a=drawn("red")).status_code for _ in range(2)] == [202, 429]


@pytest.mark.parametrize("items", ["[", "{}", "[]", "", "null"])
def test_a_batch_that_lists_nothing_counts_as_one(make_app: Callable[..., Flask], sign_up: Any, items: str) -> None:
    person = sign_up(make_app(engines=[FakeEngine()], inline_jobs=True, rate_limit_tryon=2))
    assert [post(person, items, a=drawn("red")).status_code for _ in range(3)] == [400, 400, 429]


def test_a_batch_needs_a_token(client: Any) -> None:
    assert client.post("/api/tryon/batch", json={"items": []}).status_code == 401
