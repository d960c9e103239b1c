"""Why a page gives no product: the order of the reasons, and what must not be mistaken for a wall."""

from __future__ import annotations

import pytest

from features.garments.extractors.registry import extract
from features.garments.product import Page
from shared.errors import ExtractionError

TEXT = "<p>" + "Words that people read. " * 30 + "</p>"
FACTS = '{"@type":"Product","name":"Tee","offers":{"price":5,"priceCurrency":"EUR"}}'
PRODUCT = f'<script type="application/ld+json">{FACTS}</script>'


def refusal(html: str, status: int = 200) -> ExtractionError:
    with pytest.raises(ExtractionError) as refused:
        extract(Page("https://shop.example/p/1", html, status))
    return refused.value


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "not_found"), (410, "not_found"), (403, "blocked"), (429, "blocked"), (503, "blocked")]
)
def test_the_status_decides_first(status: int, reason: str) -> None:
    assert refusal(PRODUCT, status).details["reason"] == reason


@pytest.mark.parametrize(
    "mark",
    [
        "<h1>Access Denied</h1>https://errors.edgesuite.net/18",
        '<meta http-equiv="refresh" content="5; URL=/?bm-verify=AAQ">',
        "<title>Just a moment...</title>",
        "<script>window._cf_chl_opt={}</script>",
        '<script src="https://ct.captcha-delivery.com/c.js"></script>',
        '<div id="px-captcha"></div>',
        '<iframe src="/_Incapsula_Resource?x"></iframe>',
    ],
)
def test_walls(mark: str) -> None:
    assert refusal(f"<html><body>{mark}<p>Please wait</p></body></html>").details["reason"] == "blocked"


def test_a_wall_mark_on_a_product_page_is_no_wall() -> None:
    product = extract(Page("https://shop.example/p/1", f"{PRODUCT}<script>captcha-delivery.com captcha</script>"))
    assert product.title == "Tee"


def test_a_wall_mark_on_a_long_page_is_no_wall() -> None:
    page = "<body>cf-chl" + TEXT * 20 + "</body>"
    assert refusal(page).details["reason"] == "not_a_product"


def test_the_word_captcha_alone_is_no_wall() -> None:
    assert refusal(f"<body>captcha{TEXT}</body>").details["reason"] == "not_a_product"


@pytest.mark.parametrize(
    "html",
    [
        '<body class="page-not-found">',
        '<body id="error-404">',
        "<title>404 - Shop</title><body>",
        "<html><head><title>Seite nicht gefunden</title></head><body>",
        "<body><h1>Page introuvable</h1>",
    ],
)
def test_missing_pages_that_answer_200(html: str) -> None:
    assert refusal(html + TEXT).details["reason"] == "not_found"


def test_an_error_number_in_a_price_or_name_is_no_missing_page() -> None:
    assert refusal("<html><head><title>Model 4040</title></head><body>" + TEXT).details["reason"] == "not_a_product"


def test_empty_pages() -> None:
    script = "<script>" + "var a = 1;" * 1000 + "</script>"
    assert refusal(f"<body>{script}<p>Loading</p></body>").details["reason"] == "empty_page"
    assert refusal("").details["reason"] == "empty_page"


def test_a_title_alone_is_no_product() -> None:
    block = '<script type="application/ld+json">{"@type":"Product","name":"Tee"}</script>'
    assert refusal(f"{block}{TEXT}").details["reason"] == "not_a_product"


def test_the_sentence_says_what_to_do_and_shows_nothing_of_the_page() -> None:
    error = refusal("<body>px-captcha <b>secret-token</b></body>")
    assert "shop.example" in error.message
    assert "extension" in error.message
    assert "upload the photo" in error.message
    assert "secret" not in error.message
