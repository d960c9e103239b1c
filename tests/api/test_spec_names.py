"""Names that the specification gives still work: thin, over the rooms that do the work now."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Person
from flask import Flask, g
from local_shop import SAMPLES, LocalShop
from PIL import Image
from test_tryon import drawn

from features.garments.extractors.registry import BrandExtractorFactory
from features.garments.extractors.zara import ZaraExtractor
from features.garments.scraper import extract_images_from_html, extract_title_from_html, fetch_html, is_image_url
from features.tryon.direct import process_tryon, remove_background
from shared.engines.fake import FakeEngine
from shared.engines.preview.cut_out import LocalCutOut
from shared.errors import ExtractionError, ValidationError
from shared.middleware import optional_auth
from shared.tokens import TokenService
from shared.validators import validate_required


def test_process_tryon_and_remove_background() -> None:
    picture = process_tryon(FakeEngine(), drawn(), drawn("blue"), "upper", {"brand": "Acme"})
    assert Image.open(io.BytesIO(picture)).size == (240, 320)
    woman = (SAMPLES.parent / "person" / "woman_light.jpg").read_bytes()
    cut_out = Image.open(io.BytesIO(remove_background(LocalCutOut(), woman)))
    assert cut_out.mode == "RGBA" and cut_out.getpixel((2, 2))[3] == 0


def test_the_scraper_functions() -> None:
    with LocalShop() as shop:
        page = shop.product("tshirt")
        assert extract_title_from_html(page) == "Red cotton T-shirt"
        assert extract_images_from_html(page, f"{shop.url}/p/tshirt") == [f"{shop.url}/img/tshirt.jpg"]
        with pytest.raises(ExtractionError):
            fetch_html(f"{shop.url}/p/tshirt")  # an address inside: the guard is not passed by
    assert extract_title_from_html("<html></html>") is None and extract_images_from_html("", "https://a.example") == []
    assert is_image_url("https://a.example/x.JPG?w=3") and not is_image_url("https://a.example/x.html")


def test_extractors_are_chosen_by_host() -> None:
    factory = BrandExtractorFactory()
    assert factory.for_host("www.zara.com") is ZaraExtractor
    assert factory.for_host("notzara.com") is None


def test_tokens_tell_their_user(app: Flask, person: Person) -> None:
    tokens: TokenService = app.extensions["because_future_parts"][TokenService]
    assert tokens.get_user_from_token(person.token) == person.user["userid"]


def test_optional_auth(make_app: Callable[..., Flask], sign_up: Callable[..., Any]) -> None:
    app = make_app()
    app.add_url_rule("/who", view_func=optional_auth(lambda: {"user": g.get("user_id")}), endpoint="who")
    someone = sign_up(app)
    assert someone.get("/who").json == {"user": someone.user["userid"]}
    assert someone.http.get("/who").json == {"user": None}
    assert someone.http.get("/who", headers={"Authorization": "Bearer forged"}).status_code == 401


def test_required_fields_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_required({"a": 1, "b": ""}, ("a", "b", "c"))
    assert caught.value.details["fields"] == {"b": "is required", "c": "is required"}
