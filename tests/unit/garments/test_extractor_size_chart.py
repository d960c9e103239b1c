"""Size charts: which tables are one, in both directions."""

from __future__ import annotations

from features.garments.extractors.parsed_page import ParsedPage
from features.garments.extractors.size_chart import size_chart_of
from features.garments.product import Page


def chart(*rows: list[str]) -> dict[str, dict[str, str]] | None:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return size_chart_of(ParsedPage(Page("https://shop.example/p", f"<table>{cells}</table>")))


def test_sizes_downwards() -> None:
    found = chart(["Size", "Chest (cm)", "EU"], ["S", "90-94", "36"], ["M", "95-99", "38"])
    assert found == {"S": {"Chest (cm)": "90-94"}, "M": {"Chest (cm)": "95-99"}}


def test_sizes_sideways_and_in_another_language() -> None:
    found = chart(["", "XS", "S"], ["Taillenumfang", "62", "66"], ["Hüftumfang", "88", "n/a"])
    assert found == {"XS": {"Taillenumfang": "62", "Hüftumfang": "88"}, "S": {"Taillenumfang": "66"}}


def test_tables_that_are_none() -> None:
    assert chart(["Brand", "Casio"], ["Case length", "47 mm"], ["Colour", "Black"]) is None
    assert chart(["EU", "UK"], ["38", "5"], ["39", "6"]) is None
    assert chart(["Size", "Chest"], ["S", "90"]) is None
    assert chart(["Size", "Delivery"], ["S", "2 days"], ["M", "3 days"]) is None


def test_no_table_at_all() -> None:
    assert size_chart_of(ParsedPage(Page("https://shop.example/p", "<p>Chest 90</p>"))) is None
