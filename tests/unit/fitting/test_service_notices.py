"""The use cases over fakes: what is asked of whom, and what is told beside the advice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from features.body_measurements.model import StoredMeasurements, Unit
from features.body_measurements.service import MeasurementService
from features.fitting.feedback import FeedbackService
from features.fitting.schemas import CheckRequest, FeedbackRequest, FitRequest
from features.fitting.service import FittingService
from features.fitting.sources import GarmentFinder
from features.fitting.terms import Decision
from features.fitting.wearer import Wearers
from features.garments.product import Product
from features.garments.service import Scraped
from migrations.migration_manager import MigrationManager
from shared.database import DatabaseManager
from shared.errors import ExtractionError, NotFoundError, SizeChartInvalidError, ValidationError
from shared.models.user import UserTable

NOW = datetime(2026, 1, 15, tzinfo=UTC)
PAGE = "https://shop.example/p/dress"
EN_LETTERS = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL")
CHART = {"UK 10": {"chest": "84-88"}, "UK 12": {"chest": "88-92"}, "UK 14": {"chest": "92-96"}}


class Pages:
    """One product for every address; None: the shop refuses."""

    def __init__(self) -> None:
        self.product: Product | None = Product(PAGE, title="Teal dress", brand="Acme", category="dress", type="dress")
        self.asked: list[str] = []

    def scrape(self, url: str, *, force_refresh: bool = False, deadline_seconds: float | None = None) -> Scraped:
        self.asked.append(url)
        if self.product is None:
            raise ExtractionError("blocked", details={"reason": "blocked"})
        return Scraped(self.product, False, NOW)


class NoItems:
    def item_for_fitting(self, user_id: str, item_id: int) -> Any:
        raise NotFoundError("Item not found")


class Stored:
    """Ada's bust; `check` is the real one."""

    def __init__(self, db: DatabaseManager) -> None:
        self.check = MeasurementService(db).check

    def of(self, user_id: str) -> StoredMeasurements:
        return StoredMeasurements({"breast_circumference": 90.0}, Unit.METRIC, NOW, NOW)


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def db(tmp_path: Path) -> DatabaseManager:
    found = DatabaseManager(tmp_path / "test.db")
    MigrationManager(found).run()
    return found


@pytest.fixture
def people(db: DatabaseManager) -> UserTable:
    users = UserTable(db)
    users.add("ada", "hash", {"email": "a@example.com", "first_name": "A", "last_name": "L", "gender": "female"}, NOW)
    return users


@pytest.fixture
def service(db: DatabaseManager, people: UserTable, pages: Pages) -> FittingService:
    known: Any = SimpleNamespace(get=people.get)
    return FittingService(
        Wearers(known, Stored(db), lambda: NOW), GarmentFinder(pages, NoItems()), FeedbackService(db, lambda: NOW)
    )


def codes(outcome: Any) -> list[str]:
    return [notice.code for notice in outcome.warnings]


def test_a_size_that_is_sold_out_is_told(service: FittingService, pages: Pages) -> None:
    assert pages.product
    pages.product.size_chart, pages.product.size_availability = CHART, {"10": True, "12": False, "14": None}
    told = service.recommend("ada", FitRequest(garment_url=PAGE))
    assert told.advice.recommended == "UK 12" and codes(told) == ["sold_out"]
    pages.product.size_availability = {"10": False, "12": True}
    assert codes(service.recommend("ada", FitRequest(garment_url=PAGE))) == []


@pytest.mark.parametrize(
    ("sent", "label", "converted"),
    [("UK 12", "UK 12", False), ("12", "UK 12", False), ("EU 38", "UK 12", True), ("EU 40", "UK 14", True)],
)
def test_a_size_of_another_system(service: FittingService, sent: str, label: str, converted: bool) -> None:
    told = service.check("ada", CheckRequest(size_chart=CHART, garment_type="dress", size=sent))
    assert told.asked and (told.asked.label, told.asked.converted) == (label, converted)
    assert not converted or told.confidence <= 0.5


def test_an_unknown_size_is_not_found(service: FittingService) -> None:
    with pytest.raises(NotFoundError) as caught:
        service.check("ada", CheckRequest(size_chart=CHART, size="EU 99"))
    assert caught.value.details["sizes"] == list(CHART)


@pytest.mark.parametrize(("sizes", "named", "more"), [(12, "61", None), (13, "61", "1 more"), (200, "61", "188 more")])
def test_the_sentence_lists_twelve_sizes_and_the_details_all(
    service: FittingService, sizes: int, named: str, more: str | None
) -> None:
    chart = {f"A{50 + place}": {"chest": 80 + place / 10} for place in range(sizes)}
    with pytest.raises(NotFoundError) as caught:
        service.check("ada", CheckRequest(size_chart=chart, size="EU 99"))
    assert len(caught.value.details["sizes"]) == sizes
    assert caught.value.message.endswith(f"A{named} and {more}." if more else f"A{named}.")


def test_a_size_may_be_as_long_as_a_charts_label(service: FittingService) -> None:
    label = "size " + "x" * 55
    told = service.check("ada", CheckRequest(size_chart={label: {"chest": 90}}, size=label))
    assert told.asked and told.asked.label == label


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"garment_type": "t-shirt", "size_chart": {"S": {"chest": 96, "calf": 40, "length": 70}}}, True),
        ({"garment_type": "t-shirt", "size_chart": {"S": {"chest": 96, "length": 70}}}, False),
        ({"garment_type": "blazer", "size_chart": {"S": {"chest": 110, "sleeve": 63}}}, False),
        ({"garment_type": "t-shirt", "size_chart": {"S": {"chest": 88, "calf": 40}}}, False),
    ],
)
def test_zones_that_no_table_speaks_of_are_named(service: FittingService, wanted: Any, said: bool) -> None:
    told = service.recommend("ada", FitRequest(**wanted))
    assert ("zone_not_compared" in codes(told)) is said


@pytest.mark.parametrize(
    ("birthday", "chart", "said"),
    [("2012-05-01", None, True), ("1990-05-01", None, False), (None, None, False), ("2012-05-01", CHART, False)],
)
def test_a_standard_chart_is_for_adults(
    service: FittingService, people: UserTable, birthday: str | None, chart: Any, said: bool
) -> None:
    if birthday:
        people.update("ada", {"birthday": birthday}, NOW)
    told = service.recommend("ada", FitRequest(category="dress", size_chart=chart, gender="female"))
    assert told.advice.recommended and ("adults_only" in codes(told)) is said


def test_a_page_is_not_asked_for_what_is_wrong_anyway(service: FittingService, pages: Pages) -> None:
    for wrong in ({"size_chart": []}, {"measurements": {"waist_circumference": 4}}):
        with pytest.raises((SizeChartInvalidError, ValidationError)):
            service.recommend("ada", FitRequest(garment_url=PAGE, **wrong))
    assert pages.asked == []


def test_feedback_asks_the_page_only_for_what_is_not_said(service: FittingService, pages: Pages) -> None:
    said = {"garment_url": PAGE, "size": "UK 12", "outcome": "small"}
    told = service.remember("ada", FeedbackRequest(brand="Acme", category="dress", **said))
    assert (told.thing.brand_key, told.thing.category, told.thing.item_key, pages.asked) == ("acme", "dress", PAGE, [])
    assert service.remember("ada", FeedbackRequest(**said)).thing == told.thing and pages.asked == [PAGE]


def test_feedback_about_a_page_that_cannot_be_read(service: FittingService, pages: Pages) -> None:
    pages.product = None
    with pytest.raises(ExtractionError):
        service.remember("ada", FeedbackRequest(garment_url=PAGE, size="M", outcome="fit"))


@pytest.mark.parametrize("sizes", [["6 years", "8 years"], ["92", "98", "104"]])
def test_no_grown_ups_chart_stands_in_for_childrens_clothes(
    service: FittingService, pages: Pages, sizes: list[str]
) -> None:
    assert pages.product
    pages.product.sizes = sizes
    told = service.recommend("ada", FitRequest(garment_url=PAGE))
    assert told.chart is None and codes(told) == ["children"]


@pytest.mark.parametrize(
    ("sizes", "labels"),
    [
        (["EU 36", "EU 38", "EU 40"], ["EU 36", "EU 38", "EU 40"]),
        (["XS/S", "M/L"], ["XS/S", "M/L"]),
        (["S", "L"], list(EN_LETTERS)),
        (["Fox", "Owl"], list(EN_LETTERS)),
    ],
)
def test_a_standard_chart_speaks_of_the_sizes_that_the_page_sells(
    service: FittingService, pages: Pages, sizes: list[str], labels: list[str]
) -> None:
    assert pages.product
    pages.product.sizes = sizes
    told = service.recommend("ada", FitRequest(garment_url=PAGE, gender="female"))
    assert told.chart and [row.label for row in told.chart.rows] == labels and told.confidence <= 0.6


def test_sizes_of_another_system_are_worth_half_at_most(service: FittingService, pages: Pages) -> None:
    assert pages.product
    pages.product.sizes = ["UK 10", "UK 12", "UK 14", "UK 16"]
    bust = {"breast_circumference": 92.0}
    told = service.recommend("ada", FitRequest(garment_url=PAGE, gender="female", measurements=bust))
    assert told.chart and told.chart.conversion and told.advice.recommended == "UK 14" and told.confidence <= 0.5


@pytest.mark.parametrize(("gender", "said"), [("other", True), ("female", False)])
def test_it_is_said_why_nothing_is_estimated(service: FittingService, gender: Any, said: bool) -> None:
    body = {"height": 168.0, "weight": 62.0}
    told = service.recommend("ada", FitRequest(size_chart={"S": {"hip": 90}}, gender=gender, measurements=body))
    assert ("no_estimates" in codes(told)) is said


def test_feedback_reaches_the_maths(service: FittingService, pages: Pages) -> None:
    assert pages.product
    pages.product.size_chart = CHART
    for size in CHART:
        service.remember("ada", FeedbackRequest(garment_url=PAGE, size=size, outcome="small"))
    told = service.recommend("ada", FitRequest(garment_url=PAGE))
    assert told.experience.steps == pytest.approx(3 / 18) and "worn_before" in codes(told)


def test_no_chart_anywhere_is_no_size(service: FittingService, pages: Pages) -> None:
    pages.product = None
    for told in (
        service.recommend("ada", FitRequest(garment_url=PAGE)),
        service.check("ada", CheckRequest(garment_url=PAGE, size="M")),
        service.analyze("ada", FitRequest(garment_url=PAGE, size="M")),
    ):
        assert (told.advice.decision, told.advice.recommended, told.fits) == (Decision.INSUFFICIENT_DATA, None, None)
