"""Title and picture together: words first, the picture where they are silent, less certainty where they disagree."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from drawn_wardrobe import COLOURS, draw
from PIL import Image

from features.garments.categorize import Categorizer
from shared.cpu import CpuGate
from shared.errors import UnsupportedMediaTypeError, ValidationError

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def categorizer() -> Categorizer:
    return Categorizer(CpuGate())


def picture(type_: str, colour: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(type_, COLOURS[colour])).save(file, "JPEG", quality=92)
    return file.getvalue()


def test_words_alone(categorizer: Categorizer) -> None:
    assert categorizer.categorize("Dress shoes", None) == {
        "category": "shoes",
        "type": "shoes",
        "color": None,
        "on_model": None,
        "confidence": 0.85,
    }


def test_the_picture_alone(categorizer: Categorizer) -> None:
    found = categorizer.categorize(None, picture("skirt", "green"))
    assert found == {
        "category": "lower_body",
        "type": "skirt",
        "color": "green",
        "on_model": False,
        "confidence": 0.7,
    }


def test_silent_words_leave_it_to_the_picture(categorizer: Categorizer) -> None:
    found = categorizer.categorize("OFLEKI", picture("trousers", "navy"))
    assert (found["category"], found["type"], found["color"]) == ("lower_body", "trousers", "navy")


def test_nobody_says_anything(categorizer: Categorizer) -> None:
    found = categorizer.categorize("OFLEKI", None)
    assert found == {"category": None, "type": None, "color": None, "on_model": None, "confidence": 0.0}


def test_words_go_first_agreement_helps_and_conflict_hurts(categorizer: Categorizer) -> None:
    agreed = categorizer.categorize("Cropped trousers", picture("trousers", "red"))
    contradicted = categorizer.categorize("Summer dress", picture("trousers", "red"))
    assert (agreed["category"], agreed["confidence"]) == ("lower_body", 0.9)
    assert contradicted["category"] == "dress"
    assert contradicted["confidence"] < 0.7


def test_an_outline_says_nothing_about_bags_and_cards(categorizer: Categorizer) -> None:
    for title, category in (("Leather handbag", "accessory"), ("Gift card", "none")):
        found = categorizer.categorize(title, picture("tee", "brown"))
        assert (found["category"], found["color"], found["confidence"]) == (category, "brown", 0.85)


def test_the_title_chooses_which_garment_of_a_model_is_named(categorizer: Categorizer) -> None:
    photo = (SAMPLES / "person" / "woman_light.jpg").read_bytes()
    jeans, shirt = categorizer.categorize("Slim jeans", photo), categorizer.categorize("T-shirt", photo)
    assert (jeans["color"], shirt["color"]) == ("blue", "white")
    assert jeans["on_model"] is True


def test_what_is_no_picture_is_refused(categorizer: Categorizer) -> None:
    with pytest.raises((UnsupportedMediaTypeError, ValidationError)):
        categorizer.categorize("Dress", b"<html>not a picture</html>")
