"""Prices: the machine form of structured data is read as it is, text goes through price-parser."""

from __future__ import annotations

import math
import re
from typing import Any

from price_parser import Price

from features.garments.extractors.values import first_of

LARGEST = 1e9
_MACHINE = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_ISO = re.compile(r"[A-Za-z]{3}")
_AMOUNT_KEYS = (
    "value",
    "decimalPrice",
    "amount",
    "price",
    "now",
    "current",
    "currentPrice",
    "sales",
    "min",
    "lowPrice",
)
# What a sign means everywhere; "$" and "kr" depend on the country. From the ISO 4217 table and CLDR's symbols.
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "zł": "PLN",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "TL": "TRY",
    "R$": "BRL",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
}
_DOLLARS = {
    "ar": "ARS",
    "cl": "CLP",
    "ca": "CAD",
    "au": "AUD",
    "nz": "NZD",
    "mx": "MXN",
    "co": "COP",
    "sg": "SGD",
    "hk": "HKD",
    "us": "USD",
}
_CROWNS = {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"}


def amount(value: float | int | None) -> float | None:
    """A price people pay: finite, above zero, below a billion."""
    if value is None or isinstance(value, bool) or not 0 < value < LARGEST or not math.isfinite(value):
        return None
    return round(float(value), 2)


def price_of(value: Any) -> float | None:
    """A price of structured data: number, "69.95" (the dot is no thousands sign here), text, or an object."""
    for _ in range(4):
        if isinstance(value, int | float):
            return amount(value)
        if isinstance(value, str):
            return _price_of_text(value.strip())
        value = value[0] if isinstance(value, list) and value else first_of(value, *_AMOUNT_KEYS)
    return None


def _price_of_text(text: str) -> float | None:
    if _MACHINE.fullmatch(text):
        return amount(float(text))
    return text_price(text)[0]


def text_price(text: str) -> tuple[float | None, str | None]:
    """The first price in a short text, with its currency sign as written. Percentages are no prices."""
    text = re.sub(r"[-−+]?\s?\d{1,3}\s?%", " ", text[:120])
    found = Price.fromstring(text)
    return (amount(float(found.amount)) if found.amount is not None else None), found.currency


def cents(value: Any) -> float | None:
    """Integer cents, for states that are known to use them."""
    return (
        amount(value / 100)
        if isinstance(value, int) and not isinstance(value, bool) and value < LARGEST * 100
        else None
    )


def currency_of(value: Any, host: str = "", locale: str = "") -> str | None:
    """ISO 4217 code of a code or sign; "$" and "kr" only where host or locale tell the country."""
    if not isinstance(value, str) or not value.strip():
        return None
    word = value.strip()
    if word in _SIGNS:
        return _SIGNS[word]
    country = _country(host, locale)
    if word == "$":
        return _DOLLARS.get(country)
    if word.casefold() in {"kr", "kr."}:
        return _CROWNS.get(country)
    if word in {"¥", "￥"}:
        return {"jp": "JPY", "cn": "CNY"}.get(country)
    return word.upper() if _ISO.fullmatch(word) else None


def _country(host: str, locale: str) -> str:
    ending = host.rpartition(".")[2]
    if len(ending) == 2:
        return ending
    return locale.replace("-", "_").rpartition("_")[2].casefold()
