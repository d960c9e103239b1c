"""The garment and its chart: of the request, of the wardrobe's item, of the shop's page, else a standard one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from features.fitting.charts import read_chart
from features.fitting.labels import is_for_children
from features.fitting.model import Thing
from features.fitting.outcome import Notice, Origin
from features.fitting.schemas import FitRequest, Mention
from features.fitting.terms import Chart, ChartSource
from features.garments.category_words import tokens_of
from features.garments.product import Product
from features.garments.service import Scraped, page_key
from shared.errors import ExtractionError, SizeChartInvalidError, ValidationError
from shared.validators import validate_url

PAGE_SECONDS = 20.0


class WardrobeGarment(Protocol):
    """What fitting wants to know of an item. `fabric`: {name, percentage, part?}; `size`: the one the person has."""

    @property
    def title(self) -> str | None: ...
    @property
    def brand(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def garment_type(self) -> str | None: ...
    @property
    def size(self) -> str | None: ...
    @property
    def size_chart(self) -> Any: ...
    @property
    def garment_url(self) -> str | None: ...
    @property
    def fabric(self) -> Sequence[Mapping[str, Any]]: ...


class KnowsItems(Protocol):
    def item_for_fitting(self, user_id: str, item_id: int) -> WardrobeGarment:
        """Raises NotFoundError, also for another person's item."""


class ReadsPages(Protocol):
    def scrape(self, url: str, *, force_refresh: bool = False, deadline_seconds: float | None = None) -> Scraped: ...


@dataclass(frozen=True, slots=True)
class Found:
    """`words`: what was said of the kind of garment, the most trusted first. `size`: the one the person has.
    `sizes`: the names of those that the page sells.

    `chart`, `origin`: None when nobody has a chart. `for_children`: sold in sizes that advice is not for. `item_key`:
    empty when only a brand or a chart is known.
    """

    words: tuple[str | None, ...] = ()
    brand: str | None = None
    size: str | None = None
    sizes: tuple[str, ...] = ()
    fabric: Sequence[Mapping[str, Any]] = ()
    chart: Chart | None = None
    origin: Origin | None = None
    item_key: str = ""
    sold_out: tuple[str, ...] = ()
    for_children: bool = False
    notices: tuple[Notice, ...] = ()

    def thing(self, category: str) -> Thing:
        """What feedback about this garment is kept under."""
        return Thing(brand_key(self.brand), category, self.item_key)


@dataclass(frozen=True, slots=True)
class _Read:
    """One attempt at a chart or a page, and what is to be said of it."""

    chart: Chart | None = None
    product: Product | None = None
    notices: tuple[Notice, ...] = ()


class GarmentFinder:
    def __init__(self, pages: ReadsPages, items: KnowsItems) -> None:
        self._pages = pages
        self._items = items

    def find(self, user_id: str, wanted: FitRequest, sent: Chart | None) -> Found:
        """`sent`: the chart of the request, which wins. Raises NotFoundError for an item that is not the person's.

        A page or a stored chart that cannot be read is no error: a notice says so.
        """
        item, url = self._meant(user_id, wanted)
        kept = _chart_of(item.size_chart, "wardrobe item") if item else _Read()
        ask_page = url and (wanted.garment_url or not (sent or kept.chart))
        page = self._page(url) if url and ask_page else _Read()
        chart, origin = _first((sent, Origin.REQUEST), (kept.chart, Origin.ITEM), (page.chart, Origin.PAGE))
        return replace(
            _described(wanted, url, item, page.product),
            chart=chart,
            origin=origin,
            notices=kept.notices + (() if sent or kept.chart else page.notices),
        )

    def mentioned(self, user_id: str, wanted: Mention) -> Found:
        """Only what garment is meant, no chart. A page is asked when the request does not say enough itself.

        Raises NotFoundError, and ExtractionError when the page sells nothing that could be read.
        """
        item, url = self._meant(user_id, wanted)
        enough = item or (wanted.brand and wanted.category)
        return _described(wanted, url, item, self._product(url) if url and not enough else None)

    def _meant(self, user_id: str, wanted: Mention) -> tuple[WardrobeGarment | None, str | None]:
        item = self._item(user_id, wanted.wardrobe_item_id)
        return item, _checked_link(wanted.garment_url) if wanted.garment_url else _kept_link(item)

    def _item(self, user_id: str, item_id: int | None) -> WardrobeGarment | None:
        return None if item_id is None else self._items.item_for_fitting(user_id, item_id)

    def _product(self, url: str) -> Product:
        return self._pages.scrape(url, deadline_seconds=PAGE_SECONDS).product

    def _page(self, url: str) -> _Read:
        try:
            product = self._product(url)
        except ExtractionError:
            return _Read(notices=(_PAGE_UNREADABLE,))
        if _for_children(product):
            return _Read(product=product, notices=(_CHILDREN,))
        read = _chart_of(product.size_chart, "page")
        missing = () if product.size_chart else (_CHART_MISSING,)
        return _Read(read.chart, product, read.notices + missing)


_PAGE_UNREADABLE = Notice("page_unreadable", "The garment's page could not be read. Send its size_chart instead.")
_CHILDREN = Notice("children", "This is sold in children's sizes; advice is for adults only.")
_CHART_MISSING = Notice("chart_missing", "The garment's page shows no size chart that could be read.")


def sent_chart(wanted: FitRequest) -> Chart | None:
    """Raises SizeChartInvalidError: the only chart that is the client's own to correct."""
    if wanted.size_chart is None:
        return None
    return read_chart(wanted.size_chart, source=wanted.source, kind=wanted.chart_kind, unit=wanted.chart_unit)


def brand_key(brand: str | None) -> str:
    """ "H&M" and "h & m" are one brand."""
    return " ".join(tokens_of(brand)) or brand.casefold().strip() if brand else ""


def _checked_link(url: str) -> str:
    """Raises ValidationError that names the field as the request does."""
    try:
        return validate_url(url)
    except ValidationError as error:
        raise ValidationError(error.message, fields={"garment_url": error.details["fields"]["url"]}) from None


def _kept_link(item: WardrobeGarment | None) -> str | None:
    """An item may be older than today's rules for addresses."""
    try:
        return validate_url(item.garment_url) if item and item.garment_url else None
    except ValidationError:
        return None


def _chart_of(raw: Any, whose: str) -> _Read:
    if not raw:
        return _Read()
    try:
        return _Read(read_chart(raw, source=ChartSource.SHOP, kind=None, unit=None))
    except SizeChartInvalidError:
        said = f"The size chart of the {whose} could not be read and was left out."
        return _Read(notices=(Notice("chart_unreadable", said),))


def _described(asked: Mention, url: str | None, item: WardrobeGarment | None, product: Product | None) -> Found:
    """The request's words before the item's, the item's before the page's."""
    return Found(
        words=(asked.garment_type, asked.category, *_item_words(item), *_page_words(product)),
        brand=asked.brand or (item.brand if item else None) or (product.brand if product else None),
        size=item.size if item else None,
        sizes=tuple(product.sizes) if product else (),
        fabric=(item.fabric if item else None) or (product.fabric if product else ()),
        item_key=_item_key(url, asked.wardrobe_item_id),
        sold_out=_sold_out(product),
        for_children=product is not None and _for_children(product),
    )


def _first(*found: tuple[Chart | None, Origin]) -> tuple[Chart | None, Origin | None]:
    return next(((chart, origin) for chart, origin in found if chart), (None, None))


def _item_words(item: WardrobeGarment | None) -> Iterable[str | None]:
    return (item.garment_type, item.category, item.title) if item else ()


def _page_words(product: Product | None) -> Iterable[str | None]:
    return (product.type, product.category, product.title) if product else ()


def _item_key(url: str | None, item_id: int | None) -> str:
    """The product's page, so that what one person says of it can help the next; else the person's own item."""
    if url:
        return page_key(url)
    return f"item:{item_id}" if item_id else ""


def _for_children(product: Product) -> bool:
    return is_for_children(list(product.size_chart or product.sizes))


def _sold_out(product: Product | None) -> tuple[str, ...]:
    return tuple(size for size, there in product.size_availability.items() if there is False) if product else ()
