"""Room for more jobs: of one user, in the queue, and in what may be spent."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, files_of, form, wait_for

from shared.engines.base import Usage
from shared.engines.fake import FakeEngine
from shared.errors import ServiceUnavailableError
from shared.uploads import UploadRoom

SHADES = ["red", "green", "blue", "navy", "olive", "teal"]


@pytest.fixture
def held(make_app: Callable[..., Flask], config: Any) -> Callable[..., Flask]:
    def make(**settings: Any) -> Flask:
        engine = FakeEngine(hold=threading.Event())
        app = make_app(engines=[engine], **{"tryon_workers": 1, "tryon_express_workers": 0, **settings})
        app.extensions["test_images"] = config.images_dir
        return app

    return make


def post(person: Any, shade: str, **fields: Any) -> Any:
    return person.post("/api/tryon", data=form(selfie=drawn(shade), **fields))


def batch(person: Any, count: int) -> Any:
    parts = {f"g{n}": (io.BytesIO(drawn(shade)), f"{n}.jpg") for n, shade in enumerate(SHADES[:count])}
    items = json.dumps([{"image": name} for name in parts])
    return person.post("/api/tryon/batch", data={"selfie": (io.BytesIO(drawn()), "me.jpg"), "items": items, **parts})


def test_one_user_may_have_so_many_unfinished_jobs(held: Callable[..., Flask], sign_up: Any) -> None:
    app = held(max_jobs_per_user=2)
    person, other = sign_up(app), sign_up(app)
    running = post(person, "red").json["data"]["job_id"]
    wait_for(person, running, "processing")
    waiting = post(person, "green").json["data"]["job_id"]
    before = files_of(app)
    refused = post(person, "blue")
    assert (refused.status_code, refused.json["error_code"], refused.json["retryable"]) == (429, "TOO_MANY_JOBS", True)
    assert refused.json["details"] == {"unfinished": 2, "limit": 2} and int(refused.headers["Retry-After"]) >= 1
    assert files_of(app) == before and len(person.get("/api/tryon/history").json["data"]) == 2
    assert post(other, "blue").status_code == 202
    person.delete(f"/api/job/{waiting}")
    assert post(person, "blue").status_code == 202


def test_the_users_own_limit_is_named_first(held: Callable[..., Flask], sign_up: Any) -> None:
    person = sign_up(held(max_jobs_per_user=1, max_queue_size=1))
    assert post(person, "red").status_code == 202
    assert post(person, "green").json["error_code"] == "TOO_MANY_JOBS"


@pytest.mark.parametrize(("settings", "code"), [({"max_jobs_per_user": 3}, "TOO_MANY_JOBS"),
                                                ({"max_queue_size": 3}, "QUEUE_FULL")])  # fmt: skip
def test_a_batch_counts_as_its_jobs(
    held: Callable[..., Flask], sign_up: Any, settings: dict[str, int], code: str
) -> None:
    app = held(**settings)
    person = sign_up(app)
    assert batch(person, 4).json["error_code"] == code
    assert files_of(app) == [] and person.get("/api/tryon/history").json["data"] == []
    assert batch(person, 3).status_code == 202


@pytest.mark.parametrize("settings", [{"max_jobs_per_user": 3}, {"max_queue_size": 3}])
def test_many_at_once_do_not_slip_past(held: Callable[..., Flask], sign_up: Any, settings: dict[str, int]) -> None:
    app = held(**settings, tryon_running_per_user=1)
    person = sign_up(app)
    first = post(person, "black").json["data"]["job_id"]
    wait_for(person, first, "processing")
    together, codes = threading.Barrier(6), []

    def send(shade: str) -> None:
        client = app.test_client()
        together.wait()
        codes.append(client.post("/api/tryon", data=form(selfie=drawn(shade)), headers=person.headers).status_code)

    threads = [threading.Thread(target=send, args=(shade,)) for shade in SHADES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(202) == (2 if "max_jobs_per_user" in settings else 3)
    assert len({path.split("/")[2] for path in files_of(app)}) == 1 + codes.count(202)


# --- budgets ---------------------------------------------------------------------------------------------------------


def spent(make_app: Callable[..., Flask], sign_up: Any, *others: FakeEngine, **caps: Any) -> tuple[Any, FakeEngine]:
    """A person who has made one paid call, which used up the day's allowance."""
    engine = FakeEngine(model="paid-1", usage=Usage(cost_usd=0.04))
    settings = {"daily_calls_per_user": 1, **caps}
    person = sign_up(make_app(engines=[engine, *others], inline_jobs=True, **settings))
    assert post(person, "red").status_code == 202
    return person, engine


@pytest.mark.parametrize("caps", [{}, {"daily_calls_per_user": 0, "daily_calls": 1},
                                  {"daily_calls_per_user": 0, "daily_usd_per_user": 0.04}])  # fmt: skip
def test_a_used_up_budget_is_told_at_once(make_app: Callable[..., Flask], sign_up: Any, caps: dict[str, Any]) -> None:
    person, engine = spent(make_app, sign_up, **caps)
    refused = post(person, "green")
    assert (refused.status_code, refused.json["error_code"]) == (429, "BUDGET_EXHAUSTED")
    assert refused.json["details"]["resets_at"].endswith("T00:00:00.000000Z")
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400
    assert len(engine.seen) == 1 and len(person.get("/api/tryon/history").json["data"]) == 1


def test_a_hit_needs_no_budget(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person, _ = spent(make_app, sign_up)
    assert post(person, "red").json["data"]["status"] == "done"


@pytest.mark.parametrize(("allowed", "status"), [(True, 202), (False, 429)])
def test_the_preview_steps_in_where_it_may(
    make_app: Callable[..., Flask], sign_up: Any, allowed: bool, status: int
) -> None:
    person, _ = spent(make_app, sign_up, FakeEngine("preview", preview=True))
    answer = post(person, "green", options=json.dumps({"allow_preview": allowed}))
    assert answer.status_code == status
    if allowed:
        job = person.get(f"/api/job/{answer.json['data']['job_id']}").json["data"]
        assert job["preview"] is True and job["warnings"][0]["code"] == "provider_unavailable"


def test_previews_need_no_budget(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person, _ = spent(make_app, sign_up)
    person.http = make_app(engines=[FakeEngine("preview", preview=True)], inline_jobs=True, daily_calls_per_user=1)
    person.http = person.http.test_client()
    assert post(person, "green").status_code == 202


def test_a_batch_names_the_item_without_budget(make_app: Callable[..., Flask], sign_up: Any) -> None:
    person, _ = spent(make_app, sign_up)
    refused = batch(person, 2)
    assert refused.json["error_code"] == "BUDGET_EXHAUSTED" and "items[0]" in refused.json["details"]["fields"]


@pytest.mark.parametrize("route", ["tryon", "tryon/multi", "tryon/batch"])
def test_pictures_are_taken_into_hands_in_the_room_only(
    route: str, make_app: Callable[..., Flask], sign_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: UploadRoom) -> Any:
        raise ServiceUnavailableError("There is no room.")

    monkeypatch.setattr(UploadRoom, "entered", closed)
    person = sign_up(make_app(engines=[FakeEngine()], inline_jobs=True))
    names = ("selfie", "garment_image", "top_garment_image", "bottom_garment_image")
    parts = {name: (io.BytesIO(drawn()), f"{name}.jpg") for name in names}
    answer = person.post(f"/api/{route}", data={**parts, "items": json.dumps([{"image": "garment_image"}])})
    assert (answer.status_code, answer.json["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert person.get("/api/tryon/history").json["data"] == []
