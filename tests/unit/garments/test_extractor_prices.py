"""Prices: machine form against text, what is no price, currencies that a sign alone does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from features.garments.extractors.prices import amount, cents, currency_of, price_of, text_price


@pytest.mark.parametrize(
    ("value", "price"),
    [
        ("69.95", 69.95),
        ("2.449", 2.45),  # the dot of the machine form is never a thousands sign
        (1.299, 1.3),
        ("1.299,00 €", 1299.0),
        ("1 299,00 kr", 1299.0),
        ("2,449.00", 2449.0),
        ("$60.00", 60.0),
        ({"value": 3499, "currency": "ARS"}, 3499.0),
        ({"sales": {"value": 3499, "decimalPrice": "3499.00"}, "list": None}, 3499.0),
        ([{"price": "12"}], 12.0),
        ("-35 %", None),
        ("free", None),
        (0, None),
        (-5, None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**4000, None),
        ([[[[[["1"]]]]]], None),
        ({"value": {"value": {"value": {"value": {"value": 1}}}}}, None),
    ],
)
def test_price_of(value: Any, price: float | None) -> None:
    assert price_of(value) == price


def test_a_discount_in_front_of_a_price_is_not_the_price() -> None:
    assert text_price("-50% EUR110.00") == (110.0, "EUR")


def test_cents_are_integers_only() -> None:
    assert cents(6995) == 69.95
    assert cents("6995") is None
    assert cents(True) is None
    assert amount(1e12) is None


@pytest.mark.parametrize(
    ("sign", "host", "locale", "code"),
    [
        ("€", "", "", "EUR"),
        ("eur", "", "", "EUR"),
        ("zł", "", "", "PLN"),
        ("$", "shop.com.ar", "", "ARS"),
        ("$", "shop.com", "en_US", "USD"),
        ("$", "shop.com", "es-CL", "CLP"),
        ("$", "shop.com", "", None),
        ("$", "shop.com", "en", None),
        ("kr", "shop.se", "", "SEK"),
        ("kr", "shop.com", "da_DK", "DKK"),
        ("kr", "shop.com", "", None),
        ("", "shop.de", "", None),
        (None, "shop.de", "", None),
        (5, "shop.de", "", None),
    ],
)
def test_currency_of(sign: Any, host: str, locale: str, code: str | None) -> None:
    assert currency_of(sign, host, locale) == code
