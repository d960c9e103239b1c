"""Where the chart comes from: the request, the wardrobe, the page, a standard. And what is said when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from local_shop import LocalShop
from test_fitting import ASK, CHART, FIT

from features.body_measurements.service import MeasurementService
from features.fitting.feedback import FeedbackService
from features.fitting.service import FittingService
from features.fitting.sources import GarmentFinder
from features.fitting.wearer import Wearers
from features.garments.service import GarmentService
from features.users.service import UserService
from shared.clock import utc_now
from shared.database import DatabaseManager
from shared.errors import NotFoundError
from shared.middleware import provide

BODY = {"breast_circumference": 90, "waist_circumference": 72, "hip_circumference": 96}
EN_M = {"breast_circumference": 92, "waist_circumference": 76, "hip_circumference": 100}
"""M for women and S for men by EN 13402-3."""
HEAD = "<tr><th>Size</th><th>Bust</th><th>Waist</th><th>Hips</th></tr>"
TABLES = {
    "tshirt": f"<table>{HEAD}<tr><td>36</td><td>84-88</td><td>66-70</td><td>90-94</td></tr>"
    "<tr><td>38</td><td>88-92</td><td>70-74</td><td>94-98</td></tr>"
    "<tr><td>40</td><td>92-98</td><td>74-80</td><td>98-104</td></tr></table>",
    "trousers": f"<table>{HEAD}<tr><td>S</td><td>7</td><td>7</td></tr><tr><td>M</td><td>7</td><td>7</td></tr>"
    "<tr><td>L</td><td>7</td><td>7</td></tr></table>",
}


class ChartShop(LocalShop):
    """Pages with a size chart: a good one of the T-shirt, nonsense of the trousers, none of the dress."""

    def product(self, name: str) -> str:
        return super().product(name).replace("</body>", f"{TABLES.get(name, '')}</body>")


@pytest.fixture
def shop() -> Iterator[ChartShop]:
    with ChartShop() as opened:
        yield opened


@pytest.fixture
def app(make_app: Callable[..., Flask], shop: ChartShop) -> Flask:
    return make_app(fetch_allow_hosts=(shop.host,), rate_limit_garments=0)


@pytest.fixture
def ada(app: Flask, sign_up: Callable[..., Any]) -> Any:
    return sign_up(app, gender="female", **BODY)


def ask(person: Any, path: str = ASK, **fields: Any) -> Any:
    answer = person.post(path, json=fields)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"]


def codes(told: Any) -> set[str]:
    return {item["code"] for item in told["warnings"]}


# --- a page --------------------------------------------------------------------------------------------------------


def test_the_chart_of_a_page(ada: Any, shop: ChartShop) -> None:
    told = ask(ada, garment_url=f"{shop.url}/p/tshirt")
    assert (told["recommended_size"], told["chart"]["source"]) == ("38", "shop")
    assert "size chart of the shop's page" in told["reasoning"] and codes(told) == set()


def test_the_request_wins_over_the_page(ada: Any, shop: ChartShop) -> None:
    told = ask(ada, garment_url=f"{shop.url}/p/tshirt", size_chart=CHART)
    assert told["recommended_size"] == "M" and "chart that was sent" in told["reasoning"]


@pytest.mark.parametrize(
    ("path", "code"),
    [("/p/dress", "chart_missing"), ("/p/trousers", "chart_unreadable"), ("/blocked", "page_unreadable"),
     ("/gone", "page_unreadable"), ("/cat", "page_unreadable"), ("/empty", "page_unreadable")],
)  # fmt: skip
def test_without_a_chart_of_the_page_a_standard_one_stands_in(ada: Any, shop: ChartShop, path: str, code: str) -> None:
    told = ask(ada, garment_url=shop.url + path, category="dress", measurements=EN_M)
    assert told["recommended_size"] == "M" and told["chart"]["source"] == "standard"
    assert "EN 13402" in told["chart"]["standard"] and "stands in" in told["reasoning"]
    assert codes(told) == {code}
    assert told["confidence"] <= 0.6


def test_a_page_that_cannot_be_read_and_nothing_else(ada: Any, shop: ChartShop) -> None:
    told = ask(ada, garment_url=f"{shop.url}/gone")
    assert (told["decision"], told["recommended_size"], told["fits"], told["chart"]) == (
        "insufficient_data", None, None, None,
    )  # fmt: skip
    assert "size_chart" in told["reasoning"] and codes(told) == {"page_unreadable"}
    checked = ask(ada, f"{FIT}/check", garment_url=f"{shop.url}/gone", size="M")
    assert (checked["fits"], checked["size"], checked["size_verdict"]) == (None, "M", "uncertain")
    analysed = ask(ada, f"{FIT}/analyze-fit", garment_url=f"{shop.url}/gone")
    assert (analysed["size"], analysed["sizes"]) == (None, [])


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/p", "http://169.254.169.254/latest", "http://[::1]/"])
def test_addresses_inside_are_not_looked_at(ada: Any, address: str) -> None:
    told = ask(ada, garment_url=address)
    assert codes(told) == {"page_unreadable"} and "169.254" not in str(told)


def test_perfume_has_no_size(ada: Any, shop: ChartShop) -> None:
    answer = ada.post(ASK, json={"garment_url": f"{shop.url}/p/perfume"})
    assert (answer.status_code, list(answer.json["details"]["fields"])) == (400, ["garment_url"])


def test_bad_input_fetches_nothing(ada: Any, shop: ChartShop) -> None:
    for wrong in ({"measurements": {"height": 3}}, {"size_chart": {}}, {"unit": "ell"}):
        assert ada.post(ASK, json={"garment_url": f"{shop.url}/p/tshirt", **wrong}).status_code in (400, 422)
    assert not shop.fetched


def test_pages_are_limited_and_charts_are_not(
    make_app: Callable[..., Flask], shop: ChartShop, sign_up: Callable[..., Any]
) -> None:
    app = make_app(fetch_allow_hosts=(shop.host,), rate_limit_garments=2)
    eve = sign_up(app, gender="female", **BODY)
    asked = [eve.post(ASK, json={"garment_url": f"{shop.url}/p/tshirt"}) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [200, 200, 429] and asked[2].headers["Retry-After"]
    assert eve.post(ASK, json={"size_chart": CHART}).status_code == 200
    assert eve.post(ASK, data={"garment_url": f"{shop.url}/p/tshirt"}).status_code == 429


# --- a standard ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"category": "dress"}, {"garment_type": "dresses"}, {"category": "upper_body"}])
def test_a_standard_chart_by_category_and_gender(ada: Any, fields: dict[str, str]) -> None:
    told = ask(ada, measurements=EN_M, **fields)
    assert (told["recommended_size"], told["chart"]["source"]) == ("M", "standard")
    assert told["confidence"] <= 0.6 and "EN 13402" in told["reasoning"]


@pytest.mark.parametrize(("size", "label"), [("39", "EU 39"), ("EU 39", "EU 39"), ("UK 6", "EU 39")])
def test_shoes_of_a_standard_in_another_system(ada: Any, size: str, label: str) -> None:
    told = ask(ada, f"{FIT}/check", category="shoes", size=size, measurements={"foot_length": 24.5})
    assert (told["size"], told["recommended_size"]) == (label, "EU 39")


def test_a_shoe_shorter_than_the_foot_does_not_fit(ada: Any) -> None:
    told = ask(ada, f"{FIT}/check", category="shoes", size="38", measurements={"foot_length": 24.5})
    assert (told["fits"], told["size_verdict"]) == (False, "too_small")


def test_the_gender_of_the_request_wins(ada: Any) -> None:
    woman, man = (ask(ada, category="upper_body", gender=gender, measurements=EN_M) for gender in ("female", "male"))
    assert (woman["recommended_size"], man["recommended_size"]) == ("M", "S")


def test_a_garment_that_nobody_names(ada: Any) -> None:
    told = ask(ada, size_chart=CHART)
    assert told["recommended_size"] == "M" and codes(told) == {"garment_unknown"}


# --- the wardrobe --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    title: str | None = "Dress"
    brand: str | None = "Acme"
    category: str | None = "dresses"
    garment_type: str | None = "dress"
    size: str | None = "L"
    size_chart: Any = field(default_factory=lambda: CHART)
    garment_url: str | None = None
    fabric: list[dict[str, Any]] = field(default_factory=list)


class FakeItems:
    """One person's item 1."""

    def __init__(self, owner: str, item: Item) -> None:
        self.owner, self.item = owner, item

    def item_for_fitting(self, user_id: str, item_id: int) -> Item:
        if (user_id, item_id) != (self.owner, 1):
            raise NotFoundError("Item not found")
        return self.item


@pytest.fixture
def with_item(app: Flask, ada: Any, config: Any) -> Callable[[Item], Any]:
    """The app as it is with a wardrobe that has this item of Ada's."""

    def stock(item: Item) -> Any:
        parts: dict[Any, Any] = app.extensions["because_future_parts"]
        wearers = Wearers(parts[UserService], parts[MeasurementService], utc_now)
        finder = GarmentFinder(parts[GarmentService], FakeItems(ada.user["userid"], item))
        provide(app, FittingService(wearers, finder, FeedbackService(DatabaseManager(config.database_path))))
        return ada

    return stock


def test_the_chart_of_an_item(with_item: Callable[[Item], Any]) -> None:
    told = ask(with_item(Item()), wardrobe_item_id=1)
    assert told["recommended_size"] == "M" and "wardrobe item" in told["reasoning"]


def test_the_analysis_is_of_the_items_own_size(with_item: Callable[[Item], Any]) -> None:
    assert ask(with_item(Item()), f"{FIT}/analyze-fit", wardrobe_item_id=1)["size"] == "L"


def test_an_own_size_that_the_chart_does_not_have(with_item: Callable[[Item], Any]) -> None:
    assert ask(with_item(Item(size="quux")), f"{FIT}/analyze-fit", wardrobe_item_id=1)["size"] == "M"


def test_another_persons_item_is_not_found(app: Flask, with_item: Callable[[Item], Any], sign_up: Any) -> None:
    with_item(Item())
    eve = sign_up(app, gender="female", **BODY)
    for path in (f"{FIT}/check", ASK, f"{FIT}/analyze-fit", f"{FIT}/feedback"):
        answer = eve.post(path, json={"wardrobe_item_id": 1, "size": "M", "outcome": "fit"})
        assert (answer.status_code, answer.json["error_code"]) == (404, "NOT_FOUND"), path


def test_a_stored_chart_that_cannot_be_read(with_item: Callable[[Item], Any]) -> None:
    told = ask(with_item(Item(size_chart={"M": "?"})), wardrobe_item_id=1)
    assert codes(told) == {"chart_unreadable"} and told["chart"]["source"] == "standard"


@pytest.mark.parametrize("address", ["no address", "http://[", ""])
def test_an_old_items_address_is_no_obstacle(with_item: Callable[[Item], Any], address: str) -> None:
    told = ask(with_item(Item(size_chart=None, garment_url=address)), wardrobe_item_id=1)
    assert told["chart"]["source"] == "standard"


def test_an_item_without_a_chart_asks_its_page(with_item: Callable[[Item], Any], shop: ChartShop) -> None:
    told = ask(with_item(Item(size_chart=None, garment_url=f"{shop.url}/p/tshirt")), wardrobe_item_id=1)
    assert told["recommended_size"] == "38" and shop.fetched["/p/tshirt"] == 1


def test_elastane_of_the_item_is_counted_and_told(with_item: Callable[[Item], Any]) -> None:
    fabric = [{"name": "cotton", "percentage": 95.0}, {"name": "elastane", "percentage": 5.0}]
    ada = with_item(Item(fabric=fabric))
    assert "With 5 % elastane" in ask(ada, wardrobe_item_id=1)["reasoning"]
    assert "elastane" not in ask(ada, wardrobe_item_id=1, stretch_percent=0)["reasoning"]


def test_feedback_of_an_item(with_item: Callable[[Item], Any]) -> None:
    ada = with_item(Item(brand=None))
    said = ada.post(f"{FIT}/feedback", json={"wardrobe_item_id": 1, "size": "M", "outcome": "small"})
    assert said.status_code == 201 and said.json["data"]["own"] == 1
    assert "By feedback it runs small" in ask(ada, wardrobe_item_id=1)["reasoning"]


def test_an_item_of_the_real_wardrobe(app: Flask, ada: Any, sign_up: Callable[..., Any], shop: ChartShop) -> None:
    """From the shop's page into the wardrobe, from there to a size; another person sees nothing of it."""
    link = f"{shop.url}/p/tshirt"
    added = ada.post("/api/wardrobe/items", json={"garment_url": link, "category_section": "upper_body", "size": "40"})
    assert added.status_code == 201, added.json
    item = added.json["data"]["id"]
    fetched = shop.fetched["/p/tshirt"]
    told = ask(ada, f"{FIT}/analyze-fit", wardrobe_item_id=item)
    assert (told["recommended_size"], told["size"]) == ("38", "40") and shop.fetched["/p/tshirt"] == fetched
    eve = sign_up(app, gender="female", **BODY)
    assert eve.post(ASK, json={"wardrobe_item_id": item}).status_code == 404
