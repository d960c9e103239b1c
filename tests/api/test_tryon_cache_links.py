"""Equal requests whose garment comes as a link: whether they are equal is known once the page was read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from test_tryon import drawn, form, wait_for

from shared.engines.fake import FakeEngine
from shared.errors import ContentBlockedError


@pytest.fixture
def shop() -> Iterator[LocalShop]:
    with LocalShop() as shop:
        yield shop


@pytest.fixture
def make(make_app: Callable[..., Flask], shop: LocalShop) -> Callable[..., Flask]:
    return lambda engine, **settings: make_app(engines=[engine], fetch_allow_hosts=(shop.host,), **settings)


def post(person: Any, url: str, **fields: Any) -> str:
    answer = person.post("/api/tryon", data=form(garment_image=None, garment_url=url, **fields))
    assert answer.status_code == 202, answer.json
    return str(answer.json["data"]["job_id"])


def tried(person: Any, url: str, **fields: Any) -> dict[str, Any]:
    job: dict[str, Any] = person.get(f"/api/job/{post(person, url, **fields)}").json["data"]
    assert job["status"] == "done", job["error"]
    return job


@pytest.mark.parametrize(
    ("path", "fields", "cached"),
    [
        ("/p/tshirt", {}, True),
        ("/p/tshirt?utm_source=mail", {}, True),
        ("/p/trousers", {}, False),
        ("/p/tshirt", {"garment_type": "outer"}, False),
        ("/p/tshirt", {"selfie": drawn("green")}, False),
        ("/p/tshirt", {"options": '{"force_refresh": true}'}, False),
    ],
)
def test_the_same_garment_is_the_same_picture(
    make: Callable[..., Flask], sign_up: Any, shop: LocalShop, path: str, fields: dict[str, Any], cached: bool
) -> None:
    engine = FakeEngine()
    person = sign_up(make(engine, inline_jobs=True))
    first = tried(person, f"{shop.url}/p/tshirt")
    second = tried(person, f"{shop.url}{path}", **fields)
    assert second["cached"] is cached and len(engine.seen) == (1 if cached else 2)
    assert not cached or second["garment_details"] == first["garment_details"]


def test_a_fresh_picture_of_a_link_is_the_later_answer(
    make: Callable[..., Flask], sign_up: Any, shop: LocalShop
) -> None:
    engine = FakeEngine()
    person = sign_up(make(engine, inline_jobs=True))
    tried(person, f"{shop.url}/p/tshirt", options='{"force_refresh": true}')
    assert tried(person, f"{shop.url}/p/tshirt")["cached"] is True and len(engine.seen) == 1


@pytest.mark.parametrize("error", [None, ContentBlockedError("Refused.")])
def test_links_in_flight_share_one_generation(
    make: Callable[..., Flask], sign_up: Any, shop: LocalShop, error: ContentBlockedError | None
) -> None:
    go = threading.Event()
    engine = FakeEngine(hold=go, error=error)
    person = sign_up(make(engine))
    job_ids = [post(person, f"{shop.url}/p/tshirt") for _ in range(4)]
    while not engine.seen:
        threading.Event().wait(0.02)
    for job_id in job_ids:  # all but one have read the page and gone back into the queue
        assert wait_until_calm(person, job_id) in ("queued", "generating")
    go.set()
    jobs = [wait_for(person, job_id, "failed" if error else "done") for job_id in job_ids]
    assert len(engine.seen) == 1
    assert sorted(job["cached"] for job in jobs) == ([False] * 4 if error else [False, True, True, True])
    assert {(job["error"] or {}).get("code") for job in jobs} == {"CONTENT_BLOCKED" if error else None}


def wait_until_calm(person: Any, job_id: str) -> str:
    """Until the page was read: where the job stands then."""
    for _ in range(400):
        job = person.get(f"/api/job/{job_id}").json["data"]
        if job["status"] == "queued" and job["event_id"] > 1:
            return "queued"
        if job["stage"] == "generating":
            return "generating"
        threading.Event().wait(0.02)
    raise AssertionError(f"{job_id} is {job['status']} {job['stage']}")
