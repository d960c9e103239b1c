"""Which words say that a garment is underwear or swimwear, and which only look like it."""

from __future__ import annotations

import pytest

from features.tryon.modesty import refuse_underwear_and_swimwear
from shared.errors import ContentBlockedError

SWIMWEAR = (
    "swimsuit;Swimwear;Bathing suit;string bikini;bikini top;Bikini bottoms;Bikinihose;Bikini-Oberteil;Swim shorts;"
    "Swimming trunks;Badehose;Herren Badeshorts;zwembroek;badbyxor;maillot de bain;costume da bagno;bañador;"
    "kąpielówki;плавки;купальник"
)
UNDERWEAR = (
    "bra;Lace bra;Sports bra;T-Shirt BH;Push-up-BH;Lingerie set;Lace bodysuit lingerie;underwear;Women's Underwear;"
    "Boxer shorts;High leg brief;briefs 3 pack;Panties;Tanga;intimates;Unterwäsche;Unterhosen;lencería;braguita;"
    "Negligée;spodní prádlo;нижнее белье"
)
FINE = (
    "T-shirt;jeans;Slip dress;Bra-friendly dress;Dress with built-in bra;Bodysuit;Corset top;boxer jacket;board shorts;"
    "Swimsuit cover up;Thong sandals;Underwear bag;swim bag;Shirt with bikini print;Unterhemd;Bademantel;Bathrobe;"
    "Slip-on sneakers;Socks;String tank top;Oversized boxy tee;Long brown dress;Brazil jersey shirt;Under Armour shirt;"
    "pyjama set;nightgown;Bräutigam Anzug;upper body;Intimissimi pullover;"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [*((text, "swimwear") for text in SWIMWEAR.split(";")), *((text, "underwear") for text in UNDERWEAR.split(";"))],
)
@pytest.mark.parametrize("name", ["category", "title"])
def test_what_is_refused(text: str, reason: str, name: str) -> None:
    with pytest.raises(ContentBlockedError) as caught:
        refuse_underwear_and_swimwear({"brand": "Acme", name: text})
    assert caught.value.details == {"reason": reason} and reason in caught.value.message


@pytest.mark.parametrize("text", FINE.split(";"))
@pytest.mark.parametrize("name", ["category", "title", "style"])
def test_what_is_not(text: str, name: str) -> None:
    refuse_underwear_and_swimwear({name: text})


@pytest.mark.parametrize("type_", ["bra", "underwear", "swimsuit"])
def test_the_types_of_our_own_lexicon(type_: str) -> None:
    with pytest.raises(ContentBlockedError):
        refuse_underwear_and_swimwear({"category": type_, "title": "Something nice"})


def test_a_style_is_judged_by_plain_words_only() -> None:
    refuse_underwear_and_swimwear({"category": "shorts", "style": "boxer"})
    with pytest.raises(ContentBlockedError):
        refuse_underwear_and_swimwear({"category": "top", "style": "lingerie"})


def test_an_innocent_category_does_not_hide_a_telling_title() -> None:
    with pytest.raises(ContentBlockedError):
        refuse_underwear_and_swimwear({"category": "t-shirt", "title": "Triangle bikini top"})


@pytest.mark.parametrize("details", [{}, {"brand": "Bikini Berlin"}, {"color": "swimming pool blue"}, {"category": ""}])
def test_other_words_are_not_looked_at(details: dict[str, str]) -> None:
    refuse_underwear_and_swimwear(details)
