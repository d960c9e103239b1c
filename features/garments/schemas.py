"""What clients send about garments, and what they get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from shared.answers import AnswerModel, Moment
from shared.validators import InputModel

Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]


class ScrapeRequest(InputModel):
    url: Url
    force_refresh: bool = False


class UrlRequest(InputModel):
    url: Url


class ParseRequest(InputModel):
    """`html`: of the page that the client has open."""

    url: Url
    html: str


class CategorizeFields(InputModel):
    """Beside `image`, as a file or base64."""

    title: Annotated[str, StringConstraints(max_length=500)] | None = None
    image_url: Url | None = None


class FabricAnswer(AnswerModel):
    name: str
    percentage: float | None
    part: str | None = None


class ProductAnswer(AnswerModel):
    """A field that the page does not tell is null, or an empty list. `sources`: where each field was found."""

    url: str
    title: str | None
    brand: str | None
    price: float | None
    currency: str | None
    images: list[str]
    flat_image: str | None
    on_model: bool | None
    sizes: list[str]
    size_availability: dict[str, bool | None]
    colors: list[str]
    selected_color: str | None
    category: Literal["upper_body", "dress", "lower_body", "shoes", "accessory", "none"] | None
    type: str | None
    wearable: bool | None
    confidence: Annotated[float, Field(ge=0, le=1)] | None
    material: str | None
    fabric: list[FabricAnswer]
    care_instructions: list[str]
    description: str | None
    availability: Literal["in_stock", "out_of_stock"] | None
    size_chart: dict[str, dict[str, Any]] | None
    sources: dict[str, str]
    cached: bool
    scraped_at: Moment


class ImagesAnswer(AnswerModel):
    images: list[str]
    url: str
    reason: str = ""


class CategoryAnswer(AnswerModel):
    category: str | None
    type: str | None
    color: str | None
    on_model: bool | None
    confidence: Annotated[float, Field(ge=0, le=1)]
