"""Five users, every route, each other's ids: nothing seen, nothing changed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from test_tryon import drawn, form

from shared.engines.fake import FakeEngine
from shared.frame import PUBLIC_ENDPOINTS

OWN_STATE = (
    "/api/users/profile",
    "/api/body-measurements",
    "/api/fitting/size-recommendation?category=dress&gender=female&brand=Acme",
    "/api/get-avatar",
    "/api/tryon/history",
    "/api/wardrobe/items",
    "/api/wardrobe/category-sections",
    "/api/wardrobe/categories",
    "/api/wardrobe/stats",
    "/api/outfits",
)
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
ENDS_THE_CALLER = {"auth.logout", "auth.refresh_token", "users.delete_account", "users.change_password"}


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(engines=[FakeEngine()], inline_jobs=True)


@pytest.fixture
def five(app: Flask, sign_up: Callable[..., Any]) -> list[Any]:
    people = [sign_up(app, height=165 + number) for number in range(5)]
    for number, person in enumerate(people):
        person.job_id = person.post("/api/tryon", data=form(selfie=drawn(f"#{number}0{number}0f0"))).json["data"][
            "job_id"
        ]
        person.post("/api/save-avatar", data={"avatar": (io.BytesIO(drawn()), "me.jpg")})
        person.ids = {"job_id": person.job_id, **wardrobe_of(person)}
    return people


def wardrobe_of(person: Any) -> dict[str, int]:
    def added(path: str, **body: Any) -> int:
        return int(person.post(path, **body).json["data"]["id"])

    section = added("/api/wardrobe/category-sections", json={"name": "attic"})
    category = added("/api/wardrobe/categories", json={"name": "Costumes", "category_section": "attic"})
    item = added(
        "/api/wardrobe/items", data={"category_section": "attic", "garment_image": (io.BytesIO(drawn()), "hat.jpg")}
    )
    outfit = added("/api/outfits", json={"name": "Sunday", "item_ids": [item]})
    return {"section_id": section, "category_id": category, "item_id": item, "outfit_id": outfit}


def state(person: Any) -> list[Any]:
    """What a person sees of their own things; signatures of links stay equal within the hour."""
    return [person.get(path).json["data"] for path in (*OWN_STATE, f"/api/job/{person.job_id}")]


def _filled(ids: dict[str, Any], variable: re.Match[str]) -> str:
    return str(ids[variable[1]])


def routes_with_ids(app: Flask) -> list[tuple[str, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.endpoint not in PUBLIC_ENDPOINTS:
            found += [(method, rule.rule) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def test_another_persons_ids_are_not_found(app: Flask, five: list[Any]) -> None:
    before = [state(person) for person in five]
    routes = routes_with_ids(app)
    assert len(routes) >= 4
    for stranger in five:
        for owner in (person for person in five if person is not stranger):
            for method, rule in routes:
                path = _VARIABLE.sub(partial(_filled, owner.ids), rule)
                answer = stranger.request(method, path, json={"favorite": True, "rating": 1})
                assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND"), (method, path)
    assert [state(person) for person in five] == before


@pytest.mark.parametrize("field", ["user_id", "userid", "id"])
def test_an_id_in_the_body_changes_nothing(app: Flask, five: list[Any], field: str) -> None:
    attacker, victim, *others = five
    stolen, new = {field: victim.user["userid"]}, {"first_name": "Mallory", "height": 199}
    before = [state(person) for person in (victim, *others)]
    for rule in app.url_map.iter_rules():
        if rule.arguments or rule.endpoint in PUBLIC_ENDPOINTS | ENDS_THE_CALLER:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = attacker.request(method, rule.rule, json={**stolen, **new}, query_string=stolen)
            assert answer.status_code < 500, (method, rule.rule)
            assert victim.user["userid"].encode() not in answer.data, (method, rule.rule)
    assert [state(person) for person in (victim, *others)] == before


def test_a_link_opens_one_picture_only(five: list[Any]) -> None:
    first, second = (person.get(f"/api/job/{person.job_id}").json["data"]["result_url"] for person in five[:2])
    path, query = second.split("?")[0], first.split("?")[1]
    answer = five[0].http.get(f"{path}?{query}")
    assert (answer.status_code, answer.json["error_code"]) == (403, "LINK_INVALID")


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("sig=", "sig=A"),
        lambda url: url[:-1] + ("A" if url[-1] != "A" else "B"),
        lambda url: re.sub(r"exp=\d+", "exp=99999999999", url),
        lambda url: url.split("?")[0],
        lambda url: url.split("&sig")[0],
        lambda url: re.sub(r"exp=(\d+)", r"exp=0\1", url),
        lambda url: url.replace("tryon-results", "tryon-inputs"),
        lambda url: url.replace("/images/", "/images//"),
        lambda url: url.replace("/images/", "/images/x/../"),
        lambda url: url.replace("/images/", "/images/..%2f"),
        lambda url: re.sub(r"/images/[^?]*", "/images/../../etc/passwd", url),
        lambda url: re.sub(r"/images/[^?]*", "/images/%2fetc%2fpasswd", url),
        lambda url: re.sub(r"/images/[^?]*", "/images/..%5c..%5capp.py", url),
        lambda url: re.sub(r"/images/[^?]*", "/images/x%00.jpg", url),
    ],
)
def test_a_changed_link_opens_nothing(five: list[Any], change: Callable[[str], str]) -> None:
    person = five[0]
    url = person.get(f"/api/job/{person.job_id}").json["data"]["result_url"]
    assert person.http.get(url).status_code == 200
    changed = change(url)
    assert changed != url
    answer = person.http.get(changed, follow_redirects=True)
    assert answer.status_code in (403, 404) and answer.json["error_code"] in ("LINK_INVALID", "NOT_FOUND")


def test_pictures_are_cacheable_but_private(five: list[Any]) -> None:
    person = five[0]
    url = person.get(f"/api/job/{person.job_id}").json["data"]["result_url"]
    first = person.http.get(url)
    assert first.headers["Cache-Control"].startswith("private, max-age=")
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = person.http.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_parts_of_a_picture(five: list[Any]) -> None:
    url = five[0].get(f"/api/job/{five[0].job_id}").json["data"]["result_url"]
    assert five[0].http.get(url, headers={"Range": "bytes=0-3"}).data[:3] == b"\xff\xd8\xff"
    answer = five[0].http.get(url, headers={"Range": "bytes=99999999-"})
    assert (answer.status_code, answer.json["error_code"]) == (400, "VALIDATION_ERROR")
